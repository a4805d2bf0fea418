//! The real host, through the generated bindings: conversions and nothing else.

use std::time::Duration;

use serde_json::Value;

use crate::{
    asking::{Reply, Resumed, Turn},
    bindings::portcullis::plugin::{
        blocks, cache, call as wit_call, config, content, http as wit, log, progress, types,
    },
    bindings::with_completion as wit_completion,
    bindings::with_interaction as wit_interaction,
    bindings::with_prompts as wit_prompts,
    bindings::with_resources as wit_resources,
    block::{Block, Reader, Refused, Shown},
    call::{Call, Host, Level, Transport},
    complete::Typed,
    failure::{Failure, Kind, Outcome},
    http::{HttpError, Reason, Request, Response, Stage},
    manifest_types::Method,
    plugin::Plugin,
    prompt::Speaker,
    resource::Contents,
};

/// The export `describe`.
pub fn describe(plugin: &Plugin) -> String {
    serde_json::to_string(&plugin.describe()).unwrap_or_default()
}

/// The export `invoke`.
///
/// # Errors
/// What the tool says.
pub fn invoke(plugin: &Plugin, tool: &str, arguments: &str) -> Result<String, types::Failure> {
    run(arguments, |call, value| plugin.invoke(call, tool, &value))
}

/// The export `preview`.
///
/// # Errors
/// What the preview says.
pub fn preview(plugin: &Plugin, tool: &str, arguments: &str) -> Result<String, types::Failure> {
    run(arguments, |call, value| plugin.preview(call, tool, &value))
}

/// The export `read` of `resources`.
///
/// # Errors
/// What the resource says.
pub fn read_resource(
    plugin: &Plugin,
    resource: &str,
    arguments: &str,
) -> Result<wit_resources::Contents, types::Failure> {
    let contents = run(arguments, |call, value| plugin.read(call, resource, &value))?;
    Ok(match contents {
        Contents::Text(text) => wit_resources::Contents::Text(text),
        Contents::Bytes(bytes) => wit_resources::Contents::Bytes(bytes),
    })
}

/// The export `get` of `prompts`.
///
/// # Errors
/// What the prompt says.
pub fn get_prompt(
    plugin: &Plugin,
    prompt: &str,
    arguments: &str,
) -> Result<Vec<wit_prompts::Message>, types::Failure> {
    let messages = run(arguments, |call, value| {
        plugin.get_prompt(call, prompt, &value)
    })?;
    let lower = |message: &crate::prompt::Message| wit_prompts::Message {
        speaker: match message.speaker {
            Speaker::User => wit_prompts::Speaker::User,
            Speaker::Assistant => wit_prompts::Speaker::Assistant,
        },
        block: lower_block(&message.block.shown),
    };
    Ok(messages.iter().map(lower).collect())
}

/// The export `complete` of `completion`.
///
/// # Errors
/// What the resource or prompt says.
pub fn complete(
    plugin: &Plugin,
    subject: wit_completion::Subject,
    name: &str,
    [argument, value, arguments]: [&str; 3],
) -> Result<wit_completion::Suggestions, types::Failure> {
    let found = run(arguments, |call, arguments| {
        let typed = Typed {
            argument,
            value,
            arguments: &arguments,
        };
        match subject {
            wit_completion::Subject::Prompt => plugin.complete_prompt(call, name, typed),
            wit_completion::Subject::Resource => plugin.complete_resource(call, name, typed),
        }
    })?;
    Ok(wit_completion::Suggestions {
        values: found.values,
        total: found.total,
        has_more: found.has_more,
    })
}

