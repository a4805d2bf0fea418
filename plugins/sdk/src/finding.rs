//! Findings of a plugin's self-test, in the shape that `check --live` prints, and the ones that every
//! self-test makes of an answer that is not the CRM's own.

use serde_json::{Value, json};

use crate::http::Response;

/// Adds `{"level","subject","message"}` and a suggestion, if there is one. The level is `ok`,
/// `warn` or `error`.
pub fn add_finding(
    findings: &mut Vec<Value>,
    level: &str,
    subject: &str,
    message: impl Into<String>,
    suggestion: Option<&str>,
) {
    let mut finding = json!({"level": level, "subject": subject, "message": message.into()});
    if let Some(suggestion) = suggestion {
        finding["suggestion"] = suggestion.into();
    }
    findings.push(finding);
}

/// Adds what stands between here and the CRM, when an answer tells of it: a redirect, a limit, a
/// proxy's page, a gateway without the CRM behind it, maintenance, a fault of the CRM's server. Says
/// whether it did. Where it did not, the address is probably not the CRM's.
pub fn add_obstacle(findings: &mut Vec<Value>, response: &Response) -> bool {
    let status = response.status;
    let wait = match response.retry_after_ms() {
        Some(ms) => format!(", and asks to wait {} s", ms.div_ceil(1000)),
        None => String::new(),
    };
    let (subject, message, suggestion) = match status {
        300..=399 => (
            "redirect",
            format!("the address answers with a redirect (HTTP {status}), which is not followed"),
            "set url to where it leads, for instance https instead of http; if that is a login page, a gateway before the CRM has to let this host pass",
        ),
        401 | 403 | 407 if status == 407 || response.is_page() => (
            "proxy",
            format!(
                "something before the CRM, a proxy or a web firewall, answers HTTP {status} with a page of its own"
            ),
            "the CRM was not reached; let this host pass there",
        ),
        429 => (
            "limit",
            format!("the CRM, or a proxy before it, takes no more requests now (HTTP 429){wait}"),
            "wait and check again; the address may be right",
        ),
        502 | 504 => (
            "gateway",
            format!("a proxy answers, and the CRM behind it does not (HTTP {status})"),
            "see whether the CRM's own server runs; the address may be right",
        ),
        503 => (
            "maintenance",
            format!("the CRM is in maintenance, or overloaded (HTTP 503){wait}"),
            "wait and check again; the address may be right",
        ),
        500..=599 => (
            "fault",
            format!("the CRM's server failed (HTTP {status})"),
            "its own log has the cause; the address may be right",
        ),
        _ => return false,
    };
    add_finding(findings, "error", subject, message, Some(suggestion));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(status: u16, body: &str, headers: &[(&str, &str)]) -> Option<String> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let response = Response {
            status,
            headers: headers.iter().map(own).collect(),
            body: body.into(),
        };
        let mut findings = Vec::new();
        let added = add_obstacle(&mut findings, &response);
        assert_eq!(added, findings.len() == 1);
        let finding = findings.pop()?;
        Some(format!(
            "{} {}: {}",
            finding["level"].as_str()?,
            finding["subject"].as_str()?,
            finding["message"].as_str()?
        ))
    }

    #[test]
    fn obstacles_are_named() {
        for (status, body, headers, expected) in [
            (
                302,
                "",
                &[][..],
                "error redirect: the address answers with a redirect (HTTP 302)",
            ),
            (
                403,
                "<html>blocked",
                &[],
                "error proxy: something before the CRM",
            ),
            (401, " <html>", &[], "error proxy: something before the CRM"),
            (407, "", &[], "error proxy: something before the CRM"),
            (
                429,
                "",
                &[("retry-after", "7")],
                "error limit: the CRM, or a proxy before it, takes no more requests now (HTTP 429), and asks to wait 7 s",
            ),
            (
                429,
                "",
                &[],
                "error limit: the CRM, or a proxy before it, takes no more requests now (HTTP 429)",
            ),
            (
                500,
                "",
                &[],
                "error fault: the CRM's server failed (HTTP 500)",
            ),
            (502, "<html>", &[], "error gateway: a proxy answers"),
            (
                503,
                "{}",
                &[("retry-after", "60")],
                "error maintenance: the CRM is in maintenance, or overloaded (HTTP 503), and asks to wait 60 s",
            ),
        ] {
            let found = found(status, body, headers).unwrap();
            assert!(found.starts_with(expected), "{status}: {found}");
        }
    }

    #[test]
    fn other_answers_are_no_obstacle() {
        for (status, body) in [
            (200, "<html>"),
            (401, "{}"),
            (403, ""),
            (404, "<html>"),
            (418, ""),
        ] {
            assert_eq!(found(status, body, &[]), None, "{status}");
        }
    }
}
