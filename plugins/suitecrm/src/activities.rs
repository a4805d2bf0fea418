//! The tools `get_recent`, `get_upcoming_activities` and `get_record_activities`.

use portcullis_sdk::{Call, Failure, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    entities,
    fetch::{self, Linked},
    get, metadata, modules, names, rows, rpc, search,
    settings::Settings,
    via::Via,
};

const RECENT: &[&str] = &["Accounts", "Contacts", "Leads"];

/// Lists the records that the API's user looked at last.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecentArgs {
    /// Modules; default Accounts, Contacts and Leads.
    #[serde(default)]
    #[schemars(
        length(min = 1, max = 20),
        inner(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))
    )]
    modules: Option<Vec<String>>,
    /// How many; default 10.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    max_results: Option<u32>,
}

/// Records that were looked at.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Recent {
    items: Vec<RecentItem>,
    count: usize,
    #[serde(flatten)]
    via: Via,
}

#[derive(Serialize, JsonSchema)]
struct RecentItem {
    id: String,
    module: String,
    name: String,
    /// When; null where the CRM does not tell.
    viewed_at: Option<String>,
    url: String,
}

/// The record's id is `item_id`; `id` is the number of a line in the CRM's log of views.
pub(crate) fn get_recent(call: &Call<'_>, args: &RecentArgs) -> Result<Recent, Failure> {
    let wanted: Vec<String> = match &args.modules {
        Some(names) => names.clone(),
        None => RECENT.iter().map(|&name| name.to_owned()).collect(),
    };
    for (index, name) in wanted.iter().enumerate() {
        names::check(call, name, &format!("/modules/{index}"))?;
    }
    let visible = modules::list(call)?;
    if args.modules.is_some() {
        for (index, name) in wanted.iter().enumerate() {
            visible.require_list(name, &format!("/modules/{index}"))?;
        }
    }
    let most = search::page_size(&Settings::of(call)?, args.max_results.or(Some(10)))?;
    let answer = rpc::read(call, "get_last_viewed", "", vec![json!(wanted)])?;
    let list = answer
        .as_array()
        .ok_or_else(|| rpc::unexpected("get_last_viewed"))?;
    let items: Vec<_> = list
        .iter()
        .filter_map(|raw| recent_item(call, raw))
        .filter(|item| visible.allow(&item.module, "list"))
        .take(most as usize)
        .collect();
    Ok(Recent {
        count: items.len(),
        items,
        via: Via::v4_1(),
    })
}

fn recent_item(call: &Call<'_>, raw: &Value) -> Option<RecentItem> {
    let (id, module) = (raw["item_id"].as_str()?, raw["module_name"].as_str()?);
    Some(RecentItem {
        id: id.to_owned(),
        module: module.to_owned(),
        name: entities::decode(raw["item_summary"].as_str().unwrap_or_default()),
        viewed_at: raw["date_modified"].as_str().and_then(rows::iso),
        url: rows::url(call, module, id),
    })
}

/// Lists the next calls, meetings, tasks and opportunities of the API's user: at most ten, by date.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpcomingArgs {}

/// What is due.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Upcoming {
    activities: Vec<UpcomingItem>,
    count: usize,
    /// How many opportunities were left out because they are closed; the CRM lists them by their
    /// date.
    left_out_closed: usize,
    #[serde(flatten)]
    via: Via,
}

#[derive(Serialize, JsonSchema)]
struct UpcomingItem {
    id: String,
    module: String,
    date_due: Option<String>,
    summary: String,
    url: String,
}

pub(crate) fn get_upcoming(call: &Call<'_>, _: &UpcomingArgs) -> Result<Upcoming, Failure> {
    let answer = rpc::read(call, "get_upcoming_activities", "", Vec::new())?;
    let list = answer
        .as_array()
        .ok_or_else(|| rpc::unexpected("get_upcoming_activities"))?;
    let mut activities: Vec<_> = list
        .iter()
        .filter_map(|raw| upcoming_item(call, raw))
        .collect();
    let settings = Settings::of(call)?;
    activities.retain(|item| settings.allows(&item.module));
    let closed = closed_deals(call, &activities)?;
    let before = activities.len();
    activities.retain(|item| !(item.module == "Opportunities" && closed.contains(&item.id)));
    Ok(Upcoming {
        count: activities.len(),
        left_out_closed: before - activities.len(),
        activities,
        via: Via::v4_1(),
    })
}

fn upcoming_item(call: &Call<'_>, raw: &Value) -> Option<UpcomingItem> {
    let (id, module) = (raw["id"].as_str()?, raw["module"].as_str()?);
    let due = raw["date_due"].as_str().unwrap_or_default();
    Some(UpcomingItem {
        id: id.to_owned(),
        module: module.to_owned(),
        date_due: rows::iso(due).or_else(|| (!due.is_empty()).then(|| due.to_owned())),
        summary: entities::decode(raw["summary"].as_str().unwrap_or_default()),
        url: rows::url(call, module, id),
    })
}

/// The CRM means to leave closed opportunities out, and does not.
fn closed_deals(call: &Call<'_>, items: &[UpcomingItem]) -> Result<Vec<String>, Failure> {
    let deals: Vec<String> = items
        .iter()
        .filter(|item| item.module == "Opportunities")
        .map(|item| item.id.clone())
        .collect();
    if deals.is_empty() {
        return Ok(Vec::new());
    }
    let module = metadata::module(call, "Opportunities")?;
    let fields = ["id".to_owned(), "sales_stage".to_owned()];
    let (records, _) = fetch::several(call, &module, &deals, &fields)?;
    Ok(records
        .iter()
        .filter(|record| rows::text(record, "sales_stage").starts_with("Closed"))
        .map(|record| rows::text(record, "id").to_owned())
        .collect())
}

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
    /// How many of each; default 10.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
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
    let most = search::page_size(&settings, args.max_results.or(Some(10)))?;
    let module = metadata::module(call, &args.module)?;
    let visible = modules::list(call)?;
    let mut answer = RecordActivities {
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
    let answers = rpc::read_all(call, "get_relationships", &args.module, lists);
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
    for record in &mut records {
        crate::projection::shorten(record, settings.text_limit as usize);
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
