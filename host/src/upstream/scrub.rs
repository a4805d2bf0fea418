//! Takes secrets out of what comes back from a CRM.
//!
//! Owns the forms in which a server may echo a value, and a replacement that leaves JSON whole. One
//! pass finds whether there is anything to do; only then is anything copied. It must not know which
//! request or recipe the secrets belong to.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;
use serde::de::IgnoredAny;
use serde_json::Value;
use url::form_urlencoded;

use crate::policy::segment;

/// What stands in a secret's place; harmless inside a JSON string, HTML and a header.
pub const REDACTED: &str = "[redacted]";

/// The fewest characters of a value that is scrubbed: shorter ones occur in ordinary text.
const SHORTEST: usize = 8;

/// Whether a value is left alone.
#[must_use]
pub(super) fn is_too_short(value: &str) -> bool {
    value.chars().nth(SHORTEST - 1).is_none()
}

/// Finds and replaces the secrets of one connection.
pub struct Scrubber(Option<AhoCorasick>);

impl Scrubber {
    /// Prepares the search for all forms of these values.
    ///
    /// # Errors
    /// The values are too large to search for, gigabytes of them.
    pub fn new<'v>(values: impl IntoIterator<Item = &'v str>) -> Result<Self, BuildError> {
        Self::searching(values, None)
    }

    /// The same for the one value of a caller: made in the middle of a call and for many callers,
    /// so it is small and quickly built rather than the fastest to search with.
    ///
    /// # Errors
    /// As [`Scrubber::new`].
    pub(super) fn of_one(value: &str) -> Result<Self, BuildError> {
        Self::searching([value], Some(AhoCorasickKind::ContiguousNFA))
    }

    /// The same for what one request alone carries: made for its answer, and dropped with it.
    ///
    /// # Errors
    /// As [`Scrubber::new`].
    pub(super) fn of_one_request<'v>(
        values: impl IntoIterator<Item = &'v str>,
    ) -> Result<Self, BuildError> {
        Self::searching(values, Some(AhoCorasickKind::NoncontiguousNFA))
    }

    fn searching<'v>(
        values: impl IntoIterator<Item = &'v str>,
        kind: Option<AhoCorasickKind>,
    ) -> Result<Self, BuildError> {
        let long = values.into_iter().filter(|value| !is_too_short(value));
        let forms: BTreeSet<_> = long.flat_map(forms).collect();
        if forms.is_empty() {
            return Ok(Self(None));
        }
        let mut builder = AhoCorasick::builder();
        let finder = builder
            .match_kind(MatchKind::LeftmostLongest)
            .kind(kind)
            .build(forms)?;
        Ok(Self(Some(finder)))
    }

    /// How much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, AhoCorasick::memory_usage)
    }

    /// Scrubs a body. What was JSON stays JSON: where a replacement would break it, e.g. in a
    /// number, the whole value becomes the replacement's string.
    #[must_use]
    pub fn body(&self, body: Vec<u8>) -> Vec<u8> {
        let Some(finder) = self.finder_if(|f| f.is_match(&body)) else {
            return body;
        };
        let scrubbed =
            finder.replace_all_bytes(&body, &[REDACTED; 1].repeat(finder.patterns_len()));
        if !is_json(&body) || is_json(&scrubbed) {
            return scrubbed;
        }
        match serde_json::from_slice(&body) {
            Ok(value) => self.json(value).to_string().into_bytes(),
            Err(_) => scrubbed,
        }
    }

    /// Scrubs a header's value or a message.
    #[must_use]
    pub fn text(&self, text: String) -> String {
        match self.finder_if(|f| f.is_match(&text)) {
            Some(finder) => finder.replace_all(&text, &[REDACTED; 1].repeat(finder.patterns_len())),
            None => text,
        }
    }

    fn json(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.into_iter().map(|item| self.json(item)).collect(),
            Value::Object(entries) => {
                let entries = entries.into_iter();
                entries
                    .map(|(key, value)| (self.text(key), self.json(value)))
                    .collect()
            }
            Value::Number(number) => {
                let text = number.to_string();
                let found = self.finder_if(|finder| finder.is_match(&text)).is_some();
                if found {
                    REDACTED.into()
                } else {
                    Value::Number(number)
                }
            }
            Value::Null | Value::Bool(_) => value,
        }
    }

    fn finder_if(&self, found: impl FnOnce(&AhoCorasick) -> bool) -> Option<&AhoCorasick> {
        self.0.as_ref().filter(|finder| found(finder))
    }
}

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// Every form of a value that is looked for. A token that is itself percent-encoded, as in a cookie, is
/// looked for decoded as well.
fn forms(value: &str) -> BTreeSet<String> {
    let mut forms = forms_of(value);
    let decoded = percent_decode_str(value).decode_utf8_lossy();
    if decoded != value && !is_too_short(&decoded) {
        forms.extend(forms_of(&decoded));
    }
    forms
}

