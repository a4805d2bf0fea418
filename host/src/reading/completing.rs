//! Values for an argument that a user is typing: of a resource's address, or of a plugin's prompt.

use futures::future::{BoxFuture, FutureExt};
use serde_json::{Map, Value};

use super::{Of, prompting};
use crate::call::{App, Running, Scope};
use crate::caller::Caller;
use crate::error::ToolError;
use crate::registry::{Completes, Connection};
use crate::runtime::{Subject, Suggestions, Typed};

/// What the argument belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The resource of this template.
    Resource(String),
    /// The prompt of this listed name.
    Prompt(String),
}

/// An argument that is being typed.
pub struct Completing {
    /// What it belongs to.
    pub target: Target,
    /// Its name.
    pub argument: String,
    /// What was typed so far.
    pub value: String,
    /// What is known already of other arguments, each a text.
    pub others: Map<String, Value>,
    /// Who asks.
    pub caller: Caller,
    /// Where.
    pub scope: Scope,
}

/// There is no such argument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoArgument {
    /// Nothing has the name or the address.
    #[error("there is no prompt or resource template `{0}`")]
    Target(String),
    /// It has no such argument.
    #[error("it has no argument `{0}`")]
    Argument(String),
}

/// What came of it: values, an error, or no such argument.
pub type Completed = Result<Result<Suggestions, ToolError>, NoArgument>;

/// Gets values for an argument.
///
/// # Errors
/// There is no such argument.
pub fn complete(app: &App, completing: Completing) -> BoxFuture<'_, Completed> {
    async move { serve(app, completing).await }.boxed()
}

async fn serve(app: &App, asked: Completing) -> Completed {
    let _running = Running::begin(&app.running);
    let snapshot = app.registry.snapshot();
    let scope = &asked.scope;
    match &asked.target {
        Target::Prompt(name) => {
            let prompt = prompting::look_up(&snapshot, scope, name);
            let prompt = prompt.ok_or_else(|| NoArgument::Target(name.clone()))?;
            let declared = prompt.declared();
            let names = declared.arguments.iter().map(|one| one.name.as_str());
            let of = (&*prompt.connection, declared.name.as_str());
            let typed = (Subject::Prompt, &*prompt.completes);
            known(&asked, names)?;
            Ok(ask(app, of, typed, &asked).await)
        }
        Target::Resource(uri) => {
            let mut reached = snapshot.resources.iter();
            let resource = reached.find(|resource| {
                scope.covers(&snapshot, &resource.connection) && resource.uri() == *uri
            });
            let resource = resource.ok_or_else(|| NoArgument::Target(uri.clone()))?;
            let of = (
                &*resource.connection,
                resource.plugin.declared.name.as_str(),
            );
            let typed = (Subject::Resource, &*resource.completes);
            known(&asked, resource.plugin.uri.placeholders())?;
            Ok(ask(app, of, typed, &asked).await)
        }
    }
}

fn known<'a>(
    asked: &Completing,
    mut names: impl Iterator<Item = &'a str>,
) -> Result<(), NoArgument> {
    if names.any(|name| name == asked.argument) {
        Ok(())
    } else {
        Err(NoArgument::Argument(asked.argument.clone()))
    }
}

/// The plugin's values; none where it offers none for this argument.
async fn ask(
    app: &App,
    (connection, name): (&Connection, &str),
    (subject, completes): (Subject, &[Completes]),
    asked: &Completing,
) -> Result<Suggestions, ToolError> {
    let offers = |one: &&Completes| one.arguments.contains(&asked.argument);
    let Some(offered) = completes.iter().find(offers) else {
        return Ok(Suggestions::default());
    };
    let of = Of {
        connection,
        name,
        grant: &offered.grant,
        who: (&asked.caller, &asked.scope),
        counterpart: None,
    };
    let typed = Typed {
        subject,
        argument: &asked.argument,
        value: &asked.value,
    };
    let plugin = &connection.plugin.compiled;
    let mut known = asked.others.clone();
    known.insert(asked.argument.clone(), asked.value.as_str().into());
    of.run(app, (known, None), async |permit, link, call| {
        let (plugin, ready) = (plugin, (call, typed));
        app.runtime.complete(permit, plugin, link, ready).await
    })
    .await
}
