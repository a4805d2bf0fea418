//! Conditions as they stand in a query string: single tests, and groups of them.
//!
//! Reading alone; what a column holds is looked at in `test`.

use super::answer::Reply;

/// A column, or a place within a column of JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) column: String,
    /// Keys or indices, each with whether the text of what is there is wanted.
    pub(crate) steps: Vec<(bool, String)>,
}

impl Path {
    /// `email_jsonb->0->>email`.
    pub(crate) fn read(text: &str) -> Self {
        let mut parts = text.split("->");
        let column = parts.next().unwrap_or_default().to_owned();
        let steps = parts.map(|part| match part.strip_prefix('>') {
            Some(key) => (true, key.to_owned()),
            None => (false, part.to_owned()),
        });
        Self {
            column,
            steps: steps.collect(),
        }
    }
}

/// What has to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// A column, an operator and what it is held against.
    Test {
        negated: bool,
        path: Path,
        operator: String,
        operand: Operand,
    },
    /// All of them, or one of them.
    Group {
        negated: bool,
        all: bool,
        members: Vec<Condition>,
    },
}

/// What a column is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    One(String),
    /// `(a,b)` of the operator `in`.
    List(Vec<String>),
}

/// Operators that are answered here; the words are PostgREST's.
const OPERATORS: [&str; 13] = [
    "eq", "neq", "gte", "gt", "lte", "lt", "like", "ilike", "in", "is", "cs", "cd", "ov",
];

/// Operators that PostgREST has besides.
const OTHERS: [&str; 14] = [
    "match",
    "imatch",
    "isdistinct",
    "fts",
    "plfts",
    "phfts",
    "wfts",
    "sl",
    "sr",
    "nxr",
    "nxl",
    "adj",
    "all",
    "any",
];

/// `col=op.value`.
pub(crate) fn filter(column: &str, text: &str) -> Result<Condition, Reply> {
    let (negated, rest) = match text.strip_prefix("not.") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (operator, value) = operator(rest).ok_or_else(|| unread_filter(text))??;
    let operand = if operator == "in" {
        let mut cursor = Cursor::new(value);
        let list = cursor.list().ok_or_else(|| unread_filter(text))?;
        Operand::List(list)
    } else {
        Operand::One(value.to_owned())
    };
    Ok(Condition::Test {
        negated,
        path: Path::read(column),
        operator: operator.to_owned(),
        operand,
    })
}

/// `or=(…)`, `and=(…)`, `not.or=(…)`.
pub(crate) fn group(name: &str, text: &str) -> Result<Condition, Reply> {
    let whole = format!("{name}{text}");
    let mut cursor = Cursor::new(&whole);
    let unread = |at: usize| {
        let details = "unexpected input expecting a logical group, a column or an operator";
        Reply::unreadable("logic tree", text, at, details)
    };
    if !text.starts_with('(') {
        return Err(unread(1));
    }
    let condition = cursor
        .member()
        .map_err(|refused| refused.unwrap_or_else(|| unread(1)))?;
    if cursor.rest().is_empty() {
        Ok(condition)
    } else {
        Err(unread(whole.len() - cursor.rest().len()))
    }
}

/// The operator of `op.value`, and the value. The inner error is for one that is not answered here.
fn operator(text: &str) -> Option<Result<(&str, &str), Reply>> {
    let (name, value) = text.split_once('.')?;
    let plain = name.split('(').next().unwrap_or_default();
    if OTHERS.contains(&plain) || (OPERATORS.contains(&plain) && plain != name) {
        let message = format!("the operator {name} is not part of this stand-in");
        return Some(Err(Reply::refused("0A000", message)));
    }
    OPERATORS.contains(&name).then_some(Ok((name, value)))
}

fn unread_filter(text: &str) -> Reply {
    let first = text.chars().next().map(String::from).unwrap_or_default();
    let details = format!("unexpected \"{first}\" expecting \"not\" or operator (eq, gt, ...)");
    Reply::unreadable("filter", text, 1, &details)
}

