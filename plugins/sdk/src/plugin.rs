//! A plugin: its manifest, its tools and resources, and the dispatch of a call to one of them.

use portcullis_manifest::{LiveCheck, Manifest, Route};
use serde_json::Value;

use crate::{
    asking::{Resumed, Turn},
    call::Call,
    complete::{Completions, Suggestions, Typed},
    failure::{Failure, Outcome, code},
    prompt::{Message, Prompt},
    resource::{Contents, Resource},
    text,
    tool::Tool,
};

/// The name under which the host runs the self-test.
const LIVE_CHECK: &str = "live_check";

type Routes = fn() -> Vec<Route>;
type Check = fn(&Call<'_>) -> Result<Value, Failure>;

/// A plugin. Cheap to build: it is built anew for every call.
pub struct Plugin {
    manifest: fn() -> Manifest,
    tools: Vec<Tool>,
    resources: Vec<Resource>,
    prompts: Vec<Prompt>,
    live_check: Option<(Routes, Check)>,
}

impl Plugin {
    /// A plugin without tools. `manifest` leaves `tools`, `resources` and `live_check` empty.
    #[must_use]
    pub fn new(manifest: fn() -> Manifest) -> Self {
        Self {
            manifest,
            tools: Vec::new(),
            resources: Vec::new(),
            prompts: Vec::new(),
            live_check: None,
        }
    }

    /// Adds a tool; they are listed in this order.
    #[must_use]
    pub fn tool(mut self, tool: Tool) -> Self {
        self.tools.push(tool);
        self
    }

    /// Adds a resource; they are listed in this order. The plugin is then exported with
    /// `export!(plugin, resources)`, and the host refuses it otherwise.
    #[must_use]
    pub fn resource(mut self, resource: Resource) -> Self {
        self.resources.push(resource);
        self
    }

    /// Adds a prompt; they are listed in this order. The plugin is then exported with
    /// `export!(plugin, prompts)`, and the host refuses it otherwise.
    #[must_use]
    pub fn prompt(mut self, prompt: Prompt) -> Self {
        self.prompts.push(prompt);
        self
    }

    /// Adds a read-only self-test, which answers `{"findings":[{"level","subject","message"}]}`.
    /// [`Call::lists`] tells it which tools the connection lists.
    #[must_use]
    pub fn live_check(mut self, routes: Routes, check: Check) -> Self {
        self.live_check = Some((routes, check));
        self
    }

    /// The manifest, whole.
    #[must_use]
    pub fn describe(&self) -> Manifest {
        let mut manifest = (self.manifest)();
        manifest.tools = self.tools.iter().map(Tool::describe).collect();
        manifest.resources = self.resources.iter().map(Resource::describe).collect();
        manifest.prompts = self.prompts.iter().map(Prompt::describe).collect();
        manifest.live_check = self
            .live_check
            .map(|(routes, _)| LiveCheck { routes: routes() });
        manifest
    }

    /// Runs a tool.
    ///
    /// # Errors
    /// Whatever the tool says; its outcome is always set.
    pub fn invoke(
        &self,
        call: &Call<'_>,
        tool: &str,
        arguments: &Value,
    ) -> Result<String, Failure> {
        let result = match self.live_check {
            Some((_, check)) if tool == LIVE_CHECK => {
                call.note_listed(arguments);
                check(call).map(|found| found.to_string())
            }
            _ => self
                .find(tool)
                .and_then(|tool| tool.invoke(call, arguments)),
        };
        result.map_err(|failure| settle(failure, call))
    }

    /// Says what `invoke` would change.
    ///
    /// # Errors
    /// Whatever the preview says, and `INTERNAL` for a tool without one.
    pub fn preview(
        &self,
        call: &Call<'_>,
        tool: &str,
        arguments: &Value,
    ) -> Result<String, Failure> {
        let result = self.find(tool).and_then(|found| {
            found.preview(call, arguments).unwrap_or_else(|| {
                Err(Failure::internal(format!("the tool {tool} has no preview")))
            })
        });
        result.map_err(|failure| settle(failure, call))
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// Whatever the resource says.
    pub fn read(
        &self,
        call: &Call<'_>,
        resource: &str,
        arguments: &Value,
    ) -> Result<Contents, Failure> {
        let found = self.resources.iter().find(|one| one.name() == resource);
        let unknown = || Failure::internal(format!("there is no resource {resource}"));
        let result = found
            .ok_or_else(unknown)
            .and_then(|resource| resource.read(call, arguments));
        result.map_err(|failure| settle(failure, call))
    }

    /// Gets a prompt's messages.
    ///
    /// # Errors
    /// Whatever the prompt says.
    pub fn get_prompt(
        &self,
        call: &Call<'_>,
        prompt: &str,
        arguments: &Value,
    ) -> Result<Vec<Message>, Failure> {
        let found = self.prompts.iter().find(|one| one.name() == prompt);
        let unknown = || Failure::internal(format!("there is no prompt {prompt}"));
        let result = found
            .ok_or_else(unknown)
            .and_then(|prompt| prompt.get(call, arguments));
        result.map_err(|failure| settle(failure, call))
    }

    /// Offers values for an argument of a prompt.
    ///
    /// # Errors
    /// Whatever the prompt says.
    pub fn complete_prompt(
        &self,
        call: &Call<'_>,
        prompt: &str,
        typed: Typed<'_>,
    ) -> Result<Suggestions, Failure> {
        let found = self.prompts.iter().find(|one| one.name() == prompt);
        offer(found.map(Prompt::completions), call, typed)
    }

    /// Offers values for a placeholder of a resource's address.
    ///
    /// # Errors
    /// Whatever the resource says.
    pub fn complete_resource(
        &self,
        call: &Call<'_>,
        resource: &str,
        typed: Typed<'_>,
    ) -> Result<Suggestions, Failure> {
        let found = self.resources.iter().find(|one| one.name() == resource);
        offer(found.map(Resource::completions), call, typed)
    }

    /// Runs one step of a tool that asks.
    ///
    /// # Errors
    /// Whatever the tool says; its outcome is always set.
    pub fn step(
        &self,
        call: &Call<'_>,
        tool: &str,
        arguments: &Value,
        resumed: &Resumed,
    ) -> Result<Turn<String>, Failure> {
        let result = self.find(tool).and_then(|found| {
            let asks_nothing = || Err(Failure::internal(format!("the tool {tool} asks nothing")));
            found
                .step(call, arguments, resumed)
                .unwrap_or_else(asks_nothing)
        });
        result.map_err(|failure| settle(failure, call))
    }

    fn find(&self, name: &str) -> Result<&Tool, Failure> {
        self.tools
            .iter()
            .find(|tool| tool.answers_to(name))
            .ok_or_else(|| {
                let names = self
                    .tools
                    .iter()
                    .map(|tool| tool.describe().name)
                    .collect::<Vec<_>>();
                Failure::bad_input(code::UNKNOWN_TOOL, format!("there is no tool {name}"))
                    .suggest_some(text::did_you_mean(name, names.iter().map(String::as_str)))
            })
    }
}

fn offer(
    completions: Option<&Completions>,
    call: &Call<'_>,
    typed: Typed<'_>,
) -> Result<Suggestions, Failure> {
    let Some(completions) = completions else {
        return Ok(Suggestions::default());
    };
    completions
        .offer(call, typed)
        .map_err(|failure| settle(failure, call))
}

/// A failure that does not say what became of the effect leaves it open once the CRM accepted a
/// change.
fn settle(failure: Failure, call: &Call<'_>) -> Failure {
    match failure.outcome {
        Some(_) => failure,
        None if call.has_changed_something() => failure.outcome(Outcome::MayHaveHappened),
        None => failure.outcome(Outcome::NotDone),
    }
}

/// Makes a component of a function that returns a [`Plugin`]; the words behind it, `resources`, `prompts`,
/// `completion`, `interaction`, name what else of it is exported. Does nothing on other targets.
#[macro_export]
macro_rules! export {
    ($plugin:path $(, $optional:ident)+) => {
        $crate::export!($plugin);
        $($crate::export_optional!($plugin, $optional);)+
    };
    ($plugin:path) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            impl $crate::bindings::exports::portcullis::plugin::plugin::Guest for Component {
                fn describe() -> String {
                    $crate::describe(&$plugin())
                }

                fn preview(
                    tool: String,
                    arguments: String,
                ) -> Result<String, $crate::bindings::WitFailure> {
                    $crate::preview(&$plugin(), &tool, &arguments)
                }

                fn invoke(
                    tool: String,
                    arguments: String,
                ) -> Result<String, $crate::bindings::WitFailure> {
                    $crate::invoke(&$plugin(), &tool, &arguments)
                }
            }

            $crate::bindings::export_component!(Component with_types_in $crate::bindings);
        };
    };
}

