//! The reading tools: what they send, what they answer, bad inputs.

use std::time::Duration;

use portcullis_sdk::text::json_len;
use serde_json::{Value, json};

use crate::fixtures::{
    ID, OTHER, broken, crm, entries, failed, fields, gone_row, listed, modules, numbered, row,
    server, there, v4,
};

#[test]
fn search_sends_positions_and_answers_a_page() {
    let rows = vec![
        row(
            "Accounts",
            ID,
            json!({"name": "R&amp;D &#039;Ltd&#039;", "date_modified": "2026-11-20 10:09:22"}),
        ),
        row("Accounts", "1", json!({"name": "One"})),
    ];
    let harness = crm().expect(fields("Accounts")).expect(
        v4(
            "get_entry_list",
            json!([
                "Accounts",
                "(accounts.industry = 'Banking')",
                "accounts.date_modified DESC, accounts.name",
                4,
                null,
                [],
                2,
                0,
                false
            ]),
        )
        .reply(200, listed(rows, "9")),
    );
    let found = harness
        .invoke("search", json!({"module": "Accounts", "query": "industry = 'Banking'", "max_results": 2, "offset": 4, "order_by": "date_modified DESC, name"}))
        .unwrap();
    assert_eq!(found["records"][0]["name"], "R&D 'Ltd'");
    assert_eq!(found["records"][0]["date_modified"], "2026-11-20T10:09:22Z");
    assert_eq!(
        found["records"][1]["url"],
        "https://crm.example.com/index.php?module=Accounts&action=DetailView&record=1"
    );
    assert_eq!(
        (
            &found["total_count"],
            &found["has_more"],
            &found["next_offset"],
            &found["via"]
        ),
        (&json!(9), &json!(true), &json!(6), &json!("v4_1"))
    );
}

#[test]
fn the_end_of_a_list_is_said() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(v4("get_entry_list", json!(["Accounts"])).reply(200, listed(Vec::new(), 0)));
    let found = harness
        .invoke("search", json!({"module": "Accounts"}))
        .unwrap();
    assert_eq!(
        (
            &found["total_count"],
            &found["has_more"],
            &found["next_offset"]
        ),
        (&json!(0), &json!(false), &Value::Null)
    );
}

#[test]
fn a_second_search_makes_one_upstream_call() {
    let harness = crm().expect(fields("Accounts")).expect(
        v4("get_entry_list", json!(["Accounts"]))
            .reply(200, listed(Vec::new(), 0))
            .times(3),
    );
    let search = json!({"module": "Accounts", "filters": [{"field": "industry", "value": "Banking"}], "fields": ["name", "industry"]});
    harness.invoke("search", search.clone()).unwrap();
    assert_eq!(harness.requests().len(), 2);
    harness.invoke("search", search.clone()).unwrap();
    assert_eq!(harness.requests().len(), 3);
    harness.advance(Duration::from_secs(299));
    harness.invoke("search", search.clone()).unwrap();
    assert_eq!(harness.requests().len(), 4);
    harness.advance(Duration::from_secs(2));
    harness.also_expect(fields("Accounts"));
    harness
        .also_expect(v4("get_entry_list", json!(["Accounts"])).reply(200, listed(Vec::new(), 0)));
    harness.invoke("search", search).unwrap();
}

