//! The text of one prompt: what stands before it about it, and the body with places for arguments.
//!
//! ```text
//! +++
//! title = "Log a meeting"
//! [[arguments]]
//! name = "notes"
//! required = true
//! +++
//! Record a meeting: {{notes}}
//! ```
//!
//! It reads text alone; it must not know where the text comes from.

use toml_edit::{Document, Item, Table};

const FENCE: &str = "+++";

/// One workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Its name, e.g. `log-meeting`.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it is good for.
    pub description: Option<String>,
    /// What a client may give it.
    pub arguments: Vec<Argument>,
    /// The text, with `{{argument}}` where one goes.
    pub body: String,
}

/// One argument; all are text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its name, e.g. `notes`.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// Whether there is nothing to do without it.
    pub required: bool,
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The file cannot be read, or is no text.
    #[error("{0}")]
    Unreadable(std::io::Error),
    /// It is too large.
    #[error("it is larger than {0} bytes")]
    Large(u64),
    /// There is nothing to say.
    #[error("it has no text")]
    Empty,
    /// The part between `+++` has no end.
    #[error("it begins with `+++` and has no second line `+++`")]
    Open,
    /// The part between `+++` is no TOML.
    #[error("what stands between `+++` is not TOML: {0}")]
    Syntax(String),
    /// The part between `+++` holds something else than it may.
    #[error("`{key}` has to be {wanted}")]
    Kind {
        /// The key.
        key: String,
        /// What it has to be.
        wanted: &'static str,
    },
    /// The part between `+++` holds a key that means nothing.
    #[error(
        "`{0}` means nothing here; known are title, description and arguments (name, description, required)"
    )]
    Key(String),
    /// The body wants an argument that is not declared.
    #[error("the text has a place for `{0}`, which is not one of its arguments")]
    Place(String),
}

impl Prompt {
    /// Reads a file. What it does not say of itself is taken from the prompt that it replaces.
    ///
    /// # Errors
    /// It has no text, or says something that means nothing.
    pub fn parse(name: &str, file: &str, replaced: Option<&Self>) -> Result<Self, Broken> {
        let file = file
            .strip_prefix('\u{feff}')
            .unwrap_or(file)
            .replace("\r\n", "\n");
        let (head, body) = split(&file)?;
        let body = body.trim();
        if body.is_empty() {
            return Err(Broken::Empty);
        }
        let mut prompt = Self {
            name: name.to_owned(),
            title: replaced.map_or_else(|| name.to_owned(), |prompt| prompt.title.clone()),
            description: replaced.and_then(|prompt| prompt.description.clone()),
            arguments: replaced.map_or_else(Vec::new, |prompt| prompt.arguments.clone()),
            body: body.to_owned(),
        };
        prompt.describe(head)?;
        let unknown = prompt
            .places()
            .find(|place| !prompt.takes(place))
            .map(str::to_owned);
        unknown.map_or(Ok(prompt), |unknown| Err(Broken::Place(unknown)))
    }

    /// Whether it has an argument of that name.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        self.arguments.iter().any(|argument| argument.name == name)
    }

    /// The names between `{{` and `}}`. Braces around anything but a name are text.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        let parts = self.body.split("{{").skip(1);
        parts
            .filter_map(|part| part.split_once("}}"))
            .map(|(name, _)| name)
            .filter(|name| is_name(name))
    }

    fn describe(&mut self, head: &str) -> Result<(), Broken> {
        let head: Document<String> = head
            .parse()
            .map_err(|error: toml_edit::TomlError| Broken::Syntax(error.message().to_owned()))?;
        for (key, item) in head.iter() {
            match key {
                "title" => self.title = text(key, item)?,
                "description" => self.description = Some(text(key, item)?),
                "arguments" => self.arguments = arguments(item)?,
                other => return Err(Broken::Key(other.to_owned())),
            }
        }
        Ok(())
    }
}

