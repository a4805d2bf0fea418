//! What several tests here do: ask, look for leaks, take a picture of the database.

use portcullis_postgres_tests::{Answer, Caller, Client, Project};
use serde_json::json;

/// The two users of the records with the one secret that each may see.
pub const USERS: [(Caller, &str); 2] = [
    (Caller::Admin, "canary-note-ada"),
    (Caller::Rep, "canary-note-rob"),
];

/// Runs a statement through `query`.
pub fn query(project: &Project, caller: Caller, sql: &str) -> Answer {
    let arguments = json!({"sql": sql});
    project
        .rest
        .call(caller, "crm_mcp_query", &arguments)
        .unwrap()
}

/// Runs a statement through `mutate`, as a dry run or not.
pub fn mutate(project: &Project, caller: Caller, sql: &str, dry_run: bool) -> Answer {
    let arguments = json!({"sql": sql, "dry_run": dry_run});
    project
        .rest
        .call(caller, "crm_mcp_mutate", &arguments)
        .unwrap()
}

/// Fails if an answer holds any secret but the caller's own.
pub fn assert_no_leak(what: &str, own: &str, answer: &Answer) {
    let others = answer.text.replace(own, "");
    assert!(!others.contains("canary"), "{what} leaks: {}", answer.text);
}

/// Everything in the tables of the project, and how many objects there are. The sequences are part
/// of it only on request: a rolled-back insert advances them, and PostgreSQL never takes that back.
pub fn picture(client: &mut Client, kinds: &str) -> String {
    client
        .value(&format!(
            "select md5(string_agg(query_to_xml(format('select * from %I.%I order by 1', n.nspname, c.relname), true, true, '')::text, '|' order by c.oid))
                    || ' ' || (select count(*) from pg_proc) || ' ' || (select count(*) from pg_roles) || ' ' || (select count(*) from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase and d.datname = current_database())
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind in ({kinds}) and n.nspname in ('public', 'auth', 'storage', 'net', 'extensions', 'crm_mcp')"
        ))
        .unwrap()
}

/// Tables alone, and tables with sequences.
pub const TABLES: &str = "'r'";
pub const TABLES_AND_SEQUENCES: &str = "'r', 'S'";
