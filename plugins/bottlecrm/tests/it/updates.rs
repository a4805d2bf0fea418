//! `crm_update`, `crm_delete` and `crm_get`: the right verb, what is stored, what would go.

use portcullis_sdk::{
    Method, Outcome, Reason, Stage,
    testing::{self, delete, get, patch, put},
};
use serde_json::{Value, json};

use crate::fixtures::{
    ID, OTHER, account, contact, crm, deal, directory, failed, id, invoice, page, profile, ticket,
};

fn path(entity: &str) -> String {
    format!("api/{entity}/{ID}")
}

#[test]
fn invoices_estimates_and_products_are_put_others_patched() {
    for (entity, below, data, reply) in [
        (
            "invoices",
            "invoices",
            json!({"notes": "n"}),
            json!({"invoice": {"id": ID, "notes": "n"}}),
        ),
        (
            "estimates",
            "invoices/estimates",
            json!({"notes": "n"}),
            json!({"estimate": {"id": ID, "notes": "n"}}),
        ),
        (
            "products",
            "invoices/products",
            json!({"price": "11"}),
            json!({"message": "ok", "product": {"id": ID, "price": "11.00"}}),
        ),
    ] {
        let crm = crm().expect(put(&path(below)).body(data.clone()).reply(200, reply));
        let done = crm
            .invoke(
                "crm_update",
                json!({"entity": entity, "id": ID, "data": data}),
            )
            .unwrap();
        assert!(done.get("stored_differently").is_none(), "{done}");
        assert_eq!(crm.requests()[0].method, Method::Put);
    }
    let crm = crm()
        .expect(
            patch(&path("tasks"))
                .body(json!({"status": "Completed"}))
                .reply(200, json!({"error": false})),
        )
        .expect(
            get(&path("tasks")).reply(200, json!({"task_obj": {"id": ID, "status": "Completed"}})),
        );
    let done = crm
        .invoke(
            "crm_update",
            json!({"entity": "tasks", "id": ID, "data": {"status": "Completed"}}),
        )
        .unwrap();
    assert_eq!(done["record"], json!({"status": "Completed"}));
}

#[test]
fn a_tag_is_put_whole() {
    let stored = json!({"id": ID, "name": "Key account", "slug": "key-account", "color": "blue", "description": "", "is_active": true});
    let crm = crm()
        .expect(get(&path("tags")).reply(200, json!({"tag": stored})))
        .expect(
            put(&path("tags"))
                .body(json!({"name": "Key account", "color": "red", "description": ""}))
                .reply(200, json!({"tag": {"id": ID, "name": "Key account", "color": "red", "description": ""}})),
        );
    let done = crm
        .invoke(
            "crm_update",
            json!({"entity": "tags", "id": ID, "data": {"color": "red"}}),
        )
        .unwrap();
    assert_eq!(done["record"], json!({"color": "red"}));
}

#[test]
fn a_deal_is_closed_by_a_patch_with_what_it_needs() {
    let data = json!({"stage": "CLOSED_WON", "amount": "10.00", "closed_on": "2026-11-20"});
    let crm = crm()
        .expect(patch(&path("opportunities")).reply(400, json!({"error": true, "errors": {"closed_on": ["A deal cannot be closed without the date it closed on."], "amount": ["A won deal has to record what it was worth."]}})))
        .expect(patch(&path("opportunities")).body(data.clone()).reply(200, json!({"error": false})))
        .expect(get(&path("opportunities")).reply(200, json!({"opportunity_obj": {"id": ID, "stage": "CLOSED_WON", "amount": "10.00", "closed_on": "2026-11-20"}})));
    let failure = failed(crm.invoke(
        "crm_update",
        json!({"entity": "opportunities", "id": ID, "data": {"stage": "CLOSED_WON"}}),
    ));
    assert_eq!(failure.fields, ["/data/closed_on", "/data/amount"]);
    assert!(
        failure
            .suggestion
            .as_deref()
            .unwrap()
            .contains("together with stage")
    );
    crm.invoke(
        "crm_update",
        json!({"entity": "opportunities", "id": ID, "data": data}),
    )
    .unwrap();
}

#[test]
fn a_half_failed_change_tells_what_is_stored() {
    let stored = json!({"id": ID, "description": "kept", "assigned_to": []});
    let crm = crm()
        .expect(directory())
        .expect(
            patch(&path("accounts")).reply(400, json!({"assigned_to": ["'x' is not a valid id."]})),
        )
        .expect(get(&path("accounts")).reply(200, json!({"account_obj": stored})));
    let data = json!({"description": "kept", "assigned_to": [id(9001)]});
    let failure = failed(crm.invoke(
        "crm_update",
        json!({"entity": "accounts", "id": ID, "data": data}),
    ));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("PARTIAL", Some(Outcome::PartlyDone))
    );
    let details = failure.details.as_ref().unwrap();
    assert_eq!(
        details["stored_now"],
        json!({"description": "kept", "assigned_to": []})
    );
    assert!(failure.suggestion.as_deref().unwrap().contains("emptied"));
}

