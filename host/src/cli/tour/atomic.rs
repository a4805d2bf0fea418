//! Atomic CRM: a list, a search, a contact made and changed, a deal moved, a delete with its preview,
//! and a statement that is refused because nothing for SQL is installed.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{call, confirmed, one_line, shown_call};
use crate::cli::say;
use crate::mcp::Client;

pub(super) async fn steps(client: &Client) -> Result<()> {
    let arguments = json!({"entity": "deals", "filters": {"stage": "opportunity"}, "limit": 2});
    let found = shown_call(client, "atomic_list_records", arguments)
        .await
        .context("listing")?;
    let deal = &found["records"][0]["id"];
    ensure!(deal.is_u64(), "no deal: {found}");
    let company = search(client).await.context("searching")?;
    let contact = create(client, &company).await.context("creating")?;
    update(client, &contact).await.context("updating")?;
    let arguments = json!({"id": deal, "stage": "proposal-sent"});
    let moved = shown_call(client, "atomic_move_deal", arguments)
        .await
        .context("moving a deal")?;
    ensure!(moved["stage"] == "proposal-sent", "it stayed: {moved}");
    confirmed(
        client,
        "atomic_delete_record",
        json!({"entity": "contacts", "id": contact}),
    )
    .await
    .context("deleting")?;
    refused(client).await.context("the refused call")
}

async fn search(client: &Client) -> Result<Value> {
    let arguments = json!({"text": "harbour", "entities": ["companies"], "limit": 1});
    let found = shown_call(client, "atomic_search", arguments).await?;
    let id = found["results"][0]["records"][0]["id"].clone();
    ensure!(id.is_u64(), "no company: {found}");
    let arguments = json!({"entity": "companies", "id": id});
    shown_call(client, "atomic_get_record", arguments).await?;
    Ok(id)
}

async fn create(client: &Client, company: &Value) -> Result<Value> {
    let data = json!({"first_name": "Robin", "last_name": "Example", "email": "robin@demo.example", "company_id": company});
    let arguments = json!({"entity": "contacts", "data": data});
    let made = shown_call(client, "atomic_create_record", arguments).await?;
    ensure!(made["id"].is_u64(), "the contact has no id: {made}");
    Ok(made["id"].clone())
}

async fn update(client: &Client, contact: &Value) -> Result<()> {
    let arguments = json!({"entity": "contacts", "id": contact, "data": {"status": "warm"}});
    let changed = shown_call(client, "atomic_update_record", arguments).await?;
    let status = &changed["record"]["status"];
    ensure!(status == "warm", "the status did not change: {changed}");
    Ok(())
}

async fn refused(client: &Client) -> Result<()> {
    let statement = json!({"sql": "select stage, count(*) from deals group by stage"});
    let answer = call(client, "atomic_query", statement).await?;
    ensure!(!answer.ok, "a statement ran although nothing is installed");
    say(format_args!("   {}", one_line(&answer.value)));
    let told = answer
        .value
        .to_string()
        .contains("portcullis plugin sql atomic");
    ensure!(told, "it does not say how to install it: {}", answer.value);
    Ok(())
}
