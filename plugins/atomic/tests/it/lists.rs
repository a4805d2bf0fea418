//! Reading records: lists, filters, single records, search.

use serde_json::json;

use crate::fixtures::{
    configured, contact, counted, crm, deal, failed, one, refused, sales, table, unconfigured, user,
};

#[test]
fn a_list_counts_and_says_where_it_goes_on() {
    let crm = crm().expect(unconfigured()).expect(counted(
        table("contacts_summary")
            .query("status", "eq.hot")
            .query("order", "last_seen.desc.nullslast,id.asc")
            .query("limit", 2)
            .query("offset", 0),
        json!([contact(1, "Jane", "Doe"), contact(2, "John", "Smith")]),
        "0-1/137",
    ));
    let page = crm
        .invoke(
            "list_records",
            json!({"entity": "contacts", "filters": {"status": "hot"}, "limit": 2}),
        )
        .unwrap();
    assert_eq!(page["total"], 137);
    assert_eq!(page["next_offset"], 2);
    assert_eq!(page["records"][1]["first_name"], "John");
}

#[test]
fn amounts_beyond_floating_point_keep_their_digits() {
    let mut rich = deal(2, "won", 0);
    rich["amount"] = json!(9_007_199_254_740_993_u64);
    let crm = crm().expect(counted(
        table("deals").query("archived_at", "is.null"),
        json!([rich]),
        "0-0/1",
    ));
    let page = crm
        .invoke("list_records", json!({"entity": "deals"}))
        .unwrap();
    assert_eq!(page["records"][0]["amount"].to_string(), "9007199254740993");
}

#[test]
fn filters_become_postgrests_operators() {
    for (entity, filters, name, value) in [
        (
            "deals",
            json!({"amount": {"gte": 1000}}),
            "amount",
            "gte.1000",
        ),
        (
            "deals",
            json!({"name": ["won", "lo,st"]}),
            "name",
            r#"in.("won","lo,st")"#,
        ),
        (
            "deals",
            json!({"stage": {"starts_with": "op"}}),
            "stage",
            "ilike.op*",
        ),
        (
            "deals",
            json!({"created_at": {"gte": "2026-11-20T10:00:00.123456+00:00"}}),
            "created_at",
            "gte.2026-11-20T10:00:00.123456+00:00",
        ),
        (
            "deals",
            json!({"expected_closing_date": {"lt": "2026-12-05"}}),
            "expected_closing_date",
            "lt.2026-12-05",
        ),
        ("deals", json!({"contact_ids": 7}), "contact_ids", "cs.{7}"),
        (
            "deals",
            json!({"expected_closing_date": null}),
            "expected_closing_date",
            "is.null",
        ),
        (
            "deals",
            json!({"name": {"ne": "a.b,(c)"}}),
            "name",
            "neq.a.b,(c)",
        ),
        ("contacts", json!({"tags": [1, 2]}), "tags", "cs.{1,2}"),
        (
            "contacts",
            json!({"email": "50%_x"}),
            "email_fts",
            r"ilike.*50\%\_x*",
        ),
        (
            "contacts",
            json!({"last_name": {"starts_with": "Do"}}),
            "last_name",
            "ilike.Do*",
        ),
        (
            "contacts",
            json!({"company_id": {"is_null": false}}),
            "company_id",
            "not.is.null",
        ),
        (
            "contacts",
            json!({"has_newsletter": true}),
            "has_newsletter",
            "eq.true",
        ),
    ] {
        let view = if entity == "contacts" {
            "contacts_summary"
        } else {
            entity
        };
        let crm = crm().expect(counted(table(view).query(name, value), json!([]), "*/0"));
        let page = crm
            .invoke(
                "list_records",
                json!({"entity": entity, "filters": filters}),
            )
            .unwrap();
        assert_eq!(page["total"], 0, "{name}");
    }
}

#[test]
fn a_filter_cannot_become_another_query_pair() {
    for name in [
        "or",
        "select",
        "limit",
        "order",
        "not",
        "name->>x",
        "contacts.id",
        "",
    ] {
        let failure = failed(crm().invoke(
            "list_records",
            json!({"entity": "deals", "filters": {name: "x"}}),
        ));
        assert_eq!(&*failure.code, "INVALID_FIELD", "{name}");
        assert_eq!(failure.fields, [format!("/filters/{name}")]);
    }
    for (filters, code, field) in [
        (
            json!({"amount": {"between": 1}}),
            "INVALID_OPERATOR",
            "/filters/amount/between",
        ),
        (
            json!({"amount": {"has": 1}}),
            "INVALID_OPERATOR",
            "/filters/amount/has",
        ),
        (
            json!({"amount": {"is_null": "x"}}),
            "INVALID_FIELD_VALUE",
            "/filters/amount/is_null",
        ),
        (
            json!({"amount": {"in": []}}),
            "INVALID_FIELD_VALUE",
            "/filters/amount/in",
        ),
        (
            json!({"amount": {"gt": [1]}}),
            "INVALID_FIELD_VALUE",
            "/filters/amount/gt",
        ),
        (
            json!({"contact_ids": "x"}),
            "INVALID_FIELD_VALUE",
            "/filters/contact_ids",
        ),
    ] {
        let failure = failed(crm().invoke(
            "list_records",
            json!({"entity": "deals", "filters": filters}),
        ));
        assert_eq!((&*failure.code, failure.fields[0].as_str()), (code, field));
    }
}

