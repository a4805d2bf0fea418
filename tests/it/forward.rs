//! Connections that act with each caller's own token: who is let in, that no identity is ever another
//! caller's, and that a token goes where it belongs and nowhere else.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::host::guest_connection;
use crate::support::http::{Answer, Ask, Kept};
use crate::support::stub::{Arrived, json_response};
use crate::support::{Era, HttpMcp, Portcullis, Stub, TestHost, guests, in_time, list, text};

/// Tokens of two people, in forms that tokens have.
const ADA: &str = "pat_ada~0123456789/abc+DEF==";
const BOB: &str = "2|bob.0123456789.abcdef_-";
/// A token that the CRM refuses.
const OLD: &str = "pat_revoked_0123456789";

/// A CRM that knows whose token is whose, and echoes what it should not.
async fn crm() -> Stub {
    Stub::start(|arrived: &Arrived| {
        let sent = arrived.header("authorization").unwrap_or("nothing");
        let who = match sent.strip_prefix("Bearer ") {
            Some(ADA) => "ada",
            Some(BOB) => "bob",
            Some(OLD) => return refused(),
            Some(_) => "the account",
            None => "nobody",
        };
        json_response(json!({"who": who, "echo": sent}).to_string())
    })
    .await
}

fn refused() -> Response<Body> {
    let mut response = json_response(r#"{"error":"revoked"}"#);
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response
}

/// One connection that forwards, without a secret.
const FORWARD: &str = r#"
[server]
plugins = "PLUGINS"
[connections.own]
plugin = "forwards"
url = "URL"
identity = "forward"
allow = ["read", "destructive"]
"#;

/// Beside it one that acts as an account.
fn beside() -> String {
    let service = guest_connection("forwards", "").replace("connections.guest", "connections.team");
    format!("{FORWARD}{service}")
}

async fn host(config: &str, url: &str) -> TestHost {
    let file = ("forwards.wasm", &*guests::bytes("forwards"));
    let host = TestHost::with_files(config, url, &[file]).await;
    let host = host.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(host.rejected(), Vec::<String>::new());
    host
}

/// Whom the CRM took the caller of an answer for.
fn who(result: &Value) -> String {
    let answer: Value = serde_json::from_str(text(result, "/structuredContent/body"))
        .unwrap_or_else(|_| panic!("no answer of the CRM: {result}"));
    text(&answer, "/who").to_owned()
}

/// A tool call in the body of a request of one's own.
fn say(era: Era, path: &str, bearer: Option<&str>, arguments: &Value) -> Ask {
    let params = json!({"name": "own_say", "arguments": arguments});
    HttpMcp::stranger(([127, 0, 0, 1], 0).into(), era, path)
        .bearing(bearer)
        .ask("tools/call", params)
}

#[tokio::test]
async fn without_a_bearer_nothing_of_mcp_is_done() {
    let crm = crm().await;
    let mut host = host(FORWARD, &crm.url()).await;
    let address = host.serve().await.address;
    for era in Era::BOTH {
        for path in ["/mcp", "/mcp/own"] {
            let client = HttpMcp::stranger(address, era, path);
            for method in [
                "initialize",
                "tools/list",
                "tools/call",
                "server/discover",
                "ping",
                "no/such",
            ] {
                for headers in [
                    &[][..],
                    &["Basic YTpi"],
                    &["Bearer"],
                    &["Bearer   "],
                    &["Bearer two words"],
                    &["Bearer one", "Bearer one"],
                ] {
                    let mut ask = client.ask(method, json!({"name": "own_say", "arguments": {}}));
                    for value in headers {
                        ask = ask.also("authorization", value);
                    }
                    let answer = in_time(method, ask.send(address)).await.expect("an answer");
                    assert_challenged(&answer, headers);
                }
            }
        }
    }
    for method in ["GET", "DELETE", "PUT"] {
        let ask = Ask::new(method, "/mcp/own").header("accept", "text/event-stream");
        let answer = in_time(method, ask.send(address)).await.expect("an answer");
        assert_challenged(&answer, &[]);
    }
    let ask = Ask::new("POST", "/mcp/own").body("no JSON at all");
    let answer = in_time("rubbish", ask.send(address))
        .await
        .expect("an answer");
    assert_challenged(&answer, &[]);
    assert!(crm.seen().is_empty());
}

/// RFC 6750, section 3: a challenge always, a code only where a token came.
fn assert_challenged(answer: &Answer, headers: &[&str]) {
    let (status, code) = match headers {
        [_, _, ..] => (400, Some("invalid_request")),
        ["Bearer two words"] => (401, Some("invalid_token")),
        _ => (401, None),
    };
    assert_eq!(answer.status, status, "{headers:?} {answer:?}");
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(challenge.starts_with("Bearer realm=\""), "{challenge}");
    match code {
        Some(code) => assert!(
            challenge.contains(&format!("error=\"{code}\"")),
            "{challenge}"
        ),
        None => assert!(!challenge.contains("error"), "{challenge}"),
    }
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json()["error"], code.unwrap_or("unauthorized"));
    assert!(!text(&answer.json(), "/error_description").is_empty());
}

