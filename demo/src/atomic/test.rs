//! Conditions held against rows: operands take the column's type, nulls make an answer unknown.

use std::cmp::Ordering;

use serde_json::Value;

use super::answer::Reply;
use super::condition::{Condition, Operand, Path};
use super::kind::{Kind, text_of};
use super::schema::Relation;
use super::store::Row;

/// A condition whose columns are known to be there.
#[derive(Debug)]
pub(crate) enum Test {
    One {
        negated: bool,
        path: Path,
        kind: Kind,
        what: What,
    },
    Group {
        negated: bool,
        all: bool,
        members: Vec<Test>,
    },
}

#[derive(Debug)]
pub(crate) enum What {
    Order(&'static [Ordering], Value),
    Among(Vec<Value>),
    Like { pattern: String, fold: bool },
    IsNull,
    Is(bool),
    Contains(Value),
    Within(Value),
    Overlaps(Value),
}

const LESS: &[Ordering] = &[Ordering::Less];
const MORE: &[Ordering] = &[Ordering::Greater];
const SAME: &[Ordering] = &[Ordering::Equal];
const UP_TO: &[Ordering] = &[Ordering::Less, Ordering::Equal];
const FROM: &[Ordering] = &[Ordering::Greater, Ordering::Equal];
const OTHER: &[Ordering] = &[Ordering::Less, Ordering::Greater];

impl Test {
    /// Gives a condition the types of a relation's columns.
    pub(crate) fn of(relation: &Relation, condition: &Condition) -> Result<Self, Reply> {
        match condition {
            Condition::Group {
                negated,
                all,
                members,
            } => Ok(Self::Group {
                negated: *negated,
                all: *all,
                members: members
                    .iter()
                    .map(|member| Self::of(relation, member))
                    .collect::<Result<_, _>>()?,
            }),
            Condition::Test {
                negated,
                path,
                operator,
                operand,
            } => {
                let kind = kind_of(relation, path)?;
                Ok(Self::One {
                    negated: *negated,
                    path: path.clone(),
                    kind,
                    what: what(kind, operator, operand)?,
                })
            }
        }
    }

