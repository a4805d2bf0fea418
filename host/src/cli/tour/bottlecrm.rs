//! BottleCRM: a search, a comment at once, a conversion only after its preview.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{confirmed, shown_call};
use crate::mcp::Client;

pub(super) async fn steps(client: &Client) -> Result<()> {
    let arguments = json!({"entity": "leads", "limit": 2});
    let found = shown_call(client, "bottle_crm_search", arguments)
        .await
        .context("searching")?;
    ensure!(found["records"][0]["id"].is_string(), "no lead: {found}");
    let lead = json!({"first_name": "Robin", "last_name": "Example", "email": "robin@demo.example", "title": "Robin Example"});
    let created = shown_call(
        client,
        "bottle_crm_create",
        json!({"entity": "leads", "data": lead}),
    )
    .await
    .context("creating")?;
    let id = created["id"].as_str().context("the new lead has no id")?;
    let comment = json!({"entity": "leads", "id": id, "action": "comment", "params": {"comment": "Called; wants an offer."}});
    shown_call(client, "bottle_crm_action", comment)
        .await
        .context("commenting")?;
    let convert = json!({"entity": "leads", "id": id, "action": "convert"});
    confirmed(client, "bottle_crm_action", convert)
        .await
        .context("converting")?;
    Ok(())
}
