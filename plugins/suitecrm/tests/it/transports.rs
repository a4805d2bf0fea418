//! The two transports: which serves what, when V8 is refused, and what falls back.

use std::time::Duration;

use portcullis_sdk::{
    Outcome, Reason, Stage,
    testing::{self, Exchange, Harness},
};
use portcullis_suitecrm::plugin;
use serde_json::{Value, json};

use crate::fixtures::{
    ID, OTHER, USER, crm_with_v8, current_user, entries, failed, fields, gone, listed, modules,
    row, server, there, v4,
};

const MEDIA: &str = "application/vnd.api+json";

fn resource(attributes: Value) -> Value {
    json!({"type": "Account", "id": ID, "attributes": attributes, "relationships": {"Contacts": {"links": {"related": "V8/module/Accounts/x"}}}})
}

fn record(fields: &str) -> Exchange {
    let exchange = testing::get(&format!("Api/V8/module/Accounts/{ID}")).header("accept", MEDIA);
    if fields.is_empty() {
        exchange
    } else {
        exchange.query("fields[Accounts]", fields)
    }
}

fn refused(exchange: Exchange, detail: &str) -> Exchange {
    exchange.reply_bytes(
        400,
        MEDIA,
        json!({"errors": {"status": 400, "title": null, "detail": detail}}).to_string(),
    )
}

#[test]
fn reading_by_id_goes_over_v8_and_says_so() {
    let attributes = json!({"name": "R&amp;D", "date_modified": "2026-11-20T11:49:00+00:00"});
    let harness = crm_with_v8().expect(fields("Accounts")).expect(
        record("name,date_modified")
            .reply(200, json!({"data": resource(attributes)}))
            .times(2),
    );
    let ask = json!({"module": "Accounts", "id": ID, "fields": ["id", "name", "date_modified"]});
    let found = harness.invoke("get", ask.clone()).unwrap();
    // V8 cuts the seconds off, so none are shown.
    assert_eq!(
        found["record"],
        json!({"id": ID, "name": "R&D", "date_modified": "2026-11-20T11:49Z"})
    );
    assert_eq!((&found["via"], found.get("via_note")), (&json!("v8"), None));
    harness.invoke("get", ask).unwrap();
    assert_eq!(
        harness.requests().len(),
        5,
        "the users are compared once, the fields are kept"
    );
}

#[test]
fn two_users_mean_no_v8_and_both_are_named() {
    let harness = Harness::new(plugin())
        .expect(v4("get_user_id", json!([])).reply(200, "1").times(2))
        .expect(current_user(USER, "dana"))
        .expect(fields("Accounts"))
        .expect(there("Accounts", ID, json!({"name": "A"})))
        .expect(server());
    let found = harness
        .invoke("get", json!({"module": "Accounts", "id": ID}))
        .unwrap();
    assert_eq!(found["via"], "v4_1");
    let note = found["via_note"].as_str().unwrap();
    assert!(
        note.contains("id 1") && note.contains("dana") && note.contains(USER),
        "{note}"
    );
    let info = harness.invoke("server_info", json!({})).unwrap();
    assert!(info["transports"]["v8"].as_str().unwrap().contains("dana"));
}

#[test]
fn the_comparison_is_made_again_after_an_hour() {
    let harness = crm_with_v8().expect(server().times(2));
    let info = |harness: &Harness| {
        harness.invoke("server_info", json!({})).unwrap()["transports"]["v8"].clone()
    };
    harness.also_expect(v4("get_user_id", json!([])).reply(200, USER));
    assert_eq!(info(&harness), "ok");
    harness.advance(Duration::from_secs(3601));
    harness.also_expect(v4("get_user_id", json!([])).reply(200, "1").times(2));
    harness.also_expect(current_user(USER, "dana"));
    assert!(
        info(&harness)
            .as_str()
            .unwrap()
            .contains("both have to be the same user")
    );
}