fn forms_of(value: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::from([value.to_owned()]);
    forms.extend(percent_forms(value));
    for json in json_forms(value) {
        // JSON in a form field is encoded twice.
        forms.extend(percent_forms(&json));
        forms.insert(json);
    }
    for html in html_forms(value) {
        // CRMs keep texts as HTML, and tell of them in JSON.
        forms.extend(json_forms(&html));
        forms.insert(html);
    }
    forms.extend([hex::encode(value), hex::encode_upper(value)]);
    for coded in base64_forms(value.as_bytes()) {
        // What follows the last of these is found without its escapes.
        if coded.contains(['+', '/']) {
            forms.extend(json_forms(&coded));
            forms.extend(percent_forms(&coded));
        }
        forms.insert(coded);
    }
    forms
}

/// Which characters below U+0080 a writer of JSON escapes beside those that it has to.
const ESCAPED: [&str; 3] = [
    "",    // Go, Rails, and PHP where it is told to.
    "<>&", // .NET, and PHP with all its flags.
    "<>&'+`\"",
];

/// As in a JSON string: as writers do it that escape slashes or not, all but ASCII or not, what HTML
/// gives a meaning or not, with digits of either case.
fn json_forms(value: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::new();
    for escaped in ESCAPED {
        for beyond_ascii in [false, true] {
            for digits in [lower_escape, upper_escape] {
                let text = json_form(value, escaped, beyond_ascii, digits);
                forms.insert(text.replace('/', "\\/"));
                forms.insert(text);
            }
        }
    }
    forms
}

fn json_form(value: &str, escaped: &str, beyond_ascii: bool, escape: fn(u16) -> String) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        if escaped.contains(c) || beyond_ascii && !c.is_ascii() {
            text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|u| escape(*u)));
        } else if c == '"' || c == '\\' || c.is_control() && c.is_ascii() {
            let quoted = Value::from(c.to_string()).to_string();
            text.push_str(&quoted[1..quoted.len() - 1]);
        } else {
            text.push(c);
        }
    }
    text
}

fn lower_escape(unit: u16) -> String {
    format!("\\u{unit:04x}")
}

fn upper_escape(unit: u16) -> String {
    format!("\\u{unit:04X}")
}

/// As in a path, a query and a form, with digits of either case, and as the scripts of browsers, PHP
/// and Python do it.
fn percent_forms(value: &str) -> BTreeSet<String> {
    let path: String = segment::encode(value).collect();
    let form: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let kept = |text: &str, kept: &str| {
        kept.chars().fold(text.to_owned(), |text, c| {
            text.replace(&format!("%{:02X}", u32::from(c)), &c.to_string())
        })
    };
    let script = kept(&path, "!'()*");
    // A path keeps what has no meaning in it.
    let whole = kept(&script, "$&+,;=:@");
    let slashes = kept(&path, "/");
    let php = path.replace('~', "%7E");
    let php_form = form.replace('*', "%2A");
    let all = [path, form, script, whole, slashes, php, php_form];
    all.iter()
        .map(|text| lower_digits(text))
        .chain(all.clone())
        .collect()
}

