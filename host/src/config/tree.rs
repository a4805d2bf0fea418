//! A configuration as a tree whose every value knows its place.
//!
//! Files and environment variables both become this tree, so that one reader checks both. It owns
//! shape alone; it must not know any key, TOML or a variable's name.

use std::collections::BTreeMap;

use super::problem::Place;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Tree,
}

/// What a value can be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Text(String),
    Whole(i64),
    /// A number with a fraction or an exponent, as it was written.
    Real(String),
    Flag(bool),
    /// A date or a time, as it was written.
    Moment(String),
    List(Vec<Node>),
    Table(Table),
}

impl Tree {
    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Whole(_) => "a whole number",
            Self::Real(_) => "a number with a fraction",
            Self::Flag(_) => "true or false",
            Self::Moment(_) => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// Keys with their values, in the author's order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub(super) place: Place,
    pub(super) entries: Vec<(String, Node)>,
}

impl Table {
    pub(super) fn empty(place: Place) -> Self {
        Self {
            place,
            entries: Vec::new(),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, node)| node)
    }

    /// Puts a value under a key, in place of one that is there.
    pub(super) fn set(&mut self, key: &str, place: Place, value: Tree) {
        let node = Node { place, value };
        match self.entries.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = node,
            None => self.entries.push((key.to_owned(), node)),
        }
    }

    /// The table under a key, made where it is missing.
    pub(super) fn child(&mut self, key: &str, place: &Place) -> &mut Self {
        if !matches!(
            self.get(key),
            Some(Node {
                value: Tree::Table(_),
                ..
            })
        ) {
            self.set(key, place.clone(), Tree::Table(Self::empty(place.clone())));
        }
        self.entries
            .iter_mut()
            .find_map(|(name, node)| match &mut node.value {
                Tree::Table(table) if name == key => Some(table),
                _ => None,
            })
            .expect("the table was made above")
    }

    /// The place of every key below, by its dotted path.
    pub(super) fn places(&self) -> BTreeMap<String, Place> {
        let mut places = BTreeMap::new();
        self.gather("", &mut places);
        places
    }

    fn gather(&self, above: &str, places: &mut BTreeMap<String, Place>) {
        for (key, node) in &self.entries {
            let path = if above.is_empty() {
                key.clone()
            } else {
                format!("{above}.{key}")
            };
            if let Tree::Table(table) = &node.value {
                table.gather(&path, places);
            }
            places.insert(path, node.place.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Place {
        Place::Variable(name.into())
    }

    #[test]
    fn every_key_has_a_place() {
        let mut table = Table::empty(Place::Environment);
        table.set("url", variable("URL"), Tree::Text("x".into()));
        table
            .child("limits", &Place::Environment)
            .set("timeout_ms", variable("T"), Tree::Whole(1));
        table
            .child("limits", &Place::Environment)
            .set("timeout_ms", variable("U"), Tree::Whole(2));
        let places = table.places();
        assert_eq!(
            places.keys().collect::<Vec<_>>(),
            ["limits", "limits.timeout_ms", "url"]
        );
        assert_eq!(places["limits.timeout_ms"], variable("U"));
    }
}
