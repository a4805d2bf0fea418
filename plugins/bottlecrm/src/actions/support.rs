//! Cases and solutions: watching, merging, linking, closing, time, and the knowledge base.

use portcullis_sdk::{
    Effect, Failure, Method, Route, RouteExt, code, delete as delete_route, get as get_route, post,
};
use serde_json::{Value, json};

use super::{Action, Asked, not_now, proven, what};
use crate::{
    choices,
    crm::{self, Record},
    fields::{Field, Kind, Link, may, must},
};

const CASES: &[&str] = &["cases"];
const BILLING: &[Field] = &[
    must("started_at", Kind::DateTime),
    may("ended_at", Kind::DateTime),
    may("description", Kind::Text(0)),
    may("billable", Kind::Bool),
    may("hourly_rate", Kind::Decimal),
    may("currency", Kind::Choice(choices::CURRENCY)),
];
const SOLUTION: Field = must("solution_id", Kind::Id);

const fn plain(
    name: &'static str,
    entities: &'static [&'static str],
    about: &'static str,
    params: &'static [Field],
    run: fn(&Asked<'_>) -> Result<Record, Failure>,
    routes: fn() -> Vec<Route>,
) -> Action {
    Action {
        name,
        also: None,
        entities,
        effect: Effect::Write,
        irreversible: false,
        about,
        params,
        run,
        preview: None,
        routes,
    }
}

pub(super) static ACTIONS: &[Action] = &[
    plain(
        "watch",
        CASES,
        "makes the token's owner a watcher",
        &[],
        watch,
        || vec![post("api/cases/{id}/watch").same("id", "/id")],
    ),
    plain("unwatch", CASES, "ends watching", &[], unwatch, || {
        vec![delete_route("api/cases/{id}/watch").same("id", "/id")]
    }),
    Action {
        name: "merge",
        effect: Effect::Destructive,
        preview: Some(merge_preview),
        ..plain(
            "merge",
            CASES,
            "merges the case into another; unmerge brings it back, what was moved may stay",
            &[must("into", Kind::One(Link::Case))],
            merge,
            || {
                vec![
                    post("api/cases/{id}/merge/{into}").same("id", "/id"),
                    get_route("api/cases/{id}"),
                ]
            },
        )
    },
    plain(
        "unmerge",
        CASES,
        "takes a merged case out again",
        &[],
        unmerge,
        || vec![post("api/cases/{id}/unmerge").same("id", "/id")],
    ),
    plain(
        "link",
        CASES,
        "puts the case below a parent; null takes it out",
        &[must("parent_id", Kind::One(Link::Case))],
        link,
        || vec![post("api/cases/{id}/link").same("id", "/id")],
    ),
    Action {
        name: "close_with_children",
        effect: Effect::Destructive,
        preview: Some(close_preview),
        ..plain(
            "close_with_children",
            CASES,
            "closes the case at once, with cascade also those below it",
            &[
                may("resolution_comment", Kind::Text(0)),
                may("cascade", Kind::Bool),
            ],
            close,
            || vec![post("api/cases/{id}/close-with-children").same("id", "/id")],
        )
    },
    plain(
        "start_timer",
        CASES,
        "starts the token's owner's timer; one may run at a time",
        &[
            may("description", Kind::Text(0)),
            may("billable", Kind::Bool),
        ],
        start,
        || vec![post("api/cases/{id}/time-entries/start").same("id", "/id")],
    ),
    plain(
        "stop_timer",
        &["time_entries"],
        "stops a running timer",
        &[],
        stop,
        || vec![post("api/time-entries/{id}/stop").same("id", "/id")],
    ),
    plain(
        "log_time",
        CASES,
        "records time that was spent",
        BILLING,
        log,
        || vec![post("api/cases/{id}/time-entries").same("id", "/id")],
    ),
    Action {
        effect: Effect::Read,
        ..plain(
            "time_summary",
            CASES,
            "minutes spent, by person",
            &[],
            summary,
            || vec![get_route("api/cases/{id}/time-summary").same("id", "/id")],
        )
    },
    plain(
        "publish",
        &["solutions"],
        "publishes an approved solution; for administrators",
        &[],
        publish,
        || vec![post("api/cases/solutions/{id}/publish").same("id", "/id")],
    ),
    plain(
        "unpublish",
        &["solutions"],
        "takes a solution back",
        &[],
        unpublish,
        || vec![post("api/cases/solutions/{id}/unpublish").same("id", "/id")],
    ),
    plain(
        "link_solution",
        CASES,
        "links a solution to the case",
        &[SOLUTION],
        link_solution,
        || {
            let route = post("api/cases/{id}/solutions").same("id", "/id");
            vec![route.json_same("/solution_id", "/params/solution_id")]
        },
    ),
    plain(
        "unlink_solution",
        CASES,
        "takes a solution off the case",
        &[SOLUTION],
        unlink_solution,
        || {
            let route = delete_route("api/cases/{id}/solutions/{solution}");
            vec![
                route
                    .same("id", "/id")
                    .same("solution", "/params/solution_id"),
            ]
        },
    ),
    Action {
        effect: Effect::Read,
        ..plain(
            "suggest_solutions",
            CASES,
            "solutions that may fit the case",
            &[may("q", Kind::Text(200)), may("limit", Kind::Whole(1, 20))],
            suggest,
            || vec![get_route("api/cases/{id}/solution-suggestions").same("id", "/id")],
        )
    },
];

