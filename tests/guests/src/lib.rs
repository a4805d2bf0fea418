//! What the test guests share: a manifest that is right and requests that are plain, so that the
//! file of a guest holds its one sin and nothing else.
//!
//! A guest is a `cdylib` example of this package; `cargo xtask guests` builds all of them. What Rust
//! cannot say is a file of `text`, which `shell.wat` makes a component. The host's tests ask
//! [`every_guest`] that none is without a test of its name.

#[cfg(target_arch = "wasm32")]
mod component;

#[cfg(target_arch = "wasm32")]
pub use component::{failed, request, sent, sent_each};
pub use serde_json::{Value, json};

#[cfg(not(target_arch = "wasm32"))]
include!(concat!(env!("OUT_DIR"), "/every_guest.rs"));

/// Whether the caller asks a guest to behave: every guest then does what a good one does. So a test
/// sees that a sin leaves nothing behind for the next caller of the same tool.
#[must_use]
pub fn is_to_behave(arguments: &Value) -> bool {
    arguments["behave"] == true
}

/// What a guest answers that behaves.
#[must_use]
pub fn fine() -> String {
    json!({"fine": true}).to_string()
}

/// A manifest that every check accepts, with one secret that is sent as the header `x-key`.
#[must_use]
pub fn manifest(id: &str, tools: &[Value]) -> Value {
    json!({
        "manifest": 1,
        "id": id,
        "version": "0.1.0",
        "abi": "0.1",
        "summary": "A guest of the tests",
        "secrets": {"key": {"title": "A key"}},
        "credentials": {"default": [
            {"name": "key", "needs": ["key"], "recipe": "header", "header": "x-key", "value": "{key}"}
        ]},
        "tools": tools,
    })
}

/// A tool without arguments of its own whose results are objects.
#[must_use]
pub fn tool(name: &str, effect: &str, routes: &Value) -> Value {
    json!({
        "name": name,
        "title": name,
        "description": "Does what the tests need.",
        "effect": effect,
        "input_schema": {"type": "object"},
        "output_schema": {"type": "object"},
        "routes": routes,
    })
}

/// Exports a guest: its manifest, and what `invoke` (and `preview`, if it is given) does with the
/// arguments.
#[macro_export]
macro_rules! guest {
    (manifest: $manifest:expr, invoke: $invoke:expr $(,)?) => {
        $crate::guest!(manifest: $manifest, invoke: $invoke, preview: |_| Ok("{}".to_owned()));
    };
    (manifest: $manifest:expr, invoke: $invoke:expr, preview: $preview:expr $(,)?) => {
        const _: () = {
            use portcullis_sdk::bindings::{WitFailure, export_component, exports::portcullis::plugin::plugin::Guest};

            type Run = fn($crate::Value) -> Result<String, WitFailure>;

            struct Component;

            impl Guest for Component {
                fn describe() -> String {
                    let manifest: fn() -> $crate::Value = || $manifest;
                    manifest().to_string()
                }

                fn preview(_: String, arguments: String) -> Result<String, WitFailure> {
                    let run: Run = $preview;
                    run(arguments.parse().unwrap_or_default())
                }

                fn invoke(_: String, arguments: String) -> Result<String, WitFailure> {
                    let arguments: $crate::Value = arguments.parse().unwrap_or_default();
                    if $crate::is_to_behave(&arguments) {
                        return Ok($crate::fine());
                    }
                    let run: Run = $invoke;
                    run(arguments)
                }
            }

            export_component!(Component with_types_in portcullis_sdk::bindings);
        };
    };
}

/// A resource without routes.
#[must_use]
pub fn resource(name: &str, uri: &str, mime_type: &str) -> Value {
    json!({
        "name": name,
        "uri": uri,
        "title": name,
        "description": "Holds what the tests need.",
        "mime_type": mime_type,
    })
}

/// Adds the optional export `resources` to a guest: what reading the named one with the arguments
/// does.
#[macro_export]
macro_rules! reads {
    ($read:expr) => {
        const _: () = {
            use portcullis_sdk::bindings::WitFailure;
            use portcullis_sdk::bindings::with_resources::{Contents, Guest, export_resources};

            type Read = fn(&str, $crate::Value) -> Result<Contents, WitFailure>;

            struct Resources;

            impl Guest for Resources {
                fn read(resource: String, arguments: String) -> Result<Contents, WitFailure> {
                    let read: Read = $read;
                    read(&resource, arguments.parse().unwrap_or_default())
                }
            }

    export_resources!(Resources with_types_in portcullis_sdk::bindings::with_resources);
        };
    };
}
