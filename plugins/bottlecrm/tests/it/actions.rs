//! `crm_action` and `list_actions`: what exists, what it sends, what is shown first, and what is
//! refused before anything leaves.

use portcullis_sdk::{
    Effect, Method, Outcome,
    testing::{Harness, delete, get, patch, post},
};
use serde_json::{Value, json};

use crate::fixtures::{ID, NOW, OTHER, YESTERDAY, crm, failed, id, invoice, page, ticket};

fn act(
    crm: &Harness,
    entity: &str,
    action: &str,
    params: Value,
) -> Result<Value, portcullis_sdk::Failure> {
    crm.invoke(
        "crm_action",
        json!({"entity": entity, "id": ID, "action": action, "params": params}),
    )
}

fn show(
    crm: &Harness,
    entity: &str,
    action: &str,
    params: Value,
) -> Result<Value, portcullis_sdk::Failure> {
    crm.preview(
        "crm_action",
        json!({"entity": entity, "id": ID, "action": action, "params": params}),
    )
}

fn comment(text: &str) -> Value {
    json!({"id": OTHER, "comment": text, "commented_on": NOW, "commented_by": {"id": id(9001), "user_details": {"email": "member1@crm.example"}}})
}

#[test]
fn comments_reach_every_kind_of_record() {
    for (entity, nest, action) in [
        ("leads", "lead_obj", "comment"),
        ("contacts", "contact_obj", "add_comment"),
        ("accounts", "account_obj", "comment"),
        ("opportunities", "opportunity_obj", "add_comment"),
        ("tasks", "task_obj", "comment"),
        ("cases", "cases_obj", "comment"),
    ] {
        let path = format!("api/{entity}/{ID}");
        let reply =
            json!({nest: {"id": ID}, "comments": [comment("called back"), comment("older")]});
        let crm = crm().expect(
            post(&path)
                .body(json!({"comment": "called back"}))
                .reply(200, reply),
        );
        let crm = if entity == "leads" {
            crm.expect(get(&path).reply(200, json!({"lead_obj": {"id": ID}})))
        } else {
            crm
        };
        let done = act(&crm, entity, action, json!({"comment": "called back"})).unwrap();
        assert_eq!(done["result"]["comment"]["id"], OTHER, "{entity}");
        assert_eq!(done["action"], "comment");
    }
    let crm = crm().expect(post(&format!("api/invoices/{ID}/comments")).reply(
        201,
        json!({"error": false, "message": "Comment added", "comment": comment("paid soon")}),
    ));
    assert_eq!(
        act(&crm, "invoices", "comment", json!({"comment": "paid soon"})).unwrap()["result"]["comment"]
            ["by"],
        "member1@crm.example"
    );
}

#[test]
fn a_note_on_a_case_is_internal() {
    let reply =
        json!({"cases_obj": {"id": ID}, "comments": [], "internal_notes": [comment("careful")]});
    let crm = crm().expect(
        post(&format!("api/cases/{ID}"))
            .body(json!({"comment": "careful", "is_internal": true}))
            .reply(200, reply),
    );
    act(
        &crm,
        "cases",
        "comment",
        json!({"comment": "careful", "is_internal": true}),
    )
    .unwrap();
}

#[test]
fn a_comment_that_is_empty_or_lost_is_no_success() {
    let failure = failed(act(&crm(), "tasks", "comment", json!({"comment": "  "})));
    assert_eq!(failure.fields, ["/params/comment"]);
    let crm = crm().expect(
        post(&format!("api/tasks/{ID}"))
            .reply(200, json!({"task_obj": {"id": ID}, "comments": []})),
    );
    let failure = failed(act(&crm, "tasks", "comment", json!({"comment": "hello"})));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("NOT_APPLIED", Some(Outcome::MayHaveHappened))
    );
}

#[test]
fn a_comment_on_an_unknown_lead_is_not_sent() {
    let crm = crm().expect(
        get(&format!("api/leads/{ID}"))
            .reply(404, json!({"detail": "No Lead matches the given query."})),
    );
    assert_eq!(
        &*failed(act(&crm, "leads", "comment", json!({"comment": "x"}))).code,
        "RECORD_NOT_FOUND"
    );
}