/// `%2F` as `%2f`.
fn lower_digits(text: &str) -> String {
    let mut parts = text.split('%');
    let mut lower = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        lower.push('%');
        lower.push_str(&digits.to_ascii_lowercase());
        lower.push_str(rest);
    }
    lower
}

/// As in HTML and XML, with the usual spellings of an apostrophe, a quotation mark and a slash, and of
/// what is beyond ASCII.
fn html_forms(value: &str) -> BTreeSet<String> {
    let escaped = value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let mut forms = BTreeSet::from([escaped.clone()]);
    for quote in ["&quot;", "&#34;"] {
        for apostrophe in ["'", "&#039;", "&#39;", "&#x27;", "&apos;"] {
            let quoted = escaped.replace('"', quote).replace('\'', apostrophe);
            // What OWASP advises, and Mustache does in this spelling.
            let slash = quoted.replace('/', "&#x2F;");
            forms.insert(slash.replace('`', "&#x60;").replace('=', "&#x3D;"));
            forms.insert(slash);
            forms.insert(quoted);
        }
    }
    if !value.is_ascii() {
        let numbered = forms.iter().map(|form| numbered(form));
        forms.extend(numbered.collect::<Vec<_>>());
    }
    forms
}

/// With what is beyond ASCII as decimal references.
fn numbered(text: &str) -> String {
    let reference = |c: char| match c.is_ascii() {
        true => c.to_string(),
        false => format!("&#{};", u32::from(c)),
    };
    text.chars().map(reference).collect()
}

