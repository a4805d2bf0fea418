//! The tools `log_call`, `create_task` and `create_note`. Everything that they name is looked for
//! before anything is written, so that no half of an activity stays behind.

use portcullis_sdk::{Call, Failure, Kind, Outcome, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    chosen::Key,
    create::{self, Created},
    errors,
    fetch::{self, Linked},
    identity,
    metadata::{self, Module},
    names, payload, rows, rpc,
    via::Via,
};

/// Logs a phone call and links it with contacts and an account. Without assigned_user_id the API's
/// user owns it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallArgs {
    /// Subject.
    #[schemars(length(min = 1, max = 255))]
    name: String,
    /// When it began: `2026-12-31T09:30:00Z`, or without a zone in UTC.
    #[schemars(length(max = 40))]
    date_start: String,
    /// `Planned`, `Held` or `Not Held`; default Held.
    #[serde(default)]
    status: Option<CallStatus>,
    /// `Inbound` or `Outbound`; default Outbound.
    #[serde(default)]
    direction: Option<Direction>,
    /// Whole hours; default 0.
    #[serde(default)]
    #[schemars(range(max = 99))]
    duration_hours: u32,
    /// 0, 15, 30 or 45; default 15.
    #[serde(default)]
    #[schemars(extend("enum" = [0, 15, 30, 45]))]
    duration_minutes: Option<u32>,
    /// What was said.
    #[serde(default)]
    description: Option<String>,
    /// Id of the user who owns it.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    assigned_user_id: Option<String>,
    /// Ids of contacts who took part.
    #[serde(default)]
    #[schemars(length(max = 50), inner(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$")))]
    contact_ids: Vec<String>,
    /// Id of the account that it is about. A call belongs to one record, so one at most.
    #[serde(default)]
    #[schemars(length(max = 20), inner(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$")))]
    account_ids: Vec<String>,
    /// A text of your choice that stays the same when you repeat this call.
    #[serde(default)]
    idempotency_key: Option<Key>,
    /// Checks everything and says what would be sent, without sending it.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
enum CallStatus {
    Planned,
    Held,
    #[serde(rename = "Not Held")]
    NotHeld,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
enum Direction {
    Inbound,
    Outbound,
}

/// The logged call.
#[derive(Serialize, JsonSchema)]
pub(crate) struct LoggedCall {
    #[serde(flatten)]
    call: Created,
    /// How many are linked, as read from the CRM.
    linked: LinkedWith,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct LinkedWith {
    contacts: usize,
    accounts: usize,
}

pub(crate) fn log_call(call: &Call<'_>, args: &CallArgs) -> Result<LoggedCall, Failure> {
    if args.account_ids.len() > 1 {
        return Err(Failure::bad_input(
            code::INVALID_ARGUMENT,
            "a call belongs to one account; the CRM would keep only the last",
        )
        .at("/account_ids")
        .suggest("name one account, and log the call once for each"));
    }
    let account = args.account_ids.first().map(String::as_str);
    check_ids(call, "Contacts", &args.contact_ids, "/contact_ids")?;
    check_ids(call, "Accounts", &args.account_ids, "/account_ids")?;
    let fields = fields(json!({
        "name": args.name,
        "date_start": args.date_start,
        "status": args.status.unwrap_or(CallStatus::Held),
        "direction": args.direction.unwrap_or(Direction::Outbound),
        "duration_hours": args.duration_hours,
        "duration_minutes": args.duration_minutes.unwrap_or(15),
        "description": args.description,
        "assigned_user_id": args.assigned_user_id,
        "parent_type": account.map(|_| "Accounts"),
        "parent_id": account,
    }));
    let key = args.idempotency_key.as_ref();
    let made = write(call, "Calls", fields, key, args.dry_run)?;
    let mut linked = LinkedWith {
        contacts: 0,
        accounts: args.account_ids.len(),
    };
    match &made.id {
        Some(id) if !args.dry_run && !args.contact_ids.is_empty() => {
            linked.contacts = link_contacts(call, id, &args.contact_ids)?;
        }
        _ if args.dry_run => linked.accounts = 0,
        _ => {}
    }
    Ok(LoggedCall { call: made, linked })
}

/// Links the contacts and reads which are linked. The call exists by now, so a failure says so.
fn link_contacts(call: &Call<'_>, id: &str, contacts: &[String]) -> Result<usize, Failure> {
    let arguments = vec![
        json!("Calls"),
        json!(id),
        json!("contacts"),
        json!(contacts),
        json!([]),
        json!(0),
    ];
    let sent = rpc::change(call, "set_relationship", "Calls", arguments);
    let linked = linked_contacts(call, id).unwrap_or_default();
    let missing: Vec<_> = contacts
        .iter()
        .filter(|contact| !linked.contains(contact))
        .collect();
    if missing.is_empty() {
        return Ok(contacts.len());
    }
    let why = sent
        .err()
        .map_or_else(String::new, |failure| format!(": {}", failure.message));
    Err(Failure::new(
        Kind::UpstreamFault,
        code::PARTIAL,
        format!("the call was logged and {} contacts were not linked{why}", missing.len()),
    )
    .suggest("do not log the call again; link the contacts with link_records on Calls, link contacts")
    .details(json!({"id": id, "module": "Calls", "url": rows::url(call, "Calls", id), "not_linked": missing}))
    .outcome(Outcome::PartlyDone))
}

fn linked_contacts(call: &Call<'_>, id: &str) -> Result<Vec<String>, Failure> {
    let linked = Linked {
        id,
        link: "contacts",
        clause: String::new(),
        fields: vec!["id".to_owned()],
        offset: 0,
        limit: 200,
    };
    let answer = rpc::read(
        call,
        "get_relationships",
        "Calls",
        fetch::linked_args("Calls", &linked),
    )?;
    Ok(fetch::linked_rows(&answer, None)?
        .iter()
        .map(|(record, _)| rows::text(record, "id").to_owned())
        .collect())
}

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
fn fields(all: Value) -> Map<String, Value> {
    match all {
        Value::Object(all) => all
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        _ => Map::new(),
    }
}

fn write(
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
fn check_ids(call: &Call<'_>, module: &str, ids: &[String], pointer: &str) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    names::check(call, module, pointer)?;
    let module = metadata::module(call, module)?;
    refuse_missing(call, &module, ids, pointer)
}

fn refuse_missing(
    call: &Call<'_>,
    module: &Module,
    ids: &[String],
    pointer: &str,
) -> Result<(), Failure> {
    let (_, missing) = fetch::several(call, module, ids, &["id".to_owned()])?;
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::not_found(
        code::RECORD_NOT_FOUND,
        format!(
            "{} has no record {}; nothing was written",
            module.name,
            missing.join(", ")
        ),
    )
    .at(pointer)
    .suggest(errors::HINT_NOT_FOUND)
    .details(json!({"missing": missing}))
    .outcome(Outcome::NotDone))
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
