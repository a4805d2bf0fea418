//! Tools that read: they find what is there, say how much of it, and change nothing.

use serde_json::{Value, json};

use super::{done, number, refused};
use crate::support::{Atomic, TestHost, list, text};
use portcullis_demo::atomic::REP;

const ENTITIES: [&str; 8] = [
    "contacts",
    "companies",
    "deals",
    "tasks",
    "contact_notes",
    "deal_notes",
    "tags",
    "sales",
];

async fn started() -> (Atomic, TestHost) {
    let crm = Atomic::start().await;
    let host = crm.as_rep().await;
    (crm, host)
}

#[tokio::test]
async fn a_list_pages_without_losing_or_repeating_a_record() {
    let (crm, host) = started().await;
    for entity in ENTITIES {
        let (mut seen, mut offset) = (Vec::new(), json!(0));
        while !offset.is_null() {
            let arguments =
                json!({"entity": entity, "limit": 7, "offset": offset, "include_archived": true});
            let page = done(&host, "list_records", arguments).await;
            assert_eq!(page["has_more"], !page["next_offset"].is_null(), "{page}");
            seen.extend(list(&page["records"]).iter().map(|row| number(&row["id"])));
            offset = page["next_offset"].clone();
        }
        seen.sort_unstable();
        assert_eq!(seen, crm.memory.ids(entity), "{entity}");
    }
    assert_eq!(crm.changes(), 0);
}

#[tokio::test]
async fn filters_owners_and_archived_deals() {
    let (crm, host) = started().await;
    let filters = json!({"stage": ["won", "lost"], "amount": {"gte": 10000}});
    let arguments =
        json!({"entity": "deals", "filters": filters, "order": "-amount", "limit": 100});
    let found = done(&host, "list_records", arguments).await;
    let rows = list(&found["records"]);
    assert!(rows.len() > 3, "{found}");
    for (n, row) in rows.iter().enumerate() {
        let stored = crm.row("deals", number(&row["id"]));
        assert!(
            matches!(text(&stored, "/stage"), "won" | "lost"),
            "{stored}"
        );
        assert!(number(&stored["amount"]) >= 10_000 && stored["archived_at"].is_null());
        assert!(n == 0 || number(&row["amount"]) <= number(&rows[n - 1]["amount"]));
    }
    let mine = json!({"entity": "tasks", "mine": true, "limit": 100});
    let mine = done(&host, "list_records", mine).await;
    let own = |row: &Value| crm.row("tasks", number(&row["id"]))["sales_id"] == REP.sales_id;
    assert!(!list(&mine["records"]).is_empty() && list(&mine["records"]).iter().all(own));
    let archived = json!({"entity": "deals", "filters": {"archived_at": {"is_null": false}}, "include_archived": true});
    let archived = done(&host, "list_records", archived).await;
    assert_eq!(archived["total"], 2, "{archived}");
}

#[tokio::test]
async fn a_search_finds_words_in_several_columns() {
    let (_crm, host) = started().await;
    let found = done(&host, "search", json!({"text": "harbour"})).await;
    let of = |entity: &str| {
        let mut results = list(&found["results"]).iter();
        let hits = results.find(|hits| hits["entity"] == entity);
        hits.expect(entity).clone()
    };
    assert_eq!(of("companies")["total"], 3, "{found}");
    assert!(number(&of("deals")["total"]) > 0, "{found}");
    let both = done(
        &host,
        "search",
        json!({"text": "priya.0@mail aldous", "entities": ["contacts"]}),
    )
    .await;
    assert_eq!(both["results"][0]["total"], 1, "{both}");
    let signs = done(&host, "search", json!({"text": "100% (a,b) \"c\""})).await;
    assert!(
        list(&signs["results"])
            .iter()
            .all(|hits| hits["total"] == 0),
        "{signs}"
    );
}

#[tokio::test]
async fn one_record_its_timeline_and_who_asks() {
    let (crm, host) = started().await;
    let company = done(&host, "get_record", json!({"entity": "companies", "id": 1})).await;
    assert_eq!(
        company["record"]["name"],
        crm.row("companies", 1)["name"],
        "{company}"
    );
    let gone = refused(&host, "get_record", json!({"entity": "deals", "id": 9999})).await;
    assert_eq!(gone["error"]["code"], "RECORD_NOT_FOUND", "{gone}");
    for (entity, kind) in [
        ("contacts", "contact_note"),
        ("companies", "company.created"),
        ("deals", "deal_note"),
    ] {
        let told = done(&host, "timeline", json!({"entity": entity, "id": 1})).await;
        let events = list(&told["events"]);
        assert!(
            events.iter().any(|event| event["kind"] == kind),
            "{entity}: {told}"
        );
        let dates: Vec<&str> = events.iter().map(|event| text(event, "/date")).collect();
        assert!(dates.is_sorted_by(|left, right| left >= right), "{dates:?}");
    }
    let who = done(&host, "whoami", json!({})).await;
    assert_eq!(
        (&who["sales_id"], text(&who, "/email")),
        (&json!(REP.sales_id), REP.email)
    );
    assert_eq!(
        (&who["administrator"], text(&who, "/user_id")),
        (&json!(false), REP.user_id)
    );
}

