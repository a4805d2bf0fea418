//! The self-test behind `portcullis check --live`: is it a BottleCRM, whose token is it, in which
//! organisation, and what does it reach.
//!
//! Reads only; answers findings for an operator, without anything of a record.

use portcullis_sdk::{Call, Failure, Response, add_finding as add, add_obstacle, code, path};
use serde_json::{Value, json};

use crate::{
    crm, entity,
    errors::{self, About},
    schema,
};

/// What is tried, with the resource that a token's scope names.
const TRIED: &[(&str, &str)] = &[
    ("leads", "leads"),
    ("contacts", "contacts"),
    ("tasks", "tasks"),
    ("cases", "cases"),
    ("invoices", "invoices"),
    ("tags", "tags"),
];

type Findings = Vec<Value>;

pub(crate) fn check(call: &Call<'_>) -> Result<Value, Failure> {
    let mut findings = Findings::new();
    let answer = call.http().get(path!["api", "profile"]).send();
    match answer {
        Ok(response) if is_crm(&response) => {
            add(&mut findings, "ok", "address", "a BottleCRM answers", None);
            if whose(&mut findings, &response) {
                organisation(call, &mut findings);
                reach(call, &mut findings);
                published(call, &mut findings);
            }
        }
        Ok(response) if add_obstacle(&mut findings, &response) => {}
        Ok(response) => add(
            &mut findings,
            "error",
            "address",
            format!(
                "what answers is no BottleCRM API (HTTP {})",
                response.status
            ),
            Some("url is the CRM's root, without /api; http and https differ"),
        ),
        Err(failure) => add(
            &mut findings,
            "error",
            "address",
            failure.message.clone(),
            Some("url is the CRM's root, without /api"),
        ),
    }
    Ok(json!({ "findings": findings }))
}

/// Its answers to this are objects, whatever the token.
fn is_crm(response: &Response) -> bool {
    matches!(response.status, 200 | 401 | 403)
        && !response.is_page()
        && response.value().is_some_and(|body| body.is_object())
}

fn whose(findings: &mut Findings, response: &Response) -> bool {
    if !response.is_success() {
        let failure = errors::refused(response, &About::reading("profile"));
        let suggestion = match &*failure.code {
            code::AUTH_FAILED => {
                "make a token in the CRM (profile, tokens) and set it as secrets.token"
            }
            _ => "give the token profile:read, or no scopes at all",
        };
        add(
            findings,
            "error",
            "token",
            failure.message.clone(),
            Some(suggestion),
        );
        return &*failure.code == "TOKEN_SCOPE";
    }
    let profile = response.value().unwrap_or_default();
    let role = profile
        .pointer("/user_obj/role")
        .and_then(Value::as_str)
        .unwrap_or("unknown");
    add(findings, "ok", "token", "the CRM accepts it", None);
    let hint = (role != "ADMIN").then_some(
        "a member sees what they created or are assigned to; deleting others' records, tags, goals and publishing are for administrators",
    );
    add(findings, "ok", "role", role, hint);
    true
}

fn organisation(call: &Call<'_>, findings: &mut Findings) {
    let ask = call.http().get(path!["api", "org", "settings"]);
    match crm::send(ask, &About::reading("organisation")).and_then(|found| crm::object(&found)) {
        Ok(settings) => add(
            findings,
            "ok",
            "organisation",
            format!(
                "{}, currency {}, time zone {}",
                crm::text(&settings, "name"),
                crm::text(&settings, "default_currency"),
                crm::text(&settings, "timezone"),
            ),
            None,
        ),
        Err(failure) => add(
            findings,
            "warn",
            "organisation",
            failure.message.clone(),
            None,
        ),
    }
}

/// One row of each list; tags take no limit and are short.
fn reach(call: &Call<'_>, findings: &mut Findings) {
    let asks = TRIED
        .iter()
        .map(|(name, _)| {
            call.http()
                .get(path!["api", name])
                .query("limit", 1)
                .query("slim", "true")
        })
        .collect();
    let answers = call.http().send_all(asks);
    let mut open = Vec::new();
    let mut closed = Vec::new();
    for ((name, scope), answer) in TRIED.iter().zip(answers) {
        match answer.and_then(|response| crm::accept(response, &About::reading(name))) {
            Ok(_) => open.push(*name),
            Err(failure) => closed.push(format!("{name} ({scope}:read): {}", failure.message)),
        }
    }
    if closed.is_empty() {
        add(
            findings,
            "ok",
            "scopes",
            format!("reads {}", open.join(", ")),
            None,
        );
    } else {
        let level = if open.is_empty() { "error" } else { "warn" };
        add(
            findings,
            level,
            "scopes",
            closed.join("; "),
            Some(
                "a token without scopes reaches all that its owner may; write does not include read",
            ),
        );
    }
}

fn published(call: &Call<'_>, findings: &mut Findings) {
    let leads = entity::find("leads").and_then(|leads| schema::of(call, leads));
    match leads {
        Ok(Some(fields)) => add(
            findings,
            "ok",
            "schema",
            format!(
                "the CRM describes {} fields of leads, and so on",
                fields.len()
            ),
            None,
        ),
        Ok(None) => add(
            findings,
            "warn",
            "schema",
            "this token may not read the CRM's schema, so crm_describe shows what this plugin knows",
            Some("only a token without scopes reaches it"),
        ),
        Err(failure) => add(findings, "warn", "schema", failure.message.clone(), None),
    }
}