/// The export `step` of `interaction`.
///
/// # Errors
/// What the tool says.
pub fn step(
    plugin: &Plugin,
    tool: &str,
    arguments: &str,
    (state, answers): (Option<String>, Vec<wit_interaction::Answer>),
) -> Result<wit_interaction::Turn, types::Failure> {
    let answers = answers
        .into_iter()
        .map(|answer| (answer.key, lift_reply(answer.reply)));
    let resumed = Resumed {
        state,
        answers: answers.collect(),
    };
    let turn = run(arguments, |call, value| {
        plugin.step(call, tool, &value, &resumed)
    })?;
    Ok(match turn {
        Turn::Done(text) => wit_interaction::Turn::Done(text),
        Turn::Ask(ask) => {
            let questions = ask.questions.into_iter();
            let questions = questions.map(|question| wit_interaction::Question {
                key: question.key,
                message: question.message,
                schema: question.schema.to_string(),
            });
            wit_interaction::Turn::Ask(wit_interaction::Ask {
                questions: questions.collect(),
                state: ask.state,
            })
        }
    })
}

/// A form that is no JSON counts as one without a field.
fn lift_reply(reply: wit_interaction::Reply) -> Reply {
    match reply {
        wit_interaction::Reply::Filled(text) => {
            Reply::Filled(serde_json::from_str(&text).unwrap_or_default())
        }
        wit_interaction::Reply::Declined => Reply::Declined,
        wit_interaction::Reply::Dismissed => Reply::Dismissed,
    }
}

fn run<T>(
    arguments: &str,
    run: impl FnOnce(&Call<'_>, Value) -> Result<T, Failure>,
) -> Result<T, types::Failure> {
    let arguments = serde_json::from_str(arguments).map_err(|error| {
        lower(Failure::internal(format!(
            "the arguments are no JSON: {error}"
        )))
    })?;
    run(&Call::new(&Wasm), arguments).map_err(lower)
}

struct Wasm;

impl Transport for Wasm {
    fn send(&self, request: &Request) -> Result<Response, HttpError> {
        lift_result(wit::send(&lower_request(request)))
    }

    fn send_all(&self, requests: &[Request]) -> Vec<Result<Response, HttpError>> {
        let requests: Vec<_> = requests.iter().map(lower_request).collect();
        wit::send_all(&requests)
            .into_iter()
            .map(lift_result)
            .collect()
    }
}

impl Host for Wasm {
    fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Trace => log::Level::Trace,
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
            Level::Error => log::Level::Error,
        };
        log::write(level, message);
    }

    fn connection(&self) -> String {
        config::connection()
    }

    fn cache_get(&self, key: &str) -> Option<Vec<u8>> {
        cache::get(key)
    }

    fn cache_put(&self, key: &str, value: &[u8], ttl_ms: u32) {
        cache::put(key, value, ttl_ms);
    }

    fn cache_remove(&self, key: &str) {
        cache::remove(key);
    }

    fn remaining_ms(&self) -> u32 {
        wit_call::remaining_ms()
    }

    fn attach(&self, block: &Block) -> Result<(), Refused> {
        let hints = lower_hints(block);
        content::attach(&lower_block(&block.shown), hints.as_ref()).map_err(|refusal| match refusal
        {
            content::Refusal::NotHere => Refused::NotHere,
            content::Refusal::TooMany => Refused::TooMany,
            content::Refusal::TooLarge => Refused::TooLarge,
            content::Refusal::Malformed => Refused::Malformed,
        })
    }

    fn is_followed(&self) -> bool {
        progress::wanted()
    }

    fn report(&self, done: f64, total: Option<f64>, message: Option<&str>) {
        progress::report(done, total, message);
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the instance serves one call; the host suspends it"
    )]
    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

fn lower_block(shown: &Shown) -> blocks::Block {
    match shown.clone() {
        Shown::Text(text) => blocks::Block::Text(text),
        Shown::Image { mime_type, data } => blocks::Block::Image(blocks::Media { mime_type, data }),
        Shown::Audio { mime_type, data } => blocks::Block::Audio(blocks::Media { mime_type, data }),
        Shown::Link {
            uri,
            name,
            title,
            description,
            mime_type,
            size,
        } => blocks::Block::Link(blocks::Link {
            uri,
            name,
            title,
            description,
            mime_type,
            size,
        }),
        Shown::Document {
            uri,
            mime_type,
            body,
        } => blocks::Block::Document(blocks::Document {
            uri,
            mime_type,
            body: match body {
                Contents::Text(text) => blocks::Body::Text(text),
                Contents::Bytes(bytes) => blocks::Body::Bytes(bytes),
            },
        }),
    }
}

