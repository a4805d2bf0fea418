//! `portcullis call <tool> '<json>'`: one call along the same path as a client's.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::setup::setup;
use super::{CallArgs, Exit, complain, print};
use crate::call::{App, Called, Request, Scope};
use crate::error::ToolError;
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
    let setup = match setup(config, |_| Ok(())).await {
        Ok(setup) => setup,
        Err(exit) => return exit,
    };
    let app = &setup.host.app;
    let first = once(app, &args.tool, arguments.clone()).await;
    let answer = match first {
        Ok(Err(preview)) if args.confirm => match token(&preview) {
            Some(token) => {
                eprintln!("{:#}", preview.to_json());
                once(app, &args.tool, with(arguments, token)).await
            }
            None => Ok(Err(preview)),
        },
        other => other,
    };
    match answer {
        Err(unknown) => complain(
            Exit::Usage,
            format_args!("{unknown}\n`portcullis tools` lists them"),
        ),
        Ok(Ok(value)) => print(&format!("{value:#}")),
        Ok(Err(error)) => match print(&format!("{:#}", error.to_json())) {
            Exit::Done => Exit::Failed,
            exit => exit,
        },
    }
}

async fn once(app: &App, tool: &str, arguments: Map<String, Value>) -> Called {
    let principal = Principal::named("cli", "operator");
    let request = Request {
        name: tool.to_owned(),
        arguments,
        principal,
        scope: Scope::All,
    };
    crate::call::call(app, request).await
}

fn token(preview: &ToolError) -> Option<Value> {
    preview.beside.get("confirmation_token").cloned()
}

fn with(mut arguments: Map<String, Value>, token: Value) -> Map<String, Value> {
    arguments.insert("confirmation_token".into(), token);
    arguments
}
