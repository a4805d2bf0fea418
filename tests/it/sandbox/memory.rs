//! Guests that take what the machine has, or look for what others left in it.

use serde_json::json;

use super::{assert_names, assert_plain};
use crate::support::Street;
use crate::support::neighbour::NOWHERE;

/// The guest ends at its limit, every time, and the limit is named.
async fn assert_ends(guest: &str, limits: &str, named: &str) {
    for error in Street::of(guest, limits, NOWHERE).await.errors().await {
        assert_names(&error, named);
    }
}

#[tokio::test]
pub async fn grow_memory() {
    let limit = "limits.memory_bytes = 4194304";
    assert_ends("grow_memory", limit, "limits.memory_bytes").await;
}

#[tokio::test]
pub async fn grow_memories() {
    let limit = "limits.memory_bytes = 4194304";
    assert_ends("grow_memories", limit, "limits.memory_bytes").await;
}

#[tokio::test]
pub async fn grow_table() {
    assert_ends("grow_table", "", "the host's limit of tables").await;
}

#[tokio::test]
pub async fn full_stack() {
    assert_ends("full_stack", "", "the host's limit of stack").await;
}

#[tokio::test]
pub async fn deep_recursion() {
    // Rust keeps what is large on a stack in the guest's own memory, which ends before the machine's.
    let street = Street::of("deep_recursion", "", NOWHERE).await;
    for error in street.errors().await {
        assert_plain(&error);
    }
}

#[tokio::test]
pub async fn floods_handles() {
    assert_ends("floods_handles", "", "the host's limit of handles").await;
}

#[tokio::test]
pub async fn hoards_own_handles() {
    assert_ends("hoards_own_handles", "", "the host's limit of handles").await;
}

#[tokio::test]
pub async fn floods_cache() {
    // All its values are let go; the neighbour's note, in a cache of its own, is there each time.
    assert_ends("floods_cache", "limits.cpu_ms = 100", "limits.cpu_ms").await;
}

#[tokio::test]
pub async fn keeps_state() {
    for found in Street::of("keeps_state", "", NOWHERE).await.told().await {
        assert_eq!(found, json!({"calls": 1}));
    }
}

#[tokio::test]
pub async fn leaves_memory() {
    for found in Street::of("leaves_memory", "", NOWHERE).await.told().await {
        assert_eq!(found, json!({"found": "nothing"}));
    }
}
