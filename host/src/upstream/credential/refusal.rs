//! How a refusal looks, and what of it may be repeated.
//!
//! Owns the comparison with a manifest's `expired`, and the few words of a CRM that may stand in a
//! message. It must not know what follows from a refusal.

use portcullis_manifest::Expired;
use serde_json::Value;

use super::place::checked_pointer;
use super::request::Reply;
use super::secrets::Secrets;
use super::template::TemplateError;

/// The longest answer that is looked into: a refusal is short, a list of records is none.
const LONGEST: usize = 64 * 1024;

/// The longest quotation, in characters.
const LONGEST_QUOTE: usize = 80;

/// A manifest's `expired`.
pub(in crate::upstream) struct Refusals {
    statuses: Vec<u16>,
    values: Vec<(String, Vec<Value>)>,
}

impl Refusals {
    /// Reads the list; an empty one takes 401 for a refusal.
    ///
    /// # Errors
    /// A pointer is none.
    pub(super) fn parse(list: &[Expired]) -> Result<Self, TemplateError> {
        let (mut statuses, mut values) = (Vec::new(), Vec::new());
        for one in list {
            match one {
                Expired::Status { status } => statuses.extend(status),
                Expired::Json { json, is } => values.push((checked_pointer(json)?, is.clone())),
            }
        }
        if list.is_empty() {
            statuses.push(401);
        }
        Ok(Self { statuses, values })
    }

    /// Whether an answer refuses the credential. Values are compared with their type: the number 10
    /// is not the text "10".
    pub(in crate::upstream) fn fits(&self, status: u16, body: &[u8]) -> bool {
        if self.statuses.contains(&status) {
            return true;
        }
        if self.values.is_empty() || body.len() > LONGEST {
            return false;
        }
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return false;
        };
        let fits = |(pointer, values): &(String, Vec<Value>)| {
            body.pointer(pointer)
                .is_some_and(|found| values.contains(found))
        };
        self.values.iter().any(fits)
    }
}

/// The CRM's own words about a refused login, if it has any that can be repeated: the name and the
/// number of an error object. Not its longer texts, which may echo what was sent; nothing of a page.
pub(super) fn quote(reply: &Reply, secrets: &Secrets) -> Option<String> {
    let body = reply.json()?;
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let name = text("name").or_else(|| text("error"))?;
    let plain = |c: char| c.is_alphanumeric() || " _-.,:'".contains(c);
    let fits = name.chars().count() <= LONGEST_QUOTE && name.chars().all(plain);
    if !fits || name.trim().is_empty() || secrets.occur_in(name) {
        return None;
    }
    Some(match body.get("number").and_then(Value::as_i64) {
        Some(number) => format!("{name} ({number})"),
        None => name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusals(list: Value) -> Refusals {
        let list: Vec<Expired> = serde_json::from_value(list).unwrap();
        Refusals::parse(&list).unwrap()
    }

    #[test]
    fn values_count_with_their_type() {
        let v4 = refusals(json!([{ "json": "/number", "is": [10, 11] }]));
        for (status, body, refused) in [
            (
                200,
                json!({ "name": "Invalid Session ID", "number": 11 }),
                true,
            ),
            (200, json!({ "number": 10 }), true),
            (200, json!({ "number": "11" }), false),
            (200, json!({ "number": 110 }), false),
            (200, json!({ "number": 11.0 }), false),
            (200, json!({ "entry": { "number": 11 } }), false),
            (200, json!(null), false),
            (401, json!({}), false),
        ] {
            assert_eq!(
                v4.fits(status, body.to_string().as_bytes()),
                refused,
                "{body}"
            );
        }
        assert!(!v4.fits(200, b"<html>11</html>"));
        let long = format!("{{\"number\":11,\"x\":\"{}\"}}", "x".repeat(LONGEST));
        assert!(!v4.fits(200, long.as_bytes()));
    }

    #[test]
    fn statuses() {
        let v8 = refusals(json!([{ "status": [401, 419] }]));
        assert!(v8.fits(419, b"") && v8.fits(401, b"") && !v8.fits(403, b""));
        assert!(refusals(json!([])).fits(401, b""));
        let bad: Vec<Expired> =
            serde_json::from_value(json!([{ "json": "x", "is": [1] }])).unwrap();
        assert!(Refusals::parse(&bad).is_err());
    }

    #[test]
    fn quotations() {
        let secrets = Secrets::of(&[("password", "nope")]);
        for (body, quoted) in [
            (
                json!({ "name": "Invalid Login", "number": 10, "description": "Login attempt failed" }).to_string(),
                Some("Invalid Login (10)"),
            ),
            (
                json!({ "error": "unknown_error", "message": "The password is invalid: nope" }).to_string(),
                Some("unknown_error"),
            ),
            (json!({ "error": "bad password nope" }).to_string(), None),
            (json!({ "error": "<b>no</b>" }).to_string(), None),
            (json!({ "error": "x".repeat(81) }).to_string(), None),
            (json!({ "message": "The password is invalid: nope" }).to_string(), None),
            ("<html>Invalid Login</html>".to_owned(), None),
            ("null".to_owned(), None),
        ] {
            let reply = Reply { status: 200, headers: vec![], body: body.clone().into() };
            assert_eq!(quote(&reply, &secrets).as_deref(), quoted, "{body}");
        }
    }
}