#[tokio::test]
async fn a_foreign_page_is_refused_before_its_token_is_looked_at() {
    let crm = crm().await;
    let mut host = host(FORWARD, &crm.url()).await;
    let address = host.serve().await.address;
    for (name, value) in [("host", "evil.example"), ("origin", "https://evil.example")] {
        for bearer in [None, Some(ADA)] {
            let ask = say(Era::Stateless, "/mcp/own", bearer, &json!({})).header(name, value);
            let answer = in_time(value, ask.send(address)).await.expect("an answer");
            assert_eq!(
                (answer.status, answer.header("www-authenticate")),
                (403, None)
            );
        }
    }
    assert!(crm.seen().is_empty());
}

#[tokio::test]
async fn callers_on_one_kept_connection_are_told_apart_by_every_request() {
    let crm = crm().await;
    let mut host = host(FORWARD, &crm.url()).await;
    let address = host.serve().await.address;
    let mut kept = Kept::open(address).await.expect("a connection");
    for (bearer, expected) in [
        (Some(ADA), Some("ada")),
        (Some(BOB), Some("bob")),
        (Some(ADA), Some("ada")),
        (None, None),
        (Some(BOB), Some("bob")),
        (None, None),
        (None, None),
    ] {
        let ask = say(Era::Stateless, "/mcp", bearer, &json!({}));
        let answer = in_time("an answer", kept.send(ask))
            .await
            .expect("kept open");
        match expected {
            Some(name) => assert_eq!(who(&answer.json()["result"]), name),
            None => {
                assert_eq!(answer.status, 401, "{answer:?}");
                // The body of a stranger's request is not read, so the connection ends with it.
                kept = Kept::open(address).await.expect("a connection");
            }
        }
    }
    assert_eq!(crm.seen().len(), 4);
}

#[tokio::test]
async fn many_callers_at_once_are_never_mixed_up() {
    let crm = crm().await;
    let mut host = host(&format!("{FORWARD}limits.rate_burst = 1000\n"), &crm.url()).await;
    let address = host.serve().await.address;
    let worker = |bearer: &'static str, name: &'static str| async move {
        let mut kept = Kept::open(address).await.expect("a connection");
        for _ in 0..20 {
            let ask = say(Era::Stateless, "/mcp/own", Some(bearer), &json!({}));
            let answer = in_time("an answer", kept.send(ask))
                .await
                .expect("kept open");
            assert_eq!(who(&answer.json()["result"]), name);
        }
    };
    tokio::join!(
        worker(ADA, "ada"),
        worker(BOB, "bob"),
        worker(ADA, "ada"),
        worker(BOB, "bob"),
    );
    assert_eq!(crm.seen().len(), 80);
}

#[tokio::test]
async fn a_session_carries_no_identity_and_serves_only_whoever_opened_it() {
    let crm = crm().await;
    let mut host = host(FORWARD, &crm.url()).await;
    let address = host.serve().await.address;
    let ada = HttpMcp::connect_as(address, Era::Handshake, "/mcp/own", ADA).await;
    let bob = HttpMcp::connect_as(address, Era::Handshake, "/mcp/own", BOB).await;
    for _ in 0..3 {
        assert_eq!(who(&ada.call("own_say", json!({})).await), "ada");
        assert_eq!(who(&bob.call("own_say", json!({})).await), "bob");
    }
    let asked = crm.seen().len();
    let say = json!({"name": "own_say", "arguments": {}});
    let ada_without = ada.bearing(None);
    let answer = ada_without.send("tools/call", say.clone()).await;
    assert_challenged(&answer, &[]);
    let bob_in_hers = ada_without.bearing(Some(BOB));
    for method in ["tools/call", "tools/list", "ping"] {
        let answer = bob_in_hers.send(method, say.clone()).await;
        assert_eq!(answer.status, 404, "{method}: {answer:?}");
    }
    for method in ["GET", "DELETE"] {
        let answer = in_its_session(&bob_in_hers, method, BOB, address).await;
        assert_eq!(answer.status, 404, "{method}: {answer:?}");
    }
    assert_eq!(crm.seen().len(), asked, "nothing was asked in between");
    let ada = bob_in_hers.bearing(Some(ADA));
    assert_eq!(
        who(&ada.call("own_say", json!({})).await),
        "ada",
        "her session lives"
    );
}

