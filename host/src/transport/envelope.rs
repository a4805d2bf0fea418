//! The outermost layer of a message: whether a body is one JSON-RPC message at all, before rmcp reads
//! it.
//!
//! rmcp answers a body that is none with plain text, which a client of 2026-07-28 takes for a server of
//! an older revision. Owns the errors that such a body gets instead. Only the envelope is parsed, with
//! everything inside it left as text. It must not know methods, but for the cursor that all lists share.
//!
//! Source: JSON-RPC 2.0, sections 4 and 5; MCP 2026-07-28, base protocol, "messages" (2026-11-20).

use std::borrow::Cow;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rmcp::model::RequestId;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const INVALID_PARAMS: i32 = -32602;

/// How deep a message may nest, in levels; beyond 128 nobody reads it.
const DEEPEST: usize = 100;

/// Why a body is no message, as JSON-RPC tells it.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Malformed {
    /// The HTTP status.
    pub status: StatusCode,
    code: i32,
    message: String,
    /// The id of the request, where it was readable.
    id: Option<RequestId>,
}

#[derive(Deserialize)]
struct Envelope<'m> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'m RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'m RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'m RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'m RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'m RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'m RawValue>,
}

/// A member that stands there, `null` included.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// Accepts one request, notification or answer.
///
/// # Errors
/// The body is not JSON, not a message, or a list is asked for from a cursor that is no text.
pub fn check(body: &[u8]) -> Result<(), Malformed> {
    let not_json = || Malformed::new(PARSE_ERROR, "the body is not JSON");
    let body = std::str::from_utf8(body).map_err(|_| not_json())?;
    if names_surrogate(body.as_bytes()) && serde_json::from_str::<Value>(body).is_err() {
        return Err(not_json());
    }
    let first = body.bytes().find(|byte| !byte.is_ascii_whitespace());
    let envelope: Envelope<'_> = match serde_json::from_str(body) {
        Ok(envelope) if first == Some(b'{') => envelope,
        Err(error) if error.is_syntax() || error.is_eof() => {
            return Err(not_json());
        }
        _ if first == Some(b'[') => {
            return Err(Malformed::new(
                INVALID_REQUEST,
                "send one message per request; batches are not taken",
            ));
        }
        _ => {
            return Err(Malformed::new(
                INVALID_REQUEST,
                "the body is not a JSON-RPC message: an object, each member of it once",
            ));
        }
    };
    envelope.check(depth(body))
}

impl Envelope<'_> {
    fn check(&self, levels: usize) -> Result<(), Malformed> {
        let id = self.id()?;
        let wrong = |message: &str| Malformed::new(INVALID_REQUEST, message).of(id.clone());
        if self.jsonrpc.and_then(text).as_deref() != Some("2.0") {
            return Err(wrong("`jsonrpc` has to be \"2.0\""));
        }
        if levels > DEEPEST {
            let told = format!("the message nests deeper than {DEEPEST} levels");
            return Err(Malformed::new(INVALID_PARAMS, &told).of(id));
        }
        let Some(method) = self.method else {
            let answers = id.is_some() && self.result.is_some() != self.error.is_some();
            return if answers {
                Ok(())
            } else {
                Err(wrong("a message has a `method`, or is the answer to one"))
            };
        };
        let method = text(method).ok_or_else(|| wrong("`method` has to be text"))?;
        let is_object = |raw: &RawValue| raw.get().starts_with('{');
        if self.params.is_some_and(|params| !is_object(params)) {
            let wrong = Malformed::new(INVALID_PARAMS, "`params` has to be an object");
            return Err(wrong.of(id));
        }
        if method.ends_with("/list") && !self.has_good_cursor() {
            let wrong = Malformed::new(INVALID_PARAMS, "`cursor` has to be text");
            return Err(wrong.of(id));
        }
        Ok(())
    }

    /// Text or a whole number; nothing where it is left out.
    fn id(&self) -> Result<Option<RequestId>, Malformed> {
        let id = self.id.map(|raw| serde_json::from_str(raw.get()));
        let told = "`id` has to be text or a whole number";
        id.transpose()
            .map_err(|_| Malformed::new(INVALID_REQUEST, told))
    }

    /// rmcp takes a cursor of another type for none, which would begin the list again.
    fn has_good_cursor(&self) -> bool {
        #[derive(Deserialize)]
        struct List<'p> {
            #[serde(borrow, default, deserialize_with = "present")]
            cursor: Option<&'p RawValue>,
        }
        let params = self.params.map_or("{}", RawValue::get);
        let list: Result<List<'_>, _> = serde_json::from_str(params);
        list.is_ok_and(|list| list.cursor.is_none_or(|cursor| text(cursor).is_some()))
    }
}

