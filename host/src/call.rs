//! THE PATH of one tool call: look up, check, admit, confirm, authorise, run, answer.
//!
//! `run` can be read aloud; everything else in this file serves it. It must not know MCP's types.

mod confirming;
mod ending;
mod links;
mod question;
mod scope;
mod stepping;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, FutureExt};
pub use scope::{Proof, Scope, Unproved};
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use confirming::confirm;
pub(crate) use ending::failed;
use ending::{answer, stopped};

use crate::admission::Admission;
use crate::audit::Line;
use crate::caller::{Caller, Token};
pub use crate::capability::{Audience, Listing};
use crate::capability::{Beside, Counterpart, Record, Watched};
pub use crate::capability::{Block, BlockLink, Body, Hints, Reader, Shown, Step, Watcher};
use crate::confirm::{Confirmations, Said};
use crate::error::{Kind, ToolError};
use crate::input::{Input, Unfinished};
use crate::names::CallId;
use crate::policy::{self, Denial, Permit};
use crate::registry::{Connection, Registry, Snapshot, Tool};
use crate::runtime::{Call, Failure, Runtime};
use crate::schema;

/// What serves calls.
pub struct App {
    /// What can be called.
    pub registry: Arc<Registry>,
    /// The sandbox.
    pub runtime: Arc<Runtime>,
    /// Who may start now.
    pub admission: Admission,
    /// Previews that wait.
    pub confirmations: Confirmations,
    /// The most bytes of arguments.
    pub request_bytes: u64,
    /// How many calls run now.
    pub running: watch::Sender<usize>,
    /// Ends the calls that run when the host cannot wait for them any longer.
    pub stopping: CancellationToken,
}

impl App {
    /// Lets a request in that is answered without a plugin: it counts like a call.
    ///
    /// # Errors
    /// It came too soon.
    pub async fn admitted(
        &self,
        caller: &Caller,
        connection: &Connection,
    ) -> Result<(), ToolError> {
        let deadline = Instant::now() + Duration::from_millis(connection.link.limits.timeout_ms);
        let principal = caller.principal();
        let admitted = self.admission.admit(principal, &connection.gate, deadline);
        admitted.await.map(drop)
    }
}

/// Counts one running call while it lives.
pub(crate) struct Running<'a>(&'a watch::Sender<usize>);

