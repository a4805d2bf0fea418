//! What a request is compared with: the arguments of its call, and what the call has made so far.
//!
//! Owns sources and pointers, as manifests write them. It must not know which matcher asks, nor
//! which request is asked about.

use serde_json::Value;

use super::json;

/// What begins a source that looks into answers.
const MADE: &str = "made:";

/// The longest text that is remembered from an answer: ids are far below, and a segment could not
/// hold more.
const LONGEST: usize = super::segment::LONGEST_SEGMENT;

/// What earlier requests of one call made: values of their answers, by the pointers that its routes
/// name.
#[derive(Debug, Default)]
pub struct Made(Vec<(String, Value)>);

impl Made {
    /// Remembers what an answer holds at these pointers. An answer that two readers may understand
    /// differently holds nothing, and so does one whose value there is neither a text nor a number.
    pub fn learn(&mut self, pointers: &[String], answer: &[u8]) {
        if pointers.is_empty() {
            return;
        }
        let Ok(answer) = json::read(answer) else {
            return;
        };
        for pointer in pointers {
            let value = answer.pointer(pointer);
            if let Some(value) = value.filter(|value| is_short(value)) {
                self.0.push((pointer.clone(), value.clone()));
            }
        }
    }
}

fn is_short(value: &Value) -> bool {
    text(value).is_some_and(|text| (1..=LONGEST).contains(&text.len()))
}

/// The arguments of a call, and what it has made.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The checked arguments.
    pub arguments: &'a Value,
    /// What earlier requests made.
    pub made: &'a Made,
}

impl<'a> Known<'a> {
    /// The values of a source, none if there is nothing.
    pub(super) fn values(&self, source: &str) -> Vec<&'a Value> {
        match made(source) {
            Some(pointer) => {
                let made = self.made.0.iter().filter(|(known, _)| known == pointer);
                made.map(|(_, value)| value).collect()
            }
            None => any(self.arguments, source),
        }
    }

    /// Whether a source has this value.
    pub(super) fn has(&self, source: &str, value: &Value) -> bool {
        self.values(source).contains(&value)
    }

    /// Whether a source has this text, or the number of these digits.
    pub(super) fn has_text(&self, source: &str, wanted: &str) -> bool {
        let values = self.values(source);
        values
            .into_iter()
            .any(|value| text(value).is_some_and(|text| text == wanted))
    }

    /// Whether every value of a body at a pointer is an object with no members but those of a list.
    pub(super) fn has_only(&self, body: &Value, pointer: &str, names: &[String]) -> bool {
        let is_within = |object: &serde_json::Map<String, Value>| {
            object.keys().all(|name| self.is_listed(names, name))
        };
        let objects = every(body, pointer);
        objects.is_some_and(|found| {
            let mut found = found.into_iter();
            found.all(|value| value.as_object().is_some_and(is_within))
        })
    }

    /// Whether a name is among those of a list, in which a source stands for the members of its
    /// objects.
    pub(super) fn is_listed(&self, list: &[String], name: &str) -> bool {
        let of_source = |value: &&Value| value.get(name).is_some();
        list.iter().any(|entry| match entry.starts_with('/') {
            true => self.values(entry).iter().any(of_source),
            false => entry == name,
        })
    }
}

/// The pointer into answers of a source that looks there.
pub(super) fn made(source: &str) -> Option<&str> {
    source.strip_prefix(MADE)
}

/// The text of a value, or the digits of a number.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(digits) => Some(digits.to_string()),
        _ => None,
    }
}

/// The values of the arguments at a pointer in which `*` stands for any element of a list; what is
/// no list counts as its only element.
fn any<'v>(value: &'v Value, pointer: &str) -> Vec<&'v Value> {
    let mut found = vec![value];
    for token in tokens(pointer) {
        let step = |value: &'v Value| match (token.as_str(), value) {
            ("*", Value::Array(elements)) => elements.iter().collect(),
            ("*", value) => vec![value],
            (token, value) => member(value, token).into_iter().collect::<Vec<_>>(),
        };
        found = found.into_iter().flat_map(step).collect();
    }
    found
}

/// The values of a body at a pointer in which `*` stands for every element of a list; none if one
/// of them has nothing there.
pub(super) fn every<'v>(value: &'v Value, pointer: &str) -> Option<Vec<&'v Value>> {
    let mut found = vec![value];
    for token in tokens(pointer) {
        let mut next = Vec::new();
        for value in found {
            match (token.as_str(), value) {
                ("*", Value::Array(elements)) => next.extend(elements),
                ("*", _) => return None,
                (token, value) => next.push(member(value, token)?),
            }
        }
        found = next;
    }
    Some(found)
}

