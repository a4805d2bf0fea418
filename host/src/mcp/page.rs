//! The pages of a list.
//!
//! A cursor names the last entry of its page, so that a page neither repeats nor leaves out an entry
//! when others come or go. It says nothing else, and means nothing on another list.
//!
//! Source: MCP 2026-07-28, pagination (2026-11-21).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rmcp::model::{ErrorData, PaginatedRequestParams};

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    Tools,
    Prompts,
    Resources,
    Templates,
}

impl Listed {
    const fn word(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Templates => "templates",
        }
    }
}

/// The entries of a page, and the cursor of the next where there is one.
pub type Page<T> = (Vec<T>, Option<String>);

/// The page that was asked for, of a list in its fixed order; `name` is unique in it.
///
/// # Errors
/// The cursor is none of this list, or its entry is gone.
pub fn page<T>(
    listed: Listed,
    entries: usize,
    asked: Option<&PaginatedRequestParams>,
    mut all: Vec<T>,
    name: impl Fn(&T) -> &str,
) -> Result<Page<T>, ErrorData> {
    if let Some(cursor) = asked.and_then(|asked| asked.cursor.as_deref()) {
        let after = read(listed, cursor).ok_or_else(unknown)?;
        let at = all.iter().position(|entry| name(entry) == after);
        all.drain(..=at.ok_or_else(unknown)?);
    }
    let more = all.len() > entries;
    all.truncate(entries);
    let last = all.last().filter(|_| more);
    let next = last.map(|last| written(listed, name(last)));
    Ok((all, next))
}

fn written(listed: Listed, name: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{} {name}", listed.word()))
}

fn read(listed: Listed, cursor: &str) -> Option<String> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (word, name) = text.split_once(' ')?;
    (word == listed.word()).then(|| name.to_owned())
}

fn unknown() -> ErrorData {
    let message =
        "unknown cursor: it is none of this list, or its list has changed; begin anew without one";
    ErrorData::invalid_params(message, None)
}

#[cfg(test)]
mod tests {
    use rmcp::model::ErrorCode;

    use super::*;

    const ALL: [&str; 5] = ["a", "b", "c", "d", "e"];

    fn at(cursor: Option<String>) -> Option<PaginatedRequestParams> {
        Some(PaginatedRequestParams::default().with_cursor(cursor))
    }

    fn get(entries: usize, cursor: Option<String>, all: &[&'static str]) -> Page<&'static str> {
        page(
            Listed::Tools,
            entries,
            at(cursor).as_ref(),
            all.to_vec(),
            |name| name,
        )
        .unwrap()
    }

    #[test]
    fn pages_hold_every_entry_once() {
        for entries in 1..=6 {
            let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
            loop {
                let (some, next) = get(entries, cursor, &ALL);
                assert!(some.len() <= entries);
                seen.extend(some);
                pages += 1;
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, ALL);
            assert_eq!(pages, ALL.len().div_ceil(entries));
        }
    }

    #[test]
    fn a_change_elsewhere_does_not_move_the_next_page() {
        let (_, cursor) = get(2, None, &ALL);
        assert_eq!(get(2, cursor, &["0", "b", "c", "d"]).0, ["c", "d"]);
    }

    #[test]
    fn other_cursors_are_refused() {
        let (_, cursor) = get(2, None, &ALL);
        let foreign = [
            Some("x".to_owned()),
            Some(String::new()),
            Some(written(Listed::Tools, "z")),
        ];
        for (listed, cursor) in foreign
            .into_iter()
            .map(|cursor| (Listed::Tools, cursor))
            .chain([(Listed::Prompts, cursor)])
        {
            let refused = page(listed, 2, at(cursor).as_ref(), ALL.to_vec(), |name| name);
            assert_eq!(refused.unwrap_err().code, ErrorCode::INVALID_PARAMS);
        }
    }
}
