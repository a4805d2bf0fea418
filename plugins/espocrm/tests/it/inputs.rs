//! Bad inputs: each is refused before anything is sent to a record.

use portcullis_sdk::testing::{get, post};
use serde_json::{Value, json};

use crate::fixtures::{ID, crm, defs, failed, me, scopes};

#[test]
fn malformed_ids_and_entity_types_send_nothing() {
    for id in ["", "a/b", "..", "a.b", "a%2fb", "a b", "ä", &"x".repeat(37)] {
        let failure = failed(crm().invoke("get", json!({"entityType": "Account", "id": id})));
        assert_eq!(
            (&*failure.code, failure.fields.as_slice()),
            ("INVALID_ARGUMENT", ["/id".to_owned()].as_slice()),
            "{id}"
        );
    }
    for entity in [
        "",
        "Acc ount",
        "../Account",
        "Account/x",
        "1Account",
        "App",
        "app",
        "Kanban",
        "Settings",
        "MassAction",
        "AuthToken",
        "Preferences",
    ] {
        let failure = failed(crm().invoke("get", json!({"entityType": entity, "id": ID})));
        assert_eq!(failure.fields, ["/entityType"], "{entity}");
    }
}

#[test]
fn unknown_parameters_and_wrong_types_are_refused() {
    for (tool, arguments) in [
        (
            "get",
            json!({"entityType": "Account", "id": ID, "verbose": true}),
        ),
        ("get", json!({"entityType": "Account"})),
        ("get", json!({"entityType": 5, "id": ID})),
        ("get", json!([])),
        ("create", json!({"entityType": "Account", "data": "name=x"})),
        (
            "update",
            json!({"entityType": "Account", "id": ID, "data": {}}),
        ),
        (
            "update",
            json!({"entityType": "Account", "id": ID, "data": {"name": "x"}, "expectedVersion": -1}),
        ),
        (
            "update_kanban",
            json!({"entityType": "Lead", "id": ID, "group": "New", "position": -1}),
        ),
        (
            "update_kanban",
            json!({"entityType": "Lead", "id": ID, "group": "New", "position": 50}),
        ),
        (
            "update_kanban",
            json!({"entityType": "Lead", "id": ID, "group": ""}),
        ),
        (
            "link",
            json!({"entityType": "Account", "id": ID, "link": "contacts", "foreignIds": []}),
        ),
        (
            "search",
            json!({"entityType": "Account", "order": "sideways"}),
        ),
        ("list_entity_types", json!({"all": true})),
    ] {
        assert_eq!(
            failed(crm().invoke(tool, arguments.clone())).code,
            "INVALID_ARGUMENT",
            "{tool} {arguments}"
        );
    }
}

#[test]
fn link_takes_one_form_of_ids() {
    for more in [
        json!({}),
        json!({"foreignId": ID, "foreignIds": [ID]}),
        json!({"foreignIds": ["a/b"]}),
    ] {
        let mut arguments = json!({"entityType": "Account", "id": ID, "link": "contacts"});
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        assert_eq!(
            failed(crm().invoke("link", arguments)).code,
            "INVALID_ARGUMENT"
        );
    }
}

fn condition(condition: &Value) -> (String, String) {
    let failure = failed(crm().expect(defs("Account")).invoke(
        "search",
        json!({"entityType": "Account", "where": [condition]}),
    ));
    (failure.code.to_string(), failure.fields.join(" "))
}

