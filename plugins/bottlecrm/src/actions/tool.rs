//! The tools `crm_action` and `list_actions`.

use portcullis_sdk::{Call, Effect, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Action, Asked, all, find};
use crate::{access, crm::Record, describe, entity, fields::Write, ids, payload};

/// Runs an action on a record: comment, convert a lead, move on a board, send or pay an invoice,
/// merge cases, and more; list_actions shows them all with their parameters. An action that reaches
/// a customer or cannot be undone first shows what it would do; repeat it with the
/// confirmation_token of that answer once a human agreed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionArgs {
    /// The entity of the record.
    #[schemars(extend("enum" = entity::NAMES))]
    pub(crate) entity: String,
    /// The record's id, a UUID. For from_opportunity the deal's, for from_time_entries the
    /// account's, for stop_timer the time entry's, for approve, reject and cancel of approvals the
    /// approval's.
    #[schemars(length(min = 1, max = 64))]
    pub(crate) id: String,
    /// The action.
    #[schemars(extend("enum" = super::NAMES))]
    pub(crate) action: String,
    /// The action's parameters, e.g. `{"comment": "called back"}`.
    #[serde(default)]
    pub(crate) params: Option<Record>,
}

/// What was done.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Done {
    entity: &'static str,
    id: String,
    action: &'static str,
    /// What the CRM answered, and what is stored now.
    result: Record,
}

pub(crate) fn run(call: &Call<'_>, args: &ActionArgs) -> Result<Done, Failure> {
    let asked = asked(call, args)?;
    let result = (asked.action.run)(&asked)?;
    Ok(Done {
        entity: asked.entity.name,
        id: args.id.clone(),
        action: asked.action.name,
        result,
    })
}

pub(crate) fn preview(call: &Call<'_>, args: &ActionArgs) -> Result<Value, Failure> {
    let asked = asked(call, args)?;
    match asked.action.preview {
        Some(preview) => preview(&asked),
        None => Err(Failure::internal(format!(
            "{} has no preview",
            asked.action.name
        ))),
    }
}

fn asked<'c>(call: &'c Call<'c>, args: &'c ActionArgs) -> Result<Asked<'c>, Failure> {
    let entity = entity::find(&args.entity)?;
    access::check(call, entity)?;
    let action = find(entity, &args.action)?;
    ids::check(&args.id, "/id")?;
    let empty = Record::new();
    let given = args.params.as_ref().unwrap_or(&empty);
    let params = payload::parts(call, entity, action.params, given, "/params")?;
    Ok(Asked {
        call,
        entity,
        id: &args.id,
        action,
        params,
    })
}

/// Lists the actions of crm_action: on what, with which parameters, and with which effect.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListArgs {}

/// All actions.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Actions {
    actions: Vec<Listed>,
}

/// One action.
#[derive(Serialize, JsonSchema)]
struct Listed {
    action: &'static str,
    /// Another name of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    also: Option<&'static str>,
    entities: &'static [&'static str],
    /// read, write, destructive or outward; the last two are shown first and need a confirmation.
    effect: &'static str,
    /// Whether it reaches a person outside.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    outward: bool,
    /// Whether nothing brings back what was before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    irreversible: bool,
    about: &'static str,
    /// Parameter → what it takes.
    #[serde(skip_serializing_if = "Record::is_empty")]
    params: Record,
    /// Parameters that are needed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    required: Vec<&'static str>,
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every tool function")]
pub(crate) fn list(_: &Call<'_>, _: &ListArgs) -> Result<Actions, Failure> {
    Ok(Actions {
        actions: all().map(listed).collect(),
    })
}

fn listed(action: &'static Action) -> Listed {
    let params = action.params.iter();
    Listed {
        action: action.name,
        also: action.also,
        entities: action.entities,
        effect: action.effect.as_str(),
        outward: action.effect == Effect::Outward,
        irreversible: action.irreversible,
        about: action.about,
        params: params
            .clone()
            .map(|field| {
                (
                    field.name.to_owned(),
                    brief(&describe::takes(field.kind, &[])),
                )
            })
            .collect(),
        required: params
            .filter(|field| field.write == Write::Required)
            .map(|field| field.name)
            .collect(),
    }
}

/// A type in a word, with its values where it has some.
fn brief(takes: &Value) -> Value {
    match (takes.get("values"), takes.get("to")) {
        (Some(values), _) => values.clone(),
        (_, Some(to)) => json!(format!(
            "{} of {}",
            takes["by"].as_str().unwrap_or("id"),
            to.as_str().unwrap_or_default()
        )),
        _ => takes["type"].clone(),
    }
}
