//! `crm_search`: lean endpoints, small pages, counts that are right, filters that work.

use portcullis_sdk::testing::{Harness, get};
use serde_json::{Value, json};

use crate::fixtures::{ID, board, crm, directory, failed, id, list, profile, tag, tags};

const EIGHT: [&str; 8] = [
    "leads",
    "contacts",
    "accounts",
    "opportunities",
    "tasks",
    "cases",
    "invoices",
    "solutions",
];

/// Answers lists, and boards that do not hold everything, so that the heavy list is read.
fn heavy() -> Harness {
    crm().upstream(|request| {
        let path = request.path.join("/");
        let body = match path.strip_suffix("/kanban") {
            Some(entity) => board(entity.trim_start_matches("api/"), 40, 400),
            None => list(request.path.last().expect("a path"), 20, 45),
        };
        Ok(portcullis_sdk::Response {
            status: 200,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        })
    })
}

#[test]
fn twenty_rows_of_every_entity_fit_ten_kilobytes() {
    for entity in EIGHT {
        let found = heavy()
            .invoke("crm_search", json!({"entity": entity}))
            .unwrap();
        let size = found.to_string().len();
        let rows = found["records"].as_array().unwrap().len();
        assert!(size <= 10_000, "{entity}: {size} bytes");
        assert_eq!(rows, 20, "{entity}: {size} bytes");
        let told = found["truncated"].as_str().unwrap_or_default();
        let cut = found.to_string().contains(" more characters]");
        assert_eq!(
            told.starts_with("Texts were cut ("),
            cut,
            "{entity}: {told}"
        );
        assert!(!told.contains("left out"), "{entity}: {told}");
        assert_eq!(found["total"], 45, "{entity}");
        assert_eq!(
            found["next_offset"], 20,
            "{entity}: the CRM's own offset is wrong"
        );
        assert_eq!(found["has_more"], true, "{entity}");
    }
}

#[test]
fn the_fixtures_are_as_heavy_as_the_real_lists() {
    for (entity, least) in [
        ("leads", 90_000),
        ("contacts", 60_000),
        ("accounts", 250_000),
        ("opportunities", 400_000),
        ("cases", 200_000),
    ] {
        let size = list(entity, 20, 45).to_string().len();
        assert!(size >= least, "{entity}: {size}");
    }
}

#[test]
fn rows_with_endless_texts_are_cut_and_say_so() {
    let long = "ü".repeat(79);
    let row = |n: usize| json!({"id": id(n), "title": long, "description": long, "status": "draft", "is_published": false, "case_count": 1, "author": long, "updated_at": long, "more": long});
    let rows: Vec<Value> = (0..20).map(row).collect();
    let crm =
        crm().expect(get("api/cases/solutions").reply(200, json!({"count": 90, "results": rows})));
    let found = crm
        .invoke("crm_search", json!({"entity": "solutions", "offset": 40}))
        .unwrap();
    assert!(found.to_string().len() <= 10_000);
    let kept = found["records"].as_array().unwrap().len() as u64;
    assert!(kept < 20 && kept > 10, "{kept}");
    assert_eq!(found["next_offset"], 40 + kept);
    assert!(found["truncated"].as_str().unwrap().contains("next_offset"));
}

#[test]
fn a_board_that_holds_everything_replaces_the_heavy_list() {
    let crm = crm().expect(
        get("api/opportunities/kanban")
            .reply(200, board("opportunities", 26, 26))
            .times(2),
    );
    let first = crm
        .invoke("crm_search", json!({"entity": "opportunities"}))
        .unwrap();
    assert_eq!(
        (first["total"].as_u64(), first["next_offset"].as_u64()),
        (Some(26), Some(20))
    );
    let newest = first["records"][0]["id"].clone();
    assert_eq!(newest, id(4025), "newest first");
    let second = crm
        .invoke(
            "crm_search",
            json!({"entity": "opportunities", "offset": 20}),
        )
        .unwrap();
    assert_eq!(second["records"].as_array().unwrap().len(), 6);
    assert_eq!(second["has_more"], false);
    assert_eq!(second["next_offset"], Value::Null);
}

#[test]
fn the_board_is_filtered_by_its_columns() {
    let crm = crm().expect(
        get("api/opportunities/kanban")
            .query("search", "renewal")
            .reply(200, board("opportunities", 10, 10)),
    );
    let found = crm.invoke("crm_search", json!({"entity": "opportunities", "query": "renewal", "filters": {"stage": ["CLOSED_WON"]}})).unwrap();
    assert_eq!(found["total"], 5);
    for record in found["records"].as_array().unwrap() {
        assert_eq!(record["stage"], "CLOSED_WON");
    }
}

