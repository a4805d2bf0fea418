//! Findings of a plugin's self-test, in the shape that `check --live` prints.

use serde_json::{Value, json};

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
