//! Traps of refusals: one status, several causes.

use portcullis_sdk::{
    Kind, Outcome, Reason, Stage,
    testing::{get, post, put},
};
use serde_json::json;

use crate::fixtures::{ID, crm, defs, failed, refuse, scopes, validation};

fn account() -> serde_json::Value {
    json!({"entityType": "Account", "data": {"name": "North"}})
}

fn read() -> serde_json::Value {
    json!({"entityType": "Account", "id": ID})
}

#[test]
fn trap_20_a_duplicate_is_told_from_a_changed_record() {
    let found = json!([{"id": ID, "name": "North", "emailAddress": "info@north.example", "description": "long"}]);
    let harness = crm().expect(defs("Account")).expect(
        post("Account")
            .without_header("x-skip-duplicate-check")
            .reply(409, found)
            .with("x-status-reason", "duplicate"),
    );
    let failure = failed(harness.invoke("create", account()));
    assert_eq!(
        (&*failure.code, failure.kind, failure.outcome),
        ("DUPLICATE_DETECTED", Kind::Conflict, Some(Outcome::NotDone))
    );
    let url = format!("https://crm.example.com/#Account/view/{ID}");
    assert_eq!(
        failure.details,
        Some(
            json!({"duplicates": [{"id": ID, "name": "North", "emailAddress": "info@north.example", "url": url}]})
        )
    );

    let mut again = account();
    again["skipDuplicateCheck"] = true.into();
    let harness = crm().expect(defs("Account")).expect(
        post("Account")
            .header("x-skip-duplicate-check", "true")
            .body(json!({"name": "North"}))
            .reply(200, json!({"id": ID, "name": "North"})),
    );
    harness.invoke("create", again).unwrap();

    let modified = put(&format!("Account/{ID}"))
        .header("x-version-number", "3")
        .reply(
            409,
            json!({"values": {"name": "South"}, "versionNumber": 4}),
        )
        .with("x-status-reason", "modified");
    let harness = crm().expect(defs("Account")).expect(modified);
    let failure = failed(harness.invoke(
        "update",
        json!({"entityType": "Account", "id": ID, "data": {"name": "North"}, "expectedVersion": 3}),
    ));
    assert_eq!(failure.code, "VERSION_CONFLICT");
    assert_eq!(
        failure.details,
        Some(json!({"values": {"name": "South"}, "version_number": 4}))
    );
}

#[test]
fn trap_21_a_validation_failure_names_field_and_rule() {
    for (rule, code) in [
        ("required", "MISSING_REQUIRED_FIELD"),
        ("maxLength", "INVALID_FIELD_VALUE"),
        ("valid", "INVALID_FIELD_VALUE"),
    ] {
        let harness =
            crm()
                .expect(defs("Account"))
                .expect(validation(post("Account"), "website", rule));
        let failure = failed(harness.invoke("create", account()));
        assert_eq!(
            (&*failure.code, failure.fields.as_slice()),
            (code, ["/data/website".to_owned()].as_slice())
        );
        assert_eq!(
            failure.details,
            Some(json!({"field": "website", "rule": rule}))
        );
    }
}

#[test]
fn trap_22_a_foreign_record_that_is_missing_is_no_permission() {
    let missing = post("Contact")
        .reply(403, json!({"messageTranslation": {"label": "cannotRelateNonExisting", "scope": null, "data": {"foreignEntityType": "Account"}}}))
        .with("x-status-reason", "Can't relate with non-existing record. entity type: Contact, link: account.");
    let harness = crm().expect(defs("Contact")).expect(missing);
    let failure = failed(harness.invoke("create", json!({"entityType": "Contact", "data": {"lastName": "Stone", "accountId": "5a00000000000dead"}})));
    assert_eq!(
        (&*failure.code, failure.fields.as_slice()),
        (
            "RECORD_NOT_FOUND",
            ["/data/accountId".to_owned()].as_slice()
        )
    );
}