#[test]
fn a_board_that_lacks_records_is_not_asked_again() {
    let crm = crm()
        .expect(get("api/cases/kanban").reply(200, board("cases", 30, 31)))
        .expect(
            get("api/cases")
                .query("slim", "true")
                .query("limit", 20)
                .query("offset", 0)
                .reply(200, list("cases", 20, 31))
                .times(2),
        );
    for _ in 0..2 {
        let found = crm
            .invoke("crm_search", json!({"entity": "cases"}))
            .unwrap();
        assert_eq!(
            found["records"][0]["account_name"],
            "Customer 0 Incorporated"
        );
        assert_eq!(found["records"][0]["is_sla_breached"], true);
        assert_eq!(found["totals"]["urgent_count"], 7);
    }
}

#[test]
fn fields_that_no_card_has_come_from_the_list() {
    let crm = crm().expect(
        get("api/opportunities")
            .query("limit", 2)
            .reply(200, list("opportunities", 2, 2)),
    );
    let found = crm.invoke("crm_search", json!({"entity": "opportunities", "limit": 2, "fields": ["name", "lead_source", "contacts"]})).unwrap();
    let record = found["records"][0].as_object().unwrap();
    assert_eq!(
        record.keys().collect::<Vec<_>>(),
        ["id", "name", "lead_source", "contacts"]
    );
    assert_eq!(
        record["contacts"][0],
        json!({"id": id(3001), "name": "Ada Example1"})
    );
}