/// As part of a base64 text, whatever precedes it: the characters that depend on the value alone,
/// for each of the three alignments and both alphabets; and the encoding of the value itself.
fn base64_forms(value: &[u8]) -> Vec<String> {
    let mut forms = vec![STANDARD.encode(value)];
    for (before, affected) in [(0, 0), (1, 2), (2, 3)] {
        let shifted = [&b"\0\0"[..before], value].concat();
        let whole = shifted.len() * 8 / 6;
        forms.push(STANDARD_NO_PAD.encode(&shifted)[affected..whole].to_owned());
        forms.push(URL_SAFE_NO_PAD.encode(&shifted)[affected..whole].to_owned());
    }
    forms
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const SECRET: &str = "p/ä\"s&<'w=+1?";

    fn scrubbed(secret: &str, body: &str) -> String {
        let scrubber = Scrubber::new([secret]).unwrap();
        String::from_utf8(scrubber.body(body.into())).unwrap()
    }

    #[test]
    fn every_form_goes() {
        for body in [
            SECRET.to_owned(),
            json!({ "echo": SECRET }).to_string(),
            r#"{"php":"p\/\u00e4\"s&<'w=+1?"}"#.to_owned(),
            "q=p%2F%C3%A4%22s%26%3C%27w%3D%2B1%3F".to_owned(),
            "q=p%2f%c3%a4%22s%26%3c%27w%3d%2b1%3f".to_owned(),
            "q=p%2F%C3%A4%22s%26%3C'w%3D%2B1%3F".to_owned(),
            "<b>p/ä&quot;s&amp;&lt;&#039;w=+1?</b>".to_owned(),
            "<b>p/ä&#34;s&amp;&lt;&#39;w=+1?</b>".to_owned(),
            "<b>p/ä\"s&amp;&lt;'w=+1?</b>".to_owned(),
            format!("<{}>", hex::encode(SECRET)),
            format!("<{}>", hex::encode_upper(SECRET)),
            format!("Basic {}", STANDARD.encode(SECRET)),
            r#"{"go":"p/ä\"s\u0026\u003c'w=+1?"}"#.to_owned(),
            r#"{"net":"p/\u00E4\u0022s\u0026\u003C\u0027w=\u002B1?"}"#.to_owned(),
            r#"{"java":"p/\u00E4\"s&<'w=+1?"}"#.to_owned(),
            r#"{"page":"p\/ä&quot;s&amp;&lt;&#039;w=+1?"}"#.to_owned(),
            "<b>p/&#228;&quot;s&amp;&lt;&apos;w=+1?</b>".to_owned(),
            "<b>p&#x2F;ä&quot;s&amp;&lt;&#x27;w&#x3D;+1?</b>".to_owned(),
            "/p/%C3%A4%22s%26%3C%27w%3D%2B1%3F".to_owned(),
            "/p%2F%C3%A4%22s&%3C'w=+1%3F".to_owned(),
            format!(
                "q={}",
                form_urlencoded::byte_serialize(STANDARD.encode(SECRET).as_bytes())
                    .collect::<String>()
            ),
        ] {
            let clean = scrubbed(SECRET, &body);
            assert!(clean.contains(REDACTED), "{body} -> {clean}");
            assert!(
                !clean.contains("%3D") && !clean.contains("w="),
                "{body} -> {clean}"
            );
        }
    }

    #[test]
    fn a_token_that_is_percent_encoded_is_known_decoded_too() {
        for body in [
            "sid=eyJpdiI6%3D%2Babc",
            "eyJpdiI6=+abc",
            "eyJpdiI6%3d%2babc",
            "eyJpdiI6=\\u002Babc",
        ] {
            assert!(
                scrubbed("eyJpdiI6%3D%2Babc", body).contains(REDACTED),
                "{body}"
            );
        }
        // What is decoded is too short to be looked for.
        assert_eq!(scrubbed("%61%62%63", "abc"), "abc");
    }

    /// A usual token, the longest usual password, and what each of them costs in memory.
    #[test]
    fn the_search_stays_small() {
        let size = |value: &str| Scrubber::new([value]).unwrap().bytes() >> 10;
        assert!(size(&"0123456789abcdef".repeat(2)) < 200);
        assert!(size(SECRET) < 400, "{}", size(SECRET));
    }

    #[test]
    fn short_values_and_other_text_stay() {
        assert_eq!(scrubbed("1234567", "id 1234567"), "id 1234567");
        assert_eq!(scrubbed("12345678", "id 12345678."), "id [redacted].");
        assert_eq!(
            scrubbed("hunter2hunter2", "hunter2 hunter2"),
            "hunter2 hunter2"
        );
        assert_eq!(Scrubber::new([]).unwrap().text("text".to_owned()), "text");
    }

    #[test]
    fn json_stays_json() {
        for (secret, body, wanted) in [
            (
                "12345678",
                r#"{"a":9912345678,"b":"x12345678"}"#,
                r#"{"a":"[redacted]","b":"x[redacted]"}"#,
            ),
            (
                "nabcdefgh",
                r#"{"a":"\nabcdefgh"}"#,
                r#"{"a":"\nabcdefgh"}"#,
            ),
            (
                "\":\"hidden",
                r#"{"a":"hidden","b":1.50}"#,
                r#"{"a":"hidden","b":1.50}"#,
            ),
            (
                "hunter2hunter2",
                r#"{"hunter2hunter2":[null,true]}"#,
                r#"{"[redacted]":[null,true]}"#,
            ),
        ] {
            assert_eq!(scrubbed(secret, body), wanted);
        }
    }

    proptest! {
        #[test]
        fn base64_of_anything_around_it_does_not_give_it_away(
            before in prop::collection::vec(any::<u8>(), 0..7),
            secret in "[!-~]{8,20}",
            after in prop::collection::vec(any::<u8>(), 0..7),
        ) {
            let whole = [&before[..], secret.as_bytes(), &after[..]].concat();
            for coded in [STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
                let clean = scrubbed(&secret, &coded);
                prop_assert!(clean.contains(REDACTED), "{} {}", coded, clean);
            }
        }

        #[test]
        fn valid_json_stays_valid(secret in "[0-9a-f\\\\\"n,:{}]{8,9}", around in "\\PC{0,4}") {
            let body = json!({ "a": format!("{around}{secret}"), "b": [12345678, 1.5], "\u{1}": secret });
            let clean = scrubbed(&secret, &body.to_string());
            prop_assert!(is_json(clean.as_bytes()), "{}", clean);
            prop_assert!(!clean.contains(&secret));
        }
    }
}
