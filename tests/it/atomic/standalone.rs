//! The binary with nothing but the variables of the programs that it replaces, and the sign-in.

use serde_json::json;

use super::done;
use crate::support::{Atomic, Era, Portcullis, Stdio, text};
use portcullis_demo::atomic::{Options, PUBLISHABLE_KEY, REP};

fn home(crm: &Atomic) -> Portcullis {
    Portcullis::new()
        .variable("SUPABASE_URL", &crm.url())
        .variable("SUPABASE_PUBLISHABLE_KEY", PUBLISHABLE_KEY)
}

fn signed_in(crm: &Atomic) -> Portcullis {
    home(crm)
        .variable("SUPABASE_EMAIL", REP.email)
        .variable("SUPABASE_PASSWORD", REP.password)
}

/// How often a token was asked for.
fn sign_ins(crm: &Atomic) -> usize {
    let seen = crm.memory.requests();
    seen.iter()
        .filter(|seen| seen.path == "/auth/v1/token")
        .count()
}

#[tokio::test]
async fn address_key_and_password_make_a_session() {
    let crm = Atomic::start().await;
    let mut stdio = Stdio::start(signed_in(&crm), &[], Era::Stateless).await;
    for _ in 0..3 {
        let who = stdio.call("whoami", json!({})).await;
        assert_eq!(text(&who, "/structuredContent/email"), REP.email, "{who}");
    }
    assert_eq!(sign_ins(&crm), 1, "one sign-in serves all calls");
    stdio.hang_up();
    assert_eq!(stdio.exit_code().await, Some(0), "{}", stdio.log());
    assert!(!stdio.log().contains(REP.password), "{}", stdio.log());
}

#[tokio::test]
async fn a_session_that_was_ended_is_opened_again() {
    let crm = Atomic::start().await;
    let host = crm.as_rep().await;
    done(&host, "whoami", json!({})).await;
    crm.memory.sign_everybody_out();
    done(&host, "whoami", json!({})).await;
    assert_eq!(sign_ins(&crm), 2);
}

#[tokio::test]
async fn the_self_test_tells_what_is_open_and_what_is_missing() {
    let closed = Atomic::start().await;
    let ran = signed_in(&closed).run(&["check", "--live"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for words in [
        "not installed: crm_mcp_schema",
        "a user of the CRM",
        "the bucket is public",
    ] {
        assert!(ran.out.contains(words), "{words}: {ran:?}");
    }
    assert_eq!(
        closed.changes(),
        3,
        "the three functions that are not there"
    );
    let open = Atomic::start_with(Options {
        open_sign_up: true,
        ..Options::default()
    })
    .await;
    let ran = signed_in(&open).run(&["check", "--live"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("anyone may sign up"), "{ran:?}");
    let wrong = home(&open)
        .variable("SUPABASE_EMAIL", REP.email)
        .variable("SUPABASE_PASSWORD", "another password");
    let ran = wrong.run(&["check", "--live"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(!ran.out.contains("another password") && !ran.err.contains("another password"));
}