#[test]
fn a_comment_is_edited_and_deleted_by_its_id() {
    let crm = crm()
        .expect(
            patch(&format!("api/cases/comment/{OTHER}"))
                .body(json!({"comment": "new"}))
                .reply(200, json!({"error": false, "message": "Comment Updated"})),
        )
        .expect(get(&format!("api/cases/{ID}")).reply(
            200,
            json!({"cases_obj": {"id": ID, "name": "A case"}, "comments": [comment("old")]}),
        ))
        .expect(delete(&format!("api/cases/comment/{OTHER}")).reply(200, json!({"error": false})));
    act(
        &crm,
        "cases",
        "edit_comment",
        json!({"comment_id": OTHER, "comment": "new"}),
    )
    .unwrap();
    let shown = show(
        &crm,
        "cases",
        "delete_comment",
        json!({"comment_id": OTHER}),
    )
    .unwrap();
    assert_eq!(shown["comment"]["comment"], "old");
    act(
        &crm,
        "cases",
        "delete_comment",
        json!({"comment_id": OTHER}),
    )
    .unwrap();
}

fn lead(status: &str, email: &str) -> Value {
    json!({"lead_obj": {"id": ID, "first_name": "Grace", "last_name": "Sample", "company_name": "Prospect", "status": status, "email": email}})
}

#[test]
fn a_lead_is_converted_once_and_with_an_address() {
    let path = format!("api/leads/{ID}");
    let crm = crm()
        .expect(get(&path).reply(200, lead("assigned", "grace@prospect.example")).times(2))
        .expect(patch(&path).body(json!({"status": "converted"})).reply(200, json!({"error": false, "message": "Lead Converted Successfully", "account_id": id(1), "contact_id": id(2), "opportunity_id": id(3)})));
    let shown = show(&crm, "leads", "convert", json!({})).unwrap();
    assert!(
        shown["summary"]
            .as_str()
            .unwrap()
            .contains("cannot be undone"),
        "{shown}"
    );
    let done = act(&crm, "leads", "convert", json!({})).unwrap();
    assert_eq!(done["result"]["opportunity_id"], id(3));
    for (status, email, word) in [
        ("converted", "a@b.example", "already"),
        ("assigned", "", "e-mail address"),
    ] {
        let crm = self::crm().expect(get(&path).reply(200, lead(status, email)));
        let failure = failed(show(&crm, "leads", "convert", json!({})));
        assert!(failure.message.contains(word), "{failure:?}");
    }
}

#[test]
fn a_conversion_that_the_crm_fails_is_looked_into() {
    let path = format!("api/leads/{ID}");
    for (now, outcome) in [
        ("converted", Outcome::PartlyDone),
        ("assigned", Outcome::NotDone),
    ] {
        let crm = crm()
            .expect(get(&path).reply(200, lead("assigned", "a@b.example")))
            .expect(page(patch(&path), 500))
            .expect(get(&path).reply(200, lead(now, "a@b.example")));
        assert_eq!(
            failed(act(&crm, "leads", "convert", json!({}))).outcome,
            Some(outcome)
        );
    }
}

#[test]
fn records_move_on_their_boards() {
    let crm = crm()
        .expect(patch(&format!("api/leads/{ID}/move")).body(json!({"status": "in process"})).reply(200, json!({"error": false, "message": "moved", "lead": {"id": ID, "status": "in process"}})))
        .expect(patch(&format!("api/opportunities/{ID}/move")).body(json!({"stage": "NEGOTIATION"})).reply(200, json!({"error": false, "opportunity": {"id": ID, "stage": "NEGOTIATION"}})))
        .expect(get("api/tasks/pipelines").reply(200, json!({"pipelines": [{"id": OTHER, "name": "Main"}]})))
        .expect(get(&format!("api/tasks/pipelines/{OTHER}")).reply(200, json!({"id": OTHER, "name": "Main", "stages": [{"id": id(7), "name": "Waiting"}]})))
        .expect(patch(&format!("api/tasks/{ID}/move")).body(json!({"stage_id": id(7)})).reply(200, json!({"error": false})));
    assert_eq!(
        act(&crm, "leads", "move", json!({"status": "in process"})).unwrap()["result"]["lead"]["status"],
        "in process"
    );
    act(
        &crm,
        "opportunities",
        "move",
        json!({"stage": "NEGOTIATION"}),
    )
    .unwrap();
    act(&crm, "tasks", "move", json!({"stage": "waiting"})).unwrap();
}

