//! Prompts of connections: each workflow once for every connection that can carry it out, under the
//! connection's prefix and with its tools.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_manifest::Effect;
use rmcp::model::{
    ErrorData, GetPromptResult, JsonObject, Prompt as Listed, PromptArgument, PromptMessage, Role,
};
use serde_json::Value;

use crate::call::Scope;
use crate::names;
use crate::prompts::{Given, Place, Prompt};
use crate::registry::{Connection, Guide, Snapshot, Tool};

/// A workflow on a connection.
struct Offer<'p> {
    name: String,
    prompt: &'p Prompt,
    connection: &'p Connection,
}

/// The list that a client sees, in a fixed order.
pub fn list(snapshot: &Snapshot, scope: &Scope, prompts: &[Prompt]) -> Vec<Listed> {
    offers(snapshot, scope, prompts)
        .iter()
        .map(listed)
        .collect()
}

/// The text of one prompt.
///
/// # Errors
/// There is no such prompt, or its arguments do not fit it.
pub fn get(
    snapshot: &Snapshot,
    scope: &Scope,
    prompts: &[Prompt],
    name: &str,
    arguments: Option<JsonObject>,
) -> Result<GetPromptResult, ErrorData> {
    let wrong = |told: String| ErrorData::invalid_params(told, None);
    let offers = offers(snapshot, scope, prompts);
    let offer = offers.iter().find(|offer| offer.name == name);
    let offer = offer.ok_or_else(|| wrong(format!("there is no prompt `{name}`")))?;
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

/// All workflows write, so a connection that only reads has none. Where two connections have the same
/// prefix, the second is told from the first by its own name.
fn offers<'p>(snapshot: &'p Snapshot, scope: &Scope, prompts: &'p [Prompt]) -> Vec<Offer<'p>> {
    let mut taken = BTreeSet::new();
    let writing = snapshot.connections.iter().filter(|connection| {
        let writes = |tool: &Arc<Tool>| tool.plugin.declared().effect != Effect::Read;
        scope.covers(snapshot, connection) && tools(snapshot, connection).any(writes)
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
