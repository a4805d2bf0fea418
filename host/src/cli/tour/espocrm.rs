//! EspoCRM: search, read, create, update, a delete with its preview, and a call that is refused.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{call, confirmed, good, one_line};
use crate::cli::say;
use crate::mcp::Client;

pub(super) async fn steps(client: &Client) -> Result<()> {
    let account = search(client).await.context("searching")?;
    read(client, &account).await.context("reading")?;
    let created = create(client).await.context("creating")?;
    update(client, &created).await.context("updating")?;
    delete(client, &created).await.context("deleting")?;
    refused(client).await.context("the refused call")
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
    confirmed(client, "crm_delete", arguments).await.map(drop)
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
