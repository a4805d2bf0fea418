//! Traps of lists: conditions, selections, paging, metadata.

use portcullis_sdk::testing::get;
use serde_json::json;

use crate::fixtures::{ID, crm, defs, failed, me, refuse, scopes};

fn empty() -> serde_json::Value {
    json!({"total": 0, "list": []})
}

#[test]
fn trap_01_conditions_travel_as_json_in_search_params() {
    let harness = crm().expect(defs("Account")).expect(
        get("Account")
            .query_json(
                ("searchParams", "/where"),
                json!([{"type": "equals", "attribute": "type", "value": "Customer"}]),
            )
            .reply(200, empty()),
    );
    harness.invoke("search", json!({"entityType": "Account", "where": [{"type": "equals", "field": "type", "value": "Customer"}]})).unwrap();
    let request = harness.requests().pop().unwrap();
    assert!(
        request.query.iter().all(|(name, _)| name == "searchParams"),
        "{:?}",
        request.query
    );

    let failure = failed(crm().invoke(
        "search",
        json!({"entityType": "Account", "where": "[{\"type\":\"equals\"}]"}),
    ));
    assert_eq!(failure.code, "INVALID_ARGUMENT");
    assert_eq!(failure.fields, ["/where"]);
}

#[test]
fn trap_02_blanks_in_select_are_taken_out() {
    let harness = crm().expect(defs("Account")).expect(
        get("Account")
            .query_json(
                ("searchParams", "/select"),
                json!(["name", "type", "website"]),
            )
            .reply(200, empty()),
    );
    harness
        .invoke(
            "search",
            json!({"entityType": "Account", "select": ["name, type", " website "]}),
        )
        .unwrap();
}

#[test]
fn trap_02_unknown_names_in_select_are_refused_with_near_ones() {
    let failure = failed(crm().expect(defs("Account")).invoke(
        "search",
        json!({"entityType": "Account", "select": ["name", "webSite"]}),
    ));
    assert_eq!(failure.code, "INVALID_FIELD");
    assert_eq!(failure.fields, ["/select/1"]);
    assert_eq!(failure.suggestion.as_deref(), Some("did you mean website?"));
}

#[test]
fn trap_03_more_than_the_limit_is_never_asked_for() {
    for limit in [201, 1000] {
        assert_eq!(
            failed(crm().invoke("search", json!({"entityType": "Account", "limit": limit}))).fields,
            ["/limit"]
        );
    }
    let failure = failed(
        crm()
            .setting("max_limit", 50)
            .invoke("search", json!({"entityType": "Account", "limit": 51})),
    );
    assert_eq!(
        (&*failure.code, failure.message.as_str()),
        ("INVALID_ARGUMENT", "limit is 1 to 50")
    );
    let own = crm().expect(defs("Account")).expect(refuse(
        get("Account"),
        403,
        "Max size should not exceed 100. Use offset and limit.",
    ));
    let failure = failed(own.invoke("search", json!({"entityType": "Account", "limit": 150})));
    assert_eq!(
        (&*failure.code, failure.fields.as_slice()),
        ("INVALID_ARGUMENT", ["/limit".to_owned()].as_slice())
    );
}

#[test]
fn trap_04_a_negative_total_is_no_number() {
    for (total, has_more, next) in [(-1, true, json!(1)), (-2, false, json!(null))] {
        let harness = crm().expect(defs("Account")).expect(get("Account").reply(
            200,
            json!({"total": total, "list": [{"id": ID, "name": "A"}]}),
        ));
        let page = harness
            .invoke("search", json!({"entityType": "Account"}))
            .unwrap();
        assert_eq!(
            (&page["total"], &page["has_more"], &page["next_offset"]),
            (&json!(null), &json!(has_more), &next)
        );
    }
}