#[test]
fn an_unreachable_v8_leaves_everything_to_v4_1_for_a_while() {
    for exchange in [
        testing::get("Api/V8/current-user").fail(Reason::CredentialRejected, Stage::NotSent),
        testing::get("Api/V8/current-user").fail(Reason::Timeout, Stage::MaybeSent),
        testing::get("Api/V8/current-user").reply(401, json!({"error": "access_denied"})),
        testing::get("Api/V8/current-user").reply_bytes(404, "text/html", "<html></html>"),
        testing::get("Api/V8/current-user").reply_bytes(500, "text/html", ""),
    ] {
        let harness = Harness::new(plugin())
            .expect(v4("get_user_id", json!([])).reply(200, USER))
            .expect(exchange)
            .expect(fields("Accounts"))
            .expect(there("Accounts", ID, json!({"name": "A"})).times(2));
        for _ in 0..2 {
            let found = harness
                .invoke("get", json!({"module": "Accounts", "id": ID}))
                .unwrap();
            assert_eq!(found["via"], "v4_1");
            assert!(
                found["via_note"]
                    .as_str()
                    .unwrap()
                    .contains("V8 is not used for now")
            );
        }
        harness.advance(Duration::from_secs(61));
        harness.also_expect(v4("get_user_id", json!([])).reply(200, USER));
        harness.also_expect(current_user(USER, "dana"));
        harness.also_expect(record("").reply(200, json!({"data": resource(json!({"name": "A"}))})));
        assert_eq!(
            harness
                .invoke("get", json!({"module": "Accounts", "id": ID}))
                .unwrap()["via"],
            "v8"
        );
    }
}

#[test]
fn a_read_that_v8_cannot_serve_falls_back_and_one_that_it_answers_does_not() {
    let ask = json!({"module": "Accounts", "id": ID});
    for exchange in [
        record("").reply_bytes(500, "text/html", ""),
        record("").fail(Reason::Timeout, Stage::MaybeSent),
        refused(
            record(""),
            "The following field in Account module is not found: nope",
        ),
    ] {
        let harness = crm_with_v8()
            .expect(fields("Accounts"))
            .expect(exchange)
            .expect(there("Accounts", ID, json!({"name": "A"})));
        let found = harness.invoke("get", ask.clone()).unwrap();
        assert_eq!(found["via"], "v4_1");
        assert!(found["via_note"].as_str().unwrap().contains("V8 failed"));
    }
    for (detail, code) in [
        (
            format!("Accounts module with id {ID} is not found"),
            "RECORD_NOT_FOUND",
        ),
        (
            "[SuiteCRM] [AccessDeniedException] ".to_owned(),
            "PERMISSION_DENIED",
        ),
        (
            "[SuiteCRM] [Not Allowed] The API user does not have access to this module.".to_owned(),
            "PERMISSION_DENIED",
        ),
    ] {
        let harness = crm_with_v8()
            .expect(fields("Accounts"))
            .expect(refused(record(""), &detail));
        assert_eq!(&*failed(harness.invoke("get", ask.clone())).code, code);
    }
}

fn list() -> Exchange {
    testing::get("Api/V8/module/Accounts").header("accept", MEDIA)
}

#[test]
fn typed_filters_go_over_v8() {
    let page = json!({"meta": {"total-pages": 9, "records-on-this-page": 2}, "data": [resource(json!({"name": "A"})), resource(json!({"name": "B"}))]});
    let harness = crm_with_v8().expect(fields("Accounts")).expect(
        list()
            .query("filter[operator]", "or")
            .query("filter[industry][eq]", "Banking")
            .query("filter[name][like]", "A%")
            .query("sort", "-name")
            .query("fields[Accounts]", "name")
            .query("page[size]", 2)
            .query("page[number]", 3)
            .reply(200, page),
    );
    let found = harness
        .invoke("search", json!({
            "module": "Accounts", "filters": [{"field": "industry", "value": "Banking"}, {"field": "name", "operator": "starts_with", "value": "A"}],
            "match": "any", "fields": ["name"], "order_by": "name DESC", "max_results": 2, "offset": 4
        }))
        .unwrap();
    assert_eq!(
        (
            &found["via"],
            &found["result_count"],
            &found["total_count"],
            &found["has_more"],
            &found["next_offset"]
        ),
        (
            &json!("v8"),
            &json!(2),
            &Value::Null,
            &json!(true),
            &json!(6)
        )
    );
    // A page that is not full is the last, and the first of it is all.
    let harness = crm_with_v8().expect(fields("Accounts")).expect(
        list()
            .query("page[size]", 20)
            .reply(200, json!({"data": [resource(json!({"name": "A"}))]})),
    );
    let found = harness
        .invoke(
            "search",
            json!({"module": "Accounts", "filters": [{"field": "name", "value": "A"}]}),
        )
        .unwrap();
    assert_eq!(
        (&found["total_count"], &found["has_more"]),
        (&json!(1), &json!(false))
    );
}

