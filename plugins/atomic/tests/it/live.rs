//! The self-test.

use portcullis_sdk::testing::{Exchange, Harness, get, post};
use serde_json::{Value, json};

use crate::fixtures::{crm, refused, sales, table, user};

const TABLES: &[&str] = &[
    "activity_log",
    "companies",
    "companies_summary",
    "configuration",
    "contact_notes",
    "contacts",
    "contacts_summary",
    "deal_notes",
    "deals",
    "sales",
    "tags",
    "tasks",
];

fn settings(closed: bool) -> Exchange {
    get("auth/v1/settings").reply(
        200,
        json!({"disable_signup": closed, "external": {"email": true, "anonymous_users": !closed}}),
    )
}

fn bucket(message: &str) -> Exchange {
    get("storage/v1/object/public/attachments/portcullis-check-0").reply(
        400,
        json!({"statusCode": "404", "error": "not_found", "message": message}),
    )
}

fn tables(mut crm: Harness, rows: &Value) -> Harness {
    crm = open_to_all(crm, rows);
    for name in TABLES {
        crm = crm.expect(table(name).reply(200, json!([])));
    }
    crm
}

/// What somebody who is not signed in gets, which is asked first.
fn open_to_all(mut crm: Harness, rows: &Value) -> Harness {
    for name in TABLES.iter().filter(|name| **name != "configuration") {
        crm = crm.expect(table(name).reply(200, rows.clone()));
    }
    crm
}

fn level(found: &Value, subject: &str) -> String {
    let list = found["findings"].as_array().expect("findings are a list");
    let finding = list.iter().find(|finding| finding["subject"] == subject);
    let finding = finding.unwrap_or_else(|| panic!("no finding {subject}: {found}"));
    finding["level"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_sound_project_is_told_so() {
    let relation = json!({"relations": [{"name": "contacts", "constraints": [{"kind": "f", "definition": "FOREIGN KEY (company_id) REFERENCES companies(id)"}]}]});
    let crm = tables(crm().expect(settings(true)).expect(user()).expect(sales()), &json!([]))
        .expect(post("rest/v1/rpc/crm_mcp_schema").reply(200, relation))
        .expect(post("rest/v1/rpc/crm_mcp_query").reply(200, json!({"columns": ["version"], "rows": [["PostgreSQL 17.10 on x86_64"]], "row_count": 1, "truncated": false})))
        .expect(post("rest/v1/rpc/crm_mcp_mutate").reply(200, json!({})))
        .expect(bucket("Bucket not found"));
    let found = crm.invoke("live_check", json!({})).unwrap();
    let levels: Vec<_> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["level"].clone())
        .collect();
    assert!(levels.iter().all(|level| level == "ok"), "{found}");
    assert_eq!(levels.len(), 9);
}

#[test]
fn an_open_project_is_told_so() {
    let relation = json!({"relations": [{"name": "contacts", "constraints": [{"kind": "f", "definition": "FOREIGN KEY (company_id) REFERENCES companies(id) ON DELETE CASCADE"}]}]});
    let crm = tables(
        crm().expect(settings(false)).expect(user()).expect(sales()),
        &json!([{"id": 1}]),
    )
    .expect(post("rest/v1/rpc/crm_mcp_schema").reply(200, relation))
    .expect(
        post("rest/v1/rpc/crm_mcp_query")
            .reply(200, json!({"rows": [["PostgreSQL 17.6 on aarch64"]]})),
    )
    .expect(refused(
        post("rest/v1/rpc/crm_mcp_mutate"),
        404,
        "PGRST202",
        "no function",
    ))
    .expect(bucket("Object not found"));
    let found = crm.invoke("live_check", json!({})).unwrap();
    for (subject, expected) in [
        ("sign-up", "error"),
        ("anonymous users", "error"),
        ("anonymous reads", "error"),
        ("attachments", "warn"),
        ("functions", "warn"),
        ("database build", "warn"),
        ("company deletion", "warn"),
    ] {
        assert_eq!(level(&found, subject), expected, "{subject}");
    }
    assert!(found.to_string().contains("not installed: crm_mcp_mutate;"));
}

#[test]
fn what_stands_in_the_way_ends_the_test() {
    for (exchange, subject) in [
        (
            get("auth/v1/settings").reply(401, json!({"message": "Invalid API key", "hint": "x"})),
            "key",
        ),
        (
            get("auth/v1/settings").reply_bytes(200, "text/html", "<html></html>"),
            "address",
        ),
        (get("auth/v1/settings").reply_bytes(302, "", ""), "redirect"),
        (
            get("auth/v1/settings").reply_bytes(403, "text/html", "<html>"),
            "proxy",
        ),
        (get("auth/v1/settings").reply_bytes(500, "", ""), "fault"),
        (
            get("auth/v1/settings")
                .reply_bytes(503, "", "")
                .with("retry-after", "300"),
            "maintenance",
        ),
    ] {
        let crm = crm().expect(exchange);
        let found = crm.invoke("live_check", json!({})).unwrap();
        assert_eq!(level(&found, subject), "error");
        assert_eq!(found["findings"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn what_stands_open_is_seen_without_an_account() {
    let rows = json!([{"id": 1}]);
    let crm = open_to_all(crm().expect(settings(false)), &rows)
        .expect(bucket("Object not found"))
        .expect(get("auth/v1/user").reply(
            403,
            json!({"code": 403, "error_code": "bad_jwt", "msg": "invalid JWT"}),
        ));
    let found = crm.invoke("live_check", json!({})).unwrap();
    for (subject, expected) in [
        ("sign-up", "error"),
        ("anonymous reads", "error"),
        ("attachments", "warn"),
        ("identity", "error"),
    ] {
        assert_eq!(level(&found, subject), expected, "{subject}");
    }
}

#[test]
fn functions_that_fail_are_not_called_installed() {
    let crm = tables(
        crm().expect(settings(true)).expect(user()).expect(sales()),
        &json!([]),
    )
    .expect(post("rest/v1/rpc/crm_mcp_schema").reply(200, json!({"relations": []})))
    .expect(refused(
        post("rest/v1/rpc/crm_mcp_query"),
        403,
        "42501",
        "permission denied for function crm_mcp_query",
    ))
    .expect(post("rest/v1/rpc/crm_mcp_mutate").reply(200, json!({})))
    .expect(bucket("Bucket not found"));
    let found = crm.invoke("live_check", json!({})).unwrap();
    assert_eq!(level(&found, "crm_mcp_query"), "error");
    let list = found["findings"].as_array().unwrap();
    assert!(
        list.iter().all(|finding| finding["subject"] != "functions"),
        "{found}"
    );
}