#[test]
fn a_fault_that_changed_nothing_says_so() {
    let crm = crm().expect(page(patch(&path("contacts")), 500)).expect(
        get(&path("contacts")).reply(200, json!({"contact_obj": {"id": ID, "title": "old"}})),
    );
    let failure = failed(crm.invoke(
        "crm_update",
        json!({"entity": "contacts", "id": ID, "data": {"title": "new"}}),
    ));
    assert_eq!(failure.outcome, Some(Outcome::NotDone), "{failure:?}");
}

#[test]
fn a_list_that_came_out_otherwise_is_no_success() {
    let crm = crm()
        .expect(directory())
        .expect(patch(&path("accounts")).reply(200, json!({"error": false})))
        .expect(
            get(&path("accounts"))
                .reply(200, json!({"account_obj": {"id": ID, "assigned_to": []}})),
        );
    let failure = failed(crm.invoke(
        "crm_update",
        json!({"entity": "accounts", "id": ID, "data": {"assigned_to": ["member1@crm.example"]}}),
    ));
    assert_eq!(failure.outcome, Some(Outcome::PartlyDone));
}

#[test]
fn what_cannot_be_changed_is_refused() {
    for (entity, data, word) in [
        ("cases", json!({"account": ID}), "existing case"),
        ("estimates", json!({"status": "Sent"}), "send"),
        ("leads", json!({"status": "converted"}), "convert"),
        ("invoices", json!({"status": "Paid"}), "mark_paid"),
        ("contacts", json!({"last_name": null}), ""),
        ("people", json!({"name": "x"}), ""),
    ] {
        let crm = crm().upstream(|_| {
            Ok(portcullis_sdk::Response {
                status: 403,
                headers: Vec::new(),
                body: b"{\"detail\": \"This token is not scoped for read access to x.\"}".to_vec(),
            })
        });
        let failure = failed(crm.invoke(
            "crm_update",
            json!({"entity": entity, "id": ID, "data": data}),
        ));
        assert!(
            failure
                .suggestion
                .as_deref()
                .unwrap_or_default()
                .contains(word),
            "{failure:?}"
        );
        assert!(
            crm.requests()
                .iter()
                .all(|request| request.method == Method::Get)
        );
    }
}

#[test]
fn an_id_that_is_none_never_reaches_a_path() {
    for tool in ["crm_get", "crm_delete", "crm_update"] {
        for id in [
            "../contacts",
            "not-a-uuid",
            "11111111-1111-4111-8111-11111111111/",
        ] {
            let mut arguments = json!({"entity": "leads", "id": id});
            if tool == "crm_update" {
                arguments["data"] = json!({"title": "t"});
            }
            let failure = failed(crm().invoke(tool, arguments));
            assert_eq!(failure.fields, ["/id"], "{tool}");
        }
    }
}

#[test]
fn a_detail_loses_its_catalogues_and_keeps_what_belongs_to_it() {
    let comment = json!({"id": OTHER, "comment": "called", "commented_on": "2026-11-20T10:00:00Z", "commented_by": {"id": id(9001), "user_details": {"email": "member1@crm.example"}}, "content_type": "account", "object_id": ID, "org": id(1)});
    let many: Vec<Value> = (0..60).map(account).collect();
    let detail = json!({
        "account_obj": account(1), "comments": vec![comment; 14], "attachments": [], "contacts": [contact(1)], "opportunity_list": [deal(1)],
        "users": many, "users_mention": many, "countries": many, "teams": [], "leads": many, "stages": many, "status": many, "custom_field_definitions": []
    });
    assert!(detail.to_string().len() > 150_000);
    let crm = crm().expect(get(&path("accounts")).reply(200, detail));
    let found = crm
        .invoke("crm_get", json!({"entity": "accounts", "id": ID}))
        .unwrap();
    assert!(
        found.to_string().len() < 6_000,
        "{}",
        found.to_string().len()
    );
    assert_eq!(
        found["record"]["assigned_to"],
        json!([{"id": id(9001), "name": "Member 1", "email": "member1@crm.example"}])
    );
    assert_eq!(
        found["linked"]["comments"][0],
        json!({"id": OTHER, "comment": "called", "on": "2026-11-20T10:00:00Z", "by": "member1@crm.example"})
    );
    assert_eq!(
        found["linked"]["opportunity_list"][0]["stage"],
        "QUALIFICATION"
    );
    assert!(
        found["truncated"]
            .as_str()
            .unwrap()
            .contains("comments: 10 of 14")
    );
    assert!(found["linked"].get("users").is_none());
}