/// The part between `+++`, empty where there is none, and the rest.
fn split(file: &str) -> Result<(&str, &str), Broken> {
    let Some(rest) = file
        .strip_prefix(FENCE)
        .and_then(|rest| rest.strip_prefix('\n'))
    else {
        return Ok(("", file));
    };
    if let Some(body) = rest.strip_prefix("+++\n") {
        return Ok(("", body));
    }
    rest.split_once("\n+++\n")
        .or_else(|| rest.strip_suffix("\n+++").map(|head| (head, "")))
        .ok_or(Broken::Open)
}

fn arguments(item: &Item) -> Result<Vec<Argument>, Broken> {
    let wrong = || Broken::Kind {
        key: "arguments".to_owned(),
        wanted: "tables `[[arguments]]`",
    };
    let tables = item.as_array_of_tables().ok_or_else(wrong)?;
    tables.iter().map(argument).collect()
}

fn argument(table: &Table) -> Result<Argument, Broken> {
    let mut argument = Argument {
        name: String::new(),
        description: None,
        required: false,
    };
    for (key, item) in table {
        match key {
            "name" => argument.name = text(key, item)?,
            "description" => argument.description = Some(text(key, item)?),
            "required" => {
                argument.required = item.as_bool().ok_or_else(|| Broken::Kind {
                    key: key.to_owned(),
                    wanted: "true or false",
                })?;
            }
            other => return Err(Broken::Key(format!("arguments.{other}"))),
        }
    }
    if is_name(&argument.name) {
        return Ok(argument);
    }
    Err(Broken::Kind {
        key: "arguments.name".to_owned(),
        wanted: "a name of lower-case letters, digits and `_`",
    })
}

fn text(key: &str, item: &Item) -> Result<String, Broken> {
    let text = item.as_str().map(str::trim).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| Broken::Kind {
        key: key.to_owned(),
        wanted: "text",
    })
}

fn is_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() <= 40
        && name.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        && name.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "+++\ntitle = \"T\"\ndescription = \"D\"\n[[arguments]]\nname = \"a\"\nrequired = true\n+++\nDo {{a}}.\n";

    #[test]
    fn a_whole_file() {
        let prompt = Prompt::parse("p", WHOLE, None).unwrap();
        assert_eq!(prompt.title, "T");
        assert_eq!(prompt.description.as_deref(), Some("D"));
        assert!(prompt.takes("a") && prompt.arguments[0].required);
        assert_eq!(prompt.body, "Do {{a}}.");
        let dos = WHOLE.replace('\n', "\r\n");
        assert_eq!(Prompt::parse("p", &dos, None).unwrap(), prompt);
    }

    #[test]
    fn a_bare_text_keeps_what_it_replaces() {
        let replaced = Prompt::parse("p", WHOLE, None).unwrap();
        let bare =
            Prompt::parse("p", "Only do {{a}} and {{ this }}, {{}}.", Some(&replaced)).unwrap();
        assert_eq!(
            (&bare.title, &bare.arguments),
            (&replaced.title, &replaced.arguments)
        );
        assert_eq!(Prompt::parse("p", "Text.", None).unwrap().title, "p");
    }

    #[test]
    fn mistakes_are_named() {
        for (file, told) in [
            ("", "no text"),
            ("+++\n+++\n", "no text"),
            ("+++\ntitle = \"x\"\n", "no second line"),
            ("+++\ntitle =\n+++\nx", "not TOML"),
            ("+++\ntitel = \"x\"\n+++\nx", "`titel` means nothing"),
            ("+++\ntitle = 1\n+++\nx", "`title` has to be text"),
            ("+++\narguments = 1\n+++\nx", "[[arguments]]"),
            (
                "+++\n[[arguments]]\nname = \"A b\"\n+++\nx",
                "arguments.name",
            ),
            (
                "+++\n[[arguments]]\nname = \"a\"\nneeded = true\n+++\nx",
                "arguments.needed",
            ),
            (
                "+++\n[[arguments]]\nname = \"a\"\nrequired = \"yes\"\n+++\nx",
                "true or false",
            ),
            ("Do {{it}}.", "`it`"),
        ] {
            let broken = Prompt::parse("p", file, None).unwrap_err().to_string();
            assert!(broken.contains(told), "{file:?}: {broken}");
        }
    }
}
