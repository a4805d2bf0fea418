//! Names of entities while the user types the address of a schema or a record.

use portcullis_sdk::testing::{self, Harness};
use portcullis_sdk::{Kind, Suggestions};
use serde_json::{Map, Value, json};

use crate::fixtures::{crm, refuse, scopes};

fn entities(crm: &Harness, resource: &str, typed: &str) -> Suggestions {
    crm.complete(resource, "entity", json!({"entity": typed}))
        .expect("the names are offered")
}

#[test]
fn the_types_that_are_listed_are_offered_and_kept() {
    let crm = crm().expect(scopes());
    let all = entities(&crm, "schema", "");
    let names = [
        "Account",
        "CGarden",
        "Contact",
        "Email",
        "Lead",
        "Meeting",
        "Opportunity",
        "Task",
        "User",
    ];
    assert_eq!(all.values, names);
    assert_eq!((all.total, all.has_more), (Some(9), false));
    for typed in ["c", "C", " cO"] {
        let found = entities(&crm, "record", typed);
        assert!(found.values.contains(&"Contact".to_owned()), "{typed}");
        assert!(!found.values.contains(&"Account".to_owned()), "{typed}");
    }
    let none = entities(&crm, "record", "sett");
    assert_eq!((none.values.len(), none.total), (0, Some(0)));
}

#[test]
fn what_the_operator_leaves_out_is_not_offered() {
    let crm = crm()
        .setting("entities_deny", json!(["Contact"]))
        .expect(scopes());
    assert_eq!(entities(&crm, "schema", "c").values, ["CGarden"]);
}

#[test]
fn more_than_a_hundred_are_cut_and_counted() {
    let custom = json!({"entity": true, "object": true, "isCustom": true});
    let many: Map<String, Value> = (0..120)
        .map(|number| (format!("CThing{number:03}"), custom.clone()))
        .collect();
    let asked = testing::get("Metadata").query("key", "scopes");
    let crm = crm().expect(asked.reply(200, Value::Object(many)));
    let found = entities(&crm, "schema", "cthing");
    assert_eq!((found.values.len(), found.total), (100, Some(120)));
    assert!(found.has_more);
}

#[test]
fn a_refusal_is_no_empty_list() {
    let asked = testing::get("Metadata").query("key", "scopes");
    let crm = crm().expect(refuse(asked, 403, "No access"));
    let refused = crm.complete("schema", "entity", json!({"entity": "a"}));
    assert_eq!(refused.unwrap_err().kind, Kind::Forbidden);
}

#[test]
fn ids_are_left_to_the_searching_tools() {
    let offered = crm().complete("record", "id", json!({"entity": "Account", "id": "5a"}));
    assert_eq!(offered, Ok(Suggestions::default()));
}
