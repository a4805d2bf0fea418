//! Hands ten thousand requests to the host at once.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};
use portcullis_sdk::bindings::portcullis::plugin::http::{Reason, send_all};

guest! {
    manifest: manifest("sends_ten_thousand", &[tool("say", "read", &json!([{"method": "GET", "path": "notes/{id}"}]))]),
    invoke: |_| {
        let one = json!({"path": ["notes", "1"]});
        let many: Vec<_> = (0..10_000).map(|_| portcullis_guests::request(&one)).collect();
        let answers = send_all(&many);
        let answered = answers.iter().filter(|answer| answer.is_ok()).count();
        let spent = answers.iter().filter(|answer| matches!(answer, Err(error) if error.reason == Reason::BudgetSpent)).count();
        Ok(json!({"answered": answered, "spent": spent, "all": answers.len()}).to_string())
    },
}
