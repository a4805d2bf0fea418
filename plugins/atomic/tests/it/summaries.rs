//! The tools that put together: who, timeline, pipeline, due tasks, duplicates, schema.

use portcullis_sdk::testing::post;
use serde_json::json;

use crate::fixtures::{
    USER, configured, contact, counted, crm, failed, one, refused, sales, table, unconfigured, user,
};

#[test]
fn the_caller_is_asked_for_every_time() {
    let crm = crm().expect(user().times(2)).expect(sales().times(2));
    for _ in 0..2 {
        let me = crm.invoke("whoami", json!({})).unwrap();
        assert_eq!((&me["sales_id"], &me["user_id"]), (&json!(2), &json!(USER)));
    }
}

#[test]
fn a_sign_in_that_is_no_user_of_the_crm_is_told_so() {
    let crm = crm()
        .expect(user())
        .expect(table("sales").reply(200, json!([])));
    let failure = failed(crm.invoke("whoami", json!({})));
    assert_eq!(&*failure.code, "PERMISSION_DENIED");
    assert!(failure.message.contains("no user of the CRM"));
}

#[test]
fn a_contacts_timeline_mixes_its_sources() {
    let crm = crm()
        .expect(one("contacts", 1).reply(200, json!([contact(1, "Jane", "Doe")])))
        .expect(
            table("contact_notes")
                .query("contact_id", "eq.1")
                .query("limit", 3)
                .reply(200, json!([{"id": 5, "text": "Called", "date": "2026-11-03T09:00:00+00:00"}])),
        )
        .expect(table("tasks").reply(200, json!([{"id": 6, "text": "Send offer", "due_date": "2026-11-05T09:00:00+00:00", "done_date": null}])))
        .expect(
            table("deals")
                .query("contact_ids", "cs.{1}")
                .reply(200, json!([{"id": 7, "name": "Rollout", "created_at": "2026-11-04T09:00:00+00:00"}])),
        );
    let found = crm
        .invoke(
            "timeline",
            json!({"entity": "contacts", "id": 1, "limit": 2}),
        )
        .unwrap();
    assert_eq!(found["title"], "Jane Doe");
    let kinds: Vec<_> = found["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].clone())
        .collect();
    assert_eq!(kinds, ["task", "deal"]);
    assert_eq!(found["next_before"], "2026-11-04T09:00:00+00:00");
}

#[test]
fn a_companys_timeline_is_the_crms_own_log() {
    let crm = crm()
        .expect(one("companies", 3).reply(200, json!([{"id": 3, "name": "Acme"}])))
        .expect(
            table("activity_log")
                .query("company_id", "eq.3")
                .query("date", "lt.2026-11-30")
                .reply(200, json!([{"id": "deal.7.created", "type": "deal.created", "date": "2026-11-04T09:00:00+00:00", "company": null, "deal": {"id": 7}}])),
        );
    let found = crm
        .invoke(
            "timeline",
            json!({"entity": "companies", "id": 3, "before": "2026-11-30"}),
        )
        .unwrap();
    assert_eq!(found["events"][0]["kind"], "deal.created");
    assert_eq!(found["has_more"], false);
    assert!(found["events"][0]["record"].get("company").is_none());
    let failure = failed(crm.invoke(
        "timeline",
        json!({"entity": "companies", "id": 3, "before": "soon"}),
    ));
    assert_eq!(failure.fields, ["/before"]);
}

#[test]
fn the_pipeline_is_summed_exactly_by_the_crms_own_stages() {
    let big = 9_007_199_254_740_993_i64;
    let crm = crm().expect(configured()).expect(counted(
        table("deals").query("archived_at", "is.null").query("offset", 0),
        json!([
            {"id": 1, "stage": "won", "amount": big},
            {"id": 2, "stage": "won", "amount": 1},
            {"id": 3, "stage": "opportunity", "amount": null, "expected_closing_date": "2026-11-19"},
            {"id": 4, "stage": "forgotten", "amount": 10, "expected_closing_date": "2026-11-20"},
        ]),
        "0-3/4",
    ));
    let summary = crm.invoke("pipeline_summary", json!({})).unwrap();
    assert_eq!(summary["currency"], "EUR");
    assert_eq!(summary["stages"][1]["stage"], "won");
    assert_eq!(
        summary["stages"][1]["amount"].to_string(),
        "9007199254740994"
    );
    assert_eq!(summary["stages"][0]["without_amount"], 1);
    assert_eq!(summary["stages"][3]["unknown"], true);
    assert_eq!(
        (
            &summary["open_deals"],
            &summary["open_amount"],
            &summary["overdue_deals"]
        ),
        (&json!(2), &json!(10), &json!(1))
    );
}

#[test]
fn lost_deals_are_decided_whatever_the_configuration_counts_as_won() {
    let configured =
        table("configuration").reply(200, json!([{"config": {"dealPipelineStatuses": ["won"]}}]));
    let crm = crm().expect(configured).expect(counted(
        table("deals"),
        json!([
            {"id": 1, "stage": "lost", "amount": 7, "expected_closing_date": "2026-01-01"},
            {"id": 2, "stage": "won", "amount": 5},
            {"id": 3, "stage": "delayed", "amount": 3},
        ]),
        "0-2/3",
    ));
    let summary = crm.invoke("pipeline_summary", json!({})).unwrap();
    assert_eq!(
        (
            &summary["open_deals"],
            &summary["open_amount"],
            &summary["overdue_deals"]
        ),
        (&json!(1), &json!(3), &json!(0))
    );
    let lost = summary["stages"].as_array().unwrap().iter();
    let lost = lost.clone().find(|stage| stage["stage"] == "lost").unwrap();
    assert_eq!(lost["decided"], true);
}

#[test]
fn a_table_is_read_to_its_end_whatever_the_page_is_cut_to() {
    let rows = |ids: std::ops::Range<u64>| -> serde_json::Value {
        ids.map(|id| json!({"id": id, "stage": "won", "amount": 1}))
            .collect()
    };
    let crm = crm()
        .expect(configured())
        .expect(counted(
            table("deals").query("offset", 0),
            rows(0..3),
            "0-2/5",
        ))
        .expect(counted(
            table("deals").query("offset", 3),
            rows(3..5),
            "3-4/5",
        ));
    let summary = crm.invoke("pipeline_summary", json!({})).unwrap();
    assert_eq!(summary["deals"], 5);
    assert!(summary.get("truncated").is_none());
    let failure = failed(crm.invoke("pipeline_summary", json!({"category": "nonsense"})));
    assert_eq!(failure.fields, ["/category"]);
    assert!(failure.message.contains("copywriting"));
}

#[test]
fn due_tasks_carry_the_contacts_name() {
    let crm = crm().expect(counted(
        table("tasks")
            .query("done_date", "is.null")
            .query("due_date", "lt.2026-11-22T10:00:00Z"),
        json!([{"id": 1, "type": "call", "text": "Call", "due_date": "2026-11-18T09:00:00+00:00", "contact_id": 1,
            "contacts": {"first_name": "Jane", "last_name": "Doe", "companies": {"name": "Acme"}}}]),
        "0-0/1",
    ));
    let page = crm
        .invoke("overdue_tasks", json!({"days_ahead": 2}))
        .unwrap();
    let task = &page["records"][0];
    assert_eq!(task["contact_name"], "Jane Doe");
    assert_eq!(task["company_name"], "Acme");
    assert_eq!(task["days_overdue"], 2);
}

#[test]
fn duplicates_share_an_address_a_number_or_a_name() {
    let crm = crm()
        .expect(counted(
            table("contacts"),
            json!([
                {"id": 1, "first_name": "Jane", "last_name": "Doe", "company_id": 1, "email_jsonb": [{"email": "Jane@acme.example"}, {"email": "jane@acme.example"}], "phone_jsonb": [{"number": "+1 (555) 010-0199"}]},
                {"id": 2, "first_name": "jane", "last_name": "doe", "company_id": 1, "email_jsonb": [{"email": "jane@acme.example"}], "phone_jsonb": [{"number": "12"}]},
                {"id": 3, "first_name": "Jim", "last_name": "Poe", "company_id": null, "email_jsonb": null, "phone_jsonb": [{"number": "15550100199"}, {"number": "12"}]},
            ]),
            "0-2/3",
        ))
        .expect(counted(
            table("companies"),
            json!([{"id": 1, "name": "Acme, Inc", "website": "https://www.acme.example/x"}, {"id": 2, "name": "Other", "website": "http://acme.example"}]),
            "0-1/2",
        ));
    let found = crm
        .invoke("find_duplicates", json!({"entity": "contacts"}))
        .unwrap();
    let same: Vec<_> = found["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["same"].clone())
        .collect();
    assert_eq!(same, ["email", "name", "phone"]);
    assert_eq!(found["groups"][0]["records"].as_array().unwrap().len(), 2);
    let found = crm
        .invoke("find_duplicates", json!({"entity": "companies"}))
        .unwrap();
    assert_eq!(found["groups"][0]["value"], "acme.example");
}

#[test]
fn the_schema_comes_from_the_database_where_it_can() {
    let crm = crm().expect(configured()).expect(post("rest/v1/rpc/crm_mcp_schema").reply(
        200,
        json!({"relations": [{
            "schema": "public", "name": "contacts", "kind": "table", "comment": null, "row_security": true, "may": ["select"], "estimated_rows": 3,
            "columns": [
                {"name": "id", "type": "bigint", "nullable": false, "default": null, "identity": true, "comment": null},
                {"name": "company_id", "type": "bigint", "nullable": true, "default": null, "identity": false, "comment": null},
            ],
            "constraints": [
                {"name": "contacts_company_id_fkey", "kind": "f", "columns": ["company_id"], "references": {"table": "companies", "columns": ["id"]}, "definition": "FOREIGN KEY (company_id) REFERENCES companies(id) ON DELETE CASCADE"},
                {"name": "contacts_pkey", "kind": "p", "columns": ["id"], "references": null, "definition": "PRIMARY KEY (id)"},
            ],
        }]}),
    ));
    let schema = crm.invoke("get_schema", json!({})).unwrap();
    assert_eq!(schema["source"], "database");
    let columns = &schema["relations"]["contacts"]["columns"];
    assert_eq!(
        columns["id"],
        "bigint, required, numbered by the database, primary key"
    );
    assert_eq!(
        columns["company_id"],
        "bigint, -> companies.id (deleted with it)"
    );
    assert_eq!(
        schema["allowed_values"]["dealStages"],
        json!(["opportunity", "won", "lost"])
    );
    assert_eq!(schema["allowed_values"]["gender"][2], "nonbinary");
}

#[test]
fn without_functions_the_schema_is_what_is_known_and_seen() {
    let missing = refused(
        post("rest/v1/rpc/crm_mcp_schema"),
        404,
        "PGRST202",
        "Could not find the function public.crm_mcp_schema without parameters in the schema cache",
    );
    let mut crm = crm().expect(unconfigured()).expect(missing);
    for name in [
        "contacts",
        "companies",
        "deals",
        "tasks",
        "contact_notes",
        "tags",
        "sales",
    ] {
        let row = json!([{"id": 1, "loyalty": "gold"}]);
        crm = crm.expect(table(name).query("limit", 1).reply(200, row));
    }
    let crm = crm.expect(refused(
        table("deal_notes"),
        404,
        "42P01",
        "relation \"public.deal_notes\" does not exist",
    ));
    let schema = crm.invoke("get_schema", json!({})).unwrap();
    assert_eq!(schema["source"], "known");
    assert_eq!(
        schema["relations"]["deals"]["columns"]["loyalty"],
        "added by the operator"
    );
    assert_eq!(
        schema["relations"]["deals"]["columns"]["stage"],
        "one of dealStages, required"
    );
    assert!(schema["relations"]["deal_notes"]["unavailable"].is_string());
    assert!(
        schema["note"]
            .as_str()
            .unwrap()
            .contains("portcullis plugin sql atomic")
    );
}
