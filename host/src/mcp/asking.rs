//! How the questions of a call reach whoever is behind a client, in either era.
//!
//! A client of 2026-07-28 gets them as the result of its request, with a state that only this host can
//! have written and that is good for the same caller's same request alone; it answers by sending that
//! request again. To a client of a handshake revision they go through its session, while its request
//! waits. It must not know what is asked, nor what an answer leads to.
//!
//! Source: MCP 2026-07-28, "multi round-trip requests"; 2025-11-25, "elicitation" (2026-11-20).

mod answer;
mod session;

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use rmcp::model::{
    ClientCapabilities, ElicitRequest, ElicitRequestParams, ErrorCode, ErrorData, InputRequest,
    InputRequiredResult, InputResponses, RequestStateCodec, RequestStateError, SealOptions,
};
use rmcp::service::{RequestContext, RoleServer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::era::Era;
use crate::error::ToolError;
use crate::input::{Able, Answers, Ask, Questions, Reply};
use answer::Kind;

/// How questions are put.
pub struct Asking {
    seal: RequestStateCodec,
    patience: Duration,
    /// Open questions in sessions, by who has to answer them.
    open: Mutex<HashMap<String, usize>>,
    closing: CancellationToken,
}

/// The one request that answers may come with: a digest of its caller, method, target and arguments.
pub struct Binding([u8; 32]);

impl Binding {
    /// Of a request.
    pub fn new(principal: &str, method: &str, target: &str, arguments: &impl Serialize) -> Self {
        let mut hash = Sha256::new();
        for part in [principal, method, target] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(serde_json::to_vec(arguments).unwrap_or_default());
        Self(hash.finalize().into())
    }
}

/// What a state holds, readable for the client: the questions' kinds, for reading the answers, and what
/// the call wants back.
#[derive(Serialize, Deserialize)]
struct State {
    asked: BTreeMap<String, Kind>,
    state: Value,
}

impl Asking {
    /// With this much time for an answer; `closing` ends the waiting.
    pub fn new(patience: Duration, closing: CancellationToken) -> Self {
        Self {
            // States of another process are of no use: what they belong to is in memory.
            seal: RequestStateCodec::new_unchecked(rand::random::<[u8; 32]>()),
            patience,
            open: Mutex::default(),
            closing,
        }
    }

    /// Questions as the result of a request of 2026-07-28.
    ///
    /// # Errors
    /// A question is none of MCP's.
    pub fn required(
        &self,
        binding: &Binding,
        questions: &Questions,
    ) -> Result<InputRequiredResult, ErrorData> {
        let requests = requests(questions)?.into_iter().collect();
        let state = State {
            asked: kinds(questions),
            state: questions.state.clone(),
        };
        let options = SealOptions::new()
            .associated_data(&binding.0)
            .ttl(self.patience);
        let sealed = self.seal.seal_json_with(&state, &options);
        let sealed = sealed.map_err(|_| ErrorData::internal_error("the state is no JSON", None))?;
        Ok(InputRequiredResult::new(Some(requests), Some(sealed)))
    }

    /// What a request of 2026-07-28 brought back; nothing where it is a first one, or comes so late that
    /// everything has to be asked again.
    ///
    /// # Errors
    /// The state is not of this request, or an answer does not fit its question.
    pub fn answers(
        &self,
        binding: &Binding,
        state: Option<&str>,
        responses: Option<InputResponses>,
    ) -> Result<Option<Answers>, ErrorData> {
        let Some(state) = state else {
            return Ok(None);
        };
        let state: State = match self.seal.open_json_with(state, &binding.0) {
            Ok(state) => state,
            Err(RequestStateError::Expired) => return Ok(None),
            Err(error) => {
                tracing::info!(%error, "a requestState was refused");
                let told = "`requestState` was not given out for this request; send it again without one to begin anew";
                return Err(ErrorData::invalid_params(told, None));
            }
        };
        let given = read(state.asked, responses.unwrap_or_default())?;
        let state = state.state;
        Ok(Some(Answers { given, state }))
    }
}

/// Questions in MCP's words.
///
/// # Errors
/// One is none of MCP's.
pub fn requests(questions: &Questions) -> Result<Vec<(String, InputRequest)>, ErrorData> {
    let asks = questions.asks.iter();
    asks.map(|(name, ask)| Ok((name.clone(), request(ask)?)))
        .collect()
}

/// What a client sent with its first request, as answers to the questions that it was not asked yet.
///
/// # Errors
/// An answer does not fit its question.
pub fn fitting(questions: &Questions, responses: InputResponses) -> Result<Answers, ErrorData> {
    Ok(Answers {
        given: read(kinds(questions), responses)?,
        state: questions.state.clone(),
    })
}

fn read(
    asked: BTreeMap<String, Kind>,
    mut responses: InputResponses,
) -> Result<BTreeMap<String, Reply>, ErrorData> {
    let mut given = BTreeMap::new();
    for (name, kind) in asked {
        let Some(response) = responses.remove(&name) else {
            continue;
        };
        let reply = kind.read(response).map_err(|wrong| {
            ErrorData::invalid_params(format!("inputResponses: `{name}` {wrong}"), None)
        })?;
        given.insert(name, reply);
    }
    Ok(given)
}

/// What the client of a request can be asked for.
pub fn able(era: Era, context: &RequestContext<RoleServer>) -> Able {
    match era {
        // Nothing can be asked before 2025-06-18.
        Era::TextOnly => Able::default(),
        Era::Handshake | Era::Stateless => context
            .client_capabilities()
            .map_or_else(Able::default, |client| declared(&client)),
    }
}

/// A client that names no mode of elicitation means forms, the only one there was at first.
fn declared(client: &ClientCapabilities) -> Able {
    let forms = client.elicitation.as_ref();
    Able {
        form: forms.is_some_and(|modes| modes.form.is_some() || modes.url.is_none()),
        sampling: client.sampling.is_some(),
        roots: client.roots.is_some(),
    }
}

/// The error of 2026-07-28 for a request that cannot be served without a capability.
pub fn lacks(needs: Able, error: &ToolError) -> ErrorData {
    let mut required = serde_json::Map::new();
    for (needed, name, value) in [
        (needs.form, "elicitation", json!({"form": {}})),
        (needs.sampling, "sampling", json!({})),
        (needs.roots, "roots", json!({})),
    ] {
        if needed {
            required.insert(name.to_owned(), value);
        }
    }
    ErrorData::new(
        ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY,
        error.message.clone(),
        Some(json!({"requiredCapabilities": required})),
    )
}

fn kinds(questions: &Questions) -> BTreeMap<String, Kind> {
    let asks = questions.asks.iter();
    asks.map(|(name, ask)| (name.clone(), Kind::of(ask)))
        .collect()
}

/// A question in MCP's words.
fn request(ask: &Ask) -> Result<InputRequest, ErrorData> {
    let unfit = |error: serde_json::Error| {
        tracing::error!(%error, "a question is none of MCP's");
        ErrorData::internal_error("the tool asked something that cannot be asked", None)
    };
    Ok(match ask {
        Ask::Form { message, schema } => {
            let requested_schema = serde_json::from_value(schema.clone()).map_err(unfit)?;
            InputRequest::Elicitation(ElicitRequest::new(
                ElicitRequestParams::FormElicitationParams {
                    meta: None,
                    message: message.clone(),
                    requested_schema,
                },
            ))
        }
        Ask::Sampling(params) => {
            let params = json!({"method": "sampling/createMessage", "params": params});
            InputRequest::CreateMessage(serde_json::from_value(params).map_err(unfit)?)
        }
        Ask::Roots => {
            let request = json!({"method": "roots/list"});
            InputRequest::ListRoots(serde_json::from_value(request).map_err(unfit)?)
        }
    })
}

#[cfg(test)]
mod tests;
