//! The project's signing key: access tokens, the published key set, and checking what comes back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};
use serde_json::{Value, json};

/// The key's id in the set and in the head of tokens.
const ID: &str = "6d0f8c3a-2b1e-4f7d-9c55-atomicdemo01";

/// A key of this run alone.
#[derive(Debug)]
pub(crate) struct Key(EcdsaKeyPair);

impl Key {
    /// A new one.
    pub(crate) fn generate() -> Self {
        let (way, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pair = EcdsaKeyPair::generate_pkcs8(way, &random)
            .ok()
            .and_then(|made| EcdsaKeyPair::from_pkcs8(way, made.as_ref(), &random).ok());
        Self(pair.unwrap_or_else(|| unreachable!("the machine has randomness")))
    }

    /// The set with this key alone.
    pub(crate) fn published(&self) -> Value {
        let point = &self.0.public_key().as_ref()[1..];
        let (x, y) = point.split_at(32);
        json!({"keys": [{
            "alg": "ES256", "crv": "P-256", "ext": true, "key_ops": ["verify"], "kid": ID, "kty": "EC",
            "use": "sig", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }]})
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = json!({"alg": "ES256", "kid": ID, "typ": "JWT"});
        let message = format!("{}.{}", part(&head), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes());
        let signature = signature.map(|it| URL_SAFE_NO_PAD.encode(it.as_ref()));
        format!("{message}.{}", signature.unwrap_or_default())
    }

    /// The claims of a token; the error is PostgREST's word for what is wrong with it.
    pub(crate) fn claims(&self, token: &str, now: Timestamp) -> Result<Value, &'static str> {
        const GARBAGE: &str = "JWSError (JSONDecodeError \"Not valid base64url\")";
        let parts: Vec<&str> = token.split('.').collect();
        let [head, body, signature] = parts.as_slice() else {
            return Err("JWSError (CompactDecodeError Invalid number of parts: Expected 3 parts)");
        };
        let part = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            serde_json::from_slice::<Value>(&bytes).ok()
        };
        let head = part(head).ok_or(GARBAGE)?;
        let claims = part(body).ok_or(GARBAGE)?;
        if head["alg"] == "none" {
            return Err("JWSError JWSNoSignatures");
        }
        let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| GARBAGE)?;
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.0.public_key());
        let is_own = public.verify(signed.as_bytes(), &signature).is_ok();
        if head["alg"] != "ES256" || !is_own {
            return Err("JWSError JWSInvalidSignature");
        }
        let now = now.as_second();
        if claims["exp"].as_i64().is_some_and(|ends| ends <= now) {
            return Err("JWT expired");
        }
        if claims["nbf"].as_i64().is_some_and(|begins| begins > now) {
            return Err("JWTNotYetValid");
        }
        Ok(claims)
    }
}
