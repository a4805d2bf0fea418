//! The key that the state is sealed with: from the operator, or from a file beside the state.
//!
//! Owns where it is looked for and that it is made once. It must not know what it is used for.

use std::io::Read;
use std::path::Path;

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::{StateError, folder};

/// Bytes of a key.
pub(super) const LENGTH: usize = 32;

pub(super) type Key = Zeroizing<[u8; LENGTH]>;

/// The variable that holds a key; read by the configuration.
const VARIABLE: &str = "PORTCULLIS_STATE_KEY";

/// The key of a state. One is made for a state that does not exist yet; one that is gone is not
/// replaced, since nothing could be read with another.
pub(super) fn of(state: &Path, given: Option<&String>, fresh: bool) -> Result<Key, StateError> {
    if let Some(text) = given {
        return parse(text, || source(state, true));
    }
    let path = folder::beside(state, "key");
    if !path.exists() {
        if !fresh {
            return Err(StateError::KeyLost {
                state: state.to_owned(),
                key: path,
            });
        }
        let mut key = Key::default();
        let filled = SystemRandom::new().fill(key.as_mut_slice());
        filled.map_err(|_| StateError::Random)?;
        let text = Zeroizing::new(hex::encode(key.as_slice()));
        folder::write_new(&path, text.as_bytes())?;
    }
    let mut text = Zeroizing::new(String::with_capacity(2 * LENGTH + 2));
    let file = folder::private(&path)?;
    file.take(2 * LENGTH as u64 + 2)
        .read_to_string(&mut text)
        .map_err(StateError::io(&path))?;
    parse(text.trim_end(), || source(state, false))
}

/// Where the key comes from, for messages.
pub(super) fn source(state: &Path, given: bool) -> String {
    if given {
        format!("the variable `{VARIABLE}`")
    } else {
        format!("the file `{}`", folder::beside(state, "key").display())
    }
}

fn parse(text: &str, source: impl FnOnce() -> String) -> Result<Key, StateError> {
    let mut key = Key::default();
    match hex::decode_to_slice(text, key.as_mut_slice()) {
        Ok(()) => Ok(key),
        Err(_) => Err(StateError::NoKey {
            source_of: source(),
        }),
    }
}
