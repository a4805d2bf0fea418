//! Bodies that a matcher looks at, in the one spelling that every server reads alike.
//!
//! Owns the media type, the form fields and their re-encoding; JSON text is read by `json`. It
//! must not know routes or tools.

use percent_encoding::percent_decode;
use url::form_urlencoded;

use super::json::JsonError;

/// The media type of a form.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// The media type of JSON.
pub(crate) const JSON: &str = "application/json";

/// The media type of JSON:API documents.
pub(super) const JSON_API: &str = "application/vnd.api+json";

/// Why a body is not in the form that a matcher can look at. Holds no value of the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// No body.
    #[error("there is no body")]
    Missing,
    /// Not exactly one content type, or another one, or one with parameters that matter.
    #[error("the content type has to be exactly one `{}`", .0.join("` or `"))]
    MediaType(&'static [&'static str]),
    /// A form that is not UTF-8.
    #[error("the form is not UTF-8")]
    Encoding,
    /// A field's name that servers spell in several ways, e.g. with blanks or dots.
    #[error(
        "a form field's name holds characters other than letters, digits, `_`, `-` and brackets"
    )]
    FieldName,
    /// JSON that is refused.
    #[error("the body cannot be read: {0}")]
    Json(#[from] JsonError),
}

/// The one media type among `wanted` that the headers name, exactly once. `charset=utf-8` may
/// follow, since all of them are UTF-8 anyway and common clients add it; any other parameter is
/// refused.
///
/// # Errors
/// No such header, several, or another value.
pub(super) fn media_type(
    headers: &[(String, String)],
    wanted: &'static [&'static str],
) -> Result<&'static str, BodyError> {
    let mut found = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let (Some((_, value)), None) = (found.next(), found.next()) else {
        return Err(BodyError::MediaType(wanted));
    };
    let named = wanted.iter().find(|wanted| is_media_type(value, wanted));
    named.copied().ok_or(BodyError::MediaType(wanted))
}

fn is_media_type(value: &str, wanted: &str) -> bool {
    let (media, parameter) = match value.split_once(';') {
        Some((media, parameter)) => (media, Some(parameter.trim_matches(' '))),
        None => (value, None),
    };
    media.trim_matches(' ').eq_ignore_ascii_case(wanted)
        && parameter.is_none_or(|p| p.eq_ignore_ascii_case("charset=utf-8"))
}

/// The fields of a form, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the form of a request.
    ///
    /// # Errors
    /// It has another content type, no body, or one that is no form.
    pub(crate) fn of_request(
        headers: &[(String, String)],
        body: Option<&[u8]>,
    ) -> Result<Self, BodyError> {
        media_type(headers, &[FORM])?;
        Self::read(body.ok_or(BodyError::Missing)?)
    }

    /// Reads a form body.
    ///
    /// # Errors
    /// It is not UTF-8, or a field's name is one that servers do not read alike.
    pub(super) fn read(body: &[u8]) -> Result<Self, BodyError> {
        let mut fields = Vec::new();
        for pair in body.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
            let at = pair.iter().position(|b| *b == b'=');
            let (name, value) = match at {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            let name = decode(name)?;
            if !is_plain_name(&name) {
                return Err(BodyError::FieldName);
            }
            fields.push((name, decode(value)?));
        }
        Ok(Self(fields))
    }

    /// The value of a field that stands exactly once, also counting spellings such as `name[]`
    /// and `NAME` that some server takes for the same field.
    #[must_use]
    pub(crate) fn once(&self, name: &str) -> Option<&str> {
        let mut alike = self.0.iter().filter(|(n, _)| is_alike(n, name));
        match (alike.next(), alike.next()) {
            (Some((found, value)), None) if found == name => Some(value),
            _ => None,
        }
    }

    /// Replaces the value of a field.
    pub(crate) fn set(&mut self, name: &str, value: String) {
        if let Some(field) = self.0.iter_mut().find(|(n, _)| n == name) {
            field.1 = value;
        }
    }

    /// The body as it is sent.
    #[must_use]
    pub(crate) fn encode(&self) -> Vec<u8> {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
            .into_bytes()
    }
}

