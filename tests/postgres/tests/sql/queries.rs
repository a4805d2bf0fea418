//! What an analyst asks, what comes back, and where it is cut.

use std::thread;
use std::time::{Duration, Instant};

use portcullis_postgres_tests::{Caller, Project};
use serde_json::json;

use crate::suite::SUITE;
use crate::support::{USERS, assert_no_leak, mutate, query};

/// Between the limit of the function, which must strike, and the role's 8 s, which must not.
const MOST_SECONDS: Duration = Duration::from_secs(8);

#[test]
fn legitimate_queries_are_answered() {
    let project = Project::start().unwrap();
    for (caller, own) in USERS {
        for case in &SUITE.query_legitimate {
            let answer = query(&project, caller, &case.sql);
            case.result.check(&case.sql, &answer, &answer.body);
            assert_no_leak(&case.sql, own, &answer);
        }
    }
}

#[test]
fn columns_keep_their_order_and_names_and_integers_every_digit() {
    let project = Project::start().unwrap();
    let answer = query(
        &project,
        Caller::Rep,
        "select d.name, c.name, d.amount, -9223372036854775807 - 1, d.archived_at, 0.10::numeric(9, 2), d.contact_ids
           from deals d join companies c on c.id = d.company_id where d.id = 2",
    );
    assert_eq!(
        answer.body["columns"],
        json!([
            "name",
            "name",
            "amount",
            "?column?",
            "archived_at",
            "numeric",
            "contact_ids"
        ])
    );
    let row = r#"["Globex pilot","Globex",9007199254740993,-9223372036854775808,null,0.10,[2,3]]"#;
    assert_eq!(answer.body["rows"][0].to_string(), row);
}

#[test]
fn an_answer_without_rows_still_has_its_columns() {
    let project = Project::start().unwrap();
    let sql = "select id, name as label, id as id from companies where false";
    let answer = query(&project, Caller::Rep, sql);
    assert_eq!(answer.body["columns"], json!(["id", "label", "id"]));
    assert_eq!(answer.body["rows"], json!([]));
    let sql = "update tasks set text = 'x' where id = 0 returning id, text";
    let answer = mutate(&project, Caller::Rep, sql, false);
    assert_eq!(answer.body["result"]["columns"], json!(["id", "text"]));
}

#[test]
fn an_answer_says_that_and_why_it_was_cut() {
    let project = Project::start().unwrap();
    let rows = |sql: &str, max_rows: i64| {
        let arguments = json!({"sql": sql, "max_rows": max_rows});
        let answer = project.rest.call(Caller::Rep, "crm_mcp_query", &arguments);
        let body = answer.unwrap().body;
        (
            body["rows"].as_array().unwrap().len(),
            body["truncated"].as_bool().unwrap(),
        )
    };
    assert_eq!(rows("select id from contacts", 3), (3, false));
    assert_eq!(rows("select id from contacts", 2), (2, true));
    assert_eq!(rows("select id from contacts", 0), (1, true));
    assert_eq!(
        rows("select generate_series(1, 5000)", 1_000_000),
        (1000, true)
    );
}

#[test]
fn what_costs_too_much_is_cut_or_cancelled() {
    let project = Project::start().unwrap();
    thread::scope(|scope| {
        for case in &SUITE.query_load {
            let project = &project;
            scope.spawn(move || {
                let arguments = json!({"sql": case.sql, "max_rows": case.max_rows});
                let began = Instant::now();
                let answer = project.rest.call(Caller::Rep, "crm_mcp_query", &arguments);
                let answer = answer.unwrap();
                case.result.check(&case.name, &answer, &answer.body);
                assert!(began.elapsed() < MOST_SECONDS, "{}", case.name);
            });
        }
    });
}
