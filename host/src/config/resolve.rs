//! The tree into a configuration.
//!
//! Owns what stands at the top and what reading needs besides the tree, for files and variables alike.
//! It must not know TOML, nor what plugins declare: their settings and secrets are checked when they
//! are loaded.

use std::path::{Path, PathBuf};

use super::problem::{Problems, Report};
use super::section::Section;
use super::tree::Table;
use super::{Config, Env, Source, access, connections, server};

/// The keys of the file itself.
pub(super) const KEYS: [&str; 2] = ["server", "connections"];

/// What reading needs besides the tree.
pub(super) struct Context<'a> {
    pub(super) report: &'a Report,
    pub(super) env: Env<'a>,
    /// The folder that relative paths are relative to.
    pub(super) base: &'a Path,
}

impl Context<'_> {
    pub(super) fn path(&self, text: &str) -> Result<PathBuf, &'static str> {
        if text.is_empty() {
            Err("is empty; write a path")
        } else {
            Ok(self.base.join(text))
        }
    }
}

/// Reads the whole tree.
pub(super) fn config(
    root: &Table,
    source: Source,
    env: Env<'_>,
    base: &Path,
    report: Report,
) -> Result<Config, Problems> {
    let context = Context {
        report: &report,
        env,
        base,
    };
    let section = Section::open("", root, &report, &KEYS);
    let absent = Table::empty(root.place.clone());
    let host = section.table("server").map_or(&absent, |field| field.value);
    let server = server::read(host, &context);
    let table = section.table("connections");
    let connections = table
        .as_ref()
        .map(|field| connections::read(field, &context))
        .unwrap_or_default();
    let written = table.as_ref().map(|field| field.value);
    access::judge_listener(host, &server, written, &context);
    let none = table.is_none_or(|field| field.value.entries.is_empty());
    if none && matches!(source, Source::File(_)) {
        let message = "no connection, so there is nothing to serve; add a table `[connections.NAME]`, see `portcullis config example`";
        report.warn(&root.place, "", message);
    }
    let config = Config {
        source,
        server,
        connections,
        offered: None,
        warnings: Vec::new(),
    };
    match report.finish() {
        Ok(warnings) => Ok(Config { warnings, ..config }),
        Err(problems) => Err(problems.beside(config)),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::config;

    #[test]
    fn nothing_to_serve_is_a_warning() {
        for text in ["", "[server]\n", "[connections]\n"] {
            let warnings = config(text).warnings;
            let expected = "no connection, so there is nothing to serve";
            assert!(warnings[0].message.starts_with(expected), "{warnings:?}");
            assert_eq!(warnings.len(), 1);
        }
    }
}
