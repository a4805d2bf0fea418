//! What the CRM's refusals become: one form, no page, and the token's own trouble by its name.

use portcullis_sdk::{Kind, Outcome, testing::get};
use serde_json::{Value, json};

use crate::fixtures::{ID, crm, failed, page};

#[test]
fn a_token_that_the_crm_does_not_know() {
    let crm = crm().expect(get("api/contacts").reply(
        403,
        json!({"detail": "Organization context is required. Please login again."}),
    ));
    let failure = failed(crm.invoke("crm_search", json!({"entity": "contacts"})));
    assert_eq!(
        (failure.kind, &*failure.code),
        (Kind::AuthNeeded, "AUTH_FAILED")
    );
    for word in ["missing", "invalid", "expired", "revoked"] {
        assert!(failure.message.contains(word), "{}", failure.message);
    }
}

#[test]
fn every_shape_makes_one_form() {
    for (status, body, kind, code, word) in [
        (
            403,
            json!({"detail": "This token is not scoped for read access to contacts."}),
            Kind::Forbidden,
            "TOKEN_SCOPE",
            "not scoped",
        ),
        (
            403,
            json!({"detail": "You do not have Permission to perform this action"}),
            Kind::Forbidden,
            "PERMISSION_DENIED",
            "Permission",
        ),
        (
            403,
            json!({"error": true, "errors": "Permission Denied"}),
            Kind::Forbidden,
            "PERMISSION_DENIED",
            "Permission Denied",
        ),
        (
            403,
            json!({"error": true, "message": "Permission denied"}),
            Kind::Forbidden,
            "PERMISSION_DENIED",
            "Permission denied",
        ),
        (
            403,
            json!({"error": "Only admins"}),
            Kind::Forbidden,
            "PERMISSION_DENIED",
            "Only admins",
        ),
        (
            404,
            json!({"detail": "No Contact matches the given query."}),
            Kind::NotFound,
            "RECORD_NOT_FOUND",
            ID,
        ),
        (
            404,
            json!({"error": true, "message": "Invoice not found"}),
            Kind::NotFound,
            "RECORD_NOT_FOUND",
            ID,
        ),
        (
            404,
            json!({"error": true, "errors": "Opportunity not found."}),
            Kind::NotFound,
            "RECORD_NOT_FOUND",
            ID,
        ),
        (
            401,
            json!({"detail": "x", "code": "token_not_valid"}),
            Kind::AuthNeeded,
            "AUTH_FAILED",
            "401",
        ),
        (
            405,
            json!({"detail": "Method \"GET\" not allowed."}),
            Kind::Unsupported,
            "UPSTREAM_ERROR",
            "no way",
        ),
        (429, json!({}), Kind::Throttled, "RATE_LIMITED", "many"),
    ] {
        let crm = crm().expect(
            get(&format!("api/contacts/{ID}"))
                .reply(status, body.clone())
                .times(if status == 429 { 3 } else { 1 }),
        );
        let failure = failed(crm.invoke("crm_get", json!({"entity": "contacts", "id": ID})));
        assert_eq!((failure.kind, &*failure.code), (kind, code), "{body}");
        assert!(failure.message.contains(word), "{}", failure.message);
        assert_eq!(failure.outcome, Some(Outcome::NotDone), "{body}");
    }
}

#[test]
fn bad_filters_point_at_themselves() {
    let crm = crm().expect(get("api/contacts").reply(
        400,
        json!({"created_at__gte": ["'x' is not a valid date. Use YYYY-MM-DD."]}),
    ));
    let failure = failed(crm.invoke(
        "crm_search",
        json!({"entity": "contacts", "filters": {"created_at__gte": "2026-11-20"}}),
    ));
    assert_eq!(failure.fields, ["/filters/created_at__gte"]);
}

#[test]
fn no_page_is_passed_on() {
    for (status, kind) in [
        (500, Kind::UpstreamFault),
        (404, Kind::Unsupported),
        (200, Kind::UpstreamFault),
    ] {
        let crm = crm().expect(page(get(&format!("api/contacts/{ID}")), status));
        let failure = failed(crm.invoke("crm_get", json!({"entity": "contacts", "id": ID})));
        assert_eq!(failure.kind, kind, "{status}");
        let text = serde_json::to_string(&failure).unwrap();
        assert!(!text.contains("doctype") && !text.contains("<"), "{text}");
    }
}

#[test]
fn a_redirect_is_the_operators_business() {
    let crm = crm().expect(get("api/contacts").reply_bytes(301, "", ""));
    let failure = failed(crm.invoke("crm_search", json!({"entity": "contacts"})));
    assert!(failure.suggestion.as_deref().unwrap().contains("url"));
}

#[test]
fn an_answer_of_another_shape_is_no_empty_list() {
    for body in [json!([1, 2]), json!("text"), Value::Null] {
        let crm = crm().expect(get("api/contacts").reply(200, body.clone()));
        let result = crm.invoke("crm_search", json!({"entity": "contacts"}));
        assert_eq!(failed(result).kind, Kind::UpstreamFault, "{body}");
    }
    let crm =
        crm().expect(get("api/contacts").reply_bytes(200, "application/json", "{\"results\": ["));
    assert_eq!(
        failed(crm.invoke("crm_search", json!({"entity": "contacts"}))).kind,
        Kind::UpstreamFault
    );
}

#[test]
fn the_operator_can_close_entities() {
    for (key, list) in [
        ("entities_deny", json!(["Invoices"])),
        ("entities_allow", json!(["leads"])),
    ] {
        for (tool, arguments) in [
            ("crm_search", json!({"entity": "invoices"})),
            ("crm_get", json!({"entity": "invoices", "id": ID})),
            (
                "crm_create",
                json!({"entity": "invoices", "data": {"notes": "n"}}),
            ),
            (
                "crm_update",
                json!({"entity": "invoices", "id": ID, "data": {"notes": "n"}}),
            ),
            ("crm_delete", json!({"entity": "invoices", "id": ID})),
            ("crm_describe", json!({"entity": "invoices"})),
            (
                "crm_action",
                json!({"entity": "invoices", "id": ID, "action": "duplicate"}),
            ),
        ] {
            let crm = crm().setting(key, list.clone());
            assert_eq!(
                failed(crm.invoke(tool, arguments)).kind,
                Kind::Forbidden,
                "{tool}"
            );
        }
    }
}
