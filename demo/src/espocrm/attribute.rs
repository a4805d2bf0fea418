//! Attributes: what a record shows of its fields.
//!
//! A field is what an administrator sees, an attribute is a key of the JSON. A link field `account`
//! shows `accountId` and `accountName`, a link to many shows ids, names and columns, and so on.
//! This file derives the attributes of an entity from its fields; reading one is `view`'s work.

use super::definition::Flags;
use super::schema::{Field, Link, LinkKind};

#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    /// The field it belongs to; field-level permissions go by this name.
    pub(crate) field: String,
    pub(crate) part: Part,
    pub(crate) scalar: Scalar,
    /// Shown by a read, not by a list.
    pub(crate) detail_only: bool,
}

/// Where the value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Id,
    Deleted,
    /// Stored in the record under the attribute's name.
    Stored,
    PersonName,
    Converted(String),
    Weighted,
    Foreign {
        link: String,
        attribute: String,
    },
    /// Name of the record a link points to.
    LinkName(String),
    /// Id or name of the record that points here.
    OneId(String),
    OneName(String),
    ParentName(String),
    Ids(String),
    Names(String),
    Columns(String),
    EmptyMap,
    /// A column of the relation through which the record was listed.
    Column,
    Followed,
    FollowerIds,
    FollowerNames,
    Starred,
    Version,
}

/// How a value compares and is coerced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Text,
    Number,
    Bool,
    Date,
    DateTime,
    List,
    Json,
    Email,
    Phone,
}

impl Attribute {
    fn new(field: &str, name: String, part: Part, scalar: Scalar) -> Self {
        Self {
            name,
            field: field.to_owned(),
            part,
            scalar,
            detail_only: false,
        }
    }

    fn detail(mut self) -> Self {
        self.detail_only = true;
        self
    }

    /// Whether it can stand in a filter or an order.
    pub(crate) fn is_searchable(&self) -> bool {
        !matches!(self.scalar, Scalar::Json)
            && !matches!(
                self.part,
                Part::Column | Part::Ids(_) | Part::Names(_) | Part::Columns(_) | Part::EmptyMap
            )
    }
}

pub(crate) fn attributes_of(fields: &[Field], links: &[Link], flags: &Flags) -> Vec<Attribute> {
    let mut list = vec![
        Attribute::new("id", "id".into(), Part::Id, Scalar::Text),
        Attribute::new("deleted", "deleted".into(), Part::Deleted, Scalar::Bool),
    ];
    list.extend(fields.iter().flat_map(|field| of_field(field, links)));
    list.extend(of_entity(flags));
    list
}

fn of_field(field: &Field, links: &[Link]) -> Vec<Attribute> {
    let name = field.name.as_str();
    let make = |suffix: &str, part: Part, scalar: Scalar| {
        Attribute::new(name, format!("{name}{suffix}"), part, scalar)
    };
    if field.flag("column") {
        return vec![make("", Part::Column, Scalar::Text)];
    }
    if field.flag("linkOnly") {
        return Vec::new();
    }
    match field.kind.as_str() {
        "personName" => vec![make("", Part::PersonName, Scalar::Text)],
        "link" if is_derived(name, links) => Vec::new(),
        "link" | "file" => {
            vec![
                make("Id", Part::Stored, Scalar::Text),
                make("Name", Part::LinkName(name.into()), Scalar::Text),
            ]
        }
        "linkOne" => vec![
            make("Id", Part::OneId(name.into()), Scalar::Text),
            make("Name", Part::OneName(name.into()), Scalar::Text),
        ],
        "linkParent" => vec![
            make("Id", Part::Stored, Scalar::Text),
            make("Type", Part::Stored, Scalar::Text),
            make("Name", Part::ParentName(name.into()), Scalar::Text),
        ],
        "linkMultiple" => of_link_multiple(field),
        "attachmentMultiple" => vec![
            make("Ids", Part::Ids(name.into()), Scalar::Json).detail(),
            make("Names", Part::Names(name.into()), Scalar::Json).detail(),
            make("Types", Part::EmptyMap, Scalar::Json).detail(),
        ],
        "email" => vec![
            make("", Part::Stored, Scalar::Email),
            make("Data", Part::Stored, Scalar::Json).detail(),
        ],
        "phone" => vec![
            make("", Part::Stored, Scalar::Phone),
            make("Data", Part::Stored, Scalar::Json).detail(),
        ],
        "foreign" => vec![make("", foreign_part(field), Scalar::Text)],
        "currencyConverted" => vec![make(
            "",
            Part::Converted(name.trim_end_matches("Converted").into()),
            Scalar::Number,
        )],
        "address" => Vec::new(),
        _ => vec![make("", stored_part(name), scalar_of(&field.kind))],
    }
}

fn of_link_multiple(field: &Field) -> Vec<Attribute> {
    let name = field.name.as_str();
    let make = |suffix: &str, part: Part| {
        Attribute::new(name, format!("{name}{suffix}"), part, Scalar::Json).detail()
    };
    let mut list = vec![
        make("Ids", Part::Ids(name.into())),
        make("Names", Part::Names(name.into())),
    ];
    if field.def.contains_key("columns") {
        list.push(make("Columns", Part::Columns(name.into())));
    }
    list
}

fn of_entity(flags: &Flags) -> Vec<Attribute> {
    let make = |name: &str, part: Part, scalar: Scalar| {
        Attribute::new(name, name.to_owned(), part, scalar)
    };
    let mut list = Vec::new();
    if flags.stream {
        list.push(make("isFollowed", Part::Followed, Scalar::Bool).detail());
        list.push(make("followersIds", Part::FollowerIds, Scalar::Json).detail());
        list.push(make("followersNames", Part::FollowerNames, Scalar::Json).detail());
    }
    if flags.stars {
        list.push(make("isStarred", Part::Starred, Scalar::Bool));
    }
    if flags.versioned {
        list.push(make("versionNumber", Part::Version, Scalar::Number));
    }
    list
}

fn foreign_part(field: &Field) -> Part {
    let text = |key: &str| {
        field
            .def
            .get(key)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    Part::Foreign {
        link: text("link"),
        attribute: text("field"),
    }
}

fn stored_part(name: &str) -> Part {
    if name == "amountWeightedConverted" {
        Part::Weighted
    } else {
        Part::Stored
    }
}

fn scalar_of(kind: &str) -> Scalar {
    match kind {
        "int" | "float" | "currency" | "autoincrement" | "duration" => Scalar::Number,
        "bool" => Scalar::Bool,
        "date" => Scalar::Date,
        "datetime" | "datetimeOptional" => Scalar::DateTime,
        "multiEnum" | "array" => Scalar::List,
        "jsonArray" | "jsonObject" => Scalar::Json,
        _ => Scalar::Text,
    }
}

/// A link field whose link is the other end of somebody else's id.
fn is_derived(name: &str, links: &[Link]) -> bool {
    links
        .iter()
        .any(|link| link.name == name && link.kind == LinkKind::HasOne)
}
