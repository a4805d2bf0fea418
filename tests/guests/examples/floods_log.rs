//! Logs and prints far more than anybody reads.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{guest, json, manifest, tool};

guest! {
    manifest: manifest("floods_log", &[tool("say", "read", &json!([]))]),
    invoke: |_| {
        use portcullis_sdk::bindings::portcullis::plugin::log;
        let line = "flood ".repeat(20);
        for number in 0..2000 {
            log::write(log::Level::Error, &line);
            println!("{number} {line}");
        }
        Ok(json!({"done": true}).to_string())
    },
}
