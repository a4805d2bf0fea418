//! One `tools/call`, with as many rounds as its questions need.
//!
//! To a client of 2026-07-28 each round is a request of its own; in a session the rounds follow each other
//! here. Only glue between `call`, `asking` and the shape of an answer.

use rmcp::model::{CallToolRequestParams, CallToolResponse, ErrorData};
use rmcp::service::{RequestContext, RoleServer};

use super::asking::{self, Binding};
use super::{Era, Server, cancelled, convert, scope};
use crate::call::{Request, call};
use crate::error::{Kind, ToolError};
use crate::input::{Input, Questions, Unfinished};

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
/// No such tool, a request that contradicts itself, or a client that lacks what the call needs.
pub async fn serve(
    server: &Server,
    params: CallToolRequestParams,
    context: RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let era = Era::of(&context);
    let able = asking::able(era, &context);
    let caller = server.caller(&context)?;
    let principal = caller.principal().clone();
    let mut request = Request {
        name: params.name.into_owned(),
        arguments: params.arguments.unwrap_or_default(),
        caller,
        scope: scope(&context),
        input: Input::default(),
    };
    request.input.able = able;
    let asks = able.anything() || params.request_state.is_some();
    let binding = asks.then(|| {
        let (name, arguments) = (&request.name, &request.arguments);
        Binding::new(principal.as_str(), METHOD, name, arguments)
    });
    if let (Era::Stateless, Some(binding)) = (era, &binding) {
        let state = params.request_state.as_deref();
        let answers = server
            .asking
            .answers(binding, state, params.input_responses)?;
        request.input.answers = answers;
    }
    for _ in 0..MOST_ROUNDS {
        // Whoever cannot be asked has one round.
        let again = able.anything().then(|| request.clone());
        let questions = match round(server, request, era, &context).await? {
            Round::Done(response) => return Ok(response),
            Round::Asks(questions) => questions,
        };
        let (Some(again), Some(binding)) = (again, &binding) else {
            return Ok(failed(era, Unfinished::Asks(questions).into()));
        };
        if era == Era::Stateless {
            let mut result = server.asking.required(binding, &questions)?;
            era.sign(&mut result.meta);
            return Ok(result.into());
        }
        request = again;
        let put = server.asking.put(&context, principal.as_str(), questions);
        match put.await {
            Ok(answers) => request.input.answers = Some(answers),
            Err(error) => return Ok(failed(era, error)),
        }
    }
    let told = format!("the tool asked {MOST_ROUNDS} times and was not done; nothing was done");
    let endless = ToolError::new(Kind::Internal, "TOO_MANY_QUESTIONS", told);
    Ok(failed(era, endless))
}

async fn round(
    server: &Server,
    request: Request,
    era: Era,
    context: &RequestContext<RoleServer>,
) -> Result<Round, ErrorData> {
    let answer = tokio::select! {
        answer = call(&server.app, request) => answer,
        () = context.ct.cancelled() => return Err(cancelled()),
    };
    let result = match answer {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Unfinished::Asks(questions))) => return Ok(Round::Asks(questions)),
        Ok(Err(Unfinished::Lacks(needs, error))) if era == Era::Stateless => {
            return Err(asking::lacks(needs, &error));
        }
        Ok(Err(Unfinished::Failed(error) | Unfinished::Lacks(_, error))) => Err(error),
        Err(unknown) => return Err(ErrorData::invalid_params(unknown.to_string(), None)),
    };
    Ok(Round::Done(era.result(convert::result(result)).into()))
}

fn failed(era: Era, error: ToolError) -> CallToolResponse {
    era.result(convert::result(Err(error))).into()
}
