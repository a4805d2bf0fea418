//! The secrets of one connection, by the names that its manifest gives them.
//!
//! Owns their values while the connection lives; printing shows names alone. It must not know where
//! they came from.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::upstream::scrub;

/// One value.
#[derive(Clone)]
pub struct Secret {
    /// The text.
    pub value: Zeroizing<String>,
    /// Whether it is taken out of what a plugin sees; false for what is no secret, such as a user
    /// name.
    pub scrub: bool,
}

/// All values of a connection.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, Secret>);

impl Secrets {
    /// A value that is set; an empty one is not.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name).filter(|secret| !secret.value.is_empty())
    }

    /// The values that no plugin may see.
    pub(in crate::upstream) fn scrubbed(&self) -> impl Iterator<Item = &str> {
        let hidden = self.0.values().filter(|secret| secret.scrub);
        hidden.map(|secret| secret.value.as_str())
    }

    /// Whether a text holds one of the values that no plugin may see, however short.
    pub(in crate::upstream) fn occur_in(&self, text: &str) -> bool {
        self.scrubbed()
            .any(|value| !value.is_empty() && text.contains(value))
    }

    /// The names of secrets too short to be scrubbed from answers without damaging ordinary text.
    pub fn too_short(&self) -> impl Iterator<Item = &str> {
        let short = |s: &Secret| s.scrub && !s.value.is_empty() && scrub::is_too_short(&s.value);
        self.0
            .iter()
            .filter(move |(_, s)| short(s))
            .map(|(name, _)| name.as_str())
    }

    #[cfg(test)]
    pub(in crate::upstream) fn of(list: &[(&str, &str)]) -> Self {
        let secret = |(name, value): &(&str, &str)| {
            let value = Zeroizing::new((*value).to_owned());
            ((*name).to_owned(), Secret { value, scrub: true })
        };
        list.iter().map(secret).collect()
    }
}

impl FromIterator<(String, Secret)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (String, Secret)>>(list: I) -> Self {
        Self(list.into_iter().collect())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_printed_and_values_are_not() {
        let secrets = Secrets::of(&[("api_key", "hunter2hunter2")]);
        assert_eq!(format!("{secrets:?}"), "{\"api_key\"}");
        assert_eq!(format!("{:?}", secrets.get("api_key")), "Some([redacted])");
    }
}
