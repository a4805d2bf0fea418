//! A token put into a guest's request by the place that a manifest names.
//!
//! An input is the place as JSON, the token, the content type, each on a line, then the body.

use portcullis::upstream::fuzzing::{self, Placed};
use portcullis_manifest::Place;
use serde_json::Value;
use url::form_urlencoded;

use super::{first_line, kind};
use crate::{Seen, Target};

pub(crate) const TARGET: Target = Target {
    name: "placement",
    about: "a token in a header, a cookie or a form's JSON: it fills the one null and changes nothing else",
    run,
    words: &[
        "{\"cookie\":\"sid\"}\n",
        "{\"header\":\"x-s\",\"value\":\"Bearer {token}\"}\n",
        "{\"form\":\"rest_data\",\"json\":\"/0\"}\n",
        "{key|md5}",
        "{{",
        "application/x-www-form-urlencoded\n",
        "rest_data=",
        "[null,",
        "%5Bnull%5D",
        "&rest_data[]=",
        "null",
        "/-",
        "~1",
    ],
};

const SECRETS: [(&str, &str); 2] = [("key", "s3cret-of-the-recipe"), ("id", "7")];

fn run(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let (place, rest) = first_line(&text);
    let (token, rest) = first_line(rest);
    let (content_type, body) = first_line(rest);
    let Ok(place) = serde_json::from_str::<Place>(place) else {
        return "no place".to_owned();
    };
    let headers = [("content-type".to_owned(), content_type.to_owned())];
    let body = body.as_bytes();
    match fuzzing::place(&place, &SECRETS, token, &headers, Some(body)) {
        Err(error) => {
            let hidden = token.len() < 10
                || text.matches(token).count() > 1
                || !token.bytes().any(|byte| byte.is_ascii_digit())
                || !error.contains(token);
            assert!(hidden, "an error tells the token: {error}");
            assert!(
                !error.contains(SECRETS[0].1),
                "an error tells a secret: {error}"
            );
            kind(&error)
        }
        Ok(None) => "a token that does not fit".to_owned(),
        Ok(Some(placed)) => {
            check(&place, token, body, &placed);
            format!("placed {}", placed.body.is_some())
        }
    }
}

fn check(place: &Place, token: &str, body: &[u8], placed: &Placed) {
    match place {
        Place::Header { .. } | Place::Cookie { .. } => {
            assert_eq!(placed.body, None);
            let (name, value) = placed.header.as_ref().expect("a header");
            name.parse::<http::HeaderName>()
                .expect("the client takes the name");
            let taken: http::HeaderValue = value.parse().expect("the client takes the value");
            assert!(taken.to_str().is_ok());
            if let Place::Cookie { cookie } = place {
                assert_eq!(*value, format!("{cookie}={token}"));
                assert!(!value.contains([';', ',', ' ']), "one cookie: {value}");
            }
        }
        Place::Form { form, json } => {
            assert_eq!(placed.header, None);
            filled(
                form,
                json,
                token,
                body,
                placed.body.as_deref().expect("a body"),
            );
        }
    }
}

/// The pairs are the same, but for the one field, whose JSON is the same, but for the one null.
fn filled(field: &str, pointer: &str, token: &str, before: &[u8], after: &[u8]) {
    let pairs = |bytes: &[u8]| -> Vec<(String, String)> {
        form_urlencoded::parse(bytes).into_owned().collect()
    };
    let (before, after) = (pairs(before), pairs(after));
    assert_eq!(before.len(), after.len());
    let mut found = 0;
    for ((name, old), (same, new)) in before.iter().zip(&after) {
        assert_eq!(name, same);
        if name != field {
            assert_eq!(old, new, "another field changed");
            continue;
        }
        found += 1;
        let mut wanted: Value = serde_json::from_str(old).expect("it was JSON");
        let place = wanted.pointer_mut(pointer).expect("the place is there");
        assert!(place.is_null(), "the place was not empty");
        *place = token.into();
        let new: Value = serde_json::from_str(new).expect("it is JSON");
        assert_eq!(new, wanted, "the JSON changed elsewhere");
    }
    assert_eq!(found, 1, "the field stands once");
}
