//! Where a token goes in a request: into a header, a cookie, or the JSON of a form field.
//!
//! Owns the rule that the guest leaves the place empty: it sends null, and nothing else. It must not
//! know how the token was got.

use std::sync::Arc;

use portcullis_manifest::Place;
use serde_json::Value;
use zeroize::Zeroizing;

use super::SecretHeader;
use super::header::checked_name;
use super::secrets::Secrets;
use super::template::{Template, TemplateError};
use crate::policy::{self, Form};
use crate::upstream::headers;

/// A manifest's place.
pub(in crate::upstream) struct Placement {
    target: Target,
    secrets: Secrets,
}

enum Target {
    Header { name: Arc<str>, value: Template },
    Cookie { name: String },
    Form { field: String, pointer: String },
}

/// Why a token cannot be placed into a guest's request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::upstream) enum PlaceError {
    /// The body is not the form that the credential needs.
    #[error("the credential goes into the form field `{field}`, and {error}")]
    Body {
        /// The field.
        field: String,
        /// What is wrong.
        error: policy::BodyError,
    },
    /// The field stands not at all, or more than once.
    #[error("the credential goes into the form field `{0}`, which has to stand exactly once")]
    Field(String),
    /// The field is not JSON.
    #[error("the credential goes into the form field `{field}`, which cannot be read: {error}")]
    Json {
        /// The field.
        field: String,
        /// What is wrong.
        error: policy::JsonError,
    },
    /// The place is not there, or not null.
    #[error(
        "the host puts the credential at `{pointer}` of the form field `{field}`; the plugin has to send null there"
    )]
    NotNull {
        /// The field.
        field: String,
        /// The pointer.
        pointer: String,
    },
}

/// What of a request a placement changes.
pub(in crate::upstream) struct Placed {
    /// A header to add.
    pub(in crate::upstream) header: Option<SecretHeader>,
    /// The body instead of the guest's.
    pub(in crate::upstream) body: Option<Vec<u8>>,
}

impl Placement {
    /// Checks a manifest's place.
    ///
    /// # Errors
    /// No token can go there.
    pub(in crate::upstream) fn parse(
        place: &Place,
        secrets: &Secrets,
    ) -> Result<Self, TemplateError> {
        let target = match place {
            Place::Header { header, value } => {
                let value = Template::parse(value)?;
                value.expand(secrets, Some(""))?;
                Target::Header {
                    name: checked_name(header)?,
                    value,
                }
            }
            Place::Cookie { cookie } => Target::Cookie {
                name: cookie_name(cookie)?,
            },
            Place::Form { form, json } => Target::Form {
                field: form.clone(),
                pointer: checked_pointer(json)?,
            },
        };
        Ok(Self {
            target,
            secrets: secrets.clone(),
        })
    }

    /// Digests of secrets that stand beside the token.
    pub(super) fn derived(&self) -> Vec<Zeroizing<String>> {
        match &self.target {
            Target::Header { value, .. } => value.digests(&self.secrets),
            Target::Cookie { .. } | Target::Form { .. } => Vec::new(),
        }
    }

    /// Whether a token can be put here at all.
    pub(in crate::upstream) fn takes(&self, token: &str) -> bool {
        match &self.target {
            Target::Header { value, .. } => {
                let value = value.expand(&self.secrets, Some(token));
                value.is_ok_and(|value| headers::is_value(&value))
            }
            Target::Cookie { .. } => token.bytes().all(is_cookie_octet),
            Target::Form { .. } => true,
        }
    }

    /// Looks whether the guest left the place empty.
    ///
    /// # Errors
    /// It did not.
    pub(in crate::upstream) fn check(
        &self,
        headers: &[(String, String)],
        body: Option<&[u8]>,
    ) -> Result<(), PlaceError> {
        self.put("", headers, body).map(drop)
    }

