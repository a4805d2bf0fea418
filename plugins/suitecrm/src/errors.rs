//! What the refusals of v4_1 mean. It answers 200 with a numbered error, 500 without a word, or a
//! success that is none; the last is the business of whoever asked.

use portcullis_sdk::{Failure, Kind, Outcome, Response, code};
use serde_json::{Value, json};

use crate::rpc::{About, Does};

/// The CRM's own filter of where clauses refused one.
pub(crate) const QUERY_REFUSED: &str = "QUERY_REFUSED";
/// A record of that id may exist, and this user may not see it.
pub(crate) const HINT_NOT_FOUND: &str =
    "it was deleted, never existed, or this user may not see it; search finds the ids that exist";

/// The number of an error: an object with `name`, `number` and `description`. The number is a
/// number, or the text `-1` for a method that does not exist.
pub(crate) fn numbered(body: &Value) -> Option<i64> {
    let object = body.as_object()?;
    let shape = object.len() == 3
        && object.get("name")?.is_string()
        && object.get("description")?.is_string();
    let number = object.get("number")?;
    let number = number
        .as_i64()
        .or_else(|| number.as_str()?.trim().parse().ok())?;
    (shape && number != 0).then_some(number)
}

/// A numbered error. The CRM checked and did nothing.
pub(crate) fn refused(number: i64, body: &Value, about: About<'_>) -> Failure {
    let failure = meaning(number, body, about);
    failure
        .details(json!({"crm_error": number, "method": about.method}))
        .outcome(Outcome::NotDone)
}

fn meaning(number: i64, body: &Value, about: About<'_>) -> Failure {
    let module = about.module;
    match number {
        10 | 11 => Failure::new(
            Kind::AuthNeeded,
            code::AUTH_FAILED,
            "the CRM refused the session, also after a new login",
        )
        .suggest("if logins succeed and sessions die, the CRM sees a changing client address: check `verify_client_ip` and the proxy before it"),
        12 | 13 | 1008 | 1009 | 1012 => Failure::new(
            Kind::AuthNeeded,
            code::AUTH_FAILED,
            format!("the CRM does not let the user in: {}", description(body)),
        ),
        20 | 30 => Failure::bad_input(
            code::INVALID_ENTITY_TYPE,
            format!("the CRM has no module `{module}` for its API"),
        )
        .at("/module")
        .suggest("list_modules shows the modules that this user sees"),
        31 => Failure::bad_input(code::INVALID_LINK, "the CRM does not know that link")
            .at("/link_field")
            .suggest("get_module_fields lists a module's links"),
        40 => Failure::forbidden(
            code::PERMISSION_DENIED,
            if module.is_empty() {
                format!("the CRM refused {}: the right is missing", about.method)
            } else {
                format!(
                    "the CRM refused {} on {module}: the user's role does not allow it",
                    about.method
                )
            },
        )
        .suggest("list_modules shows what this user may do per module"),
        50 => Failure::new(
            Kind::Conflict,
            code::DUPLICATE_DETECTED,
            "the CRM found a duplicate",
        ),
        51 | 21 => Failure::not_found(code::RECORD_NOT_FOUND, "the CRM found no such record"),
        90 => Failure::new(
            Kind::Throttled,
            code::RATE_LIMITED,
            "the CRM's limit of resources is reached",
        )
        .retryable(),
        -1 | 1000 => Failure::new(
            Kind::Unsupported,
            code::UPSTREAM_ERROR,
            format!("this CRM has no method {}", about.method),
        )
        .suggest("the plugin needs the v4_1 API, which every SuiteCRM 7 and 8 has unless it was taken away"),
        _ => Failure::upstream(format!(
            "the CRM answered with error {number}: {}",
            description(body)
        )),
    }
}

/// Error 40 also stands for a where clause that the CRM's own filter dislikes, and that filter
/// reads inside quoted values.
pub(crate) fn of_query(failure: Failure) -> Failure {
    if failure.code != code::PERMISSION_DENIED {
        return failure;
    }
    Failure::new(
        Kind::Forbidden,
        QUERY_REFUSED,
        "the CRM refused the search: its role does not allow it, or its own filter dislikes a word in the clause, also inside a quoted value",
    )
    .suggest("try a value without words such as select, union, sleep or two dashes; list_modules shows whether this user may list the module")
    .details(json!({"crm_error": 40}))
    .outcome(Outcome::NotDone)
}

/// A status other than 2xx.
pub(crate) fn not_ok(response: &Response, about: About<'_>) -> Failure {
    let text = String::from_utf8_lossy(&response.body);
    let failure = match response.status {
        500 if text.starts_with("Database failure") => Failure::upstream(format!(
            "the CRM's database refused what {} asked for",
            about.method
        ))
        .suggest(
            "a column or value does not fit; suitecrm.log on the CRM's server has the statement",
        ),
        500 if response.body.is_empty() => Failure::upstream(format!(
            "the CRM broke off {} without a word (status 500, empty body)",
            about.method
        ))
        .suggest("the PHP error log on the CRM's server has the cause"),
        404 => Failure::upstream("there is no v4_1 API at that address")
            .suggest("`portcullis check --live` says where it was looked for"),
        _ => response.failure(),
    };
    open(failure, about)
}

/// A 2xx that is no JSON: what the entry point answers when it does not see its form fields, or a
/// page of a proxy.
pub(crate) fn no_json(response: &Response, about: About<'_>) -> Failure {
    let failure = response
        .decode()
        .err()
        .unwrap_or_else(|| Failure::upstream("the CRM's answer is no JSON"));
    open(failure, about)
}

fn open(failure: Failure, about: About<'_>) -> Failure {
    match about.does {
        Does::Read => failure.outcome(Outcome::NotDone),
        Does::Change => failure
            .outcome(Outcome::MayHaveHappened)
            .suggest("look whether the change was made before trying again"),
    }
}

/// There is no such record for this user.
pub(crate) fn missing(module: &str, id: &str) -> Failure {
    Failure::not_found(
        code::RECORD_NOT_FOUND,
        format!("{module} has no record {id}"),
    )
    .suggest(HINT_NOT_FOUND)
}

/// The CRM's own sentence, kept short.
fn description(body: &Value) -> String {
    let mut text = body["description"].as_str().unwrap_or_default().to_owned();
    portcullis_sdk::text::cut(&mut text, 200);
    text
}
