//! Running a plugin natively, without wasm and without a network.
//!
//! [`Harness`] stands in for the host: it checks arguments and results against the plugin's own
//! schemas, refuses requests that no declared route of the tool matches, and answers the others
//! from a table of [`Exchange`]s or from a closure. What it cannot do is what only the real host
//! does: credentials, addresses, limits.
//!
//! ```
//! # use portcullis_sdk::{Call, Failure, Manifest, Plugin, Tool, get, path, testing::{self, Harness}};
//! # use serde_json::{Map, Value, json};
//! # #[derive(serde::Deserialize, schemars::JsonSchema)]
//! # struct Read { id: u32 }
//! # fn read(call: &Call<'_>, args: &Read) -> Result<Map<String, Value>, Failure> {
//! #     call.http().get(path!["notes", args.id]).send()?.ok()?.json()
//! # }
//! # fn manifest() -> Manifest { portcullis_sdk::manifest("notes", "0.1.0", "A notebook") }
//! # fn plugin() -> Plugin {
//! #     Plugin::new(manifest).tool(Tool::read("read", "Read", read).routes(|| vec![get("notes/{id}")]))
//! # }
//! let harness = Harness::new(plugin()).expect(testing::get("notes/7").reply(200, json!({"text": "milk"})));
//! assert_eq!(harness.invoke("read", json!({"id": 7})).unwrap(), json!({"text": "milk"}));
//! ```

mod exchange;
mod harness;
mod host;
mod routes;

pub use exchange::{Exchange, delete, get, patch, post, put};
pub use harness::Harness;
pub use routes::{json_request, route_matches};
