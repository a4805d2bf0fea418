//! Filters held against records, with the comparisons of the database behind EspoCRM.
//!
//! Texts compare without case, numbers with the number a text begins with, nothing compares with
//! null. That is why `notEquals` skips empty values and `'abc'` is as good as zero.

use std::cmp::Ordering;

use serde_json::Value;

use super::attribute::{Attribute, Part, Scalar};
use super::relation::related;
use super::schema::Entity;
use super::store::Record;
use super::view::View;
use super::where_clause::{Accepts, Linkage, Listing, Test, text_of};

impl View<'_> {
    /// Whether a record passes.
    pub(crate) fn passes(&self, entity: &Entity, record: &Record, test: &Test<'_>) -> bool {
        match test {
            Test::All(tests) => tests.iter().all(|test| self.passes(entity, record, test)),
            Test::Any(tests) => {
                tests.is_empty() || tests.iter().any(|test| self.passes(entity, record, test))
            }
            Test::Compare {
                attribute,
                accepts,
                value,
            } => {
                let negated = *accepts == Accepts::NotEqual;
                self.meets(entity, record, attribute, negated, |own| {
                    accepts.fits(compare(own, value))
                })
            }
            Test::In {
                attribute,
                values,
                negated,
            } => self.meets(entity, record, attribute, *negated, |own| {
                values
                    .iter()
                    .any(|value| compare(own, value) == Ordering::Equal)
                    != *negated
            }),
            Test::Like {
                attribute,
                pattern,
                negated,
            } => self.meets(entity, record, attribute, *negated, |own| {
                like(&text_of(own), pattern) != *negated
            }),
            Test::Null { attribute, negated } => {
                self.candidates(entity, record, attribute).is_empty() != *negated
            }
            Test::Linked { link, ids, mode } => {
                self.is_linked(entity, record, link, ids.as_deref(), *mode)
            }
            Test::List {
                attribute,
                values,
                mode,
            } => lists(record.get(&attribute.name), values, *mode),
            Test::Text(text) => self.has_text(entity, record, text),
            Test::OnlyMine => record.text("assignedUserId") == Some(self.user.id.as_str()),
            Test::Never => false,
        }
    }

    /// A negated condition must hold for every value there is, any other for one of them; neither
    /// holds for null.
    fn meets(
        &self,
        entity: &Entity,
        record: &Record,
        attribute: &Attribute,
        negated: bool,
        fits: impl Fn(&Value) -> bool,
    ) -> bool {
        let values = self.candidates(entity, record, attribute);
        if negated {
            !values.is_empty() && values.iter().all(fits)
        } else {
            values.iter().any(fits)
        }
    }

    /// The values a condition may look at: all addresses of a person, both orders of a name.
    fn candidates(&self, entity: &Entity, record: &Record, attribute: &Attribute) -> Vec<Value> {
        match (&attribute.part, attribute.scalar) {
            (Part::PersonName, _) => names(record),
            (_, Scalar::Email) => addresses(record, &attribute.name, "emailAddress"),
            (_, Scalar::Phone) => addresses(record, &attribute.name, "phoneNumber"),
            _ => Some(self.value(entity, record, attribute))
                .filter(|value| !value.is_null())
                .into_iter()
                .collect(),
        }
    }

    fn is_linked(
        &self,
        entity: &Entity,
        record: &Record,
        link: &str,
        ids: Option<&[String]>,
        mode: Linkage,
    ) -> bool {
        let Some(link) = entity.link(link) else {
            return false;
        };
        let linked: Vec<String> = related(self.schema, self.store, entity, link, record)
            .into_iter()
            .map(|end| end.id)
            .collect();
        match (ids, mode) {
            (None, Linkage::None) => linked.is_empty(),
            (None, _) => !linked.is_empty(),
            (Some(ids), Linkage::Any) => ids.iter().any(|id| linked.contains(id)),
            (Some(ids), Linkage::None) => !ids.iter().any(|id| linked.contains(id)),
            (Some(ids), Linkage::All) => ids.iter().all(|id| linked.contains(id)),
        }
    }

    /// The text filter: from the start of short fields, anywhere in long ones, `*` as wildcard.
    fn has_text(&self, entity: &Entity, record: &Record, text: &str) -> bool {
        let text = text.strip_prefix("ft:").unwrap_or(text).trim();
        let fields = entity
            .collection
            .get("textFilterFields")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        fields
            .filter_map(Value::as_str)
            .filter_map(|name| entity.attribute(name))
            .any(|attribute| {
                let is_long = entity
                    .field(&attribute.field)
                    .is_some_and(|field| matches!(field.kind.as_str(), "text" | "wysiwyg"));
                let pattern = pattern_of(text, is_long);
                self.candidates(entity, record, attribute)
                    .iter()
                    .any(|own| like(&text_of(own), &pattern))
            })
    }
}

