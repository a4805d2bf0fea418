//! Holds what tests of the host lean on in the in-memory SuiteCRM: what was called, records, and
//! the ways to make it behave otherwise.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use portcullis_demo::Running;
use portcullis_demo::behaviour::{Answer, Ask, InProcess, Target};
use portcullis_demo::fault::{Fault, Faults, faulty};
use portcullis_demo::suitecrm::{
    ADMIN_ID, ADMIN_PASSWORD, ADMIN_PASSWORD_MD5, ADMIN_USER, CLIENT_ID, CLIENT_SECRET, Clock,
    Options, Php, RESTRICTED_ID, RESTRICTED_PASSWORD_MD5, RESTRICTED_USER, SALES_ID,
    SALES_PASSWORD_MD5, SALES_USER, SuiteCrm, V8,
};
use serde_json::{Value, json};

const REST: &str = "service/v4_1/rest.php";

fn crm() -> SuiteCrm {
    SuiteCrm::new(Options::default())
}

/// One call of v4_1 as it goes over the wire.
fn call(path: &str, method: &str, data: &Value) -> Ask {
    let data = data
        .to_string()
        .replace('%', "%25")
        .replace('&', "%26")
        .replace('+', "%2B");
    Ask {
        method: "POST".into(),
        path: path.into(),
        headers: vec![(
            "content-type".into(),
            "application/x-www-form-urlencoded".into(),
        )],
        body: format!("method={method}&input_type=JSON&response_type=JSON&rest_data={data}")
            .into_bytes(),
        ..Ask::default()
    }
}

async fn send(crm: &SuiteCrm, ask: Ask) -> Answer {
    InProcess::suitecrm(crm.router())
        .send(ask)
        .await
        .expect("an answer")
}

async fn v4(crm: &SuiteCrm, method: &str, data: Value) -> Value {
    send(crm, call(REST, method, &data))
        .await
        .json()
        .expect("JSON")
}

async fn session_of(crm: &SuiteCrm, user: &str, md5: &str) -> String {
    let auth = json!({"user_name": user, "password": md5});
    let answer = v4(crm, "login", json!([auth, "tests", []])).await;
    answer["id"].as_str().expect("a session").to_owned()
}

async fn session(crm: &SuiteCrm) -> String {
    session_of(crm, ADMIN_USER, ADMIN_PASSWORD_MD5).await
}

