//! The tool `delete`: shows what would go, and deletes when the host has had it confirmed.
//!
//! The CRM says yes for ids that do not exist, and breaks off with status 500 after deleting a
//! record with calls or tasks, so the record is looked for before and after.

use portcullis_sdk::{Call, Failure, Kind, Outcome, code, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    fetch::{self, Linked},
    metadata::{self, Module},
    names, planned, projection,
    rows::{self, Record},
    rpc::{self, About},
    update::check_unmodified,
    v8,
    via::{self, Via},
};

/// Links whose records are counted in a preview, where the module has them.
const COUNTED: &[&str] = &[
    "contacts",
    "opportunities",
    "leads",
    "cases",
    "calls",
    "meetings",
    "tasks",
    "notes",
    "documents",
];
/// A count beyond this is shown as more.
const MOST: u32 = 20;

/// Deletes a record. The first call only shows the record and what is linked to it; repeat it with
/// the confirmation_token of that answer once a human agreed. Through the API it cannot be undone.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteArgs {
    /// Module, e.g. `Tasks`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    module: String,
    /// The record's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
    /// The `date_modified` that was read with the record.
    #[serde(default)]
    #[schemars(length(max = 40))]
    if_unmodified_since: Option<String>,
    /// Checks that the record is there and says what would be sent, without deleting it.
    #[serde(default)]
    dry_run: bool,
}

/// What was deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Deleted {
    module: String,
    id: String,
    /// Whether the record is deleted now.
    deleted: bool,
    /// What a dry run would send.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    would_send: Vec<Value>,
    /// What to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(flatten)]
    via: Via,
}

/// What a deletion would do.
#[derive(Serialize)]
pub(crate) struct Preview {
    summary: String,
    module: String,
    id: String,
    url: String,
    record: Record,
    date_modified: String,
    /// Link → how many records lose it.
    linked: Map<String, Value>,
    not_counted: Vec<String>,
    /// What the confirmed call sends.
    would_send: Vec<Value>,
    #[serde(flatten)]
    via: Via,
}

pub(crate) fn preview(call: &Call<'_>, args: &DeleteArgs) -> Result<Preview, Failure> {
    let module = check(call, args)?;
    let fields = projection::of_list(&module, None)?;
    let record = fetch::one(call, &module, &args.id, &fields)?;
    check_unmodified(&record, args.if_unmodified_since.as_deref())?;
    let (linked, not_counted) = count(call, &module, &args.id);
    let via = via::choose(call)?;
    let name = match rows::text(&record, "name") {
        "" => args.id.clone(),
        name => name.to_owned(),
    };
    Ok(Preview {
        summary: format!(
            "{} `{name}` would be deleted. The API cannot restore it; an administrator may be able to in the database.",
            args.module
        ),
        module: args.module.clone(),
        id: args.id.clone(),
        url: rows::url(call, &args.module, &args.id),
        date_modified: rows::text(&record, "date_modified").to_owned(),
        record,
        linked,
        not_counted,
        would_send: vec![request(args, &via)],
        via,
    })
}

pub(crate) fn delete(call: &Call<'_>, args: &DeleteArgs) -> Result<Deleted, Failure> {
    let module = check(call, args)?;
    let known = ["id".to_owned(), "date_modified".to_owned()];
    let before = fetch::one(call, &module, &args.id, &known)?;
    check_unmodified(&before, args.if_unmodified_since.as_deref())?;
    let mut via = via::choose(call)?;
    if args.dry_run {
        return Ok(Deleted {
            module: args.module.clone(),
            id: args.id.clone(),
            deleted: false,
            would_send: vec![request(args, &via)],
            note: Some("dry run: the record is there, and nothing was deleted".to_owned()),
            via,
        });
    }
    let sent = via::write(
        call,
        &mut via,
        || over_v8(call, args),
        || over_v4(call, args),
    );
    let note = match sent {
        Ok(()) => None,
        Err(failure) if rpc::open(&failure) => {
            Some("the CRM broke off its answer, and the record is deleted".to_owned())
                .filter(|_| is_gone(call, &module, &args.id) == Some(true))
                .map_or(Err(failure), |note| Ok(Some(note)))?
        }
        Err(failure) => return Err(failure),
    };
    if note.is_none() {
        verify(call, &module, &args.id)?;
    }
    Ok(Deleted {
        module: args.module.clone(),
        id: args.id.clone(),
        deleted: true,
        would_send: Vec::new(),
        note,
        via,
    })
}

