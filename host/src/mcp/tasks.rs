//! Long calls as tasks (MCP extension `io.modelcontextprotocol/tasks`): the client gets a task at once and
//! asks for its state, where it would otherwise have to wait.
//!
//! rmcp's manager keeps the tasks; this binds each to the caller who made it, caps their number, and runs the
//! call behind it, with its questions put through the task. Tasks are in memory and end with the process. It
//! must not know how a call is served.
//!
//! Source: SEP-2663 (2026-11-20).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::{FutureExt, try_join_all};
use rmcp::model::{
    CallToolResponse, CallToolResult, ClientCapabilities, CreateTaskResult, DetailedTask,
    ErrorCode, ErrorData, TASKS_EXTENSION_ID,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::task_manager::{TaskContext, TaskExit, TaskManager, TaskOptions};
use serde_json::{Value, json};

use super::asking::{self, fitting, requests};
use super::convert::Text;
use super::{Era, Server, convert};
use crate::call::{Request, call};
use crate::error::{Kind, ToolError};
use crate::input::{Answers, Questions, Unfinished};
use portcullis_manifest::Long;

/// How long a task is kept; a call ends much earlier.
const KEPT: Duration = Duration::from_secs(10 * 60);

/// How often a client should ask, in milliseconds.
const POLL_MS: u64 = 500;

/// Tasks of one caller that are kept at a time, and of all callers.
const MOST_OF_ONE: usize = 100;
const MOST: usize = 1000;

/// Rounds of questions within a task; whoever asks more often asks without end.
const MOST_ROUNDS: usize = 10;

/// What becomes of a call of a long tool.
pub enum Choice {
    /// It runs while the client waits.
    Wait,
    /// It becomes a task.
    Task,
}

/// The tasks of a host.
#[derive(Default)]
pub struct Tasks {
    manager: TaskManager,
    /// Whose they are, and until when that has to be known.
    owners: Mutex<HashMap<String, (String, Instant)>>,
}

/// Whether a client knows tasks, as it said with this request.
fn knows_tasks(client: Option<&ClientCapabilities>) -> bool {
    client.is_some_and(ClientCapabilities::supports_tasks)
}

fn lacks() -> ErrorData {
    let needs = json!({"extensions": {TASKS_EXTENSION_ID: {}}});
    ErrorData::new(
        ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY,
        "this needs a client that knows tasks",
        Some(json!({ "requiredCapabilities": needs })),
    )
}

/// What becomes of a call.
///
/// # Errors
/// The tool works only as a task, and the client knows none.
pub fn choose(
    server: &Server,
    request: &Request,
    context: &RequestContext<RoleServer>,
) -> Result<Choice, ErrorData> {
    let snapshot = server.app.registry.snapshot();
    let tool = snapshot.find(&request.name);
    let Some(long) = tool.and_then(|tool| tool.plugin.declared().long) else {
        return Ok(Choice::Wait);
    };
    let stateless = Era::of(context) == Era::Stateless;
    let knows = stateless && knows_tasks(context.client_capabilities().as_ref());
    match (knows, long) {
        (false, Long::Allowed) => Ok(Choice::Wait),
        (false, Long::Required | Long::Settled) => Err(lacks()),
        (true, Long::Settled) if request.input.answers.is_none() => Ok(Choice::Wait),
        (true, _) => Ok(Choice::Task),
    }
}

impl Tasks {
    /// Makes a task of a call.
    pub fn create(&self, server: &Server, request: Request) -> CallToolResponse {
        let owner = request.caller.principal().as_str().to_owned();
        if let Err(error) = self.has_room(&owner) {
            return Era::Stateless
                .result(convert::result(Err(error), Text::Json))
                .into();
        }
        let options = TaskOptions::new()
            .with_ttl_ms(u64::try_from(KEPT.as_millis()).ok())
            .with_poll_interval_ms(POLL_MS);
        let server = server.clone();
        let task = self.manager.spawn(options, |task| {
            async move { run(&server, request, &task).await }.boxed()
        });
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        // The manager keeps an ended task for as long again.
        owners.insert(task.task_id.clone(), (owner, Instant::now() + 2 * KEPT));
        let mut result = CreateTaskResult::new(task);
        Era::Stateless.sign(&mut result.meta);
        CallToolResponse::Task(result)
    }

    fn has_room(&self, owner: &str) -> Result<(), ToolError> {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.retain(|_, (_, until)| *until > Instant::now());
        let own = owners.values().filter(|(whose, _)| whose == owner).count();
        if own < MOST_OF_ONE && owners.len() < MOST {
            return Ok(());
        }
        let told = format!("there are too many tasks; a caller may have {MOST_OF_ONE}");
        Err(ToolError::new(Kind::Throttled, "TOO_MANY_TASKS", told)
            .suggest("wait until earlier ones are forgotten")
            .retry(Some(60_000)))
    }

    /// The state of a task.
    ///
    /// # Errors
    /// There is no such task of this caller, or the client knows no tasks.
    pub fn get(
        &self,
        id: &str,
        who: (&str, Option<&ClientCapabilities>),
    ) -> Result<DetailedTask, ErrorData> {
        self.check(id, who)?;
        self.manager.get_task(id)
    }

    /// Takes answers to a task's questions.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn update(
        &self,
        id: &str,
        answers: impl IntoIterator<Item = (String, Value)>,
        who: (&str, Option<&ClientCapabilities>),
    ) -> Result<(), ErrorData> {
        self.check(id, who)?;
        self.manager.update_task(id, answers)
    }

    /// Ends a task.
    ///
    /// # Errors
    /// As for [`Self::get`].
    pub fn cancel(
        &self,
        id: &str,
        who: (&str, Option<&ClientCapabilities>),
    ) -> Result<(), ErrorData> {
        self.check(id, who)?;
        self.manager.cancel_task(id)
    }

    /// Another's task is as unknown as none.
    fn check(
        &self,
        id: &str,
        (principal, client): (&str, Option<&ClientCapabilities>),
    ) -> Result<(), ErrorData> {
        if !knows_tasks(client) {
            return Err(lacks());
        }
        let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = owners.get(id).map(|(owner, _)| owner.as_str());
        if owner == Some(principal) {
            return Ok(());
        }
        Err(ErrorData::invalid_params("there is no such task", None))
    }
}

