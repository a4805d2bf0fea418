//! One file per part of the product that meets bytes of strangers.

pub(crate) mod arguments;
pub(crate) mod atomic;
pub(crate) mod body;
pub(crate) mod bottlecrm;
pub(crate) mod config;
mod crm;
pub(crate) mod espocrm;
pub(crate) mod headers;
pub(crate) mod manifest;
pub(crate) mod message;
pub(crate) mod path;
pub(crate) mod placement;
pub(crate) mod scrub;
pub(crate) mod suitecrm;

/// The first line of a text, and the rest.
fn first_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// A message without what stands between its quotes and without its digits: what kind it is.
fn kind(message: &str) -> String {
    let mut quoted = false;
    let mut kind = String::new();
    for c in message.chars().take(400) {
        match c {
            '`' | '"' => quoted = !quoted,
            _ if quoted || c.is_ascii_digit() => {}
            _ => kind.push(c),
        }
    }
    kind
}