async fn in_its_session(
    client: &HttpMcp,
    method: &'static str,
    bearer: &str,
    to: SocketAddr,
) -> Answer {
    let ask = Ask::new(method, "/mcp/own")
        .header("accept", "text/event-stream")
        .header("mcp-protocol-version", Era::Stateless.version())
        .header("authorization", &format!("Bearer {bearer}"))
        .header(
            "mcp-session-id",
            client.session.as_deref().expect("a session"),
        );
    in_time(method, ask.send(to)).await.expect("an answer")
}

#[tokio::test]
async fn a_stateless_request_that_names_a_session_is_its_own_callers() {
    let crm = crm().await;
    let mut host = host(FORWARD, &crm.url()).await;
    let address = host.serve().await.address;
    let ada = HttpMcp::connect_as(address, Era::Handshake, "/mcp/own", ADA).await;
    let ask = say(Era::Stateless, "/mcp/own", Some(BOB), &json!({}))
        .header("mcp-session-id", ada.session.as_deref().expect("a session"));
    let answer = in_time("an answer", ask.send(address))
        .await
        .expect("an answer");
    assert_eq!(who(&answer.json()["result"]), "bob");
}

#[tokio::test]
async fn beside_a_service_each_has_its_own_endpoint() {
    let crm = crm().await;
    let mut host = host(&beside(), &crm.url()).await;
    let address = host.serve().await.address;
    for era in Era::BOTH {
        // The shared endpoint and the service's own: no token asked for, and one that comes is dropped.
        for (path, bearer) in [
            ("/mcp", None),
            ("/mcp/team", None),
            ("/mcp", Some(ADA)),
            ("/mcp/team", Some(ADA)),
        ] {
            let client = HttpMcp::stranger(address, era, path).bearing(bearer);
            let client = client.introduced().await;
            let listed = client.request("tools/list", json!({})).await;
            let names: Vec<_> = list(&listed["result"]["tools"])
                .iter()
                .map(|tool| text(tool, "/name"))
                .collect();
            assert_eq!(names, ["team_say", "team_remove"], "{path}");
            assert_eq!(
                who(&client.call("team_say", json!({})).await),
                "the account"
            );
            let other = client
                .request("tools/call", json!({"name": "own_say", "arguments": {}}))
                .await;
            assert_eq!(other["error"]["code"], -32602, "{other}");
            assert!(!other.to_string().contains("did you mean `own_"), "{other}");
        }
        let own = HttpMcp::connect_as(address, era, "/mcp/own", BOB).await;
        assert_eq!(who(&own.call("own_say", json!({})).await), "bob");
    }
    let tokens = crm.seen();
    assert!(
        tokens
            .iter()
            .all(|seen| seen.header("authorization") != Some(&format!("Bearer {ADA}")))
    );
}

#[tokio::test]
async fn a_token_for_one_crm_never_reaches_another() {
    let crm = crm().await;
    let elsewhere = FORWARD
        .replace("connections.own", "connections.other")
        .replace("[server]\nplugins = \"PLUGINS\"\n", "")
        .replace("URL", "http://127.0.0.1:9");
    let mut host = host(&format!("{FORWARD}{elsewhere}"), &crm.url()).await;
    let address = host.serve().await.address;
    let shared = say(Era::Stateless, "/mcp", Some(ADA), &json!({}));
    let answer = in_time("an answer", shared.send(address))
        .await
        .expect("an answer");
    assert_eq!(answer.status, 404, "{answer:?}");
    assert!(answer.body.contains("its own endpoint"), "{}", answer.body);
    let own = HttpMcp::connect_as(address, Era::Stateless, "/mcp/own", ADA).await;
    assert_eq!(who(&own.call("own_say", json!({})).await), "ada");
}

#[tokio::test]
async fn an_echo_of_the_token_does_not_reach_the_answer() {
    let crm = crm().await;
    let mut host = host(FORWARD, &crm.url()).await;
    let address = host.serve().await.address;
    for (token, name) in [(ADA, "ada"), (BOB, "bob")] {
        let client = HttpMcp::connect_as(address, Era::Stateless, "/mcp", token).await;
        let answer = client.call("own_say", json!({})).await;
        assert_eq!(who(&answer), name);
        let whole = answer.to_string();
        assert!(
            whole.contains("[redacted]") && !whole.contains(&token[4..20]),
            "{whole}"
        );
    }
}