/// One optional export of [`export!`].
#[doc(hidden)]
#[macro_export]
macro_rules! export_optional {
    ($plugin:path, resources) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::bindings::{
                WitFailure,
                with_resources::{Contents, Guest, export_resources},
            };

            struct Resources;

            impl Guest for Resources {
                fn read(resource: String, arguments: String) -> Result<Contents, WitFailure> {
                    $crate::read_resource(&$plugin(), &resource, &arguments)
                }
            }

    export_resources!(Resources with_types_in $crate::bindings::with_resources);
        };
    };
    ($plugin:path, prompts) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::bindings::{
                WitFailure,
                with_prompts::{Guest, Message, export_prompts},
            };

            struct Prompts;

            impl Guest for Prompts {
                fn get(prompt: String, arguments: String) -> Result<Vec<Message>, WitFailure> {
                    $crate::get_prompt(&$plugin(), &prompt, &arguments)
                }
            }

    export_prompts!(Prompts with_types_in $crate::bindings::with_prompts);
        };
    };
    ($plugin:path, completion) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::bindings::{
                WitFailure,
                with_completion::{Guest, Subject, Suggestions, export_completion},
            };

            struct Completion;

            impl Guest for Completion {
                fn complete(
                    subject: Subject,
                    name: String,
                    argument: String,
                    value: String,
                    arguments: String,
                ) -> Result<Suggestions, WitFailure> {
                    let typed = [&*argument, &*value, &*arguments];
                    $crate::complete(&$plugin(), subject, &name, typed)
                }
            }

    export_completion!(Completion with_types_in $crate::bindings::with_completion);
        };
    };
    ($plugin:path, interaction) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::bindings::{
                WitFailure,
                with_interaction::{Answer, Guest, Turn, export_interaction},
            };

            struct Interaction;

            impl Guest for Interaction {
                fn step(
                    tool: String,
                    arguments: String,
                    state: Option<String>,
                    answers: Vec<Answer>,
                ) -> Result<Turn, WitFailure> {
                    $crate::step(&$plugin(), &tool, &arguments, (state, answers))
                }
            }

    export_interaction!(Interaction with_types_in $crate::bindings::with_interaction);
        };
    };
}