/// The call behind a task.
async fn run(
    server: &Server,
    mut request: Request,
    task: &TaskContext,
) -> Result<CallToolResult, TaskExit> {
    for round in 0..MOST_ROUNDS {
        let called = tokio::select! {
            called = call(&server.app, request.clone()) => called,
            () = task.cancelled() => return Err(TaskExit::Cancelled),
        };
        let unknown = |unknown: crate::call::UnknownTool| {
            ErrorData::invalid_params(unknown.to_string(), None)
        };
        let answered = match called.map_err(unknown)? {
            Ok(answered) => Ok(answered),
            Err(Unfinished::Asks(questions)) => match questions.beyond(request.input.able) {
                None => {
                    request.input.answers = Some(ask(task, round, &questions).await?);
                    continue;
                }
                Some(needs) => {
                    return Err(asking::lacks(needs, &ToolError::nobody_to_ask()).into());
                }
            },
            Err(Unfinished::Lacks(needs, error)) => {
                return Err(asking::lacks(needs, &error).into());
            }
            Err(Unfinished::Failed(error)) if error.kind == Kind::Internal => {
                let told = error.to_json();
                return Err(ErrorData::internal_error(error.message, Some(told)).into());
            }
            Err(Unfinished::Failed(error)) => Err(error),
        };
        let text = server.text(&request.name, Era::Stateless);
        return Ok(Era::Stateless.result(convert::result(answered, text)));
    }
    let told = format!("the tool asked {MOST_ROUNDS} times and was not done");
    Err(ErrorData::internal_error(told, None).into())
}

/// Puts questions through the task; each has a name of its own over the task's life.
async fn ask(task: &TaskContext, round: usize, questions: &Questions) -> Result<Answers, TaskExit> {
    let asked = requests(questions)?.into_iter();
    let asked = asked.map(|(name, request)| async move {
        let answer = task
            .request_input(format!("{round}-{name}"), request)
            .await?;
        Ok::<_, TaskExit>((name, answer))
    });
    let answers = try_join_all(asked).await?;
    Ok(fitting(questions, answers.into_iter().collect())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_its_owners_alone_and_only_for_who_knows_tasks() {
        let tasks = Tasks::default();
        let knows = ClientCapabilities::builder().enable_tasks().build();
        let until = Instant::now() + KEPT;
        let of_ada = ("ada".to_owned(), until);
        tasks.owners.lock().unwrap().insert("t".into(), of_ada);
        let code = |id: &str, who: &str, client: Option<&ClientCapabilities>| {
            tasks.check(id, (who, client)).map_err(|error| error.code)
        };
        assert_eq!(code("t", "ada", Some(&knows)), Ok(()));
        let unknown = Err(ErrorCode::INVALID_PARAMS);
        assert_eq!(code("t", "bob", Some(&knows)), unknown);
        assert_eq!(code("u", "ada", Some(&knows)), unknown);
        let lacking = Err(ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY);
        assert_eq!(code("t", "ada", None), lacking);
    }

    #[test]
    fn one_caller_does_not_take_all_the_room() {
        let tasks = Tasks::default();
        let until = Instant::now() + KEPT;
        for n in 0..MOST_OF_ONE {
            let mut owners = tasks.owners.lock().unwrap();
            owners.insert(n.to_string(), ("ada".to_owned(), until));
        }
        assert!(tasks.has_room("ada").is_err());
        assert!(tasks.has_room("bob").is_ok());
    }
}