fn decode(text: &[u8]) -> Result<String, BodyError> {
    let blanks: Vec<u8> = text
        .iter()
        .map(|b| if *b == b'+' { b' ' } else { *b })
        .collect();
    let decoded = percent_decode(&blanks).collect();
    String::from_utf8(decoded).map_err(|_| BodyError::Encoding)
}

fn is_plain_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    name.starts_with(plain) && name.chars().all(|c| plain(c) || matches!(c, '[' | ']'))
}

fn is_alike(found: &str, name: &str) -> bool {
    let base = |text: &str| {
        text.split('[')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    base(found) == base(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content_type(values: &[&str]) -> Vec<(String, String)> {
        let header = |v: &&str| ("Content-Type".to_owned(), (*v).to_owned());
        values.iter().map(header).collect()
    }

    #[test]
    fn media_types() {
        for (values, ok) in [
            (&["application/json"][..], true),
            (&["Application/JSON"], true),
            (&["application/json; charset=utf-8"], true),
            (&["application/json;charset=UTF-8"], true),
            (&["application/json; charset=utf-16"], false),
            (&["application/json; charset=utf-8; x=y"], false),
            (&["application/json, text/plain"], false),
            (&["application/json", JSON_API], false),
            (&["application/json", "application/json"], false),
            (&["application/json", FORM], false),
            (&["application/vnd.api+json"], true),
            (&["application/vnd.api+json; charset=utf-8"], true),
            (&["application/vnd.api+json; ext=x"], false),
            (&["application/problem+json"], false),
            (&["text/plain"], false),
            (&[""], false),
            (&[], false),
        ] {
            let named = media_type(&content_type(values), &[JSON, JSON_API]);
            assert_eq!(named.is_ok(), ok, "{values:?}");
        }
    }

    #[test]
    fn fields_that_stand_once() {
        for (body, value) in [
            ("method=get", Some("get")),
            ("a=1&method=get+it%21&a=2", Some("get it!")),
            ("method", Some("")),
            ("&&method=get&", Some("get")),
            ("method=a=b", Some("a=b")),
            ("method=get&method=set", None),
            ("method=get&method[]=set", None),
            ("method=get&method[x=set", None),
            ("method=get&METHOD=set", None),
            ("method=get&%6dethod=set", None),
            ("method[]=get", None),
            ("a=1", None),
            ("", None),
        ] {
            let form = Form::read(body.as_bytes()).unwrap();
            assert_eq!(form.once("method"), value, "{body}");
        }
    }

    #[test]
    fn ambiguous_names_and_bytes_are_refused() {
        for body in [
            "+method=set",
            "%00method=x",
            "method%00=x",
            "rest.data=x",
            "a%20b=c",
            "=x",
            "é=1",
        ] {
            assert_eq!(
                Form::read(body.as_bytes()),
                Err(BodyError::FieldName),
                "{body}"
            );
        }
        assert_eq!(Form::read(b"a=%ff"), Err(BodyError::Encoding));
    }

    #[test]
    fn what_was_read_is_what_is_sent() {
        let mut form = Form::read(b"a=1;b=2&c=%zz&d[x]=+%2B").unwrap();
        assert_eq!(form.encode(), b"a=1%3Bb%3D2&c=%25zz&d%5Bx%5D=+%2B");
        form.set("a", "{}".to_owned());
        assert_eq!(Form::read(&form.encode()).unwrap(), form);
    }

    proptest! {
        #[test]
        fn a_form_reads_back_whatever_its_values_hold(
            fields in prop::collection::vec(("[A-Za-z0-9_-][A-Za-z0-9_\\[\\]-]{0,6}", "\\PC{0,8}|[\\x00-\\x7f]{0,8}"), 0..5),
        ) {
            let form = Form(fields.clone());
            let encoded = form.encode();
            prop_assert_eq!(Form::read(&encoded), Ok(form));
            let other: Vec<(String, String)> = form_urlencoded::parse(&encoded).into_owned().collect();
            prop_assert_eq!(other, fields);
        }
    }
}
