//! Logins: how many there are, what becomes of a session that the CRM forgot, and that a password is
//! seen nowhere.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{done, new_account, of, refused};
use crate::support::suite::{OVER_V4, WRONG_PASSWORD};
use crate::support::wait::until;
use crate::support::{Suite, TestHost, in_time, text};
use portcullis_demo::fault::Fault;
use portcullis_demo::suitecrm::ADMIN_PASSWORD_MD5;

/// As many sessions as the plugin asks for.
const SESSIONS: usize = 4;

fn logins(suite: &Suite) -> usize {
    suite.memory.called("login")
}

#[tokio::test]
async fn many_calls_one_after_the_other_are_one_login() {
    let suite = Suite::start().await;
    let host = suite.over_v4().await;
    let account = suite.first("Accounts");
    for _ in 0..20 {
        done(&host, "suite_get", of("Accounts", &account)).await;
    }
    assert_eq!((logins(&suite), suite.memory.open_sessions()), (1, 1));
}

#[tokio::test]
async fn a_forgotten_session_is_renewed_once_whichever_number_says_so() {
    let suite = Suite::start().await;
    let host = suite.over_v4().await;
    let account = suite.first("Accounts");
    for (tool, arguments) in [
        ("suite_get", of("Accounts", &account)),
        ("suite_get_recent", json!({})),
        ("suite_get_upcoming_activities", json!({})),
        ("suite_count", json!({"module": "Accounts"})),
    ] {
        done(&host, tool, arguments.clone()).await;
        let before = logins(&suite);
        suite.memory.expire_sessions();
        done(&host, tool, arguments).await;
        assert_eq!(logins(&suite), before + 1, "{tool}");
    }
}

#[tokio::test]
async fn a_write_that_meets_a_forgotten_session_happens_once() {
    let suite = Suite::start().await;
    let host = suite.over_v4().await;
    new_account(&host, "Before").await;
    let (accounts, sent) = (
        suite.memory.count("Accounts"),
        suite.memory.called("set_entry"),
    );
    suite.faults.clear();
    suite.memory.expire_sessions();
    new_account(&host, "After").await;
    assert_eq!(suite.memory.count("Accounts"), accounts + 1);
    // The fields are known, so the write itself met the refusal and was sent again.
    assert_eq!(suite.memory.called("set_entry"), sent + 2);
}

