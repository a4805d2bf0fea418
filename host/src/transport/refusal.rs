//! What a request is told that is not let in: the answers of RFC 6750.
//!
//! Owns status, challenge and words. What a caller is told says nothing of what stands in a token or in the
//! book of keys; what the operator's log is told, does. It must not know how a caller is judged.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::call::Unproved;
use crate::caller::TokenError;
use crate::identity::{Unknown, Untrusted};
use crate::keys::NotLetIn;

/// What helps a caller to get what they lack, where the endpoint has such.
#[derive(Debug, Default)]
pub struct Hint {
    /// The address of the endpoint's metadata.
    pub document: Option<String>,
    /// The scope without which nothing can be done.
    pub scope: Option<&'static str>,
}

/// How long a state that cannot be read is given.
const NO_BOOK: Duration = Duration::from_secs(5);

/// Why a request is not let in. What a caller is told says nothing of what stands in a token.
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
    /// A token that is not to be trusted.
    #[error("the token is not valid here; get a new one from its issuer")]
    Untrusted(Untrusted),
    /// Nothing, or an API key that lets nobody in. All of these look the same from outside.
    #[error(
        "this endpoint wants a key or a token that is good here, as `Authorization: Bearer …` with every request; the operator of this server gives you one"
    )]
    NoKey(Option<NotLetIn>),
    /// An API key cannot be checked now.
    #[error("API keys cannot be checked now; try again later")]
    NoBook,
    /// The caller is known, and is not meant to come here.
    #[error(
        "what you brought is not for this connection; the operator of this server can give you more"
    )]
    NotHere,
    /// The caller's token lacks a scope.
    #[error("the token lacks a scope; get one with {}", .0.join(" "))]
    Scopes(Vec<&'static str>),
    /// Too many were refused before.
    #[error("too many requests from your address were not let in; try again later")]
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// A token that cannot be checked now.
    #[error(
        "the token cannot be checked now, because the keys of its issuer cannot be fetched; try again later"
    )]
    NoKeys {
        /// When to try again.
        retry_after: Duration,
    },
}

impl From<Unproved> for Refusal {
    fn from(why: Unproved) -> Self {
        match why {
            Unproved::Key(why) => why.into(),
            Unproved::Token(why) => why.into(),
        }
    }
}

impl From<NotLetIn> for Refusal {
    fn from(why: NotLetIn) -> Self {
        match why {
            NotLetIn::Unreadable => Self::NoBook,
            other => Self::NoKey(Some(other)),
        }
    }
}

impl From<Unknown> for Refusal {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::Untrusted(why) => Self::Untrusted(why),
            Unknown::NoKeys { retry_after } => Self::NoKeys { retry_after },
        }
    }
}

impl Refusal {
    /// Why, for the operator's log.
    pub fn reason(&self) -> String {
        match self {
            Self::Untrusted(why) => format!("the token is not to be trusted: {why}"),
            Self::NoKey(Some(why)) => why.to_string(),
            Self::NoKey(None) => "it brings no API key".to_owned(),
            Self::NotHere => "its key is for other connections".to_owned(),
            Self::Scopes(needed) => {
                format!("its token lacks one of the scopes {}", needed.join(" "))
            }
            other => other.to_string(),
        }
    }

    /// Whether something was brought that is wrong, and not merely nothing.
    pub const fn is_attempt(&self) -> bool {
        matches!(
            self,
            Self::NoKey(Some(_)) | Self::Malformed(_) | Self::Untrusted(_)
        )
    }