#[tokio::test]
pub async fn forwards() {
    let crm = crm().await;
    let mut host = host(FORWARD, &crm.url()).await;
    let client = HttpMcp::connect_as(host.serve().await.address, Era::Stateless, "/mcp", ADA).await;
    let answer = client.call("own_say", json!({"anonymous": true})).await;
    assert_eq!(who(&answer), "nobody");
}

#[tokio::test]
async fn what_the_plugin_keeps_for_one_caller_no_other_finds() {
    let crm = crm().await;
    let mut host = host(FORWARD, &crm.url()).await;
    let address = host.serve().await.address;
    let ada = HttpMcp::connect_as(address, Era::Stateless, "/mcp", ADA).await;
    let bob = HttpMcp::connect_as(address, Era::Stateless, "/mcp", BOB).await;
    let kept = |answer: Value| answer["structuredContent"]["kept"].clone();
    assert_eq!(
        kept(ada.call("own_say", json!({"keep": "hers"})).await),
        Value::Null
    );
    assert_eq!(
        kept(bob.call("own_say", json!({"keep": "his"})).await),
        Value::Null
    );
    assert_eq!(kept(ada.call("own_say", json!({})).await), "hers");
    assert_eq!(kept(bob.call("own_say", json!({})).await), "his");
}

#[tokio::test]
async fn a_confirmation_is_its_callers_alone() {
    let crm = crm().await;
    let mut host = host(FORWARD, &crm.url()).await;
    let address = host.serve().await.address;
    let ada = HttpMcp::connect_as(address, Era::Stateless, "/mcp", ADA).await;
    let bob = HttpMcp::connect_as(address, Era::Stateless, "/mcp", BOB).await;
    let shown = ada.call("own_remove", json!({"remove": "7"})).await;
    let preview: Value = serde_json::from_str(text(&shown, "/content/0/text")).expect("JSON");
    let token = text(&preview, "/confirmation_token");
    assert!(!token.is_empty(), "{shown}");
    // Neither her preview nor her token is his.
    for confirmed in [
        json!({"remove": "7", "confirm": true}),
        json!({"remove": "7", "confirmation_token": token}),
    ] {
        let refused = bob.call("own_remove", confirmed).await;
        assert_eq!(refused["isError"], true, "{refused}");
    }
    assert!(crm.seen().is_empty());
    let done = ada
        .call(
            "own_remove",
            json!({"remove": "7", "confirmation_token": token}),
        )
        .await;
    assert_eq!(who(&done), "ada");
    assert_eq!(crm.seen().len(), 1);
}

#[tokio::test]
async fn a_refused_token_holds_back_its_holder_and_nobody_else() {
    let crm = crm().await;
    let mut host = host(FORWARD, &crm.url()).await;
    let address = host.serve().await.address;
    let old = HttpMcp::connect_as(address, Era::Stateless, "/mcp", OLD).await;
    let first = old.call("own_say", json!({})).await;
    assert_eq!(first["structuredContent"]["status"], 401, "{first}");
    let second = old.call("own_say", json!({})).await;
    assert_eq!(
        second["structuredContent"]["reason"], "CredentialRejected",
        "{second}"
    );
    assert!(
        text(&second, "/structuredContent/detail").contains("the token of this caller"),
        "{second}"
    );
    assert_eq!(crm.seen().len(), 1, "the CRM is left alone");
    let ada = HttpMcp::connect_as(address, Era::Stateless, "/mcp", ADA).await;
    assert_eq!(who(&ada.call("own_say", json!({})).await), "ada");
}

#[tokio::test]
async fn a_rate_is_one_callers_own() {
    let crm = crm().await;
    let slow = "[server.limits]\nrate_per_second = 1\nrate_burst = 2\n";
    let mut host = host(&format!("{FORWARD}{slow}"), &crm.url()).await;
    let address = host.serve().await.address;
    let ada = HttpMcp::connect_as(address, Era::Stateless, "/mcp", ADA).await;
    let bob = HttpMcp::connect_as(address, Era::Stateless, "/mcp", BOB).await;
    let mut limited = false;
    for _ in 0..4 {
        limited |= ada.call("own_say", json!({})).await["isError"] == true;
    }
    assert!(limited, "the burst is two");
    assert_eq!(who(&bob.call("own_say", json!({})).await), "bob");
}

