//! What is summed up, and who asks.

use portcullis_postgres_tests::{Caller, Project};
use serde_json::json;

use crate::crm::{column, crm, run};

#[test]
fn each_user_is_told_who_they_are() {
    let project = Project::start().unwrap();
    for (caller, id, name, administrator) in [
        (Caller::Admin, 1, "Ada", true),
        (Caller::Rep, 2, "Rob", false),
    ] {
        let told = crm(&project, caller).call("whoami", json!({}));
        assert_eq!(
            (
                &told["sales_id"],
                &told["first_name"],
                &told["administrator"]
            ),
            (&json!(id), &json!(name), &json!(administrator))
        );
    }
}

#[test]
fn sums_are_exact() {
    let project = Project::start().unwrap();
    run(
        &project,
        "insert into deals (name, stage, amount, sales_id, expected_closing_date, archived_at) values
           ('Late', 'opportunity', -500, 2, current_date - 1, null), ('Odd', 'limbo', null, 1, null, null), ('Old', 'won', 7, 1, null, now())",
    );
    let crm = crm(&project, Caller::Rep);
    let summary = crm.call("pipeline_summary", json!({}));
    assert_eq!(
        (&summary["deals"], &summary["overdue_deals"]),
        (&json!(4), &json!(1))
    );
    assert_eq!(summary["amount"].to_string(), "9007199254752993");
    assert_eq!(summary["open_amount"].to_string(), "12000");
    let stages = summary["stages"].as_array().unwrap();
    let won = stages.iter().find(|stage| stage["stage"] == "won").unwrap();
    assert_eq!((&won["deals"], &won["decided"]), (&json!(1), &json!(true)));
    assert_eq!(stages.last().unwrap()["unknown"], true);
    let own = crm.call(
        "pipeline_summary",
        json!({"mine": true, "category": "Other"}),
    );
    assert_eq!(own["deals"], 1);
}

#[test]
fn tasks_that_are_due_come_with_their_contact() {
    let project = Project::start().unwrap();
    let crm = crm(&project, Caller::Rep);
    let due = crm.call("overdue_tasks", json!({}));
    assert_eq!(column(&due["records"], "id"), json!([2]));
    let task = &due["records"][0];
    assert_eq!(
        (&task["contact_name"], &task["company_name"]),
        (&json!("John Smith"), &json!("Globex"))
    );
    assert_eq!(task["days_overdue"], 1);
    let soon = crm.call("overdue_tasks", json!({"days_ahead": 2, "mine": true}));
    assert_eq!(column(&soon["records"], "id"), json!([2, 1]));
    let done = crm.call("complete_task", json!({"id": 2}));
    assert_eq!(done["already_done"], false);
    assert_eq!(
        crm.call("complete_task", json!({"id": 2}))["done_date"],
        done["done_date"]
    );
    assert_eq!(crm.call("overdue_tasks", json!({}))["total"], 0);
    crm.call(
        "update_record",
        json!({"entity": "tasks", "id": 2, "data": {"done_date": null}}),
    );
    assert_eq!(crm.call("overdue_tasks", json!({}))["total"], 1);
}

#[test]
fn a_timeline_goes_on_where_it_was_cut() {
    let project = Project::start().unwrap();
    let crm = crm(&project, Caller::Rep);
    for (entity, id, kinds) in [
        ("contacts", 1, vec!["contact_note", "deal", "task"]),
        ("deals", 1, vec!["deal_note"]),
        (
            "companies",
            1,
            vec![
                "company.created",
                "contact.created",
                "contactNote.created",
                "deal.created",
                "dealNote.created",
            ],
        ),
    ] {
        let whole = crm.call("timeline", json!({"entity": entity, "id": id}));
        let mut found: Vec<String> =
            serde_json::from_value(column(&whole["events"], "kind")).unwrap();
        found.sort_unstable();
        assert_eq!(found, kinds, "{entity}");
        let mut seen = 0;
        let mut arguments = json!({"entity": entity, "id": id, "limit": 1});
        loop {
            let page = crm.call("timeline", arguments.clone());
            seen += page["events"].as_array().unwrap().len();
            match page.get("next_before") {
                Some(before) => {
                    arguments["before"] = before.clone();
                    arguments["skip"] = page["next_skip"].clone();
                }
                None => break,
            }
        }
        assert_eq!(seen, kinds.len(), "{entity}");
    }
}

#[test]
fn duplicates_are_found_by_what_they_share() {
    let project = Project::start().unwrap();
    run(
        &project,
        r#"insert into contacts (first_name, last_name, company_id, avatar, email_jsonb, phone_jsonb) values
        ('J.', 'D.', 3, '{}', '[{"email": "JANE.doe@acme.example", "type": "Home"}]', null),
        ('Jenny', 'D', 3, '{}', null, '[{"number": "(1) 555-0100", "type": "Work"}]'),
        ('john', 'SMITH', 2, '{}', null, null);
        insert into companies (name, website) values ('GLOBEX', 'https://www.hooli.example/'), ('Other', 'hooli.example')"#,
    );
    let crm = crm(&project, Caller::Rep);
    let alike = crm.call("find_duplicates", json!({"entity": "contacts"}));
    assert_eq!(
        column(&alike["groups"], "same"),
        json!(["email", "name", "phone"])
    );
    assert_eq!(column(&alike["groups"][0]["records"], "id"), json!([1, 4]));
    assert_eq!(column(&alike["groups"][1]["records"], "id"), json!([2, 6]));
    assert_eq!(column(&alike["groups"][2]["records"], "id"), json!([1, 5]));
    let alike = crm.call("find_duplicates", json!({"entity": "companies"}));
    assert_eq!(column(&alike["groups"], "same"), json!(["name", "website"]));
}

#[test]
fn more_than_one_page_of_the_platform_is_read_whole() {
    let project = Project::start().unwrap();
    run(
        &project,
        "insert into deals (name, stage, amount) select 'Deal ' || n, 'lost', 1 from generate_series(1, 2300) n",
    );
    let summary = crm(&project, Caller::Rep).call("pipeline_summary", json!({}));
    assert_eq!(
        (&summary["deals"], summary.get("truncated")),
        (&json!(2302), None)
    );
}