/// A place in a logical group. The inner error of its answers is a refusal that is already made.
struct Cursor<'a> {
    rest: &'a str,
}

type Read<T> = Result<T, Option<Reply>>;

impl<'a> Cursor<'a> {
    fn new(rest: &'a str) -> Self {
        Self { rest }
    }

    fn rest(&self) -> &'a str {
        self.rest
    }

    fn take(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A group or a test.
    fn member(&mut self) -> Read<Condition> {
        let negated = self.take("not.");
        for (word, all) in [("and(", true), ("or(", false)] {
            if self.take(word) {
                let members = self.members()?;
                return Ok(Condition::Group {
                    negated,
                    all,
                    members,
                });
            }
        }
        if negated {
            return Err(None);
        }
        self.test()
    }

    fn members(&mut self) -> Read<Vec<Condition>> {
        let mut members = vec![self.member()?];
        while self.take(",") {
            members.push(self.member()?);
        }
        if self.take(")") {
            Ok(members)
        } else {
            Err(None)
        }
    }

    fn test(&mut self) -> Read<Condition> {
        let end = self.rest.find(['.', ',', '(', ')']).ok_or(None)?;
        let (column, rest) = self.rest.split_at(end);
        self.rest = rest;
        if column.is_empty() || !self.take(".") {
            return Err(None);
        }
        let negated = self.take("not.");
        let (name, _) = operator(self.rest).ok_or(None)?.map_err(Some)?;
        self.rest = &self.rest[name.len() + 1..];
        let operand = if name == "in" {
            Operand::List(self.list().ok_or(None)?)
        } else {
            Operand::One(self.value().ok_or(None)?)
        };
        Ok(Condition::Test {
            negated,
            path: Path::read(column),
            operator: name.to_owned(),
            operand,
        })
    }

    /// `(a,"b,c")`.
    fn list(&mut self) -> Option<Vec<String>> {
        if !self.take("(") {
            return None;
        }
        if self.take(")") {
            return Some(Vec::new());
        }
        let mut items = vec![self.value()?];
        while self.take(",") {
            items.push(self.value()?);
        }
        self.take(")").then_some(items)
    }

    /// A value in quotes, one in braces, or one that ends at a comma or a bracket.
    fn value(&mut self) -> Option<String> {
        if self.take("\"") {
            return self.quoted();
        }
        let end = if self.rest.starts_with('{') {
            self.rest.find('}')? + 1
        } else {
            self.rest.find([',', ')']).unwrap_or(self.rest.len())
        };
        let (value, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(value.to_owned())
    }

    fn quoted(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(chars.next()?.1),
                c => value.push(c),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_nest_and_values_may_be_quoted() {
        let read = group(
            "or",
            "(a.eq.1,and(b.not.ilike.\"x,\\\"y\\\")*\",c.in.(1,\"2)\")))",
        );
        let Condition::Group {
            all: false,
            members,
            ..
        } = read.expect("it is well formed")
        else {
            panic!("a group of alternatives");
        };
        let Condition::Group {
            all: true, members, ..
        } = &members[1]
        else {
            panic!("a group within");
        };
        let Condition::Test {
            negated: true,
            operand,
            ..
        } = &members[0]
        else {
            panic!("a negated test");
        };
        assert_eq!(*operand, Operand::One("x,\"y\")*".into()));
        let Condition::Test { operand, .. } = &members[1] else {
            panic!("a test");
        };
        assert_eq!(*operand, Operand::List(vec!["1".into(), "2)".into()]));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (name, text) in [
            ("or", "(a.eq.1"),
            ("or", "a.eq.1"),
            ("and", "(a.nope.1)"),
            ("or", "()"),
        ] {
            let refused = group(name, text).expect_err(text);
            assert_eq!(refused.code(), "PGRST100", "{text}");
        }
        assert_eq!(
            filter("id", "foo.1").expect_err("no operator").code(),
            "PGRST100"
        );
    }
}
