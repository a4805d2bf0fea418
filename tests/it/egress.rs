//! Where requests may go: the address of every dial, redirects, proxies, and who shares a connection.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::Response;
use futures::future::{BoxFuture, join_all};
use portcullis::caller::Token;
use portcullis::run::Surroundings;
use portcullis::upstream::Lookup;
use serde_json::{Value, json};

use crate::support::host::guest_connection;
use crate::support::issuer::{Signer, now};
use crate::support::sockets::{After, Sockets};
use crate::support::stub::json_response;
use crate::support::{Portcullis, Stub, TestHost, guests, text};

/// A resolver that gives one answer after another, the last one for ever, and remembers that it was
/// asked.
#[derive(Clone, Default)]
struct Resolver {
    answers: Arc<Mutex<VecDeque<Vec<IpAddr>>>>,
    given: Arc<Mutex<Vec<Vec<IpAddr>>>>,
}

impl Resolver {
    fn of(answers: &[&[&str]]) -> Self {
        let parse = |list: &&[&str]| {
            list.iter()
                .map(|a| a.parse().expect("an address"))
                .collect()
        };
        Self {
            answers: Arc::new(Mutex::new(answers.iter().map(parse).collect())),
            given: Arc::default(),
        }
    }

    fn given(&self) -> Vec<Vec<IpAddr>> {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.clone()
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            lookup: Arc::new(self.clone()),
            ..Surroundings::default()
        }
    }
}

impl Lookup for Resolver {
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        assert_eq!(host, "crm.test", "nothing else is ever resolved");
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match answers.len() {
            1 => answers[0].clone(),
            _ => answers.pop_front().unwrap_or_default(),
        };
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.push(answer.clone());
        Box::pin(async move { Ok(answer) })
    }
}

/// The guest `forwards` as an account, behind a name.
async fn behind_a_name(resolver: &Resolver, port: u16, more: &str) -> TestHost {
    let config = config(more);
    let url = format!("http://crm.test:{port}");
    let file = ("forwards.wasm", &*guests::bytes("forwards"));
    let host = TestHost::within(resolver.surroundings(), &config, &url, &[file]).await;
    let host = host.unwrap_or_else(|error| panic!("{error}"));
    settle(&host).await;
    host
}

fn config(more: &str) -> String {
    format!(
        "[server]\nplugins = \"PLUGINS\"\n{}",
        guest_connection("forwards", more)
    )
}

/// What the host does at its start.
async fn settle(host: &TestHost) {
    for connection in &host.snapshot().connections {
        connection.settle().await;
    }
}

async fn say(host: &TestHost) -> Value {
    let answer = host.call("guest_say", json!({})).await;
    answer.expect("the guest tells what it was told")
}

