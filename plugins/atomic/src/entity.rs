//! The shape of the tables in `tables`: what an entity is, how its columns are read and written.
//!
//! Lookups alone; nothing here sends or judges a value.

use portcullis_sdk::{Failure, code, text};
use serde_json::Value;

use crate::{choices::Choice, rest::Record, tables};

/// What a column holds, and so what may be written to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// An address; `https://` is put before a bare one, as the CRM's pages do.
    Website,
    Choice(Choice),
    /// One of the five classes of a company's size.
    Size,
    /// The id of a row of another table.
    Link(&'static str),
    /// Ids of rows of another table; the database does not check them.
    Links(&'static str),
    /// Tags, by id or name.
    Tags,
    /// A whole number of currency units.
    Amount,
    Flag,
    Date,
    Time,
    Emails,
    Phones,
    /// A list of addresses.
    Urls,
    /// An object that is passed on.
    Object,
    /// Not set by these tools; the text says by what instead.
    Fixed(&'static str),
}

/// One column.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether a new record needs it.
    pub(crate) required: bool,
}

/// One entity, named as its table.
#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) name: &'static str,
    /// One of them.
    pub(crate) one: &'static str,
    /// What lists read: the table, or a view that adds to it.
    pub(crate) view: &'static str,
    /// Columns that the view alone has.
    pub(crate) derived: &'static [&'static str],
    /// What a list shows.
    pub(crate) row: &'static str,
    /// What a whole record shows beside its columns.
    pub(crate) beside: &'static str,
    /// The order of lists; ends with the id, so that pages do not overlap.
    pub(crate) order: &'static str,
    /// Columns that `search` looks into.
    pub(crate) words: &'static [&'static str],
    pub(crate) fields: &'static [Field],
    /// The segment of its page in the CRM, where it has one.
    pub(crate) page: Option<&'static str>,
    /// Whether these tools write it; the text says why not.
    pub(crate) writable: Result<(), &'static str>,
}

impl Entity {
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether a column is known, be it of the table or the view.
    pub(crate) fn has(&self, name: &str) -> bool {
        name == "id" || self.field(name).is_some() || self.derived.contains(&name)
    }

    /// All known columns.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once("id")
            .chain(self.fields.iter().map(|field| field.name))
            .chain(self.derived.iter().copied())
    }

    /// What a person calls a record.
    pub(crate) fn title(&self, record: &Record) -> String {
        let word = |key: &str| {
            record
                .get(key)
                .and_then(Value::as_str)
                .filter(|word| !word.is_empty())
        };
        let full: Vec<&str> = ["first_name", "last_name"]
            .into_iter()
            .filter_map(word)
            .collect();
        if !full.is_empty() {
            return full.join(" ");
        }
        let mut title = word("name")
            .or_else(|| word("text"))
            .unwrap_or("")
            .to_owned();
        text::cut(&mut title, 60);
        title
    }
}

/// The entity of a name.
pub(crate) fn find(name: &str) -> Result<&'static Entity, Failure> {
    let names = || tables::ALL.iter().map(|entity| entity.name);
    let found = tables::ALL.iter().find(|entity| entity.name == name);
    found.ok_or_else(|| {
        Failure::bad_input(
            code::INVALID_ENTITY_TYPE,
            format!(
                "there is no entity {name}; known are {}",
                names().collect::<Vec<_>>().join(", ")
            ),
        )
        .at("/entity")
        .suggest_some(text::did_you_mean(name, names()))
    })
}

/// One that these tools write.
pub(crate) fn writable(name: &str) -> Result<&'static Entity, Failure> {
    let entity = find(name)?;
    entity.writable.map_err(|instead| {
        Failure::bad_input(
            code::INVALID_ENTITY_TYPE,
            format!("{} cannot be changed here", entity.name),
        )
        .at("/entity")
        .suggest(instead)
    })?;
    Ok(entity)
}
