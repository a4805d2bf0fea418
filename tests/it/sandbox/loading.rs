//! Guests that are refused before any client sees them, while the neighbour is called.

use crate::support::Street;

/// The guest is refused, and the reason holds these words.
async fn assert_refused(guest: &str, words: &[&str]) {
    let why = Street::empty(guest).await.refuses(guest).await;
    for words in words {
        assert!(why.contains(words), "`{words}` is not in: {why}");
    }
    assert!(
        why.len() < 4000,
        "{} bytes of reason: {why:.500}",
        why.len()
    );
}

#[tokio::test]
pub async fn wrong_world() {
    assert_refused("wrong_world", &["0.2.0", "speaks 0.1"]).await;
}

#[tokio::test]
pub async fn wrong_abi() {
    assert_refused("wrong_abi", &["says ABI 0.9", "speaks 0.1"]).await;
}

#[tokio::test]
pub async fn sockets() {
    assert_refused("sockets", &["imports wasi:sockets/", "may not have"]).await;
}

#[tokio::test]
pub async fn undeclared_import() {
    let words = ["imports acme:disk/raw@1.0.0", "may not have"];
    assert_refused("undeclared_import", &words).await;
}

#[tokio::test]
pub async fn trap_in_describe() {
    assert_refused("trap_in_describe", &["its `describe` failed"]).await;
}

#[tokio::test]
pub async fn duplicate_tool() {
    assert_refused("duplicate_tool", &["two tools are called `say`"]).await;
}

#[tokio::test]
pub async fn thousands_of_tools() {
    let words = ["declares 5000 tools", "at most 200"];
    assert_refused("thousands_of_tools", &words).await;
}

#[tokio::test]
pub async fn huge_manifest() {
    let words = ["its `describe` failed", "limits.output_bytes"];
    assert_refused("huge_manifest", &words).await;
}

#[tokio::test]
pub async fn bad_schema() {
    assert_refused("bad_schema", &["tool `say`", "`input_schema`"]).await;
}

#[tokio::test]
pub async fn unsafe_route() {
    assert_refused("unsafe_route", &["tool `say`", "POST"]).await;
}
