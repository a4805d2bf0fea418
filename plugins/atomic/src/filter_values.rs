//! Values of filters, judged by the column's kind before anything is sent: the database refuses a
//! value without naming its column, and finds nothing for a label.
//!
//! Columns that this plugin does not know are left to the database.

use portcullis_sdk::{Call, Failure};
use serde_json::Value;

use crate::{
    choices::{Choice, Configuration},
    entity::{Entity, Kind},
    values,
};

/// What a filter may compare a column with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Text,
    Choice(Choice),
    Id,
    Whole,
    Flag,
    Date,
    Time,
    /// A list or an object.
    Structure,
    Unknown,
}

/// The judge of one call's filters.
pub(crate) struct Values<'c> {
    call: &'c Call<'c>,
    pub(crate) entity: &'c Entity,
}

impl<'c> Values<'c> {
    pub(crate) fn new(call: &'c Call<'c>, entity: &'c Entity) -> Self {
        Self { call, entity }
    }

    /// Whether patterns fit a column; the database says so of those that are not known.
    pub(crate) fn is_text(&self, name: &str) -> bool {
        matches!(
            sort(self.entity, name),
            Sort::Text | Sort::Choice(_) | Sort::Unknown
        )
    }

    /// A value as it is sent. Tests for being equal take a choice by its label too; the value of a
    /// choice is only compared with what the configuration allows.
    pub(crate) fn value(
        &self,
        name: &str,
        operator: &str,
        value: &Value,
        at: &str,
    ) -> Result<String, Failure> {
        let given = scalar(value, at)?;
        match sort(self.entity, name) {
            Sort::Choice(choice) if ["eq", "ne", "in"].contains(&operator) => {
                return self.choice(choice, name, &given, at);
            }
            Sort::Id => {
                values::id(value, at)?;
            }
            Sort::Whole => {
                if given.trim().parse::<i64>().is_err() {
                    return Err(values::wrong(
                        at,
                        format!("{name} is a whole number, not {value}"),
                    ));
                }
            }
            Sort::Flag => {
                if !["true", "false"].contains(&given.as_str()) {
                    return Err(values::wrong(
                        at,
                        format!("{name} is true or false, not {value}"),
                    ));
                }
            }
            Sort::Date => {
                values::date(value, at)?;
            }
            Sort::Time => {
                values::time(value, at)?;
            }
            Sort::Text | Sort::Choice(_) | Sort::Structure | Sort::Unknown => {}
        }
        Ok(given)
    }

    fn choice(&self, choice: Choice, name: &str, given: &str, at: &str) -> Result<String, Failure> {
        let accepted = Configuration::read(self.call)?.accept(choice, name, given, at);
        accepted.map_err(|failure| {
            if failure.suggestion.is_some() {
                return failure;
            }
            failure.suggest("records that keep a value from before are found with starts_with")
        })
    }
}

fn sort(entity: &Entity, name: &str) -> Sort {
    if name == "id" {
        return Sort::Id;
    }
    if entity.derived.contains(&name) {
        return if name.starts_with("nb_") {
            Sort::Whole
        } else {
            Sort::Text
        };
    }
    match entity.field(name).map(|field| field.kind) {
        Some(Kind::Text | Kind::Website) => Sort::Text,
        Some(Kind::Choice(choice)) => Sort::Choice(choice),
        Some(Kind::Link(_)) => Sort::Id,
        Some(Kind::Amount | Kind::Size) => Sort::Whole,
        Some(Kind::Flag) => Sort::Flag,
        Some(Kind::Date) => Sort::Date,
        Some(Kind::Time) => Sort::Time,
        Some(Kind::Fixed(_)) if name.ends_with("_at") => Sort::Time,
        Some(Kind::Fixed(_)) if name == "index" => Sort::Whole,
        Some(
            Kind::Links(_) | Kind::Tags | Kind::Emails | Kind::Phones | Kind::Urls | Kind::Object,
        ) => Sort::Structure,
        Some(Kind::Fixed(_)) | None => Sort::Unknown,
    }
}

/// Whether the database alone can judge a column's values.
pub(crate) fn is_unknown(entity: &Entity, name: &str) -> bool {
    matches!(sort(entity, name), Sort::Unknown | Sort::Structure)
}

/// The text of a single value.
pub(crate) fn scalar(value: &Value, at: &str) -> Result<String, Failure> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => Err(values::wrong(
            at,
            "a text, a number, true or false is wanted".to_owned(),
        )),
    }
}
