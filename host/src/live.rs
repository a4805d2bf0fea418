//! `check --live`: reaches each CRM, and lets its plugin test what only it can judge.
//!
//! Reads only. The operator alone runs it; nothing of it is reachable over MCP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_manifest::Method;
use serde_json::{Value, json};

use crate::call::App;
use crate::caller::Token;
use crate::capability::Record;
use crate::identity::Issuer;
use crate::names::CallId;
use crate::policy::{self, Confirmation, Grant, Principal};
use crate::registry::{self, Connection};
use crate::runtime::{Call, Failure};
use crate::upstream::{NO_TOKEN, Outgoing, Reason};

/// Bytes of an issuer's description of itself; real ones have some thousand.
const LARGEST: usize = 64 << 10;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, and is worth knowing.
    Warn,
    /// Does not work.
    Error,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at, e.g. `DNS`, `key`, `permission`.
    pub subject: String,
    /// What was found.
    pub message: String,
    /// The way out.
    pub suggestion: Option<String>,
}

/// Looks at one connection; `token` is a caller's own, for one that acts with them.
pub async fn check(app: &App, connection: &Arc<Connection>, token: Option<&Token>) -> Vec<Finding> {
    match reach(connection).await {
        Err(finding) => vec![finding],
        Ok(finding) => {
            let mut findings = vec![finding];
            if let Some(issuer) = &connection.issuer {
                findings.push(keys(issuer).await);
                findings.extend(described(connection, issuer).await);
            }
            findings.extend(self_test(app, connection, token).await);
            findings
        }
    }
}

/// Whether anything answers at the address: DNS, connection, TLS, HTTP.
async fn reach(connection: &Connection) -> Result<Finding, Finding> {
    let url = &connection.config.url;
    let upstream = &connection.link.upstream;
    let tried = async {
        upstream.settle().await?;
        let deadline = Instant::now() + Duration::from_millis(connection.link.limits.timeout_ms);
        upstream.send(get_base(), deadline).await
    };
    match tried.await {
        Ok(answer) => Ok(found(
            Level::Ok,
            "reachable",
            format!("{url} answers (HTTP {})", answer.status),
        )),
        Err(failed) => Err(Finding {
            level: Level::Error,
            subject: subject(failed.reason).into(),
            message: format!("{url}: {}", failed.detail),
            suggestion: Some(way_out(failed.reason).into()),
        }),
    }
}

/// Whether callers' tokens can be checked.
async fn keys(issuer: &Issuer) -> Finding {
    let name = issuer.name();
    match issuer.keys().await {
        Ok(0) => Finding {
            level: Level::Error,
            subject: "tokens".into(),
            message: format!(
                "{name} publishes no key for RS256, ES256 or EdDSA, so that no token of it can be taken"
            ),
            suggestion: Some("have it sign with a key pair instead of a shared secret".into()),
        },
        Ok(1) => found(Level::Ok, "tokens", format!("{name} publishes one key")),
        Ok(many) => found(Level::Ok, "tokens", format!("{name} publishes {many} keys")),
        Err(error) => Finding {
            level: Level::Error,
            subject: "tokens".into(),
            message: format!("{name}: {error}; the log says why"),
            suggestion: Some(
                "check that the url is that of the CRM's API, and that it publishes its keys"
                    .into(),
            ),
        },
    }
}

/// Whether the issuer calls itself what its tokens have to name, where it says so.
async fn described(connection: &Connection, issuer: &Issuer) -> Option<Finding> {
    let path = registry::description(&connection.plugin.manifest)?;
    let described = connection.link.upstream.document(&path, LARGEST).await;
    let described: Value = serde_json::from_slice(&described.ok()?).ok()?;
    let (own, taken) = (described["issuer"].as_str()?, issuer.name());
    if own == taken {
        return Some(found(Level::Ok, "issuer", format!("{own} calls itself so")));
    }
    Some(Finding {
        level: Level::Error,
        subject: "issuer".into(),
        message: format!(
            "the CRM calls its issuer {}, and tokens of {taken} are taken, so that each of its own would be refused",
            own.escape_debug()
        ),
        suggestion: Some(format!(
            "set `url` to the address that issues the tokens, or `issuer` of connection `{}` to what the CRM calls it",
            connection.config.name
        )),
    })
}

/// An unauthenticated GET of the base itself.
fn get_base() -> Outgoing {
    Outgoing {
        method: Method::Get,
        path: Vec::new(),
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        credential: None,
        caller: None,
    }
}

const fn subject(reason: Reason) -> &'static str {
    match reason {
        Reason::Tls => "TLS",
        Reason::AddressBlocked => "address",
        Reason::Timeout => "timeout",
        Reason::Connect => "connection",
        _ => "HTTP",
    }
}

const fn way_out(reason: Reason) -> &'static str {
    match reason {
        Reason::Tls => {
            "check the certificate's name, its expiry and its chain; an authority of your own has to be in the system's trust store (SSL_CERT_FILE names another one); `tls_verify = false` turns the check off for this connection only"
        }
        Reason::AddressBlocked => "name the address in the url, or list it under `allow_addresses`",
        Reason::Timeout => {
            "check that the server runs and no firewall drops the packets; limits.timeout_ms raises the time"
        }
        Reason::Connect => "check the host name, the port, and that the server runs",
        _ => "check that the url is the CRM's own and not a proxy's or another program's",
    }
}

