//! The self-test behind `portcullis check --live`: is it an Atomic CRM, who calls, what is
//! installed, and what stands open.
//!
//! Reads only; answers findings for an operator, without anything of a record.

use portcullis_sdk::{Call, Response, add_finding, path};
use serde_json::{Value, json};

use crate::{
    errors::{self, About},
    rest, tables, whoami,
};

/// A name that no file has; the answer tells whether the bucket is public.
const NO_FILE: &str = "portcullis-check-0";

type Findings = Vec<Value>;

pub(crate) fn check(call: &Call<'_>) -> Result<Value, portcullis_sdk::Failure> {
    let mut findings = Findings::new();
    if reachable(call, &mut findings) && identity(call, &mut findings) {
        objects(call, &mut findings);
        functions(call, &mut findings);
        open_to_all(call, &mut findings);
        bucket(call, &mut findings);
    }
    Ok(json!({ "findings": findings }))
}

/// The auth server's settings need the publishable key and no user.
fn reachable(call: &Call<'_>, findings: &mut Findings) -> bool {
    let ask = call.http().anonymous().get(path!["auth", "v1", "settings"]);
    let settings = match ask.send() {
        Ok(response) if response.is_success() && !response.is_page() => response.value(),
        Ok(response) if response.is_success() => None,
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
    sign_up(&settings, findings);
    true
}

/// Every new user of the project becomes a user of the CRM.
fn sign_up(settings: &Value, findings: &mut Findings) {
    match settings.get("disable_signup").and_then(Value::as_bool) {
        Some(true) => add_finding(findings, "ok", "sign-up", "closed", None),
        Some(false) => add_finding(
            findings,
            "error",
            "sign-up",
            "anyone may sign up, and every new user sees and changes the whole CRM",
            Some(
                "disable sign-ups in the project's authentication settings; administrators can still invite",
            ),
        ),
        None => add_finding(
            findings,
            "warn",
            "sign-up",
            "the project does not say whether it is open",
            None,
        ),
    }
    let anonymous = settings.pointer("/external/anonymous_users");
    if anonymous == Some(&Value::Bool(true)) {
        add_finding(
            findings,
            "error",
            "anonymous users",
            "users without a name may sign in and count as signed in",
            Some("disable anonymous sign-ins in the project's authentication settings"),
        );
    }
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

/// Which of the functions for SQL are installed, and what they tell of the database.
fn functions(call: &Call<'_>, findings: &mut Findings) {
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
    for (name, answer) in ["crm_mcp_schema", "crm_mcp_query", "crm_mcp_mutate"]
        .into_iter()
        .zip(call.http().send_all(asks))
    {
        let about = About::statement("read");
        match answer.and_then(|response| rest::accept(response, &about)) {
            Ok(response) => answers.push((name, response)),
            Err(failure) if &*failure.code == errors::MISSING => lacking.push(name),
            Err(failure) => {
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
    if lacking.is_empty() {
        add_finding(
            findings,
            "ok",
            "functions",
            "query, mutate and get_schema are installed",
            None,
        );
    } else {
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
    version(answer("crm_mcp_query"), findings);
    cascade(answer("crm_mcp_schema"), findings);
}

/// The platform's builds 17.6.1.100 to about 17.6.1.121 stop as a whole when a signed-in user calls a
/// function that was withheld. Their number is not visible here, PostgreSQL's own is.
fn version(answer: Option<Value>, findings: &mut Findings) {
    let version = answer
        .as_ref()
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
fn cascade(answer: Option<Value>, findings: &mut Findings) {
    let relations = answer
        .as_ref()
        .and_then(|answer| answer.get("relations")?.as_array());
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

/// What somebody who is not signed in can read.
fn open_to_all(call: &Call<'_>, findings: &mut Findings) {
    let mut names: Vec<&str> = tables::ALL
        .iter()
        .flat_map(|entity| [entity.name, entity.view])
        .chain(["activity_log"])
        .collect();
    names.sort_unstable();
    names.dedup();
    let asks = names
        .iter()
        .map(|name| {
            call.http()
                .anonymous()
                .get(path!["rest", "v1", name])
                .query("limit", 1)
        })
        .collect();
    let readable: Vec<&str> = names
        .iter()
        .copied()
        .zip(call.http().send_all(asks))
        .filter(|(_, answer)| answer.as_ref().is_ok_and(shows_rows))
        .map(|(name, _)| name)
        .collect();
    if readable.is_empty() {
        add_finding(
            findings,
            "ok",
            "anonymous reads",
            "nothing is readable without signing in",
            None,
        );
    } else {
        add_finding(
            findings,
            "error",
            "anonymous reads",
            format!(
                "readable by anyone who has the publishable key: {}",
                readable.join(", ")
            ),
            Some("enable row level security on these tables, and security_invoker on these views"),
        );
    }
}

fn shows_rows(response: &Response) -> bool {
    response.is_success()
        && response
            .value()
            .is_some_and(|rows| rows.as_array().is_some_and(|rows| !rows.is_empty()))
}

/// A public bucket answers that the file is not there, another one that it is not there itself.
fn bucket(call: &Call<'_>, findings: &mut Findings) {
    let ask = call.http().anonymous().get(path![
        "storage",
        "v1",
        "object",
        "public",
        "attachments",
        NO_FILE
    ]);
    let said = ask
        .send()
        .ok()
        .and_then(|response| response.value())
        .and_then(|body| body.get("message")?.as_str().map(str::to_lowercase))
        .unwrap_or_default();
    if said.contains("bucket not found") {
        add_finding(
            findings,
            "ok",
            "attachments",
            "the bucket is not public",
            None,
        );
    } else if said.contains("object not found") {
        add_finding(
            findings,
            "warn",
            "attachments",
            "the bucket is public: whoever has the address of a file can read it without signing in",
            Some(
                "the CRM ships so and its pages rely on it; keep confidential files elsewhere, or make the bucket private with a release that signs addresses",
            ),
        );
    } else {
        add_finding(
            findings,
            "warn",
            "attachments",
            "whether the bucket is public could not be seen",
            None,
        );
    }
}
