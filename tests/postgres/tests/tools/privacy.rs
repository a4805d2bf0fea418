//! Policies of an operator who lets users see their own rows alone: the other user's are in no
//! answer of any tool, and no tool changes them.

use portcullis_postgres_tests::{Caller, Project};
use serde_json::{Value, json};

use crate::crm::{crm, run, stored};

/// What no answer to the second user may hold.
const HIDDEN: &str = "canary";

const POLICIES: &str = r#"
    do $$
    declare t text;
    begin
      foreach t in array array['companies', 'contacts', 'contact_notes', 'deals', 'deal_notes', 'tasks'] loop
        execute format('drop policy "signed-in users" on %I', t);
        execute format('create policy "own" on %I for all to authenticated
          using (sales_id = (select id from sales where user_id = auth.uid()))
          with check (sales_id = (select id from sales where user_id = auth.uid()))', t);
      end loop;
    end $$;
    truncate companies, contacts, contact_notes, deals, deal_notes, tasks restart identity cascade;
    insert into companies (name, website, sales_id) values ('canary works', 'https://canary.example', 1), ('Open works', 'https://open.example', 2);
    insert into contacts (first_name, last_name, company_id, sales_id, email_jsonb, tags, avatar) values
      ('Canary', 'canary', 1, 1, '[{"email": "canary@works.example", "type": "Work"}]', '{1}', '{}'),
      ('Olga', 'Open', 2, 2, '[{"email": "canary@works.example", "type": "Work"}]', '{1}', '{}');
    update contacts set email_jsonb = '[{"email": "shared@works.example", "type": "Work"}]';
    insert into deals (name, company_id, contact_ids, stage, amount, index, sales_id) values ('canary deal', 1, '{1}', 'won', 5, 0, 1), ('Open deal', 2, '{1,2}', 'won', 7, 1, 2);
    insert into tasks (contact_id, text, due_date, sales_id) values (1, 'canary task', '2020-01-01', 1), (2, 'Open task', '2020-01-01', 2);
    insert into contact_notes (contact_id, text, sales_id) values (1, 'canary note', 1), (2, 'canary note', 1), (2, 'Open note', 2);
    insert into deal_notes (deal_id, text, sales_id) values (1, 'canary note', 1), (2, 'canary note', 1), (2, 'Open note', 2)"#;

/// Every tool, aimed at rows of the first user (id 1) and at own ones beside them.
fn attempts() -> Vec<(&'static str, Value)> {
    let entities = [
        "contacts",
        "companies",
        "deals",
        "tasks",
        "contact_notes",
        "deal_notes",
    ];
    let mut all = vec![
        (
            "search",
            json!({"text": "a", "entities": entities, "limit": 50}),
        ),
        ("whoami", json!({})),
        ("overdue_tasks", json!({})),
        ("overdue_tasks", json!({"sales_id": 1})),
        ("pipeline_summary", json!({"sales_id": 1})),
        ("find_duplicates", json!({"entity": "contacts"})),
        ("find_duplicates", json!({"entity": "companies"})),
        ("get_schema", json!({})),
        ("display_task_list", json!({"tasks": []})),
        (
            "query",
            json!({"sql": "select * from contacts_summary, companies_summary, deals, tasks, contact_notes, deal_notes, private_notes where private_notes.body not like '%rob'"}),
        ),
        ("query", json!({"sql": "select * from activity_log"})),
        (
            "mutate",
            json!({"sql": "update contacts set title = 'x' returning *", "dry_run": false}),
        ),
        (
            "mutate",
            json!({"sql": "delete from tasks where id = 1 returning *", "dry_run": false}),
        ),
        ("complete_task", json!({"id": 1})),
        ("move_deal", json!({"id": 1, "stage": "lost"})),
        ("move_deal", json!({"id": 2, "stage": "won"})),
        ("archive_deal", json!({"id": 1})),
        ("tag_contact", json!({"id": 1, "add": ["vip"]})),
        ("merge_contacts", json!({"loser_id": 1, "winner_id": 2})),
        ("merge_contacts", json!({"loser_id": 2, "winner_id": 1})),
        (
            "create_record",
            json!({"entity": "deals", "data": {"name": "x", "stage": "won", "contact_ids": [1]}}),
        ),
        (
            "create_record",
            json!({"entity": "contact_notes", "data": {"contact_id": 1, "text": "x"}}),
        ),
        (
            "create_record",
            json!({"entity": "tasks", "data": {"contact_id": 2, "text": "x", "sales_id": 1}}),
        ),
    ];
    for entity in entities {
        for id in [1, 2] {
            all.push(("get_record", json!({"entity": entity, "id": id})));
        }
        all.push(("list_records", json!({"entity": entity})));
        all.push((
            "list_records",
            json!({"entity": entity, "filters": {"sales_id": 1}}),
        ));
        all.push((
            "update_record",
            json!({"entity": entity, "id": 1, "data": {"sales_id": 2}}),
        ));
        all.push(("delete_record", json!({"entity": entity, "id": 1})));
    }
    for entity in ["contacts", "companies", "deals"] {
        for id in [1, 2] {
            all.push(("timeline", json!({"entity": entity, "id": id})));
        }
    }
    all
}

#[test]
fn nothing_of_another_users_is_seen_or_changed() {
    let project = Project::start().unwrap();
    run(&project, POLICIES);
    let theirs = "select md5(string_agg(x::text, '|' order by x::text)) from (
        select c::text from companies c where sales_id = 1 union all select c::text from contacts c where sales_id = 1
        union all select d::text from deals d where sales_id = 1 union all select t::text from tasks t where sales_id = 1
        union all select n::text from contact_notes n where sales_id = 1 union all select n::text from deal_notes n where sales_id = 1) x";
    let before = stored(&project, theirs);
    let rob = crm(&project, Caller::Rep);
    for (tool, arguments) in attempts() {
        let told = rob.says(tool, &arguments);
        // What was asked for may be repeated.
        let told = told.replace("canary-note-rob", "");
        assert!(
            !told.to_lowercase().contains(HIDDEN),
            "{tool} {arguments}: {told}"
        );
    }
    assert_eq!(stored(&project, theirs), before);
    let ada = crm(&project, Caller::Admin);
    assert_eq!(ada.record("contacts", 1)["first_name"], "Canary");
    assert_eq!(ada.call("pipeline_summary", json!({}))["amount"], 5);
    assert!(
        ada.says("search", &json!({"text": "canary"}))
            .contains("canary works")
    );
}

#[test]
fn one_user_does_not_read_what_was_kept_for_another() {
    let project = Project::start().unwrap();
    run(
        &project,
        r#"drop policy "signed-in users read" on configuration;
           create policy "administrators read" on configuration for select to authenticated using (is_admin());
           update configuration set config = '{"currency": "CHF"}'"#,
    );
    let currency =
        |caller| crm(&project, caller).call("pipeline_summary", json!({}))["currency"].clone();
    assert_eq!(
        (currency(Caller::Admin), currency(Caller::Rep)),
        (json!("CHF"), json!("USD"))
    );
}
