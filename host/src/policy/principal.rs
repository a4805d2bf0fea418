//! Who is calling.
//!
//! Owns the label under which a caller is authorised and audited, and carries what the caller was given.
//! It must not know how the caller proved it, nor hold any secret of theirs.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::mandate::Mandate;

const STDIO: &str = "stdio";
const ANONYMOUS: &str = "http:anonymous";

/// An authenticated caller, e.g. `stdio`, `http:anonymous`, `key:claude-desktop#3f9k2m8x1c`. Two are the
/// same when their labels are: a person may come with a token for more, or for less, than before.
#[derive(Debug, Clone)]
pub struct Principal {
    label: Arc<str>,
    mandate: Option<Arc<Mandate>>,
}

impl Principal {
    /// The process on the other end of standard input: whoever started this host.
    #[must_use]
    pub fn stdio() -> Self {
        Self::labelled(STDIO)
    }

    /// A caller over HTTP where no authentication is configured.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::labelled(ANONYMOUS)
    }

    /// A caller that proved to be `id` in the way that `scheme` names.
    #[must_use]
    pub fn named(scheme: &str, id: &str) -> Self {
        Self::labelled(&format!("{scheme}:{id}"))
    }

    fn labelled(label: &str) -> Self {
        Self {
            label: label.into(),
            mandate: None,
        }
    }

    /// The same caller, who may do no more than this.
    #[must_use]
    pub fn within(self, mandate: Arc<Mandate>) -> Self {
        Self {
            mandate: Some(mandate),
            ..self
        }
    }

    /// The label, for logs and for binding confirmations.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.label
    }

    /// What the caller was given; nothing where the operator's file decides alone.
    #[must_use]
    pub fn mandate(&self) -> Option<&Arc<Mandate>> {
        self.mandate.as_ref()
    }

    /// Whether this is one caller, and not whoever reaches the listener or started the host.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !matches!(&*self.label, STDIO | ANONYMOUS)
    }
}

impl PartialEq for Principal {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label
    }
}

impl Eq for Principal {}

impl Hash for Principal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.label.hash(state);
    }
}

impl PartialOrd for Principal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Principal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.label.cmp(&other.label)
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}
