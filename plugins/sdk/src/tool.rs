//! One tool: its declaration gives schema, argument reading, dispatch and documentation.

use portcullis_manifest::{self as manifest, Case, Effect, Long, Route};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{
    args,
    asking::{Resumed, Turn},
    call::Call,
    failure::Failure,
    schema::{self, Builder},
};

/// From arguments to the result as JSON text: it is written once, and nothing reads it again.
type Run = Box<dyn Fn(&Call<'_>, &Value) -> Result<String, Failure>>;
/// One step of a tool that asks: the result as JSON text, or questions.
type Step = Box<dyn Fn(&Call<'_>, &Value, &Resumed) -> Result<Turn<String>, Failure>>;
type Routes = fn() -> Vec<Route>;
type Cases = fn() -> Vec<Case>;

/// One tool. Nothing of its schema or routes is computed until `describe` asks.
pub struct Tool {
    name: &'static str,
    title: &'static str,
    about: Option<&'static str>,
    effect: Effect,
    idempotent: bool,
    aliases: &'static [&'static str],
    run: Run,
    preview: Option<Run>,
    step: Option<Step>,
    long: Option<Long>,
    routes: Routes,
    preview_routes: Routes,
    cases: Cases,
    page: Option<&'static str>,
    visible_to: &'static [&'static str],
    input: Builder,
    output: Builder,
}

