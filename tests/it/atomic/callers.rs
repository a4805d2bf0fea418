//! Each caller with a token of the project's own, over HTTP: the rows are those of whoever asks.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::number;
use crate::support::atomic::AS_CALLER;
use crate::support::{Atomic, Era, HttpMcp, Portcullis, TestHost, list, text};
use portcullis_demo::atomic::{ADMIN, Options, PUBLISHABLE_KEY, Person, REP};

async fn serving(crm: &Atomic) -> (TestHost, SocketAddr) {
    let mut host = TestHost::with(AS_CALLER, &crm.url()).await;
    let address = host.serve().await.address;
    (host, address)
}

/// The structured content of an answer that is no error.
fn content(result: &Value) -> &Value {
    assert_ne!(result["isError"], true, "{result}");
    &result["structuredContent"]
}

async fn tasks(client: &HttpMcp) -> BTreeSet<i64> {
    let arguments = json!({"entity": "tasks", "limit": 100, "fields": ["text"]});
    let found = client.call("list_records", arguments).await;
    let rows = list(&content(&found)["records"]).iter();
    rows.map(|row| number(&row["id"])).collect()
}

#[tokio::test]
async fn nobody_sees_or_changes_what_a_rule_keeps_for_somebody_else() {
    let options = Options {
        own_tasks: true,
        ..Options::default()
    };
    let crm = Atomic::start_with(options).await;
    let (_host, address) = serving(&crm).await;
    let own = |person: Person| -> BTreeSet<i64> {
        let all = crm.memory.ids("tasks").into_iter();
        all.filter(|id| crm.row("tasks", *id)["sales_id"] == person.sales_id)
            .collect()
    };
    let people = [(ADMIN, crm.token(ADMIN)), (REP, crm.token(REP))];
    for turn in 0..4 {
        let (person, token) = &people[turn % 2];
        let client = HttpMcp::connect_as(address, Era::Stateless, "/mcp", token).await;
        assert_eq!(tasks(&client).await, own(*person), "{}", person.email);
        let who = client.call("whoami", json!({})).await;
        assert_eq!(content(&who)["sales_id"], person.sales_id);
    }
    let foreign = own(ADMIN)
        .into_iter()
        .find(|id| crm.row("tasks", *id)["done_date"].is_null());
    let foreign = foreign.expect("an open task");
    let client = HttpMcp::connect_as(address, Era::Stateless, "/mcp", &people[1].1).await;
    let answer = client.call("complete_task", json!({"id": foreign})).await;
    assert_eq!(answer["isError"], true, "{answer}");
    assert!(crm.row("tasks", foreign)["done_date"].is_null());
    let seen = crm.memory.requests();
    for request in seen.iter().filter(|seen| seen.path.starts_with("/rest/")) {
        assert_eq!(request.header("apikey"), Some(PUBLISHABLE_KEY));
        let sent = request.header("authorization").unwrap_or_default();
        assert!(
            people
                .iter()
                .any(|(_, token)| sent == format!("Bearer {token}")),
            "{sent}"
        );
    }
}

#[tokio::test]
async fn every_tool_answers_over_http() {
    let crm = Atomic::start().await;
    let (host, address) = serving(&crm).await;
    let client = HttpMcp::connect_as(address, Era::Handshake, "/mcp", &crm.token(REP)).await;
    let calls = [
        ("get_schema", json!({"relation": "deals"}), true),
        ("query", json!({"sql": "select 1"}), false),
        ("search", json!({"text": "harbour"}), true),
        ("list_records", json!({"entity": "contacts"}), true),
        ("get_record", json!({"entity": "contacts", "id": 1}), true),
        ("whoami", json!({}), true),
        ("timeline", json!({"entity": "contacts", "id": 1}), true),
        ("pipeline_summary", json!({"mine": true}), true),
        ("overdue_tasks", json!({"mine": true}), true),
        ("find_duplicates", json!({"entity": "companies"}), true),
        (
            "display_task_list",
            json!({"tasks": [{"id": 1, "text": "One"}]}),
            true,
        ),
        (
            "create_record",
            json!({"entity": "tags", "data": {"name": "over HTTP"}}),
            true,
        ),
        (
            "update_record",
            json!({"entity": "companies", "id": 2, "data": {"city": "Graz"}}),
            true,
        ),
        ("complete_task", json!({"id": 1}), true),
        ("move_deal", json!({"id": 1, "stage": "lost"}), true),
        ("archive_deal", json!({"id": 2}), true),
        ("tag_contact", json!({"id": 3, "add": ["vip"]}), true),
        (
            "merge_contacts",
            json!({"loser_id": 40, "winner_id": 1}),
            false,
        ),
        ("delete_record", json!({"entity": "tags", "id": 5}), false),
        (
            "mutate",
            json!({"sql": "delete from tags where id = 5 returning id"}),
            false,
        ),
    ];
    let mut called: Vec<&str> = calls.iter().map(|(name, ..)| *name).collect();
    called.sort_unstable();
    let mut listed = host.listed();
    listed.sort_unstable();
    assert_eq!(listed, called, "every tool is called once");
    for (name, arguments, works) in calls {
        let answer = client.call(name, arguments).await;
        assert_eq!(answer["isError"] != true, works, "{name}: {answer}");
    }
    assert_eq!(crm.row("companies", 2)["city"], "Graz");
    assert_eq!(crm.row("deals", 1)["stage"], "lost");
    assert!(crm.memory.record("contacts", 40).is_some() && crm.memory.record("tags", 5).is_some());
}