#[test]
fn twenty_rows_by_default_stay_under_ten_kilobytes() {
    for module in [
        "Accounts",
        "Contacts",
        "Leads",
        "Opportunities",
        "Calls",
        "Tasks",
    ] {
        let rows: Vec<_> = (0..20)
            .map(|index| {
                row(module, &format!("5a000000-0000-4000-8000-0000000000{index:02}"), json!({
                    "name": "Bergmann, Ottokar & Söhne Handelsgesellschaft", "account_name": "Bergmann, Ottokar & Söhne", "status": "Not Started",
                    "sales_stage": "Negotiation/Review", "amount": "125000.000000", "priority": "Medium", "industry": "Communications", "email1": "ottokar.bergmann@example.com",
                    "date_start": "2026-11-20 10:09:22", "date_due": "2026-11-20 10:09:22", "date_closed": "2026-11-20", "phone_office": "+43 1 555 0100", "billing_address_city": "Klagenfurt",
                    "parent_type": "Accounts", "parent_name": "Bergmann", "assigned_user_name": "dana", "date_modified": "2026-11-20 10:09:22"
                }))
            })
            .collect();
        let harness = crm().upstream({
            let answer = listed(rows, "50");
            move |request| {
                let body = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default())
                    .into_owned();
                let reply = if body.contains("method=get_module_fields") {
                    fields(module)
                } else {
                    assert!(body.contains("method=get_entry_list"), "{body}");
                    // The CRM answers with the fields that were asked for, and no others.
                    let asked: Vec<String> = crate::fixtures::asked_fields(&body, 5);
                    let mut answer = answer.clone();
                    for row in answer["entry_list"].as_array_mut().unwrap() {
                        row["name_value_list"]
                            .as_object_mut()
                            .unwrap()
                            .retain(|name, _| asked.contains(name));
                    }
                    v4("get_entry_list", json!([])).reply(200, answer)
                };
                crate::fixtures::answer_of(reply)
            }
        });
        let found = harness.invoke("search", json!({"module": module})).unwrap();
        assert_eq!(found["result_count"], 20, "{module}");
        assert!(
            json_len(&found) < 10_240,
            "{module}: {} bytes",
            json_len(&found)
        );
    }
}

#[test]
fn names_that_do_not_exist_come_with_near_ones() {
    for (arguments, pointer, hint) in [
        (
            json!({"module": "Accounts", "fields": ["name", "industri"]}),
            "/fields/1",
            "industry",
        ),
        (
            json!({"module": "Accounts", "order_by": "nam"}),
            "/order_by",
            "name",
        ),
        (
            json!({"module": "Accounts", "filters": [{"field": "emploees", "value": 1}]}),
            "/filters/0/field",
            "employees",
        ),
        (
            json!({"module": "Accounts", "query": "indusry = 'x'"}),
            "/query",
            "industry",
        ),
    ] {
        let failure = failed(crm().expect(fields("Accounts")).invoke("search", arguments));
        assert_eq!(
            (&*failure.code, failure.fields.as_slice()),
            ("INVALID_FIELD", [pointer.to_owned()].as_slice())
        );
        assert!(
            failure.suggestion.as_deref().unwrap().contains(hint),
            "{failure:?}"
        );
    }
    let harness = crm()
        .expect(numbered(v4("get_module_fields", json!(["Acounts"])), 20))
        .expect(modules());
    let failure = failed(harness.invoke("search", json!({"module": "Acounts"})));
    assert_eq!(&*failure.code, "INVALID_ENTITY_TYPE");
    assert_eq!(
        failure.suggestion.as_deref(),
        Some("did you mean Accounts?")
    );
}

#[test]
fn bad_arguments_are_refused_before_anything_is_sent() {
    for (tool, arguments) in [
        ("search", json!({"module": "Accounts; drop"})),
        (
            "search",
            json!({"module": "Accounts", "max_results": "many"}),
        ),
        ("search", json!({"module": "Accounts", "max_results": 1.5})),
        ("search", json!({"module": "Accounts", "offset": "first"})),
        ("search", json!({"module": "Accounts", "colour": 1})),
        (
            "search",
            json!({"module": "Accounts", "filters": [{"field": "name", "operator": "regexp", "value": "x"}]}),
        ),
        ("get", json!({"module": "Accounts", "id": "x' OR 1=1"})),
        ("get", json!({"module": "Accounts", "id": ""})),
        ("get_many", json!({"module": "Accounts", "ids": []})),
        ("search_text", json!({"search_string": ""})),
        (
            "get_record_activities",
            json!({"module": "Accounts", "id": ID, "types": ["emails"]}),
        ),
        ("get", json!({"module": "OAuth2Clients", "id": ID})),
        ("search", json!({"module": "outboundEmailAccounts"})),
        ("search_text", json!({"search_string": "  "})),
    ] {
        let harness = crm();
        let failure = failed(harness.invoke(tool, arguments.clone()));
        assert!(
            matches!(&*failure.code, "INVALID_ARGUMENT" | "PERMISSION_DENIED"),
            "{tool} {arguments}: {failure}"
        );
        assert!(harness.requests().is_empty());
    }
    for order in ["name; drop", "name asc desc", "name up", "(select 1)"] {
        let failure = failed(
            crm()
                .expect(fields("Accounts"))
                .invoke("search", json!({"module": "Accounts", "order_by": order})),
        );
        assert_eq!(failure.fields, ["/order_by"], "{order}");
    }
}

