//! The self-test on a real database.

use portcullis_postgres_tests::{Caller, Project};
use serde_json::{Value, json};

use crate::crm::{crm, run};

fn finding(found: &Value, subject: &str) -> (String, String) {
    let list = found["findings"].as_array().unwrap();
    let finding = list.iter().find(|finding| finding["subject"] == subject);
    let finding = finding.unwrap_or_else(|| panic!("no finding {subject}: {found}"));
    let word = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    (word("level"), word("message"))
}

#[test]
fn a_project_with_everything_is_sound_but_for_its_cascade() {
    let project = Project::start().unwrap();
    let found = crm(&project, Caller::Admin).call("live_check", json!({}));
    for subject in [
        "address",
        "identity",
        "tables",
        "functions",
        "sign-up",
        "attachments",
        "database build",
    ] {
        assert_eq!(finding(&found, subject).0, "ok", "{subject}: {found}");
    }
    let (level, message) = finding(&found, "company deletion");
    assert_eq!(level, "warn");
    assert!(message.contains("contacts and deals"), "{message}");
}

#[test]
fn what_stands_open_or_is_not_there_is_told() {
    let project = Project::start_with(
        "drop policy \"signed-in users\" on deals; create policy \"everybody\" on deals for select to public using (true);
         drop view activity_log",
    )
    .unwrap();
    let found = crm(&project, Caller::Rep).call("live_check", json!({}));
    let (level, message) = finding(&found, "anonymous reads");
    assert_eq!(
        (level.as_str(), message.ends_with(": deals")),
        ("error", true),
        "{message}"
    );
    assert_eq!(finding(&found, "functions").0, "warn");
    assert!(
        finding(&found, "tables").1.contains("activity_log"),
        "{found}"
    );
    for subject in ["company deletion", "database build"] {
        let (level, message) = finding(&found, subject);
        assert!(
            level == "warn" && message.contains("not visible"),
            "{message}"
        );
    }
}

#[test]
fn a_database_whose_companies_take_nothing_along_is_told_so() {
    let project = Project::start().unwrap();
    run(
        &project,
        "alter table contacts drop constraint contacts_company_id_fkey; alter table contacts add foreign key (company_id) references companies (id);
         alter table deals drop constraint deals_company_id_fkey; alter table deals add foreign key (company_id) references companies (id) on delete set null",
    );
    let found = crm(&project, Caller::Rep).call("live_check", json!({}));
    assert_eq!(finding(&found, "company deletion").0, "ok", "{found}");
    let failure =
        crm(&project, Caller::Rep).fails("delete_record", json!({"entity": "companies", "id": 1}));
    assert_eq!(&*failure.code, "CONFLICT");
    assert!(
        failure
            .message
            .starts_with("rows of contacts still refer to it"),
        "{failure:?}"
    );
}
