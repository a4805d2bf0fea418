//! Tokens against an issuer that signs for real, in every way in which they can be wrong.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::FutureExt;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_800_000_000;

/// A pair whose public half is published.
enum Pair {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Pair {
    fn p256() -> Self {
        let random = SystemRandom::new();
        let way = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(way, &random).unwrap();
        Self::P256(EcdsaKeyPair::from_pkcs8(way, pkcs8.as_ref(), &random).unwrap())
    }

    fn ed25519() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap())
    }

    fn published(&self, id: &str) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::P256(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                json!({"kid": id, "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
                    "x": encode(&point[..32]), "y": encode(&point[32..])})
            }
            Self::Ed25519(pair) => json!({"kid": id, "kty": "OKP", "crv": "Ed25519",
                "x": encode(pair.public_key().as_ref())}),
        }
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).unwrap();
                signature.as_ref().to_vec()
            }
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    fn token(&self, id: &str, claims: &Value) -> String {
        let header = json!({"alg": self.algorithm(), "kid": id, "typ": "JWT"});
        let message = message(&header, claims);
        let signature = URL_SAFE_NO_PAD.encode(self.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn claims(subject: &str) -> Value {
    json!({"iss": "https://crm.example/auth/v1", "sub": subject, "aud": "authenticated",
        "exp": NOW + 3600, "role": "authenticated", "is_anonymous": false})
}

type Published = Result<Value, &'static str>;

/// What an issuer publishes, or why it cannot be reached; and how often it was asked.
struct World {
    published: Arc<Mutex<Published>>,
    asked: Arc<AtomicUsize>,
    issuer: Issuer,
    began: Instant,
}

impl World {
    fn new(keys: &[Value]) -> Self {
        let published: Arc<Mutex<Published>> = Arc::new(Mutex::new(Ok(json!({ "keys": keys }))));
        let asked: Arc<AtomicUsize> = Arc::default();
        let (now, count) = (Arc::clone(&published), Arc::clone(&asked));
        let fetch: Fetch = Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
            let now = Arc::clone(&now);
            async move {
                // Whoever comes meanwhile has to wait for the same answer.
                tokio::task::yield_now().await;
                match &*now.lock().unwrap() {
                    Ok(set) => Ok(set.to_string().into_bytes()),
                    Err(why) => Err((*why).to_owned()),
                }
            }
            .boxed()
        });
        let tokens = json!({"issuer": "{base}/auth/v1", "keys": "k",
            "audience": ["authenticated"], "role": "authenticated"});
        let tokens = serde_json::from_value(tokens).unwrap();
        let base = Url::parse("https://crm.example").unwrap();
        Self {
            published,
            asked,
            issuer: Issuer::new(&tokens, &base, fetch),
            began: Instant::now(),
        }
    }

    fn publish(&self, keys: &[Value]) {
        *self.published.lock().unwrap() = Ok(json!({ "keys": keys }));
    }

    fn fail(&self) {
        *self.published.lock().unwrap() = Err("connection refused");
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    async fn after(&self, seconds: u64, token: &str) -> Result<String, Unknown> {
        let now = Now {
            instant: self.began + Duration::from_secs(seconds),
            unix: NOW as f64,
        };
        self.issuer.subject(token, now).await
    }
}

fn no_keys(seconds: u64) -> Result<String, Unknown> {
    Err(Unknown::NoKeys {
        retry_after: Duration::from_secs(seconds),
    })
}

fn untrusted(why: Untrusted) -> Result<String, Unknown> {
    Err(Unknown::Untrusted(why))
}

fn ada() -> Result<String, Unknown> {
    Ok("ada".to_owned())
}

#[tokio::test]
async fn both_curves() {
    for pair in [Pair::p256(), Pair::ed25519()] {
        let world = World::new(&[pair.published("k")]);
        assert_eq!(
            world.after(0, &pair.token("k", &claims("ada"))).await,
            ada()
        );
    }
}

/// Made with OpenSSL, since ring makes no RSA keys: a 2048-bit key that is used nowhere else.
#[tokio::test]
async fn rsa() {
    let fixture: Value = serde_json::from_str(include_str!("rsa.json")).unwrap();
    let world = World::new(&[fixture["key"].clone()]);
    let token = fixture["token"].as_str().unwrap();
    assert_eq!(world.after(0, token).await, ada());
    let mut other = token.to_owned();
    let changed = if other.ends_with('A') { 'Q' } else { 'A' };
    other.pop();
    other.push(changed);
    assert_eq!(
        world.after(0, &other).await,
        untrusted(Untrusted::Signature)
    );
}

#[tokio::test]
async fn signatures_that_are_not_the_issuers() {
    let (pair, foreign, edwards) = (Pair::p256(), Pair::p256(), Pair::ed25519());
    let public = pair.published("k");
    let world = World::new(&[public.clone(), edwards.published("e")]);
    let good = pair.token("k", &claims("ada"));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let bob = URL_SAFE_NO_PAD.encode(claims("bob").to_string());
    let with = |algorithm: &str, signature: &str| {
        let header = json!({"alg": algorithm, "kid": "k"});
        format!("{}.{signature}", message(&header, &claims("ada")))
    };
    for (what, token, why) in [
        (
            "another key",
            foreign.token("k", &claims("ada")),
            Untrusted::Signature,
        ),
        (
            "another of its keys",
            edwards.token("k", &claims("ada")),
            Untrusted::Key,
        ),
        (
            "an unknown key",
            pair.token("x", &claims("ada")),
            Untrusted::Key,
        ),
        (
            "claims of another",
            format!("{header}.{bob}.{signature}"),
            Untrusted::Signature,
        ),
        ("no signature", format!("{signed}."), Untrusted::Signature),
        ("none", with("none", ""), Untrusted::Algorithm),
        (
            "none with one",
            with("none", signature),
            Untrusted::Algorithm,
        ),
        (
            "a shared secret",
            with("HS256", signature),
            Untrusted::Algorithm,
        ),
        (
            "another algorithm's key",
            with("RS256", signature),
            Untrusted::Key,
        ),
        (
            "zeros",
            with("ES256", &URL_SAFE_NO_PAD.encode([0; 64])),
            Untrusted::Signature,
        ),
        (
            "short",
            with("ES256", &URL_SAFE_NO_PAD.encode([1; 8])),
            Untrusted::Signature,
        ),
        ("no token", "pat_1".to_owned(), Untrusted::Form),
    ] {
        assert_eq!(world.after(0, &token).await, untrusted(why), "{what}");
    }
    assert_eq!(world.after(0, &good).await, ada());
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_code_made_with_the_public_key_as_secret() {
    use hmac::{Hmac, KeyInit, Mac};
    let pair = Pair::p256();
    let public = pair.published("k");
    let world = World::new(std::slice::from_ref(&public));
    let header = json!({"alg": "HS256", "kid": "k"});
    let message = message(&header, &claims("ada"));
    for secret in [public.to_string(), public["x"].as_str().unwrap().to_owned()] {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        let code = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        let found = world.after(0, &format!("{message}.{code}")).await;
        assert_eq!(found, untrusted(Untrusted::Algorithm));
    }
}

#[tokio::test]
async fn what_needs_no_key_is_refused_without_asking_for_keys() {
    let pair = Pair::p256();
    let world = World::new(&[pair.published("k")]);
    let mut expired = claims("ada");
    expired["exp"] = json!(NOW - 3600);
    let found = world.after(0, &pair.token("k", &expired)).await;
    assert_eq!(found, untrusted(Untrusted::Expired));
    assert_eq!(world.asked(), 0);
}

#[tokio::test]
async fn keys_are_fetched_when_they_are_old_and_withdrawn_ones_are_gone() {
    let (first, second) = (Pair::p256(), Pair::p256());
    let world = World::new(&[first.published("1")]);
    let token = first.token("1", &claims("ada"));
    assert_eq!(world.after(0, &token).await, ada());
    world.publish(&[second.published("2")]);
    assert_eq!(world.after(599, &token).await, ada());
    assert_eq!(world.asked(), 1);
    assert_eq!(world.after(600, &token).await, untrusted(Untrusted::Key));
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn a_new_key_is_found_and_nobody_makes_this_host_ask_all_the_time() {
    let (first, second) = (Pair::p256(), Pair::p256());
    let world = World::new(&[first.published("1")]);
    let new = second.token("2", &claims("ada"));
    assert_eq!(world.after(0, &new).await, untrusted(Untrusted::Key));
    world.publish(&[first.published("1"), second.published("2")]);
    for seconds in 0..30 {
        assert_eq!(world.after(seconds, &new).await, untrusted(Untrusted::Key));
    }
    assert_eq!(world.asked(), 1);
    assert_eq!(world.after(30, &new).await, ada());
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn one_fetch_serves_all_who_wait() {
    let pair = Pair::p256();
    let world = World::new(&[pair.published("k")]);
    let token = pair.token("k", &claims("ada"));
    let all = futures::future::join_all((0..50).map(|_| world.after(0, &token))).await;
    assert!(all.iter().all(|found| *found == ada()), "{all:?}");
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_fetch_that_nobody_waits_for_any_more_goes_on_with_the_next() {
    let pair = Pair::p256();
    let world = World::new(&[pair.published("k")]);
    let token = pair.token("k", &claims("ada"));
    assert_eq!(world.after(0, &token).now_or_never(), None);
    assert_eq!(world.after(1, &token).await, ada());
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn without_keys_nobody_is_let_in() {
    let pair = Pair::p256();
    let world = World::new(&[pair.published("k")]);
    let token = pair.token("k", &claims("ada"));
    world.fail();
    assert_eq!(world.after(0, &token).await, no_keys(5));
    assert_eq!(world.after(3, &token).await, no_keys(2));
    assert_eq!(world.asked(), 1);
    world.publish(&[pair.published("k")]);
    assert_eq!(world.after(5, &token).await, ada());
    // Keys that are there serve on; what needs new ones has to wait.
    world.fail();
    let unknown = pair.token("x", &claims("ada"));
    assert_eq!(world.after(100, &unknown).await, no_keys(5));
    assert_eq!(world.after(101, &token).await, ada());
    assert_eq!(world.after(605, &token).await, no_keys(5));
}

#[tokio::test]
async fn what_is_no_key_set_is_a_failure() {
    let pair = Pair::p256();
    let world = World::new(&[]);
    *world.published.lock().unwrap() = Ok(json!({"error": "not found"}));
    let token = pair.token("k", &claims("ada"));
    assert_eq!(world.after(0, &token).await, no_keys(5));
}

#[tokio::test]
async fn an_issuer_without_keys_trusts_nobody() {
    let pair = Pair::p256();
    let world = World::new(&[]);
    let token = pair.token("k", &claims("ada"));
    assert_eq!(world.after(0, &token).await, untrusted(Untrusted::Key));
}
