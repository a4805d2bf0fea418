//! The tour of `portcullis demo`: what a client does in its first minutes, step by step, each
//! step checked.

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
    let account = search(client).await.context("searching")?;
    read(client, &account).await.context("reading")?;
    let created = create(client).await.context("creating")?;
    update(client, &created).await.context("updating")?;
    delete(client, &created).await.context("deleting")?;
    refused(client).await.context("the refused call")
}

async fn list(client: &Client) -> Result<()> {
    step("tools/list");
    let tools = client.tools().await?;
    for (name, title) in tools.iter().filter(|(name, _)| name.starts_with("crm_")) {
        say(format_args!("   {name:24} {title}"));
    }
    let readers = tools
        .iter()
        .filter(|(name, _)| name.starts_with("readonly_"))
        .count();
    say(format_args!(
        "   and {readers} tools of the connection `readonly`, which may only read"
    ));
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

async fn search(client: &Client) -> Result<String> {
    let arguments = json!({"entityType": "Account", "where": [{"field": "type", "type": "equals", "value": "Customer"}], "orderBy": "name", "limit": 3});
    let answer = good(call(client, "crm_search", arguments).await?)?;
    let records = answer["records"].as_array().context("no records")?;
    for record in records {
        say(format_args!("   {}", one_line(record)));
    }
    say(format_args!(
        "   {} in all, next_offset {}",
        answer["total"], answer["next_offset"]
    ));
    records
        .first()
        .and_then(|r| r["id"].as_str())
        .map(str::to_owned)
        .context("no account was found")
}

async fn read(client: &Client, id: &str) -> Result<()> {
    let arguments =
        json!({"entityType": "Account", "id": id, "select": ["name", "industry", "website"]});
    let answer = good(call(client, "crm_get", arguments).await?)?;
    say(format_args!("   {}", one_line(&answer)));
    Ok(())
}

async fn create(client: &Client) -> Result<String> {
    let data = json!({"firstName": "Robin", "lastName": "Example", "emailAddress": "robin@demo.example", "source": "Web Site"});
    let answer = good(
        call(
            client,
            "crm_create",
            json!({"entityType": "Lead", "data": data}),
        )
        .await?,
    )?;
    say(format_args!("   {}", one_line(&answer)));
    answer["record"]["id"]
        .as_str()
        .map(str::to_owned)
        .context("the answer names no id")
}

async fn update(client: &Client, id: &str) -> Result<()> {
    let arguments = json!({"entityType": "Lead", "id": id, "data": {"status": "In Process"}});
    let answer = good(call(client, "crm_update", arguments).await?)?;
    ensure!(
        answer["record"]["status"] == "In Process",
        "the status did not change: {answer}"
    );
    say(format_args!("   {}", one_line(&answer)));
    Ok(())
}

async fn delete(client: &Client, id: &str) -> Result<()> {
    let arguments = json!({"entityType": "Lead", "id": id});
    let preview = call(client, "crm_delete", arguments.clone()).await?;
    ensure!(!preview.ok, "a delete ran without a confirmation");
    say(format_args!("   {}", one_line(&preview.value)));
    let token = preview.value["confirmation_token"]
        .as_str()
        .context("the preview has no token")?;
    let mut confirmed = arguments;
    confirmed["confirmation_token"] = json!(token);
    let answer = good(call(client, "crm_delete", confirmed.clone()).await?)?;
    say(format_args!("   {}", one_line(&answer)));
    let again = client.call("crm_delete", object(confirmed)).await?;
    ensure!(!again.ok, "a token worked twice");
    Ok(())
}

async fn refused(client: &Client) -> Result<()> {
    let answer = call(
        client,
        "readonly_create",
        json!({"entityType": "Lead", "data": {"lastName": "No"}}),
    )
    .await?;
    ensure!(!answer.ok, "a read-only connection wrote");
    say(format_args!("   {}", one_line(&answer.value)));
    Ok(())
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
