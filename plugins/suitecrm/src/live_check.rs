//! The self-test behind `portcullis check --live`: is it a SuiteCRM, does PHP take our arguments,
//! does it let us in and keep the session, is V8 the same user.
//!
//! Reads only; answers findings for an operator, without anything of a record.

use portcullis_sdk::{Call, Failure, add_finding as add, add_obstacle, code};
use serde_json::{Value, json};

use crate::{
    modules,
    rpc::{self, About},
    server_info,
    v8::{self, State},
};

/// Modules whose rights are summed up.
const MAIN: &[&str] = &[
    "Accounts",
    "Contacts",
    "Leads",
    "Opportunities",
    "Cases",
    "Calls",
    "Meetings",
    "Tasks",
    "Notes",
];

type Findings = Vec<Value>;

pub(crate) fn check(call: &Call<'_>) -> Result<Value, Failure> {
    let mut findings = Findings::new();
    if is_reachable(call, &mut findings) && signs_in(call, &mut findings) {
        session(call, &mut findings);
        role(call, &mut findings);
        v8(call, &mut findings);
    }
    Ok(json!({"findings": findings}))
}

/// `get_server_info` needs no session, so it tells a wrong address from a wrong password.
fn is_reachable(call: &Call<'_>, findings: &mut Findings) -> bool {
    let answer = rpc::send_server_info(call);
    // A 500 has causes that `rpc` knows better.
    if let Ok(response) = &answer
        && response.status != 500
        && add_obstacle(findings, response)
    {
        return false;
    }
    match answer.and_then(|response| rpc::accept(&response, rpc::SERVER_INFO)) {
        Ok(server) => match server_info::version(&server) {
            Some(version) => {
                add(
                    findings,
                    "ok",
                    "address",
                    format!("SuiteCRM {version} answers"),
                    None,
                );
                true
            }
            None => {
                add(
                    findings,
                    "warn",
                    "address",
                    "a v4_1 API answers that does not call itself SuiteCRM",
                    None,
                );
                server.is_object()
            }
        },
        Err(failure) => {
            add(
                findings,
                "error",
                "address",
                failure.message.clone(),
                Some(hint(&failure)),
            );
            false
        }
    }
}

fn hint(failure: &Failure) -> &'static str {
    if failure.message.contains("while its API was looked for") {
        "the CRM, or a proxy before it, is busy or in maintenance; wait and check again"
    } else if failure.message.contains("no API was found") {
        "url is the CRM's start page, its `legacy` folder on SuiteCRM 8, or the whole address of service/v4_1/rest.php; a 3xx is a redirect and wants the url that it leads to, a 403 may be a proxy's"
    } else if failure.message.contains("without a word") {
        "PHP broke off: with PHP 8, releases around 7.13 and 8.2 do not take the API's argument names; Portcullis sends arguments by position, so look into the PHP error log"
    } else if failure.message.contains("HTML page") || failure.message.contains("no v4_1 API") {
        "url is the CRM's start page, its `legacy` folder on SuiteCRM 8, or the whole address of service/v4_1/rest.php"
    } else {
        "check the address, the network and the certificate"
    }
}

fn signs_in(call: &Call<'_>, findings: &mut Findings) -> bool {
    match rpc::read(call, "get_user_id", "", Vec::new()) {
        Ok(user) => {
            let id = user.as_str().unwrap_or_default();
            add(
                findings,
                "ok",
                "login",
                format!("signed in as the user with id {id}"),
                None,
            );
            true
        }
        Err(failure) => {
            let hint = match &*failure.code {
                code::AUTH_FAILED | code::CREDENTIAL_MISSING => Some(
                    "check user name and password; users of LDAP or single sign-on need a password of the CRM's own, or auth = \"plain\" where the CRM passes passwords to LDAP",
                ),
                // The host signs in, so it tells what came back instead of an answer.
                _ if failure.message.contains("without a word")
                    || failure.message.contains("the CRM answered 500") =>
                {
                    Some(
                        "PHP broke off during the login: look into the PHP error log on the CRM's server",
                    )
                }
                _ => None,
            };
            add(findings, "error", "login", failure.message.clone(), hint);
            false
        }
    }
}

/// A CRM that binds sessions to the client's address destroys them when a proxy changes it.
fn session(call: &Call<'_>, findings: &mut Findings) {
    let answers = rpc::all(
        call,
        About::read("get_user_id", ""),
        vec![Vec::new(), Vec::new()],
    );
    match answers.into_iter().find_map(Result::err) {
        None => add(
            findings,
            "ok",
            "address check",
            "sessions survive from one request to the next",
            None,
        ),
        Some(failure) => add(
            findings,
            "error",
            "address check",
            failure.message.clone(),
            Some(
                "the CRM binds a session to the client's address: let its proxies pass one address on, or switch verify_client_ip off in config_override.php",
            ),
        ),
    }
}

fn role(call: &Call<'_>, findings: &mut Findings) {
    let modules = match modules::list(call) {
        Ok(modules) => modules,
        Err(failure) => return add(findings, "warn", "role", failure.message.clone(), None),
    };
    let line = |name: &&str| {
        let rights: Vec<_> = ["list", "view", "edit", "delete"]
            .into_iter()
            .filter(|action| modules.allow(name, action))
            .collect();
        let rights = if rights.is_empty() {
            "none".to_owned()
        } else {
            rights.join(" ")
        };
        format!("{name}: {rights}")
    };
    let summary = MAIN.iter().map(line).collect::<Vec<_>>().join("; ");
    if MAIN.iter().any(|name| modules.allow(name, "list")) {
        add(findings, "ok", "role", summary, None);
    } else {
        add(
            findings,
            "error",
            "role",
            format!("the role shows nothing useful ({summary})"),
            Some("give the API user a role that may list and view the modules"),
        );
    }
}

fn v8(call: &Call<'_>, findings: &mut Findings) {
    let state = match v8::state(call) {
        Ok(State::Off) => Ok(State::Off),
        _ => v8::compare(call),
    };
    match state {
        Ok(State::Off) => add(
            findings,
            "ok",
            "V8",
            "no V8 client is configured; v4_1 serves every tool",
            None,
        ),
        Ok(State::Ready { user }) => add(
            findings,
            "ok",
            "V8",
            format!("both APIs act as the user with id {user}"),
            None,
        ),
        Ok(State::Refused(why)) => add(
            findings,
            "warn",
            "V8",
            why,
            Some(
                "docs/suitecrm.md describes the V8 client and its key pair; v4_1 serves every tool meanwhile",
            ),
        ),
        Err(failure) => add(findings, "warn", "V8", failure.message.clone(), None),
    }
}
