//! How clients reach the server: standard input and output, or Streamable HTTP.

mod direct;
mod http;
mod stdio;

pub use http::{HttpOptions, serve as serve_http};
pub use stdio::serve as serve_stdio;
