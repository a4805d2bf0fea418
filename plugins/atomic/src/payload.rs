//! From the caller's `data` to a row: each value judged by its column, references looked up.
//!
//! A column that this plugin does not know is passed on, since operators add some; the database
//! then says whether it exists.

use portcullis_sdk::{Call, Failure, code, text};
use serde_json::{Value, json};

use crate::{
    choices::Configuration,
    entity::{Entity, Field, Kind},
    errors::About,
    rest::{self, Record},
    tags, values,
};

/// The classes of a company's size: alone, 2 to 9, 10 to 49, 50 to 249, more.
const SIZES: &[u64] = &[1, 10, 50, 250, 500];

/// The row of `data`, judged.
pub(crate) fn row(call: &Call<'_>, entity: &Entity, data: &Record) -> Result<Record, Failure> {
    let mut row = Record::new();
    for (name, value) in data {
        let (name, value) = shorthand(entity, name, value);
        let at = format!("/data/{name}");
        if row.contains_key(name) {
            return Err(values::wrong(&at, format!("{name} is given twice")));
        }
        let value = match entity.field(name) {
            Some(field) => judged(call, field, &value, &at)?,
            None => foreign(entity, name, value, &at)?,
        };
        row.insert(name.to_owned(), value);
    }
    references(call, entity, &row)?;
    Ok(row)
}

/// What a new record needs and `data` does not have.
pub(crate) fn complete(entity: &Entity, row: &Record) -> Result<(), Failure> {
    let missing: Vec<&str> = entity
        .fields
        .iter()
        .filter(|field| field.required && row.get(field.name).is_none_or(is_empty))
        .map(|field| field.name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let failure = Failure::bad_input(
        code::MISSING_REQUIRED_FIELD,
        format!("a new {} needs {}", entity.one, missing.join(", ")),
    );
    Err(missing
        .iter()
        .fold(failure, |failure, name| failure.at(format!("/data/{name}"))))
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// `email` and `phone` of a contact stand for its lists.
fn shorthand<'n>(entity: &Entity, name: &'n str, value: &Value) -> (&'n str, Value) {
    let name = match (entity.name, name) {
        ("contacts", "email" | "emails") => "email_jsonb",
        ("contacts", "phone" | "phones") => "phone_jsonb",
        (_, name) => name,
    };
    (name, value.clone())
}

fn foreign(entity: &Entity, name: &str, value: Value, at: &str) -> Result<Value, Failure> {
    let near = text::did_you_mean(name, entity.columns());
    if name == "id" || entity.derived.contains(&name) {
        return Err(
            Failure::bad_input(code::INVALID_FIELD, format!("{name} can only be read")).at(at),
        );
    }
    let plain = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !plain {
        return Err(Failure::bad_input(
            code::INVALID_FIELD,
            format!(
                "there is no column {name} in {}; known are {}",
                entity.name,
                entity.columns().collect::<Vec<_>>().join(", ")
            ),
        )
        .at(at)
        .suggest_some(near));
    }
    Ok(value)
}

fn judged(call: &Call<'_>, field: &Field, value: &Value, at: &str) -> Result<Value, Failure> {
    if let Kind::Fixed(instead) = field.kind {
        return Err(Failure::bad_input(
            code::INVALID_FIELD,
            format!("{} is not set by this tool: {instead}", field.name),
        )
        .at(at));
    }
    if value.is_null() {
        return empty(field, at);
    }
    Ok(match field.kind {
        Kind::Text => required_text(field, values::text(value, at)?, at)?.into(),
        Kind::Website => values::website(value, at)?.into(),
        Kind::Choice(choice) => {
            let given = values::text(value, at)?;
            Configuration::read(call)?
                .accept(choice, field.name, &given, at)?
                .into()
        }
        Kind::Size => size(value, at)?,
        Kind::Link(_) => values::id(value, at)?.into(),
        Kind::Links(_) => json!(values::ids(value, at)?),
        Kind::Tags => json!(tags::ids(call, value, at)?),
        Kind::Amount => values::amount(value, at)?,
        Kind::Flag if value.is_boolean() => value.clone(),
        Kind::Flag => return Err(values::wrong(at, "true or false is wanted".to_owned())),
        Kind::Date => values::date(value, at)?.into(),
        Kind::Time => values::time(value, at)?.into(),
        Kind::Emails => values::emails(value, at)?,
        Kind::Phones => values::phones(value, at)?,
        Kind::Urls => values::urls(value, at)?,
        Kind::Object if value.is_object() => value.clone(),
        Kind::Object => return Err(values::wrong(at, "an object is wanted".to_owned())),
        Kind::Fixed(_) => Value::Null,
    })
}

fn empty(field: &Field, at: &str) -> Result<Value, Failure> {
    match field.kind {
        _ if field.required => Err(required(field, at)),
        Kind::Tags | Kind::Links(_) => Ok(json!([])),
        _ => Ok(Value::Null),
    }
}

fn required_text(field: &Field, text: String, at: &str) -> Result<String, Failure> {
    if field.required && text.trim().is_empty() {
        return Err(required(field, at));
    }
    Ok(text)
}

fn required(field: &Field, at: &str) -> Failure {
    Failure::bad_input(
        code::MISSING_REQUIRED_FIELD,
        format!("{} cannot be empty", field.name),
    )
    .at(at)
}

fn size(value: &Value, at: &str) -> Result<Value, Failure> {
    let size = value.as_u64().filter(|size| SIZES.contains(size));
    size.map(Value::from).ok_or_else(|| {
        values::wrong(
            at,
            format!("size has no value {value}; allowed are 1, 10 (2 to 9), 50 (10 to 49), 250 (50 to 249) and 500 (250 and more)"),
        )
    })
}

/// References that the database does not check: the contacts of a deal, the owner of a task.
fn references(call: &Call<'_>, entity: &Entity, row: &Record) -> Result<(), Failure> {
    let unchecked = entity.fields.iter().filter_map(|field| {
        let value = row.get(field.name).filter(|value| !value.is_null())?;
        match field.kind {
            Kind::Links(table) => Some((field.name, table, values::ids(value, "").ok()?)),
            Kind::Link(table) if (entity.name, field.name) == ("tasks", "sales_id") => {
                Some((field.name, table, vec![value.as_u64()?]))
            }
            _ => None,
        }
    });
    for (name, table, ids) in unchecked {
        if ids.is_empty() {
            continue;
        }
        let ask = rest::table(call, table)
            .query("select", "id")
            .query("id", rest::among(&ids));
        let found: Vec<u64> = rest::rows(ask, &About::reading(table))?
            .iter()
            .filter_map(rest::id_of)
            .collect();
        let lost: Vec<String> = ids
            .iter()
            .filter(|id| !found.contains(id))
            .map(u64::to_string)
            .collect();
        if !lost.is_empty() {
            return Err(Failure::bad_input(
                code::INVALID_LINK,
                format!(
                    "{name} names rows of {table} that do not exist or that this user may not see: {}",
                    lost.join(", ")
                ),
            )
            .at(format!("/data/{name}"))
            .suggest("look the id up with search or list_records"));
        }
    }
    Ok(())
}
