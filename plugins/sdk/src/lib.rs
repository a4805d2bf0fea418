//! What a connector plugin for Portcullis is written with.
//!
//! A plugin is a function that returns a [`Plugin`]: its manifest and one [`Tool`] per tool. A
//! tool's argument struct gives its schema, its description and the reading of arguments; its
//! function gets a [`Call`], through which it reaches its CRM, its settings and its cache. This
//! crate knows nothing of any CRM, of MCP, or of secrets.
//!
//! ```
//! use portcullis_sdk::prelude::*;
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! /// Reads one note by its number.
//! #[derive(Deserialize, JsonSchema)]
//! struct Read {
//!     /// The note's number.
//!     id: u32,
//! }
//!
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct Note {
//!     text: String,
//! }
//!
//! fn read(call: &Call<'_>, args: &Read) -> Result<Note, Failure> {
//!     call.http().get(path!["notes", args.id]).answer()
//! }
//!
//! fn manifest() -> Manifest {
//!     portcullis_sdk::manifest("notes", "0.1.0", "A notebook")
//! }
//!
//! pub fn plugin() -> Plugin {
//!     Plugin::new(manifest)
//!         .tool(Tool::read("read", "Read a note", read).routes(|| vec![get("notes/{id}")]))
//! }
//!
//! portcullis_sdk::export!(plugin);
//! # fn main() {}
//! ```

mod args;
mod asking;
#[cfg(target_arch = "wasm32")]
pub mod bindings;
mod block;
mod cache;
mod call;
mod client;
mod complete;
mod crm;
mod cut;
pub mod datetime;
mod declare;
mod failure;
mod finding;
mod http;
mod json;
mod page;
mod plugin;
pub mod prelude;
mod prompt;
mod raw;
mod resource;
mod schema;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
mod tool;
#[cfg(target_arch = "wasm32")]
mod wasm;

pub use portcullis_manifest as manifest_types;
pub use portcullis_manifest::{Case, Effect, Long, Manifest, Method, Recipe, Route};

pub use args::read;
pub use asking::{Ask as Asking, Question, Reply, Resumed, Turn};
pub use block::{Block, Body, Hints, Reader, Refused, Shown};
pub use cache::Cache;
pub use call::{Breaker, Call, Connection, ConnectionLimits, Host, Level, Transport};
pub use client::{Ask, Client, MAX_RETRIES};
pub use complete::{Offer, Suggestions, Typed};
pub use crm::{RecordAt, SchemaAt};
pub use cut::{Cut, LIST_TEXT, RECORD_TEXT};
pub use declare::{
    ManifestExt, RouteExt, alternative, case, delete, get, manifest, patch, post, put, route,
};
pub use failure::{Failure, Kind, Outcome, Record, code};
pub use finding::{add_finding, add_obstacle};
pub use http::{HttpError, Reason, Request, Response, Stage};
pub use page::Page;
pub use plugin::Plugin;
pub use prompt::{Message, Prompt, Speaker};
pub use raw::RawRecord;
pub use resource::{Contents, PAGE, Resource};
pub use schema::schema_of;
pub use tool::Tool;
#[cfg(target_arch = "wasm32")]
pub use wasm::{complete, describe, get_prompt, invoke, preview, read_resource, step};
