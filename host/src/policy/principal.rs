//! Who is calling.
//!
//! Owns the label under which a caller is authorised and audited. It must not know how the caller
//! proved it, nor hold any secret of theirs.

use std::fmt;
use std::sync::Arc;

/// An authenticated caller, e.g. `stdio`, `http:anonymous`, `key:claude-desktop`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Principal(Arc<str>);

impl Principal {
    /// The process on the other end of standard input: whoever started this host.
    #[must_use]
    pub fn stdio() -> Self {
        Self("stdio".into())
    }

    /// A caller over HTTP where no authentication is configured.
    #[must_use]
    pub fn anonymous() -> Self {
        Self("http:anonymous".into())
    }

    /// A caller that proved to be `id` in the way that `scheme` names.
    #[must_use]
    pub fn named(scheme: &str, id: &str) -> Self {
        Self(format!("{scheme}:{id}").into())
    }

    /// The label, for logs and for binding confirmations.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
