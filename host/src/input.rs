//! What a call may ask the client's side for before it can go on, and what came back.
//!
//! Every such call has rounds: a round that lacks something ends with [`Questions`], and the next one
//! brings their [`Answers`]. Nothing waits in between: no sandbox, no place among the running calls. Owns
//! the words alone; it must not know MCP's types, nor how anybody is asked.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{Kind, ToolError};

/// What a client can be asked for, as it said with this request or in its handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Able {
    /// To show its user a form.
    pub form: bool,
    /// To ask its model.
    pub sampling: bool,
    /// To name its folders.
    pub roots: bool,
}

impl Able {
    /// Whether the client can be asked for anything.
    #[must_use]
    pub const fn anything(self) -> bool {
        self.form || self.sampling || self.roots
    }

    /// Whether the client can be asked for this.
    #[must_use]
    pub const fn covers(self, ask: &Ask) -> bool {
        match ask {
            Ask::Form { .. } => self.form,
            Ask::Sampling(_) => self.sampling,
            Ask::Roots => self.roots,
        }
    }
}

/// One thing to ask for.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// The user, with a text and a form.
    Form {
        /// What the user reads.
        message: String,
        /// A flat JSON Schema: an object of texts, numbers, yes and no, and choices.
        schema: Value,
    },
    /// The client's model; the parameters of `sampling/createMessage`.
    Sampling(Value),
    /// The client's folders.
    Roots,
}

/// What a call has to know before it can go on. Whoever asks has changed nothing yet: an answer may
/// never come.
#[derive(Debug, Clone, PartialEq)]
pub struct Questions {
    /// By a name of the asker's, which the answers repeat.
    pub asks: BTreeMap<String, Ask>,
    /// What the next round gets back. The client may read it, and cannot change it.
    pub state: Value,
    /// Whether a client may answer before it was asked, because nothing hangs on the question but its
    /// answer.
    pub ahead: bool,
}

impl Questions {
    /// What a client would have to be asked for and cannot; nothing where it can be asked for everything.
    #[must_use]
    pub fn beyond(&self, able: Able) -> Option<Able> {
        let mut lacks = Able::default();
        for ask in self.asks.values().filter(|ask| !able.covers(ask)) {
            match ask {
                Ask::Form { .. } => lacks.form = true,
                Ask::Sampling(_) => lacks.sampling = true,
                Ask::Roots => lacks.roots = true,
            }
        }
        lacks.anything().then_some(lacks)
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The user sent the form; its content fits the schema.
    Filled(Value),
    /// The user said no.
    Declined,
    /// The user closed the form without saying anything.
    Dismissed,
    /// What the client's model said, or which folders there are.
    Told(Value),
}

/// What came back. An answer may be missing, and is then asked for again.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answers {
    /// By the names of the questions.
    pub given: BTreeMap<String, Reply>,
    /// As it was in [`Questions`].
    pub state: Value,
}

/// The client's side of one round of a call.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Input {
    /// What it can be asked for.
    pub able: Able,
    /// What it answered to the round before.
    pub answers: Option<Answers>,
}

/// Why a round has no result.
#[derive(Debug, Clone, PartialEq)]
pub enum Unfinished {
    /// It failed.
    Failed(ToolError),
    /// It has to know more.
    Asks(Questions),
    /// It would have to ask for something that this client cannot be asked for.
    Lacks(Able, ToolError),
}

impl From<ToolError> for Unfinished {
    fn from(error: ToolError) -> Self {
        Self::Failed(error)
    }
}

impl ToolError {
    /// The tool has a question, and nobody can answer it.
    #[must_use]
    pub fn nobody_to_ask() -> Self {
        let told =
            "the tool has to ask something that this client cannot be asked for; nothing was done";
        Self::new(Kind::Unsupported, "NOBODY_TO_ASK", told).suggest(
            "use a client that supports what the tool asks for: elicitation, sampling or roots",
        )
    }
}

/// For those who have nobody to ask.
impl From<Unfinished> for ToolError {
    fn from(unfinished: Unfinished) -> Self {
        match unfinished {
            Unfinished::Failed(error) | Unfinished::Lacks(_, error) => error,
            Unfinished::Asks(_) => Self::nobody_to_ask(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_client_is_asked_for_what_it_offers_alone() {
        let form = Ask::Form {
            message: "?".into(),
            schema: json!({}),
        };
        let asks = [form, Ask::Sampling(json!({})), Ask::Roots];
        let able = |form, sampling, roots| Able {
            form,
            sampling,
            roots,
        };
        for (able, covered) in [
            (Able::default(), [false, false, false]),
            (able(true, false, false), [true, false, false]),
            (able(false, true, false), [false, true, false]),
            (able(false, false, true), [false, false, true]),
        ] {
            assert_eq!(asks.each_ref().map(|ask| able.covers(ask)), covered);
            assert_eq!(able.anything(), covered.contains(&true));
            for (ask, covered) in asks.iter().zip(covered) {
                let questions = Questions {
                    asks: BTreeMap::from([("q".to_owned(), ask.clone())]),
                    state: json!(null),
                    ahead: false,
                };
                assert_eq!(questions.beyond(able).is_none(), covered);
            }
        }
    }
}
