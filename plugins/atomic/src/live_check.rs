//! The self-test behind `portcullis check --live`: is it an Atomic CRM, who calls, what is
//! installed, and what stands open.
//!
//! Reads only; answers findings for an operator, without anything of a record.

use portcullis_sdk::{Call, add_finding, add_obstacle, path};
use serde_json::{Value, json};

use crate::{
    errors::{self, About},
    exposure, installed, rest, tables, whoami,
};

pub(crate) type Findings = Vec<Value>;

pub(crate) fn check(call: &Call<'_>) -> Result<Value, portcullis_sdk::Failure> {
    let mut findings = Findings::new();
    if reachable(call, &mut findings) {
        // What stands open needs no sign-in to be seen.
        exposure::open_to_all(call, &mut findings);
        exposure::bucket(call, &mut findings);
        if identity(call, &mut findings) {
            objects(call, &mut findings);
            installed::functions(call, &mut findings);
        }
    }
    Ok(json!({ "findings": findings }))
}

/// The auth server's settings need the publishable key and no user.
fn reachable(call: &Call<'_>, findings: &mut Findings) -> bool {
    let ask = call.http().anonymous().get(path!["auth", "v1", "settings"]);
    let settings = match ask.send() {
        Ok(response) if response.is_success() && !response.is_page() => response.value(),
        Ok(response) if response.is_success() => None,
        Ok(response) if add_obstacle(findings, &response) => return false,
        Ok(response) => {
            let failure = errors::refused(&response, &About::reading("settings"));
            let suggestion = failure.suggestion.clone();
            add_finding(
                findings,
                "error",
                "key",
                failure.message.clone(),
                suggestion.as_deref(),
            );
            return false;
        }
        Err(failure) => {
            add_finding(
                findings,
                "error",
                "address",
                failure.message.clone(),
                Some("url is the Supabase project's URL, without /rest/v1"),
            );
            return false;
        }
    };
    let Some(settings) = settings else {
        add_finding(
            findings,
            "error",
            "address",
            "what answers is no Supabase project",
            Some("url is the Supabase project's URL, not that of the CRM's pages"),
        );
        return false;
    };
    add_finding(
        findings,
        "ok",
        "address",
        "a Supabase project answers and accepts the key",
        None,
    );
    exposure::sign_up(&settings, findings);
    true
}

fn identity(call: &Call<'_>, findings: &mut Findings) -> bool {
    let user = match whoami::user(call) {
        Ok(user) => user,
        Err(failure) => {
            let suggestion = failure.suggestion.clone();
            add_finding(
                findings,
                "error",
                "identity",
                failure.message.clone(),
                suggestion.as_deref(),
            );
            return false;
        }
    };
    match whoami::sales_row(call, &user) {
        Ok(row) => {
            let administrator = row.get("administrator") == Some(&Value::Bool(true));
            let role = if administrator {
                "an administrator"
            } else {
                "a user"
            };
            add_finding(
                findings,
                "ok",
                "identity",
                format!("{role} of the CRM"),
                None,
            );
        }
        Err(failure) => add_finding(
            findings,
            "error",
            "identity",
            failure.message.clone(),
            failure.suggestion.as_deref(),
        ),
    }
    true
}

/// Tables and views that the tools use.
fn objects(call: &Call<'_>, findings: &mut Findings) {
    let mut names: Vec<&str> = tables::ALL
        .iter()
        .flat_map(|entity| [entity.name, entity.view])
        .chain(["configuration", "activity_log"])
        .collect();
    names.sort_unstable();
    names.dedup();
    let asks = names
        .iter()
        .map(|name| rest::table(call, name).query("limit", 1))
        .collect();
    let mut lacking = Vec::new();
    for (name, answer) in names.iter().zip(call.http().send_all(asks)) {
        let judged = answer.and_then(|response| rest::accept(response, &About::reading(name)));
        if let Err(failure) = judged {
            lacking.push(format!("{name}: {}", failure.message));
        }
    }
    if lacking.is_empty() {
        add_finding(
            findings,
            "ok",
            "tables",
            "all tables and views are there",
            None,
        );
    } else {
        add_finding(
            findings,
            "error",
            "tables",
            lacking.join("; "),
            Some(
                "bring the CRM's database up to date: names of Atomic CRM 1.5, and grants on views",
            ),
        );
    }
}