#[test]
fn what_v8_cannot_say_goes_over_v4_1() {
    for arguments in [
        json!({}),
        json!({"query": "name = 'A'"}),
        json!({"filters": [{"field": "name", "value": "A"}], "query": "name = 'A'"}),
        json!({"filters": [{"field": "name", "operator": "ne", "value": "A"}]}),
        json!({"filters": [{"field": "industry", "operator": "in", "value": ["Banking"]}]}),
        json!({"filters": [{"field": "industry", "operator": "empty"}]}),
        json!({"filters": [{"field": "email1", "value": "a@example.com"}]}),
        json!({"filters": [{"field": "date_modified", "operator": "gt", "value": "2026-12-01"}]}),
        json!({"filters": [{"field": "tags_c", "value": "^a^"}]}),
        json!({"filters": [{"field": "name", "operator": "contains", "value": "50%"}]}),
        json!({"filters": [{"field": "name", "value": "A"}, {"field": "name", "value": "B"}], "match": "any"}),
        json!({"filters": [{"field": "name", "value": "A"}], "offset": 3}),
        json!({"filters": [{"field": "name", "value": "A"}], "order_by": "name, industry"}),
    ] {
        let mut ask = json!({"module": "Accounts"});
        ask.as_object_mut()
            .unwrap()
            .extend(arguments.as_object().unwrap().clone());
        let harness = Harness::new(plugin())
            .expect(fields("Accounts"))
            .expect(v4("get_entry_list", json!(["Accounts"])).reply(200, listed(Vec::new(), 0)));
        assert_eq!(
            harness.invoke("search", ask).unwrap()["via"],
            "v4_1",
            "{arguments}"
        );
    }
}

#[test]
fn creating_goes_over_v8_and_is_checked_by_its_answer() {
    let body =
        json!({"data": {"type": "Accounts", "attributes": {"name": "A <b>", "employees": "12"}}});
    let answer = json!({"data": resource(json!({"name": "A ", "employees": "12", "description": "", "date_modified": "2026-11-20T11:49:00+00:00"}))});
    let harness = crm_with_v8().expect(fields("Accounts")).expect(
        testing::post("Api/V8/module")
            .header("content-type", MEDIA)
            .body(body)
            .reply(201, answer),
    );
    let made = harness
        .invoke(
            "create",
            json!({"module": "Accounts", "fields": {"name": "A <b>", "employees": 12}}),
        )
        .unwrap();
    assert_eq!(
        (&made["via"], &made["id"], &made["created"]),
        (&json!("v8"), &json!(ID), &json!(true))
    );
    assert_eq!(
        made["record"],
        json!({"id": ID, "name": "A ", "employees": "12", "date_modified": "2026-11-20T11:49Z"})
    );
    assert_eq!(
        made["stored_otherwise"],
        json!([{"field": "name", "sent": "A <b>", "stored": "A "}])
    );
}

