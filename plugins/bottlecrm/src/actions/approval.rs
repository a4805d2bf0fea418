//! Approvals of cases: asking for one, and deciding.

use portcullis_sdk::{Effect, Failure, Method, RouteExt, code, post};
use serde_json::Value;

use super::{Action, Asked, not_applied, what};
use crate::{
    crm::{self, Record},
    errors::About,
    fields::{Field, Kind, may, must},
    lists,
};

const ON: &[&str] = &["approvals"];

const fn decision(
    name: &'static str,
    about: &'static str,
    params: &'static [Field],
    routes: fn() -> Vec<portcullis_sdk::Route>,
) -> Action {
    Action {
        name,
        also: None,
        entities: ON,
        effect: Effect::Destructive,
        irreversible: true,
        about,
        params,
        run: decide,
        preview: Some(preview),
        routes,
    }
}

pub(super) static ACTIONS: &[Action] = &[
    Action {
        name: "request_approval",
        also: None,
        entities: &["cases"],
        effect: Effect::Write,
        irreversible: false,
        about: "asks for an approval by the rule that fits the case",
        params: &[may("rule_id", Kind::Id), may("note", Kind::Text(0))],
        run: request,
        preview: None,
        routes: || vec![post("api/cases/{id}/request-approval").same("id", "/id")],
    },
    decision(
        "approve",
        "approves; not for who asked",
        &[may("note", Kind::Text(0))],
        || vec![post("api/cases/approvals/{id}/approve").same("id", "/id")],
    ),
    decision(
        "reject",
        "rejects",
        &[must("reason", Kind::Text(0))],
        || vec![post("api/cases/approvals/{id}/reject").same("id", "/id")],
    ),
    decision("cancel", "withdraws the request", &[], || {
        vec![post("api/cases/approvals/{id}/cancel").same("id", "/id")]
    }),
];

fn request(asked: &Asked<'_>) -> Result<Record, Failure> {
    asked.send(Method::Post, &["request-approval"], Some(&asked.body()))
}

fn decide(asked: &Asked<'_>) -> Result<Record, Failure> {
    let answer = asked.send(Method::Post, &[asked.action.name], Some(&asked.body()))?;
    if crm::text(&answer, "state") == "pending" {
        return Err(not_applied(
            asked,
            "took the decision, but it is still pending",
        ));
    }
    Ok(answer)
}

fn preview(asked: &Asked<'_>) -> Result<Value, Failure> {
    let record = listed(asked)?;
    let state = crm::text(&record, "state");
    if state != "pending" {
        return Err(super::not_now(
            format!("this approval is {state} already"),
            "nothing is left to decide",
        ));
    }
    let name = |key: &str| {
        let within = record
            .get(key)
            .and_then(|value| value.get("name")?.as_str());
        within.unwrap_or_default().to_owned()
    };
    let summary = format!(
        "The approval of the case `{}` by the rule `{}` would get the decision: {}. It cannot be taken back.",
        name("case_summary"),
        name("rule_summary"),
        asked.action.name,
    );
    Ok(what(asked, summary, &record, &[]))
}

/// The CRM has no address for one approval, so it is looked for in the list.
fn listed(asked: &Asked<'_>) -> Result<Record, Failure> {
    let mut fields = asked.entity.row.to_vec();
    fields.push("state");
    let wanted = lists::Wanted {
        entity: asked.entity,
        params: Vec::new(),
        fields,
        limit: 50,
        offset: 0,
    };
    let found = lists::fetch_list(asked.call, &wanted)?;
    let is_it = |row: &Record| crm::text(row, "id").eq_ignore_ascii_case(asked.id);
    found
        .rows
        .into_iter()
        .find(is_it)
        .ok_or_else(|| crate::errors::missing(&About::reading("approval").id(asked.id)))
        .map_err(|failure| failure.with_code(code::RECORD_NOT_FOUND))
}
