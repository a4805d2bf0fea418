//! May a plugin of the folder serve? The operator's rule and the lock decide.
//!
//! Owns that decision, which is pure: what a plugin asks for, and its digest, against what was approved.
//! Plugins of the binary are trusted and not asked about. It must not know how the lock is kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_manifest::Tool;

use super::lock::{self, Lock, Pin};
use super::plugin::Plugin;
use crate::config::{self, Approval, Config, PluginKey};
use crate::names::{self, PluginId};
use crate::policy::{Difference, Principal, differences};

/// By what plugins of the folder are judged.
pub struct Rules<'a> {
    /// What the operator wants.
    pub approval: Approval,
    /// What was approved.
    pub lock: &'a Lock,
    /// The plugins that connections name; others need no approval, since nothing runs them.
    pub named: BTreeSet<&'a PluginId>,
    /// Whose signature files need, if that of anybody.
    pub keys: &'a [PluginKey],
    /// The plugins that the program carries.
    pub embedded: BTreeSet<&'a PluginId>,
}

/// The decision on one plugin.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It serves as it was approved, or no connection names it.
    Serves,
    /// It serves, and the lock has to learn of it.
    Pinned(Box<NewPin>),
    /// It does not serve until it is approved.
    Waits(Reason),
}

/// A change of the lock that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPin {
    /// The digest that stood there, if there was one; with another the change is not made.
    pub instead_of: Option<String>,
    /// What is to stand there.
    pub pin: Pin,
}

/// Why a plugin waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It was never approved.
    New,
    /// Its file is another than the approved one, though it asks for no more.
    Changed,
    /// It asks for more than was approved.
    Wider(Vec<Difference>),
}

/// A plugin that waits for approval.
#[derive(Clone)]
pub struct Candidate {
    /// The plugin.
    pub plugin: Arc<Plugin>,
    /// Why it waits.
    pub reason: Reason,
}

/// A connection without tools, because its plugin waits for approval.
#[derive(Clone)]
pub struct Waiting {
    /// What the operator said.
    pub config: config::Connection,
    /// The plugin that would serve it.
    pub plugin: Arc<Plugin>,
}

impl Waiting {
    /// Whether a listed name would be one of its tools, and one that a caller's mandate is for.
    #[must_use]
    pub fn has(&self, name: &str, caller: &Principal) -> bool {
        let is_named = |tool: &&Tool| {
            let mut names = std::iter::once(&tool.name).chain(&tool.aliases);
            names.any(|tool| names::listed(&self.config.prefix, tool) == name)
        };
        let Some(tool) = self.plugin.manifest.tools.iter().find(is_named) else {
            return false;
        };
        caller.mandate().is_none_or(|mandate| {
            mandate.reaches(self.config.name.as_str())
                && mandate.names(&tool.name)
                && tool
                    .effects()
                    .into_iter()
                    .any(|effect| mandate.allows(effect))
        })
    }
}

impl<'a> Rules<'a> {
    /// Those of a configuration.
    pub fn of(
        config: &'a Config,
        lock: &'a Lock,
        embedded: impl Iterator<Item = &'a PluginId>,
    ) -> Self {
        let connections = config.connections.iter();
        Self {
            approval: config.server.approval,
            keys: &config.server.plugin_keys,
            lock,
            named: connections.map(|connection| &connection.plugin).collect(),
            embedded: embedded.collect(),
        }
    }

    /// Decides on a plugin of the folder.
    #[must_use]
    pub fn judge(&self, plugin: &Plugin) -> Verdict {
        if self.named.contains(&plugin.id) {
            let pin = self.pin(plugin);
            decide(self.approval, self.lock.pins.get(&plugin.id), pin)
        } else {
            Verdict::Serves
        }
    }

    /// Whether a plugin that serves goes on, whatever its file holds now: unless the operator took its
    /// entry out. That another host pinned a version that asks for less does not end it here.
    #[must_use]
    pub fn keeps(&self, plugin: &Plugin) -> bool {
        self.approval == Approval::FirstUse
            || !self.named.contains(&plugin.id)
            || self.lock.pins.contains_key(&plugin.id)
    }

