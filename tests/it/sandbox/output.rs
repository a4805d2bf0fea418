//! Guests whose answers are too large, are none, or are not what they promised.

use serde_json::json;

use super::{assert_names, assert_plain};
use crate::support::Street;
use crate::support::neighbour::NOWHERE;

#[tokio::test]
pub async fn bad_json() {
    for error in Street::of("bad_json", "", NOWHERE).await.errors().await {
        assert_plain(&error);
    }
}

#[tokio::test]
pub async fn invalid_utf8() {
    for error in Street::of("invalid_utf8", "", NOWHERE).await.errors().await {
        assert_plain(&error);
    }
}

#[tokio::test]
pub async fn wrong_shape() {
    for error in Street::of("wrong_shape", "", NOWHERE).await.errors().await {
        assert_plain(&error);
    }
}

#[tokio::test]
pub async fn huge_output() {
    let street = Street::of("huge_output", "limits.output_bytes = 1000000", NOWHERE).await;
    for error in street.errors().await {
        assert_names(&error, "limits.output_bytes");
    }
}

#[tokio::test]
pub async fn endless_failure() {
    let street = Street::of("endless_failure", "", NOWHERE).await;
    for error in street.errors().await {
        let whole = error.to_string();
        assert_eq!(error["error"]["code"], "PLUGIN_ERROR", "{whole:.500}");
        assert!(whole.len() < 10_000, "{whole:.500}");
    }
}

#[tokio::test]
pub async fn floods_log() {
    let street = Street::of("floods_log", "limits.log_lines = 10", NOWHERE).await;
    for done in street.told().await {
        assert_eq!(done, json!({"done": true}));
    }
}