async fn token(crm: &SuiteCrm) -> Answer {
    let body = json!({
        "grant_type": "password", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
        "username": ADMIN_USER, "password": ADMIN_PASSWORD,
    });
    let ask = Ask {
        method: "POST".into(),
        path: "Api/access_token".into(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.to_string().into_bytes(),
        ..Ask::default()
    };
    send(crm, ask).await
}

async fn whoami(crm: &SuiteCrm, token: &Answer) -> Answer {
    let token = token.json().expect("JSON")["access_token"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let ask = Ask {
        method: "GET".into(),
        path: "Api/V8/current-user".into(),
        headers: vec![("authorization".into(), format!("Bearer {token}"))],
        ..Ask::default()
    };
    send(crm, ask).await
}

#[test]
fn seeds_are_the_same_every_time() {
    let (first, second) = (crm(), crm());
    let modules = [
        "Accounts",
        "Contacts",
        "Leads",
        "Opportunities",
        "Cases",
        "Calls",
        "Meetings",
        "Tasks",
        "Notes",
    ];
    for module in modules {
        assert_eq!(first.ids(module), second.ids(module), "{module}");
        assert!(!first.ids(module).is_empty(), "{module}");
    }
    let all: usize = modules.iter().map(|module| first.count(module)).sum();
    assert!((150..=250).contains(&all), "{all} records");
    let is_uuid =
        |id: &&String| id.len() == 36 && id.bytes().filter(|byte| *byte == b'-').count() == 4;
    let odd = first
        .ids("Accounts")
        .iter()
        .filter(|id| !is_uuid(id))
        .count();
    assert_eq!(odd, 1, "one account has an id from an import");
    assert!(
        first.record("Contacts", "1042").is_some() && first.record("Users", ADMIN_ID).is_some()
    );
}

#[test]
fn a_crm_may_start_empty() {
    let crm = SuiteCrm::new(Options {
        seed: false,
        ..Options::default()
    });
    assert_eq!((crm.count("Accounts"), crm.count("Users")), (0, 3));
}

#[tokio::test]
async fn calls_are_counted_by_method() {
    let crm = crm();
    let session = session(&crm).await;
    v4(&crm, "get_user_id", json!([session])).await;
    v4(&crm, "get_user_id", json!({"session": session})).await;
    assert_eq!(
        (
            crm.called("login"),
            crm.called("get_user_id"),
            crm.called("set_entry")
        ),
        (1, 2, 0)
    );
    assert_eq!(crm.calls()[1].arguments, json!([session]));
    assert_eq!(crm.open_sessions(), 1);
    assert!(crm.requests()[0].mentions(ADMIN_PASSWORD_MD5));
    crm.forget_requests();
    assert!(crm.calls().is_empty());
}

#[tokio::test]
async fn sessions_end_when_told() {
    let crm = crm();
    let session = session(&crm).await;
    crm.expire_sessions();
    assert_eq!(
        v4(&crm, "get_user_id", json!([session])).await["number"],
        11
    );
    assert_eq!(
        v4(&crm, "get_upcoming_activities", json!([session])).await["number"],
        10
    );
    crm.refuse_logins(true);
    let auth = json!({"user_name": ADMIN_USER, "password": ADMIN_PASSWORD_MD5});
    assert_eq!(
        v4(&crm, "login", json!([auth, "tests", []])).await["number"],
        10
    );
}

#[tokio::test]
async fn sessions_end_when_nobody_calls() {
    let clock = Clock::fixed("2026-11-20T10:00:00Z".parse::<Timestamp>().expect("a time"));
    let crm = SuiteCrm::new(Options {
        clock: clock.clone(),
        ..Options::default()
    });
    let session = session(&crm).await;
    clock.advance(SignedDuration::from_mins(23));
    assert_eq!(v4(&crm, "get_user_id", json!([session])).await, ADMIN_ID);
    clock.advance(SignedDuration::from_mins(25));
    assert_eq!(
        v4(&crm, "get_user_id", json!([session])).await["number"],
        11
    );
}

#[tokio::test]
async fn one_session_serves_one_call_at_a_time() {
    let crm = SuiteCrm::new(Options {
        seed: false,
        ..Options::default()
    });
    let (first, second) = (session(&crm).await, session(&crm).await);
    v4(
        &crm,
        "set_entry",
        json!([first, "Accounts", [{"name": "name", "value": "One"}]]),
    )
    .await;
    let slow = || {
        v4(
            &crm,
            "get_entry_list",
            json!([first, "Accounts", "sleep(0.05)=0"]),
        )
    };
    let start = Instant::now();
    let (found, _) = tokio::join!(slow(), v4(&crm, "get_user_id", json!([second])));
    assert_eq!(found["result_count"], 1);
    let apart = start.elapsed();
    assert!(
        apart >= Duration::from_millis(100),
        "once for the page, once for the count: {apart:?}"
    );
    let start = Instant::now();
    tokio::join!(slow(), slow());
    assert!(
        start.elapsed() >= Duration::from_millis(200),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn php_7_counts_and_php_8_reads_names() {
    let crm = crm();
    let session = session(&crm).await;
    let named = json!({"whatever": session, "also": "Users", "x": "1"});
    let reversed = json!({"id": "1", "module_name": "Users", "session": session});
    assert_eq!(
        send(&crm, call(REST, "get_entry", &named)).await.status,
        500
    );
    assert_eq!(
        v4(&crm, "get_entry", reversed.clone()).await["entry_list"][0]["id"],
        "1"
    );
    crm.set_php(Php::V7);
    assert_eq!(
        v4(&crm, "get_entry", named).await["entry_list"][0]["id"],
        "1"
    );
    assert_eq!(v4(&crm, "get_entry", reversed).await["number"], 11);
}

#[tokio::test]
async fn version_8_is_below_legacy() {
    let crm = SuiteCrm::new(Options {
        base: "/legacy".into(),
        ..Options::default()
    });
    let info = |path: &str| call(path, "get_server_info", &json!([]));
    assert_eq!(send(&crm, info(REST)).await.status, 404);
    let answer = send(&crm, info("legacy/service/v4_1/rest.php")).await;
    assert_eq!(answer.json().expect("JSON")["suitecrm_version"], "7.14.6");
    assert_eq!(crm.called("get_server_info"), 2);
}

#[tokio::test]
async fn v8_refuses_as_told() {
    let crm = crm();
    let good = token(&crm).await;
    assert_eq!(
        whoami(&crm, &good).await.json().expect("JSON")["data"]["id"],
        ADMIN_ID
    );
    crm.set_v8(V8::Unauthorized);
    assert_eq!(
        (token(&crm).await.status, whoami(&crm, &good).await.status),
        (401, 401)
    );
    crm.set_v8(V8::Broken);
    let broken = token(&crm).await;
    assert_eq!((broken.status, broken.body.len()), (500, 0));
    crm.set_v8(V8::Unreachable);
    let ask = Ask {
        method: "GET".into(),
        path: "Api/V8/current-user".into(),
        ..Ask::default()
    };
    assert!(InProcess::suitecrm(crm.router()).send(ask).await.is_err());
    crm.set_v8(V8::On);
    crm.revoke_tokens();
    assert_eq!(whoami(&crm, &good).await.status, 401);
    assert_eq!(crm.token_requests(), 3);
}

#[tokio::test]
async fn v8_may_act_as_somebody_else() {
    let crm = crm();
    crm.set_v8_user(Some(RESTRICTED_USER));
    let other = token(&crm).await;
    assert_eq!(
        whoami(&crm, &other).await.json().expect("JSON")["data"]["id"],
        RESTRICTED_ID
    );
}

#[tokio::test]
async fn what_is_ahead_belongs_to_the_caller_and_counts_won_deals() {
    let crm = SuiteCrm::new(Options {
        seed: false,
        ..Options::default()
    });
    let admin = session(&crm).await;
    let sales = session_of(&crm, SALES_USER, SALES_PASSWORD_MD5).await;
    let make = |module: &str, values: [(&str, &str); 3]| {
        let mut list = values
            .map(|(name, value)| json!({"name": name, "value": value}))
            .to_vec();
        list.push(json!({"name": "assigned_user_id", "value": SALES_ID}));
        json!([admin, module, list])
    };
    let planned = [
        ("name", "Planned"),
        ("status", "Planned"),
        ("date_start", "2090-01-02 09:00:00"),
    ];
    let held = [
        ("name", "Held"),
        ("status", "Held"),
        ("date_start", "2090-01-01 09:00:00"),
    ];
    let won = [
        ("name", "Won"),
        ("sales_stage", "Closed Won"),
        ("date_closed", "2090-01-01"),
    ];
    v4(&crm, "set_entry", make("Calls", planned)).await;
    v4(&crm, "set_entry", make("Calls", held)).await;
    v4(&crm, "set_entry", make("Opportunities", won)).await;
    let ahead = v4(&crm, "get_upcoming_activities", json!([sales])).await;
    let names: Vec<&Value> = ahead
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| &entry["summary"])
        .collect();
    assert_eq!(names, ["Won", "Planned"]);
    assert_eq!(
        v4(&crm, "get_upcoming_activities", json!([admin])).await,
        json!([])
    );
}

#[tokio::test]
async fn a_forbidden_module_is_not_among_the_modules() {
    let crm = crm();
    let admin = session(&crm).await;
    let dora = session_of(&crm, RESTRICTED_USER, RESTRICTED_PASSWORD_MD5).await;
    let mut lists = Vec::new();
    for session in [admin, dora] {
        let answer = v4(&crm, "get_available_modules", json!([session, "all"])).await;
        let modules = answer["modules"].as_array().expect("a list").clone();
        let keys = modules
            .iter()
            .map(|module| module["module_key"].to_string());
        lists.push(keys.collect::<Vec<String>>());
    }
    let missing: Vec<&String> = lists[0]
        .iter()
        .filter(|key| !lists[1].contains(key))
        .collect();
    assert_eq!(missing, ["\"Opportunities\""]);
}

#[tokio::test]
async fn faults_stand_before_it() {
    let (crm, faults) = (crm(), Faults::new());
    let broken = InProcess::suitecrm(faulty(crm.router(), &faults));
    let session = session(&crm).await;
    let before = crm.count("Accounts");
    faults.next(Fault::DropAfterRequest);
    let write = json!([session, "Accounts", [{"name": "name", "value": "Dropped"}]]);
    assert!(broken.send(call(REST, "set_entry", &write)).await.is_err());
    assert_eq!(crm.count("Accounts"), before + 1);
    faults.on_body("method=set_entry&", Fault::Html(502));
    let read = json!([session, "Accounts", "", "", 0, ["id"], [], 1]);
    let list = broken.send(call(REST, "get_entry_list", &read)).await;
    assert_eq!(list.expect("an answer").status, 200);
    let refused = broken.send(call(REST, "set_entry", &write)).await;
    assert_eq!(refused.expect("an answer").status, 502);
    faults.clear();
    faults.next(Fault::Empty(500));
    assert_eq!(
        broken
            .send(call(REST, "set_entry", &write))
            .await
            .expect("an answer")
            .status,
        500
    );
    assert_eq!(crm.count("Accounts"), before + 1);
}

#[tokio::test]
async fn it_serves_over_the_network_and_shows_links() {
    let crm = crm();
    let running = Running::start(crm.router()).await.expect("a free port");
    assert!(running.url().starts_with("http://127.0.0.1:"));
    let account = crm.record("Contacts", "1042").expect("the contact")["account_id"].clone();
    let account = account.as_str().expect("an account");
    assert!(
        crm.linked("Accounts", account, "contacts")
            .contains(&"1042".to_owned())
    );
}
