//! A project without the operator's file: all but SQL works, and SQL says what it lacks.

use portcullis_postgres_tests::{Caller, Project};
use portcullis_sdk::Outcome;
use serde_json::json;

use crate::crm::crm;

#[test]
fn sql_says_how_to_install_it() {
    let project = Project::start_with("").unwrap();
    let crm = crm(&project, Caller::Rep);
    for (tool, arguments) in [
        ("query", json!({"sql": "select 1"})),
        ("mutate", json!({"sql": "select 1"})),
        ("mutate", json!({"sql": "select 1", "dry_run": false})),
    ] {
        let failure = crm.fails(tool, arguments);
        assert_eq!(
            (&*failure.code, failure.outcome),
            ("NOT_INSTALLED", Some(Outcome::NotDone)),
            "{tool}"
        );
        let way = failure.suggestion.as_deref().unwrap();
        assert!(way.contains("`portcullis plugin sql atomic`"), "{way}");
    }
}

#[test]
fn the_schema_is_what_is_known_and_what_a_row_shows() {
    let project = Project::start_with("alter table deals add column source text").unwrap();
    let crm = crm(&project, Caller::Rep);
    let schema = crm.call("get_schema", json!({}));
    assert_eq!(schema["source"], "known");
    assert!(
        schema["note"]
            .as_str()
            .unwrap()
            .contains("portcullis plugin sql atomic")
    );
    let deals = &schema["relations"]["deals"]["columns"];
    assert_eq!(
        (&deals["source"], &deals["stage"]),
        (
            &json!("added by the operator"),
            &json!("one of dealStages, required")
        )
    );
    assert_eq!(
        crm.call("search", json!({"text": "acme"}))["results"][0]["total"],
        1
    );
}

#[test]
fn an_older_database_is_told_by_what_it_lacks() {
    let project = Project::start_with(
        "alter table contact_notes rename to \"contactNotes\"; drop function merge_contacts",
    )
    .unwrap();
    let crm = crm(&project, Caller::Rep);
    let failure = crm.fails("list_records", json!({"entity": "contact_notes"}));
    assert_eq!(&*failure.code, "NOT_INSTALLED");
    assert!(
        failure
            .suggestion
            .as_ref()
            .unwrap()
            .contains("Atomic CRM 1.5"),
        "{failure:?}"
    );
    let failure = crm.fails("merge_contacts", json!({"loser_id": 3, "winner_id": 2}));
    assert_eq!(&*failure.code, "NOT_INSTALLED");
}
