//! What became of a connection's credential slots: which alternative signs, or what is missing, and
//! whether anybody will miss it.

use std::collections::BTreeMap;

use portcullis_manifest::Manifest;

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

fn secrets(names: &[String]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("`secrets.{name}`"))
        .collect();
    names.join(" and ")
}

/// Whether a tool has routes with this credential and none with another. A route that names none may
/// use any, which is this one where there is no other.
fn is_needed(slot: &str, manifest: &Manifest) -> bool {
    let mut slots = manifest.credentials.keys();
    let only = slots.next().filter(|_| slots.next().is_none());
    manifest.tools.iter().any(|tool| {
        let routes = tool.routes.iter();
        let mut signed =
            routes.filter_map(|r| r.credential.as_deref().or(only.map(String::as_str)));
        let first = signed.next();
        first == Some(slot) && signed.all(|other| other == slot)
    })
}

/// Whether the operator chose an alternative of it, or set a secret that is its alone.
fn is_begun(slot: &str, config: &config::Connection, manifest: &Manifest) -> bool {
    let chosen = matches!(&config.auth, Auth::Each(slots) if slots.contains_key(slot));
    let needs = |of: &str| {
        let alternatives = manifest.credentials.get(of).into_iter().flatten();
        alternatives.flat_map(|alternative| &alternative.needs)
    };
    let others: Vec<&String> = manifest
        .credentials
        .keys()
        .filter(|other| *other != slot)
        .flat_map(|other| needs(other))
        .collect();
    let mut own = needs(slot).filter(|name| !others.contains(name));
    chosen || own.any(|name| config.secrets.contains_key(name))
}
