//! Texts of a recipe: `{name}` stands for a secret, `{{` for a brace.
//!
//! Owns the grammar and the expansion. It must not know what a text is for.

use zeroize::Zeroizing;

use super::secrets::Secrets;

/// A parsed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Secret(String),
}

/// Why a recipe's text cannot be used. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its partner, or a name that is none.
    #[error("`{{` has to be followed by a secret's name and `}}`; a brace itself is `{{{{`")]
    Brace,
    /// `{name|filter}`.
    #[error("the filter `{0}` is not supported by this release")]
    Filter(String),
    /// A secret that is not set.
    #[error("`secrets.{0}` is not set")]
    Missing(String),
    /// A value that no header can carry.
    #[error("the value for the header `{0}` holds characters that a header cannot carry")]
    Value(String),
    /// A header that no recipe may set.
    #[error("a recipe must not set the header `{0}`")]
    Header(String),
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
                pieces.push(Piece::Secret(secret_name(name)?));
                rest = after;
            }
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    /// Puts the secrets in.
    ///
    /// # Errors
    /// One is not set.
    pub(super) fn expand(&self, secrets: &Secrets) -> Result<Zeroizing<String>, TemplateError> {
        let mut text = Zeroizing::new(String::with_capacity(256));
        for piece in &self.0 {
            match piece {
                Piece::Text(fixed) => text.push_str(fixed),
                Piece::Secret(name) => {
                    let secret = secrets.get(name);
                    let secret = secret.ok_or_else(|| TemplateError::Missing(name.clone()))?;
                    text.push_str(&secret.value);
                }
            }
        }
        Ok(text)
    }
}

/// Reads a text and puts the secrets in.
pub(super) fn expand(text: &str, secrets: &Secrets) -> Result<Zeroizing<String>, TemplateError> {
    Template::parse(text)?.expand(secrets)
}

fn secret_name(text: &str) -> Result<String, TemplateError> {
    if let Some((_, filter)) = text.split_once('|') {
        return Err(TemplateError::Filter(filter.to_owned()));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if text.is_empty() || !text.chars().all(fits) {
        return Err(TemplateError::Brace);
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expansion() {
        let secrets = Secrets::of(&[("key", "{x}"), ("id", "7"), ("empty", "")]);
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
            ("{key|md5}", Err(TemplateError::Filter("md5".to_owned()))),
            ("{", Err(TemplateError::Brace)),
            ("{key", Err(TemplateError::Brace)),
            ("{}", Err(TemplateError::Brace)),
            ("{a b}", Err(TemplateError::Brace)),
        ] {
            let found = expand(text, &secrets).map(|t| t.to_string());
            assert_eq!(found, wanted.map(str::to_owned), "{text}");
        }
    }
}