#[test]
fn a_key_chooses_the_id_over_v8_too() {
    let plan = crm_with_v8()
        .expect(fields("Accounts"))
        .upstream(|request| {
            let body =
                String::from_utf8_lossy(request.body.as_deref().unwrap_or_default()).into_owned();
            crate::fixtures::answer_of(match request.path.last().unwrap().as_str() {
                "current-user" => current_user(USER, "dana"),
                _ if body.contains("method=get_user_id") => {
                    v4("get_user_id", json!([])).reply(200, USER)
                }
                _ if body.contains("method=get_module_fields") => fields("Accounts"),
                _ => gone("Accounts", ID),
            })
        });
    let ask =
        json!({"module": "Accounts", "fields": {"name": "A"}, "idempotency_key": "a key of mine"});
    let mut dry = ask.clone();
    dry["dry_run"] = true.into();
    // The closure answers, so the table's exchanges are not needed.
    let planned = plan.invoke("create", dry).unwrap();
    std::mem::forget(plan);
    let id = planned["id"].as_str().unwrap();
    assert_eq!(planned["would_send"][0]["body"]["data"]["id"], id);
    let harness = crm_with_v8()
        .expect(fields("Accounts"))
        .expect(gone("Accounts", id))
        .expect(
            testing::post("Api/V8/module")
                .body_at("/data/id", json!(id))
                .reply(
                    201,
                    json!({"data": {"type": "Account", "id": id, "attributes": {"name": "A"}}}),
                ),
        );
    assert_eq!(harness.invoke("create", ask).unwrap()["id"], id);
}

#[test]
fn date_times_are_written_over_v4_1() {
    let harness = Harness::new(plugin())
        .expect(fields("Tasks"))
        .expect(v4("set_entry", json!(["Tasks"])).reply(200, json!({"id": ID})))
        .expect(there(
            "Tasks",
            ID,
            json!({"name": "A", "date_due": "2026-12-01 09:00:00"}),
        ));
    let made = harness
        .invoke(
            "create",
            json!({"module": "Tasks", "fields": {"name": "A", "date_due": "2026-12-01T09:00:00Z"}}),
        )
        .unwrap();
    assert_eq!(
        (&made["via"], made.get("stored_otherwise")),
        (&json!("v4_1"), None)
    );
}

fn patch() -> Exchange {
    testing::patch("Api/V8/module")
        .body(json!({"data": {"type": "Accounts", "id": ID, "attributes": {"name": "New"}}}))
}

fn updating() -> (Harness, Value) {
    let harness = crm_with_v8().expect(fields("Accounts")).expect(there(
        "Accounts",
        ID,
        json!({"name": "Old", "date_modified": "2026-11-20 11:49:52"}),
    ));
    (
        harness,
        json!({"module": "Accounts", "id": ID, "fields": {"name": "New"}, "if_unmodified_since": "2026-11-20T11:49Z"}),
    )
}

#[test]
fn updating_goes_over_v8_after_v4_1_compared_the_time() {
    let (harness, ask) = updating();
    let harness =
        harness.expect(patch().reply(201, json!({"data": resource(json!({"name": "New"}))})));
    let done = harness.invoke("update", ask).unwrap();
    assert_eq!(
        (&done["via"], &done["updated"]),
        (&json!("v8"), &json!(true))
    );
    let (harness, ask) = updating();
    let harness =
        harness.expect(patch().reply(201, json!({"data": resource(json!({"name": "Old"}))})));
    assert_eq!(&*failed(harness.invoke("update", ask)).code, "NOT_APPLIED");
}

