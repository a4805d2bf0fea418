//! A plugin's prompt: its messages for given arguments.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use serde_json::{Map, Value};

use super::Of;
use crate::call::{App, Audience, Running, Scope};
use crate::caller::Caller;
use crate::capability::Counterpart;
use crate::input::{Input, Questions, Unfinished};
use crate::registry::{Prompt, Snapshot};
use crate::runtime::Message;

/// A prompt as a client asked for it.
pub struct Prompting {
    /// The listed name.
    pub name: String,
    /// The arguments, each a text.
    pub arguments: Map<String, Value>,
    /// Who asks.
    pub caller: Caller,
    /// Where.
    pub scope: Scope,
    /// What the client can be asked for, and what it answered.
    pub input: Input,
    /// The conformance suite's client; nothing for everybody else.
    pub audience: Option<Arc<dyn Audience>>,
}

/// Why there is no such prompt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPrompt {
    /// None has the name.
    #[error("there is no prompt `{0}`")]
    Unknown(String),
    /// The arguments do not fit it.
    #[error("{0}")]
    Unfit(String),
}

/// What came of it: the prompt with its messages, an error, or no such prompt.
pub type Prompted = Result<Result<(Arc<Prompt>, Vec<Message>), Unfinished>, NoPrompt>;

/// Gets a prompt's messages.
///
/// # Errors
/// There is no such prompt, or its arguments do not fit it.
pub fn prompt(app: &App, prompting: Prompting) -> BoxFuture<'_, Prompted> {
    async move { serve(app, prompting).await }.boxed()
}

async fn serve(app: &App, prompting: Prompting) -> Prompted {
    let _running = Running::begin(&app.running);
    let snapshot = app.registry.snapshot();
    let Prompting {
        name,
        arguments,
        caller,
        scope,
        input,
        audience,
    } = prompting;
    let counterpart = audience.map(|audience| Counterpart::new(audience, &input));
    let Some(prompt) = look_up(&snapshot, &scope, &name) else {
        return Err(NoPrompt::Unknown(name));
    };
    check(&prompt, &arguments).map_err(NoPrompt::Unfit)?;
    let of = Of {
        connection: &prompt.connection,
        name: &prompt.declared().name,
        grant: &prompt.grant,
        who: (&caller, &scope),
        counterpart: counterpart.clone(),
    };
    let plugin = &prompt.connection.plugin.compiled;
    let messages = of.run(app, (arguments, None), async |permit, link, call| {
        app.runtime.prompt(permit, plugin, link, call).await
    });
    let messages = messages.await;
    let asks = counterpart.map(|client| client.take()).unwrap_or_default();
    if !asks.is_empty() {
        let state = Value::Null;
        return Ok(Err(Unfinished::Asks(Questions {
            asks,
            state,
            ahead: true,
        })));
    }
    Ok(messages
        .map(|messages| (prompt, messages))
        .map_err(Unfinished::from))
}

/// The plugin's prompt of a listed name, on a connection that is reached.
pub(super) fn look_up(snapshot: &Snapshot, scope: &Scope, name: &str) -> Option<Arc<Prompt>> {
    let mut reached = snapshot
        .prompts
        .iter()
        .filter(|prompt| scope.covers(snapshot, &prompt.connection));
    reached.find(|prompt| prompt.listed_name == name).cloned()
}

fn check(prompt: &Prompt, given: &Map<String, Value>) -> Result<(), String> {
    let declared = &prompt.declared().arguments;
    let known = |name: &String| declared.iter().any(|argument| argument.name == *name);
    if let Some(name) = given.keys().find(|name| !known(name)) {
        let names: Vec<_> = declared.iter().map(|one| one.name.as_str()).collect();
        let all = if names.is_empty() {
            "it has none".to_owned()
        } else {
            format!("it has {}", names.join(", "))
        };
        return Err(format!("the prompt has no argument `{name}`; {all}"));
    }
    let mut needed = declared.iter().filter(|argument| argument.required);
    match needed.find(|argument| !given.contains_key(&argument.name)) {
        Some(missing) => Err(format!("the argument `{}` is missing", missing.name)),
        None => Ok(()),
    }
}
