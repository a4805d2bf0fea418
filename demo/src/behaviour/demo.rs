//! The stand-in as a target, called in process, with all of its users.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::BodyExt;
use sha2::Sha256;
use tower::ServiceExt;

use super::target::{Answer, Ask, Target};
use crate::espocrm::{
    ADMIN_PASSWORD, ADMIN_USER, FULL_KEY, HMAC_KEY, HMAC_SECRET, NO_ADDRESS_KEY, OWN_KEY,
    READ_ONLY_KEY,
};

/// A CRM's router, called without a network.
#[derive(Clone, Debug)]
pub struct InProcess(pub Router);

impl Target for InProcess {
    async fn send(&self, ask: Ask) -> Result<Answer, String> {
        let query = if ask.query.is_empty() {
            String::new()
        } else {
            format!("?{}", ask.query)
        };
        let mut request = Request::builder()
            .method(ask.method.as_str())
            .uri(format!("/api/v1/{}{query}", ask.path));
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Body::from(ask.body))
            .map_err(|error| error.to_string())?;
        let response = self
            .0
            .clone()
            .oneshot(request)
            .await
            .map_err(|error| error.to_string())?;
        let (parts, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| error.to_string())?
            .to_bytes()
            .to_vec();
        let text = |value: &axum::http::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers,
            body,
        })
    }

    fn credentials(&self, who: &str, ask: &Ask) -> Option<Vec<(String, String)>> {
        let key = |value: &str| vec![("x-api-key".to_owned(), value.to_owned())];
        let basic = |password: &str| {
            let token = STANDARD.encode(format!("{ADMIN_USER}:{password}"));
            vec![("authorization".to_owned(), format!("Basic {token}"))]
        };
        Some(match who {
            "full" => key(FULL_KEY),
            "no_address" => key(NO_ADDRESS_KEY),
            "reader" => key(READ_ONLY_KEY),
            "own" => key(OWN_KEY),
            "hmac_key_as_api_key" => key(HMAC_KEY),
            "stranger" => key("00000000000000000000000000000000"),
            "empty_key" => key(""),
            "nobody" => Vec::new(),
            "admin" => basic(ADMIN_PASSWORD),
            "wrong_password" => basic("guessed"),
            "espo_authorization" => vec![(
                "espo-authorization".to_owned(),
                STANDARD.encode(format!("{ADMIN_USER}:{ADMIN_PASSWORD}")),
            )],
            "signer" => signature(ask, HMAC_SECRET, b"", true),
            "signer_binary" => signature(ask, HMAC_SECRET, b"", false),
            "signer_wrong_secret" => signature(ask, "another secret", b"", true),
            "signer_with_body" => signature(ask, HMAC_SECRET, &ask.body, true),
            _ => return None,
        })
    }

    fn is_demo(&self) -> bool {
        true
    }
}

/// Verb and path, and when asked the body, which EspoCRM does not want.
fn signature(ask: &Ask, secret: &str, body: &[u8], hexadecimal: bool) -> Vec<(String, String)> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return Vec::new();
    };
    mac.update(format!("{} /{}", ask.method, ask.path).as_bytes());
    mac.update(body);
    let digest = mac.finalize().into_bytes();
    let tail = if hexadecimal {
        hex::encode(digest).into_bytes()
    } else {
        digest.to_vec()
    };
    let token = [HMAC_KEY.as_bytes(), b":", &tail].concat();
    vec![("x-hmac-authorization".to_owned(), STANDARD.encode(token))]
}
