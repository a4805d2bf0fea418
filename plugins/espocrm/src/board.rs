//! The order of records inside a column of a board.
//!
//! The order call checks little, changes no stage, and is kept per user: the result says so instead
//! of claiming success for everybody.

use portcullis_sdk::{Call, Failure, code, path};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    by_stage::{self, ByStage},
    crm,
    errors::About,
    forbidden::LOCKED_OUT,
    identity::Pipeline,
};

/// What the CRM keeps of a column's order.
pub(crate) const MOST: u32 = 50;

/// A column of a board: a status, or a stage of a pipeline.
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) pipeline: Option<Pipeline>,
}

/// What became of a position.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Placed {
    applied: bool,
    note: String,
    /// The pipeline's records by stage, where its board is closed to this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_stage: Option<ByStage>,
}

/// Puts a record at a place in its column. A failure does not undo the move, so it is told, not
/// raised.
pub(crate) fn place(
    call: &Call<'_>,
    entity: &str,
    id: &str,
    column: &Column,
    position: u32,
) -> Placed {
    match order(call, entity, id, column, position as usize) {
        Ok(()) => Placed {
            applied: true,
            note: "the CRM keeps the order per user: only the user of the API key sees it"
                .to_owned(),
            by_stage: None,
        },
        Err(failure) => match column.pipeline.as_ref().filter(|_| is_closed(&failure)) {
            Some(pipeline) => closed(call, entity, pipeline),
            None => Placed {
                applied: false,
                note: format!(
                    "the record did move, but its place in the column was not set: {}",
                    failure.message
                ),
                by_stage: None,
            },
        },
    }
}

/// EspoCRM 10.0.0 answers 403 to everybody but administrators, whatever the role says.
fn is_closed(failure: &Failure) -> bool {
    matches!(&*failure.code, code::PERMISSION_DENIED | LOCKED_OUT)
}

fn closed(call: &Call<'_>, entity: &str, pipeline: &Pipeline) -> Placed {
    const CLOSED: &str = "this version of EspoCRM opens the board of a pipeline to administrators only, so the order was not set; the record did move";
    let (note, by_stage) = match by_stage::list(call, entity, pipeline) {
        Ok(found) => (
            format!("{CLOSED}; by_stage lists the pipeline's records instead of the board"),
            Some(found),
        ),
        Err(failure) => (
            format!(
                "{CLOSED}; the pipeline's records could not be listed either: {}",
                failure.message
            ),
            None,
        ),
    };
    Placed {
        applied: false,
        note,
        by_stage,
    }
}

fn order(
    call: &Call<'_>,
    entity: &str,
    id: &str,
    column: &Column,
    position: usize,
) -> Result<(), Failure> {
    let mut ask = call
        .http()
        .get(path!["Kanban", entity])
        .query("maxSize", MOST)
        .query("select", "id,name");
    if let Some(pipeline) = &column.pipeline {
        ask = ask
            .query("where[0][type]", "equals")
            .query("where[0][attribute]", "pipelineId")
            .query("where[0][value]", &pipeline.id);
    }
    let board = crm::send(call, ask, &About::reading(entity))?.decode()?;
    let body = json!({"entityType": entity, "group": column.name, "ids": ids(&board, &column.name, id, position)});
    let done = crm::send(
        call,
        call.http().put(path!["Kanban", "order"]).json(&body),
        &About::changing(entity, "edit").id(id),
    )?;
    match done.value() {
        Some(Value::Bool(true)) => Ok(()),
        _ => Err(Failure::upstream("the CRM did not take the order")),
    }
}

/// The column's ids with the record at its place; the CRM puts them on top in this order.
fn ids(board: &Value, column: &str, id: &str, position: usize) -> Vec<String> {
    let groups = board["groups"].as_array().into_iter().flatten();
    let records = groups
        .filter(|group| group["name"] == column)
        .filter_map(|group| group["list"].as_array())
        .flatten();
    let mut ids: Vec<String> = records
        .filter_map(|record| record["id"].as_str())
        .filter(|other| *other != id)
        .map(str::to_owned)
        .collect();
    ids.insert(position.min(ids.len()), id.to_owned());
    ids.truncate(MOST as usize);
    ids
}
