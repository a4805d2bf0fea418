//! Actions on cases, time entries, approvals and solutions.

use portcullis_sdk::testing::{delete, get, post};
use serde_json::json;

use crate::fixtures::{ID, OTHER, act, crm, failed, id, show, ticket};

#[test]
fn cases_are_watched_linked_merged_and_closed() {
    let path = format!("api/cases/{ID}");
    let case = |id: &str, name: &str| json!({"cases_obj": {"id": id, "name": name, "status": "New", "child_count": 2}});
    let crm = crm()
        .expect(post(&format!("{path}/watch")).reply(201, json!({"watching": true})))
        .expect(delete(&format!("{path}/watch")).reply_bytes(204, "", ""))
        .expect(
            post(&format!("{path}/link"))
                .body(json!({"parent_id": OTHER}))
                .reply(200, json!({"id": ID, "parent": {"id": OTHER}})),
        )
        .expect(
            post(&format!("{path}/link"))
                .body(json!({"parent_id": null}))
                .reply(200, json!({"id": ID, "parent": null})),
        )
        .expect(get(&path).reply(200, case(ID, "Double")).times(3))
        .expect(
            get(&format!("api/cases/{OTHER}"))
                .reply(200, case(OTHER, "Kept"))
                .times(2),
        )
        .expect(post(&format!("{path}/merge/{OTHER}")).reply(
            200,
            json!({"error": false, "message": "Tickets merged", "target_case": ticket(1)}),
        ))
        .expect(
            post(&format!("{path}/unmerge"))
                .reply(200, json!({"error": false, "source_case": ticket(1)})),
        )
        .expect(
            post(&format!("{path}/close-with-children"))
                .body(json!({"cascade": true}))
                .reply(
                    200,
                    json!({"id": ID, "status": "Closed", "cascaded_case_ids": [OTHER]}),
                ),
        );
    act(&crm, "cases", "watch", json!({})).unwrap();
    act(&crm, "cases", "unwatch", json!({})).unwrap();
    act(&crm, "cases", "link", json!({"parent_id": OTHER})).unwrap();
    act(&crm, "cases", "link", json!({"parent_id": null})).unwrap();
    let shown = show(&crm, "cases", "merge", json!({"into": OTHER})).unwrap();
    assert_eq!(shown["into"]["name"], "Kept");
    let done = act(&crm, "cases", "merge", json!({"into": OTHER})).unwrap();
    assert!(done.to_string().len() < 1_000, "{done}");
    act(&crm, "cases", "unmerge", json!({})).unwrap();
    let shown = show(
        &crm,
        "cases",
        "close_with_children",
        json!({"cascade": true}),
    )
    .unwrap();
    assert!(shown["summary"].as_str().unwrap().contains("2 cases below"));
    assert_eq!(
        act(
            &crm,
            "cases",
            "close_with_children",
            json!({"cascade": true})
        )
        .unwrap()["result"]["cascaded_case_ids"],
        json!([OTHER])
    );
    assert_eq!(
        failed(act(&crm, "cases", "merge", json!({"into": ID}))).fields,
        ["/params/into"]
    );
}

