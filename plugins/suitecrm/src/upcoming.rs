//! The tool `get_upcoming_activities`: what is due for the API's user.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{entities, fetch, metadata, rows, rpc, settings::Settings, via::Via};

/// Lists the next calls, meetings, tasks and opportunities of the API's user: at most ten, by date.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpcomingArgs {}

/// What is due.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Upcoming {
    activities: Vec<UpcomingItem>,
    count: usize,
    /// How many opportunities were left out because they are closed; the CRM lists them by their
    /// date.
    left_out_closed: usize,
    #[serde(flatten)]
    via: Via,
}

#[derive(Serialize, JsonSchema)]
struct UpcomingItem {
    id: String,
    module: String,
    date_due: Option<String>,
    summary: String,
    url: String,
}

pub(crate) fn get_upcoming(call: &Call<'_>, _: &UpcomingArgs) -> Result<Upcoming, Failure> {
    let answer = rpc::read(call, "get_upcoming_activities", "", Vec::new())?;
    let list = answer
        .as_array()
        .ok_or_else(|| rpc::unexpected("get_upcoming_activities"))?;
    let mut activities: Vec<_> = list
        .iter()
        .filter_map(|raw| upcoming_item(call, raw))
        .collect();
    let settings = Settings::of(call)?;
    activities.retain(|item| settings.allows(&item.module));
    let closed = closed_deals(call, &activities)?;
    let before = activities.len();
    activities.retain(|item| !(item.module == "Opportunities" && closed.contains(&item.id)));
    Ok(Upcoming {
        count: activities.len(),
        left_out_closed: before - activities.len(),
        activities,
        via: Via::v4_1(),
    })
}

fn upcoming_item(call: &Call<'_>, raw: &Value) -> Option<UpcomingItem> {
    let (id, module) = (raw["id"].as_str()?, raw["module"].as_str()?);
    let due = raw["date_due"].as_str().unwrap_or_default();
    Some(UpcomingItem {
        id: id.to_owned(),
        module: module.to_owned(),
        date_due: rows::iso(due).or_else(|| (!due.is_empty()).then(|| due.to_owned())),
        summary: entities::decode(raw["summary"].as_str().unwrap_or_default()),
        url: rows::url(call, module, id),
    })
}

/// The CRM means to leave closed opportunities out, and does not.
fn closed_deals(call: &Call<'_>, items: &[UpcomingItem]) -> Result<Vec<String>, Failure> {
    let deals: Vec<String> = items
        .iter()
        .filter(|item| item.module == "Opportunities")
        .map(|item| item.id.clone())
        .collect();
    if deals.is_empty() {
        return Ok(Vec::new());
    }
    let module = metadata::module(call, "Opportunities")?;
    let fields = ["id".to_owned(), "sales_stage".to_owned()];
    let (records, _) = fetch::several(call, &module, &deals, &fields)?;
    Ok(records
        .iter()
        .filter(|record| rows::text(record, "sales_stage").starts_with("Closed"))
        .map(|record| rows::text(record, "id").to_owned())
        .collect())
}