#[test]
fn a_move_never_converts_and_never_closes_around_the_rules() {
    for (entity, params) in [
        ("leads", json!({"status": "converted"})),
        ("cases", json!({"status": "Closed"})),
        ("tasks", json!({"status": "New", "stage": ID})),
        ("tasks", json!({})),
        ("opportunities", json!({})),
        ("opportunities", json!({"stage": "Won"})),
    ] {
        failed(act(&crm(), entity, "move", params));
    }
    let crm = crm()
        .expect(patch(&format!("api/opportunities/{ID}")).body(json!({"stage": "CLOSED_WON", "closed_on": "2026-11-20", "amount": "10"})).reply(200, json!({"error": false})))
        .expect(get(&format!("api/opportunities/{ID}")).reply(200, json!({"opportunity_obj": {"id": ID, "stage": "CLOSED_WON", "closed_on": "2026-11-20", "amount": "10.00"}})));
    let done = act(
        &crm,
        "opportunities",
        "move",
        json!({"stage": "CLOSED_WON", "closed_on": "2026-11-20", "amount": "10"}),
    )
    .unwrap();
    assert_eq!(done["result"]["amount"], "10.00");
}

#[test]
fn an_invoice_without_lines_is_not_sent() {
    let path = format!("api/invoices/{ID}");
    for (status, lines, word) in [
        ("Draft", 0, "no lines"),
        ("Paid", 1, "Paid"),
        ("Cancelled", 1, "Cancelled"),
    ] {
        let crm = crm().expect(
            get(&path)
                .reply(200, json!({"invoice": invoice(status, lines)}))
                .times(2),
        );
        assert!(
            failed(show(&crm, "invoices", "send", json!({})))
                .message
                .contains(word)
        );
        let failure = failed(act(&crm, "invoices", "send", json!({})));
        assert_eq!(failure.outcome, Some(Outcome::NotDone));
        assert!(
            crm.requests()
                .iter()
                .all(|request| request.method == Method::Get)
        );
    }
}

#[test]
fn sending_shows_who_gets_what_and_warns_of_a_second_time() {
    let path = format!("api/invoices/{ID}");
    let crm = crm()
        .expect(
            get(&path)
                .reply(200, json!({"invoice": invoice("Draft", 2)}))
                .times(2),
        )
        .expect(post(&format!("{path}/send")).reply(
            200,
            json!({"error": false, "message": "Invoice sent successfully"}),
        ));
    let shown = show(&crm, "invoices", "send", json!({})).unwrap();
    assert_eq!(
        (shown["recipient"].as_str(), shown["lines"].as_u64()),
        (Some("ada.example1@customer.example"), Some(2))
    );
    assert!(shown["summary"].as_str().unwrap().contains("209.00 USD"));
    assert!(shown.get("warnings").is_none());
    assert_eq!(
        act(&crm, "invoices", "send", json!({})).unwrap()["result"]["message"],
        "Invoice sent successfully"
    );
    let mut sent = invoice("Sent", 2);
    sent["sent_at"] = YESTERDAY.into();
    let crm = self::crm().expect(get(&path).reply(200, json!({"invoice": sent})));
    let again = show(&crm, "invoices", "send", json!({})).unwrap();
    assert!(
        again["warnings"][0].as_str().unwrap().contains("once more"),
        "{again}"
    );
}