#[tokio::test]
async fn sums_overdue_tasks_and_duplicates_are_those_of_the_rows() {
    let (crm, host) = started().await;
    let deals: Vec<Value> = crm
        .memory
        .ids("deals")
        .into_iter()
        .map(|id| crm.row("deals", id))
        .collect();
    let open = deals.iter().filter(|deal| deal["archived_at"].is_null());
    let (count, amount) = open.fold((0, 0), |(count, sum), deal| {
        (count + 1, sum + number(&deal["amount"]))
    });
    let summary = done(&host, "pipeline_summary", json!({})).await;
    assert_eq!(
        (number(&summary["deals"]), number(&summary["amount"])),
        (count, amount),
        "{summary}"
    );
    assert_eq!(summary["currency"], "EUR");
    let overdue = done(&host, "overdue_tasks", json!({})).await;
    assert!(!list(&overdue["records"]).is_empty());
    for task in list(&overdue["records"]) {
        assert!(
            crm.row("tasks", number(&task["id"]))["done_date"].is_null(),
            "{task}"
        );
    }
    let alike = done(&host, "find_duplicates", json!({"entity": "contacts"})).await;
    let mut groups = list(&alike["groups"]).iter();
    let group = groups
        .find(|group| group["same"] == "email")
        .expect("one address, two contacts");
    assert_eq!(list(&group["records"]).len(), 2, "{alike}");
}

#[tokio::test]
async fn the_schema_is_told_without_anything_installed() {
    let (_crm, host) = started().await;
    let schema = done(&host, "get_schema", json!({})).await;
    assert_eq!(schema["source"], "known");
    for entity in ENTITIES {
        assert!(
            schema["relations"][entity]["columns"].is_object(),
            "{entity}: {schema}"
        );
    }
    assert!(
        schema["allowed_values"]
            .to_string()
            .contains("proposal-sent")
    );
    assert!(
        text(&schema, "/note").contains("portcullis plugin sql atomic"),
        "{schema}"
    );
}

#[tokio::test]
async fn statements_say_how_to_install_what_they_need() {
    let (crm, host) = started().await;
    for (tool, arguments) in [
        ("query", json!({"sql": "select 1"})),
        (
            "mutate",
            json!({"sql": "update tags set name = 'x' returning id"}),
        ),
    ] {
        let error = refused(&host, tool, arguments).await;
        assert_eq!(error["error"]["code"], "NOT_INSTALLED", "{tool}: {error}");
        assert_eq!(error["error"]["outcome"], "not-done", "{tool}: {error}");
        assert!(
            error.to_string().contains("portcullis plugin sql atomic"),
            "{tool}: {error}"
        );
    }
    assert_eq!(crm.row("tags", 1)["name"], "vip");
}

#[tokio::test]
async fn what_is_wrong_is_told_with_the_column_and_a_way_out() {
    let (crm, host) = started().await;
    for (tool, arguments, words) in [
        (
            "list_records",
            json!({"entity": "deals", "filters": {"stag": "won"}}),
            "stag",
        ),
        (
            "list_records",
            json!({"entity": "deals", "filters": {"amount": {"gt": "much"}}}),
            "much",
        ),
        (
            "list_records",
            json!({"entity": "deals", "filters": {"stage": {"like": "won"}}}),
            "contains",
        ),
        (
            "create_record",
            json!({"entity": "deals", "data": {"name": "x", "stage": "win"}}),
            "won",
        ),
        (
            "create_record",
            json!({"entity": "deals", "data": {"name": "x"}}),
            "stage",
        ),
        (
            "create_record",
            json!({"entity": "tasks", "data": {"contact_id": 9999, "text": "x"}}),
            "contact_id",
        ),
        (
            "update_record",
            json!({"entity": "companies", "id": 1, "data": {"size": 7}}),
            "250",
        ),
        (
            "update_record",
            json!({"entity": "deals", "id": 1, "data": {"stage": "won"}}),
            "move_deal",
        ),
        (
            "update_record",
            json!({"entity": "tags", "id": 1, "data": {"colour": "red"}}),
            "colour",
        ),
        (
            "update_record",
            json!({"entity": "tags", "id": 9999, "data": {"name": "x"}}),
            "9999",
        ),
    ] {
        let error = refused(&host, tool, arguments.clone()).await;
        assert_eq!(
            error["error"]["outcome"], "not-done",
            "{tool} {arguments}: {error}"
        );
        assert!(
            error.to_string().contains(words),
            "{tool} {arguments}: {error}"
        );
    }
    assert_eq!(crm.row("tags", 1)["name"], "vip");
}
