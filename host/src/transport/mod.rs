//! How clients reach the server: standard input and output, or Streamable HTTP.

mod attempts;
mod auth;
mod cors;
mod direct;
mod edge;
mod envelope;
mod gate;
mod http;
mod intake;
mod lasting;
mod lines;
mod metadata;
mod refusal;
mod scopes;
mod sessions;
mod stdio;

// For the fuzz targets in `tests/fuzz`.
#[doc(hidden)]
pub use envelope::{Malformed, check as check_envelope};
#[doc(hidden)]
pub use lines::{Line, Lines};

pub use http::{HttpOptions, serve as serve_http};
pub use stdio::serve as serve_stdio;