#[test]
fn an_estimate_is_sent_and_becomes_an_invoice() {
    let path = format!("api/invoices/estimates/{ID}");
    let estimate = |converted: Value| {
        let mut estimate = invoice("Draft", 1);
        estimate["converted_to_invoice"] = converted;
        json!({"estimate": estimate})
    };
    let crm = crm()
        .expect(get(&path).reply(200, estimate(Value::Null)).times(4))
        .expect(post(&format!("{path}/send")).reply(200, json!({"error": false})))
        .expect(
            post(&format!("{path}/convert"))
                .reply(201, json!({"error": false, "invoice": invoice("Draft", 1)})),
        );
    show(&crm, "estimates", "send", json!({})).unwrap();
    act(&crm, "estimates", "send", json!({})).unwrap();
    show(&crm, "estimates", "convert", json!({})).unwrap();
    let done = act(&crm, "estimates", "convert", json!({})).unwrap();
    assert_eq!(
        done["result"]["invoice"]["invoice_number"],
        "INV-20261120-0001"
    );
    assert!(!done.to_string().contains("opens-the-portal"));
    let crm = self::crm().expect(get(&path).reply(200, estimate(json!(OTHER))));
    assert!(
        failed(show(&crm, "estimates", "convert", json!({})))
            .message
            .contains("already")
    );
}

#[test]
fn payments_are_recorded_and_too_much_is_told() {
    let path = format!("api/invoices/{ID}");
    let crm = crm()
        .expect(post(&format!("{path}/payments")).reply(400, json!({"error": true, "errors": {"amount": ["Payment amount exceeds the amount due (159.00)."]}})))
        .expect(post(&format!("{path}/mark-paid")).body(json!({})).reply(200, json!({"error": false, "invoice": invoice("Paid", 1)})));
    let params = json!({"amount": "999", "payment_date": "2026-11-20", "payment_method": "CASH"});
    let failure = failed(act(&crm, "invoices", "pay", params));
    assert!(failure.message.contains("159.00"));
    assert_eq!(failure.fields, ["/params/amount"]);
    assert_eq!(
        act(&crm, "invoices", "mark_paid", json!({})).unwrap()["result"]["invoice"]["status"],
        "Paid"
    );
    let failure = failed(act(
        &crm,
        "invoices",
        "pay",
        json!({"amount": "1", "payment_method": "cash"}),
    ));
    assert_eq!(
        failure.fields,
        ["/params/payment_method", "/params/payment_date"]
    );
}

#[test]
fn cancelling_and_copying() {
    let path = format!("api/invoices/{ID}");
    let crm = crm()
        .expect(
            get(&path)
                .reply(200, json!({"invoice": invoice("Sent", 1)}))
                .times(2),
        )
        .expect(post(&format!("{path}/cancel")).reply(
            200,
            json!({"error": false, "invoice": invoice("Cancelled", 1)}),
        ))
        .expect(
            post(&format!("{path}/duplicate"))
                .reply(201, json!({"error": false, "invoice": invoice("Draft", 1)})),
        );
    let shown = show(&crm, "invoices", "cancel", json!({})).unwrap();
    assert!(shown["warnings"][0].as_str().unwrap().contains("client"));
    assert_eq!(
        act(&crm, "invoices", "cancel", json!({})).unwrap()["result"]["invoice"]["status"],
        "Cancelled"
    );
    act(&crm, "invoices", "duplicate", json!({})).unwrap();
}

#[test]
fn an_invoice_of_a_deal_that_the_crm_fails() {
    let deal = |stage: &str, lines: usize| json!({"opportunity_obj": {"id": ID, "stage": stage, "account": {"id": id(1)}, "contacts": [{"id": id(2)}], "line_items": vec![1; lines]}});
    let path = format!("api/opportunities/{ID}");
    for (stage, lines, word) in [
        ("PROPOSAL", 1, "CLOSED_WON"),
        ("CLOSED_WON", 0, "line_items"),
    ] {
        let crm = crm().expect(get(&path).reply(200, deal(stage, lines)));
        assert!(
            failed(act(&crm, "invoices", "from_opportunity", json!({})))
                .message
                .contains(word)
        );
    }
    for (rows, outcome) in [
        (json!([]), Outcome::NotDone),
        (
            json!([{"id": OTHER, "created_at": NOW}]),
            Outcome::PartlyDone,
        ),
    ] {
        let crm = crm()
            .expect(get(&path).reply(200, deal("CLOSED_WON", 1)))
            .expect(page(
                post(&format!("api/invoices/from-opportunity/{ID}")),
                500,
            ))
            .expect(
                get("api/invoices")
                    .query("opportunity", ID)
                    .reply(200, json!({"count": 1, "results": rows})),
            );
        assert_eq!(
            failed(act(&crm, "invoices", "from_opportunity", json!({}))).outcome,
            Some(outcome)
        );
    }
}

