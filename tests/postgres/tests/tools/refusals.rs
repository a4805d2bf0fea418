//! What the database refuses, in words: the column, the value, the state.

use portcullis_postgres_tests::{Caller, Project};
use portcullis_sdk::Outcome;
use serde_json::json;

use crate::crm::crm;

#[test]
fn refusals_name_the_column_the_value_and_the_state() {
    let project = Project::start_with(
        "alter table tags add constraint one_name unique (name); alter table companies add constraint founded check (revenue <> 'none');
         alter table companies add column code char(2); alter table companies add column founded integer",
    )
    .unwrap();
    let crm = crm(&project, Caller::Rep);
    for (entity, data, code, field, words) in [
        (
            "contact_notes",
            json!({"contact_id": 999, "text": "x"}),
            "RECORD_NOT_FOUND",
            "/data/contact_id",
            "contact 999",
        ),
        (
            "deal_notes",
            json!({"deal_id": 999, "text": "x"}),
            "INVALID_LINK",
            "/data/deal_id",
            "deal_id names a row of deals that does not exist (23503)",
        ),
        (
            "contacts",
            json!({"last_name": "x", "company_id": 999}),
            "INVALID_LINK",
            "/data/company_id",
            "(23503)",
        ),
        (
            "deals",
            json!({"name": "x", "stage": "won", "contact_ids": [1, 999]}),
            "INVALID_LINK",
            "/data/contact_ids",
            "999",
        ),
        (
            "tags",
            json!({"name": "vip"}),
            "DUPLICATE_DETECTED",
            "",
            "(23505)",
        ),
        (
            "companies",
            json!({"name": "x", "revenue": "none"}),
            "INVALID_FIELD_VALUE",
            "/data",
            "a value breaks a rule of the table (23514)",
        ),
        (
            "companies",
            json!({"name": "x", "code": "DEU"}),
            "INVALID_FIELD_VALUE",
            "/data",
            "a text is too long for its column (22001)",
        ),
        (
            "companies",
            json!({"name": "x", "founded": "soon"}),
            "INVALID_FIELD_VALUE",
            "/data",
            "a value is not of the column's type (22P02)",
        ),
        (
            "companies",
            json!({"name": "x", "founded": 99_999_999_999_u64}),
            "INVALID_FIELD_VALUE",
            "/data",
            "a number is out of the column's range (22003)",
        ),
        (
            "companies",
            json!({"name": "x", "adress": "y"}),
            "INVALID_FIELD",
            "/data/adress",
            "there is no column adress (PGRST204); known are id, name",
        ),
    ] {
        let failure = crm.fails("create_record", json!({"entity": entity, "data": data}));
        assert_eq!(
            (&*failure.code, failure.outcome),
            (code, Some(Outcome::NotDone)),
            "{data}: {failure:?}"
        );
        assert!(
            failure.message.contains(words),
            "{data}: {}",
            failure.message
        );
        assert_eq!(
            failure.fields.first().map_or("", String::as_str),
            field,
            "{data}: {failure:?}"
        );
    }
    let failure = crm.fails(
        "list_records",
        json!({"entity": "companies", "filters": {"founded": {"gt": "soon"}, "name": "Acme"}}),
    );
    assert!(failure.message.contains("22P02"), "{failure:?}");
    assert_eq!(failure.fields, ["/filters/founded"]);
    let failure = crm.fails(
        "list_records",
        json!({"entity": "deals", "filters": {"amount": {"gt": "much"}}}),
    );
    assert_eq!(failure.fields, ["/filters/amount/gt"]);
    let failure = crm.fails(
        "list_records",
        json!({"entity": "deals", "filters": {"stag": "won"}}),
    );
    assert!(
        failure.message.contains("there is no column stag"),
        "{failure:?}"
    );
    assert!(
        failure.suggestion.as_ref().unwrap().contains("stage"),
        "{failure:?}"
    );
}

#[test]
fn a_token_that_does_not_count_is_told_so() {
    let project = Project::start().unwrap();
    for caller in [Caller::Expired, Caller::Forged] {
        let failure = crm(&project, caller).fails("list_records", json!({"entity": "tags"}));
        assert_eq!(&*failure.code, "AUTH_FAILED", "{caller:?} {failure:?}");
        assert_eq!(failure.outcome, Some(Outcome::NotDone));
    }
    let crm = crm(&project, Caller::Rep);
    let before = crm.sent();
    let failure = crm.fails(
        "list_records",
        json!({"entity": "tags", "filters": {"select": "x"}}),
    );
    assert_eq!((&*failure.code, crm.sent()), ("INVALID_FIELD", before));
}
