//! Texts of a recipe: `{name}` stands for a secret, `{name|md5}` for its digest in lower-case hex,
//! `{{` for a brace; where a recipe has a token, `{token}` stands for it.
//!
//! Owns the grammar and the expansion. It must not know what a text is for.

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::issue::MOST_SESSIONS;
use super::secrets::Secrets;
use crate::policy::segment;

/// A parsed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Secret(String),
    Digest(String),
}

/// Why a recipe's text cannot be used. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its partner, or a name that is none.
    #[error("`{{` has to be followed by a secret's name and `}}`; a brace itself is `{{{{`")]
    Brace,
    /// `{name|filter}`.
    #[error("there is no filter `{0}`, only `md5`")]
    Filter(String),
    /// `{token|md5}`.
    #[error("a token is sent as it is, and not as a digest of it")]
    TokenDigest,
    /// A secret that is not set.
    #[error("`secrets.{0}` is not set")]
    Missing(String),
    /// A value that no header can carry.
    #[error("the value for the header `{0}` holds characters that a header cannot carry")]
    Value(String),
    /// A header that no recipe may set.
    #[error("a recipe must not set the header `{0}`")]
    Header(String),
    /// A path that no request may have.
    #[error("the path `{path}` cannot be asked: {error}")]
    Path {
        /// As the manifest has it.
        path: String,
        /// What is wrong.
        error: segment::PathError,
    },
    /// A request with a form and a JSON body at once.
    #[error("a request has either `form` and `form_json`, or `json`")]
    Bodies,
    /// A name that no cookie has.
    #[error("`{0}` is no cookie's name")]
    Cookie(String),
    /// Something that is no JSON pointer.
    #[error("`{0}` is no JSON pointer")]
    Pointer(String),
    /// A recipe without a token, where one is needed.
    #[error("the recipe `{0}` has no token")]
    NoToken(&'static str),
    /// A pool without room.
    #[error("`sessions` has to be from 1 to {MOST_SESSIONS}")]
    Sessions,
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// Its braces are wrong, or it wants a filter.
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            pieces.push(Piece::Text(before.to_owned()));
            if let Some(after) = after.strip_prefix('{') {
                pieces.push(Piece::Text("{".to_owned()));
                rest = after;
            } else {
                let (name, after) = after.split_once('}').ok_or(TemplateError::Brace)?;
                pieces.push(secret(name)?);
                rest = after;
            }
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    /// Puts the secrets in, and the token where there is one.
    ///
    /// # Errors
    /// One is not set.
    pub(super) fn expand(
        &self,
        secrets: &Secrets,
        token: Option<&str>,
    ) -> Result<Zeroizing<String>, TemplateError> {
        let value = |name: &String| match token {
            Some(token) if name == "token" => Ok(token),
            _ => match secrets.get(name) {
                Some(secret) => Ok(secret.value.as_str()),
                None => Err(TemplateError::Missing(name.clone())),
            },
        };
        let mut text = Zeroizing::new(String::with_capacity(256));
        for piece in &self.0 {
            match piece {
                Piece::Text(fixed) => text.push_str(fixed),
                Piece::Secret(name) => text.push_str(value(name)?),
                // It would be as good as the token, and no answer is searched for it.
                Piece::Digest(name) if token.is_some() && name == "token" => {
                    return Err(TemplateError::TokenDigest);
                }
                Piece::Digest(name) => text.push_str(&digest(value(name)?)),
            }
        }
        Ok(text)
    }

    /// The digests that it puts in, which are as good as the secrets themselves; in both spellings.
    pub(super) fn digests(&self, secrets: &Secrets) -> Vec<Zeroizing<String>> {
        let names = self.0.iter().filter_map(|piece| match piece {
            Piece::Digest(name) => secrets.get(name),
            Piece::Text(_) | Piece::Secret(_) => None,
        });
        names
            .flat_map(|secret| {
                let lower = digest(&secret.value);
                let upper = Zeroizing::new(lower.to_ascii_uppercase());
                [lower, upper]
            })
            .collect()
    }
}

fn digest(text: &str) -> Zeroizing<String> {
    Zeroizing::new(hex::encode(Md5::digest(text)))
}

/// The digests of secrets that a text puts in; none of a text that is wrong, which `expand` says.
pub(in crate::upstream) fn digests(text: &str, secrets: &Secrets) -> Vec<Zeroizing<String>> {
    let parsed = Template::parse(text);
    parsed.map_or_else(|_| Vec::new(), |text| text.digests(secrets))
}

/// Reads a text and puts the secrets in.
pub(super) fn expand(text: &str, secrets: &Secrets) -> Result<Zeroizing<String>, TemplateError> {
    Template::parse(text)?.expand(secrets, None)
}

fn secret(text: &str) -> Result<Piece, TemplateError> {
    let (name, filter) = match text.split_once('|') {
        Some((name, filter)) => (name, Some(filter)),
        None => (text, None),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(fits) {
        return Err(TemplateError::Brace);
    }
    match filter {
        None => Ok(Piece::Secret(name.to_owned())),
        Some("md5") => Ok(Piece::Digest(name.to_owned())),
        Some(other) => Err(TemplateError::Filter(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expansion() {
        let secrets = Secrets::of(&[("key", "{x}"), ("id", "7"), ("empty", ""), ("abc", "abc")]);
        let missing = |name: &str| Err(TemplateError::Missing(name.to_owned()));
        for (text, wanted) in [
            ("", Ok("")),
            ("fixed", Ok("fixed")),
            ("Token {key}", Ok("Token {x}")),
            ("{id}{key}-", Ok("7{x}-")),
            ("{{id}", Ok("{id}")),
            ("{{{id}}", Ok("{7}")),
            ("a}", Ok("a}")),
            ("{other}", missing("other")),
            ("{empty}", missing("empty")),
            // RFC 1321, section A.5.
            ("{abc|md5}", Ok("900150983cd24fb0d6963f7d28e17f72")),
            ("-{abc|md5}{{", Ok("-900150983cd24fb0d6963f7d28e17f72{")),
            ("{other|md5}", missing("other")),
            ("{key|sha1}", Err(TemplateError::Filter("sha1".to_owned()))),
            ("{|md5}", Err(TemplateError::Brace)),
            ("{", Err(TemplateError::Brace)),
            ("{key", Err(TemplateError::Brace)),
            ("{}", Err(TemplateError::Brace)),
            ("{a b}", Err(TemplateError::Brace)),
        ] {
            let found = expand(text, &secrets).map(|t| t.to_string());
            assert_eq!(found, wanted.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn the_token_and_the_digests() {
        let secrets = Secrets::of(&[("abc", "abc"), ("token", "fixed")]);
        let text = Template::parse("Bearer {token}{abc|md5}").unwrap();
        let digest = "900150983cd24fb0d6963f7d28e17f72";
        let expanded = text.expand(&secrets, Some("fresh")).unwrap();
        assert_eq!(*expanded, format!("Bearer fresh{digest}"));
        let digests = text.digests(&secrets);
        assert_eq!(*digests[0], digest);
        assert_eq!(*digests[1], digest.to_ascii_uppercase());
    }
}
