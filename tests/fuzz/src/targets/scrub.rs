//! Secrets in what comes back from a CRM.
//!
//! An input is a secret on the first line, then a body; `{{x}}` in the body, with a form's name for `x`,
//! stands for the secret in that form.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis::upstream::{REDACTED, Scrubber};
use serde_json::Value;
use url::form_urlencoded;

use super::first_line;
use crate::{Seen, Target};

pub(crate) const TARGET: Target = Target {
    name: "scrub",
    about: "secrets in answers: none of their forms stays, and everything else does, byte for byte",
    run,
    words: &[
        "{{raw}}",
        "{{json}}",
        "{{unicode}}",
        "{{percent}}",
        "{{lower}}",
        "{{mixed}}",
        "{{over}}",
        "{{form}}",
        "{{html}}",
        "{{entities}}",
        "{{hex}}",
        "{{HEX}}",
        "{{base64}}",
        "{{base64url}}",
        "{{shifted}}",
        "{\"a\":\"",
        "\"}",
        "%",
        "\\u00",
        "&#",
        "&amp;",
        "[redacted]",
        "\\/",
    ],
};

fn run(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let (secret, body) = first_line(&text);
    let scrubber = Scrubber::new([secret]).expect("it is small");
    if secret.chars().count() < 8 {
        assert_eq!(
            scrubber.text(body.to_owned()),
            body,
            "a short value is left alone"
        );
        return "short".to_owned();
    }
    let (body, put) = filled(body, secret);
    let clean = scrubber.body(body.clone().into_bytes());
    assert_eq!(scrubber.text(body.clone()).is_empty(), body.is_empty());
    let clean = String::from_utf8(clean).expect("text stays text");
    if serde_json::from_str::<Value>(&body).is_ok() {
        serde_json::from_str::<Value>(&clean).expect("JSON stays JSON");
    }
    if touches_the_mark(secret) {
        return "like the mark".to_owned();
    }
    let mut found = 0;
    for (name, form) in forms(secret) {
        assert!(!clean.contains(&form), "{name} stays: {clean}");
        found += usize::from(body.contains(&form));
    }
    if found == 0 && clean != body {
        // Something that only a reader of its escapes can see: then it was put there so.
        assert!(clean.contains(REDACTED));
        return "hidden".to_owned();
    }
    format!("{} put, {} found", put.min(3), found.min(3))
}

/// Whether what stands in a secret's place could be taken for a part of it.
fn touches_the_mark(secret: &str) -> bool {
    let begins = |text: &str, end: &str| {
        (1..=text.len()).any(|at| text.is_char_boundary(at) && end.ends_with(&text[..at]))
    };
    secret.contains("redacted")
        || begins(secret, REDACTED)
        || begins(REDACTED, secret)
        || forms(secret)
            .iter()
            .any(|(_, form)| form.contains(['[', ']']))
}

fn filled(body: &str, secret: &str) -> (String, usize) {
    let mut put = 0;
    let mut filled = body.to_owned();
    for (name, form) in forms(secret) {
        let hole = format!("{{{{{name}}}}}");
        put += filled.matches(&hole).count();
        filled = filled.replace(&hole, &form);
    }
    (filled, put)
}

/// The forms of R3, written here once more so that the host's own writing is not its judge.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let quoted = Value::from(secret).to_string();
    let percent = |keep: fn(u8) -> bool, digits: fn(u8, usize) -> String| {
        let mut text = String::new();
        for (at, byte) in secret.bytes().enumerate() {
            match keep(byte) {
                true => text.push(byte.into()),
                false => text.push_str(&digits(byte, at)),
            }
        }
        text
    };
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let upper = |byte: u8, _: usize| format!("%{byte:02X}");
    let lower = |byte: u8, _: usize| format!("%{byte:02x}");
    let mixed = |byte: u8, at: usize| {
        if at.is_multiple_of(2) {
            format!("%{byte:02X}")
        } else {
            format!("%{byte:02x}")
        }
    };
    let unicode = secret.encode_utf16().fold(String::new(), |mut text, unit| {
        let _ = write!(text, "\\u{unit:04x}");
        text
    });
    let entities = secret.chars().fold(String::new(), |mut text, c| {
        let _ = write!(text, "&#{};", u32::from(c));
        text
    });
    let html = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;");
    vec![
        ("raw", secret.to_owned()),
        ("json", quoted[1..quoted.len() - 1].to_owned()),
        ("unicode", unicode),
        ("percent", percent(unreserved, upper)),
        ("lower", percent(unreserved, lower)),
        ("mixed", percent(unreserved, mixed)),
        ("over", percent(|_| false, mixed)),
        (
            "form",
            form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        ),
        ("html", html),
        ("entities", entities),
        ("hex", hex::encode(secret)),
        ("HEX", hex::encode_upper(secret)),
        ("base64", STANDARD.encode(secret)),
        ("base64url", URL_SAFE_NO_PAD.encode(secret)),
        ("shifted", inner(&[b"x", secret.as_bytes()].concat(), 2)),
        (
            "shifted twice",
            inner(&[b"xy", secret.as_bytes()].concat(), 3),
        ),
    ]
}

/// The characters of a base64 text that depend on the secret alone.
fn inner(bytes: &[u8], from: usize) -> String {
    let whole = bytes.len() * 8 / 6;
    STANDARD.encode(bytes)[from..whole].to_owned()
}