    /// Puts a token where it goes.
    ///
    /// # Errors
    /// The guest did not leave the place empty.
    pub(in crate::upstream) fn put(
        &self,
        token: &str,
        headers: &[(String, String)],
        body: Option<&[u8]>,
    ) -> Result<Placed, PlaceError> {
        let header = |name: &Arc<str>, value| {
            Some(SecretHeader {
                name: Arc::clone(name),
                value: Arc::new(value),
            })
        };
        Ok(match &self.target {
            Target::Header { name, value } => Placed {
                // That it expands was checked when the place was read.
                header: header(
                    name,
                    value.expand(&self.secrets, Some(token)).unwrap_or_default(),
                ),
                body: None,
            },
            Target::Cookie { name } => Placed {
                header: header(&"cookie".into(), Zeroizing::new(format!("{name}={token}"))),
                body: None,
            },
            Target::Form { field, pointer } => Placed {
                header: None,
                body: Some(fill(field, pointer, token, headers, body)?),
            },
        })
    }
}

fn fill(
    field: &str,
    pointer: &str,
    token: &str,
    headers: &[(String, String)],
    body: Option<&[u8]>,
) -> Result<Vec<u8>, PlaceError> {
    let not_form = |error| PlaceError::Body {
        field: field.to_owned(),
        error,
    };
    let mut form = Form::of_request(headers, body).map_err(not_form)?;
    let text = form.once(field);
    let text = text.ok_or_else(|| PlaceError::Field(field.to_owned()))?;
    let mut json = policy::read_json(text.as_bytes()).map_err(|error| PlaceError::Json {
        field: field.to_owned(),
        error,
    })?;
    let place = json.pointer_mut(pointer).filter(|place| place.is_null());
    let place = place.ok_or_else(|| PlaceError::NotNull {
        field: field.to_owned(),
        pointer: pointer.to_owned(),
    })?;
    *place = Value::from(token);
    form.set(field, json.to_string());
    Ok(form.encode())
}

/// A JSON pointer, RFC 6901.
pub(super) fn checked_pointer(pointer: &str) -> Result<String, TemplateError> {
    let escapes = pointer.split('~').skip(1);
    let fits = pointer.is_empty() || pointer.starts_with('/');
    if fits && escapes.into_iter().all(|e| e.starts_with(['0', '1'])) {
        Ok(pointer.to_owned())
    } else {
        Err(TemplateError::Pointer(pointer.to_owned()))
    }
}

/// A token of RFC 9110, which RFC 6265 wants for a cookie's name.
pub(super) fn cookie_name(name: &str) -> Result<String, TemplateError> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !name.is_empty() && name.bytes().all(fits) {
        Ok(name.to_owned())
    } else {
        Err(TemplateError::Cookie(name.to_owned()))
    }
}