fn check(call: &Call<'_>, args: &DeleteArgs) -> Result<Module, Failure> {
    names::check_writable(call, &args.module)?;
    names::check_id(&args.id, "/id")?;
    metadata::module(call, &args.module)
}

fn over_v8(call: &Call<'_>, args: &DeleteArgs) -> Result<(), Failure> {
    v8::accept(&v8::delete(call, v8_path(args)).send()?, &args.module).map(drop)
}

fn over_v4(call: &Call<'_>, args: &DeleteArgs) -> Result<(), Failure> {
    rpc::change(call, "set_entry", &args.module, arguments(args)).map(drop)
}

fn v8_path(args: &DeleteArgs) -> Vec<String> {
    path!["Api", "V8", "module", args.module, args.id]
}

/// The arguments of `set_entry`.
fn arguments(args: &DeleteArgs) -> Vec<Value> {
    let pairs = json!([{"name": "id", "value": args.id}, {"name": "deleted", "value": "1"}]);
    vec![json!(args.module), pairs, json!(false)]
}

/// What is sent for the deletion.
fn request(args: &DeleteArgs, via: &Via) -> Value {
    if via.is_v8() {
        planned::v8("DELETE", &v8_path(args), None)
    } else {
        planned::v4("set_entry", &arguments(args))
    }
}

/// The CRM said yes: is the record gone?
fn verify(call: &Call<'_>, module: &Module, id: &str) -> Result<(), Failure> {
    match is_gone(call, module, id) {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::new(
            Kind::UpstreamFault,
            code::NOT_APPLIED,
            "the CRM answered that it deleted the record, and the record is still there",
        )
        .suggest("the user's role may not allow it, or a hook of the CRM prevents it")
        .outcome(Outcome::NotDone)),
        None => Err(Failure::upstream(
            "the CRM accepted the deletion, and whether the record is gone could not be read",
        )
        .outcome(Outcome::MayHaveHappened)),
    }
}

fn is_gone(call: &Call<'_>, module: &Module, id: &str) -> Option<bool> {
    match fetch::one(call, module, id, &["id".to_owned()]) {
        Ok(_) => Some(false),
        Err(failure) if failure.code == code::RECORD_NOT_FOUND => Some(true),
        Err(_) => None,
    }
}

/// Counts the records behind the links that matter most; what cannot be counted is named.
fn count(call: &Call<'_>, module: &Module, id: &str) -> (Map<String, Value>, Vec<String>) {
    let links: Vec<&str> = COUNTED
        .iter()
        .copied()
        .filter(|name| module.link(name).is_some())
        .collect();
    let arguments = links.iter().map(|link| {
        fetch::linked_args(
            &module.name,
            &Linked {
                id,
                link,
                clause: String::new(),
                fields: vec!["id".to_owned()],
                offset: 0,
                limit: MOST + 1,
            },
        )
    });
    let about = About::read("get_relationships", &module.name);
    let answers = rpc::all(call, about, arguments.collect());
    let (mut counts, mut not_counted) = (Map::new(), Vec::new());
    for (link, answer) in links.into_iter().zip(answers) {
        match answer.and_then(|answer| fetch::linked_rows(&answer, None)) {
            Ok(rows) if rows.is_empty() => {}
            Ok(rows) if rows.len() > MOST as usize => {
                counts.insert(link.to_owned(), format!("more than {MOST}").into());
            }
            Ok(rows) => drop(counts.insert(link.to_owned(), rows.len().into())),
            Err(_) => not_counted.push(link.to_owned()),
        }
    }
    (counts, not_counted)
}
