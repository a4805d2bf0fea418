//! The tools `create_task` and `create_note`, and what `log_call` shares with them. Everything that
//! they name is looked for before anything is written, so that no half of an activity stays behind.

use portcullis_sdk::{Call, Failure, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    chosen::Key,
    create::{self, Created},
    fetch, identity, metadata, names, payload,
    via::Via,
};

/// Creates a task. Without assigned_user_id the API's user owns it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskArgs {
    /// Subject.
    #[schemars(length(min = 1, max = 255))]
    name: String,
    /// Default Not Started.
    #[serde(default)]
    status: Option<TaskStatus>,
    /// Default Medium.
    #[serde(default)]
    priority: Option<Priority>,
    /// When it is due: `2026-12-31T09:30:00Z`, or without a zone in UTC.
    #[serde(default)]
    #[schemars(length(max = 40))]
    date_due: Option<String>,
    /// When it begins.
    #[serde(default)]
    #[schemars(length(max = 40))]
    date_start: Option<String>,
    /// What is to be done.
    #[serde(default)]
    description: Option<String>,
    /// Id of the user who owns it.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    assigned_user_id: Option<String>,
    /// Id of a contact.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    contact_id: Option<String>,
    /// Module of the record that it is about, together with parent_id.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    parent_type: Option<String>,
    /// Id of the record that it is about.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    parent_id: Option<String>,
    /// A text of your choice that stays the same when you repeat this call.
    #[serde(default)]
    idempotency_key: Option<Key>,
    /// Checks everything and says what would be sent, without sending it.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
enum TaskStatus {
    #[serde(rename = "Not Started")]
    NotStarted,
    #[serde(rename = "In Progress")]
    InProgress,
    Completed,
    #[serde(rename = "Pending Input")]
    PendingInput,
    Deferred,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
enum Priority {
    High,
    Medium,
    Low,
}

pub(crate) fn create_task(call: &Call<'_>, args: &TaskArgs) -> Result<Created, Failure> {
    let contact: Vec<String> = args.contact_id.iter().cloned().collect();
    check_ids(call, "Contacts", &contact, "/contact_id")?;
    check_parent(call, args.parent_type.as_deref(), args.parent_id.as_deref())?;
    let fields = fields(json!({
        "name": args.name,
        "status": args.status.unwrap_or(TaskStatus::NotStarted),
        "priority": args.priority.unwrap_or(Priority::Medium),
        "date_due": args.date_due,
        "date_start": args.date_start,
        "description": args.description,
        "assigned_user_id": args.assigned_user_id,
        "contact_id": args.contact_id,
        "parent_type": args.parent_type,
        "parent_id": args.parent_id,
    }));
    write(
        call,
        "Tasks",
        fields,
        args.idempotency_key.as_ref(),
        args.dry_run,
    )
}

/// Creates a note, on a record if parent_type and parent_id name one. A file is added with
/// set_note_attachment.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteArgs {
    /// Subject.
    #[schemars(length(min = 1, max = 255))]
    name: String,
    /// The text.
    #[serde(default)]
    description: Option<String>,
    /// Module of the record that it is about, together with parent_id.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    parent_type: Option<String>,
    /// Id of the record that it is about.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    parent_id: Option<String>,
    /// Id of a contact.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    contact_id: Option<String>,
    /// Id of the user who owns it.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    assigned_user_id: Option<String>,
    /// A text of your choice that stays the same when you repeat this call.
    #[serde(default)]
    idempotency_key: Option<Key>,
    /// Checks everything and says what would be sent, without sending it.
    #[serde(default)]
    dry_run: bool,
}

pub(crate) fn create_note(call: &Call<'_>, args: &NoteArgs) -> Result<Created, Failure> {
    let contact: Vec<String> = args.contact_id.iter().cloned().collect();
    check_ids(call, "Contacts", &contact, "/contact_id")?;
    check_parent(call, args.parent_type.as_deref(), args.parent_id.as_deref())?;
    let fields = fields(json!({
        "name": args.name,
        "description": args.description,
        "parent_type": args.parent_type,
        "parent_id": args.parent_id,
        "contact_id": args.contact_id,
        "assigned_user_id": args.assigned_user_id,
    }));
    write(
        call,
        "Notes",
        fields,
        args.idempotency_key.as_ref(),
        args.dry_run,
    )
}

/// What was given, without what was not.
pub(crate) fn fields(all: Value) -> Map<String, Value> {
    match all {
        Value::Object(all) => all
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        _ => Map::new(),
    }
}

pub(crate) fn write(
    call: &Call<'_>,
    module: &str,
    mut fields: Map<String, Value>,
    key: Option<&Key>,
    dry_run: bool,
) -> Result<Created, Failure> {
    names::check_writable(call, module)?;
    let module = metadata::module(call, module)?;
    let mut filled_in = Vec::new();
    if !fields.contains_key("assigned_user_id") && module.field("assigned_user_id").is_some() {
        let owner = identity::default_assignee(call)?;
        fields.insert("assigned_user_id".to_owned(), owner.into());
        filled_in.push("assigned_user_id".to_owned());
    }
    let data = payload::for_create(&module, &fields, "")?;
    let made = create::record(call, &module, &data, key, dry_run, Via::v4_1())?;
    Ok(Created { filled_in, ..made })
}

/// Refuses ids that do not exist, before anything is written.
pub(crate) fn check_ids(
    call: &Call<'_>,
    module: &str,
    ids: &[String],
    pointer: &str,
) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    names::check(call, module, pointer)?;
    let module = metadata::module(call, module)?;
    fetch::require_all(call, &module, ids, pointer)
}

fn check_parent(call: &Call<'_>, module: Option<&str>, id: Option<&str>) -> Result<(), Failure> {
    match (module, id) {
        (None, None) => Ok(()),
        (Some(module), Some(id)) => check_ids(call, module, &[id.to_owned()], "/parent_id"),
        (given, _) => {
            let missing = if given.is_some() {
                "/parent_id"
            } else {
                "/parent_type"
            };
            Err(Failure::bad_input(
                code::INVALID_ARGUMENT,
                "parent_type and parent_id belong together",
            )
            .at(missing))
        }
    }
}