fn lower_hints(block: &Block) -> Option<blocks::Hints> {
    let hints = &block.hints;
    let readers = hints.readers.iter().map(|reader| match reader {
        Reader::User => blocks::Reader::User,
        Reader::Assistant => blocks::Reader::Assistant,
    });
    (*hints != Default::default()).then(|| blocks::Hints {
        readers: readers.collect(),
        importance: hints.importance,
        last_modified: hints.last_modified.clone(),
    })
}

fn lower_request(request: &Request) -> wit::Request {
    wit::Request {
        method: match request.method {
            Method::Get => wit::Method::Get,
            Method::Head => wit::Method::Head,
            Method::Post => wit::Method::Post,
            Method::Put => wit::Method::Put,
            Method::Patch => wit::Method::Patch,
            Method::Delete => wit::Method::Delete,
        },
        path: request.path.clone(),
        query: request.query.clone(),
        headers: request.headers.clone(),
        body: request.body.clone(),
        credential: request.credential.clone(),
    }
}

fn lift_result(result: Result<wit::Response, wit::Error>) -> Result<Response, HttpError> {
    match result {
        Ok(response) => Ok(Response {
            status: response.status,
            headers: response.headers,
            body: response.body,
        }),
        Err(error) => Err(HttpError {
            reason: lift_reason(error.reason),
            stage: match error.stage {
                wit::Stage::NotSent => Stage::NotSent,
                wit::Stage::MaybeSent => Stage::MaybeSent,
                wit::Stage::Answered => Stage::Answered,
            },
            detail: error.detail,
            retry_after_ms: error.retry_after_ms,
        }),
    }
}

fn lift_reason(reason: wit::Reason) -> Reason {
    match reason {
        wit::Reason::Denied => Reason::Denied,
        wit::Reason::CredentialMissing => Reason::CredentialMissing,
        wit::Reason::CredentialRejected => Reason::CredentialRejected,
        wit::Reason::BudgetSpent => Reason::BudgetSpent,
        wit::Reason::CircuitOpen => Reason::CircuitOpen,
        wit::Reason::TooLarge => Reason::TooLarge,
        wit::Reason::Timeout => Reason::Timeout,
        wit::Reason::AddressBlocked => Reason::AddressBlocked,
        wit::Reason::Connect => Reason::Connect,
        wit::Reason::Tls => Reason::Tls,
        wit::Reason::Protocol => Reason::Protocol,
        wit::Reason::InvalidRequest => Reason::InvalidRequest,
    }
}

fn lower(failure: Failure) -> types::Failure {
    let record = failure.into_record();
    types::Failure {
        kind: lower_kind(record.kind),
        code: record.code.into_owned(),
        message: record.message,
        fields: record.fields,
        suggestion: record.suggestion,
        retryable: record.retryable,
        retry_after_ms: record.retry_after_ms,
        outcome: match record.outcome.unwrap_or(Outcome::NotDone) {
            Outcome::NotDone => types::Outcome::NotDone,
            Outcome::MayHaveHappened => types::Outcome::MayHaveHappened,
            Outcome::PartlyDone => types::Outcome::PartlyDone,
        },
        details: record.details.map(|details| details.to_string()),
    }
}

fn lower_kind(kind: Kind) -> types::FailureKind {
    match kind {
        Kind::BadInput => types::FailureKind::BadInput,
        Kind::NotFound => types::FailureKind::NotFound,
        Kind::Conflict => types::FailureKind::Conflict,
        Kind::Confirm => types::FailureKind::Confirm,
        Kind::AuthNeeded => types::FailureKind::AuthNeeded,
        Kind::Forbidden => types::FailureKind::Forbidden,
        Kind::Throttled => types::FailureKind::Throttled,
        Kind::UpstreamFault => types::FailureKind::UpstreamFault,
        Kind::Unavailable => types::FailureKind::Unavailable,
        Kind::Unsupported => types::FailureKind::Unsupported,
        Kind::Internal => types::FailureKind::Internal,
    }
}
