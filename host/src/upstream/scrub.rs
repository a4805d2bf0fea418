//! Takes secrets out of what comes back from a CRM.
//!
//! Owns the forms in which a server may echo a value, and a replacement that leaves JSON whole. A text
//! is searched as it stands and, where it holds escapes, once more as their reader sees it, so that it
//! does not matter how they are written. Nothing is replaced before something was found. It must not
//! know which request or recipe the secrets belong to.

use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;
use serde::de::IgnoredAny;
use serde_json::Value;
use url::form_urlencoded;

use super::escapes::{Scheme, Unescaped};
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
        let found = self.find(&body);
        if found.is_empty() {
            return body;
        }
        let scrubbed = replace(&body, &found);
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
        let found = self.find(text.as_bytes());
        if found.is_empty() {
            return text;
        }
        let scrubbed = replace(text.as_bytes(), &found);
        String::from_utf8(scrubbed).unwrap_or_else(|_| REDACTED.to_owned())
    }

    /// Where the secrets stand, in order and apart from each other.
    fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let Some(finder) = &self.0 else {
            return Vec::new();
        };
        let mut found: Vec<_> = finder.find_iter(text).map(|found| found.range()).collect();
        for scheme in Scheme::ALL {
            let Some(plain) = Unescaped::of(scheme, text) else {
                continue;
            };
            let hidden = finder.find_iter(&plain.text);
            found.extend(hidden.map(|m| plain.origin(m.start())..plain.origin(m.end())));
        }
        found.sort_unstable_by_key(|range| range.start);
        found.dedup_by(|next, last| {
            let together = next.start < last.end;
            if together {
                last.end = last.end.max(next.end);
            }
            together
        });
        found
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
            Value::Number(number) => match self.find(number.to_string().as_bytes()).is_empty() {
                true => Value::Number(number),
                false => REDACTED.into(),
            },
            Value::Null | Value::Bool(_) => value,
        }
    }
}

fn replace(text: &[u8], found: &[Range<usize>]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len());
    let mut at = 0;
    for range in found {
        replaced.extend_from_slice(&text[at..range.start]);
        replaced.extend_from_slice(REDACTED.as_bytes());
        at = range.end;
    }
    replaced.extend_from_slice(&text[at..]);
    replaced
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
    // A form with blanks as `+` and other characters escaped in any way.
    let mut forms = BTreeSet::from([value.to_owned(), value.replace(' ', "+")]);
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
/// for each of the three alignments and both alphabets; and the encodings of the value itself, whose
/// last character depends on nothing else either.
fn base64_forms(value: &[u8]) -> Vec<String> {
    let mut forms = vec![
        STANDARD.encode(value),
        STANDARD_NO_PAD.encode(value),
        URL_SAFE.encode(value),
        URL_SAFE_NO_PAD.encode(value),
    ];
    for (before, affected) in [(0, 0), (1, 2), (2, 3)] {
        let shifted = [&b"\0\0"[..before], value].concat();
        let whole = shifted.len() * 8 / 6;
        forms.push(STANDARD_NO_PAD.encode(&shifted)[affected..whole].to_owned());
        forms.push(URL_SAFE_NO_PAD.encode(&shifted)[affected..whole].to_owned());
    }
    forms
}

#[cfg(test)]
mod tests;
