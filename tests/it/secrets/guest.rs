//! The guest `dumps`, which tells all that it sees, with each recipe.

use portcullis::call::{self, Request, Scope};
use portcullis::caller::{Caller, Token};
use portcullis::error::ToolError;
use portcullis::input::Input;
use portcullis::policy::Principal;
use portcullis::run::Surroundings;
use serde_json::{Value, json};

use super::crm::Crm;
use super::needles::{self, FORMS};
use super::{CANARY, SLOTS, TOKEN, connection, file, value};
use crate::support::{TestHost, object};

/// What hides needles from the search of the guest's memory that they would otherwise be found by.
const MASK: u8 = 0x5a;

/// What the guest is to do: every request in a form that the slot can sign, in every echo.
pub fn arguments(slot: &str, needles: &[String]) -> Value {
    let request = |method: &str, path: Value| match slot {
        "login_form" => json!({
            "method": "POST", "path": path, "body": "data=%7B%22session%22%3Anull%7D&more=1",
            "headers": [["content-type", "application/x-www-form-urlencoded"]],
        }),
        _ if method == "POST" => json!({
            "method": "POST", "path": path, "body": "{}", "headers": [["content-type", "application/json"]],
        }),
        _ => json!({"method": "GET", "path": path}),
    };
    let echoes = FORMS
        .iter()
        .map(|form| request("GET", json!(["echo", form])));
    let fails = FORMS
        .iter()
        .map(|form| request("POST", json!(["fail", form])));
    let ends = [
        request("GET", json!(["break"])),
        json!({"method": "GET", "path": ["closed"]}),
    ];
    let masked = |needle: &String| -> String {
        needle
            .bytes()
            .map(|byte| format!("{:02x}", byte ^ MASK))
            .collect()
    };
    json!({
        "slot": slot,
        "ask": echoes.chain(fails).chain(ends).collect::<Vec<_>>(),
        "settings": ["key", "password", "secrets", "token", "secrets.key"],
        "needles": needles.iter().map(masked).collect::<Vec<_>>(),
    })
}

/// A host in this process, before the CRM.
pub async fn host(crm: &Crm, server: &str, more: &str) -> TestHost {
    let config = format!(
        "[server]\nplugins = \"PLUGINS\"\n{server}\n{}",
        connection(more)
    );
    let environment = |name: &str| value(name).map(str::to_owned);
    let (url, (name, bytes)) = (crm.stub.url(), file());
    let (files, surroundings) = ([(name, &*bytes)], Surroundings::default());
    let host = TestHost::with_environment(&environment, surroundings, &config, &url, &files);
    let host = host.await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(host.rejected(), Vec::<String>::new());
    host
}

pub async fn told(host: &TestHost, caller: Caller, slot: &str, needles: &[String]) -> Value {
    let request = Request {
        name: "guest_dump".to_owned(),
        arguments: object(arguments(slot, needles)),
        caller,
        scope: Scope::All,
        input: Input::default(),
        watcher: None,
    };
    match call::call(&host.host.app, request).await {
        Ok(Ok(answered)) => answered.value,
        Ok(Err(end)) => panic!("{slot}: {}", ToolError::from(end).to_json()),
        Err(unknown) => panic!("{unknown}"),
    }
}

/// The guest saw the echoes and found in its memory what it may have, and nothing else.
fn assert_clean(slot: &str, crm: &Crm, needles: &[String], told: &Value) {
    assert_eq!(
        told["found"],
        json!([0]),
        "{slot}: {:?}",
        found(needles, told)
    );
    assert!(
        told["pages"].as_u64() > Some(10),
        "{slot}: a memory was searched"
    );
    let seen = told["seen"].as_str().expect("a text");
    assert!(
        seen.contains(CANARY) && seen.contains("[redacted]"),
        "{slot}: {seen}"
    );
    let kept = told["kept"].as_u64().unwrap_or_default();
    assert!(
        kept > 0 || seen.len() > 1 << 20,
        "{slot}: the cache was used"
    );
    needles::assert_absent(&needles[1..], slot, told.to_string().as_bytes());
    let given = [crm.gave_away(), crm.signatures()].concat();
    let given = needles::of(given.iter().map(String::as_str));
    needles::assert_absent(&given, slot, told.to_string().as_bytes());
    needles::assert_absent(&given, slot, seen.as_bytes());
}

fn found(needles: &[String], told: &Value) -> Vec<String> {
    let places = told["found"].as_array().into_iter().flatten();
    let places = places.filter_map(|place| usize::try_from(place.as_u64()?).ok());
    places.map(|place| needles[place].clone()).collect()
}

/// The canary, and after it everything secret.
fn all_needles(more: &[&str]) -> Vec<String> {
    let foreseen = Crm::foreseen();
    let secret = needles::of(
        foreseen
            .iter()
            .map(String::as_str)
            .chain(more.iter().copied()),
    );
    [vec![CANARY.to_owned()], secret].concat()
}

#[tokio::test]
pub async fn dumps() {
    let needles = all_needles(&[]);
    for slot in SLOTS {
        let crm = Crm::start().await;
        let host = host(&crm, "", "").await;
        for _ in 0..2 {
            let told = told(&host, Caller::known(Principal::stdio()), slot, &needles).await;
            assert_clean(slot, &crm, &needles, &told);
        }
        let signed = crm
            .stub
            .seen()
            .iter()
            .filter(|seen| seen.path.starts_with("/echo"))
            .count();
        assert!(
            signed >= 2 * FORMS.len(),
            "{slot}: the echoes were asked for"
        );
    }
}

/// The caller's own token is as secret as the operator's.
#[tokio::test]
async fn nor_does_it_hold_the_token_of_its_caller() {
    let needles = all_needles(&[TOKEN]);
    let crm = Crm::start().await;
    let host = host(&crm, "", "identity = \"forward\"").await;
    let caller = || Caller::holding(Token::new(TOKEN).expect("a token"));
    for slot in ["header", "login_cookie", "oauth_client"] {
        let told = told(&host, caller(), slot, &needles).await;
        assert_clean(slot, &crm, &needles, &told);
    }
    let bearer = format!("Bearer {TOKEN}");
    let sent = crm.stub.seen();
    assert!(
        sent.iter()
            .all(|seen| seen.header("authorization") == Some(&bearer))
    );
}