#[test]
fn conditions_are_checked() {
    for (item, code, field) in [
        (
            json!({"type": "resembles", "field": "name", "value": "x"}),
            "INVALID_OPERATOR",
            "/where/0/type",
        ),
        (
            json!({"type": "not", "value": []}),
            "INVALID_OPERATOR",
            "/where/0/type",
        ),
        (
            json!({"type": "equals", "field": "nmae", "value": "x"}),
            "INVALID_FIELD",
            "/where/0/field",
        ),
        (
            json!({"type": "equals", "field": "account.type", "value": "x"}),
            "INVALID_FIELD",
            "/where/0/field",
        ),
        (
            json!({"type": "equals", "field": "type", "value": "Costumer"}),
            "INVALID_FIELD_VALUE",
            "/where/0/value",
        ),
        (
            json!({"type": "equals", "field": "type", "value": ["Customer"]}),
            "INVALID_FIELD_VALUE",
            "/where/0/value",
        ),
        (
            json!({"type": "in", "field": "type", "value": []}),
            "INVALID_FIELD_VALUE",
            "/where/0/value",
        ),
        (
            json!({"type": "between", "field": "createdAt", "value": ["2026-01-01"]}),
            "INVALID_FIELD_VALUE",
            "/where/0/value",
        ),
        (
            json!({"type": "greaterThan", "field": "createdAt", "value": "soon"}),
            "INVALID_FIELD_VALUE",
            "/where/0/value",
        ),
        (
            json!({"type": "equals", "field": "isKey", "value": "perhaps"}),
            "INVALID_FIELD_VALUE",
            "/where/0/value",
        ),
        (
            json!({"type": "equals", "field": "assignedUser", "value": "Sam Example"}),
            "INVALID_FIELD_VALUE",
            "/where/0/value",
        ),
        (
            json!({"type": "like", "field": "name"}),
            "INVALID_FIELD_VALUE",
            "/where/0/value",
        ),
        (
            json!({"type": "lastXDays", "field": "createdAt", "value": "many"}),
            "INVALID_FIELD_VALUE",
            "/where/0/value",
        ),
        (
            json!({"type": "linkedWith", "field": "contcts", "value": [ID]}),
            "INVALID_FIELD",
            "/where/0/field",
        ),
        (
            json!({"type": "greaterThan", "field": "teams", "value": ID}),
            "INVALID_OPERATOR",
            "/where/0/type",
        ),
        (
            json!({"type": "or", "value": []}),
            "INVALID_ARGUMENT",
            "/where/0/value",
        ),
        (
            json!({"type": "or", "value": [{"type": "equals", "field": "nmae", "value": 1}]}),
            "INVALID_FIELD",
            "/where/0/value/0/field",
        ),
    ] {
        assert_eq!(
            condition(&item),
            (code.to_owned(), field.to_owned()),
            "{item}"
        );
    }
    let mut deep = json!({"type": "isNull", "field": "name"});
    for _ in 0..6 {
        deep = json!({"type": "and", "value": [deep]});
    }
    assert_eq!(condition(&deep).0, "INVALID_ARGUMENT");
}

#[test]
fn conditions_are_converted_to_what_the_crm_compares() {
    for (given, sent) in [
        (
            json!({"type": "equals", "attribute": "accountId", "value": ID}),
            json!({"type": "equals", "attribute": "accountId", "value": ID}),
        ),
        (
            json!({"type": "equals", "field": "account", "value": ID}),
            json!({"type": "equals", "attribute": "accountId", "value": ID}),
        ),
        (
            json!({"type": "startsWith", "field": "account", "value": "No"}),
            json!({"type": "startsWith", "attribute": "accountName", "value": "No"}),
        ),
        (
            json!({"type": "in", "field": "contacts", "value": [ID]}),
            json!({"type": "linkedWith", "attribute": "contacts", "value": [ID]}),
        ),
        (
            json!({"type": "equals", "field": "contacts", "value": ID}),
            json!({"type": "linkedWith", "attribute": "contacts", "value": [ID]}),
        ),
        (
            json!({"type": "isNull", "field": "contacts"}),
            json!({"type": "isNotLinked", "attribute": "contacts"}),
        ),
        (
            json!({"type": "greaterThan", "field": "amount", "value": "1000.5"}),
            json!({"type": "greaterThan", "attribute": "amount", "value": 1000.5}),
        ),
        (
            json!({"type": "equals", "field": "stage", "value": null}),
            json!({"type": "isNull", "attribute": "stage"}),
        ),
        (
            json!({"type": "between", "field": "closeDate", "value": ["2026-01-01", "2026-03-31"]}),
            json!({"type": "between", "attribute": "closeDate", "value": ["2026-01-01", "2026-03-31"]}),
        ),
        (
            json!({"type": "or", "value": [{"type": "isNull", "field": "stage"}, {"type": "notEquals", "field": "stage", "value": "Won"}]}),
            json!({"type": "or", "value": [{"type": "isNull", "attribute": "stage"}, {"type": "notEquals", "attribute": "stage", "value": "Won"}]}),
        ),
    ] {
        let harness = crm().expect(defs("Opportunity")).expect(
            get("Opportunity")
                .query_json(("searchParams", "/where"), json!([sent]))
                .reply(200, json!({"total": 0, "list": []})),
        );
        harness
            .invoke(
                "search",
                json!({"entityType": "Opportunity", "where": [given]}),
            )
            .unwrap();
    }
}