#[test]
fn open_and_closed_leads_are_one_list() {
    let half = |open: usize, closed: usize, first: usize| {
        let rows = |from: usize, many: usize| {
            (from..from + many)
                .map(crate::fixtures::lead)
                .collect::<Vec<_>>()
        };
        json!({"open_leads": {"leads_count": 23, "open_leads": rows(first, open)}, "close_leads": {"leads_count": 4, "close_leads": rows(500, closed)}})
    };
    let crm = crm()
        .expect(get("api/leads/kanban").reply(200, board("leads", 26, 27)))
        .expect(
            get("api/leads")
                .query("offset", 20)
                .query("limit", 20)
                .reply(200, half(3, 0, 20)),
        )
        .expect(
            get("api/leads")
                .query("offset", 0)
                .query("limit", 17)
                .reply(200, half(17, 4, 0)),
        );
    let found = crm
        .invoke("crm_search", json!({"entity": "leads", "offset": 20}))
        .unwrap();
    let ids: Vec<_> = found["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 7);
    assert_eq!(
        (ids[0].as_str(), ids[3].as_str()),
        (id(1020).as_str(), id(1500).as_str())
    );
    assert_eq!(
        (found["total"].as_u64(), found["has_more"].as_bool()),
        (Some(27), Some(false))
    );
}

#[test]
fn a_limit_is_clamped_and_said() {
    for (asked, sent, said) in [
        (json!(80), 50, true),
        (json!(1e300), 50, true),
        (json!(0), 20, true),
        (json!(-4), 20, true),
        (json!(7.5), 7, true),
        (json!(7), 7, false),
        (json!(50.0), 50, false),
    ] {
        let crm = crm().expect(
            get("api/invoices")
                .query("limit", sent)
                .query("offset", 0)
                .reply(200, list("invoices", 1, 1)),
        );
        let found = crm
            .invoke(
                "crm_search",
                json!({"entity": "invoices", "limit": asked, "offset": -3}),
            )
            .unwrap();
        let notes = found["notes"].to_string();
        assert_eq!(notes.contains("limit"), said, "{asked}: {notes}");
        let both = notes.contains(&format!("limit {asked} ")) && notes.contains(&sent.to_string());
        assert!(both || !said || asked.as_f64() > Some(1e9), "{notes}");
        assert!(notes.contains("offset"), "{notes}");
    }
}

#[test]
fn wrong_filters_never_reach_the_crm() {
    for (entity, filters, word) in [
        ("leads", json!({"statu": "assigned"}), "status"),
        ("leads", json!({"status": "new"}), "assigned"),
        ("leads", json!({"status": "converted"}), "converted"),
        ("leads", json!({"status": "assigned,closed"}), "none of"),
        (
            "leads",
            json!({"created_at__gte": "last week"}),
            "YYYY-MM-DD",
        ),
        (
            "invoices",
            json!({"due_date_gte": "2026-13-01"}),
            "YYYY-MM-DD",
        ),
        ("opportunities", json!({"stage": "CLOSED"}), "CLOSED_WON"),
        ("opportunities", json!({"amount__gte": "a lot"}), "number"),
        ("cases", json!({"ordering": "account"}), "created_at"),
        ("tasks", json!({"priority": "Urgent"}), "High"),
        ("cases", json!({"sla_breached": "maybe"}), "true or false"),
        ("products", json!({"sku": "x"}), "query"),
    ] {
        let failure =
            failed(crm().invoke("crm_search", json!({"entity": entity, "filters": filters})));
        let text = format!("{} {:?}", failure.message, failure.suggestion);
        assert!(text.contains(word), "{filters}: {text}");
        assert!(
            failure.fields[0].starts_with("/filters/"),
            "{:?}",
            failure.fields
        );
    }
}

#[test]
fn people_and_tags_of_filters_are_found_by_name() {
    let crm = crm().expect(directory()).expect(tags()).expect(
        get("api/tasks")
            .query("assigned_to", profile(2)["id"].as_str().unwrap())
            .query("tags", tag("x")["id"].as_str().unwrap())
            .query("status", "New")
            .query("status", "Completed")
            .reply(200, list("tasks", 1, 1)),
    );
    let filters = json!({"assigned_to": "MEMBER2@crm.example", "tags": ["key account"], "status": ["New", "Completed"]});
    let found = crm
        .invoke("crm_search", json!({"entity": "tasks", "filters": filters}))
        .unwrap();
    assert_eq!(
        found["records"][0]["assigned_to"],
        json!(["member1@crm.example", "member2@crm.example"])
    );
}

#[test]
fn short_lists_are_searched_and_paged_here() {
    let products: Vec<Value> = (0..30).map(|n| json!({"id": id(n), "name": format!("{} {n}", if n.is_multiple_of(3) {"Licence"} else {"Seat"}), "sku": null, "price": "1.00", "is_active": true})).collect();
    let crm = crm().expect(
        get("api/invoices/products")
            .query("limit", 500)
            .reply(200, json!({"count": 30, "results": products})),
    );
    let found = crm
        .invoke(
            "crm_search",
            json!({"entity": "products", "query": "licence", "limit": 4, "offset": 4}),
        )
        .unwrap();
    assert_eq!(
        (found["total"].as_u64(), found["next_offset"].as_u64()),
        (Some(10), Some(8))
    );
    assert_eq!(found["records"][0]["name"], "Licence 12");
}

#[test]
fn what_surrounds_the_records_is_listed_too() {
    let crm = crm()
        .expect(directory())
        .expect(get("api/dashboard/today").reply(200, json!({"queue": [{"id": format!("invoice-{ID}"), "tone": "clay", "due": "Overdue", "title": "Invoice", "detail": "due", "action": "Remind", "href": "/invoices/1"}], "summary": {"count": 31, "shown": 8}, "later": []})))
        .expect(get("api/search").query("q", "ma").reply(200, json!({"query": "ma", "results": [{"type": "lead", "id": ID, "title": "Grace", "subtitle": ""}]})))
        .expect(get("api/time-entries/unbilled").reply(200, json!([{"id": ID, "case": ID, "profile": profile(1), "started_at": "2026-11-20T01:00:00Z", "duration_minutes": 90, "billable": true}])));
    let people = crm
        .invoke("crm_search", json!({"entity": "people"}))
        .unwrap();
    assert_eq!(
        people["records"][1],
        json!({"id": id(9001), "name": "Member 1", "email": "member1@crm.example", "role": "USER", "phone": "+1 555-555-0194", "is_active": true})
    );
    let today = crm
        .invoke("crm_search", json!({"entity": "today"}))
        .unwrap();
    assert_eq!(today["records"][0]["due"], "Overdue");
    let hits = crm
        .invoke("crm_search", json!({"entity": "everything", "query": "ma"}))
        .unwrap();
    assert_eq!(hits["records"][0]["type"], "lead");
    let time = crm
        .invoke("crm_search", json!({"entity": "time_entries"}))
        .unwrap();
    assert_eq!(time["records"][0]["profile"], "member1@crm.example");
    assert_eq!(
        failed(crm.invoke("crm_search", json!({"entity": "everything", "query": "m"}))).fields,
        ["/query"]
    );
}

#[test]
fn a_field_nobody_knows_is_refused_with_the_nearest() {
    let crm = crm().expect(crate::fixtures::schema());
    let failure = failed(crm.invoke(
        "crm_search",
        json!({"entity": "leads", "fields": ["compny_name"]}),
    ));
    assert_eq!(failure.fields, ["/fields/0"]);
    assert!(
        failure
            .suggestion
            .as_deref()
            .unwrap_or_default()
            .contains("company_name"),
        "{failure:?}"
    );
}

#[test]
fn of_what_is_only_listed_the_schema_is_not_asked() {
    let crm = crm();
    for entity in ["people", "today", "everything"] {
        let failure = failed(crm.invoke(
            "crm_search",
            json!({"entity": entity, "query": "an", "fields": ["nme"]}),
        ));
        assert_eq!(failure.fields, ["/fields/0"], "{entity}");
    }
    assert!(crm.requests().is_empty());
}
