//! `mutate`: a dry run by default, a ceiling, and the rules for rows as everywhere.

use portcullis_postgres_tests::{Caller, Project};
use serde_json::{Value, json};

use crate::suite::SUITE;
use crate::support::{TABLES, USERS, assert_no_leak, mutate, picture, query};

#[test]
fn every_case_answers_as_expected_and_only_real_ones_change_anything() {
    let project = Project::start().unwrap();
    let mut superuser = project.superuser().unwrap();
    for case in &SUITE.mutate {
        let before = picture(&mut superuser, TABLES);
        let mut arguments = case.arguments.clone();
        arguments.insert("sql".to_owned(), json!(case.sql));
        let answer = project
            .rest
            .call(case.caller(), "crm_mcp_mutate", &Value::Object(arguments))
            .unwrap();
        case.result
            .check(&case.name, &answer, &answer.body["result"]);
        let rows = case.result.row_count.unwrap_or(0);
        let changed = picture(&mut superuser, TABLES) != before;
        assert_eq!(changed, case.is_real() && rows > 0, "{}", case.name);
        for (_, own) in USERS.iter().filter(|(user, _)| *user == case.caller()) {
            assert_no_leak(&case.name, own, &answer);
        }
    }
}

#[test]
fn a_dry_run_shows_the_rows_that_the_real_run_then_makes() {
    let project = Project::start().unwrap();
    let sql = "insert into contacts (first_name, email_jsonb, avatar) \
               values ('Nora', '[{\"email\": \"Nora@Globex.example\", \"type\": \"Work\"}]', '{}') \
               returning first_name, email_jsonb->0->>'email' as mail, sales_id";
    let expected = json!({
        "columns": ["first_name", "mail", "sales_id"], "rows": [["Nora", "nora@globex.example", 2]],
        "row_count": 1, "truncated": false, "truncated_by": null,
    });
    let count =
        || query(&project, Caller::Rep, "select count(*) from contacts").body["rows"][0][0].clone();

    let preview = mutate(&project, Caller::Rep, sql, true);
    assert_eq!(
        preview.body,
        json!({"command": "insert", "dry_run": true, "result": expected})
    );
    assert_eq!(count(), json!(3));

    let real = mutate(&project, Caller::Rep, sql, false);
    assert_eq!(
        real.body,
        json!({"command": "insert", "dry_run": false, "result": expected})
    );
    assert_eq!(count(), json!(4));
}

#[test]
fn without_a_word_about_it_nothing_is_changed() {
    let project = Project::start().unwrap();
    let arguments = json!({"sql": "delete from tasks returning id"});
    let answer = project
        .rest
        .call(Caller::Rep, "crm_mcp_mutate", &arguments)
        .unwrap();
    assert_eq!(answer.body["dry_run"], json!(true));
    assert_eq!(answer.body["result"]["row_count"], json!(2));
    let left = query(&project, Caller::Rep, "select count(*) from tasks");
    assert_eq!(left.body["rows"], json!([[2]]));
}

#[test]
fn a_change_above_the_ceiling_leaves_every_row_alone() {
    let project = Project::start().unwrap();
    let arguments =
        json!({"sql": "delete from tasks returning id", "max_rows": 1, "dry_run": false});
    let answer = project
        .rest
        .call(Caller::Rep, "crm_mcp_mutate", &arguments)
        .unwrap();
    assert_eq!((answer.status, answer.code()), (422, "PT422"));
    let left = query(&project, Caller::Rep, "select count(*) from tasks");
    assert_eq!(left.body["rows"], json!([[2]]));
}

#[test]
fn no_user_changes_or_removes_the_private_rows_of_another() {
    let project = Project::start().unwrap();
    for (caller, own) in USERS {
        let changed = mutate(
            &project,
            caller,
            "update private_notes set body = body returning body",
            false,
        );
        assert_eq!(changed.body["result"]["rows"], json!([[own]]));
        let removed = mutate(
            &project,
            caller,
            "delete from private_notes returning body",
            true,
        );
        assert_eq!(removed.body["result"]["rows"], json!([[own]]));
    }
    let mut superuser = project.superuser().unwrap();
    assert_eq!(
        superuser
            .value("select count(*) from private_notes")
            .unwrap(),
        "2"
    );
}

#[test]
fn an_attack_is_refused_by_mutate_too() {
    let project = Project::start().unwrap();
    let mut superuser = project.superuser().unwrap();
    let before = picture(&mut superuser, TABLES);
    for attack in SUITE
        .query_attacks
        .iter()
        .filter(|attack| attack.result.code == "42501")
    {
        for (caller, own) in USERS {
            let sql = format!(
                "with a as ({}) insert into tags (name, color) select 'a', 'b' from a returning id",
                attack.sql
            );
            for sql in [&attack.sql, &sql] {
                let answer = mutate(&project, caller, sql, false);
                assert_ne!(answer.status, 200, "{sql}");
                assert_no_leak(sql, own, &answer);
            }
        }
    }
    assert_eq!(picture(&mut superuser, TABLES), before);
}
