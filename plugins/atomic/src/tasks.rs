//! The tools `display_task_list` and `complete_task`.

use portcullis_sdk::{Call, Failure};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::{
    entity, errors,
    rest::{self, Record},
    write,
};

/// A task as it is shown: a row of `list_records` or `overdue_tasks`. What else the row has is left
/// out, and a column without a value is null there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Shown {
    /// The task's id.
    #[schemars(range(min = 1))]
    id: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text_or_null")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text_or_null")]
    r#type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text_or_null")]
    due_date: Option<String>,
    /// Set when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text_or_null")]
    done_date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "text_or_null")]
    contact_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "id_or_null")]
    contact_id: Option<u64>,
}

/// The schema of arguments drops a plain `null`, because a client leaves out what it does not set;
/// rows that are passed on have it.
fn text_or_null(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"oneOf": [{"type": "string"}, {"type": "null"}]})
}

fn id_or_null(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"oneOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]})
}

/// Shows tasks that were read before as a list, on a page where the client can. It reads and changes
/// nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisplayArgs {
    /// The tasks, in order.
    #[schemars(length(max = 200))]
    tasks: Vec<Shown>,
}

/// The tasks as they were given.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Displayed {
    tasks: Vec<Shown>,
}

pub(crate) fn display(_: &Call<'_>, args: &DisplayArgs) -> Result<Displayed, Failure> {
    Ok(Displayed {
        tasks: args.tasks.clone(),
    })
}

/// Marks a task as done now. A task that is done stays done since then. To open it again, set
/// done_date to null with update_record.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompleteArgs {
    /// The task's id.
    #[schemars(range(min = 1))]
    id: u64,
}

/// The task.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Completed {
    id: u64,
    /// Since when it is done.
    done_date: String,
    /// Whether it was done before this call.
    already_done: bool,
}

pub(crate) fn complete(call: &Call<'_>, args: &CompleteArgs) -> Result<Completed, Failure> {
    let entity = entity::find("tasks")?;
    let task = rest::one(call, entity, args.id)?;
    if let Some(done) = done(&task) {
        return Ok(Completed {
            id: args.id,
            done_date: done,
            already_done: true,
        });
    }
    let mut body = Map::new();
    body.insert("done_date".to_owned(), write::now(call).into());
    let changed = write::change(call, entity, args.id, &body)?;
    Ok(Completed {
        id: args.id,
        done_date: done(&changed).ok_or_else(|| errors::not_applied(entity, args.id))?,
        already_done: false,
    })
}

fn done(task: &Record) -> Option<String> {
    task.get("done_date")?.as_str().map(str::to_owned)
}
