//! Filters as the client writes them, checked against the entity and the caller's role.
//!
//! Everything is checked before a single record is looked at, in the order in which EspoCRM
//! refuses: sub-queries, complex expressions, unknown attributes, forbidden ones, unknown types,
//! bad values.

use jiff::Timestamp;
use serde_json::Value;

use super::attribute::{Attribute, Scalar};
use super::dates::{day_end, day_start, days_of, today_in, zone_named};
use super::errors::Refusal;
use super::schema::Entity;
use super::users::User;
use super::where_item::{list_test, plain_test, range, truthy};

/// A filter ready to be held against records.
#[derive(Debug)]
pub(crate) enum Test<'a> {
    All(Vec<Test<'a>>),
    Any(Vec<Test<'a>>),
    /// Compares with one of the orderings named.
    Compare {
        attribute: &'a Attribute,
        accepts: Accepts,
        value: Value,
    },
    In {
        attribute: &'a Attribute,
        values: Vec<Value>,
        negated: bool,
    },
    Like {
        attribute: &'a Attribute,
        pattern: String,
        negated: bool,
    },
    Null {
        attribute: &'a Attribute,
        negated: bool,
    },
    Linked {
        link: &'a str,
        ids: Option<Vec<String>>,
        mode: Linkage,
    },
    List {
        attribute: &'a Attribute,
        values: Vec<String>,
        mode: Listing,
    },
    Text(String),
    OnlyMine,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepts {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linkage {
    Any,
    None,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    AnyOf,
    NoneOf,
    AllOf,
    Empty,
    NotEmpty,
}

/// Against what filters are read.
pub(crate) struct Reader<'a, 'u> {
    pub(crate) entity: &'a Entity,
    pub(crate) user: &'u User,
    pub(crate) now: Timestamp,
}

impl<'a> Reader<'a, '_> {
    pub(crate) fn all(&self, items: &[Value]) -> Result<Test<'a>, Refusal> {
        Ok(Test::All(
            items
                .iter()
                .map(|item| self.item(item))
                .collect::<Result<_, _>>()?,
        ))
    }

    fn item(&self, item: &Value) -> Result<Test<'a>, Refusal> {
        let Some(kind) = item["type"].as_str() else {
            return Err(Refusal::bare(500));
        };
        match kind {
            "and" => return self.all(group(item)),
            "or" => {
                return Ok(Test::Any(
                    group(item)
                        .iter()
                        .map(|item| self.item(item))
                        .collect::<Result<_, _>>()?,
                ));
            }
            "textFilter" => {
                return Ok(Test::Text(
                    item["value"].as_str().unwrap_or_default().to_owned(),
                ));
            }
            "bool" => return self.bools(&names(&item["value"])),
            "primary" => return self.primary(item["value"].as_str().unwrap_or_default()),
            _ => {}
        }
        if kind == "not" || kind == "having" || kind.starts_with("subQuery") {
            return Err(Refusal::because(400, "Sub-queries are forbidden in where.").twice());
        }
        let Some(name) = item["attribute"].as_str().or(item["field"].as_str()) else {
            return Err(Refusal::bare(500));
        };
        if kind == "expression" || name.contains(['.', ':']) {
            return Err(
                Refusal::because(400, "Complex expressions are forbidden in where.").twice(),
            );
        }
        self.leaf(kind, name, item)
    }

    fn leaf(&self, kind: &str, name: &str, item: &Value) -> Result<Test<'a>, Refusal> {
        if let Some(test) = self.linked(kind, name, item)? {
            return Ok(test);
        }
        let attribute = self.attribute(kind, name)?;
        if let Some(test) = list_test(kind, attribute, item) {
            return Ok(test);
        }
        match plain_test(kind, attribute, item)? {
            Some(test) => Ok(test),
            None => self.dated(kind, attribute, item),
        }
    }

    fn attribute(&self, kind: &str, name: &str) -> Result<&'a Attribute, Refusal> {
        let known = self
            .entity
            .attribute(name)
            .filter(|a| a.is_searchable() || kind.starts_with("array"));
        let attribute = known.ok_or_else(|| {
            Refusal::because(400, format!("Not existing attribute '{name}' in where."))
        })?;
        if self.user.hides(&self.entity.name, &attribute.field) {
            return Err(
                Refusal::because(400, format!("Forbidden attribute '{name}' in where.")).twice(),
            );
        }
        Ok(attribute)
    }

    fn linked(&self, kind: &str, name: &str, item: &Value) -> Result<Option<Test<'a>>, Refusal> {
        let (mode, with_ids) = match kind {
            "linkedWith" => (Linkage::Any, true),
            "notLinkedWith" => (Linkage::None, true),
            "linkedWithAll" => (Linkage::All, true),
            "isLinked" => (Linkage::Any, false),
            "isNotLinked" => (Linkage::None, false),
            _ => return Ok(None),
        };
        // Not recorded: the wording for an unknown relation.
        let link = self.entity.link(name).ok_or_else(|| {
            Refusal::because(400, format!("Not existing relation '{name}' in where."))
        })?;
        let ids = with_ids.then(|| names(&item["value"]));
        Ok(Some(Test::Linked {
            link: &link.name,
            ids,
            mode,
        }))
    }

    /// Dates by the calendar, or by the clock when the filter asks for it.
    fn dated(
        &self,
        kind: &str,
        attribute: &'a Attribute,
        item: &Value,
    ) -> Result<Test<'a>, Refusal> {
        let zone = zone_named(item["timeZone"].as_str())?;
        let by_clock = truthy(&item["dateTime"]) && attribute.scalar == Scalar::DateTime;
        if by_clock && matches!(kind, "past" | "future") {
            let accepts = if kind == "past" {
                Accepts::Less
            } else {
                Accepts::Greater
            };
            return Ok(Test::Compare {
                attribute,
                accepts,
                value: crate::clock::stamp(self.now).into(),
            });
        }
        if kind == "ever" {
            return Ok(Test::Null {
                attribute,
                negated: true,
            });
        }
        let x = item["value"]
            .as_i64()
            .or_else(|| item["value"].as_str()?.parse().ok())
            .unwrap_or(0);
        let Some(days) = days_of(kind, x, today_in(&zone, self.now)) else {
            return Err(Refusal::because(
                400,
                format!("Unknown where item type '{kind}'."),
            ));
        };
        let plain = |date: jiff::civil::Date| Some(date.to_string());
        let from = days.from.and_then(|date| {
            if by_clock {
                day_start(date, &zone)
            } else {
                plain(date)
            }
        });
        let to = days.to.and_then(|date| {
            if by_clock {
                day_end(date, &zone)
            } else {
                plain(date)
            }
        });
        let last = if by_clock {
            Accepts::Less
        } else {
            Accepts::LessOrEqual
        };
        Ok(range(attribute, from, to, last))
    }

    pub(crate) fn bools(&self, wanted: &[String]) -> Result<Test<'a>, Refusal> {
        let known = self
            .entity
            .client
            .get("boolFilterList")
            .map(names)
            .unwrap_or_default();
        let tests = wanted.iter().map(|name| match name.as_str() {
            "onlyMy" if known.contains(name) || self.entity.link("assignedUser").is_some() => {
                Ok(Test::OnlyMine)
            }
            "open" if known.contains(name) => self.primary("open"),
            "followed" if self.entity.flag("stream") => Ok(Test::Never),
            "shared" if self.entity.link("assignedUser").is_some() => Ok(Test::Never),
            "onlyMyTeam" if known.contains(name) => Ok(Test::Never),
            _ => Err(Refusal::because(
                400,
                format!("No bool filter '{name}' for '{}'.", self.entity.name),
            )),
        });
        Ok(Test::Any(tests.collect::<Result<_, _>>()?))
    }

    pub(crate) fn primary(&self, name: &str) -> Result<Test<'a>, Refusal> {
        match self
            .entity
            .primary_filters
            .get(name)
            .and_then(Value::as_array)
        {
            Some(items) => self.all(items),
            None => Err(Refusal::because(
                400,
                format!("No primary filter '{name}' for '{}'.", self.entity.name),
            )),
        }
    }
}

fn group(item: &Value) -> &[Value] {
    item["value"].as_array().map_or(&[], Vec::as_slice)
}

/// One or several texts.
pub(crate) fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().map(text_of).collect(),
        Value::Null => Vec::new(),
        one => vec![text_of(one)],
    }
}

pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
