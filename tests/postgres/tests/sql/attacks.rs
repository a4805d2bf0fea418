//! Hostile statements through `query`: refused as expected, nothing seen, nothing changed.
//!
//! The first test shows that the attacks would work: against a function that merely executes what it
//! is given, they do.

use portcullis_postgres_tests::{Caller, Project};
use serde_json::json;

use crate::suite::SUITE;
use crate::support::{TABLES_AND_SEQUENCES, USERS, assert_no_leak, picture, query};

/// What is often recommended for "SQL over HTTP": it runs with the rights of its caller.
const NAIVE: &str = "
create function public.naive_query(sql text) returns json language plpgsql volatile as
$$
declare
  v json;
begin
  execute 'select json_agg(t) from (' || sql || ') t' into v;
  return v;
end
$$;";

const BECOME_SERVICE_ROLE: &str = "select set_config('role', 'service_role', true), \
     query_to_xml('select body from private_notes', true, true, '')";

#[test]
fn a_function_that_just_executes_text_gives_the_database_away() {
    let project = Project::start_with(NAIVE).unwrap();
    let leak = |sql: &str| {
        let arguments = json!({"sql": sql});
        let answer = project.rest.call(Caller::Rep, "naive_query", &arguments);
        answer.unwrap().text
    };
    assert!(leak(BECOME_SERVICE_ROLE).contains("canary-note-ada"));
    assert!(
        leak("select current_setting('app.settings.jwt_secret')").contains("canary-signing-secret")
    );
    assert!(leak("select merge_contacts(3, 2)").contains('2'));
    let contacts = project
        .rest
        .get(Caller::Rep, "/contacts?select=id")
        .unwrap();
    assert_eq!(contacts.body.as_array().unwrap().len(), 2);
}

#[test]
fn no_attack_gets_through_and_no_user_sees_the_rows_of_another() {
    let project = Project::start().unwrap();
    let mut superuser = project.superuser().unwrap();
    let before = picture(&mut superuser, TABLES_AND_SEQUENCES);
    for attack in &SUITE.query_attacks {
        for (caller, own) in USERS {
            let what = format!("{} as {caller:?}", attack.name);
            let answer = query(&project, caller, &attack.sql);
            attack.result.check(&what, &answer, &answer.body);
            assert_eq!(answer.status != 200, attack.refused, "{what}");
            assert_no_leak(&what, own, &answer);
        }
    }
    assert_eq!(picture(&mut superuser, TABLES_AND_SEQUENCES), before);
}

#[test]
fn the_walls_behind_the_lists_hold_when_a_list_is_wrong() {
    let project = Project::start().unwrap();
    let mistakes = "insert into crm_mcp.rule values
        ('function', 'pg_catalog.set_config'), ('function', 'pg_catalog.query_to_xml'),
        ('function', 'public.merge_contacts'), ('schema', 'auth')";
    project.administrator().unwrap().run(mistakes).unwrap();
    let cases = [
        // The server refuses a change of role below a definer.
        (BECOME_SERVICE_ROLE, 403, "42501"),
        // The definer has no right that the user lacks.
        ("select encrypted_password from auth.users", 403, "42501"),
        // The transaction is read-only and stays so.
        ("select merge_contacts(3, 2)", 405, "25006"),
        (
            "select set_config('transaction_read_only', 'off', true), merge_contacts(3, 2)",
            500,
            "25001",
        ),
    ];
    for (sql, status, code) in cases {
        let answer = query(&project, Caller::Rep, sql);
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{sql}: {}",
            answer.text
        );
        assert_no_leak(sql, "canary-note-rob", &answer);
    }
}

#[test]
fn each_user_sees_only_their_own_private_rows() {
    let project = Project::start().unwrap();
    for (caller, own) in USERS {
        let answer = query(&project, caller, "select body from private_notes");
        assert_eq!(answer.body["rows"], json!([[own]]));
        let sums = query(
            &project,
            caller,
            "select count(*), max(body), (select body from private_notes order by id limit 1) from private_notes",
        );
        assert_eq!(sums.body["rows"], json!([[1, own, own]]));
    }
}

#[test]
fn a_statement_beyond_the_limit_is_refused_before_it_is_read() {
    let project = Project::start().unwrap();
    let sql = format!("select '{}'", "x".repeat(32_768));
    let answer = query(&project, Caller::Rep, &sql);
    assert_eq!((answer.status, answer.code()), (413, "PT413"));
}
