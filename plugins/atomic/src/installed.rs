//! The part of the self-test that asks the functions for SQL: which are there, and what they tell of
//! the database.

use portcullis_sdk::{Call, add_finding};
use serde_json::{Value, json};

use crate::{
    errors::{self, About},
    live_check::Findings,
    rest,
};

/// Which of the functions for SQL are installed, and what they tell of the database.
pub(crate) fn functions(call: &Call<'_>, findings: &mut Findings) {
    let asks = vec![
        rest::function(call, "crm_mcp_schema").json(&json!({})),
        rest::function(call, "crm_mcp_query").json(&json!({"sql": "select version()", "max_rows": 1})),
        rest::function(call, "crm_mcp_mutate").json(
            &json!({"sql": "delete from public.tasks where false returning id", "max_rows": 1, "dry_run": true}),
        ),
    ]
    .into_iter()
    .map(portcullis_sdk::Ask::changes_nothing)
    .collect();
    let mut answers = Vec::new();
    let mut lacking = Vec::new();
    let mut failed = false;
    for (name, answer) in ["crm_mcp_schema", "crm_mcp_query", "crm_mcp_mutate"]
        .into_iter()
        .zip(call.http().send_all(asks))
    {
        let about = About::statement("read");
        match answer.and_then(|response| rest::accept(response, &about)) {
            Ok(response) => answers.push((name, response)),
            Err(failure) if &*failure.code == errors::MISSING => lacking.push(name),
            Err(failure) => {
                failed = true;
                add_finding(
                    findings,
                    "error",
                    name,
                    failure.message.clone(),
                    failure.suggestion.as_deref(),
                );
            }
        }
    }
    if lacking.is_empty() && !failed {
        add_finding(
            findings,
            "ok",
            "functions",
            "query, mutate and get_schema are installed",
            None,
        );
    } else if !lacking.is_empty() {
        add_finding(
            findings,
            "warn",
            "functions",
            format!(
                "not installed: {}; the tools that need them say so when called",
                lacking.join(", ")
            ),
            Some(
                "`portcullis plugin sql atomic` prints them; run the output in the project's SQL editor",
            ),
        );
    }
    let answer = |wanted: &str| {
        answers
            .iter()
            .find(|(name, _)| *name == wanted)
            .and_then(|(_, response)| response.value())
    };
    version(answer("crm_mcp_query").as_ref(), findings);
    cascade(answer("crm_mcp_schema").as_ref(), findings);
}

/// The platform's builds 17.6.1.100 to about 17.6.1.121 stop as a whole when a signed-in user calls a
/// function that was withheld. Their number is not visible here, PostgreSQL's own is.
fn version(answer: Option<&Value>, findings: &mut Findings) {
    let version = answer
        .and_then(|answer| answer.pointer("/rows/0/0")?.as_str())
        .and_then(|text| text.strip_prefix("PostgreSQL ")?.split(' ').next())
        .map(str::to_owned);
    let advice = "look up the project's database version in its infrastructure settings; reports name 17.6.1.100 to about 17.6.1.121, so upgrade one of those, and never revoke EXECUTE on functions of the schema public from anon or authenticated before that";
    match version {
        Some(version) if version == "17.6" => add_finding(
            findings,
            "warn",
            "database build",
            "PostgreSQL 17.6: some of the platform's builds of it stop as a whole when a user calls a function that was withheld from them",
            Some(advice),
        ),
        Some(version) => add_finding(
            findings,
            "ok",
            "database build",
            format!("PostgreSQL {version}"),
            None,
        ),
        None => add_finding(
            findings,
            "warn",
            "database build",
            "not visible without crm_mcp_query",
            Some(advice),
        ),
    }
}

/// What a deleted company takes with it.
fn cascade(answer: Option<&Value>, findings: &mut Findings) {
    let relations = answer.and_then(|answer| answer.get("relations")?.as_array());
    let Some(relations) = relations else {
        add_finding(
            findings,
            "warn",
            "company deletion",
            "Atomic CRM ships with cascading keys: deleting a company takes its contacts, deals, tasks and notes; whether this database does is not visible without crm_mcp_schema",
            Some(
                "delete_record counts and asks first; leave `destructive` out of allow where nobody needs it",
            ),
        );
        return;
    };
    let goes = |relation: &&Value| {
        let rules = relation.get("constraints").and_then(Value::as_array);
        rules.into_iter().flatten().any(|rule| {
            let definition = rule.get("definition").and_then(Value::as_str);
            definition.is_some_and(|text| {
                text.contains("companies(id)") && text.contains("ON DELETE CASCADE")
            })
        })
    };
    let names: Vec<&str> = relations
        .iter()
        .filter(goes)
        .filter_map(|relation| relation.get("name")?.as_str())
        .collect();
    if names.is_empty() {
        add_finding(
            findings,
            "ok",
            "company deletion",
            "takes nothing with it",
            None,
        );
    } else {
        add_finding(
            findings,
            "warn",
            "company deletion",
            format!(
                "deleting a company takes its {} and all that hangs on them",
                names.join(" and ")
            ),
            Some(
                "delete_record counts and asks first; leave `destructive` out of allow where nobody needs it",
            ),
        );
    }
}