#[test]
fn the_operators_settings_leave_modules_out() {
    let harness = crm().setting("modules_deny", json!(["leads"]));
    let failure = failed(harness.invoke("search", json!({"module": "Leads"})));
    assert_eq!(&*failure.code, "PERMISSION_DENIED");
    let harness = crm().setting("modules_allow", json!(["Accounts"]));
    assert_eq!(
        &*failed(harness.invoke("get", json!({"module": "Contacts", "id": ID}))).code,
        "PERMISSION_DENIED"
    );
}

#[test]
fn get_reads_all_fields_or_those_that_are_named() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(v4("get_entry", json!(["Accounts", "1", [], [], false])).reply(200, entries(vec![row("Accounts", "1", json!({"name": "One", "date_entered": "2026-11-20 10:09:22", "description": "2026-11-20 10:09:22"}))])))
        .expect(v4("get_entry", json!(["Accounts", "1", ["id", "name"], [], false])).reply(200, entries(vec![row("Accounts", "1", json!({"name": "One"}))])));
    let found = harness
        .invoke("get", json!({"module": "Accounts", "id": "1"}))
        .unwrap();
    assert_eq!(
        found["record"],
        json!({"id": "1", "name": "One", "date_entered": "2026-11-20T10:09:22Z", "description": "2026-11-20 10:09:22"})
    );
    harness
        .invoke(
            "get",
            json!({"module": "Accounts", "id": "1", "fields": ["name"]}),
        )
        .unwrap();
}

#[test]
fn get_many_tells_what_is_missing() {
    let answer = entries(vec![
        row("Contacts", ID, json!({"name": "A"})),
        gone_row("Contacts", OTHER),
    ]);
    let harness = crm()
        .expect(fields("Contacts"))
        .expect(v4("get_entries", json!(["Contacts", [ID, OTHER]])).reply(200, answer));
    let found = harness
        .invoke(
            "get_many",
            json!({"module": "Contacts", "ids": [ID, OTHER, ID]}),
        )
        .unwrap();
    assert_eq!(
        (&found["count"], &found["missing"]),
        (&json!(1), &json!([OTHER]))
    );
}

#[test]
fn search_text_keeps_to_what_was_asked_for() {
    let record = |id: &str| json!({"name": {"name": "name", "value": "A &amp; B"}, "id": {"name": "id", "value": id}, "date_entered": {"name": "date_entered", "value": "2026-11-20 10:09:22"}});
    let harness = crm().expect(modules()).expect(
        v4("search_by_module", json!(["berg", ["Accounts", "Leads"], 0, 1, "", [], false, false]))
            .reply(200, json!({"entry_list": [{"name": "Accounts", "records": [record(ID), record(OTHER)]}, {"name": "Leads", "records": []}]})),
    );
    let found = harness
        .invoke(
            "search_text",
            json!({"search_string": "berg", "modules": ["Accounts", "Leads"], "max_results": 1}),
        )
        .unwrap();
    assert_eq!(found["results"]["Accounts"].as_array().unwrap().len(), 1);
    assert_eq!(found["results"]["Accounts"][0]["name"], "A & B");
    assert_eq!(
        (&found["more_in"], &found["count"]),
        (&json!(["Accounts"]), &json!(1))
    );
}

