//! The tools `move_deal` and `archive_deal`, and the order of deals within a stage.
//!
//! A stage is a column of the board; `index` is a deal's place in it. The database does not keep
//! the numbers apart, so whoever moves a deal renumbers.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    choices::{Choice, Configuration},
    entity,
    errors::About,
    rest::{self, Record},
    write,
};

/// Deals of one stage that a call renumbers. Each is a request of its own, a move has two stages, and
/// the host allows 64 requests unless told otherwise.
const MOST: usize = 25;

/// Moves a deal to a stage of the board, at the top unless a position is given; the others make
/// room, as when it is dragged in the CRM.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveArgs {
    /// The deal's id.
    #[schemars(range(min = 1))]
    id: u64,
    /// The stage; pipeline_summary lists them.
    #[schemars(length(min = 1, max = 100))]
    stage: String,
    /// Its place in the stage; 0 is the top.
    #[serde(default)]
    position: usize,
}

/// Archives a deal, so that the board and lists no longer show it, or brings it back to the top of
/// its stage.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArchiveArgs {
    /// The deal's id.
    #[schemars(range(min = 1))]
    id: u64,
    /// False brings it back.
    #[serde(default = "yes")]
    archived: bool,
}

fn yes() -> bool {
    true
}

/// The deal as it is now.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Moved {
    id: u64,
    name: String,
    stage: String,
    /// The stage before.
    from: String,
    archived: bool,
    /// Whether it was so before this call, which then changed nothing.
    unchanged: bool,
    /// Deals whose number did not follow; the board's order may be off.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

pub(crate) fn move_deal(call: &Call<'_>, args: &MoveArgs) -> Result<Moved, Failure> {
    let stage = Configuration::read(call)?.accept(Choice::Stage, "stage", &args.stage, "/stage")?;
    let entity = entity::find("deals")?;
    let deal = rest::one(call, entity, args.id)?;
    if !is_null(&deal, "archived_at") {
        return Err(Failure::bad_input(
            portcullis_sdk::code::INVALID_ARGUMENT,
            format!("deal {} is archived, so it is on no board", args.id),
        )
        .at("/id")
        .suggest("bring it back with archive_deal and archived false"));
    }
    let from = word(&deal, "stage");
    let target = column(call, &stage)?;
    let mut order: Vec<u64> = target.iter().filter_map(rest::id_of).collect();
    order.retain(|id| *id != args.id);
    let place = args.position.min(order.len());
    order.insert(place, args.id);
    let body = record(json!({"stage": stage, "index": place, "updated_at": write::now(call)}));
    let stored = write::change(call, entity, args.id, &body)?;
    let mut warnings = renumber(call, &order, &target, args.id);
    if from != stage {
        warnings.extend(close_up(call, &from, args.id));
    }
    Ok(moved(args.id, &stored, from, false, warnings))
}

pub(crate) fn archive(call: &Call<'_>, args: &ArchiveArgs) -> Result<Moved, Failure> {
    let entity = entity::find("deals")?;
    let deal = rest::one(call, entity, args.id)?;
    let stage = word(&deal, "stage");
    if is_null(&deal, "archived_at") != args.archived {
        return Ok(moved(args.id, &deal, stage, true, Vec::new()));
    }
    let now = write::now(call);
    if args.archived {
        let body = record(json!({"archived_at": now, "updated_at": now}));
        let stored = write::change(call, entity, args.id, &body)?;
        return Ok(moved(args.id, &stored, stage, false, Vec::new()));
    }
    let others = column(call, &stage)?;
    let body = record(json!({"archived_at": null, "index": 0, "updated_at": now}));
    let stored = write::change(call, entity, args.id, &body)?;
    let mut order: Vec<u64> = others.iter().filter_map(rest::id_of).collect();
    order.insert(0, args.id);
    let warnings = renumber(call, &order, &others, args.id);
    Ok(moved(args.id, &stored, stage, false, warnings))
}

/// Renumbers the stage that a deal left. The deal has moved by now, so a fault is a warning.
fn close_up(call: &Call<'_>, stage: &str, moved: u64) -> Vec<String> {
    match column(call, stage) {
        Ok(left) => {
            let order: Vec<u64> = left.iter().filter_map(rest::id_of).collect();
            renumber(call, &order, &left, moved)
        }
        Err(failure) => vec![format!(
            "the places in the stage {stage} were not renumbered: {}",
            failure.message
        )],
    }
}

/// The deals of a stage in the board's order.
pub(crate) fn column(call: &Call<'_>, stage: &str) -> Result<Vec<Record>, Failure> {
    let ask = rest::table(call, "deals")
        .query("select", "id,index")
        .query("stage", format!("eq.{stage}"))
        .query("archived_at", "is.null")
        .query("order", "index.asc.nullslast,id.asc");
    rest::rows(ask, &About::reading("deals"))
}

/// Gives each deal of `order` its place as number, but for the one that has it already by another
/// request. Numbers that are right are left alone.
pub(crate) fn renumber(
    call: &Call<'_>,
    order: &[u64],
    known: &[Record],
    moved: u64,
) -> Vec<String> {
    let now = |id: u64| {
        known
            .iter()
            .find(|deal| rest::id_of(deal) == Some(id))
            .and_then(|deal| deal.get("index")?.as_u64())
    };
    let wrong: Vec<(u64, usize)> = order
        .iter()
        .copied()
        .enumerate()
        .map(|(place, id)| (id, place))
        .filter(|(id, place)| *id != moved && now(*id) != Some(*place as u64))
        .collect();
    if wrong.len() > MOST {
        return vec![format!(
            "{} other deals of the stage keep their numbers, because more than {MOST} would have to be renumbered; the board's order may be off",
            wrong.len()
        )];
    }
    let asks = wrong
        .into_iter()
        .map(|(id, place)| {
            let body = record(json!({"index": place}));
            (
                format!("the place of deal {id}"),
                rest::change(call, "deals", id, &body),
            )
        })
        .collect();
    write::follow_up(call, asks)
}

fn moved(id: u64, deal: &Record, from: String, unchanged: bool, warnings: Vec<String>) -> Moved {
    Moved {
        id,
        name: word(deal, "name"),
        stage: word(deal, "stage"),
        from,
        archived: !is_null(deal, "archived_at"),
        unchanged,
        warnings,
    }
}

fn is_null(record: &Record, key: &str) -> bool {
    record.get(key).is_none_or(Value::is_null)
}

fn word(record: &Record, key: &str) -> String {
    let text = record.get(key).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn record(value: Value) -> Record {
    match value {
        Value::Object(map) => map,
        _ => Record::new(),
    }
}
