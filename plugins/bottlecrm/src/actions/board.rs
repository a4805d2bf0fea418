//! Moving a record on its board: to a status, or to a stage of the organisation's own pipelines.

use portcullis_sdk::{
    Effect, Failure, Method, Outcome, Route, RouteExt, code, get as get_route, patch, text,
};
use serde_json::{Value, json};

use super::{Action, Asked, not_applied, proven, unseen};
use crate::{
    choices,
    crm::{self, Record},
    errors::About,
    fields::{Field, Kind, may, must},
    ids, stored,
};

/// How many pipelines are looked through for a stage's name.
const PIPELINES: usize = 8;

const STAGE: Field = may("stage", Kind::Text(100));
const OPEN_LEADS: &[&str] = &["assigned", "in process", "recycled", "closed"];

pub(super) static ACTIONS: &[Action] = &[
    Action {
        name: "move",
        also: None,
        entities: &["leads"],
        effect: Effect::Write,
        irreversible: false,
        about: "moves to a status, or to a stage of a pipeline by its name or id",
        params: &[may("status", Kind::Choice(OPEN_LEADS)), STAGE],
        run: to_column,
        preview: None,
        routes: || {
            let route = moved("leads");
            let mut routes = stages("leads");
            routes.push(route.clone().absent("/status"));
            routes.push(route.json("/status", OPEN_LEADS.iter().copied()));
            routes
        },
    },
    Action {
        name: "move",
        also: None,
        entities: &["tasks"],
        effect: Effect::Write,
        irreversible: false,
        about: "moves to a status, or to a stage of a pipeline by its name or id",
        params: &[may("status", Kind::Choice(choices::TASK_STATUS)), STAGE],
        run: to_column,
        preview: None,
        routes: || {
            let mut routes = stages("tasks");
            routes.push(moved("tasks"));
            routes
        },
    },
    Action {
        name: "move",
        also: None,
        entities: &["cases"],
        effect: Effect::Write,
        irreversible: false,
        about: "moves to a status, or to a stage of a pipeline by its name or id; close a case with crm_update",
        params: &[may("status", Kind::Choice(choices::CASE_STATUS)), STAGE],
        run: to_column,
        preview: None,
        routes: || {
            let mut routes = stages("cases");
            routes.push(moved("cases"));
            routes
        },
    },
    Action {
        name: "move",
        also: None,
        entities: &["opportunities"],
        effect: Effect::Write,
        irreversible: false,
        about: "moves to a stage; CLOSED_WON needs closed_on and amount, CLOSED_LOST needs closed_on, unless the deal has them",
        params: &[
            must("stage", Kind::Choice(choices::STAGE)),
            may("closed_on", Kind::Date),
            may("amount", Kind::Decimal),
        ],
        run: deal,
        preview: None,
        routes: || {
            vec![
                patch("api/opportunities/{id}/move")
                    .same("id", "/id")
                    .json_same("/stage", "/params/stage")
                    .only("", &["stage"]),
                patch("api/opportunities/{id}")
                    .same("id", "/id")
                    .json_same("/stage", "/params/stage"),
            ]
        },
    },
];

/// The record of the argument, to a status or to a stage; the stage by the id that its name has.
fn moved(entity: &str) -> Route {
    patch(&format!("api/{entity}/{{id}}/move"))
        .same("id", "/id")
        .only("", &["status", "stage_id"])
}

fn stages(entity: &str) -> Vec<Route> {
    vec![
        get_route(&format!("api/{entity}/pipelines")),
        get_route(&format!("api/{entity}/pipelines/{{pipeline}}")),
    ]
}

fn to_column(asked: &Asked<'_>) -> Result<Record, Failure> {
    let status = asked.text("status");
    let body = match (status, asked.text("stage")) {
        (Some("Closed"), None) => {
            return Err(Failure::bad_input(
                code::INVALID_ARGUMENT,
                "a case is closed with its day, which a move does not take",
            )
            .at("/params/status")
            .suggest("crm_update with status Closed and closed_on, or close_with_children"));
        }
        (Some(status), None) => json!({"status": status}),
        (None, Some(stage)) => json!({"stage_id": stage_id(asked, stage)?}),
        _ => {
            return Err(Failure::bad_input(
                code::INVALID_ARGUMENT,
                "a move takes status or stage, one of them",
            )
            .at("/params"));
        }
    };
    let answer = asked.send(Method::Patch, &["move"], Some(&body))?;
    match status {
        Some(status) => {
            let at = format!("/{}/status", asked.entity.one);
            proven(asked, answer, &at, &status.into(), "moved the record")
        }
        None => Ok(answer),
    }
}

