//! Texts of a manifest that an operator is shown: none may play tricks on a terminal.
//!
//! A control character could take back a line that a plugin does not want to be read, and a character
//! that turns the direction of writing could make another of it. They are refused rather than
//! removed, so that what is shown is what was declared.

use std::fmt::Write;

use serde_json::Value;

/// Members whose texts may have lines of their own: they are not part of what is approved by reading, or
/// are shown as JSON.
const WITH_LINES: [&str; 6] = [
    "description",
    "sql",
    "input_schema",
    "output_schema",
    "settings",
    "meta",
];

/// More of them say nothing new.
const MOST: usize = 3;

/// Tells of texts with such characters.
pub(super) fn judge(described: &Value, problems: &mut Vec<String>) {
    look(described, &mut String::new(), false, problems);
    problems.truncate(MOST);
}

fn look(value: &Value, at: &mut String, lines: bool, problems: &mut Vec<String>) {
    let here = at.len();
    match value {
        Value::String(text) => check(text, at, lines, problems),
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                write!(at, "/{place}").ok();
                look(item, at, lines, problems);
                at.truncate(here);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                check(key, at, false, problems);
                at.push('/');
                at.extend(key.chars().filter(|c| !c.is_control() && !turns(*c)));
                let lines = lines || WITH_LINES.contains(&key.as_str());
                look(member, at, lines, problems);
                at.truncate(here);
            }
        }
        _ => {}
    }
}

fn check(text: &str, at: &str, lines: bool, problems: &mut Vec<String>) {
    let refused = |c: char| {
        let is_line = lines && matches!(c, '\n' | '\r' | '\t');
        (c.is_control() && !is_line) || turns(c)
    };
    if let Some(c) = text.chars().find(|c| refused(*c)) {
        problems.push(format!(
            "{at}: the character U+{:04X} may not stand there",
            u32::from(c)
        ));
    }
}

/// Characters that change the direction of writing (Unicode, UAX 9), and those that part lines.
fn turns(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_plays_tricks_on_a_terminal_is_told() {
        for (described, told) in [
            (json!({"summary": "Notes, größer als 2"}), None),
            (json!({"tools": [{"description": "One.\nTwo."}]}), None),
            (
                json!({"settings": {"properties": {"a": {"default": "x\ty"}}}}),
                None,
            ),
            (
                json!({"summary": "Notes\r\u{1b}[2K"}),
                Some("/summary: the character U+000D"),
            ),
            (
                json!({"tools": [{"routes": [{"safe": "it\u{1b}[2K"}]}]}),
                Some("/tools/0/routes/0/safe: the character U+001B"),
            ),
            (
                json!({"tools": [{"description": "a\u{9b}2K"}]}),
                Some("/tools/0/description: the character U+009B"),
            ),
            (
                json!({"version": "0.1\u{202e}0"}),
                Some("/version: the character U+202E"),
            ),
            (
                json!({"headers": {"constant": {"x\ny": "z"}}}),
                Some("/headers/constant: the character U+000A"),
            ),
        ] {
            let mut problems = Vec::new();
            judge(&described, &mut problems);
            let first = problems.first().map(String::as_str);
            assert_eq!(first.is_some(), told.is_some(), "{described}: {problems:?}");
            assert!(
                first
                    .unwrap_or_default()
                    .starts_with(told.unwrap_or_default()),
                "{problems:?}"
            );
        }
    }
}