#[test]
fn a_filters_value_is_judged_by_its_column_before_it_is_sent() {
    for (entity, filters, code, field) in [
        (
            "deals",
            json!({"amount": {"gt": "much"}}),
            "INVALID_FIELD_VALUE",
            "/filters/amount/gt",
        ),
        (
            "deals",
            json!({"amount": 1000.5}),
            "INVALID_FIELD_VALUE",
            "/filters/amount",
        ),
        (
            "deals",
            json!({"expected_closing_date": {"lt": "soon"}}),
            "INVALID_FIELD_VALUE",
            "/filters/expected_closing_date/lt",
        ),
        (
            "deals",
            json!({"created_at": {"gte": "2026-13-01"}}),
            "INVALID_FIELD_VALUE",
            "/filters/created_at/gte",
        ),
        (
            "deals",
            json!({"company_id": "Acme"}),
            "INVALID_FIELD_VALUE",
            "/filters/company_id",
        ),
        (
            "deals",
            json!({"id": [1, "two"]}),
            "INVALID_FIELD_VALUE",
            "/filters/id/1",
        ),
        (
            "deals",
            json!({"amount": {"contains": "5"}}),
            "INVALID_OPERATOR",
            "/filters/amount/contains",
        ),
        (
            "tasks",
            json!({"due_date": "tomorrow"}),
            "INVALID_FIELD_VALUE",
            "/filters/due_date",
        ),
        (
            "contacts",
            json!({"has_newsletter": "perhaps"}),
            "INVALID_FIELD_VALUE",
            "/filters/has_newsletter",
        ),
        (
            "contacts",
            json!({"nb_tasks": {"gte": "many"}}),
            "INVALID_FIELD_VALUE",
            "/filters/nb_tasks/gte",
        ),
    ] {
        let failure = failed(crm().invoke(
            "list_records",
            json!({"entity": entity, "filters": filters}),
        ));
        assert_eq!((&*failure.code, failure.fields[0].as_str()), (code, field));
    }
}

