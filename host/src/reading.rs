//! The path of one reading of a resource: look up, check, admit, authorise, run, answer.
//!
//! The same steps as those of a tool call, and the same refusals; only nothing here can change
//! anything, so nothing is confirmed. It must not know MCP's types.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, FutureExt};
use serde_json::{Map, Value};

use crate::audit::Line;
use crate::call::{App, Running, Scope, denied, failed, flawed, own_token, until_stopped};
use crate::caller::Caller;
use crate::capability::Record;
use crate::error::ToolError;
use crate::names::CallId;
use crate::policy;
use crate::registry::{Resource, Snapshot};
use crate::runtime::Call;
pub use crate::runtime::Contents;

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
    let (id, record) = (CallId::random(), Arc::new(Record::default()));
    let connection = resource.connection.config.name.as_str();
    let name = &resource.plugin.declared.name;
    let line = Line::begin(id, connection, name, Arc::clone(&record));
    let work = run(app, &resource, caught, reading, (id, Arc::clone(&record)));
    let result = until_stopped(app, &record, work).await;
    line.end(result.as_ref());
    Ok(result.map(|contents| Found { resource, contents }))
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

/// One reading of one resource.
async fn run(
    app: &App,
    resource: &Resource,
    caught: Map<String, Value>,
    reading: &Reading,
    (id, record): (CallId, Arc<Record>),
) -> Result<Contents, ToolError> {
    let connection = &resource.connection;
    let deadline = Instant::now() + Duration::from_millis(connection.link.limits.timeout_ms);
    let principal = reading.caller.principal();
    let token = own_token(connection, &reading.caller, &reading.scope)?;
    let arguments = Value::Object(caught);
    let schema = resource.plugin.arguments.as_ref();
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
    };
    let _admitted = app
        .admission
        .admit(principal, &connection.gate, deadline)
        .await?;
    let permit =
        policy::authorize_read(principal, &resource.grant).map_err(|denial| denied(&denial))?;
    let link = Arc::clone(&connection.link);
    app.runtime
        .read(&permit, &connection.plugin.compiled, link, &call)
        .await
        .map_err(|failure| failed(permit.name().as_str(), &call, failure))
}
