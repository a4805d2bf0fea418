//! The tool `create_record`: a new row, and what the CRM's pages do with it.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    board::{Column, Placing},
    choices::{Choice, Configuration},
    entity::{self, Entity},
    get, payload,
    rest::{self, Record},
    settings::Settings,
    tags, write,
};

/// The type of a task without one, as the CRM's pages have it.
const NO_TYPE: &str = "none";

/// Creates a record. The owner is the caller unless sales_id is given. Contacts take email and phone
/// as texts or lists, tags by id or name. A contact note also sets the contact's status and when it
/// was last seen; a deal comes first in its stage.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateArgs {
    /// Which kind of record.
    #[schemars(extend("enum" = ["contacts", "companies", "deals", "tasks", "contact_notes", "deal_notes", "tags"]))]
    entity: String,
    /// Column to value; get_schema lists columns and allowed values.
    data: Record,
}

/// What was stored.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Stored {
    pub(crate) entity: &'static str,
    pub(crate) id: u64,
    /// The row as the database has it now.
    pub(crate) record: Record,
    /// What did not go with it, although the record itself is stored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<String>,
    /// Its page in the CRM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
}

pub(crate) fn create(call: &Call<'_>, args: &CreateArgs) -> Result<Stored, Failure> {
    let entity = entity::writable(&args.entity)?;
    let mut row = payload::row(call, entity, &args.data)?;
    defaults(call, entity, &mut row)?;
    payload::complete(entity, &row)?;
    let placing = match entity.name {
        "deals" => Some(Column::read(call, stage(&row), None)?.place(0)),
        _ => None,
    };
    if let Some(placing) = &placing {
        row.insert("index".to_owned(), json!(placing.index));
    }
    let stored = write::insert(call, entity, &row)?;
    let id = rest::id_of(&stored).ok_or_else(|| Failure::upstream("the new row has no id"))?;
    let mut warnings = write::stored_otherwise(&row, &stored);
    warnings.extend(after(call, entity, &row, placing)?);
    call.link_record(entity.name, &id.to_string());
    Ok(Stored {
        entity: entity.name,
        id,
        record: stored,
        warnings,
        url: get::link(call, entity, id)?,
    })
}

fn stage(row: &Record) -> &str {
    row.get("stage").and_then(Value::as_str).unwrap_or_default()
}

/// What the CRM's pages fill in and the database does not.
fn defaults(call: &Call<'_>, entity: &Entity, row: &mut Record) -> Result<(), Failure> {
    let now = write::now(call);
    match entity.name {
        "contacts" => {
            usual(row, "first_seen", json!(now));
            usual(row, "last_seen", json!(now));
            usual(row, "tags", json!([]));
            if !Settings::of(call)?.avatar_lookup {
                usual(row, "avatar", json!({}));
            }
        }
        "tasks" => {
            let known = Configuration::read(call)?.options(Choice::TaskType);
            if known.iter().any(|option| option.value == NO_TYPE) {
                usual(row, "type", json!(NO_TYPE));
            }
        }
        "contact_notes" if row.get("contact_id").is_some_and(Value::is_u64) => {
            let contact = row.get("contact_id").and_then(Value::as_u64).unwrap_or(0);
            if row.get("status").is_none_or(Value::is_null) {
                let contacts = entity::find("contacts")?;
                let contact = rest::one_at(call, contacts, contact, "/data/contact_id")?;
                let status = contact.get("status").cloned().unwrap_or_default();
                row.insert("status".to_owned(), status);
            }
        }
        "deals" => {
            usual(row, "contact_ids", json!([]));
        }
        "tags" => {
            let color = tags::color(tags::all(call)?.len());
            usual(row, "color", json!(color));
        }
        _ => {}
    }
    Ok(())
}

fn usual(row: &mut Record, name: &str, value: Value) {
    row.entry(name).or_insert(value);
}

/// What the CRM's pages do afterwards.
fn after(
    call: &Call<'_>,
    entity: &Entity,
    row: &Record,
    placing: Option<Placing>,
) -> Result<Vec<String>, Failure> {
    let contact = row.get("contact_id").and_then(Value::as_u64);
    Ok(match (entity.name, contact) {
        ("tasks", Some(contact)) => {
            write::follow_up(call, vec![write::touch_contact(call, contact, None)?])
        }
        ("contact_notes", Some(contact)) => write::follow_up(
            call,
            vec![write::touch_contact(call, contact, row.get("status"))?],
        ),
        _ => placing.map_or_else(Vec::new, |placing| placing.make_room(call)),
    })
}