impl<'a> Running<'a> {
    pub(crate) fn begin(running: &'a watch::Sender<usize>) -> Self {
        running.send_modify(|count| *count += 1);
        Self(running)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// A tool call as a client asked for it, or one round of it.
#[derive(Clone)]
pub struct Request {
    /// The listed name, or an alias.
    pub name: String,
    /// The arguments.
    pub arguments: Map<String, Value>,
    /// Who asks.
    pub caller: Caller,
    /// Where.
    pub scope: Scope,
    /// What the client can be asked for, and what it answered.
    pub input: Input,
    /// Who asked to be told how far it is.
    pub watcher: Option<Arc<dyn Watcher>>,
    /// The conformance suite's client; nothing for everybody else.
    pub audience: Option<Arc<dyn Audience>>,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// Its result, an object.
    pub value: Value,
    /// What it attached beside.
    pub blocks: Vec<Block>,
    /// Whether the blocks are all that a client gets as content; the conformance suite's fixture alone.
    pub plain: bool,
}

impl From<Value> for Answered {
    fn from(value: Value) -> Self {
        Self {
            value,
            blocks: Vec::new(),
            plain: false,
        }
    }
}

/// No tool of that name; a protocol error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown tool `{name}`{}", .near.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
pub struct UnknownTool {
    name: String,
    near: Option<String>,
}

/// Serves one call.
///
/// # Errors
/// There is no such tool; everything else is an answer.
pub fn call(app: &App, request: Request) -> BoxFuture<'_, Called> {
    serve(app, request).boxed()
}

/// What came of a call: a result, none, or no such tool.
pub type Called = Result<Result<Answered, Unfinished>, UnknownTool>;

async fn serve(app: &App, request: Request) -> Called {
    let _running = Running::begin(&app.running);
    // Before anything that may wait: what is previewed while a call waits, its caller has not seen.
    let began = Instant::now();
    let snapshot = app.registry.snapshot();
    let Some(tool) = look_up(&snapshot, &request) else {
        let waiting = waits(&snapshot, &request).map(|error| Err(error.into()));
        return waiting.ok_or_else(|| unknown(app, &request));
    };
    let (id, record) = (CallId::random(), Arc::new(Record::default()));
    let connection = tool.connection.config.name.as_str();
    let line = Line::begin(
        id,
        connection,
        tool.plugin.name.as_str(),
        Arc::clone(&record),
    );
    let work = run(app, &tool, request, (id, began), Arc::clone(&record));
    let result = until_stopped(app, &record, work).await;
    match &result {
        Ok(value) => line.end(Ok(value)),
        Err(Unfinished::Asks(_)) => line.asks(),
        Err(Unfinished::Failed(error) | Unfinished::Lacks(_, error)) => {
            line.end::<Value>(Err(error));
        }
    }
    Ok(result)
}

/// Lets a call or a reading run to its end, or until the host cannot wait for it any longer.
pub(crate) async fn until_stopped<T, E: From<ToolError>>(
    app: &App,
    record: &Record,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::select! {
        result = work => result,
        () = app.stopping.cancelled() => Err(stopped(record).into()),
    }
}

/// One call of one tool.
async fn run(
    app: &App,
    tool: &Tool,
    request: Request,
    (id, began): (CallId, Instant),
    record: Arc<Record>,
) -> Result<Answered, Unfinished> {
    let deadline = began + Duration::from_millis(tool.connection.link.limits.timeout_ms);
    let Request {
        mut arguments,
        caller,
        scope,
        input,
        watcher,
        audience,
        ..
    } = request;
    let principal = caller.principal();
    policy::open(principal, &tool.grant).map_err(|d| denied(&d))?;
    let token = own_token(&tool.connection, &caller, &scope)?;
    let said = take_confirmation(tool, &mut arguments)?;
    let (arguments, text) = check_arguments(app, tool, arguments)?;
    let beside = Arc::new(Beside {
        watched: watcher.map(Watched::new),
        ..Beside::default()
    });
    let call = Call {
        id,
        deadline,
        arguments: Arc::new(arguments),
        text,
        record,
        caller: token,
        beside: Some(Arc::clone(&beside)),
        counterpart: audience.map(|audience| Counterpart::new(audience, &input)),
    };
    let grant = tool.grant.for_call(&call.arguments);
    policy::open(principal, &grant).map_err(|d| denied(&d))?;
    let _admitted = app
        .admission
        .admit(principal, &tool.connection.gate, deadline)
        .await?;
    let heard = (&said, &input, began);
    let confirmation = confirm(app, (tool, &grant), principal, &call, heard).await?;
    let permit = policy::authorize(principal, &grant, confirmation).map_err(|d| denied(&d))?;
    let result = match tool.plugin.declared().asks {
        true => stepping::step(app, tool, &permit, (&call, &input)).await?,
        false => invoke(app, tool, &permit, &call).await,
    };
    let value = answer(tool, &call, result)?;
    let attached = beside.attached.take();
    let blocks = links::readable(attached, &app.registry, (principal, &scope));
    let plain = call
        .counterpart
        .as_ref()
        .is_some_and(|client| client.is_plain());
    Ok(Answered {
        value,
        blocks,
        plain,
    })
}

async fn invoke(app: &App, tool: &Tool, permit: &Permit, call: &Call) -> Result<Value, Failure> {
    let link = Arc::clone(&tool.connection.link);
    let plugin = &tool.connection.plugin.compiled;
    app.runtime.invoke(permit, plugin, link, call).await
}

fn look_up(snapshot: &Snapshot, request: &Request) -> Option<Arc<Tool>> {
    let covers = |tool: &&Arc<Tool>| request.scope.covers(snapshot, &tool.connection);
    snapshot.find(&request.name).filter(covers).cloned()
}

/// A tool of a connection whose plugin waits for approval is no unknown one: it may come.
fn waits(snapshot: &Snapshot, request: &Request) -> Option<ToolError> {
    let mut waiting = snapshot.waiting.iter();
    let waiting = waiting.find(|waiting| {
        request.scope.covers_waiting(snapshot, waiting)
            && waiting.has(&request.name, request.caller.principal())
    })?;
    let (connection, plugin) = (&waiting.config.name, &waiting.plugin.id);
    let message = format!(
        "`{connection}` has no tools now: its plugin `{plugin}` is new or asks for more than before, and waits for approval"
    );
    Some(
        ToolError::new(Kind::Unavailable, "WAITS_FOR_APPROVAL", message).suggest(format!(
            "the operator of this server decides with `portcullis plugin approve {plugin}`; ask them"
        )),
    )
}

/// The caller's token where the connection acts with it, and nowhere else.
pub(crate) fn own_token(
    connection: &Connection,
    caller: &Caller,
    scope: &Scope,
) -> Result<Option<Token>, ToolError> {
    if !connection.forwards() {
        // Over HTTP only those have a token who were let in because of it.
        if *scope != Scope::All && caller.token().is_some() {
            let name = &connection.config.name;
            let message = format!(
                "`{name}` ceased to act with its callers' own tokens while this call came in"
            );
            return Err(
                ToolError::new(Kind::AuthNeeded, "ENDPOINT_CHANGED", message)
                    .suggest("connect again"),
            );
        }
        return Ok(None);
    }
    let lacks = || {
        let name = &connection.config.name;
        let message =
            format!("`{name}` acts with the caller's own token, and this call brought none");
        ToolError::new(Kind::AuthNeeded, "TOKEN_NEEDED", message)
            .suggest("over HTTP it comes as `Authorization: Bearer …`, with `portcullis call` from the variable that --token-env names")
    };
    caller.token().cloned().map(Some).ok_or_else(lacks)
}

/// The nearest name is one that the caller sees.
fn unknown(app: &App, request: &Request) -> UnknownTool {
    let snapshot = app.registry.snapshot_for(request.caller.principal());
    let Request { name, scope, .. } = request;
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    let known: Vec<String> = snapshot
        .listed
        .iter()
        .filter(|tool| scope.covers(&snapshot, &tool.connection))
        .map(|tool| tool.listed_name.clone())
        .collect();
    UnknownTool {
        near: schema::nearest(&name, &known).cloned(),
        name,
    }
}

pub(crate) fn denied(denial: &Denial) -> ToolError {
    tracing::warn!("{denial}");
    ToolError::new(Kind::Forbidden, "DENIED", denial.for_model())
        .suggest("the operator of this server decides which tools may run; ask them")
}

fn take_confirmation(tool: &Tool, arguments: &mut Map<String, Value>) -> Result<Said, ToolError> {
    if !tool.plugin.declared().needs_confirmation() {
        return Ok(Said::Nothing);
    }
    Said::take(arguments).map_err(|(at, what)| {
        ToolError::new(Kind::BadInput, "INVALID_ARGUMENT", format!("{at} {what}"))
            .at(vec![at.into()])
    })
}

fn check_arguments(
    app: &App,
    tool: &Tool,
    arguments: Map<String, Value>,
) -> Result<(Value, String), ToolError> {
    let arguments = Value::Object(arguments);
    if schema::depth(&arguments) > schema::DEEPEST {
        let message = format!("the arguments nest deeper than {} levels", schema::DEEPEST);
        return Err(ToolError::new(Kind::BadInput, "INVALID_ARGUMENT", message));
    }
    let text = arguments.to_string();
    if text.len() as u64 > app.request_bytes {
        let message = format!(
            "the arguments are {} bytes, at most {} are taken (server.limits.request_bytes)",
            text.len(),
            app.request_bytes
        );
        return Err(ToolError::new(Kind::BadInput, "INVALID_ARGUMENT", message)
            .suggest("send less in one call"));
    }
    let flaws = tool.plugin.arguments.flaws(&arguments);
    if flaws.is_empty() {
        return Ok((arguments, text));
    }
    let see = format!("see the input schema of `{}`", tool.listed_name);
    Err(flawed(flaws).suggest(see))
}

/// What is wrong with arguments, in one sentence.
pub(crate) fn flawed(flaws: Vec<schema::Flaw>) -> ToolError {
    let message = flaws
        .iter()
        .map(|flaw| {
            if flaw.at.is_empty() {
                flaw.what.clone()
            } else {
                format!("{}: {}", flaw.at, flaw.what)
            }
        })
        .collect::<Vec<_>>()
        .join("; ");
    ToolError::new(Kind::BadInput, "INVALID_ARGUMENT", message)
        .at(flaws.into_iter().map(|flaw| flaw.at).collect())
}
