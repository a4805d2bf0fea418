//! The tour of `portcullis demo`: what a client does in its first minutes, step by step, each
//! step checked. One file per CRM holds its steps; this one what they share.

mod atomic;
mod bottlecrm;
mod espocrm;
mod suitecrm;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use super::say;
use crate::mcp::{Answer, Client};

/// Walks through the tools as a real MCP client; prints what happens.
///
/// # Errors
/// The first step that did not work.
pub async fn tour(url: &str) -> Result<()> {
    let client = Client::connect(url).await.context("connecting")?;
    let toured = steps(&client).await;
    client.close().await;
    toured?;
    say(format_args!("Every step worked.\n"));
    Ok(())
}

async fn steps(client: &Client) -> Result<()> {
    list(client).await.context("listing the tools")?;
    espocrm::steps(client).await.context("EspoCRM")?;
    suitecrm::steps(client).await.context("SuiteCRM")?;
    bottlecrm::steps(client).await.context("BottleCRM")?;
    atomic::steps(client).await.context("Atomic CRM")
}

/// The tools of all connections, those of the first by name.
async fn list(client: &Client) -> Result<()> {
    step("tools/list");
    let tools = client.tools().await?;
    for (name, title) in tools.iter().filter(|(name, _)| name.starts_with("crm_")) {
        say(format_args!("   {name:24} {title}"));
    }
    for (connection, what) in [
        ("readonly", "the same EspoCRM, which may only read there"),
        ("suite", "SuiteCRM"),
        ("bottle", "BottleCRM"),
        ("atomic", "Atomic CRM"),
    ] {
        let prefix = format!("{connection}_");
        let count = tools.iter().filter(|(name, _)| name.starts_with(&prefix));
        let count = count.count();
        ensure!(count > 0, "no tool of the connection `{connection}`");
        say(format_args!(
            "   and {count} tools of the connection `{connection}`: {what}"
        ));
    }
    ensure!(
        tools.iter().any(|(name, _)| name == "crm_delete"),
        "no tool `crm_delete`"
    );
    ensure!(
        !tools.iter().any(|(name, _)| name == "readonly_delete"),
        "`readonly_delete` is listed"
    );
    Ok(())
}

/// A call that only shows what it would do until it is repeated with its token; answers what it did.
async fn confirmed(client: &Client, tool: &str, arguments: Value) -> Result<Value> {
    let preview = call(client, tool, arguments.clone()).await?;
    ensure!(!preview.ok, "`{tool}` ran without a confirmation");
    say(format_args!("   {}", one_line(&preview.value)));
    let token = preview.value["confirmation_token"]
        .as_str()
        .context("the preview has no token")?;
    let mut confirmed = arguments;
    confirmed["confirmation_token"] = json!(token);
    let answer = good(call(client, tool, confirmed.clone()).await?)?;
    say(format_args!("   {}", one_line(&answer)));
    let again = client.call(tool, object(confirmed)).await?;
    ensure!(!again.ok, "a token worked twice");
    Ok(answer)
}

/// A call that has to work; prints its answer.
async fn shown_call(client: &Client, tool: &str, arguments: Value) -> Result<Value> {
    let answer = good(call(client, tool, arguments).await?)?;
    say(format_args!("   {}", one_line(&answer)));
    Ok(answer)
}

async fn call(client: &Client, tool: &str, arguments: Value) -> Result<Answer> {
    step(&format!("tools/call {tool} {}", shown(&arguments)));
    client.call(tool, object(arguments)).await
}

/// The arguments as they are shown: a token says nothing to a reader.
fn shown(arguments: &Value) -> String {
    let mut shown = arguments.clone();
    if shown.get("confirmation_token").is_some() {
        shown["confirmation_token"] = json!("…");
    }
    shown.to_string()
}

fn good(answer: Answer) -> Result<Value> {
    ensure!(answer.ok, "it answered {}", answer.value);
    Ok(answer.value)
}

fn step(what: &str) {
    say(format_args!("→ {what}"));
}

fn one_line(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(400) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
