//! The part of the self-test that looks for what stands open: sign-up, reads without a sign-in, the
//! bucket of attachments.

use portcullis_sdk::{Call, Response, add_finding, path};
use serde_json::Value;

use crate::{live_check::Findings, tables};

/// A name that no file has; the answer tells whether the bucket is public.
const NO_FILE: &str = "portcullis-check-0";

/// Every new user of the project becomes a user of the CRM.
pub(crate) fn sign_up(settings: &Value, findings: &mut Findings) {
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

/// What somebody who is not signed in can read.
pub(crate) fn open_to_all(call: &Call<'_>, findings: &mut Findings) {
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
pub(crate) fn bucket(call: &Call<'_>, findings: &mut Findings) {
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