#[test]
fn trap_05_an_empty_body_of_metadata_is_an_unknown_entity_type() {
    let harness = crm().expect(defs("Acount")).expect(scopes());
    let failure = failed(harness.invoke("search", json!({"entityType": "Acount"})));
    assert_eq!(
        (&*failure.code, failure.fields.as_slice()),
        ("INVALID_ENTITY_TYPE", ["/entityType".to_owned()].as_slice())
    );
    assert!(failure.suggestion.as_deref().unwrap().contains("Account"));
    // Asked again it is known to be unknown.
    assert_eq!(
        failed(harness.invoke("get_schema", json!({"entityType": "Acount"}))).code,
        "INVALID_ENTITY_TYPE"
    );
    assert_eq!(harness.requests().len(), 2);
}

#[test]
fn trap_06_paging_that_makes_the_crm_fail_is_never_sent() {
    for arguments in [
        json!({"limit": 0}),
        json!({"limit": -1}),
        json!({"limit": "20"}),
        json!({"limit": 1.5}),
        json!({"offset": -1}),
        json!({"offset": 1e30}),
    ] {
        for (tool, more) in [
            ("search", json!({"entityType": "Account"})),
            (
                "list_related",
                json!({"entityType": "Account", "id": ID, "link": "contacts"}),
            ),
        ] {
            let mut all = more.as_object().unwrap().clone();
            all.extend(arguments.as_object().unwrap().clone());
            let failure = failed(crm().invoke(tool, all.into()));
            assert_eq!(failure.code, "INVALID_ARGUMENT", "{arguments}");
        }
    }
}

#[test]
fn trap_06_a_condition_without_a_field_is_never_sent() {
    let failure = failed(crm().expect(defs("Account")).invoke(
        "search",
        json!({"entityType": "Account", "where": [{"type": "equals", "value": 1}]}),
    ));
    assert_eq!(
        (&*failure.code, failure.fields.as_slice()),
        ("INVALID_ARGUMENT", ["/where/0/field".to_owned()].as_slice())
    );
}

#[test]
fn trap_25_dates_on_date_time_fields_get_the_time_zone() {
    let item = json!([{"type": "between", "attribute": "dateEnd", "value": ["2026-11-01", "2026-11-10"], "dateTime": true, "timeZone": "Europe/Vienna"}]);
    let arguments = json!({"entityType": "Task", "where": [{"type": "between", "field": "dateEnd", "value": ["2026-11-01", "2026-11-10"]}]});
    let harness = crm().expect(defs("Task")).expect(me()).expect(
        get("Task")
            .query_json(("searchParams", "/where"), item)
            .reply(200, empty()),
    );
    harness.invoke("search", arguments).unwrap();

    let cases = [
        (
            json!({"type": "equals", "value": "2026-11-01"}),
            json!({"type": "on", "value": "2026-11-01"}),
        ),
        (
            json!({"type": "greaterThan", "value": "2026-11-01"}),
            json!({"type": "after", "value": "2026-11-01"}),
        ),
        (
            json!({"type": "lessThanOrEquals", "value": "2026-11-01"}),
            json!({"type": "between", "value": ["1900-01-01", "2026-11-01"]}),
        ),
        (
            json!({"type": "lastXDays", "value": "7"}),
            json!({"type": "lastXDays", "value": 7}),
        ),
        (
            json!({"type": "currentMonth"}),
            json!({"type": "currentMonth"}),
        ),
    ];
    for (given, wanted) in cases {
        let (mut given, mut item) = (given, wanted);
        given["field"] = "createdAt".into();
        item["attribute"] = "createdAt".into();
        item["dateTime"] = true.into();
        item["timeZone"] = "Asia/Tokyo".into();
        let harness = crm()
            .setting("time_zone", "Asia/Tokyo")
            .expect(defs("Task"))
            .expect(
                get("Task")
                    .query_json(("searchParams", "/where"), json!([item]))
                    .reply(200, empty()),
            );
        harness
            .invoke("search", json!({"entityType": "Task", "where": [given]}))
            .unwrap();
    }
}

