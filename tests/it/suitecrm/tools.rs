//! The tools over v4_1 alone and with V8 beside it: each does what it says, and what it says it did
//! can be seen in the CRM.

use serde_json::{Value, json};

use super::{done, new_account, of, refused};
use crate::support::{Suite, TestHost, list, text};

/// The same CRM with each set of credentials, and the transport that serves single records.
async fn both() -> [(&'static str, Suite, TestHost); 2] {
    let (first, second) = (Suite::start().await, Suite::start().await);
    let (v4, v8) = (first.over_v4().await, second.over_v8().await);
    [("v4_1", first, v4), ("v8", second, v8)]
}

#[tokio::test]
async fn all_tools_are_listed_with_the_prefix_of_their_connection() {
    let suite = Suite::start().await;
    let host = suite.over_v4().await;
    let listed = host.listed();
    assert_eq!(listed.len(), 24, "{listed:?}");
    assert!(
        listed.iter().all(|name| name.starts_with("suite_")),
        "{listed:?}"
    );
}

#[tokio::test]
async fn a_record_is_created_found_read_changed_and_deleted() {
    for (via, suite, host) in both().await {
        let fields = json!({"name": "Quay & Sons", "industry": "Technology"});
        let arguments = json!({"module": "Accounts", "fields": fields});
        let made = done(&host, "suite_create", arguments).await;
        assert_eq!((&made["created"], text(&made, "/via")), (&json!(true), via));
        let id = text(&made, "/id");
        let filters = json!([{"field": "name", "value": "Quay & Sons"}]);
        let arguments = json!({"module": "Accounts", "filters": filters});
        let found = done(&host, "suite_search", arguments).await;
        assert_eq!(found["result_count"], 1, "{via}: {found}");
        assert_eq!(text(&found, "/records/0/id"), id, "{via}: {found}");
        let read = done(&host, "suite_get", of("Accounts", id)).await;
        assert_eq!(read["record"]["name"], "Quay & Sons", "{via}: {read}");
        change(&suite, &host, via, id).await;
        delete(&suite, &host, via, id).await;
    }
}

async fn change(suite: &Suite, host: &TestHost, via: &str, id: &str) {
    let arguments = json!({"module": "Accounts", "id": id, "fields": {"industry": "Banking"}});
    let changed = done(host, "suite_update", arguments).await;
    assert_eq!(
        (&changed["updated"], text(&changed, "/via")),
        (&json!(true), via)
    );
    let stored = suite.memory.record("Accounts", id).expect("it is there");
    assert_eq!(stored["industry"], "Banking", "{via}");
}

async fn delete(suite: &Suite, host: &TestHost, via: &str, id: &str) {
    let mut arguments = of("Accounts", id);
    let shown = host.call("suite_delete", arguments.clone()).await;
    let shown = shown.expect_err("a preview comes first");
    assert_eq!(
        shown["error"]["code"], "DELETE_NOT_CONFIRMED",
        "{via}: {shown}"
    );
    let deleted = || suite.memory.record("Accounts", id).expect("its row stays")["deleted"].clone();
    assert_eq!(deleted(), "0", "{via}: a preview deletes nothing");
    arguments["confirmation_token"] = shown["confirmation_token"].clone();
    done(host, "suite_delete", arguments).await;
    assert_eq!(deleted(), "1", "{via}");
    let gone = refused(host, "suite_get", of("Accounts", id)).await;
    assert_eq!(gone["code"], "RECORD_NOT_FOUND", "{via}: {gone}");
}

#[tokio::test]
async fn a_dry_run_of_every_write_shows_its_requests_and_sends_none() {
    for (via, suite, host) in both().await {
        let [account, contact, note] = ["Accounts", "Contacts", "Notes"].map(|m| suite.first(m));
        let fields = json!({"name": "Only tried"});
        let ends = json!({"module": "Accounts", "id": account, "link_field": "contacts"});
        let linked = suite.memory.linked("Accounts", &account, "contacts");
        let other = suite.memory.ids("Contacts");
        let other = other.iter().find(|id| !linked.contains(id));
        let with = |mut to: Value, ids: Value| {
            to["related_ids"] = ids;
            to
        };
        let file = json!({"id": note, "filename": "a.txt", "file_base64": "aGk="});
        for (tool, mut arguments) in [
            ("create", json!({"module": "Accounts", "fields": fields})),
            (
                "update",
                json!({"module": "Accounts", "id": account, "fields": fields}),
            ),
            (
                "bulk_upsert",
                json!({"module": "Accounts", "records": [fields]}),
            ),
            ("link_records", with(ends.clone(), json!([other]))),
            ("unlink_records", with(ends.clone(), json!(linked))),
            (
                "log_call",
                json!({"name": "A", "date_start": "2026-12-01T09:00:00Z", "contact_ids": [contact]}),
            ),
            ("create_task", json!({"name": "A"})),
            ("create_note", json!({"name": "A"})),
            ("set_note_attachment", file),
        ] {
            arguments["dry_run"] = true.into();
            let plan = done(&host, &format!("suite_{tool}"), arguments).await;
            assert!(
                !list(&plan["would_send"]).is_empty(),
                "{via} {tool}: {plan}"
            );
        }
        let shown = host.call("suite_delete", of("Accounts", &account)).await;
        let shown = shown.expect_err("a preview comes first").to_string();
        assert!(shown.contains("would_send"), "{via}: {shown}");
        assert_eq!(super::writes(&suite), 0, "{via}");
    }
}

#[tokio::test]
async fn records_are_linked_and_unlinked() {
    for (via, suite, host) in both().await {
        let (account, ticket) = (new_account(&host, "Linked").await, suite.first("Cases"));
        let mut arguments = of("Accounts", &account);
        arguments["link_field"] = json!("cases");
        let related = arguments.clone();
        arguments["related_ids"] = json!([ticket]);
        let linked = done(&host, "suite_link_records", arguments.clone()).await;
        assert_eq!(
            (&linked["created"], text(&linked, "/via")),
            (&json!(1), via)
        );
        assert_eq!(
            suite.memory.linked("Accounts", &account, "cases"),
            std::slice::from_ref(&ticket)
        );
        let again = done(&host, "suite_link_records", arguments.clone()).await;
        assert_eq!(again["already_linked"], json!([ticket]), "{via}: {again}");
        let shown = done(&host, "suite_get_relationships", related).await;
        assert_eq!(text(&shown, "/records/0/id"), ticket, "{via}: {shown}");
        let cut = done(&host, "suite_unlink_records", arguments).await;
        assert_eq!((&cut["deleted"], text(&cut, "/via")), (&json!(1), via));
        assert!(
            suite
                .memory
                .linked("Accounts", &account, "cases")
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_link_to_nobody_is_refused_and_nothing_is_linked() {
    for (via, suite, host) in both().await {
        let (account, ticket) = (new_account(&host, "Alone").await, suite.first("Cases"));
        let mut arguments = of("Accounts", &account);
        arguments["link_field"] = json!("cases");
        arguments["related_ids"] = json!([ticket, "no-such-case"]);
        let error = refused(&host, "suite_link_records", arguments).await;
        assert_eq!(error["outcome"], "not-done", "{via}: {error}");
        assert!(error.to_string().contains("no-such-case"), "{via}: {error}");
        assert!(
            suite
                .memory
                .linked("Accounts", &account, "cases")
                .is_empty()
        );
    }
}

#[tokio::test]
async fn rows_in_bulk_each_say_what_became_of_them() {
    for (via, suite, host) in both().await {
        let known = suite.first("Leads");
        let before = suite.memory.count("Leads");
        let rows = json!([
            {"last_name": "Bulk One"},
            {"id": known, "status": "Dead"},
            {"id": "no-such-lead", "status": "Dead"},
        ]);
        let arguments = json!({"module": "Leads", "records": rows});
        let stored = done(&host, "suite_bulk_upsert", arguments).await;
        let said: Vec<&str> = list(&stored["results"])
            .iter()
            .map(|row| text(row, "/status"))
            .collect();
        assert_eq!(said, ["created", "updated", "not_found"], "{via}: {stored}");
        assert_eq!(
            (&stored["complete"], &stored["count"]),
            (&json!(false), &json!(2))
        );
        assert_eq!(suite.memory.count("Leads"), before + 1);
        let lead = suite.memory.record("Leads", &known).expect("it is there");
        assert_eq!(lead["status"], "Dead", "{via}");
    }
}

#[tokio::test]
async fn a_create_that_is_repeated_with_its_key_finds_the_record() {
    for (via, suite, host) in both().await {
        let before = suite.memory.count("Accounts");
        let fields = json!({"name": "Only once"});
        let arguments =
            json!({"module": "Accounts", "fields": fields, "idempotency_key": "one-of-mine"});
        let made = done(&host, "suite_create", arguments.clone()).await;
        let again = done(&host, "suite_create", arguments).await;
        assert_eq!(
            (&made["id"], &again["created"]),
            (&again["id"], &json!(false)),
            "{via}"
        );
        assert_eq!(suite.memory.count("Accounts"), before + 1, "{via}");
    }
}

#[tokio::test]
async fn a_second_search_with_conditions_asks_the_crm_once() {
    let suite = Suite::start().await;
    let host = suite.over_v4().await;
    for arguments in [
        json!({"module": "Accounts", "filters": [{"field": "industry", "operator": "ne", "value": "Banking"}]}),
        json!({"module": "Leads", "query": "status = 'New' AND last_name LIKE 'A%'"}),
    ] {
        done(&host, "suite_search", arguments.clone()).await;
        suite.memory.forget_requests();
        done(&host, "suite_search", arguments).await;
        let methods: Vec<String> = suite
            .memory
            .calls()
            .into_iter()
            .map(|call| call.method)
            .collect();
        assert_eq!(methods, ["get_entry_list"]);
        assert_eq!(suite.memory.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_search_pages_without_losing_or_repeating_a_record() {
    let suite = Suite::start().await;
    let host = suite.over_v4().await;
    let (mut seen, mut offset) = (Vec::new(), json!(0));
    while !offset.is_null() {
        let arguments = json!({"module": "Contacts", "max_results": 7, "offset": offset, "order_by": "last_name, id"});
        let page = done(&host, "suite_search", arguments).await;
        assert_eq!(page["has_more"], !page["next_offset"].is_null(), "{page}");
        let ids = list(&page["records"]).iter();
        seen.extend(ids.map(|record| text(record, "/id").to_owned()));
        offset = page["next_offset"].clone();
    }
    let mut all = suite.memory.ids("Contacts");
    all.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn what_is_wrong_is_told_before_anything_is_sent() {
    let suite = Suite::start().await;
    let host = suite.over_v4().await;
    let account = suite.first("Accounts");
    let of = |fields: Value| json!({"module": "Accounts", "id": account, "fields": fields});
    for (tool, arguments, code) in [
        (
            "suite_get",
            json!({"module": "Acounts", "id": "1"}),
            "INVALID_ENTITY_TYPE",
        ),
        (
            "suite_search",
            json!({"module": "Accounts", "query": "name = (SELECT 1)"}),
            "INVALID_QUERY",
        ),
        (
            "suite_search",
            json!({"module": "Accounts", "query": "nmae = 'A'"}),
            "INVALID_FIELD",
        ),
        (
            "suite_search",
            json!({"module": "Accounts", "filters": [{"field": "nmae", "value": "A"}]}),
            "INVALID_FIELD",
        ),
        ("suite_update", of(json!({"nmae": "A"})), "INVALID_FIELD"),
        ("suite_update", of(json!({"deleted": "1"})), "INVALID_FIELD"),
        (
            "suite_create",
            json!({"module": "Users", "fields": {"user_name": "me"}}),
            "PERMISSION_DENIED",
        ),
    ] {
        let error = refused(&host, tool, arguments.clone()).await;
        assert_eq!(error["outcome"], "not-done", "{tool} {arguments}: {error}");
        assert_eq!(error["code"], code, "{tool} {arguments}: {error}");
    }
    assert_eq!(super::writes(&suite), 0);
}
