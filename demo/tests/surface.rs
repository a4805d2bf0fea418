//! Holds what tests of the host lean on: requests seen, records, ids, the clock, the base path.

use jiff::{SignedDuration, Timestamp};
use portcullis_demo::behaviour::{Answer, Ask, InProcess, Saved, Target};
use portcullis_demo::espocrm::{Clock, EspoCrm, FULL_KEY, Options};

async fn send(crm: &EspoCrm, who: &str, line: &str) -> Answer {
    let target = InProcess::espocrm(crm.router());
    let (method, path) = line.split_once(' ').expect("verb and path");
    let mut ask = Ask {
        method: method.into(),
        path: path.into(),
        ..Ask::default()
    };
    ask.headers = target
        .credentials(who, &ask, &Saved::default())
        .expect("a user of the demo");
    target.send(ask).await.expect("an answer")
}

#[tokio::test]
async fn requests_are_seen_as_sent() {
    let crm = EspoCrm::new(Options::default());
    send(&crm, "full", "GET Account").await;
    let seen = crm.requests();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].method.as_str(), seen[0].path.as_str()),
        ("GET", "/api/v1/Account")
    );
    assert_eq!(seen[0].header("X-Api-Key"), Some(FULL_KEY));
    assert!(seen[0].mentions(FULL_KEY) && !seen[0].mentions("another"));
    crm.forget_requests();
    assert!(crm.requests().is_empty());
}

#[test]
fn seeds_are_the_same_every_time() {
    let (first, second) = (
        EspoCrm::new(Options::default()),
        EspoCrm::new(Options::default()),
    );
    let entities = [
        "Account",
        "Contact",
        "Lead",
        "Opportunity",
        "Task",
        "Meeting",
        "Call",
        "Case",
    ];
    for entity in entities {
        assert_eq!(first.ids(entity), second.ids(entity), "{entity}");
        assert!(
            first
                .ids(entity)
                .iter()
                .all(|id| id.len() == 17 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        );
    }
    assert!(
        entities
            .iter()
            .map(|entity| first.count(entity))
            .sum::<usize>()
            >= 190
    );
    let name = first
        .record("Account", &first.ids("Account")[0])
        .expect("the first account")["name"]
        .clone();
    assert_eq!(name, "Harbour Foods");
}

#[test]
fn a_crm_may_start_empty() {
    let crm = EspoCrm::new(Options {
        seed: false,
        ..Options::default()
    });
    assert_eq!(crm.count("Account"), 0);
    assert!(crm.count("User") > 5 && crm.user_id("agent").is_some());
}

#[tokio::test]
async fn the_door_opens_again_after_a_minute() {
    let clock = Clock::fixed("2026-11-20T10:00:00Z".parse::<Timestamp>().expect("a time"));
    let crm = EspoCrm::new(Options {
        clock: clock.clone(),
        ..Options::default()
    });
    for _ in 0..11 {
        assert_eq!(send(&crm, "stranger", "GET Account").await.status, 401);
    }
    assert_eq!(send(&crm, "full", "GET Account").await.status, 403);
    clock.advance(SignedDuration::from_secs(61));
    assert_eq!(send(&crm, "full", "GET Account").await.status, 200);
}

#[tokio::test]
async fn without_lockout_nobody_is_shut_out() {
    let crm = EspoCrm::new(Options {
        lockout: false,
        ..Options::default()
    });
    for _ in 0..20 {
        assert_eq!(send(&crm, "stranger", "GET Account").await.status, 401);
    }
    assert_eq!(send(&crm, "full", "GET Account").await.status, 200);
}

#[tokio::test]
async fn a_rebuild_moves_the_timestamp() {
    let crm = EspoCrm::new(Options::default());
    let before = send(&crm, "full", "GET Metadata")
        .await
        .header("x-app-timestamp")
        .map(str::to_owned);
    crm.rebuild();
    let after = send(&crm, "full", "GET Metadata")
        .await
        .header("x-app-timestamp")
        .map(str::to_owned);
    assert!(before.is_some() && before != after);
}

#[tokio::test]
async fn an_installation_below_a_path_is_only_there() {
    let crm = EspoCrm::new(Options {
        base: "/crm".into(),
        ..Options::default()
    });
    let answer = send(&crm, "full", "GET Account").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (404, Some("text/html; charset=UTF-8"))
    );
}
