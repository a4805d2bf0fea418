//! What became of a connection's credential slots: which alternative signs, or what is missing, and
//! whether anybody will miss it.

use std::collections::BTreeMap;

use portcullis_manifest::{Manifest, Tool};

use crate::config::{self, Auth, Problem};
use crate::upstream::Upstream;

/// A connection's slots by name.
pub struct Slots(BTreeMap<String, State>);

enum State {
    /// This alternative signs.
    Uses(String),
    /// Secrets that it needs are not set, and tools fail without it.
    Lacks(Vec<String>),
    /// Secrets that it needs are not set although others are, and no tool fails without it.
    Half(Vec<String>),
    /// The operator left it out, and no tool fails without it.
    LeftOut,
}

impl Slots {
    pub(super) fn of(
        upstream: &Upstream,
        config: &config::Connection,
        manifest: &Manifest,
    ) -> Self {
        let state = |(slot, chosen): (&str, Result<&str, &[String]>)| {
            let state = match chosen {
                Ok(name) => State::Uses(name.to_owned()),
                Err(names) if is_needed(slot, manifest) => State::Lacks(names.to_vec()),
                Err(names) if is_begun(slot, config, manifest) => State::Half(names.to_vec()),
                Err(_) => State::LeftOut,
            };
            (slot.to_owned(), state)
        };
        Self(upstream.slots().map(state).collect())
    }

    /// Those that can sign.
    pub(super) fn ready(&self) -> Vec<&str> {
        let ready = self
            .0
            .iter()
            .filter(|(_, state)| matches!(state, State::Uses(_)));
        ready.map(|(slot, _)| slot.as_str()).collect()
    }

    /// What the operator should know. A slot that was left out altogether is none of it; one without
    /// which tools fail is an error, which `check` counts and `serve` goes on with.
    pub(super) fn warnings(&self, config: &config::Connection) -> Vec<Problem> {
        let said = self.0.iter().filter_map(|(slot, state)| match state {
            State::Uses(_) | State::LeftOut => None,
            State::Lacks(names) => {
                let message = format!("{} not set; calls that need it will say so", secrets(names));
                Some(config.problem("secrets", message))
            }
            State::Half(names) => {
                let message = format!(
                    "{} not set, so the credential `{slot}` is not used",
                    secrets(names)
                );
                Some(config.problem("secrets", message).into_warning())
            }
        });
        said.collect()
    }

    /// For a person.
    pub(super) fn shown(&self) -> String {
        let words = self.0.iter().map(|(slot, state)| match state {
            State::Uses(name) if slot == name => name.clone(),
            State::Uses(name) => format!("{slot}: {name}"),
            State::Lacks(names) | State::Half(names) => {
                format!("missing ({} not set)", secrets(names))
            }
            State::LeftOut => format!("{slot}: not set up"),
        });
        let words: Vec<String> = words.collect();
        if words.is_empty() {
            "none".into()
        } else {
            words.join(", ")
        }
    }
}

pub(super) fn secrets(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" and ")
}

/// Whether tools fail without this credential: unless each that has a route bound to it has one bound
/// to another credential too. A route that is bound to none may use any.
fn is_needed(slot: &str, manifest: &Manifest) -> bool {
    let bound = |tool: &Tool| -> Vec<String> {
        let slots = tool.routes.iter().filter_map(|r| r.credential.clone());
        slots.collect()
    };
    let all: Vec<Vec<String>> = manifest.tools.iter().map(bound).collect();
    let mut with = all.iter().filter(|slots| slots.iter().any(|s| s == slot));
    let is_bound = with.clone().next().is_some();
    !is_bound || with.any(|slots| slots.iter().all(|other| other == slot))
}

/// Whether the operator chose an alternative of it, or set a secret that is its alone.
fn is_begun(slot: &str, config: &config::Connection, manifest: &Manifest) -> bool {
    let alternatives = |of: &str| manifest.credentials.get(of).into_iter().flatten();
    let chosen = match &config.auth {
        Auth::First => false,
        Auth::Any(name) => alternatives(slot).any(|alternative| alternative.name == *name),
        Auth::Each(slots) => slots.contains_key(slot),
    };
    let needs = |of: &str| alternatives(of).flat_map(|alternative| &alternative.needs);
    let others: Vec<&String> = manifest
        .credentials
        .keys()
        .filter(|other| *other != slot)
        .flat_map(|other| needs(other))
        .collect();
    let mut own = needs(slot).filter(|name| !others.contains(name));
    chosen || own.any(|name| config.secrets.contains_key(name))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn manifest(tools: &[&[Option<&str>]]) -> Manifest {
        let tool = |routes: &&[Option<&str>]| {
            let route = |credential: &Option<&str>| json!({ "method": "GET", "path": "a", "credential": credential });
            let routes: Vec<Value> = routes.iter().map(route).collect();
            json!({ "name": "t", "title": "t", "description": "t", "effect": "read", "routes": routes,
                "input_schema": { "type": "object" }, "output_schema": { "type": "object" } })
        };
        let tools: Vec<Value> = tools.iter().map(tool).collect();
        serde_json::from_value(json!({
            "manifest": 1, "id": "a", "version": "0.1.0", "abi": "0.1", "summary": "a", "tools": tools
        }))
        .unwrap()
    }

    #[test]
    fn a_credential_is_needed_unless_every_tool_of_it_has_another() {
        let (old, new) = (Some("v4"), Some("v8"));
        for (tools, slot, needed) in [
            (&[&[old, new][..], &[old, None]][..], "v8", false),
            (&[&[old, new], &[old, None]], "v4", true),
            (&[&[old, new], &[new]], "v8", true),
            (&[&[None]], "default", true),
            (&[], "default", true),
        ] {
            assert_eq!(
                is_needed(slot, &manifest(tools)),
                needed,
                "{tools:?} {slot}"
            );
        }
    }
}
