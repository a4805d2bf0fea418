//! Where the host keeps what has to outlast it: key `state` of `[server]`.
//!
//! Owns the key, the variable with the key that it is sealed with, and the default; it opens nothing.

use std::path::{Path, PathBuf};

use super::problem::Place;
use super::resolve::Context;
use super::secret::{Secret, SecretError};
use super::section::Section;

/// The variable that holds the key.
const KEY: &str = "PORTCULLIS_STATE_KEY";

/// Hexadecimal digits of a key.
const KEY_DIGITS: usize = 64;

/// The word for a state that ends with the process.
const MEMORY: &str = "memory";

/// Where the state is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The file, absolute; `None` for memory alone.
    pub file: Option<PathBuf>,
    /// The key that it is sealed with; `None` for the one beside the file.
    pub key: Option<Secret>,
}

/// Reads it; without the key it is the user's.
pub(super) fn read(section: &Section<'_>, context: &Context<'_>) -> State {
    let file = match section.text("state") {
        Some(field) => field.check(|text| place(text, context)).flatten(),
        None => default_state(),
    };
    State {
        file,
        key: key(context),
    }
}

/// The file in the user's folder for the state of programs.
#[must_use]
pub fn default_state() -> Option<PathBuf> {
    let folders = directories::BaseDirs::new()?;
    let folder = folders.state_dir().unwrap_or(folders.data_local_dir());
    Some(folder.join("portcullis").join("state.sqlite3"))
}

fn place(text: &str, context: &Context<'_>) -> Result<Option<PathBuf>, String> {
    if text == MEMORY {
        return Ok(None);
    }
    if let Some((scheme, _)) = text.split_once("://") {
        let scheme: String = scheme.chars().take(20).collect();
        return Err(format!(
            "a state on a server (`{}://…`) is not supported yet; write the path of a file, or `{MEMORY}` to keep nothing",
            scheme.escape_debug()
        ));
    }
    context.path(text).map(Some).map_err(str::to_owned)
}

fn key(context: &Context<'_>) -> Option<Secret> {
    let place = Place::Variable(KEY.into());
    match Secret::resolve(&format!("env:{KEY}"), context.env, Path::new("")) {
        Ok(key) if is_key(key.expose()) => Some(key),
        Ok(_) => {
            let message = format!(
                "must be {KEY_DIGITS} hexadecimal digits, e.g. of `openssl rand -hex 32`; unset it to have a key file beside the state"
            );
            context.report.error(&place, "", message);
            None
        }
        Err(SecretError::Unset(_) | SecretError::Empty(_)) => None,
        Err(error) => {
            context.report.error(&place, "", error.to_string());
            None
        }
    }
}

fn is_key(text: &str) -> bool {
    text.len() == KEY_DIGITS && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::config::tests::{PATH, config, problems};

    use super::*;

    #[test]
    fn a_path_a_word_or_the_users_own() {
        for (text, file) in [
            ("", default_state()),
            (
                "[server]\nstate = 's/x.db'",
                Some("/etc/portcullis/s/x.db".into()),
            ),
            ("[server]\nstate = '/s.db'", Some("/s.db".into())),
            ("[server]\nstate = 'memory'", None),
        ] {
            assert_eq!(
                config(text).server.state,
                State { file, key: None },
                "{text}"
            );
        }
    }

    #[test]
    fn a_server_and_nothing_are_no_place() {
        for (value, expected) in [
            (
                "redis://:hunter2@cache:6379/0",
                "portcullis.toml:2: server.state: a state on a server (`redis://…`) is not supported yet; write the path of a file",
            ),
            (
                "",
                "portcullis.toml:2: server.state: is empty; write a path",
            ),
        ] {
            let told = problems(&format!("[server]\nstate = '{value}'"));
            assert!(told[0].starts_with(expected), "{told:?}");
            assert!(!told[0].contains("hunter2"), "{told:?}");
        }
    }

    #[test]
    fn a_key_has_64_digits_and_is_not_printed() {
        let with = |key: &str| {
            let key = key.to_owned();
            let env = move |name: &str| (name == KEY).then(|| key.clone());
            Config::from_text("", Path::new(PATH), &env)
        };
        let good = "5a".repeat(32);
        let read = with(&good).unwrap();
        assert_eq!(read.server.state.key.as_ref().unwrap().expose(), good);
        assert!(!format!("{read:?}").contains(&good));
        assert!(with("").unwrap().server.state.key.is_none());
        for bad in ["hunter2", &"5z".repeat(32), &"5a".repeat(33)] {
            let told = with(bad).unwrap_err().to_string();
            let expected = "PORTCULLIS_STATE_KEY: must be 64 hexadecimal digits";
            assert!(told.starts_with(expected) && !told.contains(bad), "{told}");
        }
    }
}
