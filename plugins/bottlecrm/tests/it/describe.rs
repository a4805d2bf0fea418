//! `crm_describe`: three kinds of fields, real values, own fields, working filters, one fetch.

use std::time::Duration;

use portcullis_sdk::testing::get;
use serde_json::{Value, json};

use crate::fixtures::{crm, extras, no_extras, page, schema};

fn names(value: &Value) -> Vec<&str> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).collect()
}

#[test]
fn readable_creatable_and_updatable_fields_are_told_apart() {
    let crm = crm().expect(schema()).expect(extras("Lead", true));
    let lead = crm
        .invoke("crm_describe", json!({"entity": "leads"}))
        .unwrap();
    assert!(
        names(&lead["readable"]).contains(&"score"),
        "from the schema"
    );
    assert!(!names(&lead["creatable"]).contains(&"score"), "read-only");
    assert!(names(&lead["creatable"]).contains(&"region"));
    assert!(names(&lead["updatable"]).contains(&"region"));
    for list in ["readable", "creatable", "updatable"] {
        for upload in ["comment", "lead_comments"] {
            assert!(!names(&lead[list]).contains(&upload), "{list} {upload}");
        }
    }
    assert!(names(&lead["readable"]).contains(&"created_at"));
    assert!(!names(&lead["updatable"]).contains(&"created_at"));
    assert_eq!(lead["required"], json!([]));
}

#[test]
fn values_come_from_the_crm_even_where_a_choice_may_be_empty() {
    let crm = crm().expect(schema()).expect(extras("Lead", false));
    let lead = crm
        .invoke("crm_describe", json!({"entity": "leads"}))
        .unwrap();
    assert_eq!(
        lead["fields"]["source"]["values"],
        json!(["call", "email", "chat"])
    );
    assert_eq!(
        lead["fields"]["rating"]["values"],
        json!(["HOT", "WARM", "COLD"])
    );
    assert_eq!(
        lead["custom_fields"][0],
        json!({"key": "tier", "label": "Tier", "type": "dropdown", "required": false, "values": ["gold", "silver"]})
    );
    assert!(lead["filters"].get("cf_tier").is_some());
}

#[test]
fn the_schema_is_fetched_once_for_all_entities() {
    let crm = crm()
        .expect(schema())
        .expect(no_extras("Lead"))
        .expect(no_extras("Task"))
        .expect(no_extras("Invoice"));
    for entity in ["leads", "tasks", "invoices", "leads", "products"] {
        let found = crm
            .invoke("crm_describe", json!({"entity": entity}))
            .unwrap();
        assert!(found.to_string().len() < 10_000, "{entity}");
    }
    let mut times = crm.requests();
    times.retain(|request| request.path == ["schema"]);
    assert_eq!(times.len(), 1);
    crm.advance(Duration::from_secs(3_700));
    crm.also_expect(schema());
    crm.also_expect(no_extras("Lead"));
    crm.invoke("crm_describe", json!({"entity": "leads"}))
        .unwrap();
}

#[test]
fn a_call_reads_what_is_kept_of_its_own_entity() {
    let crm = crm().expect(schema()).expect(no_extras("Lead"));
    crm.invoke("crm_describe", json!({"entity": "leads"}))
        .unwrap();
    let kept = crm.kept("schema.leads").expect("kept by itself");
    assert!(kept.contains("region") && !kept.contains("client_email"));
    assert!(kept.len() < 1_000, "{kept}");
    assert_eq!(crm.kept("schema.tasks").as_deref(), Some("{}"));
    assert_eq!(crm.kept("schema"), None, "nothing is kept whole");
}

#[test]
fn a_token_that_may_not_read_the_schema_still_gets_the_tables() {
    let refused = get("schema").reply(
        403,
        json!({"detail": "This token is not scoped for read access to schema."}),
    );
    for answer in [refused, page(get("schema"), 404)] {
        let crm = crm().expect(answer).expect(get("api/custom-fields").reply(
            403,
            json!({"detail": "This token is not scoped for read access to custom-fields."}),
        ));
        let found = crm
            .invoke("crm_describe", json!({"entity": "cases"}))
            .unwrap();
        assert_eq!(found["required"], json!(["name", "status", "priority"]));
        assert_eq!(
            names(&found["notes"])
                .iter()
                .filter(|note| note.contains("token"))
                .count(),
            2
        );
        assert_eq!(found["fields"]["status"]["values"][0], "New");
    }
}

#[test]
fn what_can_only_be_set_once_or_never_is_told() {
    let crm = crm()
        .expect(schema())
        .expect(no_extras("Case"))
        .expect(no_extras("Invoice"));
    let case = crm
        .invoke("crm_describe", json!({"entity": "cases"}))
        .unwrap();
    assert!(names(&case["creatable"]).contains(&"account"));
    assert!(!names(&case["updatable"]).contains(&"account"));
    assert!(names(&case["actions"]).contains(&"merge"));
    let invoice = crm
        .invoke("crm_describe", json!({"entity": "invoices"}))
        .unwrap();
    assert_eq!(
        invoice["required"],
        json!(["invoice_title", "account_id", "contact_id"])
    );
    assert!(!names(&invoice["creatable"]).contains(&"status"));
    assert!(
        invoice["fields"]["status"]["note"]
            .as_str()
            .unwrap()
            .contains("mark_paid")
    );
    assert!(
        names(&invoice["notes"])
            .iter()
            .any(|note| note.contains("cancel"))
    );
}

#[test]
fn lists_that_are_only_read_need_no_request() {
    for entity in [
        "people",
        "teams",
        "today",
        "activities",
        "approvals",
        "everything",
    ] {
        let found = crm()
            .invoke("crm_describe", json!({"entity": entity}))
            .unwrap();
        assert_eq!(found["creatable"], json!([]), "{entity}");
        assert!(!names(&found["readable"]).is_empty(), "{entity}");
    }
}
