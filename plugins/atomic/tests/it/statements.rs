//! `query` and `mutate`.

use portcullis_sdk::{
    Effect, Outcome, Reason, Stage,
    testing::{Exchange, post},
};
use serde_json::{Value, json};

use crate::fixtures::{crm, failed, refused};

fn query() -> Exchange {
    post("rest/v1/rpc/crm_mcp_query")
}

fn mutate(dry_run: bool) -> Exchange {
    post("rest/v1/rpc/crm_mcp_mutate").body_at("/dry_run", json!(dry_run))
}

fn rows(columns: &[&str], rows: &[Value], cut: Option<&str>) -> Value {
    json!({"columns": columns, "row_count": rows.len(), "rows": rows, "truncated": cut.is_some(), "truncated_by": cut})
}

fn changed(dry_run: bool, id: u64) -> Value {
    json!({"command": "insert", "dry_run": dry_run, "result": rows(&["id", "name"], &[json!([id, "vip"])], None)})
}

#[test]
fn rows_are_lists_in_the_order_of_columns_and_exact() {
    let crm = crm().expect(
        query()
            .body(json!({"sql": "select 1", "max_rows": 200}))
            .reply_bytes(200, "application/json", r#"{"columns" : ["id", "id"], "rows" : [[9007199254740993,1.10]], "row_count" : 1, "truncated" : false, "truncated_by" : null}"#),
    );
    let found = crm.invoke("query", json!({"sql": "select 1"})).unwrap();
    assert_eq!(found["columns"], json!(["id", "id"]));
    assert_eq!(found["rows"].to_string(), "[[9007199254740993,1.10]]");
    assert!(found.get("note").is_none());
}

#[test]
fn a_cut_answer_says_how_to_go_on() {
    for (cut, most, words) in [
        ("rows", 1, "raise max_rows"),
        ("rows", 1000, "OFFSET 1"),
        ("bytes", 5, "fewer columns"),
    ] {
        let crm = crm().expect(query().reply(200, rows(&["id"], &[json!([1])], Some(cut))));
        let found = crm
            .invoke(
                "query",
                json!({"sql": "select id from deals", "max_rows": most}),
            )
            .unwrap();
        assert_eq!(found["truncated"], true);
        assert!(found["note"].as_str().unwrap().contains(words), "{found}");
    }
}

#[test]
fn without_the_functions_the_way_to_install_them_is_told() {
    for (tool, exchange) in [("query", query()), ("mutate", mutate(true))] {
        let crm = crm().expect(refused(
            exchange,
            404,
            "PGRST202",
            "Could not find the function public.x(sql) in the schema cache",
        ));
        let failure = failed(crm.invoke(tool, json!({"sql": "select 1"})));
        assert_eq!(&*failure.code, "NOT_INSTALLED");
        assert!(
            failure
                .suggestion
                .as_ref()
                .unwrap()
                .contains("portcullis plugin sql atomic")
        );
        assert_eq!(failure.outcome, Some(Outcome::NotDone));
    }
}

#[test]
fn what_the_database_refuses_is_said_in_words() {
    for (status, code, message, ours, words) in [
        (
            405,
            "25006",
            "only SELECT is accepted by query",
            "INVALID_ARGUMENT",
            "only reads",
        ),
        (
            403,
            "42501",
            "function not available here: pg_catalog.set_config",
            "PERMISSION_DENIED",
            "set_config",
        ),
        (
            400,
            "42601",
            "exactly one statement is accepted",
            "INVALID_ARGUMENT",
            "cannot be read",
        ),
        (
            404,
            "42P01",
            "relation \"nope\" does not exist",
            "INVALID_ARGUMENT",
            "no such table",
        ),
        (
            404,
            "42883",
            "function nope() does not exist",
            "INVALID_ARGUMENT",
            "no such function",
        ),
        (
            400,
            "42703",
            "column \"company_name\" does not exist",
            "INVALID_FIELD",
            "company_name",
        ),
        (
            500,
            "57014",
            "canceling statement due to statement timeout",
            "UPSTREAM_TIMEOUT",
            "longer than allowed",
        ),
        (
            413,
            "PT413",
            "the statement is longer than 32768 bytes",
            "INVALID_ARGUMENT",
            "too long",
        ),
    ] {
        let crm = crm().expect(refused(query(), status, code, message));
        let failure = failed(crm.invoke("query", json!({"sql": "select 1"})));
        assert_eq!(&*failure.code, ours, "{code}");
        assert!(failure.message.contains(words), "{}", failure.message);
        assert!(
            failure.message.contains(code) || ours == "INVALID_FIELD",
            "{}",
            failure.message
        );
    }
}

#[test]
fn a_dry_run_reads_and_is_the_default() {
    let crm = crm();
    let manifest = crm.manifest();
    let tool = manifest
        .tools
        .iter()
        .find(|tool| tool.name == "mutate")
        .unwrap();
    assert_eq!(tool.effect, Effect::Destructive);
    for (arguments, effect) in [
        (json!({"sql": "x"}), Some(Effect::Read)),
        (json!({"sql": "x", "dry_run": true}), Some(Effect::Read)),
        (json!({"sql": "x", "dry_run": false}), None),
    ] {
        assert_eq!(tool.case(&arguments).map(|case| case.effect), effect);
    }
    let crm = self::crm().expect(
        mutate(true)
            .body_at("/max_rows", json!(20))
            .reply(200, changed(true, 7)),
    );
    let done = crm.invoke("mutate", json!({"sql": "insert"})).unwrap();
    assert_eq!(
        (&done["dry_run"], &done["result"]["rows"][0][0]),
        (&json!(true), &json!(7))
    );
}

#[test]
fn a_preview_stays_the_same_although_ids_do_not() {
    let crm = crm()
        .expect(mutate(true).reply(200, changed(true, 7)))
        .expect(mutate(true).reply(200, changed(true, 8)))
        .expect(mutate(false).reply(200, changed(false, 9)));
    let arguments = json!({"sql": "insert into tags …", "dry_run": false});
    let shown = crm.preview("mutate", arguments.clone()).unwrap();
    assert!(shown["summary"].as_str().unwrap().contains("1 rows"));
    assert_eq!(
        shown["result"]["rows"],
        json!([["(another value at every run)", "vip"]])
    );
    let done = crm.invoke("mutate", arguments).unwrap();
    assert_eq!(done["result"]["rows"], json!([[9, "vip"]]));
}

#[test]
fn a_lost_or_false_answer_to_a_change_leaves_it_open() {
    let change = json!({"sql": "x", "dry_run": false});
    let crm = crm().expect(mutate(false).fail(Reason::Timeout, Stage::MaybeSent));
    let failure = failed(crm.invoke("mutate", change.clone()));
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));
    let crm = self::crm().expect(mutate(false).reply(200, changed(true, 1)));
    let failure = failed(crm.invoke("mutate", change.clone()));
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));
    let crm = self::crm().expect(refused(
        mutate(false),
        503,
        "57P01",
        "terminating connection",
    ));
    let failure = failed(crm.invoke("mutate", change.clone()));
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));
    let crm = self::crm().expect(refused(
        mutate(false),
        422,
        "PT422",
        "the statement touches more than 20 rows; nothing was changed",
    ));
    let failure = failed(crm.invoke("mutate", change));
    assert_eq!(failure.outcome, Some(Outcome::NotDone));
    assert_eq!(failure.fields, ["/sql"]);
}

#[test]
fn the_operators_file_defines_what_is_called() {
    for name in ["crm_mcp_query", "crm_mcp_mutate", "crm_mcp_schema"] {
        assert!(
            portcullis_atomic::SQL.contains(&format!("function public.{name}(")),
            "{name}"
        );
    }
}
