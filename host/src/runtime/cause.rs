//! Why a guest ended, where Wasmtime alone can tell: the limits that it keeps itself, by the words in
//! which we name them, and otherwise the trap.
//!
//! A test with a hostile guest holds each of the names, since some of Wasmtime's errors are known by
//! their text alone.

use wasmtime::Trap;
use wasmtime::component::ResourceTableError;

/// What a guest may hold at a time of streams, pollables and resources of its own.
pub(super) const HANDLES: &str = "the host's limit of handles";

/// What a guest may have in calls that are not over.
pub(super) const STACK: &str = "the host's limit of stack";

/// Wasmtime's words for limits whose errors have no type that we could name.
const BY_TEXT: [(&str, &str); 2] = [
    ("store handle limit exceeded", HANDLES),
    (
        "fuel allocated for hostcalls has been exhausted",
        "limits.host_bytes",
    ),
];

/// The limit that an error tells of, if it is one that Wasmtime keeps.
pub(super) fn limit(error: &wasmtime::Error) -> Option<&'static str> {
    if error.downcast_ref::<Trap>() == Some(&Trap::StackOverflow) {
        return Some(STACK);
    }
    if matches!(error.downcast_ref(), Some(ResourceTableError::Full)) {
        return Some(HANDLES);
    }
    let text = error.root_cause().to_string();
    let told = BY_TEXT.iter().find(|(words, _)| text.contains(words));
    told.map(|(_, limit)| *limit)
}

/// The trap itself; the frames around it go to the debug log.
pub(super) fn words(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    }
}
