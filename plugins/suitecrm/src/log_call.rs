//! The tool `log_call`: a call, its contacts, its account.

use portcullis_sdk::{Call, Failure, Kind, Outcome, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    activity::{check_ids, fields, write},
    chosen::Key,
    create::Created,
    fetch::{self, Linked},
    planned, rows, rpc,
};

const LINK: &str = "set_relationship";
/// What a dry run shows for the id that the CRM would choose.
const NEW: &str = "(the id of the new call)";

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
    let mut made = write(call, "Calls", fields, key, args.dry_run)?;
    if !made.would_send.is_empty() && !args.contact_ids.is_empty() {
        let id = made.id.as_deref().unwrap_or(NEW);
        let link = planned::v4(LINK, &link_arguments(id, &args.contact_ids));
        made.would_send.push(link);
    }
    let parent = made
        .record
        .as_ref()
        .map(|record| rows::text(record, "parent_id"));
    let mut linked = LinkedWith {
        contacts: 0,
        accounts: usize::from(account.is_some() && account == parent),
    };
    if let Some(id) = made.id.as_deref().filter(|_| !args.dry_run)
        && !args.contact_ids.is_empty()
    {
        linked.contacts = link_contacts(call, id, &args.contact_ids)?;
    }
    Ok(LoggedCall { call: made, linked })
}

/// Links the contacts and reads which are linked. The call exists by now, so a failure says so.
fn link_contacts(call: &Call<'_>, id: &str, contacts: &[String]) -> Result<usize, Failure> {
    let sent = rpc::change(call, LINK, "Calls", link_arguments(id, contacts));
    let linked = match linked_contacts(call, id) {
        Ok(linked) => linked,
        Err(unread) => return Err(links_unknown(call, id, &sent.err().unwrap_or(unread))),
    };
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

/// The arguments of `set_relationship`.
fn link_arguments(id: &str, contacts: &[String]) -> Vec<Value> {
    vec![
        json!("Calls"),
        json!(id),
        json!("contacts"),
        json!(contacts),
        json!([]),
        json!(0),
    ]
}

/// The call exists, and which contacts it has could not be read.
fn links_unknown(call: &Call<'_>, id: &str, why: &Failure) -> Failure {
    Failure::new(
        Kind::UpstreamFault,
        code::PARTIAL,
        format!(
            "the call was logged, and which contacts are linked could not be read: {}",
            why.message
        ),
    )
    .suggest("do not log the call again; look with get_relationships on Calls, link contacts")
    .details(json!({"id": id, "module": "Calls", "url": rows::url(call, "Calls", id)}))
    .outcome(Outcome::PartlyDone)
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
