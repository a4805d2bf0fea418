//! One prompt of a plugin's own: its declaration gives arguments, schema, argument reading and dispatch.

use portcullis_manifest::{self as manifest, Route};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    args,
    block::Block,
    call::Call,
    complete::{Completion, Completions, Offer},
    failure::Failure,
    schema::{self, Builder},
};

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Speaker {
    User,
    Assistant,
}

/// A message of a prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who says it.
    pub speaker: Speaker,
    /// What is said; its hints are not passed on.
    pub block: Block,
}

impl Message {
    /// What the user says.
    pub fn user(block: impl Into<Block>) -> Self {
        let (speaker, block) = (Speaker::User, block.into());
        Self { speaker, block }
    }

    /// What the model says.
    pub fn assistant(block: impl Into<Block>) -> Self {
        let (speaker, block) = (Speaker::Assistant, block.into());
        Self { speaker, block }
    }
}

type Get = Box<dyn Fn(&Call<'_>, &Value) -> Result<Vec<Message>, Failure>>;
type Routes = fn() -> Vec<Route>;

/// A prompt that clients offer their users. A plugin with prompts is exported with
/// `export!(plugin, prompts)`.
pub struct Prompt {
    name: &'static str,
    title: &'static str,
    get: Get,
    input: Builder,
    routes: Routes,
    completions: Completions,
}

impl Prompt {
    /// A prompt. The argument struct's fields are texts, optional ones of type `Option<String>`; its doc
    /// comments are what the user reads.
    pub fn new<A, F>(name: &'static str, title: &'static str, get: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        F: Fn(&Call<'_>, &A) -> Result<Vec<Message>, Failure> + 'static,
    {
        Self {
            name,
            title,
            get: Box::new(move |call, arguments| get(call, &args::read(arguments)?)),
            input: A::json_schema,
            routes: Vec::new,
            completions: Completions::default(),
        }
    }

    /// What getting it may send.
    #[must_use]
    pub fn routes(mut self, routes: Routes) -> Self {
        self.routes = routes;
        self
    }

    /// Offers values for arguments; `routes` is what finding them may send. The plugin is then exported
    /// with the word `completion` as well.
    #[must_use]
    pub fn completes(
        mut self,
        arguments: &'static [&'static str],
        routes: Routes,
        offer: Offer,
    ) -> Self {
        self.completions
            .push(Completion::new(arguments, routes, offer));
        self
    }

    pub(crate) fn name(&self) -> &str {
        self.name
    }

    pub(crate) fn get(&self, call: &Call<'_>, arguments: &Value) -> Result<Vec<Message>, Failure> {
        (self.get)(call, arguments)
    }

    pub(crate) fn completions(&self) -> &Completions {
        &self.completions
    }

    pub(crate) fn describe(&self) -> manifest::Prompt {
        let mut schema = schema::input_schema(self.input);
        let doc = schema::take_doc(&mut schema);
        manifest::Prompt {
            name: self.name.to_owned(),
            title: self.title.to_owned(),
            description: doc.unwrap_or_else(|| self.title.to_owned()),
            arguments: arguments(&schema),
            completes: self.completions.describe(),
            routes: (self.routes)(),
        }
    }
}

fn arguments(schema: &Value) -> Vec<manifest::PromptArgument> {
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, property)| manifest::PromptArgument {
            name: name.clone(),
            description: property["description"].as_str().map(str::to_owned),
            required: required.iter().any(|one| one == name),
        })
        .collect()
}