/// RFC 6265, section 4.1.1.
fn is_cookie_octet(b: u8) -> bool {
    matches!(b, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use url::form_urlencoded;

    use super::*;

    fn placement(place: Value) -> Result<Placement, TemplateError> {
        let secrets = Secrets::of(&[("key", "k")]);
        Placement::parse(&serde_json::from_value(place).unwrap(), &secrets)
    }

    fn in_form(body: &str) -> Result<String, String> {
        let media = vec![(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        )];
        let placement = placement(json!({ "form": "rest_data", "json": "/0" })).unwrap();
        let placed = placement.put("t\"1", &media, Some(body.as_bytes()));
        let body = placed.map_err(|e| e.to_string())?.body.unwrap();
        Ok(String::from_utf8(body).unwrap())
    }

    #[test]
    fn headers_and_cookies() {
        for (place, name, value) in [
            (
                json!({ "header": "Authorization", "value": "{key} {token}" }),
                "authorization",
                "k abc",
            ),
            (json!({ "cookie": "sid" }), "cookie", "sid=abc"),
        ] {
            let placed = placement(place).unwrap().put("abc", &[], None).unwrap();
            let header = placed.header.unwrap();
            assert_eq!((&*header.name, header.value.as_str()), (name, value));
            assert!(placed.body.is_none());
        }
    }

    #[test]
    fn the_null_becomes_the_token_and_nothing_else_changes() {
        assert_eq!(
            in_form("method=get&rest_data=%5Bnull%2C%22A%22%2C1.50%2Cnull%5D").unwrap(),
            "method=get&rest_data=%5B%22t%5C%221%22%2C%22A%22%2C1.50%2Cnull%5D"
        );
    }

    #[test]
    fn a_place_that_is_not_empty() {
        let not_null = "the host puts the credential at `/0` of the form field `rest_data`; the plugin has to send null there";
        let once =
            "the credential goes into the form field `rest_data`, which has to stand exactly once";
        for (body, error) in [
            (r#"rest_data=["abc"]"#, not_null),
            (r#"rest_data=[""]"#, not_null),
            ("rest_data=[false]", not_null),
            ("rest_data=[]", not_null),
            (r#"rest_data={"1":null}"#, not_null),
            ("method=get", once),
            ("rest_data=[null]&rest_data=[null]", once),
            ("rest_data=[null]&rest_data[]=x", once),
        ] {
            assert_eq!(in_form(body), Err(error.to_owned()), "{body}");
        }
        assert!(
            in_form("rest_data=x")
                .unwrap_err()
                .contains("cannot be read")
        );
        let placement = placement(json!({ "form": "rest_data", "json": "/0" })).unwrap();
        let media = [("content-type".to_owned(), "application/json".to_owned())];
        let error = placement
            .put("t", &media, Some(b"rest_data=[null]"))
            .err()
            .unwrap();
        assert!(error.to_string().contains("content type"), "{error}");
        assert!(placement.check(&[], None).is_err());
    }

    #[test]
    fn tokens_that_do_not_fit() {
        for (place, token, fits) in [
            (json!({ "cookie": "s" }), "abc", true),
            (json!({ "cookie": "s" }), "a;b", false),
            (json!({ "cookie": "s" }), "a b", false),
            (
                json!({ "header": "x-s", "value": "{token}" }),
                "a\r\nhost: evil",
                false,
            ),
            (json!({ "form": "f", "json": "/0" }), "a\r\n", true),
        ] {
            assert_eq!(placement(place).unwrap().takes(token), fits, "{token:?}");
        }
    }

    #[test]
    fn places_that_are_none() {
        for place in [
            json!({ "cookie": "a b" }),
            json!({ "cookie": "" }),
            json!({ "header": "host", "value": "{token}" }),
            json!({ "header": "x-s", "value": "{other}" }),
            json!({ "header": "x-s", "value": "{token|md5}" }),
            json!({ "form": "f", "json": "0" }),
            json!({ "form": "f", "json": "/~2" }),
        ] {
            assert!(placement(place.clone()).is_err(), "{place}");
        }
    }

    proptest! {
        #[test]
        fn a_server_reads_the_token_and_the_guests_own_words(
            token in "\\PC{0,12}|[\\x00-\\x7f]{0,12}",
            (own, other) in ("\\PC{0,8}", "\\PC{0,8}"),
            key in "[a-z~/]{1,4}",
        ) {
            let pointer = format!("/{}/1", key.replace('~', "~0").replace('/', "~1"));
            let placement = placement(json!({ "form": "data", "json": pointer })).unwrap();
            let guests = json!({ "x": own, key.clone(): [own, null, other] }).to_string();
            let mut body = form_urlencoded::Serializer::new(String::new());
            let body = body.append_pair("a", &other).append_pair("data", &guests).finish();
            let media = [("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
            let placed = placement.put(&token, &media, Some(body.as_bytes())).unwrap();
            let sent = placed.body.unwrap();
            let read: Vec<_> = form_urlencoded::parse(&sent).into_owned().collect();
            prop_assert_eq!(&read[0], &("a".to_owned(), other.clone()));
            let wanted = json!({ "x": own, key: [own, token, other] }).to_string();
            prop_assert_eq!(&read[1], &("data".to_owned(), wanted));
        }
    }
}
