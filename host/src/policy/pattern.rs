//! Path patterns of routes: segments joined by `/`, where `{name}` stands for exactly one.
//!
//! Owns the pattern's grammar and its match against raw segments. It must not know what a route
//! does with the segments that its placeholders caught.

use super::segment::{self, SegmentError};

/// A parsed path pattern, e.g. `{entity}/{id}`. A slash at its end stands for the trailing slash
/// that some servers insist on; the empty text for the base itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Placeholder(String),
    TrailingSlash,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A literal segment that no request may carry.
    #[error("segment {number} {error}")]
    Segment {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        error: SegmentError,
    },
    /// Braces that are not the whole segment, or a name of other than letters, digits and `_`.
    #[error(
        "segment {number}: a placeholder is a whole segment, `{{name}}` of letters, digits and underscores"
    )]
    Placeholder {
        /// The segment's number, from 1.
        number: usize,
    },
    /// One name twice.
    #[error("placeholder `{0}` stands twice")]
    Twice(String),
    /// More segments than a request may have.
    #[error("it has more than {} segments", segment::MOST_SEGMENTS)]
    TooMany,
}

/// What the placeholders of a pattern caught.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bindings<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Bindings<'a> {
    /// The raw segment that a placeholder caught.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, s)| *s)
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The first rule of the grammar that it breaks.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let mut parts = Vec::new();
        let (body, slash) = match text.strip_suffix('/') {
            Some(body) if !body.is_empty() => (body, true),
            _ => (text, false),
        };
        if !text.is_empty() {
            for (at, piece) in body.split('/').enumerate() {
                parts.push(Part::parse(piece, at + 1)?);
            }
        }
        if slash {
            parts.push(Part::TrailingSlash);
        }
        if parts.len() > segment::MOST_SEGMENTS {
            return Err(PatternError::TooMany);
        }
        let text = text.to_owned();
        let pattern = Self { text, parts };
        pattern.refuse_twins()?;
        Ok(pattern)
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of its placeholders, in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Placeholder(name) => Some(name.as_str()),
            Part::Literal(_) | Part::TrailingSlash => None,
        })
    }

    /// Matches raw segments, all of them.
    #[must_use]
    pub fn matches<'a>(&'a self, path: &'a [String]) -> Option<Bindings<'a>> {
        if path.len() != self.parts.len() {
            return None;
        }
        let mut bindings = Bindings::default();
        for (part, segment) in self.parts.iter().zip(path) {
            match part {
                Part::Literal(text) if text == segment => {}
                Part::TrailingSlash if segment.is_empty() => {}
                Part::Placeholder(name) if !segment.is_empty() => bindings.0.push((name, segment)),
                _ => return None,
            }
        }
        Some(bindings)
    }

    fn refuse_twins(&self) -> Result<(), PatternError> {
        let names: Vec<_> = self.placeholders().collect();
        match (1..names.len()).find(|at| names[..*at].contains(&names[*at])) {
            Some(at) => Err(PatternError::Twice(names[at].to_owned())),
            None => Ok(()),
        }
    }
}

impl Part {
    fn parse(piece: &str, number: usize) -> Result<Self, PatternError> {
        if !piece.contains(['{', '}']) {
            segment::check(piece).map_err(|error| PatternError::Segment { number, error })?;
            return Ok(Self::Literal(piece.to_owned()));
        }
        piece
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
            .filter(|name| is_placeholder_name(name))
            .map(|name| Self::Placeholder(name.to_owned()))
            .ok_or(PatternError::Placeholder { number })
    }
}

fn is_placeholder_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.len() <= 40
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn bad_patterns() {
        for (text, message) in [
            ("/Account", "segment 1 is empty"),
            ("/", "segment 1 is empty"),
            ("a//b", "segment 2 is empty"),
            ("a//", "segment 2 is empty"),
            ("a/../b", "segment 2 is a dot segment"),
            (
                "a/%2e/b",
                "segment 2 holds a percent-encoded dot, slash, backslash, percent sign or control character",
            ),
            ("a\\b", "segment 1 holds a slash or a backslash"),
            ("{a}/{a}", "placeholder `a` stands twice"),
        ] {
            assert_eq!(Pattern::parse(text).unwrap_err().to_string(), message);
        }
        for text in [
            "a{b}", "{b}c", "{}", "{a b}", "{a", "a}", "{{a}}", "{*}", "{1}",
        ] {
            let error = Pattern::parse(text).unwrap_err();
            assert_eq!(error, PatternError::Placeholder { number: 1 }, "{text}");
        }
    }

    #[test]
    fn matching() {
        for (pattern, asked, holds) in [
            ("Account", "Account", true),
            ("Account", "account", false),
            ("Account", "Account/7", false),
            ("{entity}", "Account", true),
            ("{entity}", "Account/7", false),
            ("{entity}/{id}", "Account/7", true),
            ("Account/{id}", "Contact/7", false),
            ("leads/", "leads/", true),
            ("leads/", "leads", false),
            ("leads", "leads/", false),
            ("leads/{id}/", "leads/7/", true),
            ("leads/{id}", "leads/", false),
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            assert_eq!(
                parsed.matches(&path(asked)).is_some(),
                holds,
                "{pattern} {asked}"
            );
        }
        assert!(Pattern::parse("").unwrap().matches(&[]).is_some());
        assert!(Pattern::parse("").unwrap().matches(&path("a")).is_none());
    }

    #[test]
    fn bindings() {
        let pattern = Pattern::parse("Api/{module}/{id}").unwrap();
        let asked = path("Api/Leads/7");
        let bound = pattern.matches(&asked).unwrap();
        assert_eq!(bound.get("module"), Some("Leads"));
        assert_eq!(bound.get("id"), Some("7"));
        assert_eq!(bound.get("other"), None);
        assert_eq!(pattern.placeholders().collect::<Vec<_>>(), ["module", "id"]);
    }
}
