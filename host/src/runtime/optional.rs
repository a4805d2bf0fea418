//! Runs the functions of the world's optional exports: a resource, a prompt, values for an argument, and
//! one step of a tool that asks.
//!
//! Each in a fresh instance, like everything else; what a guest returns is cut to its limits here.

use std::sync::Arc;

use wasmtime::component::InstancePre;

use super::bindings::with_completion::WithCompletionPre;
use super::bindings::with_completion::exports::portcullis::plugin::completion as wit_completion;
use super::bindings::with_interaction::WithInteractionPre;
use super::bindings::with_interaction::exports::portcullis::plugin::interaction as wit_interaction;
use super::bindings::with_prompts::WithPromptsPre;
use super::bindings::with_prompts::exports::portcullis::plugin::prompts as wit_prompts;
use super::bindings::with_resources::WithResourcesPre;
use super::bindings::with_resources::exports::portcullis::plugin::resources as wit_resources;
use super::run::{object, settle};
use super::{Call, Compiled, Failure, Fault, Guest, Runtime, clean, imports};
use crate::capability::{Block, Door, Link};
use crate::config::Limits;
use crate::policy::{Permit, ReadPermit};

/// The most values of one completion (MCP 2025-03-26, completion).
pub const MOST_VALUES: usize = 100;

/// The longest value of a completion, in characters.
const LONGEST_VALUE: usize = 300;

/// An optional export of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented in wit/")]
pub enum Optional {
    Resources,
    Prompts,
    Completion,
    Interaction,
}

impl Optional {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Resources,
        Self::Prompts,
        Self::Completion,
        Self::Interaction,
    ];

    /// The interface's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resources => "resources",
            Self::Prompts => "prompts",
            Self::Completion => "completion",
            Self::Interaction => "interaction",
        }
    }
}

/// A component seen through each optional export that it has.
#[derive(Clone)]
pub(super) struct Offered {
    resources: Option<WithResourcesPre<Guest>>,
    prompts: Option<WithPromptsPre<Guest>>,
    completion: Option<WithCompletionPre<Guest>>,
    interaction: Option<WithInteractionPre<Guest>>,
    /// Whether it is the conformance suite's fixture.
    fixture: bool,
}

impl Offered {
    /// What is among a component's exports.
    ///
    /// # Errors
    /// An export has the right name and other types.
    pub(super) fn of(
        exports: &[&str],
        pre: &InstancePre<Guest>,
        fixture: bool,
    ) -> wasmtime::Result<Self> {
        let offers = |export: Optional| imports::offers(exports, export.name());
        let pre = |export| offers(export).then(|| pre.clone());
        Ok(Self {
            resources: pre(Optional::Resources)
                .map(WithResourcesPre::new)
                .transpose()?,
            prompts: pre(Optional::Prompts)
                .map(WithPromptsPre::new)
                .transpose()?,
            completion: pre(Optional::Completion)
                .map(WithCompletionPre::new)
                .transpose()?,
            interaction: pre(Optional::Interaction)
                .map(WithInteractionPre::new)
                .transpose()?,
            fixture,
        })
    }
}

impl Compiled {
    /// Whether it is the conformance suite's fixture, which a process serves only if it was told to.
    #[must_use]
    pub const fn is_fixture(&self) -> bool {
        self.offered.fixture
    }

    /// Whether it has an optional export.
    #[must_use]
    pub const fn offers(&self, export: Optional) -> bool {
        match export {
            Optional::Resources => self.offered.resources.is_some(),
            Optional::Prompts => self.offered.prompts.is_some(),
            Optional::Completion => self.offered.completion.is_some(),
            Optional::Interaction => self.offered.interaction.is_some(),
        }
    }
}

/// What a resource holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// A text.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

/// A message of a prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Whether the model says it, and not the user.
    pub by_assistant: bool,
    /// What is said.
    pub block: Block,
}

/// What an argument belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Subject {
    Resource,
    Prompt,
}

/// An argument that is being typed.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    /// What it belongs to.
    pub subject: Subject,
    /// Its name.
    pub argument: &'a str,
    /// What was typed so far.
    pub value: &'a str,
}

/// Values for an argument.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suggestions {
    /// The likeliest first.
    pub values: Vec<String>,
    /// How many there are, where that is known.
    pub total: Option<u32>,
    /// Whether there are more than these.
    pub has_more: bool,
}

