//! The harness: a plugin, a stand-in for the host, and the checks that the host makes around a
//! call.

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use jsonschema::Validator;
use portcullis_manifest::{Manifest, Resource, Route, Tool};
use serde_json::{Map, Value, json};

use super::{exchange::Exchange, host::StubHost, routes};
use crate::{
    block::Block,
    call::Call,
    complete::{Suggestions, Typed},
    failure::{Failure, code},
    http::{HttpError, Request, Response},
    plugin::Plugin,
    resource::Contents,
};

/// A plugin on a native stand-in for the host. Panics on what the host would refuse, and when it
/// is dropped while an expected request was not sent.
pub struct Harness {
    plugin: Plugin,
    manifest: Manifest,
    host: StubHost,
    faults_matter: bool,
}

impl Harness {
    /// A connection named `test` at `https://crm.example.com`, settings at their defaults.
    #[must_use]
    pub fn new(plugin: Plugin) -> Self {
        let manifest = plugin.describe();
        let mut sends: BTreeSet<String> = manifest.headers.send.iter().cloned().collect();
        sends.extend(["accept".to_owned(), "content-type".to_owned()]);
        let mut slots: BTreeSet<String> = manifest.credentials.keys().cloned().collect();
        if slots.is_empty() {
            slots.insert("default".to_owned());
        }
        let host = StubHost {
            settings: defaults(&manifest),
            connection: json!({
                "name": "test", "prefix": "test", "url": "https://crm.example.com", "identity": "service", "now": "2026-11-20T10:00:00Z",
                "limits": {"response_bytes": 8_388_608, "upstream_calls": 64, "timeout_ms": 30_000}
            }),
            identity: "service".to_owned(),
            table: RefCell::default(),
            upstream: RefCell::default(),
            requests: RefCell::default(),
            faults: RefCell::default(),
            lines: RefCell::default(),
            blocks: RefCell::default(),
            steps: RefCell::default(),
            cache: RefCell::default(),
            clock_ms: 0.into(),
            deadline_ms: 0.into(),
            allowed: RefCell::default(),
            made: RefCell::default(),
            sends,
            slots,
        };
        Self {
            plugin,
            manifest,
            host,
            faults_matter: true,
        }
    }

    /// Sets a setting of the connection.
    #[must_use]
    pub fn setting(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.host.settings.insert(key.to_owned(), value.into());
        self
    }

    /// Sets the connection's address.
    #[must_use]
    pub fn url(mut self, url: &str) -> Self {
        self.host.connection["url"] = url.into();
        self
    }

    /// Sets what else the plugin is told of the connection.
    #[must_use]
    pub fn connection(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.host.connection[key] = value.into();
        self
    }

    /// Leaves a credential slot without a credential.
    #[must_use]
    pub fn without_credential(mut self, slot: &str) -> Self {
        self.host.slots.remove(slot);
        self
    }

    /// Expects a request.
    #[must_use]
    pub fn expect(self, exchange: Exchange) -> Self {
        self.host.table.borrow_mut().push(exchange);
        self
    }

    /// Expects requests.
    #[must_use]
    pub fn expect_all(self, exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        self.host.table.borrow_mut().extend(exchanges);
        self
    }

    /// Answers every request from a closure instead of a table.
    #[must_use]
    pub fn upstream(
        self,
        answer: impl FnMut(&Request) -> Result<Response, HttpError> + 'static,
    ) -> Self {
        *self.host.upstream.borrow_mut() = Some(Box::new(answer));
        self
    }

    /// Lets refused requests reach the plugin as errors instead of failing the test.
    #[must_use]
    pub fn tolerate_refusals(mut self) -> Self {
        self.faults_matter = false;
        self
    }

    /// Expects a request from now on.
    pub fn also_expect(&self, exchange: Exchange) {
        self.host.table.borrow_mut().push(exchange);
    }

    /// Changes who calls; the cache is kept apart.
    pub fn become_identity(&mut self, identity: &str) {
        identity.clone_into(&mut self.host.identity);
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        let now = self.host.clock_ms.get();
        self.host
            .clock_ms
            .set(now + u64::try_from(time.as_millis()).unwrap_or(0));
    }