/// Whether a body may hold half of a pair such as `\\ud83d`. What is left as text is not looked into, and
/// rmcp would refuse it with an answer that is none.
fn names_surrogate(body: &[u8]) -> bool {
    let mut units = body.windows(4).filter(|unit| unit.starts_with(b"\\u"));
    units.any(|unit| {
        matches!(
            unit,
            [_, _, b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F']
        )
    })
}

/// The levels of JSON that was read before.
fn depth(json: &str) -> usize {
    let (mut deepest, mut now, mut text, mut escaped) = (0, 0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            b'{' | b'[' if !text => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' if !text => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str(raw.get()).ok()
}

impl Malformed {
    fn new(code: i32, message: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code,
            message: message.to_owned(),
            id: None,
        }
    }

    /// A refusal of the body as a whole, whatever stands in it.
    #[must_use]
    pub fn whole(status: StatusCode, message: &str) -> Self {
        Self {
            status,
            ..Self::new(INVALID_REQUEST, message)
        }
    }

    fn of(mut self, id: Option<RequestId>) -> Self {
        self.id = id;
        self
    }

    /// Whether it was JSON at all.
    #[must_use]
    pub const fn is_message(&self) -> bool {
        self.code != PARSE_ERROR
    }

    /// The answer.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let error = json!({"code": self.code, "message": self.message});
        match &self.id {
            Some(id) => json!({"jsonrpc": "2.0", "id": id, "error": error}),
            None => json!({"jsonrpc": "2.0", "error": error}),
        }
    }
}

/// The answer to something that is no message, whoever asked.
#[must_use]
pub fn refusal(message: &str) -> Value {
    Malformed::new(INVALID_REQUEST, message).to_json()
}

impl IntoResponse for Malformed {
    fn into_response(self) -> Response {
        (self.status, Json(self.to_json())).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        for body in [
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"x"}}"#,
            r#" {"jsonrpc":"2.0","method":"notifications/initialized"} "#,
            r#"{"jsonrpc":"2.0","id":0,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":-1,"error":{"code":1,"message":"x"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"a"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"cursor":5}}"#,
        ] {
            assert_eq!(check(body.as_bytes()), Ok(()), "{body}");
        }
    }

    #[test]
    fn no_messages() {
        for (body, code, id) in [
            ("", PARSE_ERROR, None),
            ("{", PARSE_ERROR, None),
            ("hello", PARSE_ERROR, None),
            ("5", INVALID_REQUEST, None),
            ("\"x\"", INVALID_REQUEST, None),
            ("[]", INVALID_REQUEST, None),
            (
                r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
                INVALID_REQUEST,
                None,
            ),
            ("[\"2.0\",1,\"ping\",{},null,null]", INVALID_REQUEST, None),
            (
                r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
                INVALID_REQUEST,
                Some(json!(1)),
            ),
            (
                r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
                INVALID_REQUEST,
                None,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
                INVALID_REQUEST,
                None,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
                INVALID_REQUEST,
                None,
            ),
            (
                r#"{"jsonrpc":"2.0","id":3,"method":4}"#,
                INVALID_REQUEST,
                Some(json!(3)),
            ),
            (
                r#"{"jsonrpc":"2.0","id":3}"#,
                INVALID_REQUEST,
                Some(json!(3)),
            ),
            (
                r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":[1]}"#,
                INVALID_PARAMS,
                Some(json!(3)),
            ),
            (
                r#"{"jsonrpc":"2.0","id":"l","method":"tools/list","params":{"cursor":5}}"#,
                INVALID_PARAMS,
                Some(json!("l")),
            ),
        ] {
            let wrong = check(body.as_bytes()).expect_err(body);
            let answer = wrong.to_json();
            assert_eq!(answer["error"]["code"], code, "{body}");
            assert_eq!(answer.get("id").cloned(), id, "{body}");
            assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
        }
    }

    #[test]
    fn levels() {
        for (json, levels) in [
            ("1", 0),
            (r#"{"a":[{}]}"#, 3),
            (r#"["[[[",{"]":"\"[["}]"#, 2),
        ] {
            assert_eq!(depth(json), levels, "{json}");
        }
        let deep = |levels: usize| {
            let (open, close) = ("[".repeat(levels), "]".repeat(levels));
            let body = format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{"a":{open}{close}}}}}"#
            );
            check(body.as_bytes()).map_err(|wrong| wrong.code)
        };
        assert_eq!(deep(DEEPEST - 2), Ok(()));
        let beside = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"m","other":{}{}}}"#,
            "[".repeat(DEEPEST),
            "]".repeat(DEEPEST)
        );
        assert!(check(beside.as_bytes()).is_err());
        for levels in [DEEPEST, 100_000] {
            assert_eq!(deep(levels), Err(INVALID_PARAMS), "{levels}");
        }
    }

    #[test]
    fn half_a_pair_is_no_text_wherever_it_stands() {
        let half = r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":["\uD83d x"]}}"#;
        assert_eq!(
            check(half.as_bytes()).map_err(|wrong| wrong.code),
            Err(PARSE_ERROR)
        );
        let pair = half.replace(" x", "\\ude00");
        assert_eq!(check(pair.as_bytes()), Ok(()));
    }

    #[test]
    fn bytes_that_are_no_text() {
        for body in [
            &b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}"[..],
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"other\":\"\xff\"}",
        ] {
            assert_eq!(check(body).unwrap_err().code, PARSE_ERROR);
        }
    }
}