fn create(entity: &str, data: &Value) -> (String, String) {
    let failure = failed(
        crm()
            .expect(defs(entity))
            .invoke("create", json!({"entityType": entity, "data": data})),
    );
    (failure.code.to_string(), failure.fields.join(" "))
}

#[test]
fn data_is_checked_before_it_is_sent() {
    for (entity, data, code, field) in [
        (
            "Account",
            json!({"website": "x.example"}),
            "MISSING_REQUIRED_FIELD",
            "/data/name",
        ),
        (
            "Account",
            json!({"name": " "}),
            "MISSING_REQUIRED_FIELD",
            "/data/name",
        ),
        (
            "Account",
            json!({"name": {"a": 1}}),
            "INVALID_FIELD_VALUE",
            "/data/name",
        ),
        (
            "Account",
            json!({"name": "n".repeat(41)}),
            "INVALID_FIELD_VALUE",
            "/data/name",
        ),
        (
            "Account",
            json!({"name": "x", "type": "Costumer"}),
            "INVALID_FIELD_VALUE",
            "/data/type",
        ),
        (
            "Account",
            json!({"name": "x", "nope": 1}),
            "INVALID_FIELD",
            "/data/nope",
        ),
        (
            "Account",
            json!({"name": "x", "id": ID}),
            "INVALID_FIELD",
            "/data/id",
        ),
        (
            "Account",
            json!({"name": "x", "createdAt": "2026-01-01 00:00:00"}),
            "INVALID_FIELD",
            "/data/createdAt",
        ),
        (
            "Account",
            json!({"name": "x", "assignedUser": ID}),
            "INVALID_FIELD",
            "/data/assignedUser",
        ),
        (
            "Account",
            json!({"name": "x", "assignedUserName": "Sam"}),
            "INVALID_FIELD",
            "/data/assignedUserName",
        ),
        (
            "Account",
            json!({"name": "x", "contactsIds": [ID]}),
            "INVALID_FIELD",
            "/data/contactsIds",
        ),
        (
            "Account",
            json!({"name": "x", "skipDuplicateCheck": true}),
            "INVALID_FIELD",
            "/data/skipDuplicateCheck",
        ),
        (
            "Account",
            json!({"name": "x", "billingAddress": "Street 1"}),
            "INVALID_FIELD",
            "/data/billingAddress",
        ),
        (
            "Account",
            json!({"name": "x", "tags": "a"}),
            "INVALID_FIELD_VALUE",
            "/data/tags",
        ),
        (
            "Contact",
            json!({"name": "Ada Stone"}),
            "INVALID_FIELD",
            "/data/name",
        ),
        (
            "Contact",
            json!({"lastName": "Stone", "accountId": "North Ltd"}),
            "INVALID_FIELD_VALUE",
            "/data/accountId",
        ),
        (
            "Opportunity",
            json!({"name": "x", "amount": "lots", "closeDate": "2026-12-31"}),
            "INVALID_FIELD_VALUE",
            "/data/amount",
        ),
        (
            "Opportunity",
            json!({"name": "x", "amount": -1, "closeDate": "2026-12-31"}),
            "INVALID_FIELD_VALUE",
            "/data/amount",
        ),
        (
            "Opportunity",
            json!({"name": "x", "amount": 1, "closeDate": "31/12/2026"}),
            "INVALID_FIELD_VALUE",
            "/data/closeDate",
        ),
        (
            "Opportunity",
            json!({"name": "x", "amount": 1, "closeDate": "2026-12-31", "probability": 101}),
            "INVALID_FIELD_VALUE",
            "/data/probability",
        ),
        (
            "Opportunity",
            json!({"name": "x", "amount": 1, "closeDate": "2026-12-31", "probability": 1.5}),
            "INVALID_FIELD_VALUE",
            "/data/probability",
        ),
        (
            "Task",
            json!({"name": "x", "assignedUserId": ID, "parentId": ID}),
            "MISSING_REQUIRED_FIELD",
            "/data/parentType",
        ),
        (
            "Meeting",
            json!({"name": "x", "assignedUserId": ID, "dateEnd": "2026-12-05 10:00:00"}),
            "MISSING_REQUIRED_FIELD",
            "/data/dateStart",
        ),
        (
            "Meeting",
            json!({"name": "x", "assignedUserId": ID, "dateStart": "2026-12-05 10:00:00"}),
            "MISSING_REQUIRED_FIELD",
            "/data/dateEnd",
        ),
        (
            "Meeting",
            json!({"name": "x", "assignedUserId": ID, "dateStart": "2026-12-05 10:00:00", "dateEnd": "2026-12-05T09:00:00Z"}),
            "INVALID_FIELD_VALUE",
            "/data/dateEnd",
        ),
    ] {
        assert_eq!(
            create(entity, &data),
            (code.to_owned(), field.to_owned()),
            "{entity} {data}"
        );
    }
}

