//! The tools `move_deal` and `archive_deal`, and the order of deals within a stage.
//!
//! A stage is a column of the board; `index` is a deal's place in it, see `board`.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    board::{self, Column},
    choices::{Choice, Configuration},
    entity,
    rest::{self, Record},
    write,
};

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
    /// Where the board's order may be off, and why.
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
    let placing = Column::read(call, &stage, Some(args.id))?.place(args.position);
    let body =
        record(json!({"stage": stage, "index": placing.index, "updated_at": write::now(call)}));
    let stored = write::change(call, entity, args.id, &body)?;
    let mut warnings = placing.make_room(call);
    if from != stage {
        warnings.extend(board::close_up(call, &from, args.id));
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
    let placing = Column::read(call, &stage, Some(args.id))?.place(0);
    let body = record(json!({"archived_at": null, "index": placing.index, "updated_at": now}));
    let stored = write::change(call, entity, args.id, &body)?;
    let warnings = placing.make_room(call);
    Ok(moved(args.id, &stored, stage, false, warnings))
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
