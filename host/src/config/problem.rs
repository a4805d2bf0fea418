//! What is wrong with a configuration, said so that the operator can mend it at once.
//!
//! Owns the place of a problem (file and line, or a variable), its wording as one line, and the list
//! of all of them. It must not know any key, and no value of a secret ever reaches it.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::Config;

/// Where a piece of configuration stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file as a whole.
    File(Arc<Path>),
    /// A line of a file, counted from 1.
    Line(Arc<Path>, usize),
    /// A line and a column of a file, both counted from 1.
    Column(Arc<Path>, usize, usize),
    /// An environment variable.
    Variable(Arc<str>),
    /// The environment as a whole.
    Environment,
}

impl Place {
    fn order(&self) -> usize {
        match self {
            Self::Line(_, line) | Self::Column(_, line, _) => *line,
            Self::File(_) | Self::Variable(_) | Self::Environment => usize::MAX,
        }
    }

    fn names_the_key(&self) -> bool {
        matches!(self, Self::Variable(_))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Line(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Column(path, line, column) => write!(f, "{}:{line}:{column}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Environment => f.write_str("environment"),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether a configuration can be used in spite of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It cannot be used.
    Error,
    /// It can, and the operator should know.
    Warning,
}

/// One thing that is wrong, e.g. ``portcullis.toml:12: connections.sales.allow: unknown effect
/// `wirte`; did you mean `write`?``.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands; in JSON as it is printed.
    pub place: Place,
    /// The full path of the key, e.g. `connections.sales.allow`; empty for a whole file.
    pub key: String,
    /// What is wrong, and the way out.
    pub message: String,
}

impl Problem {
    /// A problem that forbids the use of the configuration.
    #[must_use]
    pub fn error(place: Place, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            place,
            key: key.into(),
            message: message.into(),
        }
    }

    /// The same, but only worth a warning.
    #[must_use]
    pub fn into_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Whether it forbids the use of the configuration.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl Problem {
    /// Whether both print the same, as for a variable that several plugins read.
    fn is_same_line(&self, other: &Self) -> bool {
        self.severity == other.severity && self.to_string() == other.to_string()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() && !self.place.names_the_key() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// All problems of a configuration, in the order of the file's lines; at least one is an error.
#[derive(Debug, Clone, thiserror::Error)]
pub struct Problems {
    list: Vec<Problem>,
    /// What could be read in spite of them, for judging that too; never for serving it.
    rest: Option<Box<Config>>,
}

impl Problems {
    /// Puts problems in order.
    #[must_use]
    pub fn new(mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| problem.place.order());
        Self { list, rest: None }
    }

    /// The problems.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// What could be read in spite of them.
    #[must_use]
    pub fn rest(&self) -> Option<&Config> {
        self.rest.as_deref()
    }

    /// The same with those that were found in the rest.
    #[must_use]
    pub fn and(&self, more: Vec<Problem>) -> Self {
        let new = |problem: &Problem| !self.list.iter().any(|known| known.is_same_line(problem));
        let more = more.into_iter().filter(new);
        Self::new(self.list.iter().cloned().chain(more).collect())
    }

    pub(super) fn beside(self, rest: Config) -> Self {
        Self {
            rest: Some(Box::new(rest)),
            ..self
        }
    }

    /// How many of them are errors.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.list
            .iter()
            .filter(|problem| problem.is_error())
            .count()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.list.iter().enumerate() {
            let mark = if problem.is_error() { "" } else { "warning: " };
            let end = if at == 0 { "" } else { "\n" };
            write!(f, "{end}{mark}{problem}")?;
        }
        if self.list.len() == 1 {
            return Ok(());
        }
        let errors = self.errors();
        write!(f, "\n{}", counted(errors, "problem"))?;
        match self.list.len() - errors {
            0 => Ok(()),
            warnings => write!(f, ", {}", counted(warnings, "warning")),
        }
    }
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Collects problems while a configuration is read, so that all are reported at once.
#[derive(Debug, Default)]
pub(super) struct Report {
    problems: RefCell<Vec<Problem>>,
}

impl Report {
    pub(super) fn error(&self, place: &Place, key: &str, message: impl Into<String>) {
        self.add(Problem::error(place.clone(), key, message));
    }

    pub(super) fn warn(&self, place: &Place, key: &str, message: impl Into<String>) {
        self.add(Problem::error(place.clone(), key, message).into_warning());
    }

    /// The warnings; everything, where one of them is an error.
    pub(super) fn finish(self) -> Result<Vec<Problem>, Problems> {
        let problems = Problems::new(self.problems.into_inner());
        match problems.errors() {
            0 => Ok(problems.list),
            _ => Err(problems),
        }
    }

    fn add(&self, problem: Problem) {
        let mut problems = self.problems.borrow_mut();
        if !problems.iter().any(|known| known.is_same_line(&problem)) {
            problems.push(problem);
        }
    }
}

/// A value from the configuration for a message: short, on one line.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text
        .chars()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> Place {
        Place::Line(Path::new("portcullis.toml").into(), number)
    }

    #[test]
    fn a_list_is_in_the_order_of_lines_and_counted() {
        let report = Report::default();
        report.error(
            &line(12),
            "connections.sales.allow",
            "unknown effect `wirte`; did you mean `write`?",
        );
        report.warn(&line(3), "server.http", "is open");
        report.error(
            &Place::Column(Path::new("portcullis.toml").into(), 20, 4),
            "",
            "unclosed table",
        );
        let problems = report.finish().unwrap_err();
        insta::assert_snapshot!(problems, @r"
        warning: portcullis.toml:3: server.http: is open
        portcullis.toml:12: connections.sales.allow: unknown effect `wirte`; did you mean `write`?
        portcullis.toml:20:4: unclosed table
        2 problems, 1 warning
        ");
    }

    #[test]
    fn warnings_alone_are_no_failure() {
        let report = Report::default();
        report.warn(&Place::Environment, "connections.x", "careful");
        let warnings = report.finish().unwrap();
        assert_eq!(
            warnings[0].to_string(),
            "environment: connections.x: careful"
        );
    }

    #[test]
    fn a_variable_stands_for_its_key() {
        let problem = Problem::error(
            Place::Variable("ESPOCRM_URL".into()),
            "connections.espocrm.url",
            "is no URL",
        );
        assert_eq!(problem.to_string(), "ESPOCRM_URL: is no URL");
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"severity":"error","place":"ESPOCRM_URL","key":"connections.espocrm.url","message":"is no URL"}"#
        );
    }

    #[test]
    fn values_are_shown_short_and_on_one_line() {
        assert_eq!(shown("a\nb"), "a\\nb");
        assert_eq!(shown(&"x".repeat(100)).chars().count(), 61);
    }
}
