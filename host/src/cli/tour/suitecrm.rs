//! SuiteCRM: a search, a record through its V8 API, a task that is only tried and then made.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::shown_call;
use crate::mcp::Client;

pub(super) async fn steps(client: &Client) -> Result<()> {
    let filters = json!([{"field": "name", "operator": "not_empty"}]);
    let arguments = json!({"module": "Accounts", "filters": filters, "max_results": 2});
    let found = shown_call(client, "suite_search", arguments)
        .await
        .context("searching")?;
    let id = found["records"][0]["id"].as_str().context("no account")?;
    let arguments = json!({"module": "Accounts", "id": id, "fields": ["name", "industry"]});
    shown_call(client, "suite_get", arguments)
        .await
        .context("reading")?;
    task(client, id).await.context("making a task")
}

async fn task(client: &Client, account: &str) -> Result<()> {
    let mut arguments = json!({"name": "Send the offer", "parent_type": "Accounts", "parent_id": account, "dry_run": true});
    shown_call(client, "suite_create_task", arguments.clone()).await?;
    arguments["dry_run"] = Value::Bool(false);
    let made = shown_call(client, "suite_create_task", arguments).await?;
    ensure!(made["id"].is_string(), "the task has no id: {made}");
    Ok(())
}