#[test]
fn a_choice_is_filtered_by_its_value_or_its_label() {
    for (filter, sent) in [
        (json!("Won"), "eq.won"),
        (json!({"ne": "LOST"}), "neq.lost"),
        (json!(["Won", "lost"]), r#"in.("won","lost")"#),
    ] {
        let crm = crm().expect(configured()).expect(counted(
            table("deals").query("stage", sent),
            json!([]),
            "*/0",
        ));
        crm.invoke(
            "list_records",
            json!({"entity": "deals", "filters": {"stage": filter}}),
        )
        .unwrap();
    }
    for (filter, field) in [
        (json!("in-negociation"), "/filters/stage"),
        (json!({"in": ["won", "nothing"]}), "/filters/stage/in/1"),
    ] {
        let failure = failed(crm().expect(configured()).invoke(
            "list_records",
            json!({"entity": "deals", "filters": {"stage": filter}}),
        ));
        assert_eq!(failure.fields, [field]);
        assert!(failure.message.contains("opportunity, won, lost"));
    }
}

#[test]
fn a_value_that_the_database_refuses_is_that_of_the_only_filter_it_judged() {
    for (filters, field, words) in [
        (
            json!({"rating": "high", "amount": 5}),
            "/filters/rating",
            "rating: a value is not",
        ),
        (
            json!({"rating": "high", "rank": "x"}),
            "/filters",
            "a value is not",
        ),
    ] {
        let crm = crm().expect(refused(
            table("deals"),
            400,
            "22P02",
            "invalid input syntax for type integer: \"high\"",
        ));
        let failure = failed(crm.invoke(
            "list_records",
            json!({"entity": "deals", "filters": filters}),
        ));
        assert_eq!(failure.fields, [field]);
        assert!(failure.message.starts_with(words), "{}", failure.message);
        assert_eq!(failure.outcome, Some(portcullis_sdk::Outcome::NotDone));
    }
}

#[test]
fn columns_of_the_operator_are_read_from_the_table() {
    let crm = crm().expect(counted(
        table("contacts")
            .query("loyalty", "eq.gold")
            .query("select", "*"),
        json!([{"id": 1, "loyalty": "gold"}]),
        "0-0/1",
    ));
    let page = crm
        .invoke(
            "list_records",
            json!({"entity": "contacts", "filters": {"loyalty": "gold"}}),
        )
        .unwrap();
    assert_eq!(page["records"][0]["loyalty"], "gold");
}

#[test]
fn own_records_and_archived_deals_are_told_apart() {
    let crm = crm().expect(user()).expect(sales()).expect(counted(
        table("deals")
            .query("sales_id", "eq.2")
            .query("order", "amount.desc.nullslast,id.asc")
            .query("select", "id,name,amount"),
        json!([]),
        "*/0",
    ));
    crm.invoke(
        "list_records",
        json!({"entity": "deals", "mine": true, "include_archived": true, "order": "-amount", "fields": ["name", "amount"]}),
    )
    .unwrap();
    let sent = &crm.requests()[2];
    assert!(!sent.query.iter().any(|(name, _)| name == "archived_at"));
    let failure = failed(crm.invoke("list_records", json!({"entity": "tags", "mine": true})));
    assert_eq!(failure.fields, ["/mine"]);
}

#[test]
fn an_offset_beyond_the_end_is_an_empty_page() {
    let crm = crm().expect(
        table("tags")
            .reply(416, json!({"code": "PGRST103", "message": "Requested range not satisfiable", "details": "An offset of 50 was requested, but there are only 3 rows.", "hint": null}))
            .with("content-range", "*/3"),
    );
    let page = crm
        .invoke("list_records", json!({"entity": "tags", "offset": 50}))
        .unwrap();
    assert_eq!(page["total"], 3);
    assert_eq!(page["has_more"], false);
}

#[test]
fn a_long_page_is_cut_and_says_so() {
    let mut rows = Vec::new();
    for id in 1..=50 {
        let mut row = contact(id, "Jane", "Doe");
        row["background"] = json!("long ".repeat(100));
        rows.push(row);
    }
    let crm = crm().setting("answer_bytes", 10_000).expect(counted(
        table("contacts_summary"),
        json!(rows),
        "0-49/50",
    ));
    let page = crm
        .invoke("list_records", json!({"entity": "contacts", "limit": 50}))
        .unwrap();
    let shown = page["records"].as_array().unwrap().len() as u64;
    assert!(shown < 50 && page["truncated"].is_string());
    assert_eq!(page["next_offset"], shown);
}

#[test]
fn a_record_comes_with_the_names_behind_its_ids() {
    let crm = crm()
        .setting("crm_url", "https://pages.example/")
        .expect(one("contacts_summary", 1).reply(200, json!([contact(1, "Jane", "Doe")])))
        .expect(table("tags").reply(200, json!([{"id": 1, "name": "vip", "color": "#eddcd2"}])))
        .expect(
            one("deals", 4)
                .query("select", "*,companies(id,name)")
                .reply(200, json!([deal(4, "won", 0)])),
        )
        .expect(table("contacts").query("id", "in.(1)").reply(
            200,
            json!([{"id": 1, "first_name": "Jane", "last_name": "Doe"}]),
        ));
    let found = crm
        .invoke("get_record", json!({"entity": "contacts", "id": 1}))
        .unwrap();
    assert_eq!(found["record"]["tag_names"], json!(["vip"]));
    assert_eq!(found["url"], "https://pages.example/#/contacts/1/show");
    let found = crm
        .invoke("get_record", json!({"entity": "deals", "id": 4}))
        .unwrap();
    assert_eq!(found["record"]["contacts"][0]["first_name"], "Jane");
}

#[test]
fn a_row_that_is_not_shown_is_not_found() {
    let crm = crm().expect(one("tasks", 9).reply(200, json!([])));
    let failure = failed(crm.invoke("get_record", json!({"entity": "tasks", "id": 9})));
    assert_eq!(&*failure.code, "RECORD_NOT_FOUND");
    assert!(failure.message.contains("task 9"));
}

#[test]
fn every_word_has_to_be_somewhere() {
    let condition = r#"(or(name.ilike."*ac\"me*",description.ilike."*ac\"me*",category.ilike."*ac\"me*"),or(name.ilike."*roll,out*",description.ilike."*roll,out*",category.ilike."*roll,out*"))"#;
    let crm = crm()
        .expect(counted(
            table("deals").query("and", condition).query("limit", 1),
            json!([deal(1, "won", 0)]),
            "0-0/3",
        ))
        .expect(counted(table("tags"), json!([]), "*/0"));
    let found = crm
        .invoke(
            "search",
            json!({"text": "ac\"me roll,out", "entities": ["deals", "tags"], "limit": 1}),
        )
        .unwrap();
    assert_eq!(found["results"][0]["total"], 3);
    assert!(
        found["results"][0]["truncated"]
            .as_str()
            .unwrap()
            .contains("1 of 3")
    );
    assert_eq!(found["results"][1]["records"], json!([]));
    let failure = failed(crm.invoke("search", json!({"text": "   "})));
    assert_eq!(failure.fields, ["/text"]);
}
