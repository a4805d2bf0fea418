//! What a run of the suite found: one file of checks for each scenario, counted.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// The longest message of a check that is shown, in characters.
const LONGEST: usize = 200;

/// One part of the suite.
#[derive(Debug, Default)]
pub(super) struct Summary {
    part: String,
    passed: usize,
    failed: usize,
    checks: BTreeMap<String, usize>,
    /// Failures and warnings, one line each.
    lines: Vec<String>,
}

impl Summary {
    /// Reads the folders that the suite wrote; `complaints` are of runs that wrote none.
    pub(super) fn read(part: &str, folder: &Path, complaints: &[String]) -> Result<Self> {
        let mut summary = Self {
            part: part.to_owned(),
            failed: complaints.len(),
            lines: complaints.to_vec(),
            ..Self::default()
        };
        let entries =
            fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let mut files: Vec<_> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path().join("checks.json"))
            .filter(|file| file.is_file())
            .collect();
        files.sort();
        for file in files {
            let text = fs::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            let checks: Vec<Value> = serde_json::from_str(&text)
                .with_context(|| format!("{} holds no checks", file.display()))?;
            let folder = file.parent().and_then(Path::file_name);
            let name = folder.map(|name| name.to_string_lossy().into_owned());
            summary.add(&scenario(&name.unwrap_or_default()), &checks);
        }
        Ok(summary)
    }

    fn add(&mut self, scenario: &str, checks: &[Value]) {
        let mut failed = false;
        for check in checks {
            let status = check["status"].as_str().unwrap_or("FAILURE");
            *self.checks.entry(status.to_owned()).or_default() += 1;
            failed |= status == "FAILURE";
            if matches!(status, "FAILURE" | "WARNING") {
                let id = check["id"].as_str().unwrap_or_default();
                let told = check["errorMessage"].as_str().unwrap_or_default();
                let told: String = told.chars().take(LONGEST).collect();
                self.lines
                    .push(format!("{status} {scenario}: {id}: {told}"));
            }
        }
        match failed {
            true => self.failed += 1,
            false => self.passed += 1,
        }
    }

    /// Whether every scenario passed, and there was one.
    pub(super) const fn passed(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |status: &str| self.checks.get(status).copied().unwrap_or_default();
        writeln!(
            f,
            "{}: {} scenarios passed, {} failed; checks: {} passed, {} failed, {} warnings, {} skipped",
            self.part,
            self.passed,
            self.failed,
            count("SUCCESS"),
            count("FAILURE"),
            count("WARNING"),
            count("SKIPPED"),
        )?;
        self.lines
            .iter()
            .try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// The scenario's name in that of its folder, `server-<name>-<time>`.
fn scenario(folder: &str) -> String {
    let name = folder.trim_start_matches("server-");
    match name.find("-20").filter(|_| name.contains('T')) {
        Some(at) if name[at..].contains('T') => {
            let stamp = name.rfind("-20").unwrap_or(at);
            name[..stamp].to_owned()
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_scenario_fails_with_its_first_check_and_warnings_are_shown() {
        let mut summary = Summary::default();
        assert!(!summary.passed(), "nothing ran");
        summary.add(
            "ping",
            &[json!({"status": "SUCCESS"}), json!({"status": "SKIPPED"})],
        );
        assert!(summary.passed());
        summary.add(
            "list",
            &[json!({"status": "WARNING", "id": "a", "errorMessage": "b"})],
        );
        assert!(summary.passed());
        summary.add(
            "read",
            &[
                json!({"status": "SUCCESS"}),
                json!({"status": "FAILURE", "id": "c"}),
            ],
        );
        assert!(!summary.passed());
        let shown = summary.to_string();
        assert!(shown.contains("2 scenarios passed, 1 failed"), "{shown}");
        assert!(
            shown.contains("WARNING list: a: b") && shown.contains("FAILURE read: c"),
            "{shown}"
        );
    }

    #[test]
    fn names_of_scenarios() {
        let stamped = "server-ping-2026-11-21T19-05-00-000Z";
        assert_eq!(scenario(stamped), "ping");
        let dated = "server-json-schema-2020-12-2026-11-21T19-05-00-000Z";
        assert_eq!(scenario(dated), "json-schema-2020-12");
    }
}