#[test]
fn a_write_falls_back_only_when_nothing_was_sent() {
    for unsent in [
        patch().fail(Reason::Connect, Stage::NotSent),
        patch().fail(Reason::CredentialRejected, Stage::NotSent),
        patch().reply(401, json!({"error": "access_denied"})),
    ] {
        let (harness, ask) = updating();
        let harness = harness
            .expect(unsent)
            .expect(v4("set_entry", json!(["Accounts"])).reply(200, json!({"id": ID})))
            .expect(there("Accounts", ID, json!({"name": "New"})));
        let done = harness.invoke("update", ask).unwrap();
        assert_eq!(done["via"], "v4_1");
        assert!(done["via_note"].as_str().unwrap().contains("V8 failed"));
    }
    // What was sent is looked at over v4_1, and never sent again.
    let lost = || patch().fail(Reason::Timeout, Stage::MaybeSent);
    let broken_off = || patch().reply_bytes(500, "text/html", "");
    for (sent, outcome) in [
        (lost(), Outcome::MayHaveHappened),
        (broken_off(), Outcome::NotDone),
    ] {
        let (harness, ask) = updating();
        let harness = harness
            .expect(sent)
            .expect(there("Accounts", ID, json!({"name": "Old"})));
        let failure = failed(harness.invoke("update", ask));
        assert_eq!(failure.outcome, Some(outcome), "{failure}");
    }
    for sent in [lost(), broken_off()] {
        let (harness, ask) = updating();
        let harness = harness
            .expect(sent)
            .expect(there("Accounts", ID, json!({"name": "New"})));
        let done = harness.invoke("update", ask).unwrap();
        assert_eq!(
            (&done["updated"], &done["via"]),
            (&json!(true), &json!("v8"))
        );
        assert!(done["note"].as_str().unwrap().contains("broke off"));
    }
    let (harness, ask) = updating();
    let failure = failed(
        harness
            .expect(refused(
                patch(),
                "Property name in Account module is invalid",
            ))
            .invoke("update", ask),
    );
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("INVALID_ARGUMENT", Some(Outcome::NotDone))
    );
}

#[test]
fn deleting_goes_over_v8_and_is_looked_at() {
    let harness = crm_with_v8()
        .expect(fields("Accounts"))
        .expect(there("Accounts", ID, json!({})))
        .expect(
            testing::delete(&format!("Api/V8/module/Accounts/{ID}"))
                .reply(200, json!({"meta": {"message": "deleted"}, "data": []})),
        )
        .expect(gone("Accounts", ID));
    let done = harness
        .invoke("delete", json!({"module": "Accounts", "id": ID}))
        .unwrap();
    assert_eq!(
        (&done["via"], &done["deleted"]),
        (&json!("v8"), &json!(true))
    );
}

#[test]
fn linking_goes_over_v8_one_by_one() {
    let linked = |ids: &[&str]| {
        let rows = ids
            .iter()
            .map(|id| row("Contacts", id, json!({})))
            .collect();
        v4("get_relationships", json!(["Accounts", ID, "contacts"])).reply(200, entries(rows))
    };
    let start = || {
        crm_with_v8()
            .expect(fields("Accounts"))
            .expect(modules())
            .expect(fields("Contacts"))
            .expect(there("Accounts", ID, json!({})))
    };
    let path = format!("Api/V8/module/Accounts/{ID}/relationships/contacts");
    let ask =
        json!({"module": "Accounts", "id": ID, "link_field": "contacts", "related_ids": OTHER});
    let harness = start()
        .expect(linked(&[]))
        .expect(
            v4("get_entries", json!(["Contacts", [OTHER]]))
                .reply(200, entries(vec![row("Contacts", OTHER, json!({}))])),
        )
        .expect(
            testing::post(&path)
                .body(json!({"data": {"type": "Contacts", "id": OTHER}}))
                .reply(201, json!({"meta": {"message": "x"}, "data": []})),
        )
        .expect(linked(&[OTHER]));
    let done = harness.invoke("link_records", ask.clone()).unwrap();
    assert_eq!((&done["via"], &done["created"]), (&json!("v8"), &json!(1)));
    let harness = start()
        .expect(linked(&[OTHER]))
        .expect(testing::delete(&format!("{path}/{OTHER}")).reply(200, json!({"data": []})))
        .expect(linked(&[]));
    let done = harness.invoke("unlink_records", ask.clone()).unwrap();
    assert_eq!((&done["via"], &done["deleted"]), (&json!("v8"), &json!(1)));
    let mut dry = ask;
    dry["dry_run"] = true.into();
    let plan = start()
        .expect(linked(&[OTHER]))
        .invoke("unlink_records", dry);
    assert_eq!(
        plan.unwrap()["would_send"],
        json!([{"request": format!("DELETE {path}/{OTHER}")}])
    );
}