    /// Whether it holds for a row; `None` where the database says unknown.
    pub(crate) fn holds(&self, row: &Row) -> Option<bool> {
        match self {
            Self::One {
                negated,
                path,
                kind,
                what,
            } => what
                .holds(*kind, &value_at(row, path))
                .map(|holds| holds != *negated),
            Self::Group {
                negated,
                all,
                members,
            } => {
                let each: Vec<Option<bool>> = members.iter().map(|it| it.holds(row)).collect();
                // One that decides, decides; otherwise an unknown one leaves it open.
                let decided = if each.contains(&Some(!*all)) {
                    Some(!*all)
                } else if each.contains(&None) {
                    None
                } else {
                    Some(*all)
                };
                decided.map(|holds| holds != *negated)
            }
        }
    }
}

/// The type of what a path names.
pub(crate) fn kind_of(relation: &Relation, path: &Path) -> Result<Kind, Reply> {
    let column = relation
        .column(&path.column)
        .ok_or_else(|| Reply::no_column(relation.name, &path.column))?;
    Ok(match path.steps.last() {
        None => column.kind,
        Some((true, _)) => Kind::Text,
        Some((false, _)) => Kind::Jsonb,
    })
}

/// What a row has at a path.
pub(crate) fn value_at(row: &Row, path: &Path) -> Value {
    let mut value = row.get(&path.column).unwrap_or(&Value::Null);
    for (_, key) in &path.steps {
        let inner = match value {
            Value::Array(items) => key.parse::<usize>().ok().and_then(|at| items.get(at)),
            other => other.get(key),
        };
        value = inner.unwrap_or(&Value::Null);
    }
    match path.steps.last() {
        Some((true, _)) if !value.is_null() => text_of(value).into(),
        _ => value.clone(),
    }
}

fn what(kind: Kind, operator: &str, operand: &Operand) -> Result<What, Reply> {
    let one = match operand {
        Operand::One(text) => text.as_str(),
        Operand::List(items) => {
            let items = items.iter().map(|item| kind.literal(item));
            return Ok(What::Among(items.collect::<Result<_, _>>()?));
        }
    };
    let compared = |orders| Ok(What::Order(orders, kind.literal(one)?));
    match operator {
        "eq" => compared(SAME),
        "neq" => compared(OTHER),
        "gt" => compared(MORE),
        "gte" => compared(FROM),
        "lt" => compared(LESS),
        "lte" => compared(UP_TO),
        "like" | "ilike" => like(kind, one, operator == "ilike"),
        "is" => is(kind, one),
        "cs" => held(kind, "@>", one).map(What::Contains),
        "cd" => held(kind, "<@", one).map(What::Within),
        _ => held(kind, "&&", one).map(What::Overlaps),
    }
}

fn like(kind: Kind, pattern: &str, fold: bool) -> Result<What, Reply> {
    if !kind.is_text() {
        return Err(no_operator(kind, if fold { "~~*" } else { "~~" }));
    }
    Ok(What::Like {
        pattern: pattern.replace('*', "%"),
        fold: fold || kind == Kind::Citext,
    })
}

fn is(kind: Kind, word: &str) -> Result<What, Reply> {
    let what = match word.to_lowercase().as_str() {
        "null" => return Ok(What::IsNull),
        "true" => What::Is(true),
        "false" => What::Is(false),
        "unknown" => What::IsNull,
        _ => {
            let details = "unexpected \"".to_owned()
                + word.get(..1).unwrap_or_default()
                + "\" expecting null or trilean value (unknown, true, false)";
            return Err(Reply::unreadable(
                "filter",
                &format!("is.{word}"),
                4,
                &details,
            ));
        }
    };
    if kind == Kind::Bool {
        return Ok(what);
    }
    let message = format!(
        "argument of IS {} must be type boolean, not type {}",
        word.to_uppercase(),
        kind.name()
    );
    Err(Reply::refused("42804", message))
}

/// The operand of an operator on lists.
fn held(kind: Kind, sign: &str, text: &str) -> Result<Value, Reply> {
    let fits = match kind {
        Kind::Numbers => true,
        Kind::Jsonb => sign != "&&",
        _ => false,
    };
    if fits {
        kind.literal(text)
    } else {
        Err(no_operator(kind, sign))
    }
}

fn no_operator(kind: Kind, sign: &str) -> Reply {
    let message = format!("operator does not exist: {} {sign} unknown", kind.name());
    Reply::refused("42883", message).hint(
        "No operator matches the given name and argument types. You might need to add explicit type casts.",
    )
}

impl What {
    fn holds(&self, kind: Kind, value: &Value) -> Option<bool> {
        match self {
            Self::IsNull => return Some(value.is_null()),
            Self::Is(wanted) => return Some(value.as_bool() == Some(*wanted)),
            _ if value.is_null() => return None,
            _ => {}
        }
        match self {
            Self::Order(orders, against) => kind
                .compare(value, against)
                .map(|order| orders.contains(&order)),
            Self::Among(list) => Some(
                list.iter()
                    .any(|item| kind.compare(value, item) == Some(Ordering::Equal)),
            ),
            Self::Like { pattern, fold } => {
                let text = value.as_str().unwrap_or_default();
                Some(if *fold {
                    is_like(&text.to_lowercase(), &pattern.to_lowercase())
                } else {
                    is_like(text, pattern)
                })
            }
            Self::Contains(part) => Some(contains(value, part)),
            Self::Within(whole) => Some(contains(whole, value)),
            Self::Overlaps(other) => {
                let (own, other) = (value.as_array()?, other.as_array()?);
                Some(own.iter().any(|item| other.contains(item)))
            }
            Self::IsNull | Self::Is(_) => None,
        }
    }
}

/// SQL's LIKE: `%` for anything, `_` for one character, a backslash before what is meant as such.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut signs = pattern.chars();
    match signs.next() {
        None => text.is_empty(),
        Some('%') => {
            let rest = signs.as_str();
            text.char_indices()
                .map(|(at, _)| &text[at..])
                .chain([""])
                .any(|tail| is_like(tail, rest))
        }
        Some(sign) => {
            let mut chars = text.chars();
            let next = chars.next();
            let wanted = if sign == '\\' {
                signs.next()
            } else {
                Some(sign)
            };
            let fits = next.is_some() && (sign == '_' || next == wanted);
            fits && is_like(chars.as_str(), signs.as_str())
        }
    }
}

/// JSON's `@>`: objects by their keys, lists as sets.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|own| contains(own, value))),
        (Value::Array(whole), Value::Array(part)) => part
            .iter()
            .all(|item| whole.iter().any(|own| contains(own, item))),
        (Value::Array(whole), part) if !part.is_object() => whole.contains(part),
        (whole, part) => whole == part,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_are_sqls() {
        for (text, pattern, wanted) in [
            ("acme", "%cm%", true),
            ("acme", "a_me", true),
            ("a%b", "a\\%b", true),
            ("axb", "a\\%b", false),
            ("acme", "acm", false),
            ("", "%", true),
        ] {
            assert_eq!(is_like(text, pattern), wanted, "{text} {pattern}");
        }
    }

    #[test]
    fn a_list_contains_parts_of_its_items() {
        let list = json!([{"email": "a@x.example", "type": "Work"}]);
        assert!(contains(&list, &json!([{"email": "a@x.example"}])));
        assert!(!contains(&list, &json!([{"email": "b@x.example"}])));
        assert!(contains(&json!([1, 2]), &json!([2])));
    }
}