#[test]
fn time_is_started_stopped_and_logged() {
    let path = format!("api/cases/{ID}/time-entries");
    let crm = crm()
        .expect(post(&format!("{path}/start")).reply(409, json!({"detail": "You already have a running timer.", "running_entry_id": OTHER, "running_case_id": ID})))
        .expect(post(&format!("api/time-entries/{ID}/stop")).reply(200, json!({"id": ID, "duration_minutes": 5})))
        .expect(post(&path).reply(201, json!({"id": OTHER, "duration_minutes": 90})))
        .expect(get(&format!("api/cases/{ID}/time-summary")).reply(200, json!({"total_minutes": 90})));
    let failure = failed(act(&crm, "cases", "start_timer", json!({"billable": true})));
    assert_eq!(
        (
            &*failure.code,
            failure.details.as_ref().unwrap()["running_entry_id"].as_str()
        ),
        ("CONFLICT", Some(OTHER))
    );
    act(&crm, "time_entries", "stop_timer", json!({})).unwrap();
    act(
        &crm,
        "cases",
        "log_time",
        json!({"started_at": "2026-11-20T01:00:00Z", "ended_at": "2026-11-20T02:30:00Z"}),
    )
    .unwrap();
    assert_eq!(
        act(&crm, "cases", "time_summary", json!({})).unwrap()["result"]["total_minutes"],
        90
    );
    assert_eq!(
        failed(act(
            &crm,
            "cases",
            "log_time",
            json!({"started_at": "2026-11-20"})
        ))
        .fields,
        ["/params/started_at"]
    );
}

#[test]
fn approvals_are_asked_for_and_decided() {
    let row = |state: &str| json!({"approvals": [{"id": ID, "state": state, "case_summary": {"id": OTHER, "name": "A case"}, "rule_summary": {"id": id(1), "name": "Before closing"}}]});
    let crm = crm()
        .expect(
            post(&format!("api/cases/{ID}/request-approval"))
                .body(json!({"note": "please"}))
                .reply(201, json!({"id": OTHER, "state": "pending"})),
        )
        .expect(get("api/cases/approvals").reply(200, row("pending")))
        .expect(
            post(&format!("api/cases/approvals/{ID}/reject"))
                .body(json!({"reason": "no"}))
                .reply(200, json!({"id": ID, "state": "rejected"})),
        )
        .expect(get("api/cases/approvals").reply(200, row("approved")));
    act(&crm, "cases", "request_approval", json!({"note": "please"})).unwrap();
    let shown = show(&crm, "approvals", "reject", json!({"reason": "no"})).unwrap();
    assert!(shown["summary"].as_str().unwrap().contains("`A case`"));
    assert_eq!(
        act(&crm, "approvals", "reject", json!({"reason": "no"})).unwrap()["result"]["state"],
        "rejected"
    );
    assert!(
        failed(show(&crm, "approvals", "approve", json!({})))
            .message
            .contains("approved already")
    );
    assert_eq!(
        failed(act(&crm, "approvals", "reject", json!({}))).fields,
        ["/params/reason"]
    );
}

#[test]
fn solutions_are_published_and_linked() {
    let solution = format!("api/cases/solutions/{ID}");
    let crm = crm()
        .expect(get(&solution).reply(200, json!({"id": ID, "status": "draft"})))
        .expect(get(&solution).reply(200, json!({"id": ID, "status": "approved"})))
        .expect(
            post(&format!("{solution}/publish"))
                .reply(200, json!({"id": ID, "is_published": true})),
        )
        .expect(
            post(&format!("api/cases/{ID}/solutions"))
                .body(json!({"solution_id": OTHER}))
                .reply(201, json!({"error": false})),
        )
        .expect(delete(&format!("api/cases/{ID}/solutions/{OTHER}")).reply_bytes(204, "", ""))
        .expect(
            get(&format!("api/cases/{ID}/solution-suggestions"))
                .query("q", "export")
                .query("limit", 3)
                .reply(200, json!({"results": [], "count": 0})),
        );
    assert!(
        failed(act(&crm, "solutions", "publish", json!({})))
            .message
            .contains("approved")
    );
    assert_eq!(
        act(&crm, "solutions", "publish", json!({})).unwrap()["result"]["is_published"],
        true
    );
    act(
        &crm,
        "cases",
        "link_solution",
        json!({"solution_id": OTHER}),
    )
    .unwrap();
    act(
        &crm,
        "cases",
        "unlink_solution",
        json!({"solution_id": OTHER}),
    )
    .unwrap();
    act(
        &crm,
        "cases",
        "suggest_solutions",
        json!({"q": "export", "limit": 3}),
    )
    .unwrap();
}