#[test]
fn an_invoice_of_time() {
    let crm = crm().expect(
        post("api/invoices/from-time-entries")
            .body(json!({"account_id": ID, "entry_ids": [OTHER]}))
            .reply(201, json!({"error": false, "invoice": invoice("Draft", 1)})),
    );
    act(
        &crm,
        "invoices",
        "from_time_entries",
        json!({"entry_ids": [OTHER]}),
    )
    .unwrap();
    for bad in [
        json!({}),
        json!({"entry_ids": []}),
        json!({"entry_ids": ["x"]}),
    ] {
        failed(act(&crm, "invoices", "from_time_entries", bad));
    }
}

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

#[test]
fn an_action_on_the_wrong_entity_names_the_right_ones() {
    let failure = failed(act(&crm(), "leads", "send", json!({})));
    assert!(failure.message.contains("convert"), "{failure:?}");
    assert_eq!(failure.fields, ["/action"]);
    let failure = failed(act(&crm(), "cases", "link", json!({"parent": OTHER})));
    assert!(
        failure
            .suggestion
            .as_deref()
            .unwrap_or_default()
            .contains("parent_id"),
        "{failure:?}"
    );
}

#[test]
fn the_host_can_tell_each_actions_effect() {
    let crm = crm();
    let tool = crm
        .manifest()
        .tools
        .iter()
        .find(|tool| tool.name == "crm_action")
        .unwrap();
    let effect = |action: &str| {
        tool.case(&json!({"entity": "leads", "action": action}))
            .map(|case| case.effect)
    };
    for (action, expected) in [
        ("comment", Effect::Write),
        ("add_comment", Effect::Write),
        ("move", Effect::Write),
        ("mark_paid", Effect::Write),
        ("suggest_solutions", Effect::Read),
        ("convert", Effect::Destructive),
        ("merge", Effect::Destructive),
        ("cancel", Effect::Destructive),
        ("close_with_children", Effect::Destructive),
        ("approve", Effect::Destructive),
        ("delete_comment", Effect::Destructive),
        ("send", Effect::Outward),
    ] {
        assert_eq!(effect(action), Some(expected), "{action}");
    }
    assert_eq!(effect("something"), None);
    assert!(
        tool.routes.is_empty(),
        "what no case names may send nothing"
    );
    let listed = tool.input_schema["properties"]["action"]["enum"]
        .as_array()
        .unwrap();
    assert!(
        listed
            .iter()
            .all(|name| effect(name.as_str().unwrap()).is_some())
    );
    for case in &tool.cases {
        assert_eq!(
            case.effect.needs_confirmation(),
            !case.preview_routes.is_empty()
        );
        let reads = case.effect == Effect::Read;
        for route in case
            .preview_routes
            .iter()
            .chain(case.routes.iter().filter(|_| reads))
        {
            assert_eq!(route.method, Method::Get, "{route:?}");
        }
    }
}

#[test]
fn the_list_of_actions_tells_parameters_and_effects() {
    let listed = crm().invoke("list_actions", json!({})).unwrap();
    let actions = listed["actions"].as_array().unwrap();
    let of = |name: &str, entity: &str| {
        actions
            .iter()
            .find(|row| {
                row["action"] == name
                    && row["entities"].as_array().unwrap().contains(&entity.into())
            })
            .unwrap_or_else(|| panic!("no {name} of {entity}"))
    };
    assert_eq!(of("send", "invoices")["outward"], true);
    assert_eq!(of("convert", "leads")["irreversible"], true);
    assert_eq!(of("comment", "tasks")["also"], "add_comment");
    assert_eq!(
        of("pay", "invoices")["required"],
        json!(["amount", "payment_date", "payment_method"])
    );
    assert_eq!(
        of("move", "leads")["params"]["status"],
        json!(["assigned", "in process", "recycled", "closed"])
    );
    assert!(
        of("from_opportunity", "invoices")["about"]
            .as_str()
            .unwrap()
            .contains("500")
    );
    assert!(
        listed.to_string().len() < 10_000,
        "{}",
        listed.to_string().len()
    );
}
