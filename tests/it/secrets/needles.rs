//! The forms in which a value could be found again, made without the host's own code.

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The ways of the CRM to echo a value.
pub const FORMS: [&str; 7] = ["raw", "json", "ascii", "percent", "html", "hex", "base64"];

/// A value as a CRM echoes it.
pub fn echoed(form: &str, value: &str) -> String {
    match form {
        "json" => json(value, |_| false),
        // As PHP does it unless it is told otherwise.
        "ascii" => json(value, |c| !c.is_ascii()).replace('/', "\\/"),
        "percent" => percent(value),
        "html" => html(value),
        "hex" => hex::encode(value),
        "base64" => base64::engine::general_purpose::STANDARD.encode(value),
        _ => value.to_owned(),
    }
}

fn json(value: &str, escaped: impl Fn(char) -> bool) -> String {
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if escaped(c) => c
            .encode_utf16(&mut [0; 2])
            .iter()
            .map(|u| format!("\\u{u:04x}"))
            .collect(),
        c => c.to_string(),
    };
    value.chars().map(escape).collect()
}

fn percent(value: &str) -> String {
    let escape = |byte: u8| match byte {
        b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    value.bytes().map(escape).collect()
}

fn html(value: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#039;")
}

/// Everything by which one of the values would be recognised.
pub fn of<'v>(values: impl IntoIterator<Item = &'v str>) -> Vec<String> {
    let mut needles: Vec<String> = values.into_iter().flat_map(forms).collect();
    needles.sort();
    needles.dedup();
    needles
}

fn forms(value: &str) -> Vec<String> {
    let mut forms: Vec<String> = FORMS.iter().map(|form| echoed(form, value)).collect();
    forms.push(value.replace('"', "\\\""));
    forms.push(hex::encode_upper(value));
    // Inside of something longer, whatever stands before it.
    for (before, affected) in [(0, 0), (1, 2), (2, 3)] {
        let shifted = [&b"\0\0"[..before], value.as_bytes()].concat();
        let whole = shifted.len() * 8 / 6;
        forms.push(STANDARD_NO_PAD.encode(&shifted)[affected..whole].to_owned());
        forms.push(URL_SAFE_NO_PAD.encode(&shifted)[affected..whole].to_owned());
    }
    forms
}

/// Nothing of the needles stands in what is searched.
pub fn assert_absent(needles: &[String], what: &str, searched: &[u8]) {
    let finder = AhoCorasick::new(needles).expect("they are few");
    if let Some(found) = finder.find(searched) {
        let around = found.start().saturating_sub(200)..searched.len().min(found.end() + 80);
        panic!(
            "{what} holds {:?}: …{}…",
            needles[found.pattern().as_usize()],
            String::from_utf8_lossy(&searched[around])
        );
    }
}
