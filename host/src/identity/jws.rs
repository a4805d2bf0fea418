//! The compact form of a signed token (RFC 7515), read strictly.
//!
//! Owns which algorithms there are: signatures with a published key alone. `none` and codes of a
//! shared secret have no name here, so that no key can be mistaken for one. It must not know claims.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Untrusted;

/// How a token may be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Es256,
    /// Ed25519.
    EdDsa,
}

/// A token whose signature was not checked yet.
pub(super) struct Signed<'t> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: String,
    pub(super) claims: Vec<u8>,
    /// What was signed.
    pub(super) message: &'t [u8],
    pub(super) signature: Vec<u8>,
}

/// Of a header, what decides. A member that stands there twice is refused.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that have to be understood; none is.
    crit: Option<IgnoredAny>,
}

impl Algorithm {
    /// By its name in `alg`, which is case-sensitive.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

impl<'t> Signed<'t> {
    /// Takes a token apart.
    pub(super) fn read(token: &'t str) -> Result<Self, Untrusted> {
        let (message, signature) = token.rsplit_once('.').ok_or(Untrusted::Form)?;
        let (header, claims) = message.split_once('.').ok_or(Untrusted::Form)?;
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| Untrusted::Form)?;
        if header.crit.is_some() {
            return Err(Untrusted::Form);
        }
        Ok(Self {
            algorithm: Algorithm::named(&header.alg).ok_or(Untrusted::Algorithm)?,
            key_id: header.kid.ok_or(Untrusted::Key)?,
            claims: decode(claims)?,
            message: message.as_bytes(),
            signature: decode(signature)?,
        })
    }
}

/// Base64url in its one spelling; a dot that is one too many is none of its characters.
fn decode(part: &str) -> Result<Vec<u8>, Untrusted> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Untrusted::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str, rest: &str) -> Result<Algorithm, Untrusted> {
        let token = format!("{}{rest}", URL_SAFE_NO_PAD.encode(header));
        Signed::read(&token).map(|signed| signed.algorithm)
    }

    #[test]
    fn headers() {
        for (header, expected) in [
            (r#"{"alg":"RS256","kid":"k"}"#, Ok(Algorithm::Rs256)),
            (
                r#"{"alg":"ES256","kid":"k","typ":"JWT"}"#,
                Ok(Algorithm::Es256),
            ),
            (r#"{"alg":"EdDSA","kid":"k"}"#, Ok(Algorithm::EdDsa)),
            (r#"{"alg":"none","kid":"k"}"#, Err(Untrusted::Algorithm)),
            (r#"{"alg":"None","kid":"k"}"#, Err(Untrusted::Algorithm)),
            (r#"{"alg":"HS256","kid":"k"}"#, Err(Untrusted::Algorithm)),
            (r#"{"alg":"HS512","kid":"k"}"#, Err(Untrusted::Algorithm)),
            (r#"{"alg":"rs256","kid":"k"}"#, Err(Untrusted::Algorithm)),
            (r#"{"alg":"RS1","kid":"k"}"#, Err(Untrusted::Algorithm)),
            (r#"{"alg":"","kid":"k"}"#, Err(Untrusted::Algorithm)),
            (r#"{"alg":"ES256"}"#, Err(Untrusted::Key)),
            (r#"{"kid":"k"}"#, Err(Untrusted::Form)),
            (r#"{"alg":7,"kid":"k"}"#, Err(Untrusted::Form)),
            (r#"{"alg":"ES256","kid":7}"#, Err(Untrusted::Form)),
            (
                r#"{"alg":"ES256","alg":"none","kid":"k"}"#,
                Err(Untrusted::Form),
            ),
            (
                r#"{"alg":"ES256","kid":"k","crit":["b64"]}"#,
                Err(Untrusted::Form),
            ),
            (r#"["ES256"]x"#, Err(Untrusted::Form)),
            ("no json", Err(Untrusted::Form)),
        ] {
            assert_eq!(read(header, ".e30.AAAA"), expected, "{header}");
        }
    }

    #[test]
    fn forms() {
        let header = r#"{"alg":"ES256","kid":"k"}"#;
        for rest in [
            "",
            ".e30",
            ".e30.AAAA.AAAA",
            "..e30.AAAA",
            ".e30.AA=A",
            ".e30.AAA/",
            ".e30.AAB",
            ".e3 0.AAAA",
        ] {
            assert_eq!(read(header, rest), Err(Untrusted::Form), "{rest}");
        }
        assert_eq!(Signed::read("").err(), Some(Untrusted::Form));
        assert_eq!(Signed::read("..").err(), Some(Untrusted::Form));
    }
}
