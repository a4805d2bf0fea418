//! Lists: filter, order, page and count.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::attribute::{Attribute, Scalar};
use super::errors::Refusal;
use super::query::Search;
use super::schema::Entity;
use super::store::Record;
use super::users::Level;
use super::view::View;
use super::where_clause::{Reader, Test, text_of};

/// EspoCRM's `recordListMaxSizeLimit`; also the size of a page nobody sized.
const MAX_SIZE: i64 = 200;

/// A record to be listed, with attributes that come from the relation it is listed through.
pub(crate) type Row = (Arc<Record>, Map<String, Value>);

/// The records that match, in order, and the part of them that was asked for.
pub(crate) struct Found {
    pub(crate) total: i64,
    pub(crate) rows: Vec<Row>,
}

impl View<'_> {
    /// Runs a search over rows and answers as a list does.
    pub(crate) fn list(
        &self,
        entity: &Entity,
        search: &Search,
        rows: Vec<Row>,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let found = self.find(entity, search, rows, now)?;
        let select = self.selection(entity, search);
        let list: Vec<Value> = found
            .rows
            .iter()
            .map(|(record, columns)| self.row(entity, record, select.as_ref(), columns))
            .collect();
        Ok(json!({"total": found.total, "list": list}))
    }

    pub(crate) fn find(
        &self,
        entity: &Entity,
        search: &Search,
        mut rows: Vec<Row>,
        now: Timestamp,
    ) -> Result<Found, Refusal> {
        let size = search.max_size.unwrap_or(MAX_SIZE);
        if size > MAX_SIZE {
            return Err(Refusal::because(
                403,
                format!("Max size should not exceed {MAX_SIZE}. Use offset and limit."),
            ));
        }
        let tests = self.tests(entity, search, now)?;
        let order = self.order(entity, search)?;
        rows.retain(|(record, _)| {
            self.may_list(entity, record)
                && tests.iter().all(|test| self.passes(entity, record, test))
        });
        self.sort(entity, &mut rows, order);
        let count = rows.len();
        let offset = usize::try_from(search.offset)
            .unwrap_or(usize::MAX)
            .min(count);
        let end = offset
            .saturating_add(usize::try_from(size).unwrap_or(0))
            .min(count);
        let total = if search.no_total {
            if end < count { -1 } else { -2 }
        } else {
            i64::try_from(count).unwrap_or(i64::MAX)
        };
        Ok(Found {
            total,
            rows: rows.drain(offset..end).collect(),
        })
    }

    fn tests<'e>(
        &self,
        entity: &'e Entity,
        search: &Search,
        now: Timestamp,
    ) -> Result<Vec<Test<'e>>, Refusal> {
        let reader = Reader {
            entity,
            user: self.user,
            now,
        };
        let mut tests = Vec::new();
        if let Some(name) = &search.primary {
            tests.push(reader.primary(name)?);
        }
        if !search.bools.is_empty() {
            tests.push(reader.bools(&search.bools)?);
        }
        if let Some(text) = search.text.as_ref().filter(|text| !text.trim().is_empty()) {
            tests.push(Test::Text(text.clone()));
        }
        tests.push(reader.all(&search.filter)?);
        Ok(tests)
    }

    fn may_list(&self, entity: &Entity, record: &Record) -> bool {
        let own_only = entity.name == "Note" && !self.user.role.admin;
        // API users are not among the users others are shown.
        if entity.name == "User" && !self.user.role.admin && record.text("type") == Some("api") {
            return false;
        }
        match self.user.grant(&entity.name).read {
            Level::All => true,
            Level::Own => self.is_own(record),
            Level::No => !entity.flag("acl") && (!own_only || self.is_own(record)),
        }
    }

    fn order<'e>(
        &self,
        entity: &'e Entity,
        search: &Search,
    ) -> Result<Option<(&'e Attribute, bool)>, Refusal> {
        let asked = search.order_by.as_deref();
        let field = asked.unwrap_or_else(|| entity.collection_text("orderBy"));
        let word = search.order.as_deref().unwrap_or(if asked.is_some() {
            "asc"
        } else {
            entity.collection_text("order")
        });
        let link_name = format!("{field}Name");
        let attribute = entity
            .attribute(field)
            .or_else(|| entity.attribute(&link_name))
            .filter(|a| a.is_searchable());
        match attribute {
            Some(attribute) if self.user.hides(&entity.name, &attribute.field) => Err(
                Refusal::because(400, format!("Not access to order by field '{field}'.")).twice(),
            ),
            Some(attribute) => Ok(Some((attribute, word.eq_ignore_ascii_case("desc")))),
            None if asked.is_some() => Err(Refusal::because(
                400,
                format!("Order by non-existing field '{field}'."),
            )),
            None => Ok(None),
        }
    }

    /// Sorts by an attribute and then by id, both in the same direction.
    fn sort(&self, entity: &Entity, rows: &mut [Row], order: Option<(&Attribute, bool)>) {
        let Some((attribute, descending)) = order else {
            return;
        };
        let options = entity
            .field(&attribute.field)
            .map(|field| field.options(self.schema))
            .unwrap_or_default();
        rows.sort_by_cached_key(|(record, _)| {
            let value = self.value(entity, record, attribute);
            (Key::of(&value, attribute, &options), record.id.clone())
        });
        if descending {
            rows.reverse();
        }
    }

    /// The attributes a list shows when some were selected.
    pub(crate) fn selection(&self, entity: &Entity, search: &Search) -> Option<HashSet<String>> {
        self.selection_with(entity, search, &entity.list_always)
    }

    pub(crate) fn selection_with(
        &self,
        entity: &Entity,
        search: &Search,
        always: &[String],
    ) -> Option<HashSet<String>> {
        let mut names: HashSet<String> = search.select.as_ref()?.iter().cloned().collect();
        let also = names
            .iter()
            .filter_map(|name| entity.also_select.get(name))
            .flat_map(|list| list.as_array().into_iter().flatten());
        let also: Vec<String> = also.map(text_of).collect();
        names.extend(also);
        names.extend(always.iter().cloned());
        names.insert(
            search
                .order_by
                .clone()
                .unwrap_or_else(|| entity.collection_text("orderBy").to_owned()),
        );
        Some(names)
    }
}

/// What rows are sorted by; null comes first.
#[derive(Clone, Debug, PartialEq)]
enum Key {
    Null,
    Number(f64),
    Text(String),
}

impl Key {
    fn of(value: &Value, attribute: &Attribute, options: &[String]) -> Self {
        match (value, attribute.scalar) {
            (Value::Null, _) => Self::Null,
            (Value::String(text), Scalar::Text) if !options.is_empty() => {
                let at = options.iter().position(|option| option == text);
                at.map_or(Self::Number(-1.0), |at| {
                    Self::Number(f64::from(u32::try_from(at).unwrap_or(u32::MAX)))
                })
            }
            (Value::Bool(yes), _) => Self::Number(f64::from(u8::from(*yes))),
            (Value::Number(number), _) => Self::Number(number.as_f64().unwrap_or(0.0)),
            (other, _) => Self::Text(text_of(other).to_lowercase()),
        }
    }
}

impl Eq for Key {}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Less,
            (_, Self::Null) => Ordering::Greater,
            (Self::Number(left), Self::Number(right)) => left.total_cmp(right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
