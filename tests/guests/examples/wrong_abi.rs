//! Is built for this world and says it was built for another.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, tool};

guest! {
    manifest: lying(),
    invoke: |_| Ok("{}".to_owned()),
}

fn lying() -> Value {
    let mut lying = manifest("wrong_abi", &[tool("say", "read", &json!([]))]);
    lying["abi"] = json!("0.9");
    lying
}
