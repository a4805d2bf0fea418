//! An issuer's published keys (RFC 7517), and what they verify.
//!
//! Owns that a key is used for the one algorithm that it is made for, whatever a token says. Keys of
//! other kinds are passed over. It must not know tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

use super::jws::Algorithm;

/// More keys than any issuer publishes at once.
const MOST: usize = 64;

/// Keys that verify.
#[derive(Debug, Default)]
pub(super) struct KeySet(Vec<Key>);

/// One key.
#[derive(Debug, Clone)]
pub(super) struct Key {
    id: String,
    public: Public,
}

#[derive(Debug, Clone)]
enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// A key as it is published.
#[derive(Deserialize)]
struct Published {
    kid: String,
    kty: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a set; nothing where it is none.
    pub(super) fn read(document: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(document).ok()?;
        let keys = set.keys.into_iter().take(MOST);
        let published = keys.filter_map(|key| serde_json::from_value(key).ok());
        Some(Self(published.filter_map(Key::of).collect()))
    }

    pub(super) fn find(&self, id: &str, algorithm: Algorithm) -> Option<&Key> {
        self.0
            .iter()
            .find(|key| key.id == id && key.public.algorithm() == algorithm)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Key {
    fn of(published: Published) -> Option<Self> {
        let signs = published.purpose.as_deref().is_none_or(|is| is == "sig");
        let ops = published.key_ops.as_deref();
        let verifies = ops.is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        let public = Public::of(&published).filter(|_| signs && verifies)?;
        let named = published.alg.as_deref();
        let alike = named.is_none_or(|name| Algorithm::named(name) == Some(public.algorithm()));
        alike.then_some(Self {
            id: published.kid,
            public,
        })
    }

    /// Whether the signature is this key's, over this message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.public {
            Public::Rsa { n, e } => RsaPublicKeyComponents { n, e }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
            Public::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Public::Ed25519(point) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
            }
        };
        verified.is_ok()
    }
}

impl Public {
    fn of(published: &Published) -> Option<Self> {
        let curve = published.crv.as_deref();
        match (published.kty.as_str(), curve) {
            ("RSA", _) => Some(Self::Rsa {
                n: whole_number(published.n.as_deref()?)?,
                e: whole_number(published.e.as_deref()?)?,
            }),
            ("EC", Some("P-256")) => {
                let (x, y) = (published.x.as_deref()?, published.y.as_deref()?);
                // The uncompressed form of a point.
                Some(Self::P256(
                    [vec![4], coordinate(x)?, coordinate(y)?].concat(),
                ))
            }
            ("OKP", Some("Ed25519")) => Some(Self::Ed25519(coordinate(published.x.as_deref()?)?)),
            _ => None,
        }
    }

    const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::P256(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }
}

/// A coordinate of both curves has 32 bytes.
fn coordinate(text: &str) -> Option<Vec<u8>> {
    decode(text).filter(|bytes| bytes.len() == 32)
}

/// A positive number; some issuers publish it with zeros in front.
fn whole_number(text: &str) -> Option<Vec<u8>> {
    let bytes = decode(text)?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes[first..].to_vec())
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_can_verify_tokens() {
        let point = URL_SAFE_NO_PAD.encode([7; 32]);
        let ec = json!({ "kid": "a", "kty": "EC", "crv": "P-256", "x": point, "y": point });
        let with = |name: &str, value: Value| {
            let mut key = ec.clone();
            key[name] = value;
            key
        };
        for (key, taken) in [
            (ec.clone(), true),
            (with("use", json!("sig")), true),
            (with("alg", json!("ES256")), true),
            (with("key_ops", json!(["verify"])), true),
            (with("unheard_of", json!({})), true),
            (with("use", json!("enc")), false),
            (with("alg", json!("HS256")), false),
            (with("alg", json!("RS256")), false),
            (with("key_ops", json!(["sign"])), false),
            (with("crv", json!("P-384")), false),
            (with("x", json!("AAAA")), false),
            (with("kid", json!(null)), false),
            (
                json!({ "kid": "a", "kty": "oct", "k": point, "alg": "HS256" }),
                false,
            ),
            (
                json!({ "kid": "a", "kty": "OKP", "crv": "Ed25519", "x": point }),
                true,
            ),
            (
                json!({ "kid": "a", "kty": "OKP", "crv": "X25519", "x": point }),
                false,
            ),
            (
                json!({ "kid": "a", "kty": "RSA", "n": "AKM", "e": "AQAB" }),
                true,
            ),
            (json!({ "kid": "a", "kty": "RSA", "n": "AA" }), false),
            (json!("a"), false),
        ] {
            let set = json!({ "keys": [key] }).to_string();
            let set = KeySet::read(set.as_bytes()).unwrap();
            assert_eq!(set.len(), usize::from(taken), "{key}");
        }
    }

    #[test]
    fn a_key_is_for_its_algorithm_alone() {
        let point = URL_SAFE_NO_PAD.encode([7; 32]);
        let set = json!({ "keys": [{ "kid": "a", "kty": "OKP", "crv": "Ed25519", "x": point }] });
        let set = KeySet::read(set.to_string().as_bytes()).unwrap();
        assert!(set.find("a", Algorithm::EdDsa).is_some());
        assert!(set.find("a", Algorithm::Es256).is_none());
        assert!(set.find("b", Algorithm::EdDsa).is_none());
    }

    #[test]
    fn what_is_no_set() {
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, "<html>"] {
            assert!(KeySet::read(text.as_bytes()).is_none(), "{text}");
        }
        assert_eq!(KeySet::read(br#"{"keys":[]}"#).unwrap().len(), 0);
    }
}
