//! Who sends this request: the layer between Host and Origin on one side and MCP on the other.
//!
//! Owns reading the `Authorization` header and the refusals of RFC 6750. Each request proves its
//! caller anew; a connection that is kept open and a session carry no identity. A further way to
//! prove oneself is a further [`Proof`] with an arm in [`authenticate`]; what it finds out goes into
//! the [`Caller`], and nothing after this layer looks at the header. It must not know MCP.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::call::Proof;
use crate::caller::{Caller, Token, TokenError};
use crate::policy::Principal;

/// Why a request is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No token, or something else than a bearer token.
    #[error(
        "send your own token for this CRM as `Authorization: Bearer <token>` with every request"
    )]
    Missing,
    /// More than one `Authorization` header.
    #[error("the request has more than one Authorization header")]
    Several,
    /// What stands after `Bearer` is no token.
    #[error("{0}")]
    Malformed(TokenError),
}

/// Finds out who the caller is.
///
/// # Errors
/// The endpoint wants a proof that the request does not bring.
pub fn authenticate(headers: &HeaderMap, proof: Proof) -> Result<Caller, Refusal> {
    match proof {
        // A token that nobody asked for is not looked at, and goes nowhere.
        Proof::Nothing => Ok(Caller::known(Principal::anonymous())),
        Proof::OwnToken => bearer(headers).map(Caller::holding),
    }
}

/// The bearer token of a request.
fn bearer(headers: &HeaderMap) -> Result<Token, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(Refusal::Several);
    }
    let value = first.ok_or(Refusal::Missing)?;
    let text = value
        .to_str()
        .map_err(|_| Refusal::Malformed(TokenError::Character))?
        .trim_matches([' ', '\t']);
    let (scheme, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::Missing);
    }
    Token::new(rest).map_err(|error| match error {
        TokenError::Empty => Refusal::Missing,
        other => Refusal::Malformed(other),
    })
}

impl Refusal {
    const fn status(&self) -> StatusCode {
        match self {
            Self::Several => StatusCode::BAD_REQUEST,
            Self::Missing | Self::Malformed(_) => StatusCode::UNAUTHORIZED,
        }
    }

    /// RFC 6750, section 3.1: no code where the request brought no token at all.
    const fn code(&self) -> Option<&'static str> {
        match self {
            Self::Missing => None,
            Self::Several => Some("invalid_request"),
            Self::Malformed(_) => Some("invalid_token"),
        }
    }

    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Missing => r#"Bearer realm="portcullis""#,
            Self::Several => {
                r#"Bearer realm="portcullis", error="invalid_request", error_description="more than one Authorization header""#
            }
            Self::Malformed(_) => {
                r#"Bearer realm="portcullis", error="invalid_token", error_description="the token is malformed""#
            }
        })
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({
            "error": self.code().unwrap_or("unauthorized"),
            "error_description": self.to_string(),
        });
        let headers = [
            (header::WWW_AUTHENTICATE, self.challenge()),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (self.status(), headers, Json(body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(header::AUTHORIZATION, value);
        }
        let caller = authenticate(&headers, Proof::OwnToken)?;
        Ok(caller.token().unwrap().expose().to_owned())
    }

    #[test]
    fn bearers() {
        for value in [
            "Bearer abc",
            "bearer abc",
            "BEARER   abc  ",
            " Bearer\tabc\t",
        ] {
            assert_eq!(read(&[value]), Ok("abc".to_owned()), "{value:?}");
        }
        for (values, refusal) in [
            (&[][..], Refusal::Missing),
            (&[""], Refusal::Missing),
            (&["Bearer"], Refusal::Missing),
            (&["Bearer  \t "], Refusal::Missing),
            (&["Basic YTpi"], Refusal::Missing),
            (&["Bearerabc"], Refusal::Missing),
            (&["abc"], Refusal::Missing),
            (&["Bearer a b"], Refusal::Malformed(TokenError::Character)),
            (
                &["Bearer abc, Basic YTpi"],
                Refusal::Malformed(TokenError::Character),
            ),
            (
                &["Bearer schl\u{fc}ssel"],
                Refusal::Malformed(TokenError::Character),
            ),
            (&["Bearer a", "Bearer a"], Refusal::Several),
            (&["Basic YTpi", "Bearer a"], Refusal::Several),
        ] {
            assert_eq!(read(values), Err(refusal), "{values:?}");
        }
    }

    #[test]
    fn a_token_that_nobody_asked_for_is_not_taken() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::AUTHORIZATION,
            HeaderValue::from_static("Bearer abc"),
        );
        let caller = authenticate(&headers, Proof::Nothing).unwrap();
        assert_eq!(caller.principal(), &Principal::anonymous());
        assert!(caller.token().is_none());
    }

    #[test]
    fn challenges() {
        for (refusal, status, error) in [
            (Refusal::Missing, 401, None),
            (Refusal::Several, 400, Some("invalid_request")),
            (
                Refusal::Malformed(TokenError::Long),
                401,
                Some("invalid_token"),
            ),
        ] {
            let response = refusal.clone().into_response();
            assert_eq!(response.status().as_u16(), status);
            let challenge = response.headers()[header::WWW_AUTHENTICATE]
                .to_str()
                .unwrap();
            assert!(challenge.starts_with("Bearer realm="), "{challenge}");
            let code = error.map(|code| format!("error=\"{code}\""));
            match code {
                Some(code) => assert!(challenge.contains(&code), "{challenge}"),
                None => assert!(!challenge.contains("error"), "{challenge}"),
            }
        }
    }
}
