//! Values for arguments that a user is typing, as MCP asks for them.

use rmcp::model::{CompleteRequestParams, CompleteResult, CompletionInfo, ErrorData, Reference};
use serde_json::{Map, Value};

use crate::error::Kind;
use crate::prompts::Prompt;
use crate::reading::{Completed, Target};
use crate::registry::Snapshot;

/// The longest text that is completed, in bytes.
const LONGEST: usize = 1000;

/// Whether anything completes, so that the capability is declared.
pub fn is_offered(snapshot: &Snapshot) -> bool {
    let resources = snapshot.resources.iter().map(|one| &one.completes);
    let prompts = snapshot.prompts.iter().map(|one| &one.completes);
    resources
        .chain(prompts)
        .any(|completes| !completes.is_empty())
}

/// What the argument belongs to.
pub fn target(reference: &Reference) -> Result<Target, ErrorData> {
    match reference {
        Reference::Resource(resource) => Ok(Target::Resource(resource.uri.clone())),
        Reference::Prompt(prompt) => Ok(Target::Prompt(prompt.name.clone())),
        _ => Err(wrong("`ref` is neither a prompt nor a resource".to_owned())),
    }
}

/// What is known of other arguments.
pub fn others(request: &CompleteRequestParams) -> Result<Map<String, Value>, ErrorData> {
    let context = request.context.as_ref();
    let given = context.and_then(|context| context.arguments.as_ref());
    let given = given.into_iter().flatten();
    let others: Map<String, Value> = given
        .map(|(name, value)| (name.clone(), Value::String(value.clone())))
        .collect();
    let texts = others.iter().filter_map(|(_, value)| value.as_str());
    let long = texts.chain([request.argument.value.as_str()]);
    if long.map(str::len).any(|length| length > LONGEST) || others.len() > 50 {
        let told = format!("an argument is longer than {LONGEST} bytes, or there are more than 50");
        return Err(wrong(told));
    }
    Ok(others)
}

/// The answer for a text of the operator's, which offers no values.
pub fn of_text(prompt: &Prompt, argument: &str) -> Result<CompleteResult, ErrorData> {
    let mut names = prompt.arguments.iter().map(|one| one.name.as_str());
    match names.any(|name| name == argument) {
        true => Ok(CompleteResult::new(CompletionInfo::default())),
        false => Err(wrong(format!("it has no argument `{argument}`"))),
    }
}

/// The answer of a plugin.
pub fn result(completed: Completed) -> Result<CompleteResult, ErrorData> {
    let suggestions = match completed {
        Err(unknown) => return Err(wrong(unknown.to_string())),
        Ok(Err(error)) if error.kind == Kind::BadInput => {
            return Err(ErrorData::invalid_params(
                error.message.clone(),
                Some(error.to_json()),
            ));
        }
        Ok(Err(error)) => {
            let told = Some(error.to_json());
            return Err(ErrorData::internal_error(error.message, told));
        }
        Ok(Ok(suggestions)) => suggestions,
    };
    let mut info = CompletionInfo::default();
    info.values = suggestions.values;
    info.total = suggestions.total;
    info.has_more = Some(suggestions.has_more);
    Ok(CompleteResult::new(info))
}

fn wrong(told: String) -> ErrorData {
    ErrorData::invalid_params(told, None)
}
