//! An API key as its holder has it: `pcl_`, an id, an underscore, 256 random bits and a checksum.
//!
//! The beginning and the checksum let scanners tell a key that leaked from text that looks like one. The
//! id is no secret: it finds the key's record, and stands in logs. It must not know what a key allows.

use std::fmt;
use std::sync::Arc;

use rand::distr::{Alphanumeric, SampleString};
use zeroize::Zeroizing;

/// What every key begins with.
pub const PREFIX: &str = "pcl_";

/// Characters of the id: 51 bits, so that no two keys of a host have the same.
const ID: usize = 10;

/// Characters of the secret, each one of 62: 256 bits.
const SECRET: usize = 43;

/// Characters of the checksum: 35 bits.
const CHECK: usize = 6;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key that was just made. Its text is shown once, and wiped when this is dropped.
pub struct ApiKey {
    text: Zeroizing<String>,
    id: KeyId,
}

/// The public part of a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(Arc<str>);

impl ApiKey {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        let mut random = rand::rng();
        let id = Alphanumeric.sample_string(&mut random, ID);
        let id = id.to_ascii_lowercase();
        // As large as it gets, so that no copy stays behind.
        let length = PREFIX.len() + ID + 1 + SECRET + CHECK;
        let mut text = Zeroizing::new(String::with_capacity(length));
        text.push_str(PREFIX);
        text.push_str(&id);
        text.push('_');
        Alphanumeric.append_string(&mut random, &mut text, SECRET);
        let check = checksum(&text);
        text.push_str(&check);
        Self {
            text,
            id: KeyId(id.into()),
        }
    }

    /// The text. Every use of this word is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The public part.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({})", self.id)
    }
}

impl KeyId {
    /// The id of a text that has the form of a key, checksum included.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let (id, rest) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let formed = id.len() == ID && rest.len() == SECRET + CHECK && plain(id) && plain(rest);
        let (body, check) = text.split_at_checked(text.len().checked_sub(CHECK)?)?;
        (formed && checksum(body) == check).then(|| Self(id.into()))
    }

    /// The id that stands in a record.
    #[must_use]
    pub fn known(id: &str) -> Self {
        Self(id.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is kept of a key. A fast hash is enough: nobody can try 2²⁵⁶ secrets, while a slow one, made for
/// passwords that people choose, would let strangers burn this host's time with every request.
#[must_use]
pub fn hash(text: &str) -> blake3::Hash {
    blake3::hash(text.as_bytes())
}

fn checksum(body: &str) -> String {
    let hash = blake3::hash(body.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_bytes()[..8]);
    let mut left = u64::from_be_bytes(first);
    let mut digit = || {
        let digit = DIGITS[(left % 62) as usize];
        left /= 62;
        char::from(digit)
    };
    (0..CHECK).map(|_| digit()).collect()
}

/// For tests of what follows the checksum.
#[cfg(test)]
pub(super) mod tests_only {
    /// The text with its right end.
    pub fn with_checksum(body: &str) -> String {
        format!("{body}{}", super::checksum(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_has_the_form_and_shows_itself_nowhere() {
        let (one, other) = (ApiKey::random(), ApiKey::random());
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), 64);
        assert_eq!(KeyId::of(one.expose()).as_ref(), Some(one.id()));
        assert_eq!(format!("{one:?}"), format!("ApiKey({})", one.id()));
        assert_ne!(hash(one.expose()), hash(other.expose()));
    }

    #[test]
    fn what_is_no_key() {
        let key = ApiKey::random();
        let key = key.expose();
        let swapped = key.replacen('_', "-", 1);
        let (head, last) = key.split_at(63);
        let other = if last == "0" { "1" } else { "0" };
        for text in [
            "",
            "pcl_",
            "pcl__",
            &key[1..],
            &key[..63],
            &format!("{key}0"),
            &format!("{head}{other}"),
            &swapped,
            &key.to_ascii_uppercase(),
            &format!("pcl_ABCDEFGHIJ_{}", "é".repeat(25)),
            &format!("{}é", &key[..62]),
        ] {
            assert_eq!(KeyId::of(text), None, "{text}");
        }
    }
}
