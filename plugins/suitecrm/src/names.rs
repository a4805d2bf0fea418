//! Modules, fields, links and ids: their shape, and what no tool touches.
//!
//! Ids are not UUIDs: the first user is `1`, demo users are `seed_…_id`, imports use what they like.

use portcullis_sdk::{Call, Failure, Outcome, code};

use crate::settings::Settings;

/// Modules that hold credentials or rights, or are no modules of records; no tool reads them.
pub(crate) const CLOSED: &[&str] = &[
    "Administration",
    "Audit",
    "Configurator",
    "Connectors",
    "ExternalOAuthConnection",
    "ExternalOAuthProvider",
    "InboundEmail",
    "OAuth2AuthCodes",
    "OAuth2Clients",
    "OAuth2Tokens",
    "OAuthKeys",
    "OAuthTokens",
    "OutboundEmailAccounts",
    "UpgradeWizard",
    "UserPreferences",
];

/// Modules that can be read and that no tool changes: they decide who may do what, or when the CRM
/// runs what.
pub(crate) const READ_ONLY: &[&str] = &[
    "ACLActions",
    "ACLRoles",
    "AOW_WorkFlow",
    "Currencies",
    "Employees",
    "Roles",
    "Schedulers",
    "SchedulersJobs",
    "SecurityGroups",
    "Teams",
    "Users",
];

/// Checks a module that is going to be read, as far as it can be done without asking the CRM.
pub(crate) fn check(call: &Call<'_>, module: &str, pointer: &str) -> Result<(), Failure> {
    if is_one_of(module, CLOSED) {
        return Err(Failure::forbidden(
            code::PERMISSION_DENIED,
            format!("{module} is not open to tools"),
        )
        .at(pointer)
        .suggest("list_modules shows the modules that are")
        .outcome(Outcome::NotDone));
    }
    if !Settings::of(call)?.allows(module) {
        return Err(Failure::forbidden(
            code::PERMISSION_DENIED,
            format!("the operator's settings leave {module} out"),
        )
        .at(pointer)
        .suggest("settings.modules_allow and settings.modules_deny of the connection decide")
        .outcome(Outcome::NotDone));
    }
    Ok(())
}

/// Checks a module that is going to be changed.
pub(crate) fn check_writable(call: &Call<'_>, module: &str) -> Result<(), Failure> {
    check(call, module, "/module")?;
    if is_one_of(module, READ_ONLY) {
        return Err(Failure::forbidden(
            code::PERMISSION_DENIED,
            format!("{module} records are not changed by tools"),
        )
        .at("/module")
        .suggest("they decide who may do what; the CRM's administrator changes them")
        .outcome(Outcome::NotDone));
    }
    Ok(())
}

/// Whether a text can be an id.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=36).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// Checks an id. The CRM answers a bad one with null, no error, and nothing written.
pub(crate) fn check_id(id: &str, pointer: &str) -> Result<(), Failure> {
    if is_id(id) {
        return Ok(());
    }
    Err(Failure::bad_input(
        code::INVALID_ARGUMENT,
        "an id is 1 to 36 letters, digits, dashes or underscores",
    )
    .at(pointer))
}

fn is_one_of(module: &str, list: &[&str]) -> bool {
    list.iter().any(|other| other.eq_ignore_ascii_case(module))
}
