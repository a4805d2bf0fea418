//! From what was asked for to what is answered: rows filtered, put in order, cut and shown.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::answer::Reply;
use super::kind::text_of;
use super::policy::Policy;
use super::schema::{self, Relation};
use super::select::{Item, Node};
use super::store::{Row, Store};
use super::test::{Test, kind_of, value_at};
use super::views;

/// The platform's ceiling; what is beyond it is left out without a word.
const MOST_ROWS: usize = 1000;

/// Rows of a page, and how many there are in all.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Value>,
    pub(crate) total: usize,
}

/// The database as a caller sees it.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    pub(crate) store: &'a Store,
    pub(crate) policy: &'a Policy,
}

/// Two relations that a foreign key joins.
enum Joint {
    /// The column here that holds the number of the one there.
    ToOne(&'static str),
    /// The column there that holds the number of the one here.
    ToMany(&'static str),
}

impl Look<'_> {
    /// The rows asked for of a relation.
    pub(crate) fn page(&self, relation: &Relation, node: &Node) -> Result<Page, Reply> {
        checked(relation, node)?;
        let rows = views::rows(self.store, self.policy, relation);
        let mut rows = self.kept(relation, node, rows)?;
        sort(relation, node, &mut rows)?;
        let total = rows.len();
        let limit = node.limit.unwrap_or(MOST_ROWS).min(MOST_ROWS);
        let cut: Vec<Row> = rows.into_iter().skip(node.offset).take(limit).collect();
        Ok(Page {
            rows: self.shown(relation, node, &cut)?,
            total,
        })
    }

    /// Those of some rows that the conditions keep.
    pub(crate) fn kept(
        &self,
        relation: &Relation,
        node: &Node,
        rows: Vec<Row>,
    ) -> Result<Vec<Row>, Reply> {
        let tests = node.conditions.iter().map(|one| Test::of(relation, one));
        let tests: Vec<Test> = tests.collect::<Result<_, _>>()?;
        let mut kept = Vec::new();
        for row in rows {
            let fits = tests.iter().all(|test| test.holds(&row) == Some(true));
            if fits && self.has_inner(relation, node, &row)? {
                kept.push(row);
            }
        }
        Ok(kept)
    }

    /// Whether a row has all the related rows that it may not lack.
    fn has_inner(&self, relation: &Relation, node: &Node, row: &Row) -> Result<bool, Reply> {
        for item in &node.items {
            if let Item::Related {
                relation: other,
                inner: true,
                node,
                ..
            } = item
                && self.related(relation, other, node, row)?.1.is_empty()
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn related(
        &self,
        relation: &Relation,
        other: &str,
        node: &Node,
        row: &Row,
    ) -> Result<(Joint, Vec<Row>), Reply> {
        let (joint, target) = joint(relation, other)?;
        let (own, theirs) = match joint {
            Joint::ToOne(column) => (column, "id"),
            Joint::ToMany(column) => ("id", column),
        };
        let own = row.get(own).cloned().unwrap_or_default();
        let mut rows = views::rows(self.store, self.policy, target);
        rows.retain(|row| !own.is_null() && row.get(theirs) == Some(&own));
        let mut rows = self.kept(target, node, rows)?;
        sort(target, node, &mut rows)?;
        let limit = node.limit.unwrap_or(usize::MAX);
        let rows = rows.into_iter().skip(node.offset).take(limit);
        Ok((joint, rows.collect()))
    }

    /// Rows as they go out.
    pub(crate) fn shown(
        &self,
        relation: &Relation,
        node: &Node,
        rows: &[Row],
    ) -> Result<Vec<Value>, Reply> {
        checked(relation, node)?;
        if node.items.iter().any(|item| matches!(item, Item::Count)) {
            return Ok(vec![json!({"count": rows.len()})]);
        }
        rows.iter()
            .map(|row| self.one(relation, node, row))
            .collect()
    }

    fn one(&self, relation: &Relation, node: &Node, row: &Row) -> Result<Value, Reply> {
        let mut shown = Map::new();
        for item in &node.items {
            match item {
                Item::All => {
                    shown.extend(
                        row.iter()
                            .map(|(name, value)| (name.clone(), value.clone())),
                    );
                }
                Item::Count => {}
                Item::Column { name, path, cast } => {
                    let value = value_at(row, path);
                    let as_text = cast.as_deref() == Some("text") && !value.is_null();
                    let value = if as_text {
                        text_of(&value).into()
                    } else {
                        value
                    };
                    shown.insert(name.clone(), value);
                }
                Item::Related {
                    name,
                    relation: other,
                    node,
                    ..
                } => {
                    let (joint, rows) = self.related(relation, other, node, row)?;
                    let (_, target) = self::joint(relation, other)?;
                    let mut rows = self.shown(target, node, &rows)?;
                    let value = match joint {
                        Joint::ToMany(_) => Value::Array(rows),
                        Joint::ToOne(_) => rows.pop().unwrap_or_default(),
                    };
                    shown.insert(name.clone(), value);
                }
            }
        }
        Ok(Value::Object(shown))
    }
}

/// That every column and every relation asked for is there.
fn checked(relation: &Relation, node: &Node) -> Result<(), Reply> {
    for item in &node.items {
        match item {
            Item::Column { path, cast, .. } => {
                kind_of(relation, path)?;
                if cast.as_deref().is_some_and(|cast| cast != "text") {
                    let message = "casts to anything but text are not part of this stand-in";
                    return Err(Reply::refused("0A000", message));
                }
            }
            Item::Related {
                relation: other,
                node,
                ..
            } => {
                let (_, target) = joint(relation, other)?;
                checked(target, node)?;
                for condition in &node.conditions {
                    Test::of(target, condition)?;
                }
            }
            Item::All | Item::Count => {}
        }
    }
    Ok(())
}

fn joint(relation: &Relation, other: &str) -> Result<(Joint, &'static Relation), Reply> {
    let found = schema::find(other).and_then(|target| {
        let to_one = relation.keys.iter().find(|key| key.table == other);
        let to_many = target.keys.iter().find(|key| key.table == relation.name);
        let joint = match (to_one, to_many) {
            (Some(key), _) => Joint::ToOne(key.column),
            (None, Some(key)) => Joint::ToMany(key.column),
            (None, None) => return None,
        };
        Some((joint, target))
    });
    found.ok_or_else(|| {
        let names = format!("'{}' and '{other}'", relation.name);
        let message = format!("Could not find a relationship between {names} in the schema cache");
        let details = format!(
            "Searched for a foreign key relationship between {names} in the schema 'public', but no matches were found."
        );
        Reply::refused("PGRST200", message).details(details)
    })
}

fn sort(relation: &Relation, node: &Node, rows: &mut [Row]) -> Result<(), Reply> {
    let mut columns = Vec::new();
    for order in &node.order {
        columns.push((kind_of(relation, &order.path)?, order));
    }
    rows.sort_by(|left, right| {
        let each = columns.iter().map(|(kind, order)| {
            let (left, right) = (value_at(left, &order.path), value_at(right, &order.path));
            match (left.is_null(), right.is_null()) {
                (true, true) => Ordering::Equal,
                (true, false) if order.nulls_first => Ordering::Less,
                (true, false) => Ordering::Greater,
                (false, true) if order.nulls_first => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => {
                    let order_of = kind.compare(&left, &right).unwrap_or(Ordering::Equal);
                    if order.descending {
                        order_of.reverse()
                    } else {
                        order_of
                    }
                }
            }
        });
        each.fold(Ordering::Equal, Ordering::then)
    });
    Ok(())
}
