//! The tool `get_record_activities`: calls, meetings, tasks and notes of a record, read at the same
//! time. A type that cannot be read is named, never shown as empty.

use portcullis_sdk::{Call, Cut, Failure, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    amounts::{self, Amount},
    fetch::{self, Linked},
    get, metadata, modules, names, rows,
    rpc::{self, About},
    search,
    settings::Settings,
    via::Via,
};

/// Lists the calls, meetings, tasks and notes of a record.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordActivitiesArgs {
    /// Module of the record, e.g. `Accounts`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    module: String,
    /// The record's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
    /// Which; default all.
    #[serde(default)]
    #[schemars(length(min = 1, max = 4))]
    types: Option<Vec<Type>>,
    /// How many of each, at most 100; default 10.
    #[serde(default, deserialize_with = "amounts::rows")]
    #[schemars(with = "Amount")]
    max_results: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Type {
    Calls,
    Meetings,
    Tasks,
    Notes,
}

impl Type {
    const ALL: [Self; 4] = [Self::Calls, Self::Meetings, Self::Tasks, Self::Notes];

    fn link(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Meetings => "meetings",
            Self::Tasks => "tasks",
            Self::Notes => "notes",
        }
    }

    fn module(self) -> &'static str {
        match self {
            Self::Calls => "Calls",
            Self::Meetings => "Meetings",
            Self::Tasks => "Tasks",
            Self::Notes => "Notes",
        }
    }
}

/// Activities by type.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RecordActivities {
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<Vec<rows::Record>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meetings: Option<Vec<rows::Record>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tasks: Option<Vec<rows::Record>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Vec<rows::Record>>,
    /// Types of which there are more than are shown; get_relationships pages through them.
    more_of: Vec<String>,
    /// Type → why it could not be read. A type that stands here is not empty, but unknown.
    failed: Map<String, Value>,
    /// Texts that were cut, and how to get them whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
    #[serde(flatten)]
    via: Via,
}

const ACTIVITY_FIELDS: &[&str] = &[
    "id",
    "name",
    "status",
    "date_start",
    "date_due",
    "date_entered",
    "description",
];

pub(crate) fn get_record_activities(
    call: &Call<'_>,
    args: &RecordActivitiesArgs,
) -> Result<RecordActivities, Failure> {
    names::check(call, &args.module, "/module")?;
    names::check_id(&args.id, "/id")?;
    let settings = Settings::of(call)?;
    let most = search::page_size(&settings, args.max_results.or(Some(10)));
    let module = metadata::module(call, &args.module)?;
    let visible = modules::list(call)?;
    let mut answer = RecordActivities {
        truncated: None,
        calls: None,
        meetings: None,
        tasks: None,
        notes: None,
        more_of: Vec::new(),
        failed: Map::new(),
        via: Via::v4_1(),
    };
    let mut types = Vec::new();
    for kind in args.types.clone().unwrap_or(Type::ALL.to_vec()) {
        let why = if types.contains(&kind) {
            continue;
        } else if module.link(kind.link()).is_none() {
            format!("{} has no link to {}", args.module, kind.link())
        } else if !settings.allows(kind.module()) || !visible.allow(kind.module(), "list") {
            format!("this user may not list {}", kind.module())
        } else {
            types.push(kind);
            continue;
        };
        answer.failed.insert(kind.link().to_owned(), why.into());
    }
    let lists = types.iter().map(|kind| asked(args, *kind, most)).collect();
    let answers = rpc::all(call, About::read("get_relationships", &args.module), lists);
    let mut first = None;
    for (kind, result) in types.iter().zip(answers) {
        match result.and_then(|raw| fetch::linked_rows(&raw, None)) {
            Ok(rows) => keep(call, &mut answer, *kind, rows, &settings, most as usize),
            Err(failure) => {
                answer
                    .failed
                    .insert(kind.link().to_owned(), failure.message.clone().into());
                first.get_or_insert(failure);
            }
        }
    }
    match first {
        Some(failure) if answer.failed.len() >= types.len() && all_failed(&answer) => {
            Err(fetch::explain_parent(call, &module, &args.id, failure))
        }
        _ if types.is_empty() => Err(Failure::bad_input(
            code::INVALID_LINK,
            format!("none of these activities can be listed for {}", args.module),
        )
        .at("/types")
        .details(json!({"failed": answer.failed}))),
        _ => Ok(answer),
    }
}

fn all_failed(answer: &RecordActivities) -> bool {
    answer.calls.is_none()
        && answer.meetings.is_none()
        && answer.tasks.is_none()
        && answer.notes.is_none()
}

fn asked(args: &RecordActivitiesArgs, kind: Type, most: u32) -> Vec<Value> {
    fetch::linked_args(
        &args.module,
        &Linked {
            id: &args.id,
            link: kind.link(),
            clause: String::new(),
            fields: ACTIVITY_FIELDS
                .iter()
                .map(|&name| name.to_owned())
                .collect(),
            offset: 0,
            limit: most + 1,
        },
    )
}

fn keep(
    call: &Call<'_>,
    answer: &mut RecordActivities,
    kind: Type,
    rows: Vec<(rows::Record, String)>,
    settings: &Settings,
    most: usize,
) {
    if rows.len() > most {
        answer.more_of.push(kind.link().to_owned());
    }
    let mut records: Vec<_> = rows
        .into_iter()
        .take(most)
        .map(|(record, _)| record)
        .collect();
    let mut cut = Cut::after(settings.text_limit);
    cut.records(&mut records);
    if let Some(told) = cut.told("get shows them whole") {
        let all = answer.truncated.get_or_insert_default();
        all.push_str(if all.is_empty() { "" } else { " " });
        all.push_str(&format!("{}: {told}", kind.link()));
    }
    get::with_urls(call, kind.module(), &mut records);
    let place = match kind {
        Type::Calls => &mut answer.calls,
        Type::Meetings => &mut answer.meetings,
        Type::Tasks => &mut answer.tasks,
        Type::Notes => &mut answer.notes,
    };
    *place = Some(records);
}
