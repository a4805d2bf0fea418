//! Tokens of a person, signed as an issuer signs them, and the set in which it publishes its key.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// A key of an issuer, with its id.
pub struct Signer {
    id: &'static str,
    pair: EcdsaKeyPair,
}

impl Signer {
    /// A new key.
    pub fn new(id: &'static str) -> Self {
        let (way, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(way, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(way, pkcs8.as_ref(), &random);
        Self {
            id,
            pair: pair.expect("its own form"),
        }
    }

    /// The set with this key alone.
    pub fn published(&self) -> Value {
        let point = &self.pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(32);
        json!({"keys": [{
            "kid": self.id, "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
            "key_ops": ["verify"], "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }]})
    }

    /// A token with these claims.
    pub fn token(&self, claims: &Value) -> String {
        self.headed(
            &json!({"alg": "ES256", "kid": self.id, "typ": "JWT"}),
            claims,
        )
    }

    /// A token with a header of its own, signed all the same.
    pub fn headed(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.expect("a signature"));
        format!("{message}.{signature}")
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a clock that was set").as_secs()
}

/// What a token says, unverified.
pub fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1).expect("a token");
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64url");
    serde_json::from_slice(&claims).expect("JSON")
}
