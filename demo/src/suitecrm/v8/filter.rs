//! Parameters of V8's lists: fields, filter, page, sort.

use super::refusal::Refusal;
use crate::suitecrm::listing::compare;
use crate::suitecrm::schema::Module;
use crate::suitecrm::sql::like;
use crate::suitecrm::store::{Row, Store};
use crate::suitecrm::values;

/// What a list is asked for.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    pub(super) fields: Option<Vec<String>>,
    pub(super) size: Option<usize>,
    /// Zero when it was not said, as the links of the answer show.
    pub(super) number: usize,
    sort: Option<String>,
    conditions: Vec<Condition>,
    any: bool,
}

#[derive(Debug)]
struct Condition {
    field: String,
    operator: Operator,
    value: String,
}

#[derive(Clone, Copy, Debug)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Like,
}

const LIST: [&str; 5] = ["fields", "filter", "moduleName", "page", "sort"];
const RELATED: [&str; 7] = [
    "filter",
    "id",
    "linkFieldName",
    "moduleName",
    "page",
    "sort",
    "sourceBean",
];

impl Parameters {
    /// Reads the parameters of a list, or of a relationship, which takes no fields.
    pub(super) fn read(
        query: &[(String, String)],
        module: &Module,
        is_related: bool,
    ) -> Result<Self, Refusal> {
        let defined: &[&str] = if is_related { &RELATED } else { &LIST };
        let mut found = Self::default();
        for (key, value) in query {
            let parts: Vec<&str> = key
                .split(['[', ']'])
                .filter(|part| !part.is_empty())
                .collect();
            match parts.as_slice() {
                ["fields", _] if !is_related => found.fields = Some(fields(module, value)?),
                ["page", "size"] => found.size = Some(number(value)?),
                ["page", "number"] => found.number = number(value)?,
                ["sort"] => found.sort = Some(sort(module, value)?),
                ["filter", "operator"] => found.any = value.eq_ignore_ascii_case("or"),
                ["filter", field, operator] => {
                    found
                        .conditions
                        .push(condition(module, field, operator, value)?);
                }
                [name, ..] => return Err(Refusal::option(name, defined)),
                [] => {}
            }
        }
        Ok(found)
    }

    pub(super) fn fits(&self, store: &Store, module: &Module, row: &Row) -> bool {
        let mut each = self
            .conditions
            .iter()
            .map(|condition| condition.holds(&store.read(module, row, &condition.field)));
        if self.any && !self.conditions.is_empty() {
            each.any(|is| is)
        } else {
            each.all(|is| is)
        }
    }

    pub(super) fn order(&self, store: &Store, module: &Module, rows: &mut [&Row]) {
        let Some(sort) = &self.sort else {
            return;
        };
        let column = sort.trim_start_matches('-');
        rows.sort_by(|left, right| {
            let key = |row| store.read(module, row, column).to_lowercase();
            let order = compare(&key(left), &key(right));
            if sort.starts_with('-') {
                order.reverse()
            } else {
                order
            }
        });
    }
}

fn fields(module: &Module, list: &str) -> Result<Vec<String>, Refusal> {
    let names: Vec<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
    let known = |name: &str| module.field(name).is_some() || module.link(name).is_some();
    match names.iter().find(|name| !known(name)) {
        Some(name) => Err(Refusal::Parameters(format!(
            "The following field in {} module is not found: {name}",
            module.object
        ))),
        None => Ok(names),
    }
}

fn number(text: &str) -> Result<usize, Refusal> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        Refusal::Parameters("The option \"page\" with value array is invalid.".to_owned())
    })
}

fn sort(module: &Module, text: &str) -> Result<String, Refusal> {
    let name = text.trim_start_matches('-');
    match module.field(name) {
        Some(_) => Ok(text.to_owned()),
        None => Err(Refusal::Parameters(format!(
            "Sort field {name} in {} module is not found",
            module.object
        ))),
    }
}

fn condition(
    module: &Module,
    field: &str,
    operator: &str,
    value: &str,
) -> Result<Condition, Refusal> {
    let operator = match operator.to_ascii_lowercase().as_str() {
        "eq" => Operator::Equal,
        "neq" => Operator::NotEqual,
        "gt" => Operator::Greater,
        "gte" => Operator::GreaterOrEqual,
        "lt" => Operator::Less,
        "lte" => Operator::LessOrEqual,
        "like" => Operator::Like,
        _ => {
            return Err(Refusal::Parameters(format!(
                "Filter operator {operator} is invalid"
            )));
        }
    };
    let Some(known) = module.field(field) else {
        return Err(Refusal::Parameters(format!(
            "Filter field {field} in {} module is not found",
            module.object
        )));
    };
    let value = if known.kind == "datetime" {
        values::from_iso(value)
    } else {
        value.to_owned()
    };
    Ok(Condition {
        field: field.to_owned(),
        operator,
        value,
    })
}

impl Condition {
    fn holds(&self, kept: &str) -> bool {
        let order = compare(&kept.to_lowercase(), &self.value.to_lowercase());
        match self.operator {
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => order.is_ne(),
            Operator::Greater => order.is_gt(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Like => like(kept, &self.value),
        }
    }
}
