//! Values for an argument that a user is typing.

use portcullis_manifest::{self as manifest, Route};
use serde_json::Value;

use crate::{call::Call, failure::Failure};

/// The most values that a client is told (MCP 2025-03-26, completion).
const MOST: usize = 100;

/// An argument that is being typed.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    /// Its name.
    pub argument: &'a str,
    /// What was typed so far.
    pub value: &'a str,
    /// All arguments that are known, an object of texts with this one among them.
    pub arguments: &'a Value,
}

impl Typed<'_> {
    /// Another argument, if it is known.
    #[must_use]
    pub fn other(&self, name: &str) -> Option<&str> {
        self.arguments[name].as_str()
    }
}

/// Values, the likeliest first; WIT `completion.suggestions`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suggestions {
    /// The values; what is beyond 100 is cut.
    pub values: Vec<String>,
    /// How many there are, where that is known.
    pub total: Option<u32>,
    /// Whether there are more than these.
    pub has_more: bool,
}

impl Suggestions {
    /// Those of a whole list that what was typed may mean: first the values that begin with it, then those
    /// that hold it, whatever the case.
    pub fn of<V: AsRef<str>>(all: impl IntoIterator<Item = V>, typed: &str) -> Self {
        let typed = typed.trim().to_lowercase();
        let (mut first, mut then) = (Vec::new(), Vec::new());
        for value in all {
            let value = value.as_ref();
            match value.to_lowercase().find(&typed) {
                Some(0) => first.push(value.to_owned()),
                Some(_) => then.push(value.to_owned()),
                None => {}
            }
        }
        first.append(&mut then);
        Self::all(first)
    }

    /// Those of a whole list that begin with what was typed, whatever the case.
    pub fn beginning<V: AsRef<str>>(all: impl IntoIterator<Item = V>, typed: &str) -> Self {
        let typed = typed.trim().to_lowercase();
        let names = all.into_iter().map(|value| value.as_ref().to_owned());
        Self::all(
            names
                .filter(|name| name.to_lowercase().starts_with(&typed))
                .collect(),
        )
    }

    fn all(mut values: Vec<String>) -> Self {
        let total = u32::try_from(values.len()).ok();
        let has_more = values.len() > MOST;
        values.truncate(MOST);
        Self {
            values,
            total,
            has_more,
        }
    }

    /// The first values of a search, of which there may be more.
    #[must_use]
    pub fn found(values: Vec<String>, has_more: bool) -> Self {
        Self {
            values,
            total: None,
            has_more,
        }
    }
}

/// Finds values.
pub type Offer = fn(&Call<'_>, Typed<'_>) -> Result<Suggestions, Failure>;

/// Arguments that complete by the same function.
pub(crate) struct Completion {
    arguments: &'static [&'static str],
    routes: fn() -> Vec<Route>,
    offer: Offer,
}

impl Completion {
    pub(crate) fn new(
        arguments: &'static [&'static str],
        routes: fn() -> Vec<Route>,
        offer: Offer,
    ) -> Self {
        Self {
            arguments,
            routes,
            offer,
        }
    }
}

/// All that complete of one resource or prompt.
#[derive(Default)]
pub(crate) struct Completions(Vec<Completion>);

impl Completions {
    pub(crate) fn push(&mut self, completion: Completion) {
        self.0.push(completion);
    }

    pub(crate) fn offer(&self, call: &Call<'_>, typed: Typed<'_>) -> Result<Suggestions, Failure> {
        let mut all = self.0.iter();
        match all.find(|one| one.arguments.contains(&typed.argument)) {
            Some(found) => (found.offer)(call, typed),
            None => Ok(Suggestions::default()),
        }
    }

    pub(crate) fn describe(&self) -> Vec<manifest::Completes> {
        let describe = |one: &Completion| manifest::Completes {
            arguments: one.arguments.iter().map(|&name| name.to_owned()).collect(),
            routes: (one.routes)(),
        };
        self.0.iter().map(describe).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_so_comes_before_what_holds_it() {
        let all = ["Lead", "Account", "Meeting", "Contact", "TargetAccount"];
        let found = Suggestions::of(all, " acc");
        assert_eq!(found.values, ["Account", "TargetAccount"]);
        assert_eq!((found.total, found.has_more), (Some(2), false));
        assert_eq!(Suggestions::of(all, "").values, all);
        assert!(Suggestions::of(all, "zz").values.is_empty());
        let begins = Suggestions::beginning(all, " aCC");
        assert_eq!(
            (begins.values, begins.total),
            (vec!["Account".into()], Some(1))
        );
        let many = Suggestions::of((0..150).map(|n| n.to_string()), "1");
        assert_eq!((many.values.len(), many.has_more), (69, false));
        let most = Suggestions::of((0..150).map(|n| n.to_string()), "");
        assert_eq!((most.values.len(), most.has_more), (100, true));
        assert_eq!(most.total, Some(150));
        let begins = Suggestions::beginning((0..150).map(|n| n.to_string()), "");
        assert_eq!(begins, most);
    }
}
