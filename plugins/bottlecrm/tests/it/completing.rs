//! Names of entities while the user types the address of a schema or a record.

use portcullis_sdk::Suggestions;
use portcullis_sdk::testing::Harness;
use serde_json::json;

use crate::fixtures::crm;

fn entities(crm: &Harness, resource: &str, typed: &str) -> Suggestions {
    crm.complete(resource, "entity", json!({"entity": typed}))
        .expect("the names are offered")
}

#[test]
fn the_entities_are_offered_without_a_request() {
    let all = entities(&crm(), "schema", "");
    let total = u32::try_from(all.values.len()).ok();
    assert_eq!((all.total, all.has_more), (total, false));
    for name in ["leads", "invoices", "today"] {
        assert!(all.values.iter().any(|value| value == name), "{name}");
    }
    let found = entities(&crm(), "schema", "TA");
    assert_eq!(found.values, ["tasks", "tags"]);
    assert_eq!((found.total, found.has_more), (Some(2), false));
}

#[test]
fn what_has_no_record_to_read_is_offered_for_its_schema_alone() {
    assert_eq!(entities(&crm(), "schema", "to").values, ["today"]);
    assert!(entities(&crm(), "record", "to").values.is_empty());
    assert_eq!(entities(&crm(), "record", "le").values, ["leads"]);
}

#[test]
fn what_the_operator_closed_is_not_offered() {
    let crm = crm().setting("entities_deny", json!(["Leads"]));
    assert!(entities(&crm, "schema", "le").values.is_empty());
    assert!(entities(&crm, "record", "le").values.is_empty());
}

#[test]
fn ids_are_left_to_the_searching_tools() {
    let offered = crm().complete("record", "id", json!({"entity": "leads", "id": "1"}));
    assert_eq!(offered, Ok(Suggestions::default()));
}
