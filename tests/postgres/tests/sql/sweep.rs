//! Every relation and every function of the server against the check, one by one.
//!
//! A list of attacks knows only what somebody thought of; these two ask the catalogue.

use std::collections::BTreeSet;

use portcullis_postgres_tests::{Client, Project};

/// Asks the check about one statement for each row of `statements` and returns the names that passed,
/// with how many were asked. Anything but a refusal of the check's own is no refusal.
fn passed(client: &mut Client, statements: &str) -> (BTreeSet<String>, usize) {
    let sql = format!(
        "create temp table asked (name text, answer text);
         do $$
         declare
           s record;
         begin
           for s in {statements} loop
             begin
               perform crm_mcp.check_tree(crm_mcp.parse_tree(s.sql));
               insert into asked values (s.name, 'passed');
             exception
               when others then insert into asked values (s.name, sqlstate);
             end;
           end loop;
         end $$;
         select name, answer from asked;"
    );
    let rows = client.run(&sql).unwrap();
    let passed = rows.iter().filter(|row| row[1] == "passed");
    (passed.map(|row| row[0].clone()).collect(), rows.len())
}

#[test]
fn no_relation_outside_the_crm_can_be_read() {
    let project = Project::start().unwrap();
    let (passed, asked) = passed(
        &mut project.superuser().unwrap(),
        "select format('%I.%I', n.nspname, c.relname) as name, format('select 1 from %I.%I', n.nspname, c.relname) as sql
           from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.relkind in ('r', 'v', 'm', 'S', 'f', 'p', 't')
            and (n.nspname <> 'public' or c.relkind = 'S')",
    );
    assert_eq!(passed, BTreeSet::new());
    assert!(asked > 200, "asked about {asked} relations");
}

#[test]
fn no_function_passes_that_writes_waits_or_reads_settings() {
    let project = Project::start().unwrap();
    let (passed, asked) = passed(
        &mut project.superuser().unwrap(),
        "select format('%I.%I', n.nspname, p.proname) as name,
                format('select %I.%I(%s)', n.nspname, p.proname,
                       (select string_agg('null::' || format_type(t, null), ', ') from unnest(p.proargtypes) t)) as sql
           from pg_proc p join pg_namespace n on n.oid = p.pronamespace
          where p.prokind = 'f'
            and (p.provolatile = 'v' or n.nspname <> 'pg_catalog' or p.proname ~ '^(pg_|lo_|.*_to_xml|current_setting)')",
    );
    let allowed = [
        "auth.email",
        "auth.jwt",
        "auth.role",
        "auth.uid",
        "pg_catalog.bernoulli",
        "pg_catalog.clock_timestamp",
        "pg_catalog.gen_random_uuid",
        "pg_catalog.pg_column_size",
        "pg_catalog.pg_size_pretty",
        "pg_catalog.pg_typeof",
        "pg_catalog.random",
        "pg_catalog.system",
        "pg_catalog.timeofday",
    ];
    let surprises: Vec<_> = passed
        .iter()
        .filter(|name| !allowed.contains(&name.as_str()) && !name.starts_with("extensions."))
        .collect();
    assert_eq!(surprises, Vec::<&String>::new());
    assert!(asked > 400, "asked about {asked} functions");
    // The extension's own functions are allowed; the way out of the database beside them is not.
    assert!(!passed.contains("extensions.http_get"));
}
