//! Reading one answer: whether it is one to its question at all.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::input::{Ask, Reply};
use crate::schema::Schema;

/// Of what kind a question was, as far as its answer depends on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A form with this schema.
    Form(Value),
    /// The client's model.
    Sampling,
    /// The client's folders.
    Roots,
}

impl Kind {
    pub(super) fn of(ask: &Ask) -> Self {
        match ask {
            Ask::Form { schema, .. } => Self::Form(schema.clone()),
            Ask::Sampling(_) => Self::Sampling,
            Ask::Roots => Self::Roots,
        }
    }

    /// The answer to a question of this kind.
    ///
    /// # Errors
    /// It is none; says what is wrong with it.
    pub(super) fn read(&self, answer: Value) -> Result<Reply, String> {
        match self {
            Self::Form(schema) => form(schema, &answer),
            Self::Sampling if answer.get("content").is_some() => Ok(Reply::Told(answer)),
            Self::Sampling => Err("is not the answer of a model: it has no `content`".into()),
            Self::Roots if answer.get("roots").is_some_and(Value::is_array) => {
                Ok(Reply::Told(answer))
            }
            Self::Roots => Err("is no list of folders: it has no `roots`".into()),
        }
    }
}

fn form(schema: &Value, answer: &Value) -> Result<Reply, String> {
    match answer.get("action").and_then(Value::as_str) {
        Some("decline") => Ok(Reply::Declined),
        Some("cancel") => Ok(Reply::Dismissed),
        Some("accept") => filled(schema, answer.get("content")),
        _ => Err("needs an `action`: accept, decline or cancel".into()),
    }
}

fn filled(schema: &Value, content: Option<&Value>) -> Result<Reply, String> {
    let content = content.cloned().unwrap_or_else(|| json!({}));
    let schema = Schema::new(schema)?;
    match schema.flaws(&content).first() {
        None => Ok(Reply::Filled(content)),
        Some(flaw) => Err(format!("does not fit the form: {} {}", flaw.at, flaw.what)),
    }
}