#[test]
fn trap_25_times_are_sent_in_utc() {
    let item =
        json!([{"type": "greaterThan", "attribute": "createdAt", "value": "2026-11-01 08:00:00"}]);
    let harness = crm().expect(defs("Task")).expect(
        get("Task")
            .query_json(("searchParams", "/where"), item)
            .reply(200, empty()),
    );
    harness.invoke("search", json!({"entityType": "Task", "where": [{"type": "greaterThan", "field": "createdAt", "value": "2026-11-01T09:00:00+01:00"}]})).unwrap();
}

#[test]
fn trap_26_the_tool_says_what_not_equals_leaves_out() {
    let harness = crm();
    let search = harness
        .manifest()
        .tools
        .iter()
        .find(|tool| tool.name == "search")
        .unwrap();
    assert!(
        search
            .description
            .contains("`notEquals` and `notIn` do not find records whose value is empty")
    );
}

#[test]
fn trap_27_what_the_role_hides_is_said_to_be_not_visible() {
    let harness = crm().expect(
        get(&format!("Account/{ID}")).reply(200, json!({"id": ID, "name": "A", "type": null})),
    );
    let found = harness
        .invoke(
            "get",
            json!({"entityType": "Account", "id": ID, "select": ["name", "type", "sicCode"]}),
        )
        .unwrap();
    assert_eq!(
        found["record"],
        json!({"id": ID, "name": "A", "type": null})
    );
    assert_eq!(found["not_visible"], json!(["sicCode"]));

    let harness = crm()
        .expect(defs("Account"))
        .expect(scopes())
        .expect(me())
        .expect(
            get("Metadata")
                .query("key", "entityDefs.Lead.fields.industry.options")
                .reply(200, json!(["Retail", "Trade"])),
        );
    let schema = harness
        .invoke("get_schema", json!({"entityType": "Account"}))
        .unwrap();
    assert_eq!(
        (&schema["hidden_fields"], &schema["locked_fields"]),
        (&json!(["sicCode"]), &json!(["sicCode", "website"]))
    );
    let field = |name: &str| {
        schema["fields"]
            .as_array()
            .unwrap()
            .iter()
            .find(|field| field["name"] == name)
            .cloned()
    };
    assert_eq!(field("sicCode"), None);
    assert_eq!(
        field("industry").unwrap()["options"],
        json!(["Retail", "Trade"])
    );
}

#[test]
fn trap_28_metadata_is_kept_per_identity_and_until_the_crm_changes() {
    let one = json!({"total": 0, "list": []});
    let search = || {
        get("Account")
            .reply(200, one.clone())
            .with("x-app-timestamp", "100")
    };
    let arguments = json!({"entityType": "Account"});
    let mut harness = crm()
        .expect(defs("Account").with("x-app-timestamp", "100"))
        .expect(search())
        .expect(search());
    harness.invoke("search", arguments.clone()).unwrap();
    harness.invoke("search", arguments.clone()).unwrap();
    assert_eq!(harness.requests().len(), 3);

    // Another identity asks for itself.
    harness.become_identity("someone else");
    harness.also_expect(defs("Account").with("x-app-timestamp", "100"));
    harness.also_expect(search());
    harness.invoke("search", arguments.clone()).unwrap();
    assert_eq!(harness.requests().len(), 5);

    // The CRM was rebuilt: seen with one answer, asked anew by the next call.
    harness.also_expect(
        get("Account")
            .reply(200, one.clone())
            .with("x-app-timestamp", "200"),
    );
    harness.invoke("search", arguments.clone()).unwrap();
    harness.also_expect(defs("Account").with("x-app-timestamp", "200"));
    harness.also_expect(
        get("Account")
            .reply(200, one.clone())
            .with("x-app-timestamp", "200"),
    );
    harness.invoke("search", arguments.clone()).unwrap();

    // And after its time.
    harness.advance(std::time::Duration::from_secs(301));
    harness.also_expect(defs("Account"));
    harness.also_expect(get("Account").reply(200, one));
    harness.invoke("search", arguments).unwrap();
}
