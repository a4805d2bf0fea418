//! The entities: where each is, how its answers are built, what a list shows of it.
//!
//! Tables alone; nothing here sends or judges.

use portcullis_sdk::{Failure, code, text};
use serde_json::Value;

use crate::{around, fields::Field, filters::Filter, records};

/// How a record is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Patch,
    /// A PUT that changes only what it names.
    Put,
    /// Not at all; the text says what there is instead.
    None(&'static str),
}

/// Where a list keeps its rows, and their number beside them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    /// Keys from the outside in; empty when the answer is the list.
    pub(crate) at: &'static [&'static str],
    /// The key of the number, in the object that holds the rows.
    pub(crate) count: Option<&'static str>,
}

/// A board, whose cards are far smaller than the rows of the list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Board {
    /// The key of a column's cards.
    pub(crate) cards: &'static str,
    /// The key of the number of all cards.
    pub(crate) total: &'static str,
    /// Filters that it honours.
    pub(crate) filters: &'static [&'static str],
    /// Fields that a card has.
    pub(crate) fields: &'static [&'static str],
    /// The filter whose values are the columns.
    pub(crate) column: &'static str,
}

/// One entity.
#[derive(Debug)]
pub(crate) struct Entity {
    /// Its name in arguments.
    pub(crate) name: &'static str,
    /// One of them.
    pub(crate) one: &'static str,
    /// Segments below the base.
    pub(crate) path: &'static [&'static str],
    /// The key of the record in a detail answer.
    pub(crate) nest: Option<&'static str>,
    /// What a person calls a record by.
    pub(crate) titles: &'static [&'static str],
    /// Where the rows of a list are; a second place follows the first in one list.
    pub(crate) rows: &'static [Rows],
    /// Pairs that every list request carries.
    pub(crate) lean: &'static [(&'static str, &'static str)],
    /// Whether the CRM pages; otherwise the plugin does.
    pub(crate) paged: bool,
    pub(crate) board: Option<Board>,
    /// What a row of `crm_search` shows.
    pub(crate) row: &'static [&'static str],
    pub(crate) fields: &'static [Field],
    pub(crate) filters: &'static [Filter],
    /// Fields that can only be read.
    pub(crate) reads: &'static [&'static str],
    pub(crate) create: Result<(), &'static str>,
    pub(crate) update: Verb,
    pub(crate) delete: Result<(), &'static str>,
    /// Whether a record can be read by its id.
    pub(crate) get: Result<(), &'static str>,
    /// Its segment in the addresses of the CRM's own pages.
    pub(crate) page: Option<&'static str>,
    /// What the CRM calls it in its custom fields.
    pub(crate) model: Option<&'static str>,
    /// Its component in the CRM's schema.
    pub(crate) component: Option<&'static str>,
}

impl Entity {
    /// Segments of a record's address.
    pub(crate) fn record(&self, id: &str) -> Vec<String> {
        let mut path = self.list();
        path.push(id.to_owned());
        path
    }

    /// Segments of something below a record.
    pub(crate) fn below(&self, id: &str, rest: &[&str]) -> Vec<String> {
        let mut path = self.record(id);
        path.extend(rest.iter().map(|&part| part.to_owned()));
        path
    }

    /// Segments of the list.
    pub(crate) fn list(&self) -> Vec<String> {
        self.path.iter().map(|&part| part.to_owned()).collect()
    }

    /// The field of a name.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// What a record is called: the first title that it has.
    pub(crate) fn title_of(&self, record: &serde_json::Map<String, Value>) -> String {
        let words: Vec<&str> = match self.name {
            "leads" | "contacts" => ["first_name", "last_name"]
                .iter()
                .filter_map(|key| record.get(*key)?.as_str())
                .filter(|word| !word.is_empty())
                .collect(),
            _ => Vec::new(),
        };
        if !words.is_empty() {
            return words.join(" ");
        }
        self.titles
            .iter()
            .filter_map(|key| record.get(*key)?.as_str())
            .find(|text| !text.is_empty())
            .unwrap_or(self.one)
            .to_owned()
    }
}

/// All entities.
pub(crate) fn all() -> impl Iterator<Item = &'static Entity> + Clone {
    records::ALL.iter().chain(around::ALL)
}

/// The entity of a name, or the nearest ones.
///
/// # Errors
/// There is none of that name.
pub(crate) fn find(name: &str) -> Result<&'static Entity, Failure> {
    let lower = name.trim().to_lowercase();
    all()
        .find(|entity| entity.name == lower || entity.one == lower)
        .ok_or_else(|| {
            let names = all().map(|entity| entity.name);
            Failure::bad_input(
                code::INVALID_ENTITY_TYPE,
                format!(
                    "there is no entity {name}; known are {}",
                    join(names.clone())
                ),
            )
            .at("/entity")
            .suggest_some(text::did_you_mean(name, names))
        })
}

/// Names with commas.
pub(crate) fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// Names of entities, for the schema of arguments.
pub(crate) const NAMES: &[&str] = &[
    "leads",
    "contacts",
    "accounts",
    "opportunities",
    "tasks",
    "cases",
    "invoices",
    "solutions",
    "estimates",
    "products",
    "people",
    "teams",
    "tags",
    "custom_fields",
    "goals",
    "documents",
    "time_entries",
    "approvals",
    "activities",
    "today",
    "everything",
];

pub(crate) const RESULTS: &[Rows] = &[Rows {
    at: &["results"],
    count: Some("count"),
}];

/// Lists whose own search is not known to work are read whole and searched here.
pub(crate) const WHOLE: &[(&str, &str)] = &[("limit", "500")];

/// What most entities have.
pub(crate) const NOTHING: Entity = Entity {
    name: "",
    one: "",
    path: &[],
    nest: None,
    titles: &["name", "title"],
    rows: RESULTS,
    lean: &[],
    paged: true,
    board: None,
    row: &[],
    fields: &[],
    filters: &[],
    reads: &["id", "created_at"],
    create: Err("the CRM offers no way to create one through its API that this tool uses"),
    update: Verb::None("the CRM offers no way to change one"),
    delete: Err("the CRM offers no way to delete one"),
    get: Err("find it with crm_search"),
    page: None,
    model: None,
    component: None,
};