#[tokio::test]
async fn the_self_test_runs_with_a_token_and_says_what_it_leaves_out_without() {
    let crm = Atomic::start().await;
    let (token, expired) = (crm.token(REP), crm.memory.expired_token(&crm.url(), REP));
    let home = || {
        Portcullis::new()
            .config(AS_CALLER, &crm.url())
            .variable("ATOMIC_KEY", PUBLISHABLE_KEY)
            .variable("MINE", &token)
            .variable("OLD", &expired)
    };
    let live = ["check", "--live", "--token-env"];
    let with = home().run(&[&live[..], &["MINE"]].concat()).await;
    assert_eq!(with.code, Some(0), "{with:?}");
    for words in ["a user of the CRM", "all tables and views are there"] {
        assert!(with.out.contains(words), "{words}: {with:?}");
    }
    let seen = crm.memory.requests();
    let sent = format!("Bearer {token}");
    assert!(
        seen.iter()
            .any(|seen| seen.header("authorization") == Some(&*sent))
    );
    let without = home().run(&live[..2]).await;
    assert_eq!(without.code, Some(0), "{without:?}");
    for words in ["a Supabase project answers", "`--token-env NAME`"] {
        assert!(without.out.contains(words), "{words}: {without:?}");
    }
    assert!(!without.out.contains("error  "), "{without:?}");
    let old = home().run(&[&live[..], &["OLD"]].concat()).await;
    assert_eq!(old.code, Some(1), "{old:?}");
    for ran in [with, without, old] {
        let all = format!("{ran:?}");
        assert!(!all.contains(&token) && !all.contains(&expired), "{all}");
    }
}

#[tokio::test]
async fn a_key_that_every_request_needs_is_missed_before_a_call() {
    let crm = Atomic::start().await;
    let keyless = AS_CALLER.replace("secrets.publishable_key = \"env:ATOMIC_KEY\"\n", "");
    let ran = Portcullis::new()
        .config(&keyless, &crm.url())
        .run(&["check"])
        .await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let words = "`secrets.publishable_key` not set; every request needs it";
    assert!(ran.out.contains(words), "{ran:?}");
}

#[tokio::test]
async fn without_a_good_token_there_is_a_challenge_and_the_project_hears_nothing() {
    let crm = Atomic::start().await;
    let (_host, address) = serving(&crm).await;
    let elsewhere = crm.memory.access_token("http://elsewhere.example", REP);
    let expired = crm.memory.expired_token(&crm.url(), REP);
    let other = Atomic::start().await;
    let foreign = other.memory.access_token(&crm.url(), REP);
    for token in [
        None,
        Some("not.a.jwt"),
        Some(&*elsewhere),
        Some(&*expired),
        Some(&*foreign),
    ] {
        let client = HttpMcp::stranger(address, Era::Stateless, "/mcp").bearing(token);
        let answer = client
            .send("tools/call", json!({"name": "whoami", "arguments": {}}))
            .await;
        assert_eq!(answer.status, 401, "{token:?}: {answer:?}");
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert!(challenge.contains("resource_metadata="), "{challenge}");
    }
    let seen = crm.memory.requests();
    assert!(
        seen.iter()
            .all(|seen| seen.path == "/auth/v1/.well-known/jwks.json")
    );
    let good = HttpMcp::connect_as(address, Era::Stateless, "/mcp", &crm.token(REP)).await;
    let who = good.call("whoami", json!({})).await;
    assert_eq!(text(content(&who), "/email"), REP.email);
}
