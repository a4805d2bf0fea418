//! What a person reads before something is done that cannot be undone, and what their answer means.
//!
//! The text is the host's; what it quotes is the plugin's summary and the client's own arguments, with
//! nothing in it that could pass for more than text. It must not know how the question reaches anybody.

use std::collections::BTreeMap;

use portcullis_manifest::Effect;
use serde_json::{Value, json};

use crate::input::{Ask, Input, Questions, Reply};
use crate::registry::Tool;

/// The name of the question, of its one field, and of the state that comes back with the answer.
const CONFIRM: &str = "confirm";

/// What is quoted of a preview, in characters.
const MOST_SUMMARY: usize = 2000;

/// What is quoted of the arguments, in characters.
const MOST_ARGUMENTS: usize = 1000;

/// The question; `name` is that of the preview that it is about.
pub(super) fn ask(tool: &Tool, arguments: &str, preview: &Value, name: &str) -> Questions {
    let schema = json!({
        "type": "object",
        "properties": {CONFIRM: {
            "type": "boolean",
            "title": format!("Yes, run {}", tool.listed_name),
            "description": "Nothing is done without it.",
            "default": false,
        }},
    });
    let message = message(tool, arguments, preview);
    Questions {
        asks: BTreeMap::from([(CONFIRM.to_owned(), Ask::Form { message, schema })]),
        state: json!({CONFIRM: name}),
        ahead: false,
    }
}

fn message(tool: &Tool, arguments: &str, preview: &Value) -> String {
    let consequence = match tool.plugin.declared().effect {
        Effect::Outward => "It reaches people outside.",
        _ => "It cannot be undone.",
    };
    let summary = match preview.get("summary") {
        Some(Value::String(summary)) => plain(summary, MOST_SUMMARY),
        _ => plain(&preview.to_string(), MOST_SUMMARY),
    };
    format!(
        "Run `{}` on the connection `{}`? {consequence}\n\n{summary}\n\nArguments: {}",
        tool.listed_name,
        tool.connection.config.name,
        plain(arguments, MOST_ARGUMENTS),
    )
}

/// Foreign text on one line, without the characters that move or hide others.
fn plain(text: &str, most: usize) -> String {
    let mut shown: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !hides(*c))
        .take(most + 1)
        .collect();
    if let Some((end, _)) = shown.char_indices().nth(most) {
        shown.truncate(end);
        shown.push_str("… (cut)");
    }
    shown
}

/// Marks of direction, joiners, and what has no width.
const fn hides(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision<'a> {
    /// Nobody was asked, or nobody answered.
    None,
    /// Yes, to the question of this name.
    Yes(&'a str),
    /// Anything else than a clear yes, and what it was.
    No(&'a str, &'static str),
}

/// The answer among what the client sent.
pub(super) fn decision(input: &Input) -> Decision<'_> {
    let Some(answers) = &input.answers else {
        return Decision::None;
    };
    let name = answers.state.get(CONFIRM).and_then(Value::as_str);
    let (Some(name), Some(reply)) = (name, answers.given.get(CONFIRM)) else {
        return Decision::None;
    };
    match reply {
        Reply::Filled(form) if form.get(CONFIRM) == Some(&Value::Bool(true)) => Decision::Yes(name),
        Reply::Filled(form) if form.get(CONFIRM).is_none() => {
            Decision::No(name, "the user was asked and the answer holds no clear yes")
        }
        Reply::Dismissed => Decision::No(
            name,
            "the user was asked and closed the question unanswered",
        ),
        Reply::Filled(_) | Reply::Declined | Reply::Told(_) => {
            Decision::No(name, "the user was asked and said no")
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::input::Answers;

    use super::*;

    #[test]
    fn foreign_text_is_text_alone() {
        for (text, shown) in [
            ("Ada\r\nLovelace\tX", "Ada  Lovelace X"),
            ("a\u{202e}b\u{200b}c\u{1b}[2J\u{0}", "abc[2J"),
            ("Zoë 北京 👍", "Zoë 北京 👍"),
            ("12345678901234567", "1234567890123456… (cut)"),
        ] {
            assert_eq!(plain(text, 16), shown, "{text:?}");
        }
    }

    #[test]
    fn nothing_but_a_clear_yes_is_one() {
        let input = |state: Value, name: &str, reply| Input {
            answers: Some(Answers {
                given: BTreeMap::from([(name.to_owned(), reply)]),
                state,
            }),
            ..Input::default()
        };
        let state = json!({"confirm": "q"});
        let yes = Reply::Filled(json!({"confirm": true}));
        assert_eq!(
            decision(&input(state.clone(), "confirm", yes.clone())),
            Decision::Yes("q")
        );
        for reply in [
            Reply::Filled(json!({"confirm": false})),
            Reply::Filled(json!({})),
            Reply::Filled(json!({"confirm": "true"})),
            Reply::Declined,
            Reply::Dismissed,
            Reply::Told(json!({"confirm": true})),
        ] {
            let input = input(state.clone(), "confirm", reply);
            assert!(
                matches!(decision(&input), Decision::No("q", _)),
                "{input:?}"
            );
        }
        for input in [
            Input::default(),
            input(json!({}), "confirm", yes.clone()),
            input(state, "other", yes),
        ] {
            assert_eq!(decision(&input), Decision::None);
        }
    }
}
