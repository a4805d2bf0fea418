//! Each caller with a token of their own, over HTTP: nobody ever sees, is or becomes somebody else.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::support::bottle::AS_CALLER;
use crate::support::http::Kept;
use crate::support::{Bottle, Era, HttpMcp, TestHost, in_time, list, text};
use portcullis_demo::bottlecrm::{
    ADMIN_TOKEN, EXPIRED_TOKEN, ORG2_TOKEN, REVOKED_TOKEN, USER_TOKEN, USER2_TOKEN, holder,
};

const EVERYBODY: [&str; 4] = [ADMIN_TOKEN, USER_TOKEN, USER2_TOKEN, ORG2_TOKEN];

async fn serving(crm: &Bottle) -> (TestHost, SocketAddr) {
    let mut host = TestHost::with(AS_CALLER, &crm.url()).await;
    let address = host.serve().await.address;
    (host, address)
}

/// The structured content of an answer that is no error.
fn content(result: &Value) -> &Value {
    assert_ne!(result["isError"], true, "{result}");
    &result["structuredContent"]
}

fn leads() -> Value {
    json!({"entity": "leads", "limit": 50, "fields": ["email"]})
}

/// The leads of an answer, in order.
fn ids(result: &Value) -> Vec<String> {
    let rows = list(&content(result)["records"]).iter();
    let mut ids: Vec<String> = rows.map(|row| text(row, "/id").to_owned()).collect();
    ids.sort_unstable();
    ids
}

/// What each sees when nobody else is there.
async fn alone(bearer: &str) -> Vec<String> {
    let crm = Bottle::start().await;
    let (_host, address) = serving(&crm).await;
    let client = HttpMcp::connect_as(address, Era::Stateless, "/mcp", bearer).await;
    ids(&client.call("crm_search", leads()).await)
}

#[tokio::test]
async fn interleaved_callers_on_kept_connections_see_what_they_see_alone() {
    let mut expected = Vec::new();
    for bearer in EVERYBODY {
        expected.push(alone(bearer).await);
    }
    let [admin, user, user2, org2] = [0, 1, 2, 3].map(|at: usize| expected[at].clone());
    assert!(
        admin.len() > user.len() && !user.is_empty() && user != user2,
        "they differ"
    );
    assert!(org2.iter().all(|id| !admin.contains(id)) && !org2.is_empty());
    let crm = Bottle::start().await;
    let (_host, address) = serving(&crm).await;
    let worker = |start: usize| {
        let expected = &expected;
        async move {
            let mut kept = Kept::open(address).await.expect("a connection");
            for turn in 0..12 {
                let who = (start + turn) % EVERYBODY.len();
                let client = HttpMcp::stranger(address, Era::Stateless, "/mcp")
                    .bearing(Some(EVERYBODY[who]));
                let ask = client.ask(
                    "tools/call",
                    json!({"name": "crm_search", "arguments": leads()}),
                );
                let answer = in_time("an answer", kept.send(ask))
                    .await
                    .expect("kept open");
                assert_eq!(
                    ids(&answer.json()["result"]),
                    expected[who],
                    "{:?}",
                    holder(EVERYBODY[who])
                );
            }
        }
    };
    tokio::join!(worker(0), worker(1), worker(2), worker(3));
}

#[tokio::test]
async fn what_is_remembered_of_people_is_each_callers_own() {
    let crm = Bottle::start().await;
    let (_host, address) = serving(&crm).await;
    let clients = [
        ADMIN_TOKEN,
        USER_TOKEN,
        ORG2_TOKEN,
        USER2_TOKEN,
        ADMIN_TOKEN,
    ];
    let mut owners = Vec::new();
    for (n, bearer) in clients.into_iter().enumerate() {
        let client = HttpMcp::connect_as(address, Era::Stateless, "/mcp", bearer).await;
        let title = format!("Owned {n}");
        let data = json!({"first_name": "A", "last_name": "Lead", "title": title, "email": format!("owned{n}@mail.example"), "assigned_to": ["me"]});
        let made = client
            .call("crm_create", json!({"entity": "leads", "data": data}))
            .await;
        let id = text(content(&made), "/id");
        let stored = crm.memory.record(id).expect("it is there");
        owners.push(stored["assigned_to"].clone());
    }
    assert_eq!(owners[0], owners[4]);
    for (n, owner) in owners.iter().enumerate().take(4) {
        assert_eq!(list(owner).len(), 1, "{owner}");
        assert!(
            !owners[..n].contains(owner),
            "two callers are one person: {owners:?}"
        );
    }
}

