//! The self-test behind `portcullis check --live`: is it an EspoCRM, does it let us in, is the role
//! good for the tools.
//!
//! Reads only; answers findings for an operator, without anything of a record.

use portcullis_sdk::{Call, Failure, Response, add_finding as add, add_obstacle, code, path};
use serde_json::{Value, json};

use crate::{
    crm,
    errors::About,
    forbidden::LOCKED_OUT,
    identity::{self, Identity},
    metadata, rights,
    settings::Settings,
};

pub(crate) type Findings = Vec<Value>;

pub(crate) fn check(call: &Call<'_>) -> Result<Value, Failure> {
    let mut findings = Findings::new();
    if is_reachable(call, &mut findings)
        && let Some(user) = user(call, &mut findings)
    {
        rights::role(&user, &mut findings);
        rights::of_tools(call, &user, &mut findings);
        sender(call, &user, &mut findings)?;
        time_zone(call, &user, &mut findings)?;
        pipelines(call, &user, &mut findings);
        version(call, &user, &mut findings);
    }
    Ok(json!({"findings": findings}))
}

/// `Settings` answers without a credential, so it tells a wrong address from a wrong key.
fn is_reachable(call: &Call<'_>, findings: &mut Findings) -> bool {
    let hint =
        Some("url is the address of the CRM's start page, with its sub-directory if it has one");
    match call.http().anonymous().get(path!["Settings"]).send() {
        Ok(response)
            if response.is_success() && response.value().is_some_and(|body| body.is_object()) =>
        {
            add(findings, "ok", "address", "an EspoCRM answers", None);
            true
        }
        Ok(response) if is_lock_out(&response) => {
            add(
                findings,
                "error",
                "lock-out",
                "the CRM refuses this host's address without a reason",
                Some(
                    "it locks an address out for a minute after ten failed logins; wait, then check the key",
                ),
            );
            false
        }
        Ok(response) if add_obstacle(findings, &response) => false,
        Ok(response) => {
            add(
                findings,
                "error",
                "address",
                format!("what answers is no EspoCRM API (HTTP {})", response.status),
                hint,
            );
            false
        }
        Err(failure) => {
            add(findings, "error", "address", failure.message.clone(), hint);
            false
        }
    }
}

fn is_lock_out(response: &Response) -> bool {
    response.status == 403
        && response.body.is_empty()
        && response.header("x-status-reason").is_none()
}

fn user(call: &Call<'_>, findings: &mut Findings) -> Option<Identity> {
    let answer = crm::send(
        call,
        call.http().get(path!["App", "user"]),
        &About::reading("App/user"),
    );
    match answer.and_then(|response| identity::keep(call, &response.decode()?)) {
        Ok(user) => {
            add(
                findings,
                "ok",
                "credential",
                format!("signed in as {}", user.user_name),
                None,
            );
            Some(user)
        }
        Err(failure) => {
            let (subject, hint) = match &*failure.code {
                code::AUTH_FAILED => (
                    "credential",
                    "check the API key, and that the user's authentication method (API Key or HMAC) is the connection's `auth`",
                ),
                LOCKED_OUT => ("lock-out", "wait a minute, then check the key"),
                _ => (
                    "credential",
                    failure
                        .suggestion
                        .as_deref()
                        .unwrap_or("the key could not be tried; check again"),
                ),
            };
            let message = failure.message.clone();
            add(findings, "error", subject, message, Some(hint));
            None
        }
    }
}

fn sender(call: &Call<'_>, user: &Identity, findings: &mut Findings) -> Result<(), Failure> {
    let setting = Settings::of(call)?.sender_address;
    match (setting, user.addresses.first()) {
        (Some(address), _)
            if !user
                .addresses
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&address)) =>
        {
            add(
                findings,
                "warn",
                "sender",
                "settings.sender_address is none of the API user's own addresses",
                Some("the CRM accepts it only if it is a group account that the user may use"),
            );
        }
        (None, None) if !call.lists("draft_email") => {}
        (None, None) => add(
            findings,
            "warn",
            "sender",
            "the API user has no e-mail address, so draft_email fails",
            Some("give the API user an e-mail address in the CRM's administration"),
        ),
        _ => add(
            findings,
            "ok",
            "sender",
            "drafts have a sender address",
            None,
        ),
    }
    Ok(())
}

fn time_zone(call: &Call<'_>, user: &Identity, findings: &mut Findings) -> Result<(), Failure> {
    let setting = Settings::of(call)?.time_zone;
    match (setting, &user.time_zone) {
        (Some(ours), Some(theirs)) if ours != *theirs => {
            add(
                findings,
                "warn",
                "time zone",
                format!("settings.time_zone is {ours}, the CRM's is {theirs}"),
                Some("days begin at different times for users and for the tools"),
            );
        }
        (_, theirs) => add(
            findings,
            "ok",
            "time zone",
            theirs.clone().unwrap_or_else(|| "UTC".to_owned()),
            None,
        ),
    }
    Ok(())
}

fn pipelines(call: &Call<'_>, user: &Identity, findings: &mut Findings) {
    let scopes = match metadata::scopes(call) {
        Ok(scopes) => scopes,
        Err(failure) => return add(findings, "warn", "metadata", failure.message.clone(), None),
    };
    for (name, _) in scopes.iter().filter(|(_, scope)| scope.pipelines) {
        let count = user.pipelines.get(name).map_or(0, Vec::len);
        let hint = (count == 0).then_some(
            "records of it cannot be created until the administrator makes a pipeline available",
        );
        add(
            findings,
            if count == 0 { "warn" } else { "ok" },
            "pipelines",
            format!("{name} has {count}"),
            hint,
        );
    }
}

fn version(call: &Call<'_>, user: &Identity, findings: &mut Findings) {
    let about = || {
        let response = call.http().get(path!["App", "about"]).send().ok()?;
        response
            .value()?
            .get("version")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let known = user
        .version
        .clone()
        .or_else(about)
        .filter(|version| version.starts_with(|first: char| first.is_ascii_digit()));
    match known {
        Some(version) => add(findings, "ok", "version", version, None),
        None => add(
            findings,
            "ok",
            "version",
            "the CRM does not tell its version",
            None,
        ),
    }
}