/// Every kind of place that a name can turn to after it was public at the start.
#[tokio::test]
async fn a_public_name_that_turns_is_refused_at_the_dial() {
    for now in [
        &["127.0.0.1"][..],
        &["127.8.8.8"],
        &["::1"],
        &["10.1.2.3"],
        &["172.16.0.1"],
        &["192.168.1.1"],
        &["100.64.0.1"],
        &["198.18.0.1"],
        &["169.254.169.254"],
        &["169.254.1.1"],
        &["100.100.100.200"],
        &["192.0.0.192"],
        &["168.63.129.16"],
        &["0.0.0.0"],
        &["255.255.255.255"],
        &["224.0.0.1"],
        &["240.0.0.1"],
        &["192.0.2.1"],
        &["::"],
        &["::ffff:127.0.0.1"],
        &["::ffff:10.0.0.1"],
        &["::ffff:169.254.169.254"],
        &["::127.0.0.1"],
        &["::ffff:0:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["64:ff9b::a9fe:a9fe"],
        &["64:ff9b:1::1.1.1.1"],
        &["2002:7f00:1::"],
        &["2002:a9fe:a9fe::"],
        &["2001::4136:e378:8000:63bf:f5ff:fffe"],
        &["fd00::1"],
        &["fec0::1"],
        &["fe80::1"],
        &["ff02::1"],
        &["fd00:ec2::254"],
        &["93.184.216.34", "127.0.0.1"],
        &["127.0.0.1", "93.184.216.34"],
        &["2606:4700::1111", "fe80::1"],
    ] {
        let stub = Sockets::on(1, After::Keep).await;
        let resolver = Resolver::of(&[&["93.184.216.34", "2606:4700::1111"], now]);
        let host = behind_a_name(&resolver, stub.port, "").await;
        let told = say(&host).await;
        let refused = (text(&told, "/reason"), text(&told, "/stage"));
        assert_eq!(refused, ("AddressBlocked", "NotSent"), "{now:?}: {told}");
        let detail = text(&told, "/detail");
        assert!(
            !now.iter().any(|address| detail.contains(address)),
            "{detail}"
        );
        assert!(stub.came().is_empty(), "{now:?}");
    }
}

#[tokio::test]
async fn a_name_that_was_private_at_the_start_may_stay_so() {
    let stub = Sockets::on(2, After::Close).await;
    let resolver = Resolver::of(&[&["127.0.0.1"], &["127.0.0.2"], &["10.0.0.1"]]);
    let host = behind_a_name(&resolver, stub.port, "").await;
    assert_eq!(say(&host).await["status"], 200);
    let told = say(&host).await;
    assert_eq!(
        told["reason"], "AddressBlocked",
        "private, but otherwise: {told}"
    );
    assert_eq!(stub.came().len(), 1);
}

/// One question per dial, and its answer is what is dialled: there is no moment between check and dial
/// at which another answer could count.
#[tokio::test]
async fn the_checked_addresses_are_the_dialled_ones() {
    let stub = Sockets::on(6, After::Close).await;
    let answers: Vec<[String; 1]> = (1..=6).map(|n| [format!("127.0.0.{n}")]).collect();
    let answers: Vec<Vec<&str>> = answers.iter().map(|a| vec![a[0].as_str()]).collect();
    let answers: Vec<&[&str]> = answers.iter().map(Vec::as_slice).collect();
    let resolver = Resolver::of(&answers);
    let host = behind_a_name(&resolver, stub.port, "").await;
    for _ in 0..5 {
        assert_eq!(say(&host).await["status"], 200);
    }
    let given: Vec<IpAddr> = resolver.given().concat();
    let dialled: Vec<IpAddr> = stub.came().iter().map(|came| came.to).collect();
    assert_eq!(given.len(), 6, "one at the start and one for each dial");
    assert_eq!(dialled, given[1..]);
    let hosts: BTreeSet<_> = stub
        .came()
        .iter()
        .map(|came| came.header("host").map(str::to_owned))
        .collect();
    assert_eq!(hosts, [Some(format!("crm.test:{}", stub.port))].into());
}

/// A reload makes the connection anew; what its name was at the start stays known.
#[tokio::test]
async fn a_reload_is_no_new_start_for_a_name() {
    let stub = Sockets::on(1, After::Keep).await;
    let resolver = Resolver::of(&[&["93.184.216.34"], &["127.0.0.1"]]);
    let host = behind_a_name(&resolver, stub.port, "").await;
    let url = format!("http://crm.test:{}", stub.port);
    for more in ["limits.timeout_ms = 9000", "limits.timeout_ms = 8000"] {
        let before = host.snapshot();
        host.reconfigure(&config(more), &url).await;
        let after = host.snapshot();
        assert!(!Arc::ptr_eq(&before.connections[0], &after.connections[0]));
        let told = say(&host).await;
        assert_eq!(told["reason"], "AddressBlocked", "{told}");
    }
    assert!(stub.came().is_empty());
}

/// A connection that a reload brings is looked at then, and not when it is first called.
#[tokio::test]
async fn a_connection_that_comes_later_settles_when_it_comes() {
    let stub = Sockets::on(1, After::Keep).await;
    let resolver = Resolver::of(&[&["93.184.216.34"], &["127.0.0.1"]]);
    let file = ("forwards.wasm", &*guests::bytes("forwards"));
    let other = config("").replace("connections.guest", "connections.other");
    let elsewhere = "http://127.0.0.1:1";
    let host = TestHost::within(resolver.surroundings(), &other, elsewhere, &[file]).await;
    let host = host.unwrap_or_else(|error| panic!("{error}"));
    let url = format!("http://crm.test:{}", stub.port);
    host.reconfigure(&config(""), &url).await;
    crate::support::in_time("the name to be looked at", async {
        while resolver.given().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let told = say(&host).await;
    assert_eq!(told["reason"], "AddressBlocked", "{told}");
    assert!(stub.came().is_empty());
}

/// The keys of an issuer are fetched by the host: over the same guard, and without following anything.
#[tokio::test]
async fn the_keys_of_an_issuer_come_the_guarded_way() {
    let signer = Signer::new("key-1");
    let published = signer.published().to_string();
    let elsewhere = Stub::start(move |_| json_response(published.clone())).await;
    let place = format!("{}/auth/v1/.well-known/jwks.json", elsewhere.url());
    let redirects = Stub::start(move |_| redirect(302, &place)).await;
    let port = redirects
        .url()
        .rsplit_once(':')
        .expect("a port")
        .1
        .to_owned();
    for (answers, asked) in [
        (&[&["93.184.216.34"][..], &["127.0.0.1"]][..], 0),
        (&[&["127.0.0.1"]], 1),
    ] {
        let resolver = Resolver::of(answers);
        let before = redirects.seen().len();
        let url = format!("http://crm.test:{port}");
        let config = "[server]\nplugins = \"PLUGINS\"\n[connections.own]\nplugin = \"issued\"\nurl = \"URL\"\nidentity = \"forward\"\n";
        let file = ("issued.wasm", &*guests::bytes("issued"));
        let host = TestHost::within(resolver.surroundings(), config, &url, &[file]).await;
        let host = host.unwrap_or_else(|error| panic!("{error}"));
        settle(&host).await;
        let snapshot = host.snapshot();
        let issuer = snapshot.connections[0].issuer.as_ref().expect("it has one");
        let token = signer.token(&json!({
            "iss": issuer.name(), "aud": "authenticated", "role": "authenticated",
            "sub": "ada", "exp": now() + 600,
        }));
        let token = Token::new(&token).expect("a token");
        assert!(issuer.caller(token).await.is_err());
        assert_eq!(redirects.seen().len() - before, asked, "{answers:?}");
    }
    assert!(elsewhere.seen().is_empty());
}

fn redirect(status: u16, place: &str) -> Response<Body> {
    let response = Response::builder().status(status).header("location", place);
    response.body(Body::empty()).expect("a response")
}

#[tokio::test]
async fn redirects_are_answers_and_are_never_followed() {
    let elsewhere = Stub::ok().await;
    for status in [300, 301, 302, 303, 304, 307, 308] {
        for place in [
            format!("{}/whoami", elsewhere.url()),
            "http://169.254.169.254/latest/meta-data/iam/".to_owned(),
            "/whoami".to_owned(),
            "/elsewhere".to_owned(),
        ] {
            let to = place.clone();
            let stub = Stub::start(move |_| redirect(status, &to)).await;
            let host = TestHost::guest("forwards", "", &stub.url()).await;
            let told = say(&host).await;
            assert_eq!(told["status"], status, "{place}: {told}");
            assert_eq!(told["headers"], json!([]), "where to is not told: {told}");
            assert_eq!(stub.seen().len(), 1, "{status} {place}");
        }
    }
    assert!(elsewhere.seen().is_empty());
}

/// Two accounts of one CRM: each has connections of its own, kept and reused, and never the other's.
#[tokio::test]
async fn connections_of_two_accounts_share_no_socket() {
    let stub = Sockets::on(1, After::Keep).await;
    let account = |name: &str, key: &str| {
        guest_connection(
            "forwards",
            "limits.rate_burst = 1000\nlimits.concurrent_calls = 8",
        )
        .replace("connections.guest", &format!("connections.{name}"))
        .replace("CRM_KEY", key)
    };
    let config = format!(
        "[server]\nplugins = \"PLUGINS\"\n[server.limits]\nrate_burst = 1000\n{}{}",
        account("ada", "CRM_KEY"),
        account("bob", "ODD_KEY")
    );
    let url = format!("http://127.0.0.1:{}", stub.port);
    let file = ("forwards.wasm", &*guests::bytes("forwards"));
    let host = TestHost::with_files(&config, &url, &[file]).await;
    let host = host.unwrap_or_else(|error| panic!("{error}"));
    for _ in 0..8 {
        let calls = (0..8).map(|n| {
            let tool = ["ada_say", "bob_say"][n % 2];
            host.call(tool, json!({}))
        });
        for answer in join_all(calls).await {
            assert_eq!(answer.expect("an answer")["status"], 200);
        }
    }
    let came = stub.came();
    assert_eq!(came.len(), 64);
    let mut sockets = BTreeMap::<_, BTreeSet<String>>::new();
    for request in &came {
        let credential = request.header("authorization").expect("it is signed");
        sockets
            .entry(request.from)
            .or_default()
            .insert(credential.to_owned());
    }
    assert!(
        sockets.len() >= 2 && sockets.len() < came.len(),
        "they are kept: {}",
        sockets.len()
    );
    let mixed = sockets.values().filter(|credentials| credentials.len() > 1);
    assert_eq!(mixed.count(), 0, "{sockets:?}");
    let credentials: BTreeSet<_> = sockets.into_values().flatten().collect();
    assert_eq!(credentials.len(), 2);
}

/// The built program with every variable by which programs are told of a proxy.
#[tokio::test]
async fn proxies_of_the_environment_are_not_used() {
    let (crm, proxy) = (Stub::ok().await, Stub::ok().await);
    let config = config("");
    let mut program = Portcullis::new()
        .config(&config.replace("PLUGINS", "plugins"), &crm.url())
        .file("plugins/forwards.wasm", &guests::bytes("forwards"))
        .variable("CRM_KEY", "a key of the test");
    for name in [
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "ftp_proxy",
        "socks_proxy",
    ] {
        program = program
            .variable(name, &proxy.url())
            .variable(&name.to_ascii_uppercase(), &proxy.url());
    }
    program = program.variable("no_proxy", "").variable("NO_PROXY", "");
    let ran = program.run(&["call", "guest_say", "{}"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let told: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(told["status"], 200, "{told}");
    let ran = program.run(&["check", "--live"]).await;
    assert!(ran.out.contains("answers (HTTP 200)"), "{ran:?}");
    assert!(crm.seen().len() >= 2);
    assert_eq!(proxy.seen().len(), 0);
}
