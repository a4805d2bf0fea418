//! `portcullis call <tool> '<json>'`: one call along the same path as a client's.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::setup::{own_token, setup};
use super::{CallArgs, Exit, complain, print};
use crate::call::{Answered, App, Block, Request, Scope, Shown, UnknownTool};
use crate::caller::Caller;
use crate::config::Asked;
use crate::error::ToolError;
use crate::input::Input;
use crate::policy::Principal;

/// Calls one tool; the answer goes to standard output, an error of the tool too.
pub async fn call(config: Option<PathBuf>, args: CallArgs) -> Exit {
    let arguments: Map<String, Value> = match serde_json::from_str(&args.arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            return complain(
                Exit::Usage,
                format_args!("the arguments are no JSON object: {error}"),
            );
        }
    };
    let caller = match caller(args.token_env.as_deref()) {
        Ok(caller) => caller,
        Err(message) => return complain(Exit::Usage, message),
    };
    let setup = match setup(config, Asked::Nothing, |_| Ok(())).await {
        Ok(setup) => setup,
        Err(exit) => return exit,
    };
    let app = &setup.host.app;
    app.registry.begin_to_pin().await;
    let first = once(app, &caller, &args.tool, arguments.clone()).await;
    let answer = match first {
        Ok(Err(preview)) if args.confirm => match token(&preview) {
            Some(token) => {
                eprintln!("{:#}", preview.to_json());
                once(app, &caller, &args.tool, with(arguments, token)).await
            }
            None => Ok(Err(preview)),
        },
        other => other,
    };
    setup.host.close().await;
    match answer {
        Err(unknown) => complain(
            Exit::Usage,
            format_args!("{unknown}\n`portcullis tools` lists them"),
        ),
        Ok(Ok(answered)) => {
            for block in &answered.blocks {
                eprintln!("beside it: {}", named(block));
            }
            print(&format!("{:#}", answered.value))
        }
        Ok(Err(error)) => match print(&format!("{:#}", error.to_json())) {
            Exit::Done => Exit::Failed,
            exit => exit,
        },
    }
}

/// The operator, with a token of their own where they named its variable.
fn caller(variable: Option<&str>) -> Result<Caller, String> {
    Ok(match own_token(variable)? {
        Some(token) => Caller::holding(token),
        None => Caller::known(Principal::named("cli", "operator")),
    })
}

/// Nobody is asked here: the preview is printed, and `--confirm` repeats the call with its token.
async fn once(
    app: &App,
    caller: &Caller,
    tool: &str,
    arguments: Map<String, Value>,
) -> Result<Result<Answered, ToolError>, UnknownTool> {
    let request = Request {
        name: tool.to_owned(),
        arguments,
        caller: caller.clone(),
        scope: Scope::All,
        input: Input::default(),
        watcher: None,
        audience: None,
    };
    let called = crate::call::call(app, request).await?;
    Ok(called.map_err(ToolError::from))
}

/// A block in a few words, for a person at a terminal.
fn named(block: &Block) -> String {
    let bytes = block.bytes();
    match &block.shown {
        Shown::Text(text) => text.clone(),
        Shown::Image { mime_type, .. } | Shown::Audio { mime_type, .. } => {
            format!("{mime_type}, {bytes} bytes")
        }
        Shown::Link(link) => format!("{} <{}>", link.name, link.uri),
        Shown::Document { uri, .. } => format!("{uri}, {bytes} bytes"),
    }
}

fn token(preview: &ToolError) -> Option<Value> {
    preview.beside.get("confirmation_token").cloned()
}

fn with(mut arguments: Map<String, Value>, token: Value) -> Map<String, Value> {
    arguments.insert("confirmation_token".into(), token);
    arguments
}
