//! Conditions of a search: checked against the fields, converted to what the CRM compares.
//!
//! The CRM ignores or misreads much of what is wrong here and answers with some list, so nothing
//! unchecked leaves this module.

use std::cell::OnceCell;

use portcullis_sdk::{Call, Failure, code, datetime, read, text};
use serde_json::{Map, Value, json};

use crate::{
    condition::Condition,
    fields::{Attribute, Part},
    identity,
    metadata::Defs,
    operators::{self, Shape},
    settings::Settings,
    values,
};

/// How deep `and` and `or` may stand in each other.
const MAX_DEPTH: usize = 5;
/// Ends of an open range of dates; the CRM has no operator that includes a whole day at one end.
const FIRST_DAY: &str = "1900-01-01";
const LAST_DAY: &str = "2999-12-31";

/// Turns conditions into the CRM's form.
pub(crate) fn build(
    call: &Call<'_>,
    defs: &Defs,
    settings: &Settings,
    conditions: &[Condition],
) -> Result<Vec<Value>, Failure> {
    let builder = Builder {
        call,
        defs,
        settings,
        zone: OnceCell::new(),
    };
    builder.items(conditions, "/where", 1)
}

struct Builder<'b> {
    call: &'b Call<'b>,
    defs: &'b Defs,
    settings: &'b Settings,
    zone: OnceCell<String>,
}

impl Builder<'_> {
    fn items(
        &self,
        conditions: &[Condition],
        at: &str,
        depth: usize,
    ) -> Result<Vec<Value>, Failure> {
        conditions
            .iter()
            .enumerate()
            .map(|(index, condition)| self.item(condition, &format!("{at}/{index}"), depth))
            .collect()
    }

    fn item(&self, condition: &Condition, at: &str, depth: usize) -> Result<Value, Failure> {
        let operator = condition.operator.as_str();
        let shape = operators::shape(operator).ok_or_else(|| operators::unknown(operator, at))?;
        if shape == Shape::Group {
            return self.group(condition, at, depth);
        }
        let name = condition
            .field
            .as_deref()
            .or(condition.attribute.as_deref())
            .filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| {
            Failure::bad_input(
                code::INVALID_ARGUMENT,
                format!("the condition {operator} names no field"),
            )
            .at(format!("{at}/field"))
        })?;
        let value = operators::value(operator, shape, condition.value.as_ref())
            .map_err(|why| misfit(name, &why, at))?;
        self.condition(operator, name, value, at)
    }

    fn group(&self, condition: &Condition, at: &str, depth: usize) -> Result<Value, Failure> {
        let at = format!("{at}/value");
        if depth > MAX_DEPTH {
            return Err(Failure::bad_input(
                code::INVALID_ARGUMENT,
                format!("conditions are nested more than {MAX_DEPTH} deep"),
            )
            .at(at));
        }
        let inner: Vec<Condition> = read(condition.value.as_ref().unwrap_or(&Value::Null))
            .map_err(|failure| {
                Failure::bad_input(
                    code::INVALID_ARGUMENT,
                    format!(
                        "{} takes a list of conditions: {}",
                        condition.operator, failure.message
                    ),
                )
                .at(&at)
            })?;
        if inner.is_empty() {
            return Err(Failure::bad_input(
                code::INVALID_ARGUMENT,
                format!("{} takes at least one condition", condition.operator),
            )
            .at(at));
        }
        Ok(json!({"type": condition.operator, "value": self.items(&inner, &at, depth + 1)?}))
    }

    /// One condition on a field. A link field is compared by its id, one that holds several records
    /// by its links.
    fn condition(
        &self,
        operator: &str,
        name: &str,
        value: Option<Value>,
        at: &str,
    ) -> Result<Value, Failure> {
        if name == "id" {
            return Ok(plain(operator, name, value));
        }
        if let Some(link) = operators::about_links(operator) {
            return self.link(link, name, value, at);
        }
        let field = self.defs.fields.get(name);
        match field.map(|field| field.kind.as_str()) {
            Some("linkMultiple" | "attachmentMultiple") => {
                let link = operators::links_for(operator)
                    .ok_or_else(|| operators::unfit(operator, name, at))?;
                self.link(link, name, value, at)
            }
            Some("link" | "linkOne" | "linkParent" | "file" | "image") => {
                let suffix = if operators::is_textual(operator) {
                    "Name"
                } else {
                    "Id"
                };
                self.compare(operator, &format!("{name}{suffix}"), value, at)
            }
            Some("multiEnum" | "array" | "checklist" | "urlMultiple") => {
                let (operator, value) = operators::for_array(operator, value)
                    .ok_or_else(|| operators::unfit(operator, name, at))?;
                Ok(plain(operator, name, value))
            }
            _ => self.compare(operator, name, value, at),
        }
    }

    fn link(
        &self,
        operator: &str,
        name: &str,
        value: Option<Value>,
        at: &str,
    ) -> Result<Value, Failure> {
        let name = name
            .strip_suffix("Ids")
            .or_else(|| name.strip_suffix("Id"))
            .filter(|link| self.defs.links.contains(link))
            .unwrap_or(name);
        if !self.defs.links.contains(name) {
            return Err(Failure::bad_input(
                code::INVALID_FIELD,
                format!("there is no link {name}"),
            )
            .at(format!("{at}/field"))
            .suggest_some(text::did_you_mean(name, self.defs.links.keys())));
        }
        let value = value.map(|value| {
            if value.is_array() {
                value
            } else {
                json!([value])
            }
        });
        Ok(plain(operator, name, value))
    }

    fn compare(
        &self,
        operator: &str,
        name: &str,
        value: Option<Value>,
        at: &str,
    ) -> Result<Value, Failure> {
        let attribute = self
            .defs
            .attribute(name)
            .ok_or_else(|| unknown_field(self.defs, name, at))?;
        if is_time(&attribute) && !operators::is_null_test(operator) {
            return self.compare_time(operator, name, value, at);
        }
        let Some(value) = value else {
            return Ok(plain(operator, name, None));
        };
        if operators::is_textual(operator) {
            return Ok(plain(
                operator,
                name,
                Some(values::text(&value).map_err(|why| misfit(name, &why, at))?),
            ));
        }
        let value =
            each(&value, |value| fit(&attribute, value)).map_err(|why| misfit(name, &why, at))?;
        match (operator, &value) {
            ("equals", Value::Null) => Ok(plain("isNull", name, None)),
            ("notEquals", Value::Null) => Ok(plain("isNotNull", name, None)),
            ("equals", Value::Bool(yes)) => {
                Ok(plain(if *yes { "isTrue" } else { "isFalse" }, name, None))
            }
            ("notEquals", Value::Bool(yes)) => {
                Ok(plain(if *yes { "isFalse" } else { "isTrue" }, name, None))
            }
            _ => Ok(plain(operator, name, Some(value))),
        }
    }

    /// A date-time field: a bare date means that day in the CRM's time zone, so that the last day of
    /// a range is not lost; a time is sent in UTC.
    fn compare_time(
        &self,
        operator: &str,
        name: &str,
        value: Option<Value>,
        at: &str,
    ) -> Result<Value, Failure> {
        let value = match value {
            Some(Value::Null) if operator == "equals" => return Ok(plain("isNull", name, None)),
            Some(value) => value,
            None => return self.zoned(plain(operator, name, None)),
        };
        if operators::counts_days(operator) {
            return self.zoned(plain(operator, name, Some(value)));
        }
        let is_bare = |value: &Value| value.as_str().is_some_and(datetime::is_date);
        let bare = match &value {
            Value::Array(items) => items.iter().all(is_bare),
            single => is_bare(single),
        };
        if !bare {
            let value = each(&value, values::date_time).map_err(|why| misfit(name, &why, at))?;
            return Ok(plain(operator, name, Some(value)));
        }
        let (operator, value) = match operator {
            "equals" => ("on", value),
            "notEquals" => ("notOn", value),
            "greaterThan" => ("after", value),
            "lessThan" => ("before", value),
            "greaterThanOrEquals" => ("between", json!([value, LAST_DAY])),
            "lessThanOrEquals" => ("between", json!([FIRST_DAY, value])),
            "in" | "notIn" => return Err(operators::unfit(operator, name, at)),
            other => (other, value),
        };
        self.zoned(plain(operator, name, Some(value)))
    }

    fn zoned(&self, mut item: Value) -> Result<Value, Failure> {
        if self.zone.get().is_none() {
            let zone = identity::time_zone(self.call, self.settings.time_zone.as_deref())?;
            let _ = self.zone.set(zone);
        }
        item["dateTime"] = json!(true);
        item["timeZone"] = json!(self.zone.get());
        Ok(item)
    }
}