#[tokio::test]
async fn a_call_without_a_token_says_how_to_bring_one() {
    let crm = crm().await;
    let host = host(FORWARD, &crm.url()).await;
    let answer = host.call("own_say", json!({})).await.expect_err("no token");
    assert_eq!(answer["error"]["code"], "TOKEN_NEEDED", "{answer}");
    assert!(
        text(&answer, "/error/suggestion").contains("--token-env"),
        "{answer}"
    );
    assert!(crm.seen().is_empty());
}

#[tokio::test]
async fn the_operators_file_and_the_plugin_have_to_agree() {
    for (change, expected) in [
        (
            "auth = \"key\"",
            "connections.own.auth: `auth` chooses `key`, which needs `identity = \"service\"`",
        ),
        (
            "plugin = \"espocrm\"",
            "connections.own.identity: credential `default` of the plugin cannot be the caller's own token",
        ),
    ] {
        let key = change.split(' ').next().unwrap_or_default();
        let kept: String = FORWARD
            .lines()
            .filter(|line| !line.starts_with(key) || line.contains("plugins"))
            .map(|line| format!("{line}\n"))
            .collect();
        let file = ("forwards.wasm", &*guests::bytes("forwards"));
        let told =
            TestHost::with_files(&format!("{kept}{change}\n"), "http://127.0.0.1:9", &[file]).await;
        let told = told.err().expect("it does not fit").to_string();
        assert!(told.contains(expected), "{told}");
    }
}

#[tokio::test]
async fn the_command_line_names_the_token_and_refuses_what_cannot_carry_one() {
    let crm = crm().await;
    let config = FORWARD.replace("PLUGINS", "plugins");
    let binary = || {
        Portcullis::new()
            .config(&config, &crm.url())
            .file("plugins/forwards.wasm", &guests::bytes("forwards"))
            .variable("MY_TOKEN", ADA)
    };
    let stdio = binary().run(&["serve", "--stdio"]).await;
    assert_eq!(stdio.code, Some(3), "{stdio:?}");
    assert!(
        stdio
            .err
            .contains("which stdio cannot carry; serve it over HTTP"),
        "{}",
        stdio.err
    );
    let tools = binary().run(&["tools"]).await;
    assert!(
        tools.out.contains("(with the caller's own token)"),
        "{tools:?}"
    );
    let check = binary().run(&["check"]).await;
    assert!(check.out.contains("identity forward"), "{check:?}");
    let without = binary().run(&["call", "own_say"]).await;
    assert_eq!(without.code, Some(1), "{without:?}");
    assert!(without.out.contains("TOKEN_NEEDED"), "{without:?}");
    let with = binary()
        .run(&["call", "own_say", "--token-env", "MY_TOKEN"])
        .await;
    assert!(with.out.contains("ada"), "{with:?}");
    assert!(!format!("{with:?}").contains(&ADA[4..20]), "{with:?}");
    let unset = binary()
        .run(&["call", "own_say", "--token-env", "NONE"])
        .await;
    assert_eq!(unset.code, Some(2), "{unset:?}");
}

#[tokio::test]
async fn a_self_test_takes_a_token_only_where_one_crm_can_be_meant() {
    let crm = crm().await;
    let one = FORWARD.replace("PLUGINS", "plugins");
    let own = "[connections.own]\nplugin = \"forwards\"";
    let other = one.split_once(own).expect("the connection").1;
    let other = other.replace("URL", "http://127.0.0.1:9");
    let two = format!("{one}[connections.other]\nplugin = \"forwards\"{other}");
    let service = one.replace("identity = \"forward\"", "secrets.key = \"env:MINE\"");
    let live = &["check", "--live", "--token-env", "MINE"][..];
    let unset = &["check", "--live", "--token-env", "NONE"][..];
    let idle = &["check", "--token-env", "MINE"][..];
    for (config, arguments, code, words) in [
        (&one, live, 0, "connection own"),
        (&one, unset, 2, "--token-env: variable `NONE` is not set"),
        (&one, idle, 2, "--live"),
        (&two, live, 2, "a token for one must not reach another"),
        (
            &service,
            live,
            2,
            "no connection acts with its callers' own tokens",
        ),
    ] {
        let home = Portcullis::new()
            .config(config, &crm.url())
            .file("plugins/forwards.wasm", &guests::bytes("forwards"))
            .variable("MINE", ADA);
        let before = crm.seen().len();
        let ran = home.run(arguments).await;
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
        let said = format!("{}{}", ran.out, ran.err);
        assert!(said.contains(words) && !said.contains(ADA), "{said}");
        assert_eq!(crm.seen().len() > before, code == 0, "{arguments:?}");
    }
}
