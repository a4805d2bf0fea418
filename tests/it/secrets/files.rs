//! Everything that the host leaves on the disk.

use portcullis::caller::Caller;
use portcullis::policy::Principal;
use tempfile::TempDir;

use super::crm::Crm;
use super::{files_below, guest, needles};
use crate::support::host::cache_home;

/// A refresh token that the CRM replaced, in the state; and what is kept of compiled plugins.
#[tokio::test]
async fn neither_the_state_nor_the_compiled_plugins_hold_a_secret() {
    let (crm, kept) = (
        Crm::start().await,
        TempDir::new().expect("a temporary folder"),
    );
    let state = format!("state = '{}'", kept.path().join("kept.sqlite3").display());
    let host = guest::host(&crm, &state, "").await;
    for slot in ["oauth_refresh", "login_cookie", "basic"] {
        let caller = Caller::known(Principal::stdio());
        guest::told(&host, caller, slot, &[]).await;
    }
    let foreseen = Crm::foreseen();
    let needles = needles::of(foreseen.iter().map(String::as_str));
    let state = files_below(kept.path());
    assert!(!state.is_empty(), "a token is kept");
    let plugins = files_below(&cache_home().join("portcullis"));
    assert!(!plugins.is_empty(), "compiled plugins are kept");
    for path in state.into_iter().chain(plugins) {
        // Another test's host may have put a newer one in its place.
        let bytes = std::fs::read(&path).unwrap_or_default();
        needles::assert_absent(&needles, &path.display().to_string(), &bytes);
    }
}