fn pattern_of(text: &str, is_long: bool) -> String {
    match (text.contains('*'), is_long) {
        (true, _) => text.replace('*', "%"),
        (false, true) => format!("%{text}%"),
        (false, false) => format!("{text}%"),
    }
}

impl Accepts {
    fn fits(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering == Ordering::Equal,
            Self::NotEqual => ordering != Ordering::Equal,
            Self::Greater => ordering == Ordering::Greater,
            Self::Less => ordering == Ordering::Less,
            Self::GreaterOrEqual => ordering != Ordering::Less,
            Self::LessOrEqual => ordering != Ordering::Greater,
        }
    }
}

/// Compares a stored value with one from a filter.
pub(crate) fn compare(own: &Value, other: &Value) -> Ordering {
    match own {
        Value::Number(_) | Value::Bool(_) => number(own)
            .partial_cmp(&number(other))
            .unwrap_or(Ordering::Equal),
        _ => text_of(own)
            .to_lowercase()
            .cmp(&text_of(other).to_lowercase()),
    }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Bool(yes) => f64::from(u8::from(*yes)),
        Value::String(text) => leading_number(text),
        other => other.as_f64().unwrap_or(0.0),
    }
}

fn leading_number(text: &str) -> f64 {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '+'))
        .unwrap_or(text.len());
    text[..end].parse().unwrap_or(0.0)
}

/// SQL's LIKE: `%` any text, `_` any character, `\` takes the next one as it is.
pub(crate) fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    like_from(&text, &pattern)
}

fn like_from(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|skip| like_from(&text[skip..], rest)),
        ['\\', wanted, rest @ ..] => text.first() == Some(wanted) && like_from(&text[1..], rest),
        [wanted, rest @ ..] => {
            !text.is_empty()
                && (*wanted == '_' || *wanted == text[0])
                && like_from(&text[1..], rest)
        }
    }
}

fn lists(own: &Value, values: &[String], mode: Listing) -> bool {
    let own: Vec<&str> = own
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let has = |value: &String| own.contains(&value.as_str());
    match mode {
        Listing::AnyOf => values.iter().any(has),
        Listing::NoneOf => !values.iter().any(has),
        Listing::AllOf => values.iter().all(has),
        Listing::Empty => own.is_empty(),
        Listing::NotEmpty => !own.is_empty(),
    }
}

fn names(record: &Record) -> Vec<Value> {
    let first = record.text("firstName").unwrap_or_default();
    let last = record.text("lastName").unwrap_or_default();
    let forms = [
        first.to_owned(),
        last.to_owned(),
        format!("{first} {last}"),
        format!("{last} {first}"),
    ];
    let mut forms: Vec<Value> = forms
        .iter()
        .map(|form| form.trim())
        .filter(|form| !form.is_empty())
        .map(Value::from)
        .collect();
    forms.dedup();
    forms
}

fn addresses(record: &Record, attribute: &str, key: &str) -> Vec<Value> {
    let data = record.get(&format!("{attribute}Data")).as_array();
    match data {
        Some(rows) if !rows.is_empty() => rows.iter().map(|row| row[key].clone()).collect(),
        _ => Some(record.get(attribute).clone())
            .filter(|value| !value.is_null())
            .into_iter()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn like_is_sql_like() {
        let cases = [
            ("Harbour Foods", "Harbour%", true),
            ("Harbour Foods", "harbour", false),
            ("Harbour Foods", "%foods", true),
            ("Harbour Foods", "%H_rbour%", true),
            ("100%", "100\\%", true),
            ("1000", "100\\%", false),
            ("", "%", true),
        ];
        for (text, pattern, expected) in cases {
            assert_eq!(like(text, pattern), expected, "{text} like {pattern}");
        }
    }
}
