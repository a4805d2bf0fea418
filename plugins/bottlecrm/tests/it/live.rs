//! The self-test: what it tells an operator.

use portcullis_sdk::testing::{Harness, get};
use serde_json::{Value, json};

use crate::fixtures::{crm, page, profile, schema};

fn lists(mut crm: Harness, closed: &str) -> Harness {
    for name in ["leads", "contacts", "tasks", "cases", "invoices", "tags"] {
        let list = get(&format!("api/{name}"));
        crm = crm.expect(if name == closed {
            list.reply(
                403,
                json!({"detail": format!("This token is not scoped for read access to {name}.")}),
            )
        } else {
            list.reply(200, json!({}))
        });
    }
    crm
}

fn levels(found: &Value) -> Vec<(&str, &str)> {
    let findings = found["findings"].as_array().map(Vec::as_slice);
    findings
        .unwrap_or_default()
        .iter()
        .filter_map(|finding| Some((finding["subject"].as_str()?, finding["level"].as_str()?)))
        .collect()
}

fn known() -> Harness {
    crm()
        .expect(get("api/profile").reply(200, json!({"user_obj": profile(1)})))
        .expect(get("api/org/settings").reply(
            200,
            json!({"name": "Example Organisation", "default_currency": "EUR", "timezone": "UTC"}),
        ))
}

#[test]
fn all_is_well() {
    let crm = lists(known(), "").expect(schema());
    let found = crm.invoke("live_check", json!({})).unwrap();
    assert_eq!(
        levels(&found),
        [
            ("address", "ok"),
            ("token", "ok"),
            ("role", "ok"),
            ("organisation", "ok"),
            ("scopes", "ok"),
            ("schema", "ok")
        ]
    );
    assert!(
        found
            .to_string()
            .contains("Example Organisation, currency EUR")
    );
    assert!(
        !found.to_string().contains("member1@"),
        "no person in a finding"
    );
}

#[test]
fn a_narrow_token_is_told() {
    let refused = get("schema").reply(
        403,
        json!({"detail": "This token is not scoped for read access to schema."}),
    );
    let crm = lists(known(), "invoices").expect(refused);
    let found = crm.invoke("live_check", json!({})).unwrap();
    assert_eq!(
        levels(&found)[4..],
        [("scopes", "warn"), ("schema", "warn")]
    );
    assert!(found.to_string().contains("invoices:read"));
}

#[test]
fn a_bad_token_and_a_wrong_address_are_told_apart() {
    let refused = get("api/profile").reply(
        403,
        json!({"detail": "Organization context is required. Please login again."}),
    );
    let found = crm()
        .expect(refused)
        .invoke("live_check", json!({}))
        .unwrap();
    assert_eq!(levels(&found), [("address", "ok"), ("token", "error")]);
    let found = crm()
        .expect(page(get("api/profile"), 404))
        .invoke("live_check", json!({}))
        .unwrap();
    assert_eq!(levels(&found), [("address", "error")]);
    for (exchange, subject) in [
        (get("api/profile").reply_bytes(301, "", ""), "redirect"),
        (page(get("api/profile"), 403), "proxy"),
        (get("api/profile").reply_bytes(500, "", ""), "fault"),
        (
            get("api/profile")
                .reply_bytes(503, "", "")
                .with("retry-after", "300"),
            "maintenance",
        ),
    ] {
        let found = crm()
            .expect(exchange)
            .invoke("live_check", json!({}))
            .unwrap();
        assert_eq!(levels(&found), [(subject, "error")]);
    }
}
