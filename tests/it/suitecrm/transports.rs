//! Two APIs of one CRM: which serves, what happens when one does not, and where they are found.

use serde_json::{Value, json};

use super::{done, new_account, of, refused, writes};
use crate::support::suite::{OVER_V4, with_v8};
use crate::support::{Suite, TestHost, text};
use portcullis_demo::fault::Fault;
use portcullis_demo::suitecrm::{Php, V8};

#[tokio::test]
async fn v8_serves_single_records_and_v4_1_the_rest() {
    let suite = Suite::start().await;
    let host = suite.over_v8().await;
    let account = suite.first("Accounts");
    for (tool, arguments, via) in [
        ("suite_get", of("Accounts", &account), "v8"),
        (
            "suite_search",
            json!({"module": "Accounts", "filters": [{"field": "industry", "value": "Technology"}]}),
            "v8",
        ),
        (
            "suite_search",
            json!({"module": "Accounts", "query": "industry = 'Technology'"}),
            "v4_1",
        ),
        ("suite_count", json!({"module": "Accounts"}), "v4_1"),
        (
            "suite_search_text",
            json!({"search_string": "office"}),
            "v4_1",
        ),
    ] {
        let answer = done(&host, tool, arguments).await;
        assert_eq!(
            (text(&answer, "/via"), answer.get("via_note")),
            (via, None),
            "{tool}: {answer}"
        );
    }
    let info = done(&host, "suite_server_info", json!({})).await;
    assert_eq!(info["transports"], json!({"v4_1": "ok", "v8": "ok"}));
    assert_eq!(suite.memory.token_requests(), 1);
}

#[tokio::test]
async fn two_users_are_both_named_and_v8_is_left_alone() {
    let suite = Suite::start().await;
    suite.memory.set_v8_user(Some("dora"));
    let host = suite.over_v8().await;
    let account = suite.first("Accounts");
    let read = done(&host, "suite_get", of("Accounts", &account)).await;
    let made = done(
        &host,
        "suite_create",
        json!({"module": "Accounts", "fields": {"name": "Mine"}}),
    )
    .await;
    for answer in [&read, &made] {
        let note = text(answer, "/via_note");
        assert_eq!(text(answer, "/via"), "v4_1", "{answer}");
        assert!(
            note.contains("id 1") && note.contains("dora") && note.contains("same user"),
            "{note}"
        );
    }
    let info = done(&host, "suite_server_info", json!({})).await;
    assert!(text(&info, "/transports/v8").contains("dora"), "{info}");
    let to_v8 = suite.memory.requests();
    let of_records = to_v8.iter().filter(|seen| seen.path.contains("/V8/module"));
    assert_eq!(of_records.count(), 0);
}

#[tokio::test]
async fn a_v8_that_is_not_there_leaves_everything_to_v4_1_which_says_so() {
    for state in [V8::Unreachable, V8::Broken, V8::Unauthorized] {
        let suite = Suite::start().await;
        suite.memory.set_v8(state);
        let host = suite.over_v8().await;
        let account = suite.first("Accounts");
        let before = suite.memory.count("Accounts");
        let fields = json!({"name": "Over v4_1"});
        for (tool, arguments) in [
            ("suite_get", of("Accounts", &account)),
            (
                "suite_create",
                json!({"module": "Accounts", "fields": fields}),
            ),
            ("suite_get", of("Accounts", &account)),
        ] {
            let answer = done(&host, tool, arguments).await;
            assert_eq!(text(&answer, "/via"), "v4_1", "{state:?} {tool}: {answer}");
            assert!(
                text(&answer, "/via_note").contains("V8"),
                "{state:?} {tool}: {answer}"
            );
        }
        assert_eq!(suite.memory.count("Accounts"), before + 1, "{state:?}");
        let info = done(&host, "suite_server_info", json!({})).await;
        assert_eq!(info["transports"]["v4_1"], "ok", "{info}");
        assert_eq!(
            info["circuit_breaker"]["state"], "closed",
            "{state:?}: {info}"
        );
    }
}

/// A host whose V8 has served already, and an account.
async fn warm(suite: &Suite) -> (TestHost, String) {
    let host = suite.over_v8().await;
    let account = new_account(&host, "Warm").await;
    suite.memory.forget_requests();
    (host, account)
}

#[tokio::test]
async fn a_read_that_v8_breaks_off_is_served_by_v4_1() {
    for state in [V8::Unreachable, V8::Broken, V8::Unauthorized] {
        let suite = Suite::start().await;
        let (host, account) = warm(&suite).await;
        suite.memory.set_v8(state);
        let read = done(&host, "suite_get", of("Accounts", &account)).await;
        assert_eq!(text(&read, "/via"), "v4_1", "{state:?}: {read}");
        assert!(
            text(&read, "/via_note").contains("V8 failed"),
            "{state:?}: {read}"
        );
        assert_eq!(read["record"]["name"], "Warm");
    }
}

