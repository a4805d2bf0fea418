//! Tools that ask the user something before they can go on; WIT `interaction`.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{failure::Failure, schema};

/// A form for the user.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What the answer will be called.
    pub key: String,
    /// What the user reads.
    pub message: String,
    /// A flat object schema: texts, numbers, booleans, choices.
    pub schema: Value,
}

/// What the user did with a form.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Filled it in.
    Filled(Value),
    /// Said no.
    Declined,
    /// Closed it.
    Dismissed,
}

/// Where a step begins: with nothing, or with what the one before left and what came back since.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resumed {
    /// What the step before left.
    pub state: Option<String>,
    /// What came back, by key.
    pub answers: Vec<(String, Reply)>,
}

impl Resumed {
    /// What came back to a question, if anything did.
    #[must_use]
    pub fn reply(&self, key: &str) -> Option<&Reply> {
        let mut answers = self.answers.iter();
        answers
            .find(|(name, _)| name == key)
            .map(|(_, reply)| reply)
    }

    /// What the user filled in, read into a struct; none where nothing came back that can be read so,
    /// and the question has to be asked again.
    ///
    /// # Errors
    /// The user said no, or closed the form.
    pub fn filled<A: DeserializeOwned>(&self, key: &str) -> Result<Option<A>, Failure> {
        match self.reply(key) {
            None => Ok(None),
            Some(Reply::Filled(form)) => Ok(A::deserialize(form).ok()),
            Some(Reply::Declined) => Err(refused("the user was asked and said no")),
            Some(Reply::Dismissed) => Err(refused("the user was asked and closed the question")),
        }
    }
}

fn refused(message: &str) -> Failure {
    Failure::new(crate::failure::Kind::Confirm, "NOT_ANSWERED", message)
        .suggest("leave it, unless the user asks for it again")
}

/// What has to be known before a tool can go on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ask {
    /// The forms.
    pub questions: Vec<Question>,
    /// For the next step. The client carries it, and can neither change it nor use it for another call.
    pub state: Option<String>,
}

impl Ask {
    /// Asks nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks with the form of a struct, whose fields are texts, numbers, booleans or choices.
    #[must_use]
    pub fn form<A: JsonSchema>(self, key: &str, message: impl Into<String>) -> Self {
        let mut form = schema::input_schema(A::json_schema);
        schema::take_doc(&mut form);
        if let Value::Object(members) = &mut form {
            members.remove("additionalProperties");
        }
        self.form_of(key, message, form)
    }

    /// Asks with a schema.
    #[must_use]
    pub fn form_of(mut self, key: &str, message: impl Into<String>, schema: Value) -> Self {
        self.questions.push(Question {
            key: key.to_owned(),
            message: message.into(),
            schema,
        });
        self
    }

    /// Leaves something for the next step; at most 16 KiB.
    #[must_use]
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }
}

/// Where a step ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Turn<O> {
    /// With the result.
    Done(O),
    /// With questions.
    Ask(Ask),
}