impl Tool {
    /// A tool that changes nothing; it counts as idempotent.
    pub fn read<A, O, F>(name: &'static str, title: &'static str, run: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        O: Serialize + JsonSchema + 'static,
        F: Fn(&Call<'_>, &A) -> Result<O, Failure> + 'static,
    {
        Self::new(Effect::Read, name, title, run).idempotent()
    }

    /// A tool whose changes a next call can undo.
    pub fn write<A, O, F>(name: &'static str, title: &'static str, run: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        O: Serialize + JsonSchema + 'static,
        F: Fn(&Call<'_>, &A) -> Result<O, Failure> + 'static,
    {
        Self::new(Effect::Write, name, title, run)
    }

    /// A tool that the next call cannot undo. The host shows `preview`'s result and asks first.
    pub fn destructive<A, O, P, F, G>(
        name: &'static str,
        title: &'static str,
        preview: G,
        run: F,
    ) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        O: Serialize + JsonSchema + 'static,
        P: Serialize,
        F: Fn(&Call<'_>, &A) -> Result<O, Failure> + 'static,
        G: Fn(&Call<'_>, &A) -> Result<P, Failure> + 'static,
    {
        Self {
            preview: Some(erase(preview)),
            ..Self::new(Effect::Destructive, name, title, run)
        }
    }

    /// A tool that reaches a person outside. The host shows `preview`'s result and asks first.
    pub fn outward<A, O, P, F, G>(
        name: &'static str,
        title: &'static str,
        preview: G,
        run: F,
    ) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        O: Serialize + JsonSchema + 'static,
        P: Serialize,
        F: Fn(&Call<'_>, &A) -> Result<O, Failure> + 'static,
        G: Fn(&Call<'_>, &A) -> Result<P, Failure> + 'static,
    {
        Self {
            preview: Some(erase(preview)),
            ..Self::new(Effect::Outward, name, title, run)
        }
    }

    fn new<A, O, F>(effect: Effect, name: &'static str, title: &'static str, run: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        O: Serialize + JsonSchema + 'static,
        F: Fn(&Call<'_>, &A) -> Result<O, Failure> + 'static,
    {
        Self {
            name,
            title,
            about: None,
            effect,
            idempotent: false,
            aliases: &[],
            run: erase(run),
            preview: None,
            step: None,
            long: None,
            routes: Vec::new,
            preview_routes: Vec::new,
            cases: Vec::new,
            page: None,
            visible_to: &[],
            input: A::json_schema,
            output: O::json_schema,
        }
    }

    /// A tool that may have to ask the user something: one step of it, from nothing or from what came
    /// back since the last one. Each step runs in a fresh instance, and an answer may never come. The
    /// plugin is exported with the word `interaction`. `effect` is `Read` or `Write`.
    pub fn asking<A, O, F>(effect: Effect, name: &'static str, title: &'static str, step: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        O: Serialize + JsonSchema + 'static,
        F: Fn(&Call<'_>, &A, &Resumed) -> Result<Turn<O>, Failure> + 'static,
    {
        let nobody = |_: &Call<'_>, _: &A| -> Result<O, Failure> {
            Err(Failure::internal("the host does not run the tool by steps"))
        };
        let step: Step = Box::new(move |call, arguments, resumed| {
            Ok(match step(call, &args::read(arguments)?, resumed)? {
                Turn::Done(output) => Turn::Done(written(&output)?),
                Turn::Ask(ask) => Turn::Ask(ask),
            })
        });
        Self {
            step: Some(step),
            ..Self::new(effect, name, title, nobody)
        }
    }

    /// Says that it may work for longer than clients wait.
    #[must_use]
    pub fn long(mut self, long: Long) -> Self {
        self.long = Some(long);
        self
    }

    /// The description for a model, instead of the argument struct's doc comment.
    #[must_use]
    pub fn about(mut self, text: &'static str) -> Self {
        self.about = Some(text);
        self
    }

    /// Says that calling it twice has the effect of calling it once.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Further names under which it can be called; they are not listed.
    #[must_use]
    pub fn aliases(mut self, names: &'static [&'static str]) -> Self {
        self.aliases = names;
        self
    }

    /// What it may send.
    #[must_use]
    pub fn routes(mut self, routes: Routes) -> Self {
        self.routes = routes;
        self
    }

    /// What its preview may send.
    #[must_use]
    pub fn preview_routes(mut self, routes: Routes) -> Self {
        self.preview_routes = routes;
        self
    }

    /// Arguments with which it has another effect and other routes.
    #[must_use]
    pub fn cases(mut self, cases: Cases) -> Self {
        self.cases = cases;
        self
    }

    /// The page that shows its result in clients that can: the `uri` of a resource, as it is declared.
    /// The result has to be enough for those that cannot.
    #[must_use]
    pub fn page(mut self, uri: &'static str) -> Self {
        self.page = Some(uri);
        self
    }

    /// Who may call it in clients that show pages: `model`, `app`; the model alone unless this says
    /// otherwise, because a client lets a page call the tools of every connection of its server.
    #[must_use]
    pub fn visible_to(mut self, callers: &'static [&'static str]) -> Self {
        self.visible_to = callers;
        self
    }

    pub(crate) fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    pub(crate) fn invoke(&self, call: &Call<'_>, arguments: &Value) -> Result<String, Failure> {
        (self.run)(call, arguments)
    }

    pub(crate) fn step(
        &self,
        call: &Call<'_>,
        arguments: &Value,
        resumed: &Resumed,
    ) -> Option<Result<Turn<String>, Failure>> {
        let step = self.step.as_ref()?;
        Some(step(call, arguments, resumed))
    }

    pub(crate) fn preview(
        &self,
        call: &Call<'_>,
        arguments: &Value,
    ) -> Option<Result<String, Failure>> {
        self.preview
            .as_ref()
            .map(|preview| preview(call, arguments))
    }

    pub(crate) fn describe(&self) -> manifest::Tool {
        let mut input_schema = schema::input_schema(self.input);
        let doc = schema::take_doc(&mut input_schema);
        manifest::Tool {
            name: self.name.to_owned(),
            title: self.title.to_owned(),
            description: self
                .about
                .map(str::to_owned)
                .or(doc)
                .unwrap_or_else(|| self.title.to_owned()),
            effect: self.effect,
            idempotent: self.idempotent,
            aliases: self.aliases.iter().map(|&name| name.to_owned()).collect(),
            input_schema,
            output_schema: schema::output_schema(self.output),
            routes: (self.routes)(),
            preview_routes: (self.preview_routes)(),
            cases: (self.cases)(),
            meta: self.meta(),
            asks: self.step.is_some(),
            long: self.long,
        }
    }

    fn meta(&self) -> Map<String, Value> {
        let mut ui = Map::new();
        if let Some(uri) = self.page {
            ui.insert("resourceUri".to_owned(), uri.into());
        }
        if !self.visible_to.is_empty() {
            ui.insert("visibility".to_owned(), json!(self.visible_to));
        }
        let ui = (!ui.is_empty()).then(|| ("ui".to_owned(), Value::Object(ui)));
        ui.into_iter().collect()
    }
}

fn erase<A, O, F>(run: F) -> Run
where
    A: DeserializeOwned,
    O: Serialize,
    F: Fn(&Call<'_>, &A) -> Result<O, Failure> + 'static,
{
    Box::new(move |call, arguments| written(&run(call, &args::read(arguments)?)?))
}

fn written<O: Serialize>(output: &O) -> Result<String, Failure> {
    serde_json::to_string(output)
        .map_err(|error| Failure::internal(format!("the result is no JSON: {error}")))
}
