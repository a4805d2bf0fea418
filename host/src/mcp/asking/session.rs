//! Asking through the session of a handshake revision, while the request that asks is still open.
//!
//! Nothing of the call waits here but the client's own request; there is an end to how long, and to how
//! many questions one caller may have open.

use std::sync::PoisonError;

use rmcp::model::{InputRequest, ServerRequest};
use rmcp::service::{PeerRequestOptions, RequestContext, RequestHandle, RoleServer, ServiceError};
use serde_json::Value;

use super::answer::Kind;
use super::{Asking, request};
use crate::error::{Kind as ErrorKind, ToolError};
use crate::input::{Answers, Ask, Questions, Reply};

/// Questions that one caller may have open at a time; more dialogs than this nobody reads.
const MOST_OPEN: usize = 16;

/// One open question of a caller.
struct Open<'a> {
    asking: &'a Asking,
    principal: &'a str,
}

impl<'a> Open<'a> {
    fn begin(asking: &'a Asking, principal: &'a str) -> Result<Self, ToolError> {
        let mut open = asking.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(principal.to_owned()).or_default();
        if *count >= MOST_OPEN {
            let told = format!("{MOST_OPEN} questions to the user are open; nothing was done");
            return Err(
                ToolError::new(ErrorKind::Throttled, "TOO_MANY_QUESTIONS", told)
                    .suggest("wait until the user has answered some")
                    .retry(None),
            );
        }
        *count += 1;
        drop(open);
        Ok(Self { asking, principal })
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut open = self
            .asking
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(self.principal) {
            *count -= 1;
            if *count == 0 {
                open.remove(self.principal);
            }
        }
    }
}

impl Asking {
    /// Asks one question after the other.
    ///
    /// # Errors
    /// One is not answered, whatever the reason; nothing was done.
    pub async fn put(
        &self,
        context: &RequestContext<RoleServer>,
        principal: &str,
        questions: Questions,
    ) -> Result<Answers, ToolError> {
        let _open = Open::begin(self, principal)?;
        let Questions { asks, state, .. } = questions;
        let mut answers = Answers {
            state,
            ..Answers::default()
        };
        for (name, ask) in asks {
            let reply = self.ask(context, &ask).await?;
            answers.given.insert(name, reply);
        }
        Ok(answers)
    }

    async fn ask(
        &self,
        context: &RequestContext<RoleServer>,
        ask: &Ask,
    ) -> Result<Reply, ToolError> {
        let asked = request(ask).ok().and_then(to_client);
        let asked = asked.ok_or_else(|| not_answered("the tool asked what cannot be asked"))?;
        let sent = context
            .peer
            .send_request_with_option(asked, PeerRequestOptions::no_options())
            .await;
        let answer = self.wait(context, sent.map_err(|e| unasked(&e))?).await?;
        Kind::of(ask)
            .read(answer)
            .map_err(|wrong| not_answered(format!("the client's answer to the question {wrong}")))
    }

    /// A question that is not waited for any longer is taken back, so that no dialog stays behind.
    async fn wait(
        &self,
        context: &RequestContext<RoleServer>,
        mut handle: RequestHandle<RoleServer>,
    ) -> Result<Value, ToolError> {
        let over = tokio::select! {
            answer = &mut handle.rx => {
                let answer = answer.map_err(|_| unasked(&ServiceError::TransportClosed))?;
                let answer = answer.map_err(|error| unasked(&error))?;
                return serde_json::to_value(answer).map_err(|_| not_answered("the client's answer is no JSON"));
            }
            () = tokio::time::sleep(self.patience) => not_answered(format!(
                "the user was asked and did not answer within {} s (server.limits.human_ms)",
                self.patience.as_secs_f64(),
            )),
            () = self.closing.cancelled() => not_answered("the server stopped before the user answered"),
            () = context.ct.cancelled() => not_answered("the call was cancelled before the user answered"),
        };
        handle.cancel(Some(over.message.clone())).await.ok();
        Err(over)
    }
}

/// Nothing for a kind of question that rmcp has learnt and this host has not.
fn to_client(asked: InputRequest) -> Option<ServerRequest> {
    match asked {
        InputRequest::CreateMessage(request) => Some(ServerRequest::CreateMessageRequest(request)),
        InputRequest::Elicitation(request) => Some(ServerRequest::ElicitRequest(request)),
        InputRequest::ListRoots(request) => Some(ServerRequest::ListRootsRequest(request)),
        _ => None,
    }
}

fn unasked(error: &ServiceError) -> ToolError {
    tracing::info!(%error, "a question did not reach the user");
    not_answered("the client declared that it can ask its user, but could not")
}

fn not_answered(why: impl Into<String>) -> ToolError {
    let told = format!("{}; nothing was done", why.into());
    ToolError::new(ErrorKind::Confirm, "NOT_ANSWERED", told)
        .suggest("ask the user whether they still want it; calling again asks them again")
}