/// The id of a stage that is called by its name.
fn stage_id(asked: &Asked<'_>, stage: &str) -> Result<String, Failure> {
    if ids::is_uuid(stage) {
        return Ok(stage.to_owned());
    }
    let mut known: Vec<(String, String, String)> = Vec::new();
    for pipeline in pipelines(asked)? {
        let stages = pipeline.get("stages").and_then(Value::as_array);
        for found in stages.into_iter().flatten().filter_map(Value::as_object) {
            known.push((
                crm::text(found, "name").to_owned(),
                crm::text(found, "id").to_owned(),
                crm::text(&pipeline, "name").to_owned(),
            ));
        }
    }
    let fits =
        |(name, ..): &&(String, String, String)| name.to_lowercase() == stage.trim().to_lowercase();
    match known.iter().filter(fits).collect::<Vec<_>>().as_slice() {
        [(_, id, _)] => Ok(id.clone()),
        [] => Err(Failure::bad_input(
            code::INVALID_FIELD_VALUE,
            format!("no pipeline of {} has a stage {stage:?}", asked.entity.name),
        )
        .at("/params/stage")
        .suggest_some(text::did_you_mean(stage, known.iter().map(|(name, ..)| name.as_str())))),
        several => Err(Failure::bad_input(
            "AMBIGUOUS_NAME",
            format!("{stage:?} is a stage of {} pipelines", several.len()),
        )
        .at("/params/stage")
        .details(json!({"candidates": several.iter().map(|(name, id, pipeline)| json!({"id": id, "name": name, "pipeline": pipeline})).collect::<Vec<_>>()}))
        .suggest("use the id of the one that is meant")),
    }
}

fn pipelines(asked: &Asked<'_>) -> Result<Vec<Record>, Failure> {
    let mut path = asked.entity.list();
    path.push("pipelines".to_owned());
    let about = About::reading("pipelines");
    let answer = crm::object(&crm::send(asked.call.http().get(path.clone()), &about)?)?;
    let ids = answer.get("pipelines").and_then(Value::as_array);
    let asks: Vec<_> = ids
        .into_iter()
        .flatten()
        .filter_map(|pipeline| pipeline.get("id")?.as_str())
        .take(PIPELINES)
        .map(|id| {
            let mut path = path.clone();
            path.push(id.to_owned());
            asked.call.http().get(path)
        })
        .collect();
    asked
        .call
        .http()
        .send_all(asks)
        .into_iter()
        .map(|answer| crm::object(&crm::accept(answer?, &about)?))
        .collect()
}

/// On the board, a deal can be closed without what a closed deal needs, and then refuses every
/// later change; so closing goes through a change of the record, which the CRM checks.
fn deal(asked: &Asked<'_>) -> Result<Record, Failure> {
    let stage = asked.text("stage").unwrap_or_default();
    if !stage.starts_with("CLOSED_") {
        let answer = asked.send(Method::Patch, &["move"], Some(&json!({"stage": stage})))?;
        let at = "/opportunity/stage";
        return proven(asked, answer, at, &stage.into(), "moved the deal");
    }
    asked
        .send(Method::Patch, &[], Some(&asked.body()))
        .map_err(|failure| {
            let closing = failure.kind == portcullis_sdk::Kind::BadInput;
            if closing {
                failure.suggest("send closed_on, the day, and for CLOSED_WON the amount, as params")
            } else {
                failure
            }
        })?;
    let record = asked
        .record()
        .map_err(|failure| unseen(asked, "closed the deal", &failure))?;
    let differences = stored::differences(asked.entity, &asked.params, &record);
    if differences.is_empty() {
        return Ok(stored::echo(&asked.params, &record));
    }
    Err(
        not_applied(asked, "closed the deal, but stored it otherwise")
            .outcome(Outcome::PartlyDone)
            .details(json!({"id": asked.id, "stored_differently": differences})),
    )
}
