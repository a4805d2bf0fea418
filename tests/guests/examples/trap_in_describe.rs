//! Panics when it is asked for its manifest.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::guest;

guest! {
    manifest: panic!("no manifest today"),
    invoke: |_| Ok("{}".to_owned()),
}
