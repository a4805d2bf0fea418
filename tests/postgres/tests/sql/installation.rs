//! The operator's file as an operator uses it: again, with rules of their own, on a server it does not
//! know, and gone without a trace.

use portcullis_postgres_tests::project::OPERATOR_FILE;
use portcullis_postgres_tests::{Caller, Cluster, Failure, Project, cluster};
use serde_json::json;

use crate::support::query;

/// The statements that the file's last comment gives for removing everything.
fn removal() -> String {
    let (_, tail) = OPERATOR_FILE
        .split_once("-- To remove everything:")
        .unwrap();
    let (lines, _) = tail.split_once("-- To install read access only").unwrap();
    lines.replace("--", "")
}

#[test]
fn installing_twice_keeps_the_rules_that_the_operator_added() {
    let project = Project::start().unwrap();
    let mut administrator = project.administrator().unwrap();
    let hide = "insert into crm_mcp.rule values ('hide_relation', 'tags')";
    administrator.run(hide).unwrap();
    administrator.run(OPERATOR_FILE).unwrap();
    let answer = query(&project, Caller::Rep, "select * from tags");
    assert_eq!(answer.message(), "relation not available here: public.tags");
}

#[test]
fn an_operator_can_hide_a_relation_and_allow_a_function() {
    let project = Project::start().unwrap();
    let is_admin = "select is_admin()";
    assert_eq!(query(&project, Caller::Admin, is_admin).status, 403);
    let rules = "insert into crm_mcp.rule values ('function', 'public.is_admin'), ('hide_relation', 'public.tasks')";
    project.administrator().unwrap().run(rules).unwrap();
    assert_eq!(
        query(&project, Caller::Admin, is_admin).body["rows"],
        json!([[true]])
    );
    assert_eq!(
        query(&project, Caller::Admin, "select id from tasks").status,
        403
    );
    let schema = project
        .rest
        .call(Caller::Admin, "crm_mcp_schema", &json!({}))
        .unwrap();
    assert!(!schema.text.contains("\"tasks\""), "{}", schema.text);
}

#[test]
fn a_column_that_the_user_may_not_read_stays_hidden() {
    let project = Project::start().unwrap();
    let grants = "revoke select on contacts from authenticated; grant select (id, first_name) on contacts to authenticated";
    project.administrator().unwrap().run(grants).unwrap();
    let open = query(&project, Caller::Rep, "select first_name from contacts");
    assert_eq!(open.status, 200, "{}", open.text);
    for sql in [
        "select phone_jsonb from contacts",
        "select c from contacts c",
        "select id from contacts where background is null",
    ] {
        let answer = query(&project, Caller::Rep, sql);
        assert_eq!((answer.status, answer.code()), (403, "42501"), "{sql}");
    }
}

#[test]
fn an_unknown_major_version_is_refused() {
    let project = Project::start().unwrap();
    let forget = "delete from crm_mcp.rule where kind = 'server_major'";
    project.administrator().unwrap().run(forget).unwrap();
    let answer = query(&project, Caller::Rep, "select 1");
    assert_eq!((answer.status, answer.code()), (400, "0A000"));
}

#[test]
fn the_self_test_undoes_an_installation_that_lets_an_attack_through() {
    let project = Project::start_with(
        "create schema crm_mcp;
         create table crm_mcp.rule (kind text not null, name text not null, primary key (kind, name));
         insert into crm_mcp.rule values ('function', 'public.merge_contacts');",
    )
    .unwrap();
    let mut administrator = project.administrator().unwrap();
    let error = administrator.run(OPERATOR_FILE).unwrap_err();
    let failure = error.downcast::<Failure>().unwrap();
    assert!(
        failure
            .message
            .starts_with("self-test failed, nothing installed"),
        "{failure}"
    );
    let functions = "select count(*) from pg_proc where proname like 'crm\\_mcp\\_%'";
    assert_eq!(project.superuser().unwrap().value(functions).unwrap(), "0");
}

#[test]
fn the_last_lines_of_the_file_remove_everything() {
    // A server of its own: the role that goes too belongs to all databases of a server.
    let server = Cluster::start().unwrap();
    let database = server.database(|_| Ok(())).unwrap();
    let mut administrator = server.client(cluster::ADMINISTRATOR, &database).unwrap();
    let mut superuser = server.client(cluster::SUPERUSER, &database).unwrap();
    let objects = "select (select count(*) from pg_proc) + (select count(*) from pg_class)
                        + (select count(*) from pg_roles) + (select count(*) from pg_namespace where nspname !~ '^pg_')";
    let before = superuser.value(objects).unwrap();
    administrator.run(OPERATOR_FILE).unwrap();
    assert_ne!(superuser.value(objects).unwrap(), before);
    administrator.run(&removal()).unwrap();
    assert_eq!(superuser.value(objects).unwrap(), before);
}
