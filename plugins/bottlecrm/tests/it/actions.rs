//! `crm_action` and `list_actions`: comments, conversions and moves; what is refused before
//! anything leaves; the effect that the host can tell from the arguments.

use portcullis_sdk::{
    Effect, Method, Outcome,
    testing::{Exchange, delete, get, patch, post, put},
};
use serde_json::{Value, json};

use crate::fixtures::{ID, NOW, OTHER, act, crm, failed, id, page, show};

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

/// The detail of the record `ID` with these comments.
fn with_comments(entity: &str, comments: &[Value]) -> Exchange {
    let record = json!({"id": ID, "name": "A record"});
    let key = match entity {
        "leads" => "lead_obj",
        "invoices" => "invoice",
        _ => "cases_obj",
    };
    get(&format!("api/{entity}/{ID}")).reply(200, json!({key: record, "comments": comments}))
}

#[test]
fn a_comment_that_stays_as_it_was_is_no_success() {
    for (comments, outcome) in [
        (vec![comment("old")], Outcome::NotDone),
        (vec![], Outcome::MayHaveHappened),
    ] {
        let crm = crm()
            .expect(patch(&format!("api/cases/comment/{OTHER}")).reply(200, json!({})))
            .expect(with_comments("cases", &comments));
        let params = json!({"comment_id": OTHER, "comment": "new"});
        let failure = failed(act(&crm, "cases", "edit_comment", params));
        assert_eq!(
            (&*failure.code, failure.outcome),
            ("NOT_APPLIED", Some(outcome))
        );
    }
    let crm = crm()
        .expect(with_comments("cases", &[comment("old")]).times(2))
        .expect(delete(&format!("api/cases/comment/{OTHER}")).reply(200, json!({})));
    let failure = failed(act(
        &crm,
        "cases",
        "delete_comment",
        json!({"comment_id": OTHER}),
    ));
    assert_eq!(failure.code, "NOT_APPLIED");
    // A comment of another record is not deleted by naming this one.
    let crm = self::crm().expect(with_comments("cases", &[]));
    let failure = failed(act(
        &crm,
        "cases",
        "delete_comment",
        json!({"comment_id": OTHER}),
    ));
    assert_eq!(failure.outcome, Some(Outcome::NotDone));
}

#[test]
fn a_comment_is_edited_and_deleted_by_its_id() {
    let updated = json!({"error": false, "message": "Comment Updated"});
    let text = json!({"comment": "new"});
    for (entity, edit) in [
        ("cases", patch(&format!("api/cases/comment/{OTHER}"))),
        ("leads", patch(&format!("api/leads/comment/{OTHER}"))),
        ("invoices", put(&format!("api/invoices/comments/{OTHER}"))),
    ] {
        let crm = crm()
            .expect(edit.body(text.clone()).reply(200, updated.clone()))
            .expect(with_comments(entity, &[comment("new")]));
        let params = json!({"comment_id": OTHER, "comment": "new"});
        let done = act(&crm, entity, "edit_comment", params).unwrap();
        assert_eq!(done["result"]["comment"]["comment"], "new");
    }
    let crm = crm()
        .expect(with_comments("cases", &[comment("old")]).times(2))
        .expect(delete(&format!("api/cases/comment/{OTHER}")).reply(200, json!({"error": false})))
        .expect(with_comments("cases", &[]));
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