fn watch(asked: &Asked<'_>) -> Result<Record, Failure> {
    let answer = asked.send(Method::Post, &["watch"], Some(&json!({})))?;
    proven(asked, answer, "/watching", &true.into(), "watches the case")
}

fn unwatch(asked: &Asked<'_>) -> Result<Record, Failure> {
    asked.send(Method::Delete, &["watch"], None)
}

fn merge(asked: &Asked<'_>) -> Result<Record, Failure> {
    mergeable(asked)?;
    let into = asked.text("into").unwrap_or_default();
    asked.send(Method::Post, &["merge", into], Some(&json!({})))
}

fn merge_preview(asked: &Asked<'_>) -> Result<Value, Failure> {
    let (from, into) = mergeable(asked)?;
    let summary = format!(
        "The case `{}` would be merged into `{}`: its comments and files move there, and lists no longer show it.",
        crm::text(&from, "name"),
        crm::text(&into, "name"),
    );
    let mut preview = what(asked, summary, &from, &[]);
    preview["into"] = Value::Object(crate::shape::row(&into, asked.entity.row, false));
    Ok(preview)
}

fn mergeable(asked: &Asked<'_>) -> Result<(Record, Record), Failure> {
    let into = asked.text("into").unwrap_or_default();
    if into.eq_ignore_ascii_case(asked.id) {
        return Err(Failure::bad_input(
            code::INVALID_FIELD_VALUE,
            "a case cannot be merged into itself",
        )
        .at("/params/into"));
    }
    let from = unmerged(asked, asked.id)?;
    Ok((from, unmerged(asked, into)?))
}

/// A case that is not merged; a merged one only tells where it went.
fn unmerged(asked: &Asked<'_>, id: &str) -> Result<Record, Failure> {
    let record = crm::record(asked.call, asked.entity, id)?;
    match crm::text(&record, "merged_into") {
        "" => Ok(record),
        into => Err(not_now(
            format!("the case {id} was merged into {into} already"),
            "work on with that case",
        )),
    }
}

fn unmerge(asked: &Asked<'_>) -> Result<Record, Failure> {
    asked.send(Method::Post, &["unmerge"], Some(&json!({})))
}

fn link(asked: &Asked<'_>) -> Result<Record, Failure> {
    asked.send(Method::Post, &["link"], Some(&asked.body()))
}

fn close(asked: &Asked<'_>) -> Result<Record, Failure> {
    let answer = asked.send(Method::Post, &["close-with-children"], Some(&asked.body()))?;
    proven(
        asked,
        answer,
        "/status",
        &"Closed".into(),
        "closed the case",
    )
}

fn close_preview(asked: &Asked<'_>) -> Result<Value, Failure> {
    let record = unmerged(asked, asked.id)?;
    let children = record
        .get("child_count")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    let cascade = asked.params.get("cascade") == Some(&Value::Bool(true));
    let mut warnings = Vec::new();
    if crm::text(&record, "status") == "Closed" {
        warnings.push("this case is closed already".to_owned());
    }
    if !cascade && children > 0 {
        warnings.push("without cascade the organisation's own setting decides whether those below are closed too".to_owned());
    }
    let summary = format!(
        "The case `{}` would be closed at once{}. It has {children} cases below it.",
        crm::text(&record, "name"),
        if cascade { ", with all below it" } else { "" },
    );
    Ok(what(asked, summary, &record, &warnings))
}

fn start(asked: &Asked<'_>) -> Result<Record, Failure> {
    asked.send(
        Method::Post,
        &["time-entries", "start"],
        Some(&asked.body()),
    )
}

fn stop(asked: &Asked<'_>) -> Result<Record, Failure> {
    asked.send(Method::Post, &["stop"], Some(&json!({})))
}

fn log(asked: &Asked<'_>) -> Result<Record, Failure> {
    asked.send(Method::Post, &["time-entries"], Some(&asked.body()))
}

fn summary(asked: &Asked<'_>) -> Result<Record, Failure> {
    asked.send(Method::Get, &["time-summary"], None)
}

fn publish(asked: &Asked<'_>) -> Result<Record, Failure> {
    let record = asked.record()?;
    if crm::text(&record, "status") != "approved" {
        return Err(not_now(
            "only an approved solution can be published",
            "an administrator sets status to approved with crm_update first",
        ));
    }
    let answer = asked.send(Method::Post, &["publish"], Some(&json!({})))?;
    proven(
        asked,
        answer,
        "/is_published",
        &true.into(),
        "published the solution",
    )
}

fn unpublish(asked: &Asked<'_>) -> Result<Record, Failure> {
    let answer = asked.send(Method::Post, &["unpublish"], Some(&json!({})))?;
    proven(
        asked,
        answer,
        "/is_published",
        &false.into(),
        "took the solution back",
    )
}

fn link_solution(asked: &Asked<'_>) -> Result<Record, Failure> {
    asked.send(Method::Post, &["solutions"], Some(&asked.body()))
}

fn unlink_solution(asked: &Asked<'_>) -> Result<Record, Failure> {
    let solution = asked.text("solution_id").unwrap_or_default();
    asked.send(Method::Delete, &["solutions", solution], None)
}

fn suggest(asked: &Asked<'_>) -> Result<Record, Failure> {
    let path = asked.entity.below(asked.id, &["solution-suggestions"]);
    let params = asked.params.iter().map(|(name, value)| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        (name.clone(), text)
    });
    let ask = asked.call.http().get(path).queries(params);
    super::told(&crm::send(ask, &asked.about())?)
}
