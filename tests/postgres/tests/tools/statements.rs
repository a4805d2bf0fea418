//! `query`, `mutate` and the precise `get_schema` through the operator's file.

use portcullis_postgres_tests::{Caller, Project};
use portcullis_sdk::Outcome;
use serde_json::{Value, json};

use crate::crm::{crm, stored};

#[test]
fn a_query_answers_columns_rows_and_where_it_was_cut() {
    let project = Project::start().unwrap();
    let crm = crm(&project, Caller::Rep);
    let sql = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select d.amount, d.name, d.name from deals d where id = 2 union all select i, 'n', null from n order by 1 desc";
    let found = crm.call("query", json!({"sql": sql}));
    assert_eq!(found["columns"], json!(["amount", "name", "name"]));
    assert_eq!(
        found["rows"][0].to_string(),
        r#"[9007199254740993,"Globex pilot","Globex pilot"]"#
    );
    assert_eq!(
        (&found["row_count"], &found["truncated"], found.get("note")),
        (&json!(4), &json!(false), None)
    );
    let none = crm.call(
        "query",
        json!({"sql": "select id, name from deals where false"}),
    );
    assert_eq!(none["columns"], json!(["id", "name"]));
    let cut = crm.call(
        "query",
        json!({"sql": "select generate_series(1, 9)", "max_rows": 2}),
    );
    assert_eq!(
        (&cut["truncated"], &cut["truncated_by"]),
        (&json!(true), &json!("rows"))
    );
    assert!(cut["note"].as_str().unwrap().contains("OFFSET 2"));
}

#[test]
fn what_a_query_may_not_do_is_said_in_words() {
    let project = Project::start().unwrap();
    let crm = crm(&project, Caller::Rep);
    for (sql, code, words) in [
        (
            "select set_config('role', 'service_role', true)",
            "PERMISSION_DENIED",
            "set_config",
        ),
        (
            "select * from auth.users",
            "PERMISSION_DENIED",
            "relation not available here",
        ),
        (
            "delete from tasks returning id",
            "INVALID_ARGUMENT",
            "25006",
        ),
        (
            "select 1; select 2",
            "INVALID_ARGUMENT",
            "exactly one statement",
        ),
        (
            "select nope from tasks",
            "INVALID_FIELD",
            "there is no column nope",
        ),
        (
            "select * from nope",
            "INVALID_ARGUMENT",
            "there is no such table or view (42P01)",
        ),
        (
            "select nope()",
            "INVALID_ARGUMENT",
            "there is no such function or operator (42883)",
        ),
        (
            "select 'x'::integer",
            "INVALID_FIELD_VALUE",
            "a value is not of the column's type (22P02)",
        ),
        ("selekt", "INVALID_ARGUMENT", "(42601)"),
    ] {
        let failure = crm.fails("query", json!({"sql": sql}));
        assert_eq!(
            (&*failure.code, failure.outcome),
            (code, Some(Outcome::NotDone)),
            "{sql}: {failure:?}"
        );
        assert!(
            failure.message.contains(words),
            "{sql}: {}",
            failure.message
        );
        assert_eq!(
            failure.fields.first().map_or("/sql", String::as_str),
            "/sql"
        );
    }
}

#[test]
fn a_change_is_tried_shown_and_made() {
    let project = Project::start().unwrap();
    let crm = crm(&project, Caller::Rep);
    let sql = "insert into tags (name, color) values ('new', '#fff1e6') returning id, name";
    let count = "select count(*) from tags";
    let tried = crm.call("mutate", json!({"sql": sql}));
    assert_eq!(
        (
            &tried["command"],
            &tried["dry_run"],
            &tried["result"]["row_count"]
        ),
        (&json!("insert"), &json!(true), &json!(1))
    );
    let arguments = json!({"sql": sql, "dry_run": false});
    let shown = crm.preview("mutate", arguments.clone());
    assert_eq!(
        shown["result"]["rows"],
        json!([["(another value at every run)", "new"]])
    );
    assert_eq!(stored(&project, count), "2");
    let made = crm.call("mutate", arguments);
    assert_eq!(
        (&made["dry_run"], stored(&project, count)),
        (&json!(false), "3".into())
    );
    for (sql, max_rows, words) in [
        (
            "update contacts set title = 'x'",
            20,
            "returns no rows (42P11)",
        ),
        (
            "update contacts set title = 'x' returning id",
            2,
            "touches too many rows (PT422)",
        ),
    ] {
        let failure = crm.fails(
            "mutate",
            json!({"sql": sql, "dry_run": false, "max_rows": max_rows}),
        );
        assert!(failure.message.contains(words), "{sql}: {failure:?}");
        assert_eq!(failure.outcome, Some(Outcome::NotDone));
    }
    for sql in [
        "delete from tasks where id = 0 returning id",
        "update sales set administrator = true returning id",
    ] {
        let none = crm.call("mutate", json!({"sql": sql, "dry_run": false}));
        assert_eq!(none["result"]["row_count"], 0);
        let note = none["result"]["note"].as_str().unwrap();
        assert!(note.starts_with("no row is touched"), "{note}");
    }
}

#[test]
fn the_schema_is_the_databases_own() {
    let project = Project::start().unwrap();
    let schema = crm(&project, Caller::Rep).call("get_schema", json!({}));
    assert_eq!(schema["source"], "database");
    let relations = &schema["relations"];
    let text = |relation: &str, column: &str| relations[relation]["columns"][column].clone();
    assert_eq!(text("deals", "amount"), "bigint");
    assert_eq!(
        text("deals", "id"),
        "bigint, required, numbered by the database, primary key"
    );
    assert_eq!(
        text("contacts", "company_id"),
        "bigint, -> companies.id (deleted with it)"
    );
    assert_eq!(
        text("deals", "created_at"),
        "timestamp with time zone, required, default now()"
    );
    assert_eq!(
        relations["sales"]["may"]
            .as_array()
            .map(|may| may.contains(&json!("select"))),
        Some(true)
    );
    assert_eq!(relations["companies_summary"]["kind"], "view");
    assert_eq!(relations["crm_mcp"], Value::Null);
    let failure = crm(&project, Caller::Rep).fails("get_schema", json!({"relation": "contcts"}));
    assert!(
        failure.suggestion.as_ref().unwrap().contains("contacts"),
        "{failure:?}"
    );
}