/// A question of a tool, as the guest put it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What the answer is called.
    pub key: String,
    /// What the user reads.
    pub message: String,
    /// JSON Schema of the form, as text.
    pub schema: String,
}

/// What a user did with a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Filled it in; the JSON text.
    Filled(String),
    /// Said no.
    Declined,
    /// Closed it.
    Dismissed,
}

/// Where a step of a tool begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resumed {
    /// What the step before left.
    pub state: Option<String>,
    /// What came back since, by key.
    pub answers: Vec<(String, Reply)>,
}

/// Where a step of a tool ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Turn {
    /// With a result.
    Done(serde_json::Value),
    /// With questions, and what the next step has to know.
    Ask(Vec<Question>, Option<String>),
}

impl Runtime {
    /// Reads a resource.
    ///
    /// # Errors
    /// What the guest said, or how it failed.
    pub async fn read(
        &self,
        permit: &ReadPermit,
        plugin: &Compiled,
        link: Arc<Link>,
        call: &Call,
    ) -> Result<Contents, Failure> {
        let ready = plugin.offered.resources.as_ref();
        let ready = ready.ok_or_else(|| lacks(Optional::Resources))?;
        let mut store = self.store(call, &link, Door::read(permit));
        let meter = store.data().meter();
        let guest = meter.measure(async {
            let connector = ready.instantiate_async(&mut store).await?;
            let exported = connector.portcullis_plugin_resources();
            exported
                .call_read(&mut store, permit.name().as_str(), &call.text)
                .await
        });
        let ended = self.in_time(call.deadline, guest).await;
        contents(settle(&store, ended)?, &link.limits)
    }

    /// Gets a prompt's messages.
    ///
    /// # Errors
    /// What the guest said, or how it failed.
    pub async fn prompt(
        &self,
        permit: &ReadPermit,
        plugin: &Compiled,
        link: Arc<Link>,
        call: &Call,
    ) -> Result<Vec<Message>, Failure> {
        let ready = plugin.offered.prompts.as_ref();
        let ready = ready.ok_or_else(|| lacks(Optional::Prompts))?;
        let mut store = self.store(call, &link, Door::read(permit));
        let meter = store.data().meter();
        let guest = meter.measure(async {
            let connector = ready.instantiate_async(&mut store).await?;
            let exported = connector.portcullis_plugin_prompts();
            exported
                .call_get(&mut store, permit.name().as_str(), &call.text)
                .await
        });
        let ended = self.in_time(call.deadline, guest).await;
        messages(settle(&store, ended)?, &link)
    }

