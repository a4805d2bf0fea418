//! Everything that the host sends on its own goes the guarded way of a guest's requests: a login, a
//! token request, the search for the API, a public document.

use super::super::dial::tests::Script;
use super::*;

/// What makes a connection send a request of the host's own before anything else, or instead.
const WAYS: [&str; 6] = ["request", "login", "token", "refresh", "probe", "document"];

fn spec_of(way: &str, port: u16) -> Spec {
    let mut spec = spec(port);
    spec.secrets = Secrets::of(&[
        ("key", KEY),
        ("client_id", "the-client"),
        ("client_secret", "s3cret of client"),
        ("refresh_token", "refresh-0"),
    ]);
    let oauth = |grant: &str| {
        json!({ "name": "a", "recipe": "oauth2", "grant": grant,
            "token": { "path": "token", "body": "form", "client": "basic" },
            "place": { "header": "authorization", "value": "Bearer {token}" } })
    };
    let recipe = match way {
        "login" => json!({ "name": "a", "recipe": "login",
            "login": { "method": "POST", "path": "login", "json": { "key": "{key}" } },
            "capture": { "json": "/id" }, "place": { "cookie": "sid" } }),
        "token" => oauth("client_credentials"),
        "refresh" => oauth("refresh_token"),
        _ => json!({ "name": "a", "recipe": "bearer", "value": "{key}" }),
    };
    spec.credentials = credentials(json!({ "api": [recipe] }));
    if way == "probe" {
        spec.base = serde_json::from_value(json!({ "probe": {
            "prefixes": ["", "/legacy"], "method": "GET", "path": "version", "expect": "/version"
        } }))
        .unwrap();
    }
    spec
}

/// What comes of it: an answer's status, or why there is none.
async fn take(way: &str, upstream: &Upstream) -> Result<u16, Failed> {
    if way == "document" {
        let document = upstream.document("auth/v1/keys.json", 1000).await;
        return document.map(|_| 200);
    }
    let answer = send(upstream, signed(Method::Get, &["a"])).await?;
    Ok(answer.status)
}

#[tokio::test]
async fn a_name_that_turned_is_dialled_by_nothing() {
    for now in [
        &["127.0.0.1"][..],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["10.0.0.1"],
        &["100.64.0.1"],
        &["fe80::1"],
        &["169.254.169.254"],
        &["fd00:ec2::254"],
        &["100.100.100.200"],
        &["0.0.0.0"],
        &["93.184.216.34", "127.0.0.1"],
        &["127.0.0.1", "93.184.216.34"],
    ] {
        for way in WAYS {
            let stub = Stub::new(vec![]).await;
            let mut spec = spec_of(way, stub.port);
            spec.site.set_host(Some("crm.test")).unwrap();
            let upstream = over(spec, Script::of(&[&["93.184.216.34"], now])).unwrap();
            upstream.settle().await.unwrap();
            let failed = take(way, &upstream).await.unwrap_err();
            let found = (failed.reason, failed.stage);
            let wanted = (Reason::AddressBlocked, Stage::NotSent);
            assert_eq!(found, wanted, "{way} {now:?}: {}", failed.detail);
            assert_eq!(stub.accepted(), 0, "{way} {now:?}");
        }
    }
}

/// To another host, to a metadata service, and to the host itself.
#[tokio::test]
async fn nothing_follows_a_redirect() {
    let elsewhere = Stub::new(vec![]).await;
    let places = [
        format!("http://127.0.0.1:{}/x", elsewhere.port),
        format!("//127.0.0.1:{}/x", elsewhere.port),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "/crm/api/v1/a?again".to_owned(),
    ];
    for status in [301, 302, 303, 307, 308] {
        for place in &places {
            for way in WAYS {
                let headers = [&*format!("location: {place}")];
                let redirect = answer(&format!("{status} Moved"), &headers, "");
                let stub = Stub::with(move |_| Reply::Bytes(redirect.clone())).await;
                let upstream = Upstream::new(spec_of(way, stub.port)).unwrap();
                let came = take(way, &upstream).await;
                match way {
                    "request" => assert_eq!(came.unwrap(), status),
                    _ => assert_eq!(came.unwrap_err().reason, Reason::Protocol, "{way}"),
                }
                let tried = if way == "probe" { 2 } else { 1 };
                assert_eq!(stub.seen().len(), tried, "{way} {status} {place}");
                assert!(stub.seen().iter().all(|head| !head.contains("?again")));
            }
        }
    }
    assert_eq!(elsewhere.accepted(), 0);
}

#[tokio::test]
async fn a_body_in_a_coding_that_was_not_asked_for_is_not_shown() {
    for header in [
        "content-encoding: zstd",
        "content-encoding: x-gzip",
        "content-encoding: GZIP",
        "content-encoding: gzip, gzip",
        "content-encoding: identity, compress",
        "content-encoding: aes128gcm",
    ] {
        let reply = Reply::Bytes(answer("200 OK", &[header], "coded"));
        let (reason, stage, detail) = fail_with(reply, post("x")).await;
        assert_eq!(
            (reason, stage),
            (Reason::Protocol, Stage::Answered),
            "{header}"
        );
        assert_eq!(
            detail,
            "the CRM answered 200, and its body is coded in a way that was not asked for"
        );
    }
    let chunks =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n5\r\ncoded\r\n0\r\n\r\n";
    let (reason, _, _) = fail_with(Reply::Bytes(chunks.into()), post("x")).await;
    assert_eq!(reason, Reason::Protocol);
    for header in ["content-encoding: identity", "content-encoding: Identity"] {
        let reply = Reply::Bytes(answer("200 OK", &[header], "plain"));
        let stub = Stub::new(vec![reply]).await;
        let shown = send(&upstream(&stub), post("x")).await.unwrap();
        assert_eq!(shown.body, b"plain");
    }
}