#[tokio::test]
async fn a_write_that_v8_refuses_goes_to_v4_1_and_is_made_once() {
    let suite = Suite::start().await;
    let (host, account) = warm(&suite).await;
    suite.memory.set_v8(V8::Unauthorized);
    let arguments = json!({"module": "Accounts", "id": account, "fields": {"industry": "Banking"}});
    let changed = done(&host, "suite_update", arguments).await;
    assert_eq!(text(&changed, "/via"), "v4_1", "{changed}");
    assert!(text(&changed, "/via_note").contains("V8"), "{changed}");
    assert_eq!(suite.memory.called("set_entry"), 1);
    let stored = suite
        .memory
        .record("Accounts", &account)
        .expect("it is there");
    assert_eq!(stored["industry"], "Banking");
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_not_made_again_over_v4_1() {
    let suite = Suite::start().await;
    let (host, _) = warm(&suite).await;
    let before = suite.memory.count("Accounts");
    suite.faults.on("/Api/V8/module", Fault::DropAfterRequest);
    let arguments = json!({"module": "Accounts", "fields": {"name": "Perhaps"}});
    let error = refused(&host, "suite_create", arguments).await;
    assert_eq!(error["outcome"], "may-have-happened", "{error}");
    assert_eq!(suite.memory.count("Accounts"), before + 1, "it did happen");
    assert_eq!((suite.memory.called("set_entry"), writes(&suite)), (0, 1));
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_can_be_repeated_with_its_key() {
    for v8 in [false, true] {
        let suite = Suite::start().await;
        let config = if v8 {
            with_v8(OVER_V4)
        } else {
            OVER_V4.to_owned()
        };
        let host = TestHost::with(&config, &suite.url()).await;
        new_account(&host, "Warm").await;
        let before = suite.memory.count("Accounts");
        let fault = Fault::DropAfterRequest;
        if v8 {
            suite.faults.on("/Api/V8/module", fault);
        } else {
            suite.faults.on_body("method=set_entry&", fault);
        }
        let fields = json!({"name": "Perhaps"});
        let arguments =
            json!({"module": "Accounts", "fields": fields, "idempotency_key": "one-of-mine"});
        // It may look for the record by its id, and then knows.
        if let Err(error) = host.call("suite_create", arguments.clone()).await {
            assert_eq!(error["error"]["outcome"], "may-have-happened", "{error}");
        }
        suite.faults.clear();
        let again = done(&host, "suite_create", arguments).await;
        assert_eq!(again["created"], false, "{again}");
        assert_eq!(suite.memory.count("Accounts"), before + 1);
    }
}

#[tokio::test]
async fn a_revoked_v8_token_is_renewed() {
    let suite = Suite::start().await;
    let (host, account) = warm(&suite).await;
    suite.memory.revoke_tokens();
    let read = done(&host, "suite_get", of("Accounts", &account)).await;
    assert_eq!(
        (text(&read, "/via"), read.get("via_note")),
        ("v8", None),
        "{read}"
    );
}

#[tokio::test]
async fn the_crm_is_found_behind_every_form_of_its_address() {
    for (base, given) in [
        ("", ""),
        ("", "/"),
        ("", "/service/v4_1/rest.php"),
        ("", "/service/v4_1"),
        ("", "/service/v4/rest.php"),
        ("", "/index.php"),
        ("/legacy", ""),
        ("/legacy", "/legacy"),
        ("/legacy", "/legacy/"),
        ("/legacy", "/legacy/service/v4_1/rest.php"),
        ("/public/legacy", ""),
        ("/crm", "/crm"),
        ("/suitecrm/legacy", ""),
        ("/crm/legacy", "/crm"),
    ] {
        let suite = Suite::installed_at(base).await;
        let url = format!("{}{given}", suite.url());
        let host = TestHost::with(&with_v8(OVER_V4), &url).await;
        let account = suite.first("Accounts");
        let read = done(&host, "suite_get", of("Accounts", &account)).await;
        assert_eq!(text(&read, "/via"), "v8", "{base} {given}: {read}");
        let counted = done(&host, "suite_count", json!({"module": "Accounts"})).await;
        assert_eq!(
            counted["count"],
            suite.memory.count("Accounts"),
            "{base} {given}"
        );
    }
}

#[tokio::test]
async fn both_versions_of_php_take_the_arguments() {
    for php in [Php::V7, Php::V8] {
        let suite = Suite::start().await;
        suite.memory.set_php(php);
        let host = suite.over_v4().await;
        let account = new_account(&host, "For both").await;
        let calls: [(&str, Value); 5] = [
            ("suite_get", of("Accounts", &account)),
            (
                "suite_search",
                json!({"module": "Accounts", "filters": [{"field": "name", "value": "For both"}]}),
            ),
            ("suite_count", json!({"module": "Leads"})),
            ("suite_get_recent", json!({})),
            ("suite_search_text", json!({"search_string": "office"})),
        ];
        for (tool, arguments) in calls {
            done(&host, tool, arguments).await;
        }
    }
}
