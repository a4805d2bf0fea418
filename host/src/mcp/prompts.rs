//! Prompts of connections: each workflow once for every connection that can carry it out, under the
//! connection's prefix and with its tools; behind them those of the plugins.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_manifest::Effect;
use rmcp::model::{
    ErrorData, GetPromptRequestParams, GetPromptResult, JsonObject, Prompt as Listed,
    PromptArgument, PromptMessage, Role,
};
use serde_json::Value;

use super::blocks;
use super::era::Era;
use crate::call::Scope;
use crate::caller::Caller;
use crate::error::{Kind, ToolError};
use crate::input::Input;
use crate::names;
use crate::prompts::{Given, Place, Prompt};
use crate::reading::{Prompted, Prompting};
use crate::registry::{self, Connection, Guide, Snapshot, Tool};

/// A workflow on a connection.
struct Offer<'p> {
    name: String,
    prompt: &'p Prompt,
    connection: &'p Connection,
}

/// The list that a client sees, in a fixed order.
pub fn list(snapshot: &Snapshot, scope: &Scope, prompts: &[Prompt]) -> Vec<Listed> {
    let texts = offers(snapshot, scope, prompts);
    let of_plugins = snapshot
        .prompts
        .iter()
        .filter(|prompt| scope.covers(snapshot, &prompt.connection));
    let texts = texts.iter().map(listed);
    texts
        .chain(of_plugins.map(|p| listed_of_plugin(p)))
        .collect()
}

/// The text that a name stands for; none where it is no workflow's.
pub fn text<'p>(
    snapshot: &'p Snapshot,
    scope: &Scope,
    prompts: &'p [Prompt],
    name: &str,
) -> Option<&'p Prompt> {
    let offers = offers(snapshot, scope, prompts);
    let offer = offers.into_iter().find(|offer| offer.name == name);
    offer.map(|offer| offer.prompt)
}

/// The text of one prompt; none where the name is no workflow's.
///
/// # Errors
/// Its arguments do not fit it.
pub fn get(
    snapshot: &Snapshot,
    scope: &Scope,
    prompts: &[Prompt],
    name: &str,
    arguments: Option<JsonObject>,
) -> Option<Result<GetPromptResult, ErrorData>> {
    let offers = offers(snapshot, scope, prompts);
    let offer = offers.iter().find(|offer| offer.name == name)?;
    Some(fill(snapshot, offer, arguments))
}

fn fill(
    snapshot: &Snapshot,
    offer: &Offer<'_>,
    arguments: Option<JsonObject>,
) -> Result<GetPromptResult, ErrorData> {
    let wrong = |told: String| ErrorData::invalid_params(told, None);
    let given = given(arguments).map_err(wrong)?;
    let tools = tools(snapshot, offer.connection);
    let place = Place {
        connection: offer.connection.config.name.as_str(),
        tools: tools
            .map(|tool| {
                (
                    tool.listed_name.as_str(),
                    tool.plugin.declared().title.as_str(),
                )
            })
            .collect(),
    };
    let mut text = offer
        .prompt
        .fill(&given, &place)
        .map_err(|unfit| wrong(unfit.to_string()))?;
    if offer.connection.is_compact() {
        text.push_str(&guided(offer.connection));
    }
    let mut result = GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]);
    result.description.clone_from(&offer.prompt.description);
    Ok(result)
}

/// How the tools that a prompt names are had where the client does not list them.
fn guided(connection: &Connection) -> String {
    let [find, describe, run] = Guide::ALL.map(|guide| guide.listed_name(connection));
    format!(
        "\n\nThe tools that are named here are not listed: `{run}` runs one, `{describe}` shows what it takes, `{find}` finds others."
    )
}