/// As many calls at once as there are names.
async fn at_once(host: &Arc<TestHost>, calls: Vec<(&'static str, Value)>) {
    let mut running = JoinSet::new();
    for (tool, arguments) in calls {
        let host = Arc::clone(host);
        running.spawn(async move { done(&host, tool, arguments).await });
    }
    while let Some(ended) = in_time("the calls", running.join_next()).await {
        ended.expect("each is answered");
    }
}

#[tokio::test]
async fn calls_at_once_share_few_sessions_and_each_is_renewed_once() {
    let suite = Suite::start().await;
    let host = Arc::new(suite.over_v4().await);
    let account = suite.first("Accounts");
    let reads = || {
        (0..8)
            .map(|_| ("suite_get", of("Accounts", &account)))
            .collect()
    };
    at_once(&host, reads()).await;
    let first = logins(&suite);
    assert!((1..=SESSIONS).contains(&first), "{first} logins");
    assert_eq!(suite.memory.open_sessions(), first);
    suite.memory.expire_sessions();
    at_once(&host, reads()).await;
    let renewed = logins(&suite) - first;
    assert!((1..=SESSIONS).contains(&renewed), "{renewed} renewals");
    assert_eq!(suite.memory.open_sessions(), renewed);
}

#[tokio::test]
async fn writes_at_once_after_the_sessions_are_gone_happen_once_each() {
    let suite = Suite::start().await;
    let host = Arc::new(suite.over_v4().await);
    new_account(&host, "Before").await;
    let before = suite.memory.count("Accounts");
    suite.memory.expire_sessions();
    let writes = (0..8).map(|n| {
        let fields = json!({"name": format!("At once {n}")});
        (
            "suite_create",
            json!({"module": "Accounts", "fields": fields}),
        )
    });
    at_once(&host, writes.collect()).await;
    assert_eq!(suite.memory.count("Accounts"), before + 8);
}

#[tokio::test]
async fn a_slow_call_keeps_nobody_waiting() {
    let suite = Suite::start().await;
    let host = Arc::new(suite.over_v4().await);
    let account = suite.first("Accounts");
    done(&host, "suite_get", of("Accounts", &account)).await;
    let late = Fault::Slow(Duration::from_secs(2));
    suite.faults.on_body("method=get_last_viewed&", late);
    let slow_host = Arc::clone(&host);
    let mut slow = JoinSet::new();
    slow.spawn(async move { done(&slow_host, "suite_get_recent", json!({})).await });
    until("the slow call", async || suite.faults.applied() > 0).await;
    suite.memory.forget_requests();
    done(&host, "suite_get", of("Accounts", &account)).await;
    assert_eq!(suite.memory.called("get_last_viewed"), 0, "still under way");
    let ended = in_time("the slow call", slow.join_next()).await;
    ended.expect("it runs").expect("it is answered");
    let session = |method: &str| {
        let calls = suite.memory.calls();
        let call = calls.iter().find(|call| call.method == method);
        call.expect("it was called").arguments[0].clone()
    };
    assert_ne!(session("get_entry"), session("get_last_viewed"));
}

#[tokio::test]
async fn the_sessions_end_with_the_host() {
    let suite = Suite::start().await;
    let mut host = suite.over_v8().await;
    let served = host.serve().await;
    for _ in 0..3 {
        done(&host, "suite_get", of("Accounts", &suite.first("Accounts"))).await;
    }
    assert_eq!(suite.memory.open_sessions(), 1);
    served.stop.cancel();
    let end = in_time("the end", served.ended).await;
    end.expect("it says so").expect("it ended well");
    assert_eq!(
        (suite.memory.open_sessions(), suite.memory.called("logout")),
        (0, 1)
    );
}

/// The error says what is wrong and holds no spelling of the password.
fn assert_about_the_login(error: &Value) {
    assert_eq!(error["code"], "AUTH_FAILED", "{error}");
    assert_eq!(error["outcome"], "not-done", "{error}");
    assert!(text(error, "/message").contains("refused"), "{error}");
    let whole = error.to_string();
    for spelling in [WRONG_PASSWORD, ADMIN_PASSWORD_MD5, MD5_OF_WRONG] {
        assert!(!whole.contains(spelling), "{whole}");
    }
}

/// The MD5 of [`WRONG_PASSWORD`], as the login sends it.
pub const MD5_OF_WRONG: &str = "9bf69396d592f46dedebb07fcbcd01c1";

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_told_clearly() {
    let suite = Suite::start().await;
    let config = OVER_V4.replace("SUITE_PASSWORD", "SUITE_WRONG");
    let host = Arc::new(TestHost::with(&config, &suite.url()).await);
    let account = of("Accounts", &suite.first("Accounts"));
    for _ in 0..3 {
        assert_about_the_login(&refused(&host, "suite_get", account.clone()).await);
    }
    let mut running = JoinSet::new();
    for _ in 0..8 {
        let (host, account) = (Arc::clone(&host), account.clone());
        running.spawn(async move { refused(&host, "suite_get", account).await });
    }
    while let Some(error) = in_time("the calls", running.join_next()).await {
        assert_about_the_login(&error.expect("each is answered"));
    }
    assert_eq!(
        logins(&suite),
        1,
        "one attempt, or the CRM locks the user out"
    );
}

#[tokio::test]
async fn logins_that_are_refused_later_are_told_and_not_hammered() {
    let suite = Suite::start().await;
    let host = suite.over_v4().await;
    let account = of("Accounts", &suite.first("Accounts"));
    done(&host, "suite_get", account.clone()).await;
    suite.memory.refuse_logins(true);
    done(&host, "suite_get", account.clone()).await;
    suite.memory.expire_sessions();
    for _ in 0..3 {
        assert_about_the_login(&refused(&host, "suite_get", account.clone()).await);
    }
    assert_eq!(logins(&suite), 2);
}
