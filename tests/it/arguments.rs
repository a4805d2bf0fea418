//! Arguments that break a tool's input schema: refused by the host, in the host's words, before the
//! guest runs and before the CRM hears of it.

use serde_json::{Value, json};

use crate::support::{Crm, TestHost, list, text};

#[tokio::test]
async fn bad_arguments_are_refused_with_the_place_and_the_reason() {
    let crm = Crm::start().await;
    let host = TestHost::over(&crm).await;
    let record = |more: Value| with(json!({"entityType": "Account", "id": "abc"}), more);
    let search = |more: Value| with(json!({"entityType": "Account"}), more);
    for (tool, arguments, at, words) in [
        ("crm_get", json!({}), "", "entityType"),
        ("crm_get", json!({"entityType": "Account"}), "", "id"),
        ("crm_get", record(json!({"bogus": 1})), "", "bogus"),
        (
            "crm_get",
            record(json!({"entityType": 5})),
            "/entityType",
            "string",
        ),
        (
            "crm_get",
            record(json!({"entityType": null})),
            "/entityType",
            "string",
        ),
        ("crm_get", record(json!({"id": "a/b"})), "/id", "match"),
        ("crm_get", record(json!({"id": ".."})), "/id", "match"),
        ("crm_get", record(json!({"id": ""})), "/id", ""),
        ("crm_get", record(json!({"id": "x".repeat(37)})), "/id", ""),
        (
            "crm_get",
            record(json!({"entityType": "Account/../User"})),
            "/entityType",
            "",
        ),
        ("crm_get", record(json!({"select": []})), "/select", ""),
        (
            "crm_get",
            record(json!({"select": "name"})),
            "/select",
            "array",
        ),
        (
            "crm_search",
            search(json!({"limit": 0})),
            "/limit",
            "minimum of 1",
        ),
        (
            "crm_search",
            search(json!({"limit": -1})),
            "/limit",
            "minimum",
        ),
        (
            "crm_search",
            search(json!({"limit": 201})),
            "/limit",
            "maximum of 200",
        ),
        (
            "crm_search",
            search(json!({"limit": 1.5})),
            "/limit",
            "integer",
        ),
        (
            "crm_search",
            search(json!({"limit": "ten"})),
            "/limit",
            "integer",
        ),
        (
            "crm_search",
            search(json!({"order": "sideways"})),
            "/order",
            "",
        ),
        (
            "crm_create",
            json!({"entityType": "Lead", "data": []}),
            "/data",
            "object",
        ),
        (
            "crm_delete",
            record(json!({"confirm": "yes"})),
            "/confirm",
            "true or false",
        ),
        (
            "crm_delete",
            record(json!({"confirmation_token": 1})),
            "/confirmation_token",
            "text",
        ),
    ] {
        let error = host
            .call(tool, arguments.clone())
            .await
            .expect_err("refused")["error"]
            .clone();
        assert_eq!(
            error["code"], "INVALID_ARGUMENT",
            "{tool} {arguments}: {error}"
        );
        assert_eq!(error["kind"], "bad-input", "{tool} {arguments}: {error}");
        assert_eq!(error["outcome"], "not-done", "{tool} {arguments}: {error}");
        assert!(
            list(&error["fields"]).contains(&json!(at)),
            "{tool} {arguments}: {error}"
        );
        assert!(
            text(&error, "/message").contains(words),
            "{tool} {arguments}: {error}"
        );
    }
    assert!(crm.memory.requests().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn arguments_that_are_too_large_or_too_deep_are_refused_by_the_name_of_the_limit() {
    let crm = Crm::start().await;
    let host = TestHost::over(&crm).await;
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    let large = "x".repeat(5 << 20);
    for (value, words) in [
        (deep, "nest deeper than"),
        (json!(large), "server.limits.request_bytes"),
    ] {
        let arguments = json!({"entityType": "Lead", "data": {"description": value}});
        let error = host
            .call("crm_create", arguments)
            .await
            .expect_err("refused")["error"]
            .clone();
        assert_eq!(error["code"], "INVALID_ARGUMENT", "{error}");
        assert!(text(&error, "/message").contains(words), "{error}");
        assert!(
            error.to_string().len() < 2000,
            "the error does not repeat what was sent"
        );
    }
    assert!(crm.memory.requests().is_empty(), "nothing was sent");
}

fn with(mut base: Value, more: Value) -> Value {
    for (key, value) in crate::support::object(more) {
        base[key] = value;
    }
    base
}