    /// What would stand in the lock for a plugin.
    #[must_use]
    pub fn pin(&self, plugin: &Plugin) -> Pin {
        Pin {
            digest: lock::shown(&plugin.compiled.digest),
            version: plugin.manifest.version.clone(),
            replaces_embedded: self.embedded.contains(&plugin.id),
            asks: plugin.asks(),
        }
    }
}

/// Decides on a plugin by what was approved of its id, if anything was.
#[must_use]
pub fn decide(approval: Approval, approved: Option<&Pin>, asked: Pin) -> Verdict {
    let Some(approved) = approved else {
        return match approval {
            Approval::FirstUse => Verdict::Pinned(Box::new(NewPin {
                instead_of: None,
                pin: asked,
            })),
            Approval::Required => Verdict::Waits(Reason::New),
        };
    };
    let mut found = differences(&approved.asks, &asked.asks);
    if asked.replaces_embedded && !approved.replaces_embedded {
        let text = "it takes the place of the plugin that this program carries".to_owned();
        found.insert(0, Difference { widens: true, text });
    }
    if found.iter().any(|difference| difference.widens) {
        return Verdict::Waits(Reason::Wider(found));
    }
    match approval {
        _ if approved.digest == asked.digest => Verdict::Serves,
        Approval::Required => Verdict::Waits(Reason::Changed),
        Approval::FirstUse => Verdict::Pinned(Box::new(NewPin {
            instead_of: Some(approved.digest.clone()),
            pin: asked,
        })),
    }
}

impl Reason {
    /// Why, and the way out, as one line.
    #[must_use]
    pub fn told(&self, id: &PluginId) -> String {
        let why = match self {
            Self::New => "was never approved, and `server.approval` is \"required\"".to_owned(),
            Self::Changed => {
                "is another file than the approved one, and `server.approval` is \"required\""
                    .to_owned()
            }
            Self::Wider(found) => format!("asks for more than was approved: {}", first_of(found)),
        };
        format!("`{id}` {why}; `portcullis plugin approve {id}` shows what it asks for and decides")
    }
}

/// The first thing that is more, and how many there are beside it.
fn first_of(found: &[Difference]) -> String {
    let mut more = found.iter().filter(|difference| difference.widens);
    let first = more.next().map_or("", |difference| &difference.text);
    match more.count() {
        0 => first.to_owned(),
        others => format!("{first} (and {others} more)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Asks;

    fn pin(digest: &str, secrets: &[&str]) -> Pin {
        Pin {
            digest: digest.to_owned(),
            version: "0.1.0".to_owned(),
            replaces_embedded: false,
            asks: Asks {
                secrets: secrets.iter().map(|name| (*name).to_owned()).collect(),
                ..Asks::default()
            },
        }
    }

    fn outcome(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Serves => "serves",
            Verdict::Pinned(new) if new.instead_of.is_some() => "pinned again",
            Verdict::Pinned(_) => "pinned",
            Verdict::Waits(Reason::New) => "waits: new",
            Verdict::Waits(Reason::Changed) => "waits: changed",
            Verdict::Waits(Reason::Wider(_)) => "waits: wider",
        }
    }

    #[test]
    fn decisions() {
        let approved = pin("a", &["key"]);
        for (approved, asked, first_use, required) in [
            (None, pin("a", &[]), "pinned", "waits: new"),
            (Some(&approved), pin("a", &["key"]), "serves", "serves"),
            (
                Some(&approved),
                pin("b", &["key"]),
                "pinned again",
                "waits: changed",
            ),
            (
                Some(&approved),
                pin("b", &[]),
                "pinned again",
                "waits: changed",
            ),
            (
                Some(&approved),
                pin("b", &["key", "more"]),
                "waits: wider",
                "waits: wider",
            ),
            // The entry was cut by hand: the same file asks for more than it says.
            (
                Some(&approved),
                pin("a", &["key", "more"]),
                "waits: wider",
                "waits: wider",
            ),
        ] {
            for (rule, expected) in [
                (Approval::FirstUse, first_use),
                (Approval::Required, required),
            ] {
                let verdict = decide(rule, approved, asked.clone());
                assert_eq!(outcome(&verdict), expected, "{rule:?} {asked:?}");
            }
        }
    }
}
