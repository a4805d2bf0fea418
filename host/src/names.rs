//! Identifiers as types: a name that exists has the right shape.
//!
//! Owns the spelling rules of connections, tools and plugins; it must not know what any of them is.

use std::fmt;

use serde::Serialize;

/// A name broke its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no {what} name; {rule}")]
pub struct NameError {
    what: &'static str,
    given: String,
    rule: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal, $longest:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $type(std::sync::Arc<str>);

        impl $type {
            #[doc = concat!("Checks the spelling: a lower-case letter, then lower-case letters, digits and underscores, at most ", $longest, " characters.")]
            ///
            /// # Errors
            /// The text does not have that shape.
            pub fn new(text: &str) -> Result<Self, NameError> {
                if is_name(text, $longest) {
                    Ok(Self(text.into()))
                } else {
                    Err(NameError {
                        what: $what,
                        given: text.chars().take(80).collect(),
                        rule: concat!("a lower-case letter, then lower-case letters, digits and underscores, at most ", $longest, " characters"),
                    })
                }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// The name of one CRM account as the operator configured it, e.g. `sales`.
    ConnectionName, "connection", 24
);
name!(
    /// The name of a tool as its plugin declares it, e.g. `search`.
    ToolName, "tool", 40
);
name!(
    /// The identity of a plugin, from its manifest, e.g. `espocrm`.
    PluginId, "plugin", 24
);

fn is_name(text: &str, longest: usize) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && text.len() <= longest
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The longest name of a tool as MCP lists it: connection, underscore, tool.
pub const LONGEST_LISTED_NAME: usize = 64;

/// The name under which MCP lists a tool: the connection's prefix, an underscore, the tool; the
/// tool alone where the prefix is empty.
#[must_use]
pub fn listed(prefix: &str, tool: &str) -> String {
    if prefix.is_empty() {
        tool.to_owned()
    } else {
        format!("{prefix}_{tool}")
    }
}

/// One call, for finding its lines in a log: 12 hexadecimal digits, random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallId(u64);

impl CallId {
    /// A new id.
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random::<u64>() >> 16)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling() {
        for (text, ok) in [
            ("sales", true),
            ("s", true),
            ("sales_2", true),
            ("", false),
            ("2sales", false),
            ("Sales", false),
            ("_sales", false),
            ("sales-eu", false),
            ("sälés", false),
            ("a23456789012345678901234", true),
            ("a234567890123456789012345", false),
        ] {
            assert_eq!(ConnectionName::new(text).is_ok(), ok, "{text}");
        }
    }

    #[test]
    fn listed_names() {
        assert_eq!(listed("sales", "get"), "sales_get");
        assert_eq!(listed("", "get"), "get");
    }

    #[test]
    fn call_ids_are_twelve_digits() {
        assert_eq!(CallId(0xab).to_string(), "0000000000ab");
        assert_eq!(CallId::random().to_string().len(), 12);
    }
}
