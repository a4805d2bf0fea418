//! Who calls: the users of the records, and callers that have to be turned away.
//!
//! Tokens have the claims of the platform's own, signed with a secret of these tests. Checking a
//! token is PostgREST's part here; the host's part is tested with the host.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// What PostgREST is told to check tokens with; it wants 32 characters.
pub const SECRET: &str = "a secret of the tests, 32 letters or more";

/// A caller of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Ada, an administrator of the CRM.
    Admin,
    /// Rob, an ordinary user.
    Rep,
    /// Rob, with a token that has run out.
    Expired,
    /// Rob, with a token that somebody else has signed.
    Forged,
    /// The platform's all-powerful role, which no user has.
    Service,
    /// Nobody: no token at all.
    Anonymous,
}

impl Caller {
    /// The id of the sign-in, which its token names.
    #[must_use]
    pub fn user_id(self) -> Option<&'static str> {
        match self {
            Self::Admin => Some(ADMIN),
            Self::Anonymous => None,
            _ => Some(REP),
        }
    }

    /// The value of the `Authorization` header, if the caller sends one.
    #[must_use]
    pub fn authorization(self) -> Option<String> {
        let subject = self.user_id()?;
        let (role, expires, secret) = match self {
            Self::Expired => ("authenticated", EARLIER, SECRET),
            Self::Forged => ("authenticated", LATER, "another secret, also long enough"),
            Self::Service => ("service_role", LATER, SECRET),
            _ => ("authenticated", LATER, SECRET),
        };
        let claims = json!({
            "iss": "http://127.0.0.1/auth/v1", "aud": "authenticated", "exp": expires, "iat": EARLIER,
            "role": role, "sub": subject, "aal": "aal1", "is_anonymous": false,
        });
        Some(format!("Bearer {}", sign(&claims, secret)))
    }
}

const ADMIN: &str = "11111111-1111-1111-1111-111111111111";
const REP: &str = "22222222-2222-2222-2222-222222222222";
/// 2001 and 2100, so that no clock matters.
const EARLIER: u64 = 978_307_200;
const LATER: u64 = 4_102_444_800;

fn sign(claims: &Value, secret: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!(
        "{}.{}",
        part(&json!({"alg": "HS256", "typ": "JWT"})),
        part(claims)
    );
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    mac.update(text.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{text}.{signature}")
}
