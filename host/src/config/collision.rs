//! Tool names of several plugins that are the same, in environment-only mode.
//!
//! Owns who gets a prefix then. It must not know how names are looked up; two connections of a file
//! that collide are an error, elsewhere.

use std::collections::BTreeSet;

use portcullis_manifest::Effect;

use super::environment::Found;
use super::problem::{Place, Report};
use super::tree::{Table, Tree};
use crate::names;

/// The plugins of which a tool would be listed under the name of another's.
pub(super) fn among<'m>(active: &[Found<'m>], allow: &BTreeSet<Effect>) -> BTreeSet<&'m str> {
    let listed = |found: &Found<'m>| -> BTreeSet<String> {
        let tools = found
            .manifest
            .tools
            .iter()
            .filter(|tool| !tool.effects().is_disjoint(allow));
        tools
            .map(|tool| names::listed(&found.prefix(), &tool.name))
            .collect()
    };
    let tools: Vec<_> = active
        .iter()
        .map(|found| (found.manifest.id.as_str(), listed(found)))
        .collect();
    let meets = |id: &str, names: &BTreeSet<String>| {
        tools
            .iter()
            .any(|(other, theirs)| *other != id && !theirs.is_disjoint(names))
    };
    tools
        .iter()
        .filter(|(id, names)| meets(id, names))
        .map(|(id, _)| *id)
        .collect()
}

/// Puts the connection's name before the names of its tools, and says so.
pub(super) fn prefixed(found: &Found<'_>, connection: &mut Table, report: &Report) {
    let id = &found.manifest.id;
    connection.set("prefix", Place::Environment, Tree::Text(id.clone()));
    let message = format!(
        "several CRMs have tools of the same name, so the names of this one begin with `{id}_`"
    );
    report.warn(
        &Place::Environment,
        &format!("connections.{id}.prefix"),
        message,
    );
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{read, with};

    #[test]
    fn names_that_collide_get_prefixes() {
        let suitecrm = [
            ("SUITECRM_URL", "https://s.example.com"),
            ("SUITECRM_API_KEY", "hunter2"),
        ];
        let config = read(&with(&suitecrm)).unwrap();
        let prefixes: Vec<_> = config
            .connections
            .iter()
            .map(|connection| connection.prefix.as_str())
            .collect();
        assert_eq!(prefixes, ["espocrm", "suitecrm"]);
        assert_eq!(config.warnings.len(), 2);
        assert!(config.warnings[0].message.contains("begin with `espocrm_`"));
    }

    #[test]
    fn names_that_are_not_listed_do_not_collide() {
        let variables = with(&[
            ("SUITECRM_URL", "https://s.example.com"),
            ("SUITECRM_API_KEY", "k"),
            ("PORTCULLIS_ALLOW", "outward"),
        ]);
        let config = read(&variables).unwrap();
        assert!(
            config
                .connections
                .iter()
                .all(|connection| connection.prefix.is_empty())
        );
    }
}