async fn self_test(app: &App, connection: &Arc<Connection>, token: Option<&Token>) -> Vec<Finding> {
    let Some(check) = &connection.plugin.manifest.live_check else {
        return vec![found(
            Level::Warn,
            "self-test",
            "this plugin has none; only the address was tried".into(),
        )];
    };
    let permit = Grant::live_check(&connection.config.name, check)
        .map_err(|error| error.to_string())
        .and_then(|grant| {
            policy::authorize(
                &Principal::named("cli", "operator"),
                &grant,
                Confirmation::NotNeeded,
            )
            .map_err(|denial| denial.to_string())
        });
    let permit = match permit {
        Ok(permit) => permit,
        Err(error) => return vec![found(Level::Error, "self-test", error)],
    };
    let link = Arc::clone(&connection.link);
    let arguments = json!({"tools": listed(app, connection)});
    let call = Call {
        id: CallId::random(),
        deadline: Instant::now() + Duration::from_millis(link.limits.timeout_ms),
        text: arguments.to_string(),
        arguments: Arc::new(arguments),
        record: Arc::new(Record::default()),
        caller: token.filter(|_| connection.forwards()).cloned(),
        beside: None,
        counterpart: None,
    };
    let result = app
        .runtime
        .invoke(&permit, &connection.plugin.compiled, link, &call)
        .await;
    let lacks_token = connection.forwards() && call.caller.is_none();
    let findings = match result {
        Ok(value) => findings(&value),
        Err(Failure::Told(error)) => vec![Finding {
            level: Level::Error,
            subject: error.code.clone(),
            message: error.message.clone(),
            suggestion: error.suggestion.clone(),
        }],
        Err(Failure::Fault(fault)) => vec![found(Level::Error, "self-test", fault.to_string())],
    };
    if lacks_token {
        without_token(findings)
    } else {
        findings
    }
}

/// What failed only for want of a caller's token says nothing of the CRM.
fn without_token(findings: Vec<Finding>) -> Vec<Finding> {
    let judged = findings.into_iter().map(|finding| {
        if finding.level != Level::Error || !finding.message.contains(NO_TOKEN) {
            return finding;
        }
        Finding {
            level: Level::Warn,
            message: "not checked without a token".into(),
            suggestion: None,
            ..finding
        }
    });
    let how = Finding {
        level: Level::Warn,
        subject: "token".into(),
        message: "this connection acts with each caller's own token, and none was given, so what needs one was not checked".into(),
        suggestion: Some("put a token into a variable and name it: `--token-env NAME`".into()),
    };
    judged.chain([how]).collect()
}

/// The tools that a client sees, by their names in the manifest: what a self-test has to judge.
fn listed(app: &App, connection: &Connection) -> Vec<String> {
    let snapshot = app.registry.snapshot();
    let listed = snapshot.listed.iter();
    let own = listed.filter(|tool| tool.connection.config.name == connection.config.name);
    own.map(|tool| tool.plugin.name.to_string()).collect()
}

fn findings(value: &Value) -> Vec<Finding> {
    let list = value["findings"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    list.iter().map(finding).collect()
}

fn finding(value: &Value) -> Finding {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    Finding {
        level: match value["level"].as_str() {
            Some("ok") => Level::Ok,
            Some("warn") => Level::Warn,
            _ => Level::Error,
        },
        subject: text("subject").unwrap_or_default(),
        message: text("message").unwrap_or_default(),
        suggestion: text("suggestion"),
    }
}

fn found(level: Level, subject: &str, message: String) -> Finding {
    Finding {
        level,
        subject: subject.into(),
        message,
        suggestion: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plugin_finds_is_read_and_the_unknown_is_an_error() {
        let read = findings(&json!({"findings": [
            {"level": "ok", "subject": "key", "message": "accepted"},
            {"level": "strange", "subject": "role", "message": "m", "suggestion": "s"}
        ]}));
        assert_eq!(read[0], found(Level::Ok, "key", "accepted".into()));
        assert_eq!(
            (read[1].level, read[1].suggestion.as_deref()),
            (Level::Error, Some("s"))
        );
        assert!(findings(&json!({})).is_empty());
    }

    #[test]
    fn without_a_token_only_what_needs_one_is_excused() {
        let error = |message: String| found(Level::Error, "identity", message);
        let judged = without_token(vec![
            error(format!("contacts: no credential: `default` {NO_TOKEN}")),
            error("the CRM refused the key".into()),
            found(Level::Ok, "address", "answers".into()),
        ]);
        let levels: Vec<Level> = judged.iter().map(|finding| finding.level).collect();
        assert_eq!(
            levels,
            [Level::Warn, Level::Error, Level::Ok, Level::Warn],
            "{judged:?}"
        );
        let how = judged[3].suggestion.as_deref().unwrap();
        assert!(how.contains("--token-env"), "{how}");
    }
}