#[test]
fn trap_23_a_403_without_a_reason_may_be_a_lock_out() {
    let harness = crm().expect(get(&format!("Account/{ID}")).reply_bytes(403, "text/html", ""));
    let failure = failed(harness.invoke("get", read()));
    assert_eq!(
        (&*failure.code, failure.retryable, failure.retry_after_ms),
        ("LOCKED_OUT", true, Some(60_000))
    );
    // With its header, even an empty one, it is the role.
    for reason in ["", "No read access."] {
        let harness = crm().expect(refuse(get(&format!("Account/{ID}")), 403, reason));
        assert_eq!(
            failed(harness.invoke("get", read())).code,
            "PERMISSION_DENIED"
        );
    }
}

#[test]
fn trap_23_a_401_is_not_tried_again() {
    let harness = crm().expect(get(&format!("Account/{ID}")).reply_bytes(401, "text/html", ""));
    let failure = failed(harness.invoke("get", read()));
    assert_eq!(
        (&*failure.code, failure.kind, failure.retryable),
        ("AUTH_FAILED", Kind::AuthNeeded, false)
    );
}

#[test]
fn trap_24_a_404_has_several_causes() {
    let path = format!("Account/{ID}");
    let not_found = |reason: &str| {
        failed(
            crm()
                .expect(refuse(get(&path), 404, reason))
                .invoke("get", read()),
        )
        .code
        .to_string()
    };
    assert_eq!(not_found("Record 5a does not exist."), "RECORD_NOT_FOUND");
    let route = crm().expect(get(&path).reply(404, json!({"message": "404 Not Found"})));
    assert_eq!(failed(route.invoke("get", read())).kind, Kind::Unsupported);
    let page = crm().expect(get(&path).reply_bytes(404, "text/html", "<html>nginx</html>"));
    let failure = failed(page.invoke("get", read()));
    assert!(
        failure.suggestion.as_deref().unwrap().contains("url"),
        "{failure}"
    );
    let entity = crm()
        .expect(refuse(
            get("Acount/5a"),
            404,
            "Controller 'Acount' does not exist.",
        ))
        .expect(scopes());
    let failure = failed(entity.invoke("get", json!({"entityType": "Acount", "id": "5a"})));
    assert_eq!(
        (&*failure.code, failure.suggestion.as_deref()),
        ("INVALID_ENTITY_TYPE", Some("did you mean Account?"))
    );
    let link = crm()
        .expect(defs("Account"))
        .expect(defs("Contact"))
        .expect(refuse(
            get(&format!("{path}/contacts")),
            404,
            "Link does not exist.",
        ));
    assert_eq!(
        failed(link.invoke(
            "list_related",
            json!({"entityType": "Account", "id": ID, "link": "contacts"})
        ))
        .code,
        "INVALID_LINK"
    );
}

#[test]
fn trap_29_a_proxy_that_refuses_the_search_gets_the_other_form() {
    let page = "<html><body>Forbidden by rule 942100</body></html>";
    let harness = crm()
        .expect(defs("Account"))
        .expect(
            get("Account")
                .query_json(("searchParams", "/maxSize"), json!(5))
                .reply_bytes(403, "text/html", page),
        )
        .expect(
            get("Account")
                .query("whereGroup[0][type]", "in")
                .query("whereGroup[0][attribute]", "type")
                .query("whereGroup[0][value][1]", "Partner")
                .query("attributeSelect", "name")
                .query("maxSize", 5)
                .reply(200, json!({"total": 0, "list": []})),
        );
    harness
        .invoke("search", json!({"entityType": "Account", "select": ["name"], "limit": 5, "where": [{"type": "in", "field": "type", "value": ["Customer", "Partner"]}]}))
        .unwrap();
}

