//! Who is calling: API key, signature, Basic; and the lock-out after too many failures.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::errors::Refusal;
use super::request::Call;
use super::users::{Credential, User};

/// EspoCRM's defaults: more than this many failures within the window close the door.
const MAX_FAILURES: usize = 10;
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// Failed logins by address.
#[derive(Debug, Default)]
pub(crate) struct Lockout(HashMap<String, Vec<Timestamp>>);

impl Lockout {
    pub(crate) fn is_closed(&mut self, ip: &str, now: Timestamp) -> bool {
        let Some(failures) = self.0.get_mut(ip) else {
            return false;
        };
        failures.retain(|at| now.duration_since(*at) < WINDOW);
        failures.len() > MAX_FAILURES
    }

    pub(crate) fn fail(&mut self, ip: &str, now: Timestamp) {
        self.0.entry(ip.to_owned()).or_default().push(now);
    }
}

/// The caller, or the empty 401 that does not say what was wrong.
pub(crate) fn authenticate<'a>(users: &'a [User], call: &Call) -> Result<&'a User, Refusal> {
    if let Some(token) = call.header("x-hmac-authorization") {
        return signed(users, call, token).ok_or(Refusal::unauthorized(false));
    }
    if let Some(key) = call.header("x-api-key") {
        return by_key(users, key).ok_or(Refusal::unauthorized(false));
    }
    if let Some(token) = call.header("espo-authorization") {
        return by_password(users, token).ok_or(Refusal::unauthorized(false));
    }
    match call
        .header("authorization")
        .and_then(|value| value.strip_prefix("Basic "))
    {
        Some(token) => by_password(users, token).ok_or(Refusal::unauthorized(false)),
        None => Err(Refusal::unauthorized(
            call.header("x-requested-with") != Some("XMLHttpRequest"),
        )),
    }
}

fn by_key<'a>(users: &'a [User], sent: &str) -> Option<&'a User> {
    users.iter().find(|user| matches!(user.credential, Credential::Key(key) if same(key.as_bytes(), sent.as_bytes())))
}

fn by_password<'a>(users: &'a [User], token: &str) -> Option<&'a User> {
    let plain = String::from_utf8(STANDARD.decode(token.trim()).ok()?).ok()?;
    let (name, sent) = plain.split_once(':')?;
    users.iter().find(|user| {
        user.user_name == name
            && matches!(user.credential, Credential::Password(password) if same(password.as_bytes(), sent.as_bytes()))
    })
}

/// `base64(key ":" signature)`; the signature covers verb and path, in hexadecimal or raw.
fn signed<'a>(users: &'a [User], call: &Call, token: &str) -> Option<&'a User> {
    let plain = STANDARD.decode(token.trim()).ok()?;
    let colon = plain.iter().position(|byte| *byte == b':')?;
    let (key, sent) = (&plain[..colon], &plain[colon + 1..]);
    users.iter().find(|user| match user.credential {
        Credential::Signature { key: own, secret } => {
            same(own.as_bytes(), key) && verifies(secret, call, sent)
        }
        _ => false,
    })
}

fn verifies(secret: &str, call: &Call, sent: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(format!("{} /{}", call.method, call.path).as_bytes());
    let digest = mac.finalize().into_bytes();
    same(&digest, sent) || same(hex::encode(digest).as_bytes(), sent)
}

fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}
