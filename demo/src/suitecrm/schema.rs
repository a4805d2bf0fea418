//! Modules, their fields and links, and the dropdown lists, as `modules.json` and `dropdowns.json`
//! declare them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// One module.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Module {
    pub(crate) name: String,
    /// The name of its class, which V8 calls its type.
    pub(crate) object: String,
    pub(crate) table: String,
    pub(crate) label: String,
    /// Not among the modules a user sees in the menu.
    #[serde(default)]
    pub(crate) technical: bool,
    /// What text search looks at.
    #[serde(default)]
    pub(crate) search: Vec<String>,
    /// Columns of its list, which text search gives by itself.
    #[serde(default)]
    pub(crate) columns: Vec<String>,
    pub(crate) fields: Vec<Field>,
    pub(crate) links: Vec<Link>,
}

/// One field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) required: bool,
    /// A number in some modules, a text in others, empty where there is none.
    #[serde(default = "no_length")]
    pub(crate) len: Value,
    /// The dropdown list of its values; for dates and amounts, of how they may be searched.
    pub(crate) options: Option<String>,
    #[serde(default)]
    pub(crate) relate: String,
    #[serde(default)]
    pub(crate) id_name: String,
    pub(crate) default: Option<String>,
    /// Computed, so that no query can name it.
    #[serde(default)]
    pub(crate) nondb: bool,
}

/// One link to another module.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) module: String,
    pub(crate) relationship: String,
    /// The module as the metadata names it, where that differs.
    pub(crate) named: Option<String>,
    by: String,
}

/// How a link finds the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By<'a> {
    /// Rows there whose field holds this id.
    Theirs(&'a str),
    /// The row there whose id this field holds.
    Mine(&'a str),
    /// Rows there whose flexible parent is this one.
    Flex,
    /// This row's flexible parent, when it is of that module.
    Parent,
    /// Pairs of a table, this side being the first.
    Left,
    /// Pairs of a table, this side being the second.
    Right,
    /// Addresses of this row.
    Emails,
}

impl Link {
    pub(crate) fn by(&self) -> By<'_> {
        match self.by.split_once(':') {
            Some(("theirs", field)) => By::Theirs(field),
            Some((_, field)) => By::Mine(field),
            None => match self.by.as_str() {
                "flex" => By::Flex,
                "parent" => By::Parent,
                "left" => By::Left,
                "right" => By::Right,
                _ => By::Emails,
            },
        }
    }
}

fn no_length() -> Value {
    Value::from("")
}

impl Field {
    /// Custom fields live in a table of their own.
    pub(crate) fn is_custom(&self) -> bool {
        self.name.ends_with("_c")
    }
}

impl Module {
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub(crate) fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    /// People have first and last names, from which their name is put together.
    pub(crate) fn is_person(&self) -> bool {
        self.field("full_name").is_some()
    }
}

/// Everything declared.
#[derive(Debug)]
pub(crate) struct Schema {
    modules: Vec<Module>,
    dropdowns: BTreeMap<String, Map<String, Value>>,
}

impl Schema {
    /// Reads the declarations; a test holds that they are of their form.
    pub(crate) fn new() -> Self {
        Self {
            modules: modules().unwrap_or_default(),
            dropdowns: dropdowns().unwrap_or_default(),
        }
    }

    pub(crate) fn module(&self, name: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.name == name)
    }

    pub(crate) fn modules(&self) -> &[Module] {
        &self.modules
    }

    pub(crate) fn dropdowns(&self) -> &BTreeMap<String, Map<String, Value>> {
        &self.dropdowns
    }
}

fn modules() -> Result<Vec<Module>, serde_json::Error> {
    serde_json::from_str(include_str!("modules.json"))
}

fn dropdowns() -> Result<BTreeMap<String, Map<String, Value>>, serde_json::Error> {
    serde_json::from_str(include_str!("dropdowns.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declarations_hold_together() {
        let modules = modules().expect("modules are of their form");
        let dropdowns = dropdowns().expect("dropdowns are of their form");
        let known = |name: &str| {
            name == "EmailAddresses" || modules.iter().any(|module| module.name == name)
        };
        for module in &modules {
            for link in &module.links {
                assert!(known(&link.module), "{}.{}", module.name, link.name);
            }
            for list in module
                .fields
                .iter()
                .filter_map(|field| field.options.as_ref())
            {
                assert!(dropdowns.contains_key(list), "{}: {list}", module.name);
            }
            for name in module.search.iter().chain(&module.columns) {
                assert!(module.field(name).is_some(), "{}: {name}", module.name);
            }
        }
        assert!(modules.len() >= 20);
    }
}