#[test]
fn secrets_of_an_invoice_are_shown_only_when_named() {
    let crm = crm().expect(
        get(&path("invoices"))
            .reply(200, json!({"invoice": invoice("Sent", 1), "history": []}))
            .times(2),
    );
    let found = crm
        .invoke("crm_get", json!({"entity": "invoices", "id": ID}))
        .unwrap();
    assert!(!found.to_string().contains("a-token-that-opens"), "{found}");
    assert!(
        found["record"]["public_url"]
            .as_str()
            .unwrap()
            .contains("hidden")
    );
    let asked = crm
        .invoke(
            "crm_get",
            json!({"entity": "invoices", "id": ID, "fields": ["public_url"]}),
        )
        .unwrap();
    assert_eq!(
        asked["record"],
        json!({"id": ID, "public_url": "/portal/invoice/a-token-that-opens-the-portal"})
    );
}

#[test]
fn a_merged_case_tells_where_it_went() {
    let crm = crm().expect(get(&path("cases")).reply(200, json!({"redirect_to": OTHER, "merged_into": OTHER, "source_case_id": ID, "source_case_name": "Old"})));
    let found = crm
        .invoke("crm_get", json!({"entity": "cases", "id": ID}))
        .unwrap();
    assert_eq!(found["record"]["merged_into"], OTHER);
}

#[test]
fn a_deletion_is_shown_first() {
    let detail = json!({"account_obj": account(1), "contacts": [contact(1), contact(2)], "invoices": [{"id": ID}], "comments": []});
    let crm = crm().expect(get(&path("accounts")).reply(200, detail));
    let preview = crm
        .preview("crm_delete", json!({"entity": "accounts", "id": ID}))
        .unwrap();
    assert_eq!(preview["record"]["name"], "Customer 1 Incorporated");
    assert_eq!(
        (
            preview["dependents"]["invoices"].clone(),
            preview["dependents"]["cases"].clone()
        ),
        (json!(1), json!(1))
    );
    assert!(preview["summary"].as_str().unwrap().contains("refuses"));
}

/// The answer to reading what is gone.
fn gone(below: &str) -> testing::Exchange {
    get(&path(below)).reply(404, json!({"detail": "No such record."}))
}

fn delete_it(crm: &testing::Harness, entity: &str) -> Result<Value, portcullis_sdk::Failure> {
    crm.invoke("crm_delete", json!({"entity": entity, "id": ID}))
}

#[test]
fn a_deletion_that_the_crm_fails_is_looked_into() {
    let crm = crm()
        .expect(page(delete(&path("accounts")), 500).times(2))
        .expect(get(&path("accounts")).reply(200, json!({"account_obj": account(1)})))
        .expect(gone("accounts"));
    let failure = failed(delete_it(&crm, "accounts"));
    assert_eq!(failure.outcome, Some(Outcome::NotDone));
    assert!(failure.suggestion.as_deref().unwrap().contains("invoices"));
    assert_eq!(delete_it(&crm, "accounts").unwrap()["deleted"], ID);
}

#[test]
fn a_deletion_is_a_success_when_the_record_is_gone() {
    let done = || json!({"error": false, "message": "deleted"});
    let crm = crm()
        .expect(delete(&path("contacts")).reply(200, done()))
        .expect(gone("contacts"))
        .expect(delete(&path("cases/solutions")).reply_bytes(204, "", ""))
        .expect(gone("cases/solutions"))
        .expect(delete(&path("tags")).reply(200, done()))
        .expect(get(&path("tags")).reply(200, json!({"tag": {"id": ID, "is_active": false}})))
        .expect(delete(&path("time-entries")).reply_bytes(204, "", ""))
        .expect(delete(&path("time-entries")).reply(404, json!({"detail": "Not found."})));
    for entity in ["contacts", "solutions", "tags", "time_entries"] {
        assert_eq!(delete_it(&crm, entity).unwrap()["deleted"], ID, "{entity}");
    }
}

#[test]
fn a_record_that_is_still_there_was_not_deleted() {
    let done = || json!({"error": false, "message": "deleted"});
    for (entity, below, looked) in [
        (
            "leads",
            "leads",
            get(&path("leads")).reply(200, json!({"lead_obj": {"id": ID}})),
        ),
        (
            "tags",
            "tags",
            get(&path("tags")).reply(200, json!({"tag": {"id": ID, "is_active": true}})),
        ),
        (
            "time_entries",
            "time-entries",
            delete(&path("time-entries")).reply_bytes(204, "", ""),
        ),
    ] {
        let crm = crm()
            .expect(delete(&path(below)).reply(200, done()))
            .expect(looked);
        let failure = failed(delete_it(&crm, entity));
        assert_eq!(
            (&*failure.code, failure.outcome),
            ("NOT_APPLIED", Some(Outcome::NotDone)),
            "{entity}"
        );
    }
    let crm = crm()
        .expect(delete(&path("leads")).reply(200, done()))
        .expect(page(get(&path("leads")), 500));
    let failure = failed(delete_it(&crm, "leads"));
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened), "{failure}");
}