#[test]
fn trap_29_a_page_is_no_answer() {
    let path = format!("Account/{ID}");
    let harness = crm().expect(get(&path).reply_bytes(403, "text/html", "<html></html>"));
    assert_eq!(failed(harness.invoke("get", read())).code, "UPSTREAM_ERROR");
    let harness = crm().expect(get(&path).reply_bytes(200, "text/html", "<!doctype html>"));
    assert_eq!(failed(harness.invoke("get", read())).code, "UPSTREAM_ERROR");
    let harness = crm().expect(
        get(&path)
            .reply_bytes(502, "text/html", "<html></html>")
            .times(3),
    );
    let failure = failed(harness.invoke("get", read()));
    assert_eq!(
        (&*failure.code, failure.retryable),
        ("UPSTREAM_ERROR", true)
    );
    let harness = crm().expect(get(&path).reply_bytes(200, "", ""));
    assert_eq!(failed(harness.invoke("get", read())).code, "UPSTREAM_ERROR");
}

#[test]
fn trap_30_reads_wait_as_asked_and_writes_are_not_repeated() {
    let path = format!("Account/{ID}");
    let busy = |seconds: &str| {
        get(&path)
            .reply_bytes(429, "text/plain", "slow down")
            .with("retry-after", seconds)
    };
    let harness = crm()
        .expect(busy("2"))
        .expect(get(&path).reply(200, json!({"id": ID})));
    harness.invoke("get", read()).unwrap();
    assert_eq!(harness.clock_ms(), 2000);

    let harness = crm().expect(get(&path).reply_bytes(429, "", "").times(3));
    let failure = failed(harness.invoke("get", read()));
    assert_eq!(
        (
            &*failure.code,
            failure.kind,
            failure.retryable,
            failure.retry_after_ms
        ),
        ("RATE_LIMITED", Kind::Throttled, true, None)
    );
    assert!(
        (600..=1000).contains(&harness.clock_ms()),
        "{}",
        harness.clock_ms()
    );

    // Longer than the call has: told, not waited for.
    let harness = crm().expect(busy("3600"));
    assert_eq!(
        failed(harness.invoke("get", read())).retry_after_ms,
        Some(3_600_000)
    );
    assert_eq!(harness.clock_ms(), 0);

    let harness = crm().expect(defs("Account")).expect(
        post("Account")
            .reply_bytes(429, "", "")
            .with("retry-after", "1"),
    );
    let failure = failed(harness.invoke("create", account()));
    assert_eq!(
        (&*failure.code, failure.outcome, harness.clock_ms()),
        ("RATE_LIMITED", Some(Outcome::NotDone), 0)
    );
}

#[test]
fn a_write_without_an_answer_may_have_happened() {
    let timeout = post("Account").fail(Reason::Timeout, Stage::MaybeSent);
    let failure = failed(
        crm()
            .expect(defs("Account"))
            .expect(timeout)
            .invoke("create", account()),
    );
    assert_eq!(
        (&*failure.code, failure.outcome, failure.retryable),
        ("UPSTREAM_TIMEOUT", Some(Outcome::MayHaveHappened), false)
    );
    let never = post("Account").fail(Reason::Connect, Stage::NotSent);
    let failure = failed(
        crm()
            .expect(defs("Account"))
            .expect(never)
            .invoke("create", account()),
    );
    assert_eq!(
        (&*failure.code, failure.outcome, failure.retryable),
        ("UPSTREAM_ERROR", Some(Outcome::NotDone), true)
    );
    let garbled = post("Account").reply_bytes(200, "text/html", "<html>");
    let failure = failed(
        crm()
            .expect(defs("Account"))
            .expect(garbled)
            .invoke("create", account()),
    );
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));
    let failure = failed(
        crm()
            .expect(get(&format!("Account/{ID}")).fail(Reason::Timeout, Stage::MaybeSent))
            .invoke("get", read()),
    );
    assert_eq!(
        (failure.outcome, failure.retryable),
        (Some(Outcome::NotDone), true)
    );
}

#[test]
fn reasons_that_are_printed_twice_are_read_once() {
    let path = format!("Account/{ID}");
    for reason in [
        "No read access., No read access.",
        "No read access. No read access.",
        "No read access.",
    ] {
        let failure = failed(
            crm()
                .expect(refuse(get(&path), 403, reason))
                .invoke("get", read()),
        );
        assert_eq!(
            failure.message,
            format!("the role does not allow read on Account {ID}: No read access.")
        );
    }
}