    /// The answer.
    pub fn answer(&self, hint: &Hint) -> Response {
        let body = json!({
            "error": self.code().unwrap_or("unauthorized"),
            "error_description": self.to_string(),
        });
        let mut response = (self.status(), Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.retry_after() {
            Some(wait) => {
                let seconds = wait.as_secs_f64().ceil() as u64;
                headers.insert(header::RETRY_AFTER, seconds.max(1).into());
            }
            None => {
                headers.insert(header::WWW_AUTHENTICATE, self.challenge(hint));
            }
        }
        response
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::Several => StatusCode::BAD_REQUEST,
            Self::Missing | Self::Malformed(_) | Self::Untrusted(_) | Self::NoKey(_) => {
                StatusCode::UNAUTHORIZED
            }
            Self::NotHere | Self::Scopes(_) => StatusCode::FORBIDDEN,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NoKeys { .. } | Self::NoBook => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// When to come back with the same, where that can help.
    const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NoKeys { retry_after } | Self::TooMany { retry_after } => Some(*retry_after),
            Self::NoBook => Some(NO_BOOK),
            _ => None,
        }
    }

    /// RFC 6750, section 3.1: no code where the request brought no token at all.
    const fn code(&self) -> Option<&'static str> {
        match self {
            Self::Missing | Self::NoKey(_) => None,
            Self::NotHere | Self::Scopes(_) => Some("insufficient_scope"),
            Self::Several => Some("invalid_request"),
            Self::Malformed(_) | Self::Untrusted(_) => Some("invalid_token"),
            Self::NoKeys { .. } | Self::NoBook | Self::TooMany { .. } => {
                Some("temporarily_unavailable")
            }
        }
    }

    fn challenge(&self, hint: &Hint) -> HeaderValue {
        let mut text = r#"Bearer realm="portcullis""#.to_owned();
        let needed = match self {
            Self::Scopes(needed) => Some(needed.join(" ")),
            _ => hint.scope.map(str::to_owned),
        };
        let challenged = self.retry_after().is_none();
        let error = self.code().filter(|_| challenged);
        for (name, value) in [
            ("resource_metadata", hint.document.as_deref()),
            ("scope", needed.as_deref()),
            ("error", error),
            ("error_description", self.short()),
        ] {
            if let Some(value) = value {
                text.push_str(&format!(r#", {name}="{value}""#));
            }
        }
        // The address is a parsed URL or was compared with the names of this server.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("Bearer"))
    }

    /// What is wrong, in a few words without quotes.
    const fn short(&self) -> Option<&'static str> {
        match self {
            Self::Several => Some("more than one Authorization header"),
            Self::Malformed(_) => Some("the token is malformed"),
            Self::Untrusted(_) => Some("the token is not valid here"),
            Self::NotHere => Some("not for this connection"),
            Self::Scopes(_) => Some("the token lacks a scope"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(document: &str) -> Hint {
        Hint {
            document: Some(document.to_owned()),
            scope: Some("crm.read"),
        }
    }

    #[test]
    fn a_token_that_lacks_a_scope_is_told_all_that_it_takes() {
        let refusal = Refusal::Scopes(vec!["crm.read", "crm.write"]);
        let response = refusal.answer(&hint("https://x"));
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(
            response.headers()[header::WWW_AUTHENTICATE],
            "Bearer realm=\"portcullis\", resource_metadata=\"https://x\", scope=\"crm.read crm.write\", error=\"insufficient_scope\", error_description=\"the token lacks a scope\""
        );
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
            (
                Refusal::Untrusted(Untrusted::Audience),
                401,
                Some("invalid_token"),
            ),
        ] {
            let response = refusal.answer(&Hint::default());
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

    #[test]
    fn where_to_get_a_token() {
        let document = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
        for refusal in [Refusal::Missing, Refusal::Untrusted(Untrusted::Expired)] {
            let response = refusal.answer(&hint(document));
            let challenge = response.headers()[header::WWW_AUTHENTICATE]
                .to_str()
                .unwrap();
            let named = format!("resource_metadata=\"{document}\"");
            assert!(challenge.contains(&named), "{challenge}");
            assert!(!challenge.contains("expired"), "{challenge}");
        }
    }

    #[test]
    fn no_keys_is_no_verdict() {
        let retry_after = Duration::from_millis(4200);
        let response = Refusal::NoKeys { retry_after }.answer(&hint("https://x"));
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "5");
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
    }
}
