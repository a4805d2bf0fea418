//! Names of entities while the user types the address of a schema or a record.

use portcullis_sdk::Suggestions;
use portcullis_sdk::testing::Harness;
use serde_json::json;

use crate::fixtures::{crm, modules, v4};

fn entities(crm: &Harness, resource: &str, typed: &str) -> Suggestions {
    crm.complete(resource, "entity", json!({"entity": typed}))
        .expect("the names are offered")
}

#[test]
fn the_modules_that_this_user_sees_are_offered_and_kept() {
    let crm = crm().expect(modules());
    let all = entities(&crm, "schema", "");
    assert_eq!((all.values.len(), all.total), (10, Some(10)));
    assert!(!all.has_more);
    let found = entities(&crm, "record", "ca");
    assert_eq!(
        (found.values, found.total),
        (vec!["Calls".into(), "Cases".into()], Some(2))
    );
    assert!(entities(&crm, "record", "ounts").values.is_empty());
}

#[test]
fn what_the_role_hides_is_offered_for_its_schema_alone() {
    let crm = crm().expect(modules());
    assert_eq!(entities(&crm, "schema", "ho").values, ["Home"]);
    assert!(entities(&crm, "record", "ho").values.is_empty());
}

#[test]
fn closed_modules_and_those_left_out_are_not_offered() {
    let seen = ["Audit", "Accounts", "AOS_Quotes"].map(|key| {
        json!({"module_key": key,
        "module_label": key, "acls": [{"action": "view", "access": true}]})
    });
    let asked = v4("get_available_modules", json!(["all"]));
    let crm = crm()
        .setting("modules_deny", json!(["AOS_Quotes"]))
        .expect(asked.reply(200, json!({"modules": seen})));
    for resource in ["schema", "record"] {
        assert_eq!(entities(&crm, resource, "a").values, ["Accounts"]);
    }
}

#[test]
fn ids_are_left_to_the_searching_tools() {
    let offered = crm().complete("record", "id", json!({"entity": "Accounts", "id": "1"}));
    assert_eq!(offered, Ok(Suggestions::default()));
}