#[test]
fn rights_and_credentials_are_not_written() {
    for entity in ["User", "Role", "Team", "Portal", "MassEmail"] {
        let failure = failed(crm().invoke(
            "create",
            json!({"entityType": entity, "data": {"name": "x"}}),
        ));
        assert_eq!(failure.code, "PERMISSION_DENIED", "{entity}");
    }
    for entity in ["Webhook", "AuthToken", "ScheduledJob", "Integration"] {
        assert_eq!(
            failed(crm().invoke("delete", json!({"entityType": entity, "id": ID}))).code,
            "INVALID_ENTITY_TYPE",
            "{entity}"
        );
    }
}

#[test]
fn entity_types_that_the_operator_leaves_out_are_out_everywhere() {
    let deny = || crm().setting("entities_deny", json!(["Contact"]));
    assert_eq!(
        failed(deny().invoke("search", json!({"entityType": "Contact"}))).code,
        "PERMISSION_DENIED"
    );
    assert_eq!(
        failed(deny().invoke("search", json!({"entityType": "contact"}))).code,
        "PERMISSION_DENIED"
    );
    let related = json!({"entityType": "Account", "id": ID, "link": "contacts"});
    assert_eq!(
        failed(
            deny()
                .expect(defs("Account"))
                .invoke("list_related", related)
        )
        .code,
        "PERMISSION_DENIED"
    );
    let allow = crm().setting("entities_allow", json!(["Account"]));
    assert_eq!(
        failed(allow.invoke("get", json!({"entityType": "Task", "id": ID}))).code,
        "PERMISSION_DENIED"
    );
}

#[test]
fn a_wrong_case_is_corrected_by_a_suggestion_only() {
    let harness = crm()
        .expect(scopes())
        .expect(me())
        .expect(get("I18n").reply(200, json!({})));
    harness.invoke("list_entity_types", json!({})).unwrap();
    let failure = failed(harness.invoke("get", json!({"entityType": "account", "id": ID})));
    assert_eq!(
        (&*failure.code, failure.suggestion.as_deref()),
        ("INVALID_ENTITY_TYPE", Some("did you mean Account?"))
    );
}

#[test]
fn drafts_are_checked() {
    for (more, field) in [
        (json!({"to": "nonsense", "subject": "x"}), "/to"),
        (json!({"to": " ; ", "subject": "x"}), "/to"),
        (json!({"to": "a@example.com, b@", "subject": "x"}), "/to"),
        (
            json!({"to": "a@example.com", "cc": "c", "subject": "x"}),
            "/cc",
        ),
        (
            json!({"to": "a@example.com", "subject": "x", "parentType": "Account"}),
            "/parentId",
        ),
        (
            json!({"to": "a@example.com", "subject": "x", "parentId": ID}),
            "/parentType",
        ),
    ] {
        assert_eq!(
            failed(crm().invoke("draft_email", more.clone())).fields,
            [field],
            "{more}"
        );
    }
    assert_eq!(
        failed(crm().expect(me()).invoke(
            "draft_email",
            json!({"to": "a@example.com", "subject": " "})
        ))
        .fields,
        ["/subject"]
    );
    let missing = post("EmailTemplate/5a0000000000000ee/prepare")
        .reply_bytes(404, "text/html", "")
        .with("x-status-reason", "");
    let failure = failed(crm().expect(me()).expect(missing).invoke(
        "draft_email",
        json!({"to": "a@example.com", "templateId": "5a0000000000000ee"}),
    ));
    assert_eq!(failure.code, "TEMPLATE_NOT_FOUND");
}