#[tokio::test]
async fn a_legacy_session_is_served_as_whoever_opened_it_and_nobody_else() {
    let crm = Bottle::start().await;
    let (_host, address) = serving(&crm).await;
    let admin = HttpMcp::connect_as(address, Era::Handshake, "/mcp", ADMIN_TOKEN).await;
    let foreign = HttpMcp::connect_as(address, Era::Handshake, "/mcp", ORG2_TOKEN).await;
    for _ in 0..3 {
        let (of_admin, of_foreign) = (
            admin.call("crm_search", leads()).await,
            foreign.call("crm_search", leads()).await,
        );
        let known = crm.memory.foreign_ids("leads");
        assert!(ids(&of_admin).iter().all(|id| !known.contains(id)));
        assert!(ids(&of_foreign).iter().all(|id| known.contains(id)));
    }
    crm.memory.forget_requests();
    let thief = admin.bearing(Some(ORG2_TOKEN));
    let params = json!({"name": "crm_search", "arguments": leads()});
    let answer = thief.send("tools/call", params.clone()).await;
    assert_eq!(answer.status, 404, "{answer:?}");
    let nobody = thief.bearing(None);
    assert_eq!(nobody.send("tools/call", params).await.status, 401);
    assert!(
        crm.memory.requests().is_empty(),
        "the CRM hears nothing of it"
    );
    let admin = nobody.bearing(Some(ADMIN_TOKEN));
    assert!(!ids(&admin.call("crm_search", leads()).await).is_empty());
    assert!(crm.memory.callers().iter().all(|who| *who == Some("admin")));
}

#[tokio::test]
async fn without_a_bearer_there_is_a_challenge_and_no_tool() {
    let crm = Bottle::start().await;
    let (_host, address) = serving(&crm).await;
    for era in Era::BOTH {
        let stranger = HttpMcp::stranger(address, era, "/mcp");
        for method in ["initialize", "tools/list", "tools/call", "no/such"] {
            let answer = stranger
                .send(method, json!({"name": "crm_search", "arguments": leads()}))
                .await;
            assert_eq!(answer.status, 401, "{method}: {answer:?}");
            assert!(
                answer
                    .header("www-authenticate")
                    .is_some_and(|value| value.starts_with("Bearer "))
            );
            assert!(!answer.body.contains("crm_search"), "{answer:?}");
        }
    }
    assert!(crm.memory.requests().is_empty());
}

#[tokio::test]
async fn a_scheme_in_any_case_is_sent_on_as_the_crm_wants_it() {
    let crm = Bottle::start().await;
    let (_host, address) = serving(&crm).await;
    for scheme in ["bearer", "BEARER", "Bearer"] {
        let ask = HttpMcp::stranger(address, Era::Stateless, "/mcp")
            .ask(
                "tools/call",
                json!({"name": "crm_search", "arguments": leads()}),
            )
            .header("authorization", &format!("{scheme} {ADMIN_TOKEN}"));
        let answer = in_time("an answer", ask.send(address))
            .await
            .expect("an answer");
        assert!(!ids(&answer.json()["result"]).is_empty(), "{scheme}");
    }
    let sent = crm.memory.requests();
    let wanted = format!("Bearer {ADMIN_TOKEN}");
    assert!(
        sent.iter()
            .all(|seen| seen.header("authorization") == Some(&wanted))
    );
}

#[tokio::test]
async fn a_token_that_is_no_longer_good_is_told_as_that() {
    let crm = Bottle::start().await;
    let (_host, address) = serving(&crm).await;
    for bearer in [
        REVOKED_TOKEN,
        EXPIRED_TOKEN,
        "bcrm_pat_nobody-ever-had-this-one",
    ] {
        let client = HttpMcp::connect_as(address, Era::Stateless, "/mcp", bearer).await;
        let answer = client.call("crm_search", leads()).await;
        assert_eq!(answer["isError"], true, "{answer}");
        let said = text(&answer, "/content/0/text");
        for words in ["AUTH_FAILED", "expired", "revoked"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(!said.contains(&bearer[9..]), "{said}");
    }
    // Nobody else is touched by it.
    let client = HttpMcp::connect_as(address, Era::Stateless, "/mcp", USER_TOKEN).await;
    assert!(!ids(&client.call("crm_search", leads()).await).is_empty());
}