/// All workflows write, so a connection that may not has none. Where two connections have the same
/// prefix, the second is told from the first by its own name.
fn offers<'p>(snapshot: &'p Snapshot, scope: &Scope, prompts: &'p [Prompt]) -> Vec<Offer<'p>> {
    let mut taken = BTreeSet::new();
    let writing = snapshot.connections.iter().filter(|connection| {
        let may = connection.config.allow.contains(&Effect::Write);
        let writes = |tool: &Arc<Tool>| tool.plugin.declared().effects().contains(&Effect::Write);
        may && scope.covers(snapshot, connection) && tools(snapshot, connection).any(writes)
    });
    writing
        .flat_map(|connection| prompts.iter().map(move |prompt| (connection, prompt)))
        .filter_map(|(connection, prompt)| {
            let config = &connection.config;
            let by = |prefix: &str| names::listed(prefix, &prompt.name);
            let name = [by(&config.prefix), by(config.name.as_str())];
            let name = name.into_iter().find(|name| taken.insert(name.clone()))?;
            Some(Offer {
                name,
                prompt,
                connection,
            })
        })
        .collect()
}

/// The tools of one connection that a client may call.
fn tools<'p>(
    snapshot: &'p Snapshot,
    connection: &'p Connection,
) -> impl Iterator<Item = &'p Arc<Tool>> {
    let name = &connection.config.name;
    snapshot
        .listed
        .iter()
        .filter(move |tool| tool.connection.config.name == *name)
}

fn listed(offer: &Offer<'_>) -> Listed {
    let arguments = offer.prompt.arguments.iter().map(|argument| {
        let mut listed = PromptArgument::new(&argument.name).with_required(argument.required);
        listed.description.clone_from(&argument.description);
        listed
    });
    let description = offer.prompt.description.as_ref();
    Listed::new(&offer.name, description, Some(arguments.collect())).with_title(format!(
        "{} ({})",
        offer.prompt.title, offer.connection.config.name
    ))
}

fn listed_of_plugin(prompt: &registry::Prompt) -> Listed {
    let declared = prompt.declared();
    let arguments = declared.arguments.iter().map(|argument| {
        let mut listed = PromptArgument::new(&argument.name).with_required(argument.required);
        listed.description.clone_from(&argument.description);
        listed
    });
    let arguments = arguments.collect();
    let name = &prompt.listed_name;
    Listed::new(name, Some(&declared.description), Some(arguments)).with_title(format!(
        "{} ({})",
        declared.title, prompt.connection.config.name
    ))
}

/// A plugin's prompt as a client asked for it.
///
/// # Errors
/// An argument is no text.
pub fn asked(
    request: GetPromptRequestParams,
    who: (Caller, Scope),
) -> Result<Prompting, ErrorData> {
    let given = given(request.arguments).map_err(|told| ErrorData::invalid_params(told, None))?;
    let given = given.into_iter().map(|(name, text)| (name, text.into()));
    let (caller, scope) = who;
    Ok(Prompting {
        name: request.name,
        arguments: given.collect(),
        caller,
        scope,
        input: Input::default(),
        audience: None,
    })
}

/// What a plugin's prompt holds, or an error of the protocol: a prompt has no result that is an error.
pub fn result(prompted: Prompted, era: Era) -> Result<GetPromptResult, ErrorData> {
    let (prompt, messages) = match prompted {
        Err(none) => return Err(ErrorData::invalid_params(none.to_string(), None)),
        Ok(Err(unfinished)) => {
            let error = ToolError::from(unfinished);
            let told = (error.message.clone(), Some(error.to_json()));
            return Err(match error.kind {
                Kind::BadInput | Kind::NotFound => ErrorData::invalid_params(told.0, told.1),
                _ => ErrorData::internal_error(told.0, told.1),
            });
        }
        Ok(Ok(found)) => found,
    };
    let messages = messages.into_iter().map(|message| {
        let role = match message.by_assistant {
            true => Role::Assistant,
            false => Role::User,
        };
        PromptMessage::new(role, era.block(blocks::block(message.block)))
    });
    let mut result = GetPromptResult::new(messages.collect());
    result.description = Some(prompt.declared().description.clone());
    Ok(result)
}

/// Arguments of prompts are text.
fn given(arguments: Option<JsonObject>) -> Result<Given, String> {
    let arguments = arguments.unwrap_or_default().into_iter();
    arguments
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            _ => Err(format!("the argument `{name}` has to be text")),
        })
        .collect()
}
