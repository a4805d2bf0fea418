//! What nearly every plugin names, for `use portcullis_sdk::prelude::*`.
//!
//! Types and short forms only: [`crate::manifest`] and [`crate::export`] are called by their full
//! name, once in a plugin.

pub use crate::{
    Call, Failure, Manifest, ManifestExt, Page, Plugin, Route, RouteExt, Tool, code, delete, get,
    patch, path, post, put,
};
pub use serde_json::json;
