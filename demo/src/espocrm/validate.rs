//! Field rules: required, known options, lengths, ranges, formats.
//!
//! Fields are checked in the order of the definition and the first broken rule ends it, which is
//! why a client only ever hears of one.

use serde_json::{Map, Value};

use super::errors::Refusal;
use super::input::Input;
use super::schema::{Entity, Field, Schema};

/// The currencies of the demo.
pub(crate) const CURRENCIES: [&str; 2] = ["USD", "EUR"];

/// What is checked: the new state and which part of it the client sent.
pub(crate) struct Candidate<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) entity: &'a Entity,
    pub(crate) values: &'a Map<String, Value>,
    pub(crate) input: &'a Input,
    pub(crate) creating: bool,
}

impl Candidate<'_> {
    pub(crate) fn validate(&self) -> Result<(), Refusal> {
        for field in self
            .entity
            .fields
            .iter()
            .filter(|field| self.creating || self.was_sent(field))
        {
            if let Some(rule) = self.broken_rule(field) {
                return Err(Refusal::invalid(&self.entity.name, &field.name, rule));
            }
        }
        Ok(())
    }

    fn was_sent(&self, field: &Field) -> bool {
        let name = &field.name;
        ["", "Id", "Type", "Data", "Currency", "Date"]
            .iter()
            .any(|suffix| self.input.has(&format!("{name}{suffix}")))
            || self.input.links.iter().any(|set| set.link == *name)
    }

    fn broken_rule(&self, field: &Field) -> Option<&'static str> {
        let value = self.value(field);
        if value.is_null() {
            return (field.flag("required") && !self.is_excused(field)).then_some("required");
        }
        self.text_rule(field, value)
            .or_else(|| self.kind_rule(field, value))
    }

    fn value(&self, field: &Field) -> &Value {
        let name = match field.kind.as_str() {
            "link" | "file" | "linkParent" => format!("{}Id", field.name),
            _ => field.name.clone(),
        };
        self.values.get(&name).unwrap_or(&Value::Null)
    }

    /// Rules switched off for the field, links to many, and the day that stands for a moment.
    fn is_excused(&self, field: &Field) -> bool {
        let has_day = || {
            self.values
                .get(&format!("{}Date", field.name))
                .is_some_and(|day| !day.is_null())
        };
        field
            .strings("suppressValidationList")
            .contains(&"required")
            || field.flag("readOnly")
            || matches!(field.kind.as_str(), "linkMultiple" | "attachmentMultiple")
            || (field.kind == "datetimeOptional" && has_day())
    }

    fn text_rule(&self, field: &Field, value: &Value) -> Option<&'static str> {
        let text = value.as_str()?;
        let length = text.chars().count();
        let limit = field
            .def
            .get("maxLength")
            .and_then(Value::as_u64)
            .and_then(|limit| usize::try_from(limit).ok());
        if limit.is_some_and(|limit| length > limit) && !field.flag("isCurrency") {
            return Some("maxLength");
        }
        let is_strict =
            field.def.get("pattern").and_then(Value::as_str) == Some("$noBadCharacters");
        (is_strict && text.contains(['<', '>', '='])).then_some("pattern")
    }

    fn kind_rule(&self, field: &Field, value: &Value) -> Option<&'static str> {
        match field.kind.as_str() {
            "enum" if !field.flag("isCurrency") => self.option_rule(field, value),
            "multiEnum" => self.options_rule(field, value),
            "int" | "float" => number_rule(field, value),
            "currency" => self.currency_rule(field, value),
            "date" => (!is_day(value)).then_some("valid"),
            "datetime" | "datetimeOptional" => (!is_moment(value)).then_some("valid"),
            "email" => (!is_address(value)).then_some("emailAddress"),
            "phone" => (!is_phone(value)).then_some("valid"),
            "url" => (!is_url(value)).then_some("valid"),
            "linkParent" => self.parent_rule(field),
            _ => None,
        }
    }

    fn option_rule(&self, field: &Field, value: &Value) -> Option<&'static str> {
        let options = field.options(self.schema);
        let is_known = options.is_empty()
            || value
                .as_str()
                .is_some_and(|text| options.iter().any(|option| option == text));
        (!is_known).then_some("valid")
    }

    fn options_rule(&self, field: &Field, value: &Value) -> Option<&'static str> {
        let options = field.options(self.schema);
        let Some(values) = value.as_array() else {
            return Some("array");
        };
        let is_known = |value: &Value| {
            value
                .as_str()
                .is_some_and(|text| options.iter().any(|option| option == text))
        };
        (!values.iter().all(is_known)).then_some("valid")
    }

    fn currency_rule(&self, field: &Field, value: &Value) -> Option<&'static str> {
        let currency = self
            .values
            .get(&format!("{}Currency", field.name))
            .and_then(Value::as_str);
        number_rule(field, value).or_else(|| {
            currency
                .is_some_and(|currency| !CURRENCIES.contains(&currency))
                .then_some("validCurrency")
        })
    }

    /// The type has to be one the field allows; an id without a type passes.
    fn parent_rule(&self, field: &Field) -> Option<&'static str> {
        let kind = self
            .values
            .get(&format!("{}Type", field.name))
            .and_then(Value::as_str)?;
        let allowed = field.strings("entityList");
        (!allowed.is_empty() && !allowed.contains(&kind)).then_some("valid")
    }
}

fn number_rule(field: &Field, value: &Value) -> Option<&'static str> {
    let Some(number) = value.as_f64() else {
        return Some("valid");
    };
    if field.number("max").is_some_and(|max| number > max) {
        return Some("max");
    }
    field
        .number("min")
        .is_some_and(|min| number < min)
        .then_some("min")
}

fn is_day(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| super::dates::day(text).is_some())
}

fn is_moment(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| super::dates::moment(text).is_some())
}

/// One address: something, an at sign, a host with a dot or at least a name.
pub(crate) fn is_address(value: &Value) -> bool {
    let Some((local, host)) = value.as_str().and_then(|text| text.split_once('@')) else {
        return false;
    };
    let host_is_plain = host
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
        && host.contains('.');
    !local.is_empty()
        && !local.contains(char::is_whitespace)
        && host_is_plain
        && !host.starts_with('.')
        && !host.ends_with('.')
}

fn is_phone(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.chars().any(|c| c.is_ascii_digit())
            && text
                .chars()
                .all(|c| c.is_ascii_digit() || "+-() .x/".contains(c))
    })
}

fn is_url(value: &Value) -> bool {
    let Some(text) = value.as_str() else {
        return false;
    };
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    !host.is_empty()
        && !text.contains(char::is_whitespace)
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || ".-:@_[]".contains(c))
}