    /// Asks for values of an argument; the call's arguments are those that are known already.
    ///
    /// # Errors
    /// What the guest said, or how it failed.
    pub async fn complete(
        &self,
        permit: &ReadPermit,
        plugin: &Compiled,
        link: Arc<Link>,
        (call, typed): (&Call, Typed<'_>),
    ) -> Result<Suggestions, Failure> {
        let ready = plugin.offered.completion.as_ref();
        let ready = ready.ok_or_else(|| lacks(Optional::Completion))?;
        let subject = match typed.subject {
            Subject::Resource => wit_completion::Subject::Resource,
            Subject::Prompt => wit_completion::Subject::Prompt,
        };
        let mut store = self.store(call, &link, Door::read(permit));
        let meter = store.data().meter();
        let guest = meter.measure(async {
            let connector = ready.instantiate_async(&mut store).await?;
            let exported = connector.portcullis_plugin_completion();
            let (
                name,
                Typed {
                    argument, value, ..
                },
            ) = (permit.name().as_str(), typed);
            exported
                .call_complete(&mut store, subject, name, argument, value, &call.text)
                .await
        });
        let ended = self.in_time(call.deadline, guest).await;
        Ok(suggestions(settle(&store, ended)?))
    }

    /// Runs one step of a tool that is permitted.
    ///
    /// # Errors
    /// What the guest said, or how it failed.
    pub async fn step(
        &self,
        permit: &Permit,
        plugin: &Compiled,
        link: Arc<Link>,
        (call, resumed): (&Call, &Resumed),
    ) -> Result<Turn, Failure> {
        let ready = plugin.offered.interaction.as_ref();
        let ready = ready.ok_or_else(|| lacks(Optional::Interaction))?;
        let answers: Vec<_> = resumed.answers.iter().map(answer).collect();
        let mut store = self.store(call, &link, Door::invoke(permit));
        let meter = store.data().meter();
        let guest = meter.measure(async {
            let connector = ready.instantiate_async(&mut store).await?;
            let exported = connector.portcullis_plugin_interaction();
            let (tool, state) = (permit.tool().as_str(), resumed.state.as_deref());
            exported
                .call_step(&mut store, tool, &call.text, state, &answers)
                .await
        });
        let ended = self.in_time(call.deadline, guest).await;
        match settle(&store, ended)? {
            wit_interaction::Turn::Done(text) => object(&text, &link.limits).map(Turn::Done),
            wit_interaction::Turn::Ask(ask) => questions(ask),
        }
    }
}

fn lacks(export: Optional) -> Failure {
    let name = export.name();
    let told = format!("the component does not export `{name}`");
    Failure::Fault(Fault::Trap(told))
}

fn contents(given: wit_resources::Contents, limits: &Limits) -> Result<Contents, Failure> {
    let (bytes, contents) = match given {
        wit_resources::Contents::Text(text) => (text.len(), Contents::Text(text)),
        wit_resources::Contents::Bytes(bytes) => (bytes.len(), Contents::Bytes(bytes)),
    };
    fits(bytes, limits).map(|()| contents)
}

fn fits(bytes: usize, limits: &Limits) -> Result<(), Failure> {
    if bytes as u64 > limits.output_bytes {
        return Err(Failure::Fault(Fault::Oversize(bytes)));
    }
    Ok(())
}

fn messages(given: Vec<wit_prompts::Message>, link: &Link) -> Result<Vec<Message>, Failure> {
    let malformed = || {
        let told = "a block of the prompt is not well-formed".to_owned();
        Failure::Fault(Fault::NotJson(told))
    };
    let read = |message: wit_prompts::Message| {
        let block = Block::read(message.block, None, link.connection()).ok_or_else(malformed)?;
        let by_assistant = message.speaker == wit_prompts::Speaker::Assistant;
        Ok(Message {
            by_assistant,
            block,
        })
    };
    let messages = given.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let bytes = messages.iter().map(|message| message.block.bytes()).sum();
    fits(bytes, &link.limits).map(|()| messages)
}

fn suggestions(given: wit_completion::Suggestions) -> Suggestions {
    let cut = given.values.len() > MOST_VALUES;
    let values = given.values.into_iter().take(MOST_VALUES);
    let values = values.filter(|value| value.chars().nth(LONGEST_VALUE).is_none());
    Suggestions {
        values: values.map(|value| clean(&value)).collect(),
        total: given.total,
        has_more: given.has_more || cut,
    }
}

fn answer((key, reply): &(String, Reply)) -> wit_interaction::Answer {
    wit_interaction::Answer {
        key: key.clone(),
        reply: match reply {
            Reply::Filled(json) => wit_interaction::Reply::Filled(json.clone()),
            Reply::Declined => wit_interaction::Reply::Declined,
            Reply::Dismissed => wit_interaction::Reply::Dismissed,
        },
    }
}

/// The most questions of one step; a user answers them one after the other.
const MOST_QUESTIONS: usize = 8;

/// The most that a guest may leave for its next step, in bytes; `wit/interaction.wit` names it.
const MOST_STATE: usize = 16 << 10;

fn questions(ask: wit_interaction::Ask) -> Result<Turn, Failure> {
    let broken = |what: &str| Failure::Fault(Fault::NotJson(what.to_owned()));
    let state_bytes = ask.state.as_ref().map_or(0, String::len);
    if state_bytes > MOST_STATE {
        return Err(Failure::Fault(Fault::Oversize(state_bytes)));
    }
    if ask.questions.len() > MOST_QUESTIONS {
        return Err(broken("it asks more than eight questions at once"));
    }
    let questions = ask.questions.into_iter().map(|question| Question {
        key: question.key,
        message: question.message,
        schema: question.schema,
    });
    Ok(Turn::Ask(questions.collect(), ask.state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_and_the_cut_is_said() {
        let given = |values: Vec<String>, has_more| wit_completion::Suggestions {
            values,
            total: Some(7),
            has_more,
        };
        let many = suggestions(given(vec!["a".into(); 101], false));
        assert_eq!((many.values.len(), many.has_more), (100, true));
        let odd = vec!["a\nb".to_owned(), "x".repeat(301)];
        let few = suggestions(given(odd, false));
        assert_eq!((few.values, few.has_more), (vec!["ab".to_owned()], false));
    }
}