#[test]
fn module_fields_tell_options_with_labels_and_what_is_not_stored() {
    let harness = crm().expect(fields("Accounts"));
    let all = harness
        .invoke("get_module_fields", json!({"module": "Accounts"}))
        .unwrap();
    let find = |name: &str| {
        all["fields"]
            .as_array()
            .unwrap()
            .iter()
            .find(|field| field["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(
        find("industry")["options"],
        json!({"": "", "Banking": "Banking", "Other": "Something else"})
    );
    assert_eq!(
        find("name"),
        json!({"name": "name", "type": "name", "label": "name", "required": true, "max_length": 150})
    );
    assert!(
        find("date_entered").get("options").is_none()
            && find("description").get("options").is_none()
    );
    assert_eq!(
        (
            &find("parent_name")["stored"],
            &find("parent_name")["id_field"]
        ),
        (&json!(false), &json!("parent_id"))
    );
    assert_eq!(all["table"], "accounts");
    assert!(all["relationships"].as_array().unwrap().contains(&json!({"name": "contacts", "related_module": "Contacts", "relationship": "accounts_contacts"})));
    let one = harness
        .invoke(
            "get_module_fields",
            json!({"module": "Accounts", "fields": ["industry"]}),
        )
        .unwrap();
    assert_eq!(
        (
            one["fields"].as_array().unwrap().len(),
            &one["relationships"]
        ),
        (1, &json!([]))
    );
}

#[test]
fn list_modules_tells_what_the_role_allows() {
    let harness = crm().expect(modules());
    let listed = harness.invoke("list_modules", json!({})).unwrap();
    let find = |key: &str| {
        listed["modules"]
            .as_array()
            .unwrap()
            .iter()
            .find(|module| module["key"] == key)
            .unwrap()["access"]
            .clone()
    };
    assert_eq!((find("Cases"), find("Home")), (json!(["view"]), json!([])));
    let harness = crm()
        .expect(v4("get_available_modules", json!(["mobile"])).reply(200, json!({"modules": []})));
    assert_eq!(
        harness
            .invoke("list_modules", json!({"filter": "mobile"}))
            .unwrap()["count"],
        0
    );
}

fn language(md5: bool) -> portcullis_sdk::testing::Exchange {
    let exchange = v4(
        "get_language_definition",
        json!([["app_list_strings"], md5]),
    );
    if md5 {
        exchange.reply(
            200,
            json!({"app_list_strings": "0f343b0931126a20f133d67c2b018a3b"}),
        )
    } else {
        exchange.reply(200, json!({"app_list_strings": {"sales_stage_dom": {"Closed Won": "Gewonnen"}, "empty_dom": []}}))
    }
}

#[test]
fn dropdowns_are_read_once_and_checked_by_their_sum() {
    let harness = crm().expect(language(false)).expect(language(true));
    let one = harness
        .invoke(
            "get_dropdown_values",
            json!({"dropdown_name": "sales_stage_dom"}),
        )
        .unwrap();
    assert_eq!(one["values"], json!({"Closed Won": "Gewonnen"}));
    let all = harness.invoke("get_dropdown_values", json!({})).unwrap();
    assert_eq!(
        (&all["available_dropdowns"], &all["count"]),
        (&json!(["sales_stage_dom", "empty_dom"]), &json!(2))
    );
    let failure = failed(harness.invoke(
        "get_dropdown_values",
        json!({"dropdown_name": "sales_stage"}),
    ));
    assert!(
        failure
            .suggestion
            .as_deref()
            .unwrap()
            .contains("sales_stage_dom")
    );
    harness.advance(Duration::from_secs(301));
    harness.also_expect(language(true));
    harness
        .invoke("get_dropdown_values", json!({"dropdown_name": "empty_dom"}))
        .unwrap();
}

#[test]
fn linked_records_come_with_a_telling_few_fields_and_a_next_page() {
    let rows = (0..3)
        .map(|index| row("Contacts", &format!("c{index}"), json!({"name": "N"})))
        .collect();
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(modules())
        .expect(fields("Contacts"))
        .expect(
            v4(
                "get_relationships",
                json!([
                    "Accounts",
                    ID,
                    "contacts",
                    "",
                    [
                        "id",
                        "name",
                        "account_name",
                        "email1",
                        "assigned_user_name",
                        "date_modified"
                    ],
                    [],
                    0,
                    "",
                    4,
                    3
                ]),
            )
            .reply(200, entries(rows)),
        );
    let found = harness
        .invoke("get_relationships", json!({"module": "Accounts", "id": ID, "link_field": "contacts", "max_results": 2, "offset": 4}))
        .unwrap();
    assert_eq!(
        (
            &found["count"],
            &found["has_more"],
            &found["next_offset"],
            &found["related_module"]
        ),
        (&json!(2), &json!(true), &json!(6), &json!("Contacts"))
    );
}

#[test]
fn links_that_do_not_say_their_module_are_read_with_the_least() {
    let harness = crm()
        .expect(fields("Accounts"))
        .expect(
            v4(
                "get_relationships",
                json!([
                    "Accounts",
                    ID,
                    "partners",
                    "",
                    [
                        "id",
                        "name",
                        "first_name",
                        "last_name",
                        "status",
                        "assigned_user_name",
                        "date_modified"
                    ]
                ]),
            )
            .reply(
                200,
                entries(vec![row("Opportunities", OTHER, json!({"name": "hidden"}))]),
            ),
        )
        .expect(modules());
    // The rows turn out to be of a module that the role switches off.
    let failure = failed(harness.invoke(
        "get_relationships",
        json!({"module": "Accounts", "id": ID, "link_field": "partners"}),
    ));
    assert_eq!(&*failure.code, "INVALID_ENTITY_TYPE");
}

#[test]
fn an_unknown_link_is_refused_with_near_names() {
    let failure = failed(crm().expect(fields("Accounts")).invoke(
        "get_relationships",
        json!({"module": "Accounts", "id": ID, "link_field": "contact"}),
    ));
    assert_eq!(
        (&*failure.code, failure.suggestion.as_deref()),
        ("INVALID_LINK", Some("did you mean contacts?"))
    );
}

#[test]
fn an_unknown_parent_is_told_from_a_fault() {
    let linked = || broken(v4("get_relationships", json!(["Accounts", ID, "contacts"])));
    let start = || {
        crm()
            .expect(fields("Accounts"))
            .expect(modules())
            .expect(fields("Contacts"))
            .expect(linked())
    };
    let ask = json!({"module": "Accounts", "id": ID, "link_field": "contacts"});
    let failure = failed(
        start()
            .expect(crate::fixtures::gone("Accounts", ID))
            .invoke("get_relationships", ask.clone()),
    );
    assert_eq!(
        (&*failure.code, failure.fields.as_slice()),
        ("RECORD_NOT_FOUND", ["/id".to_owned()].as_slice())
    );
    let failure = failed(
        start()
            .expect(there("Accounts", ID, json!({})))
            .invoke("get_relationships", ask),
    );
    assert_eq!(&*failure.code, "UPSTREAM_ERROR");
}

#[test]
fn server_info_tells_versions_users_and_the_breaker() {
    let harness = crm()
        .connection("breaker", json!({"state": "half-open", "failures": 5}))
        .expect(server())
        .expect(v4("get_user_id", json!([])).reply(200, "1"));
    let info = harness.invoke("server_info", json!({})).unwrap();
    assert_eq!(info["suitecrm_version"], "7.14.6");
    assert_eq!(
        (&info["user_id"], &info["transports"]["v8"]),
        (&json!("1"), &json!("not configured"))
    );
    assert_eq!(
        info["circuit_breaker"],
        json!({"state": "half-open", "failures": 5})
    );
    assert_eq!(info["time"], "2026-11-20T10:00:00Z");
}

#[test]
fn server_info_asks_nothing_while_the_breaker_is_open() {
    let harness = crm().connection("breaker", json!({"state": "open", "failures": 5}));
    let info = harness.invoke("server_info", json!({})).unwrap();
    assert_eq!(
        (&info["circuit_breaker"], &info["user_id"]),
        (&json!({"state": "open", "failures": 5}), &Value::Null)
    );
    assert!(
        info["transports"]["v4_1"]
            .as_str()
            .unwrap()
            .contains("open")
    );
    assert!(harness.requests().is_empty());
}