/// The tokens of a pointer, unescaped.
pub(super) fn tokens(pointer: &str) -> impl Iterator<Item = String> {
    let tokens = pointer.split('/').skip(1);
    tokens.map(|token| token.replace("~1", "/").replace("~0", "~"))
}

/// A member of an object or an element of a list. A number stands for a place in a list and for
/// nothing else: PHP and its kin take the members of an object in the order in which they stand,
/// whatever their names.
fn member<'v>(value: &'v Value, token: &str) -> Option<&'v Value> {
    match value {
        Value::Array(elements) => elements.get(token.parse::<usize>().ok()?),
        Value::Object(members) if token.parse::<u64>().is_err() => members.get(token),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places() {
        let body = json!([null, "Accounts", [[1], [2]], { "1": "x", "a": { "b": 3 } }]);
        assert_eq!(every(&body, "/1"), Some(vec![&json!("Accounts")]));
        assert_eq!(every(&body, "/3/a/b"), Some(vec![&json!(3)]));
        assert_eq!(every(&body, "/2/*"), Some(vec![&json!([1]), &json!([2])]));
        assert_eq!(every(&body, ""), Some(vec![&body]));
        assert_eq!(every(&json!([[], []]), "/0/*"), Some(vec![]));
        for pointer in ["/9", "/3/1", "/a", "/1/*", "/3/*", "/2/*/1"] {
            assert_eq!(every(&body, pointer), None, "{pointer}");
        }
        // An object in place of the list of arguments: PHP 7 would go by the order alone.
        let object = json!({ "session": null, "1": "Accounts", "2": [] });
        assert_eq!((every(&object, "/1"), every(&object, "/2")), (None, None));
    }

    #[test]
    fn sources() {
        let arguments = json!({
            "id": "7", "n": 7, "ids": ["a", "b"], "one": "c", "rows": [{ "id": "x" }, { "name": "y" }],
            "none": null, "deep": { "a/b": true }
        });
        let mut made = Made::default();
        made.learn(&["/id".to_owned()], br#"{"id":"new"}"#);
        made.learn(&["/id".to_owned()], br#"{"id":8}"#);
        let known = Known {
            arguments: &arguments,
            made: &made,
        };
        for (source, values) in [
            ("/id", json!(["7"])),
            ("/ids", json!([["a", "b"]])),
            ("/ids/*", json!(["a", "b"])),
            ("/one/*", json!(["c"])),
            ("/rows/*/id", json!(["x"])),
            ("/none", json!([null])),
            ("/deep/a~1b", json!([true])),
            ("/missing", json!([])),
            ("/missing/*", json!([])),
            ("made:/id", json!(["new", 8])),
            ("made:/other", json!([])),
        ] {
            assert_eq!(json!(known.values(source)), values, "{source}");
        }
        assert!(known.has("/ids/*", &json!("a")) && !known.has("/ids/*", &json!("c")));
        assert!(known.has("/n", &json!(7)) && !known.has("/id", &json!(7)));
        assert!(known.has_text("/n", "7") && known.has_text("made:/id", "8"));
        assert!(!known.has_text("/ids", "a") && !known.has_text("/none", "null"));
        let names = ["fixed", "/rows/*"].map(str::to_owned);
        for (name, listed) in [
            ("fixed", true),
            ("id", true),
            ("name", true),
            ("/rows/*", false),
        ] {
            assert_eq!(known.is_listed(&names, name), listed, "{name}");
        }
        assert!(!known.is_listed(&names, "other") && !known.is_listed(&names, "ID"));
    }

    #[test]
    fn answers_that_teach_nothing() {
        let mut made = Made::default();
        let pointers = ["/id".to_owned()];
        let long = format!(r#"{{"id":"{}"}}"#, "a".repeat(LONGEST + 1));
        for answer in [
            r#"{"id":"a","id":"b"}"#,
            r#"{"id":null}"#,
            r#"{"id":["a"]}"#,
            r#"{"id":""}"#,
            r#"[{"id":"a"}]"#,
            "<html>",
            &long,
        ] {
            made.learn(&pointers, answer.as_bytes());
            assert!(made.0.is_empty(), "{answer}");
        }
        made.learn(&[], br#"{"id":"a"}"#);
        assert!(made.0.is_empty());
    }
}
