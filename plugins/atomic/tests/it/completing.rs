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
fn the_tables_are_offered_without_a_request() {
    for resource in ["schema", "record"] {
        let all = entities(&crm(), resource, "");
        let total = u32::try_from(all.values.len()).ok();
        assert_eq!((all.total, all.has_more), (total, false));
        for name in ["contacts", "companies", "deals", "tasks", "sales"] {
            assert!(all.values.iter().any(|value| value == name), "{name}");
        }
        let found = entities(&crm(), resource, "CO");
        assert_eq!(found.values, ["contacts", "companies", "contact_notes"]);
        assert_eq!((found.total, found.has_more), (Some(3), false));
        let held = entities(&crm(), resource, "notes");
        assert_eq!((held.values.len(), held.total), (0, Some(0)));
    }
}

#[test]
fn ids_are_left_to_the_searching_tools() {
    let offered = crm().complete("record", "id", json!({"entity": "deals", "id": "1"}));
    assert_eq!(offered, Ok(Suggestions::default()));
}