fn is_time(attribute: &Attribute<'_>) -> bool {
    attribute.part == Part::Value
        && matches!(attribute.def.kind.as_str(), "datetime" | "datetimeOptional")
}

/// A value as the field takes it; an option that does not exist would silently find nothing.
fn fit(attribute: &Attribute<'_>, value: &Value) -> Result<Value, values::Misfit> {
    let value = values::fit(attribute, value)?;
    if let (Part::Value, "enum", Some(options), Some(text)) = (
        attribute.part,
        attribute.def.kind.as_str(),
        &attribute.def.options,
        value.as_str(),
    ) && attribute.def.options_reference.is_none()
        && !options.is_empty()
        && !options.iter().any(|option| option == text)
    {
        return Err(format!(
            "the value is one of: {}",
            options
                .iter()
                .filter(|option| !option.is_empty())
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        ));
    }
    Ok(value)
}

fn each(
    value: &Value,
    fit: impl Fn(&Value) -> Result<Value, values::Misfit>,
) -> Result<Value, values::Misfit> {
    match value {
        Value::Array(items) => items
            .iter()
            .map(fit)
            .collect::<Result<Vec<_>, _>>()
            .map(Value::from),
        single => fit(single),
    }
}

fn plain(operator: &str, attribute: &str, value: Option<Value>) -> Value {
    let mut item = Map::new();
    item.insert("type".to_owned(), operator.into());
    item.insert("attribute".to_owned(), attribute.into());
    if let Some(value) = value {
        item.insert("value".to_owned(), value);
    }
    Value::Object(item)
}

pub(crate) fn unknown_field(defs: &Defs, name: &str, at: &str) -> Failure {
    let failure = Failure::bad_input(code::INVALID_FIELD, format!("there is no field {name}"))
        .at(format!("{at}/field"));
    match name.split_once('.') {
        Some((link, _)) => failure.suggest(format!(
            "fields of another record cannot be compared; use {link}Id, {link}Name or linkedWith"
        )),
        None => failure.suggest_some(defs.suggest(name)),
    }
}

fn misfit(name: &str, why: &str, at: &str) -> Failure {
    Failure::bad_input(
        code::INVALID_FIELD_VALUE,
        format!("the value for {name} does not fit: {why}"),
    )
    .at(format!("{at}/value"))
}
