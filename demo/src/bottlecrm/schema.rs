//! The entities as data: fields, required ones, filters, and the words of their answers.
//!
//! Read from `entities.json` and `choices.json` once; knows nothing of records or requests.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nullable text up to a length, 0 for no limit.
    Text(usize),
    /// Text that is empty rather than null.
    Plain(usize),
    Email,
    Phone,
    Url,
    Choice(String),
    Decimal,
    /// A decimal that is not negative.
    Positive,
    Count,
    Percent,
    Date,
    Bool(bool),
    /// The id of a record.
    Ref(String),
    /// The id of a record under a name that ends in `_id`.
    Own(String),
    /// Ids of records.
    List(String),
}

/// One field that can be written.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// One filter of a list: how it compares, and with which fields.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) param: String,
    pub(crate) how: String,
    pub(crate) fields: Vec<String>,
}

/// One kind of record.
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) filters: Vec<Filter>,
    pub(crate) words: Words,
}

/// What an entity is called and what is said of it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Words {
    pub(crate) label: String,
    pub(crate) model: String,
    pub(crate) object: String,
    pub(crate) rows: String,
    pub(crate) missing: String,
    #[serde(default)]
    pub(crate) unique: String,
    #[serde(default)]
    pub(crate) taken: String,
    pub(crate) created: String,
    pub(crate) updated: String,
    pub(crate) deleted: String,
    pub(crate) required: Vec<String>,
    fields: Map<String, Value>,
    filters: Map<String, Value>,
}

static ENTITIES: LazyLock<Vec<Entity>> = LazyLock::new(|| {
    let table: Map<String, Value> =
        serde_json::from_str(include_str!("entities.json")).unwrap_or_default();
    table
        .into_iter()
        .filter_map(|(name, words)| Some(entity(name, serde_json::from_value(words).ok()?)))
        .collect()
});

static CHOICES: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("choices.json")).unwrap_or_default());

/// All entities.
pub(crate) fn entities() -> &'static [Entity] {
    &ENTITIES
}

/// An entity by its name, which is its path.
pub(crate) fn find(name: &str) -> Option<&'static Entity> {
    ENTITIES.iter().find(|entity| entity.name == name)
}

/// Names of all enumerations.
pub(crate) fn enumerations() -> impl Iterator<Item = &'static String> {
    CHOICES.keys()
}

/// Values and labels of an enumeration, as `[[value, label]]`.
pub(crate) fn choices(name: &str) -> &'static [Value] {
    CHOICES
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Whether an enumeration has a value.
pub(crate) fn is_choice(name: &str, value: &str) -> bool {
    choices(name).iter().any(|pair| pair[0] == value)
}

/// The label of a value, or the value itself.
pub(crate) fn label(name: &str, value: &str) -> String {
    let found = choices(name).iter().find(|pair| pair[0] == value);
    found
        .and_then(|pair| pair[1].as_str())
        .unwrap_or(value)
        .to_owned()
}

impl Entity {
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The fields that hold lists of ids, in the order in which a write handles them.
    pub(crate) fn lists(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter_map(|field| match &field.kind {
            Kind::List(of) => Some((field.name.as_str(), of.as_str())),
            _ => None,
        })
    }

    pub(crate) fn requires(&self, field: &str) -> bool {
        self.words.required.iter().any(|name| name == field)
    }
}

fn entity(name: String, words: Words) -> Entity {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = words
        .fields
        .iter()
        .map(|(name, spec)| Field {
            name: name.clone(),
            kind: kind(&text(spec)),
        })
        .collect();
    let filters = words
        .filters
        .iter()
        .map(|(param, spec)| {
            let spec = text(spec);
            let mut parts = spec.split(' ').map(str::to_owned);
            Filter {
                param: param.clone(),
                how: parts.next().unwrap_or_default(),
                fields: parts.collect(),
            }
        })
        .collect();
    Entity {
        name,
        fields,
        filters,
        words,
    }
}

fn kind(spec: &str) -> Kind {
    let (word, rest) = spec.split_once(' ').unwrap_or((spec, ""));
    let length = rest.parse().unwrap_or(0);
    match word {
        "string" => Kind::Plain(length),
        "email" => Kind::Email,
        "phone" => Kind::Phone,
        "url" => Kind::Url,
        "choice" => Kind::Choice(rest.to_owned()),
        "decimal" => Kind::Decimal,
        "positive" => Kind::Positive,
        "count" => Kind::Count,
        "percent" => Kind::Percent,
        "date" => Kind::Date,
        "bool" => Kind::Bool(rest == "true"),
        "ref" => Kind::Ref(rest.to_owned()),
        "own" => Kind::Own(rest.to_owned()),
        "list" => Kind::List(rest.to_owned()),
        _ => Kind::Text(length),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, choices, entities};

    #[test]
    fn the_tables_are_of_their_form() {
        assert_eq!(entities().len(), 11);
        for field in entities().iter().flat_map(|entity| &entity.fields) {
            if let Kind::Choice(name) = &field.kind {
                assert!(!choices(name).is_empty(), "{name} has no values");
            }
        }
    }
}