    /// What the plugin asks for.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The requests that were sent, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.host.requests.borrow().clone()
    }

    /// How many milliseconds the plugin slept, and [`Harness::advance`] let pass.
    #[must_use]
    pub fn clock_ms(&self) -> u64 {
        self.host.clock_ms.get()
    }

    /// What the plugin keeps under a key, for whoever calls now.
    #[must_use]
    pub fn kept(&self, key: &str) -> Option<String> {
        let of = (self.host.identity.clone(), key.to_owned());
        let cache = self.host.cache.borrow();
        let (bytes, _) = cache.get(&of)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// What the plugin logged.
    #[must_use]
    pub fn log_lines(&self) -> Vec<String> {
        self.host.lines.borrow().clone()
    }

    /// What the latest call attached to its answer.
    #[must_use]
    pub fn blocks(&self) -> Vec<Block> {
        self.host.blocks.borrow().clone()
    }

    /// Follows the calls from now on.
    pub fn follow(&self) {
        self.host.steps.borrow_mut().get_or_insert_default();
    }

    /// What whoever follows was told: how far, of how much, and the words.
    #[must_use]
    pub fn steps(&self) -> Vec<(f64, Option<f64>, String)> {
        self.host.steps.borrow().clone().unwrap_or_default()
    }

    /// Whether a call of a tool with these arguments may send a request, as its first.
    ///
    /// # Panics
    /// There is no such tool.
    #[must_use]
    pub fn lets(&self, tool: &str, arguments: &Value, request: &Request) -> bool {
        let declared = self.tool(tool).expect("the tool exists");
        let routes = match declared.case(arguments) {
            Some(case) => &case.routes,
            None => &declared.routes,
        };
        routes
            .iter()
            .any(|route| routes::route_matches(route, request, arguments))
    }

    /// Runs a tool as the host does: arguments and result are checked against its schemas.
    ///
    /// # Errors
    /// What the tool says, and `INVALID_ARGUMENT` for arguments that break its input schema.
    ///
    /// # Panics
    /// The result breaks the output schema, or a request was refused.
    pub fn invoke(&self, tool: &str, arguments: Value) -> Result<Value, Failure> {
        let Some(declared) = self.tool(tool) else {
            let routes = self
                .manifest
                .live_check
                .as_ref()
                .map(|check| check.routes.clone())
                .unwrap_or_default();
            return self.run(routes, arguments, |call, arguments| {
                self.plugin.invoke(call, tool, arguments)
            });
        };
        check_arguments(&declared.input_schema, &arguments)?;
        let routes = match declared.case(&arguments) {
            Some(case) => case.routes.clone(),
            None => declared.routes.clone(),
        };
        let result = self.run(routes, arguments, |call, arguments| {
            self.plugin.invoke(call, tool, arguments)
        });
        if let Ok(value) = &result {
            let faults: Vec<_> = validator(&declared.output_schema)
                .iter_errors(value)
                .map(|error| error.to_string())
                .collect();
            assert!(
                faults.is_empty(),
                "the result of {tool} breaks its output schema: {faults:?}\n{value}"
            );
        }
        result
    }

    /// Runs a tool's preview, with only its preview routes open.
    ///
    /// # Errors
    /// What the preview says.
    ///
    /// # Panics
    /// The tool does not exist, or a request was refused.
    pub fn preview(&self, tool: &str, arguments: Value) -> Result<Value, Failure> {
        let declared = self.tool(tool).expect("the tool exists");
        check_arguments(&declared.input_schema, &arguments)?;
        let routes = match declared.case(&arguments) {
            Some(case) => case.preview_routes.clone(),
            None => declared.preview_routes.clone(),
        };
        self.run(routes, arguments, |call, arguments| {
            self.plugin.preview(call, tool, arguments)
        })
    }

    /// Reads a resource as the host does, by its name and what the placeholders of its address caught.
    ///
    /// # Errors
    /// What the resource says, and `INVALID_ARGUMENT` for arguments that break its input schema.
    ///
    /// # Panics
    /// The resource does not exist, or a request was refused.
    pub fn read(&self, resource: &str, arguments: Value) -> Result<Contents, Failure> {
        let declared = self.resource(resource);
        if let Some(schema) = &declared.input_schema {
            check_arguments(schema, &arguments)?;
        }
        self.within(declared.routes.clone(), arguments, |call, arguments| {
            self.plugin.read(call, resource, arguments)
        })
    }

    /// Offers values for `argument`, a placeholder of a resource's address, as the host does; `arguments`
    /// holds what was typed so far of it and of others.
    ///
    /// # Errors
    /// What the resource says.
    ///
    /// # Panics
    /// The resource does not exist, nothing was typed, or a request was refused.
    pub fn complete(
        &self,
        resource: &str,
        argument: &str,
        arguments: Value,
    ) -> Result<Suggestions, Failure> {
        let mut offers = self.resource(resource).completes.iter();
        let Some(declared) = offers.find(|one| one.arguments.iter().any(|name| name == argument))
        else {
            return Ok(Suggestions::default());
        };
        self.within(declared.routes.clone(), arguments, |call, arguments| {
            let value = arguments[argument].as_str().expect("something was typed");
            let typed = Typed {
                argument,
                value,
                arguments,
            };
            self.plugin.complete_resource(call, resource, typed)
        })
    }

    fn resource(&self, name: &str) -> &Resource {
        let mut resources = self.manifest.resources.iter();
        resources
            .find(|declared| declared.name == name)
            .expect("the resource exists")
    }

    fn tool(&self, name: &str) -> Option<&Tool> {
        self.manifest
            .tools
            .iter()
            .find(|tool| tool.name == name || tool.aliases.iter().any(|alias| alias == name))
    }

    fn run(
        &self,
        routes: Vec<Route>,
        arguments: Value,
        run: impl FnOnce(&Call<'_>, &Value) -> Result<String, Failure>,
    ) -> Result<Value, Failure> {
        let result = self.within(routes, arguments, run);
        result.map(|text| serde_json::from_str(&text).expect("the result is JSON"))
    }

    /// Runs something of the plugin with these routes open and no other.
    fn within<T>(
        &self,
        routes: Vec<Route>,
        arguments: Value,
        run: impl FnOnce(&Call<'_>, &Value) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.host.deadline_ms.set(self.host.clock_ms.get() + 30_000);
        let given = arguments.clone();
        *self.host.allowed.borrow_mut() = (routes, arguments);
        self.host.made.take();
        self.host.blocks.take();
        let result = run(&Call::new(&self.host), &given);
        let faults = self.host.faults.take();
        assert!(
            !self.faults_matter || faults.is_empty(),
            "{}",
            faults.join("\n")
        );
        result
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        let unused: Vec<_> = self
            .host
            .table
            .borrow()
            .iter()
            .filter(|exchange| exchange.left > 0)
            .map(Exchange::line)
            .collect();
        assert!(
            std::thread::panicking() || unused.is_empty(),
            "expected and not sent: {}",
            unused.join(", ")
        );
    }
}

fn defaults(manifest: &Manifest) -> Map<String, Value> {
    let properties = manifest
        .settings
        .as_ref()
        .and_then(|schema| schema.get("properties"))
        .and_then(Value::as_object);
    let with_default =
        |(key, schema): (&String, &Value)| Some((key.clone(), schema.get("default")?.clone()));
    properties
        .into_iter()
        .flatten()
        .filter_map(with_default)
        .collect()
}

fn check_arguments(schema: &Value, arguments: &Value) -> Result<(), Failure> {
    match validator(schema).iter_errors(arguments).next() {
        Some(error) => Err(
            Failure::bad_input(code::INVALID_ARGUMENT, error.to_string())
                .at(error.instance_path().to_string()),
        ),
        None => Ok(()),
    }
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).expect("the schema is valid JSON Schema 2020-12")
}
