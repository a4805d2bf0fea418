//! Holds what the table of behaviour cannot: time that passes, more rows than are shown, seeds.

use jiff::{SignedDuration, Timestamp};
use portcullis_demo::atomic::{ADMIN, AtomicCrm, Clock, Options, PUBLISHABLE_KEY, REP};
use portcullis_demo::behaviour::{Answer, Ask, InProcess, Target};
use serde_json::{Value, json};

const TABLES: [&str; 8] = [
    "companies",
    "contacts",
    "contact_notes",
    "deals",
    "deal_notes",
    "tasks",
    "tags",
    "sales",
];

async fn send(crm: &AtomicCrm, line: &str, token: Option<&str>, body: &Value) -> Answer {
    let (method, address) = line.split_once(' ').expect("verb and address");
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut headers = vec![
        ("apikey".to_owned(), PUBLISHABLE_KEY.to_owned()),
        ("host".to_owned(), "project.example".to_owned()),
    ];
    headers.extend(token.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))));
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let ask = Ask {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        headers,
        body: body.into_bytes(),
    };
    InProcess::atomic(crm).send(ask).await.expect("an answer")
}

async fn refresh(crm: &AtomicCrm, token: &str) -> Answer {
    let body = json!({"refresh_token": token});
    send(
        crm,
        "POST auth/v1/token?grant_type=refresh_token",
        None,
        &body,
    )
    .await
}

fn held(clock: &Clock) -> AtomicCrm {
    AtomicCrm::new(Options {
        clock: clock.clone(),
        ..Options::default()
    })
}

fn noon() -> Clock {
    Clock::fixed("2026-11-20T12:00:00Z".parse::<Timestamp>().expect("a time"))
}

#[tokio::test]
async fn a_refresh_token_that_is_replayed_late_ends_the_session() {
    let clock = noon();
    let crm = held(&clock);
    let first = crm.refresh_token(REP);
    let answer = refresh(&crm, &first).await.json().expect("JSON");
    let second = answer["refresh_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    clock.advance(SignedDuration::from_secs(9));
    assert_eq!(
        refresh(&crm, &first).await.status,
        200,
        "the answer may have been lost"
    );
    clock.advance(SignedDuration::from_secs(9));
    let replayed = refresh(&crm, &first).await;
    assert_eq!(replayed.status, 400);
    assert_eq!(
        replayed.header("x-sb-error-code"),
        Some("refresh_token_already_used")
    );
    assert_eq!(
        refresh(&crm, &second).await.status,
        400,
        "nobody is signed in any more"
    );
}

#[tokio::test]
async fn an_access_token_ends_after_its_time() {
    let clock = noon();
    let crm = held(&clock);
    let token = crm.access_token("http://project.example", ADMIN);
    let line = "GET rest/v1/tags?select=id";
    assert_eq!(
        send(&crm, line, Some(&token), &Value::Null).await.status,
        200
    );
    clock.advance(SignedDuration::from_hours(1));
    let late = send(&crm, line, Some(&token), &Value::Null).await;
    assert_eq!(
        (late.status, late.json().expect("JSON")["message"].clone()),
        (401, json!("JWT expired"))
    );
    let user = send(&crm, "GET auth/v1/user", Some(&token), &Value::Null).await;
    assert_eq!(
        (user.status, user.header("x-sb-error-code")),
        (403, Some("bad_jwt"))
    );
}

#[tokio::test]
async fn more_than_a_thousand_rows_are_cut_without_a_word() {
    let crm = AtomicCrm::new(Options::default());
    let token = crm.access_token("http://project.example", REP);
    let rows: Vec<Value> = (0..1100)
        .map(|n| json!({"name": format!("t{n}"), "color": "#fff"}))
        .collect();
    let made = send(&crm, "POST rest/v1/tags", Some(&token), &json!(rows)).await;
    assert_eq!(made.status, 201);
    for address in ["GET rest/v1/tags", "GET rest/v1/tags?limit=5000"] {
        let read = send(&crm, address, Some(&token), &Value::Null).await;
        let rows = read.json().expect("JSON");
        assert_eq!(
            (read.status, rows.as_array().expect("rows").len()),
            (200, 1000)
        );
        assert_eq!(read.header("content-range"), Some("0-999/*"));
    }
}

#[test]
fn seeds_are_the_same_every_time() {
    let clock = noon();
    let (first, second) = (held(&clock), held(&clock));
    let mut count = 0;
    for table in TABLES {
        assert_eq!(first.ids(table), second.ids(table), "{table}");
        for id in first.ids(table) {
            assert_eq!(
                first.record(table, id),
                second.record(table, id),
                "{table} {id}"
            );
            count += 1;
        }
    }
    assert!(count >= 180, "{count} records");
}