#[test]
fn a_change_that_the_crm_keeps_to_itself_is_no_success() {
    let stored = json!({"account_obj": {"id": ID, "city": "Oldtown", "state": "CA"}});
    for (data, code, outcome) in [
        (json!({"city": "Newtown"}), "NOT_APPLIED", Outcome::NotDone),
        (
            json!({"city": "Newtown", "state": "CA"}),
            "PARTIAL",
            Outcome::PartlyDone,
        ),
    ] {
        let crm = crm()
            .expect(patch(&path("accounts")).reply(200, json!({"error": false})))
            .expect(get(&path("accounts")).reply(200, stored.clone()));
        let failure = failed(crm.invoke(
            "crm_update",
            json!({"entity": "accounts", "id": ID, "data": data}),
        ));
        assert_eq!((&*failure.code, failure.outcome), (code, Some(outcome)));
        assert_eq!(failure.fields, ["/data/city"]);
        let details = failure.details.as_ref().unwrap();
        assert_eq!(
            details["stored_differently"]["city"],
            json!({"sent": "Newtown", "stored": "Oldtown"})
        );
    }
    let crm = crm()
        .expect(patch(&path("accounts")).reply(200, json!({"error": false})))
        .expect(page(get(&path("accounts")), 500));
    let failure = failed(crm.invoke(
        "crm_update",
        json!({"entity": "accounts", "id": ID, "data": {"city": "Newtown"}}),
    ));
    assert_eq!(failure.outcome, Some(Outcome::PartlyDone), "{failure}");
}

#[test]
fn a_deletion_whose_answer_is_lost_is_looked_into() {
    let gone = json!({"detail": "No Lead matches the given query."});
    let crm = crm()
        .expect(delete(&path("leads")).fail(Reason::Timeout, Stage::MaybeSent))
        .expect(get(&path("leads")).reply(404, gone));
    let done = crm
        .invoke("crm_delete", json!({"entity": "leads", "id": ID}))
        .unwrap();
    assert_eq!(done["deleted"], ID);
}

#[test]
fn a_change_without_an_answer_stays_open() {
    let lost = |exchange: testing::Exchange| exchange.fail(Reason::Timeout, Stage::MaybeSent);
    let there = || get(&path("leads")).reply(200, json!({"lead_obj": {"id": ID, "title": "old"}}));
    let calls = [
        (
            delete(&path("leads")),
            "crm_delete",
            json!({"entity": "leads", "id": ID}),
        ),
        (
            patch(&path("leads")),
            "crm_update",
            json!({"entity": "leads", "id": ID, "data": {"title": "new"}}),
        ),
    ];
    for (sent, tool, ask) in calls {
        let crm = crm().expect(lost(sent)).expect(there());
        let failure = failed(crm.invoke(tool, ask));
        assert_eq!(
            failure.outcome,
            Some(Outcome::MayHaveHappened),
            "{tool}: {failure}"
        );
        assert!(
            failure
                .suggestion
                .as_deref()
                .unwrap()
                .contains("look again")
        );
    }
}

#[test]
fn a_change_that_never_left_is_no_half_change() {
    let crm = crm().expect(patch(&path("leads")).fail(Reason::Connect, Stage::NotSent));
    let failure = failed(crm.invoke(
        "crm_update",
        json!({"entity": "leads", "id": ID, "data": {"title": "t"}}),
    ));
    assert_eq!(failure.outcome, Some(Outcome::NotDone));
    assert_eq!(crm.requests().len(), 1);
}

#[test]
fn an_invoice_is_not_deleted() {
    let failure = failed(crm().invoke("crm_delete", json!({"entity": "invoices", "id": ID})));
    assert!(failure.suggestion.as_deref().unwrap().contains("cancel"));
}

#[test]
fn shapes_of_people_and_tags_are_the_same_everywhere() {
    let crm = crm().expect(get(&path("cases")).reply(
        200,
        json!({"cases_obj": ticket(1), "internal_notes": [], "email_messages": []}),
    ));
    let found = crm.invoke("crm_get", json!({"entity": "cases", "id": ID, "fields": ["account", "assigned_to", "created_by"]})).unwrap();
    assert_eq!(
        found["record"]["account"],
        json!({"id": id(2001), "name": "Customer 1 Incorporated"})
    );
    assert_eq!(
        found["record"]["created_by"],
        json!({"name": "Member 0", "email": "member0@crm.example"})
    );
    assert_eq!(found["record"]["assigned_to"][0]["id"], profile(1)["id"]);
}
