//! Finding and reading records.

use portcullis_postgres_tests::{Caller, Project};
use serde_json::{Value, json};

use crate::crm::{column, crm};

#[test]
fn words_are_found_in_every_entity() {
    let project = Project::start().unwrap();
    let crm = crm(&project, Caller::Rep);
    let all = json!([
        "contacts",
        "companies",
        "deals",
        "tasks",
        "contact_notes",
        "deal_notes",
        "tags",
        "sales"
    ]);
    for (text, entity, ids) in [
        ("jane DOE", "contacts", json!([1])),
        ("@acme.example", "contacts", json!([1])),
        ("555 0100", "contacts", json!([1])),
        ("globex smith", "contacts", json!([2, 3])),
        ("acme.example", "companies", json!([1])),
        ("pilot", "deals", json!([2])),
        ("call", "tasks", json!([1])),
        ("fair", "contact_notes", json!([1])),
        ("quote", "deal_notes", json!([1])),
        ("vip", "tags", json!([1])),
        ("rob@", "sales", json!([2])),
        (r#"a,b)"c\d."#, "companies", json!([])),
        ("100%", "deals", json!([])),
        ("_", "tags", json!([])),
    ] {
        let found = crm.call("search", json!({"text": text, "entities": all}));
        let hits = found["results"].as_array().unwrap();
        let hits = hits.iter().find(|hits| hits["entity"] == entity).unwrap();
        assert_eq!(sorted(&hits["records"]), ids, "{text} in {entity}");
        assert_eq!(hits["total"], ids.as_array().unwrap().len(), "{text}");
    }
    let usual = crm.call("search", json!({"text": "globex", "limit": 1}));
    assert_eq!(column(&usual["results"], "total"), json!([2, 1, 1]));
    assert!(
        usual["results"][0]["truncated"]
            .as_str()
            .unwrap()
            .starts_with("1 of 2")
    );
}

fn sorted(records: &Value) -> Value {
    let mut ids: Vec<u64> = serde_json::from_value(column(records, "id")).unwrap();
    ids.sort_unstable();
    json!(ids)
}

#[test]
fn every_entity_is_listed_and_read() {
    let project = Project::start().unwrap();
    let crm = crm(&project, Caller::Rep);
    for (entity, total) in [
        ("contacts", 3),
        ("companies", 3),
        ("deals", 2),
        ("tasks", 2),
        ("contact_notes", 1),
        ("deal_notes", 1),
        ("tags", 2),
        ("sales", 2),
    ] {
        let page = crm.call("list_records", json!({"entity": entity}));
        assert_eq!(
            (&page["total"], &page["has_more"]),
            (&json!(total), &json!(false)),
            "{entity}"
        );
        let first = crm.record(entity, 1);
        assert_eq!(first["id"], 1, "{entity}");
    }
    assert_eq!(crm.record("contacts", 1)["tag_names"], json!(["vip"]));
    assert_eq!(crm.record("contacts", 1)["company_name"], "Acme Industries");
    assert_eq!(crm.record("contacts", 1)["nb_tasks"], 1);
    assert_eq!(crm.record("companies", 2)["nb_contacts"], 2);
    let deal = crm.record("deals", 2);
    assert_eq!(deal["amount"].to_string(), "9007199254740993");
    assert_eq!(
        column(&deal["contacts"], "first_name"),
        json!(["John", "Johnny"])
    );
    assert_eq!(deal["companies"]["name"], "Globex");
    assert_eq!(crm.record("tasks", 1)["contacts"]["last_name"], "Doe");
    assert_eq!(crm.record("contact_notes", 1)["contacts"]["id"], 1);
    assert_eq!(crm.record("deal_notes", 1)["deals"]["name"], "Acme rollout");
}

#[test]
fn filters_of_every_kind_mean_what_they_say() {
    let project = Project::start().unwrap();
    let crm = crm(&project, Caller::Rep);
    for (entity, filters, ids) in [
        ("contacts", json!({"last_name": "Smith"}), json!([2, 3])),
        (
            "contacts",
            json!({"last_name": {"ne": "Smith"}}),
            json!([1]),
        ),
        (
            "contacts",
            json!({"status": ["warm", "hot"]}),
            json!([1, 3]),
        ),
        (
            "contacts",
            json!({"status": {"in": ["Cold"]}, "last_name": {"in": ["Smith", "a,\"b)"]}}),
            json!([2]),
        ),
        ("contacts", json!({"tags": 2}), json!([3])),
        ("contacts", json!({"tags": [1, 2]}), json!([3])),
        ("contacts", json!({"email": "GLOBEX"}), json!([2, 3])),
        ("contacts", json!({"phone": "0100"}), json!([1])),
        (
            "contacts",
            json!({"company_name": {"starts_with": "Acme"}}),
            json!([1]),
        ),
        (
            "contacts",
            json!({"company_name": {"starts_with": "cme"}}),
            json!([]),
        ),
        ("contacts", json!({"title": null}), json!([3])),
        (
            "contacts",
            json!({"title": {"is_null": false}, "company_id": 2}),
            json!([2]),
        ),
        ("contacts", json!({"nb_tasks": {"gte": 1}}), json!([1, 2])),
        ("companies", json!({"size": {"gt": 50}}), json!([1])),
        ("companies", json!({"size": {"lte": 50}}), json!([2])),
        (
            "companies",
            json!({"website": {"contains": "ACME"}}),
            json!([1]),
        ),
        ("companies", json!({"nb_deals": 0}), json!([3])),
        ("companies", json!({"name": "x&select=*"}), json!([])),
        (
            "deals",
            json!({"amount": 9_007_199_254_740_993_u64}),
            json!([2]),
        ),
        (
            "deals",
            json!({"amount": {"gte": 1, "lt": 12501}}),
            json!([1]),
        ),
        ("deals", json!({"contact_ids": 3}), json!([2])),
        (
            "deals",
            json!({"expected_closing_date": {"gt": "2020-01-01"}, "stage": "Won"}),
            json!([2]),
        ),
        (
            "deals",
            json!({"created_at": {"gte": "2020-01-01T00:00:00.123456+00:00"}, "company_id": {"in": [1]}, "index": {"gte": -1}}),
            json!([1]),
        ),
        (
            "tasks",
            json!({"done_date": null, "type": "call"}),
            json!([1]),
        ),
        (
            "tasks",
            json!({"due_date": {"lt": "2020-01-01T00:00:00Z"}}),
            json!([]),
        ),
        ("contact_notes", json!({"contact_id": 1}), json!([1])),
        ("deal_notes", json!({"deal_id": {"in": [1, 2]}}), json!([1])),
        ("tags", json!({"name": {"contains": "v"}}), json!([1])),
        ("sales", json!({"administrator": true}), json!([1])),
    ] {
        let found = crm.list(entity, filters.clone());
        assert_eq!(sorted(&found), ids, "{entity} {filters}");
    }
}

#[test]
fn pages_and_orders_follow_one_another() {
    let project = Project::start().unwrap();
    let crm = crm(&project, Caller::Rep);
    let page = |offset: u64| {
        crm.call(
            "list_records",
            json!({"entity": "contacts", "order": "-first_name", "fields": ["first_name"], "limit": 2, "offset": offset}),
        )
    };
    let first = page(0);
    assert_eq!(
        first["records"],
        json!([{"id": 3, "first_name": "Johnny"}, {"id": 2, "first_name": "John"}])
    );
    assert_eq!(
        (&first["total"], &first["next_offset"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(column(&page(2)["records"], "id"), json!([1]));
    let beyond = page(7);
    assert_eq!(
        (&beyond["records"], &beyond["total"]),
        (&json!([]), &json!(3))
    );
    let own = crm.call("list_records", json!({"entity": "companies", "mine": true}));
    assert_eq!(column(&own["records"], "id"), json!([2, 3]));
}

#[test]
fn a_column_that_the_operator_added_is_filtered_ordered_and_shown() {
    let project = Project::start_with(
        "alter table contacts add column rating integer; update contacts set rating = 10 - id; notify pgrst, 'reload schema';",
    )
    .unwrap();
    let crm = crm(&project, Caller::Rep);
    let found = crm.call(
        "list_records",
        json!({"entity": "contacts", "filters": {"rating": {"lte": 8}}, "order": "rating", "fields": ["rating", "first_name"]}),
    );
    assert_eq!(column(&found["records"], "rating"), json!([7, 8]));
}
