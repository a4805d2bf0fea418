//! One `prompts/get` of a plugin's prompt.

use rmcp::model::{ErrorData, GetPromptRequestParams, GetPromptResponse};
use rmcp::service::{RequestContext, RoleServer};

use super::asking::{self, Binding};
use super::{Era, Server, cancelled, conformance, prompts, scope};
use crate::input::{Input, Unfinished};
use crate::reading::prompt;

const METHOD: &str = "prompts/get";

/// Serves it. Only the conformance suite's fixture has a prompt with a question.
///
/// # Errors
/// No such prompt, arguments that do not fit it, or whatever its plugin says.
pub async fn serve(
    server: &Server,
    mut request: GetPromptRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<GetPromptResponse, ErrorData> {
    let (era, caller) = (Era::of(context), server.caller(context)?);
    let audience = conformance::audience(server, context);
    let binding = audience.is_some().then(|| {
        let principal = caller.principal().as_str();
        Binding::new(principal, METHOD, &request.name, &request.arguments)
    });
    let mut input = Input {
        able: asking::able(era, context),
        answers: None,
    };
    let (state, responses) = (request.request_state.take(), request.input_responses.take());
    if let Some(binding) = &binding {
        input.answers = server
            .asking
            .answers(binding, state.as_deref(), responses)?;
    }
    let mut asked = prompts::asked(request, (caller, scope(context)))?;
    asked.input = input;
    asked.audience = audience;
    let prompted = tokio::select! {
        prompted = prompt(&server.app, asked) => prompted,
        () = context.ct.cancelled() => return Err(cancelled()),
    };
    if let (Ok(Err(Unfinished::Asks(questions))), Some(binding), Era::Stateless) =
        (&prompted, &binding, era)
    {
        let mut result = server.asking.required(binding, questions)?;
        era.sign(&mut result.meta);
        return Ok(result.into());
    }
    let mut result = prompts::result(prompted, era)?;
    era.sign(&mut result.meta);
    Ok(result.into())
}
