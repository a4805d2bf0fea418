//! One `tools/call`, with as many rounds as its questions need.
//!
//! To a client of 2026-07-28 each round is a request of its own; in a session the rounds follow each other
//! here. Only glue between `call`, `asking` and the shape of an answer.

use rmcp::model::{CallToolRequestParams, CallToolResponse, ErrorData, InputResponses};
use rmcp::service::{RequestContext, RoleServer};

use super::asking::{self, Binding};
use super::convert::Text;
use super::tasks::{self, Choice};
use super::{Era, Server, cancelled, conformance, convert, progress, scope};
use crate::call::{Request, call};
use crate::error::{Kind, ToolError};
use crate::input::{Able, Input, Questions, Unfinished};

const METHOD: &str = "tools/call";

/// Rounds that one request in a session may have; whoever asks more often asks without end.
const MOST_ROUNDS: usize = 10;

/// What came of one round.
enum Round {
    Done(CallToolResponse),
    Asks(Questions),
}

/// Serves a call.
///
/// # Errors
/// No such tool, answers that are none, or a client that lacks what the call needs.
pub async fn serve(
    server: &Server,
    mut params: CallToolRequestParams,
    context: RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let era = Era::of(&context);
    let answers = (params.request_state.take(), params.input_responses.take());
    let request = Request {
        name: params.name.into_owned(),
        arguments: params.arguments.unwrap_or_default(),
        caller: server.caller(&context)?,
        scope: scope(&context),
        input: Input {
            able: asking::able(era, &context),
            answers: None,
        },
        watcher: progress::watcher(&context),
        audience: conformance::audience(server, &context),
    };
    match era {
        Era::Stateless => stateless(server, request, answers, &context).await,
        Era::TextOnly | Era::Handshake => {
            tasks::choose(server, &request, &context)?;
            in_session(server, request, era, &context).await
        }
    }
}

/// One round; the next is another request.
async fn stateless(
    server: &Server,
    mut request: Request,
    (state, responses): (Option<String>, Option<InputResponses>),
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let era = Era::Stateless;
    let asks = request.input.able.anything() || state.is_some();
    let binding = asks.then(|| {
        let principal = request.caller.principal().as_str();
        Binding::new(principal, METHOD, &request.name, &request.arguments)
    });
    if let Some(binding) = &binding {
        let state = state.as_deref();
        let responses = responses.clone();
        request.input.answers = server.asking.answers(binding, state, responses)?;
    }
    if let Choice::Task = tasks::choose(server, &request, context)? {
        return Ok(server.tasks.create(server, request));
    }
    let ahead = (state.is_none() && asks).then_some(responses).flatten();
    let again = ahead.is_some().then(|| request.clone());
    let mut questions = match round(server, request, era, context).await? {
        Round::Done(response) => return Ok(response),
        Round::Asks(questions) => questions,
    };
    if let (Some(mut again), Some(responses), true) = (again, ahead, questions.ahead) {
        let answers = asking::fitting(&questions, responses)?;
        if !answers.given.is_empty() {
            again.input.answers = Some(answers);
            questions = match round(server, again, era, context).await? {
                Round::Done(response) => return Ok(response),
                Round::Asks(questions) => questions,
            };
        }
    }
    let Some(binding) = binding else {
        return Ok(failed(era, ToolError::nobody_to_ask()));
    };
    let mut result = server.asking.required(&binding, &questions)?;
    era.sign(&mut result.meta);
    Ok(result.into())
}

/// All rounds, with the questions going through the session between them.
async fn in_session(
    server: &Server,
    mut request: Request,
    era: Era,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    for _ in 0..MOST_ROUNDS {
        // Whoever cannot be asked has one round.
        let again = request.input.able.anything().then(|| request.clone());
        let questions = match round(server, request, era, context).await? {
            Round::Done(response) => return Ok(response),
            Round::Asks(questions) => questions,
        };
        let Some(again) = again else {
            return Ok(failed(era, ToolError::nobody_to_ask()));
        };
        request = again;
        let principal = request.caller.principal().as_str();
        match server.asking.put(context, principal, questions).await {
            Ok(answers) => request.input.answers = Some(answers),
            Err(error) => return Ok(failed(era, error)),
        }
    }
    let told = format!("the tool asked {MOST_ROUNDS} times and was not done; nothing was done");
    let endless = ToolError::new(Kind::Internal, "TOO_MANY_QUESTIONS", told);
    Ok(failed(era, endless))
}

/// No client is asked for what it did not say it can be asked for.
fn within(able: Able, unfinished: Unfinished) -> Unfinished {
    match unfinished {
        Unfinished::Asks(questions) => match questions.beyond(able) {
            Some(lacks) => Unfinished::Lacks(lacks, ToolError::nobody_to_ask()),
            None => Unfinished::Asks(questions),
        },
        other => other,
    }
}

async fn round(
    server: &Server,
    request: Request,
    era: Era,
    context: &RequestContext<RoleServer>,
) -> Result<Round, ErrorData> {
    let able = request.input.able;
    let text = server.text(&request.name, era);
    let answer = tokio::select! {
        answer = call(&server.app, request) => answer,
        () = context.ct.cancelled() => return Err(cancelled()),
    };
    let answer = answer.map_err(|unknown| ErrorData::invalid_params(unknown.to_string(), None))?;
    let result = match answer.map_err(|unfinished| within(able, unfinished)) {
        Ok(answered) => Ok(answered),
        Err(Unfinished::Asks(questions)) => return Ok(Round::Asks(questions)),
        Err(Unfinished::Lacks(needs, error)) if era == Era::Stateless => {
            return Err(asking::lacks(needs, &error));
        }
        Err(Unfinished::Failed(error) | Unfinished::Lacks(_, error)) => Err(error),
    };
    Ok(Round::Done(
        era.result(convert::result(result, text)).into(),
    ))
}

fn failed(era: Era, error: ToolError) -> CallToolResponse {
    era.result(convert::result(Err(error), Text::Json)).into()
}
