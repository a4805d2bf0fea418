//! Synthetic rows in the shapes of the CRM's tables, and short forms.

use portcullis_atomic::plugin;
use portcullis_sdk::{
    Failure,
    testing::{Exchange, Harness, get},
};
use serde_json::{Value, json};

pub(crate) const USER: &str = "11111111-1111-4111-8111-111111111111";
/// The harness's clock.
pub(crate) const NOW: &str = "2026-11-20T10:00:00Z";

pub(crate) fn crm() -> Harness {
    Harness::new(plugin())
}

pub(crate) fn failed(result: Result<Value, Failure>) -> Failure {
    result.expect_err("the call fails")
}

pub(crate) fn table(name: &str) -> Exchange {
    get(&format!("rest/v1/{name}"))
}

pub(crate) fn one(name: &str, id: u64) -> Exchange {
    table(name).query("id", format!("eq.{id}"))
}

/// An answer that counts.
pub(crate) fn counted(exchange: Exchange, rows: Value, range: &str) -> Exchange {
    exchange
        .header("prefer", "count=exact")
        .reply(206, rows)
        .with("content-range", range)
}

/// A refusal in PostgREST's shape.
pub(crate) fn refused(exchange: Exchange, status: u16, code: &str, message: &str) -> Exchange {
    exchange.reply(
        status,
        json!({"code": code, "message": message, "details": null, "hint": null}),
    )
}

/// The configuration row of a CRM that changed its stages.
pub(crate) fn configured() -> Exchange {
    table("configuration").query("id", "eq.1").reply(
        200,
        json!([{"config": {
            "currency": "EUR",
            "dealStages": [{"value": "opportunity", "label": "Opportunity"}, {"value": "won", "label": "Won"}, {"value": "lost", "label": "Lost"}],
            "dealPipelineStatuses": ["won", "lost"],
        }}]),
    )
}

pub(crate) fn unconfigured() -> Exchange {
    table("configuration").reply(200, json!([]))
}

pub(crate) fn user() -> Exchange {
    get("auth/v1/user").reply(
        200,
        json!({"id": USER, "email": "rep@crm.example", "role": "authenticated"}),
    )
}

pub(crate) fn sales() -> Exchange {
    table("sales").query("user_id", format!("eq.{USER}")).reply(
        200,
        json!([{"id": 2, "first_name": "Rita", "last_name": "Ray", "email": "rep@crm.example", "administrator": false, "disabled": false}]),
    )
}

pub(crate) fn contact(id: u64, first: &str, last: &str) -> Value {
    json!({
        "id": id, "first_name": first, "last_name": last, "gender": null, "title": "Buyer", "status": "warm",
        "company_id": 1, "company_name": "Acme Industries", "tags": [1], "sales_id": 2, "nb_tasks": 1,
        "email_jsonb": [{"email": format!("{}@acme.example", first.to_lowercase()), "type": "Work"}],
        "phone_jsonb": null, "first_seen": "2026-10-01T00:00:00+00:00", "last_seen": "2026-11-01T00:00:00+00:00",
    })
}

pub(crate) fn deal(id: u64, stage: &str, index: u64) -> Value {
    json!({
        "id": id, "name": format!("Deal {id}"), "company_id": 1, "contact_ids": [1], "category": "other", "stage": stage,
        "amount": 5000, "archived_at": null, "sales_id": 2, "index": index,
        "created_at": "2026-11-01T00:00:00+00:00", "updated_at": "2026-11-01T00:00:00+00:00",
    })
}
