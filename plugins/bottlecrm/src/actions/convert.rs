//! Conversions: a lead into account, contact and deal; an estimate into an invoice.

use portcullis_sdk::{Effect, Failure, Method, Outcome, RouteExt, patch, post};
use serde_json::{Value, json};

use super::{Action, Asked, not_now, told, what};
use crate::{
    crm::{self, Record},
    errors,
};

pub(super) static ACTIONS: &[Action] = &[
    Action {
        name: "convert",
        also: None,
        entities: &["leads"],
        effect: Effect::Destructive,
        irreversible: true,
        about: "turns the lead into an account, a contact and a deal; an account of its company's name and a contact of its address are used again; comments and files move to the account",
        params: &[],
        run: lead,
        preview: Some(lead_preview),
        routes: || {
            let route = patch("api/leads/{id}").same("id", "/id");
            vec![route.json("/status", ["converted"]).only("", &["status"])]
        },
    },
    Action {
        name: "convert",
        also: None,
        entities: &["estimates"],
        effect: Effect::Destructive,
        irreversible: true,
        about: "makes an invoice of the estimate, once",
        params: &[],
        run: estimate,
        preview: Some(estimate_preview),
        routes: || vec![post("api/invoices/estimates/{id}/convert").same("id", "/id")],
    },
];

fn lead(asked: &Asked<'_>) -> Result<Record, Failure> {
    convertible(asked)?;
    let path = asked.entity.record(asked.id);
    let response = asked
        .call
        .http()
        .patch(path)
        .json(&json!({"status": "converted"}))
        .send()?;
    if response.is_success() {
        return told(&response);
    }
    let failure = errors::refused(&response, &asked.about());
    if response.status < 500 {
        return Err(failure);
    }
    // The CRM failed; whether the lead is converted is for the lead to say.
    match asked.record() {
        Ok(record) if crm::text(&record, "status") == "converted" => Err(crate::create::partly(
            format!("{} - but the lead is converted now", failure.message),
            asked.id,
        )
        .suggest("look for its account, contact and deal with crm_search")),
        Ok(_) => Err(failure.outcome(Outcome::NotDone)),
        Err(_) => Err(failure),
    }
}

fn lead_preview(asked: &Asked<'_>) -> Result<Value, Failure> {
    let record = convertible(asked)?;
    let title = asked.entity.title_of(&record);
    let company = match crm::text(&record, "company_name") {
        "" => "an account named after the lead".to_owned(),
        name => format!("the account `{name}` (used again if there is one)"),
    };
    let email = crm::text(&record, "email");
    let summary = format!(
        "The lead `{title}` would become {company}, a contact with {email} (used again if there is one) and a deal at QUALIFICATION; its comments and files move to the account. This cannot be undone, and the lead is in no list afterwards."
    );
    Ok(what(asked, summary, &record, &[]))
}

/// The lead, if it can be converted.
fn convertible(asked: &Asked<'_>) -> Result<Record, Failure> {
    let record = asked.record()?;
    if crm::text(&record, "status") == "converted" {
        return Err(not_now(
            "this lead is converted already",
            "look for its account, contact or deal",
        ));
    }
    if crm::text(&record, "email").is_empty() {
        return Err(not_now(
            "a lead needs an e-mail address before it can be converted",
            "set email with crm_update",
        ));
    }
    Ok(record)
}

fn estimate(asked: &Asked<'_>) -> Result<Record, Failure> {
    unconverted(asked)?;
    asked.send(Method::Post, &["convert"], Some(&json!({})))
}

fn estimate_preview(asked: &Asked<'_>) -> Result<Value, Failure> {
    let record = unconverted(asked)?;
    let summary = format!(
        "The estimate {} over {} {} would become an invoice in the state Draft. This can be done once.",
        crm::text(&record, "estimate_number"),
        crm::text(&record, "total_amount"),
        crm::text(&record, "currency"),
    );
    Ok(what(asked, summary, &record, &[]))
}

fn unconverted(asked: &Asked<'_>) -> Result<Record, Failure> {
    let record = asked.record()?;
    match record.get("converted_to_invoice") {
        None | Some(Value::Null) => Ok(record),
        Some(invoice) => Err(not_now(
            format!(
                "this estimate became the invoice {} already",
                crate::shape::reduce(invoice, crate::shape::Depth::Row, 0)
            ),
            "work on with that invoice",
        )),
    }
}
