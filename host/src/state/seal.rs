//! Sealing of values and hiding of names, each with a key of its own made from the state's.
//!
//! ChaCha20-Poly1305 with a random nonce before the sealed bytes; kind and name are part of what is
//! authenticated, so that a value cannot be moved to another place. Knows no file.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::StateError;
use super::key::Key;

/// Seals and opens.
pub(super) struct Seal {
    values: LessSafeKey,
    names: hmac::Key,
    random: SystemRandom,
}

impl Seal {
    pub(super) fn new(key: &Key) -> Self {
        let master = hmac::Key::new(hmac::HMAC_SHA256, key.as_slice());
        let values = hmac::sign(&master, b"portcullis state 1: values");
        let names = hmac::sign(&master, b"portcullis state 1: names");
        let values = UnboundKey::new(&CHACHA20_POLY1305, values.as_ref())
            .unwrap_or_else(|_| unreachable!("SHA-256 makes as many bytes as the cipher wants"));
        Self {
            values: LessSafeKey::new(values),
            names: hmac::Key::new(hmac::HMAC_SHA256, names.as_ref()),
            random: SystemRandom::new(),
        }
    }

    /// What stands in the file for a name.
    pub(super) fn name(&self, kind: &str, name: &str) -> String {
        let text = format!("{kind}\0{name}");
        hex::encode(hmac::sign(&self.names, text.as_bytes()))
    }

    pub(super) fn close(
        &self,
        kind: &str,
        name: &str,
        value: &[u8],
    ) -> Result<Vec<u8>, StateError> {
        let mut nonce = [0; NONCE_LEN];
        let filled = self.random.fill(&mut nonce);
        filled.map_err(|_| StateError::Random)?;
        // As large as it gets, so that no copy in clear stays behind.
        let mut text = Zeroizing::new(Vec::with_capacity(value.len() + 16));
        text.extend_from_slice(value);
        self.values
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place(kind, name)),
                &mut *text,
            )
            .map_err(|_| StateError::Damaged)?;
        Ok([&nonce[..], &text[..]].concat())
    }

    pub(super) fn open(
        &self,
        kind: &str,
        name: &str,
        sealed: Vec<u8>,
    ) -> Result<Zeroizing<Vec<u8>>, StateError> {
        let mut sealed = Zeroizing::new(sealed);
        let (nonce, text) = sealed
            .split_at_mut_checked(NONCE_LEN)
            .ok_or(StateError::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| StateError::Damaged)?;
        let place = Aad::from(place(kind, name));
        let opened = self.values.open_in_place(nonce, place, text);
        let opened = opened.map_err(|_| StateError::Damaged)?;
        Ok(Zeroizing::new(opened.to_vec()))
    }
}

fn place(kind: &str, name: &str) -> Vec<u8> {
    format!("{kind}\0{name}").into_bytes()
}
