//! The path of one reading: of a resource, of a plugin's prompt, of values for an argument. Look up, check,
//! admit, authorise, run, answer.
//!
//! The same steps as those of a tool call, and the same refusals; only nothing here can change
//! anything, so nothing is confirmed. It must not know MCP's types.

mod completing;
mod prompting;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, FutureExt};
use serde_json::{Map, Value};

use crate::audit::Line;
use crate::call::{App, Running, Scope, denied, failed, flawed, own_token, until_stopped};
use crate::caller::Caller;
use crate::capability::{Counterpart, Link, Record};
use crate::error::ToolError;
use crate::names::CallId;
pub use completing::{Completed, Completing, Target, complete};
pub use prompting::{Prompted, Prompting, prompt};

use crate::policy::{self, ReadPermit, ResourceGrant};
use crate::registry::{Connection, Resource, Snapshot};
use crate::runtime::{Call, Failure};
pub use crate::runtime::{Contents, Message, Suggestions};
use crate::schema::Schema;

/// A reading as a client asked for it.
pub struct Reading {
    /// The address.
    pub uri: String,
    /// Who asks.
    pub caller: Caller,
    /// Where.
    pub scope: Scope,
}

/// What was read.
pub struct Found {
    /// The resource, for its media type and metadata.
    pub resource: Arc<Resource>,
    /// What it holds.
    pub contents: Contents,
}

/// No resource has that address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no resource has this address; resources/list and resources/templates/list say which there are"
)]
pub struct UnknownResource;

/// What came of a reading: contents, an error, or no such resource.
pub type Read = Result<Result<Found, ToolError>, UnknownResource>;

/// Serves one reading.
///
/// # Errors
/// There is no such resource.
pub fn read(app: &App, reading: Reading) -> BoxFuture<'_, Read> {
    async move { serve(app, &reading).await }.boxed()
}

async fn serve(app: &App, reading: &Reading) -> Read {
    let _running = Running::begin(&app.running);
    let snapshot = app.registry.snapshot();
    let (resource, caught) = look_up(&snapshot, reading).ok_or(UnknownResource)?;
    let of = Of {
        connection: &resource.connection,
        name: &resource.plugin.declared.name,
        grant: &resource.grant,
        who: (&reading.caller, &reading.scope),
        counterpart: None,
    };
    let schema = resource.plugin.arguments.as_ref();
    let plugin = &resource.connection.plugin.compiled;
    let contents = of.run(app, (caught, schema), async |permit, link, call| {
        app.runtime.read(permit, plugin, link, call).await
    });
    let contents = contents.await;
    Ok(contents.map(|contents| Found { resource, contents }))
}

/// The resource of an address, on a connection that is reached here, and what its placeholders caught.
fn look_up(snapshot: &Snapshot, reading: &Reading) -> Option<(Arc<Resource>, Map<String, Value>)> {
    let reached = |resource: &&Arc<Resource>| reading.scope.covers(snapshot, &resource.connection);
    let reached = snapshot.resources.iter().filter(reached);
    let mut found = reached.filter_map(|resource| Some((resource, resource.catch(&reading.uri)?)));
    found
        .next()
        .map(|(resource, caught)| (Arc::clone(resource), caught))
}

/// What is read, and by whom.
struct Of<'a> {
    connection: &'a Connection,
    /// As its plugin names it.
    name: &'a str,
    grant: &'a ResourceGrant,
    who: (&'a Caller, &'a Scope),
    /// The conformance suite's client; nothing for everybody else.
    counterpart: Option<Arc<Counterpart>>,
}

impl Of<'_> {
    /// Lets a plugin read something, with one line in the audit log.
    async fn run<T>(
        &self,
        app: &App,
        arguments: (Map<String, Value>, Option<&Schema>),
        read: impl AsyncFnOnce(&ReadPermit, Arc<Link>, &Call) -> Result<T, Failure>,
    ) -> Result<T, ToolError> {
        let (id, record) = (CallId::random(), Arc::new(Record::default()));
        let connection = self.connection.config.name.as_str();
        let line = Line::begin(id, connection, self.name, Arc::clone(&record));
        let work = self.permitted(app, arguments, (id, Arc::clone(&record)), read);
        let result = until_stopped(app, &record, work).await;
        line.end(result.as_ref());
        result
    }

    async fn permitted<T>(
        &self,
        app: &App,
        (arguments, schema): (Map<String, Value>, Option<&Schema>),
        (id, record): (CallId, Arc<Record>),
        read: impl AsyncFnOnce(&ReadPermit, Arc<Link>, &Call) -> Result<T, Failure>,
    ) -> Result<T, ToolError> {
        let (connection, (caller, scope)) = (self.connection, self.who);
        let deadline = Instant::now() + Duration::from_millis(connection.link.limits.timeout_ms);
        let principal = caller.principal();
        let token = own_token(connection, caller, scope)?;
        let arguments = Value::Object(arguments);
        let flaws = schema.map_or(Vec::new(), |schema| schema.flaws(&arguments));
        if !flaws.is_empty() {
            return Err(flawed(flaws));
        }
        let call = Call {
            id,
            deadline,
            text: arguments.to_string(),
            arguments: Arc::new(arguments),
            record,
            caller: token,
            beside: None,
            counterpart: self.counterpart.clone(),
        };
        let _admitted = app
            .admission
            .admit(principal, &connection.gate, deadline)
            .await?;
        let permit =
            policy::authorize_read(principal, self.grant).map_err(|denial| denied(&denial))?;
        read(&permit, Arc::clone(&connection.link), &call)
            .await
            .map_err(|failure| failed(permit.name().as_str(), &call, failure))
    }
}
