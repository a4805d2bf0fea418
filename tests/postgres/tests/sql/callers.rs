//! Who may call at all, and by which door.

use portcullis_postgres_tests::{Caller, Project};
use serde_json::{Value, json};

const FUNCTIONS: [&str; 3] = ["crm_mcp_query", "crm_mcp_mutate", "crm_mcp_schema"];

fn arguments(function: &str) -> Value {
    match function {
        "crm_mcp_schema" => json!({}),
        _ => json!({"sql": "select 1"}),
    }
}

#[test]
fn only_a_signed_in_user_may_call() {
    let project = Project::start().unwrap();
    let cases = [
        (Caller::Anonymous, 401, "42501"),
        (Caller::Service, 403, "42501"),
        (Caller::Expired, 401, "PGRST301"),
        (Caller::Forged, 401, "PGRST301"),
    ];
    for (caller, status, code) in cases {
        for function in FUNCTIONS {
            let answer = project
                .rest
                .call(caller, function, &arguments(function))
                .unwrap();
            assert_eq!(
                (answer.status, answer.code()),
                (status, code),
                "{caller:?} {function}"
            );
        }
    }
}

#[test]
fn a_get_request_runs_nothing() {
    let project = Project::start().unwrap();
    for path in [
        "/rpc/crm_mcp_query?sql=select%201",
        "/rpc/crm_mcp_mutate?sql=select%201",
    ] {
        assert_eq!(
            project.rest.get(Caller::Rep, path).unwrap().status,
            405,
            "{path}"
        );
    }
}

#[test]
fn the_helpers_are_behind_no_door() {
    let project = Project::start().unwrap();
    for function in ["collect", "parse_tree", "check_tree", "require_user"] {
        let answer = project
            .rest
            .call(Caller::Rep, function, &json!({"p_sql": "select 1"}))
            .unwrap();
        assert_eq!(
            (answer.status, answer.code()),
            (404, "PGRST202"),
            "{function}"
        );
    }
    assert_eq!(project.rest.get(Caller::Rep, "/rule").unwrap().status, 404);
}

#[test]
fn the_catalogue_lists_what_the_user_may_read_and_nothing_else() {
    let project = Project::start().unwrap();
    let answer = project
        .rest
        .call(Caller::Rep, "crm_mcp_schema", &json!({}))
        .unwrap();
    let relations = answer.body["relations"].as_array().unwrap();
    let names = Vec::from_iter(
        relations
            .iter()
            .map(|relation| relation["name"].as_str().unwrap()),
    );
    assert_eq!(
        names,
        [
            "activity_log",
            "companies",
            "companies_summary",
            "configuration",
            "contact_notes",
            "contacts",
            "contacts_summary",
            "deal_notes",
            "deals",
            "favicons_excluded_domains",
            "init_state",
            "private_notes",
            "sales",
            "tags",
            "tasks",
        ]
    );
    let deals = relations
        .iter()
        .find(|relation| relation["name"] == "deals")
        .unwrap();
    let amount = deals["columns"]
        .as_array()
        .unwrap()
        .iter()
        .find(|column| column["name"] == "amount");
    assert_eq!(amount.unwrap()["type"], "bigint");
    let references = deals["constraints"].as_array().unwrap();
    assert!(
        references
            .iter()
            .any(|constraint| constraint["references"]["table"] == "companies")
    );
}
