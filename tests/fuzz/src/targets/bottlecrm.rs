//! BottleCRM's filters, which become parameters of its lists.

use std::cell::LazyCell;

use portcullis_sdk::Request;
use serde_json::{Value, json};

use super::crm::Tool;
use super::{first_line, kind};
use crate::{Seen, Target};

pub(crate) const TARGET: Target = Target {
    name: "bottlecrm_filters",
    about: "BottleCRM's `filters`: only parameters that its lists honour are sent, since it ignores all others",
    run,
    words: &[
        "leads\n",
        "opportunities\n",
        "cases\n",
        "everything\n",
        "{\"name\":\"a\"}",
        "{\"status\":[\"assigned\"]}",
        "\"assigned_to\":\"me\"",
        "\"created_at__gte\":\"2026-01-01\"",
        "\"amount__gte\":10",
        "\"cf_size\"",
        "\"search\":\"a\"",
        "\"limit\":5",
        "true",
        "null",
        "[]",
        "{}",
    ],
};

/// Every parameter that a list of the CRM honours.
const PARAMETERS: &str = "name salutation email city source rating status assigned_to tags created_at__gte created_at__lte close_date__gte \
    close_date__lte next_follow_up phone is_active industry account stage lead_source closed_on__gte closed_on__lte amount__gte \
    amount__lte open rotten title priority due_date__gte due_date__lte opportunity case lead case_type sla_breached include_deleted \
    show_merged ordering contact created_by issue_date_gte issue_date_lte due_date_gte due_date_lte sort is_published \
    include_archived target_model active_only active current period_type state mine entity_type search q limit offset slim";

thread_local! {
    static SEARCH: LazyCell<Tool> = LazyCell::new(|| Tool::new(portcullis_bottlecrm::plugin(), "crm_search", answer));
}

fn run(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let (entity, filters) = first_line(&text);
    let Ok(filters) = serde_json::from_str::<Value>(filters) else {
        return "no JSON".to_owned();
    };
    let requests = match SEARCH.with(|search| {
        search.run(&json!({ "entity": entity, "filters": filters, "query": "acme" }))
    }) {
        Ok(requests) => requests,
        Err(refused) => return kind(&refused),
    };
    let mut seen: Vec<&str> = Vec::new();
    for (name, _) in requests.iter().flat_map(|request| &request.query) {
        let known = PARAMETERS.split_whitespace().find(|known| known == name);
        let own = filters
            .get("cf_size")
            .map(|_| "cf_size")
            .filter(|own| own == name);
        seen.push(
            known
                .or(own)
                .unwrap_or_else(|| panic!("the parameter {name} is sent")),
        );
    }
    seen.sort_unstable();
    seen.dedup();
    seen.join(",")
}

fn answer(_: &Request) -> Value {
    json!({ "count": 0, "results": [] })
}
