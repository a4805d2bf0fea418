//! The tool `get_schema`: tables, columns, references, allowed values.
//!
//! From the installed function where there is one; otherwise what this plugin knows, checked
//! against the project, with the columns that operators added where a row shows them.

use portcullis_sdk::{Call, Failure, code, text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    choices::Configuration,
    entity::{Entity, Kind},
    errors::{self, About},
    rest::{self, Record},
    tables,
};

/// Describes tables and views: columns with types, what is required, references, what this user may
/// do, and the allowed values of this CRM.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SchemaArgs {
    /// Only this table or view.
    #[schemars(length(max = 63))]
    relation: Option<String>,
}

/// The data model.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Schema {
    /// database: read from it just now. known: what this plugin knows of Atomic CRM.
    source: &'static str,
    /// Name to description.
    relations: Map<String, Value>,
    /// Lists of values from the CRM's configuration.
    allowed_values: Map<String, Value>,
    /// What is not in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

pub(crate) fn schema(call: &Call<'_>, args: &SchemaArgs) -> Result<Schema, Failure> {
    of(call, args.relation.as_deref(), "/relation")
}

/// Describes all relations, or the one that is named at `pointer`.
pub(crate) fn of(call: &Call<'_>, only: Option<&str>, pointer: &str) -> Result<Schema, Failure> {
    let allowed_values = Configuration::read(call)?.lists();
    let (source, mut relations, note) = match installed(call) {
        Ok(relations) => ("database", relations, None),
        Err(failure) if &*failure.code == errors::MISSING => {
            let note = "types, defaults and rights are not shown, because the functions for SQL are not installed; `portcullis plugin sql atomic` prints them for the operator";
            ("known", known(call)?, Some(note.to_owned()))
        }
        Err(failure) => return Err(failure),
    };
    if let Some(wanted) = only {
        relations = one(relations, wanted, pointer)?;
    }
    Ok(Schema {
        source,
        relations,
        allowed_values,
        note,
    })
}

fn one(
    mut relations: Map<String, Value>,
    wanted: &str,
    pointer: &str,
) -> Result<Map<String, Value>, Failure> {
    match relations.remove(wanted) {
        Some(found) => Ok([(wanted.to_owned(), found)].into_iter().collect()),
        None => {
            let names: Vec<&str> = relations.keys().map(String::as_str).collect();
            Err(Failure::bad_input(
                code::INVALID_ENTITY_TYPE,
                format!(
                    "there is no table or view {wanted}; there are {}",
                    names.join(", ")
                ),
            )
            .at(pointer)
            .suggest_some(text::did_you_mean(wanted, names)))
        }
    }
}

/// What the installed function tells, in fewer words.
fn installed(call: &Call<'_>) -> Result<Map<String, Value>, Failure> {
    let ask = rest::function(call, "crm_mcp_schema")
        .json(&json!({}))
        .changes_nothing();
    let about = About {
        what: "the precise schema",
        ..About::statement("read")
    };
    let answer: Value = rest::send(ask, &about)?.json()?;
    let relations = answer.get("relations").and_then(Value::as_array);
    let relations =
        relations.ok_or_else(|| Failure::upstream("the installed function lists no relations"))?;
    Ok(relations
        .iter()
        .filter_map(|relation| {
            let name = relation.get("name")?.as_str()?;
            Some((name.to_owned(), shortened(relation)))
        })
        .collect())
}

fn shortened(relation: &Value) -> Value {
    let constraints = list(relation, "constraints");
    let columns: Map<String, Value> = list(relation, "columns")
        .iter()
        .filter_map(|column| {
            let name = word(column, "name")?;
            Some((name.to_owned(), described(column, name, constraints).into()))
        })
        .collect();
    let rules: Vec<&str> = constraints
        .iter()
        .filter(|rule| matches!(word(rule, "kind"), Some("c" | "u")))
        .filter_map(|rule| word(rule, "definition"))
        .collect();
    let mut short = json!({
        "kind": relation.get("kind"),
        "may": relation.get("may"),
        "columns": columns,
    });
    if !rules.is_empty() {
        short["rules"] = json!(rules);
    }
    for key in ["comment", "estimated_rows"] {
        if let Some(value) = relation.get(key).filter(|value| !value.is_null()) {
            short[key] = value.clone();
        }
    }
    short
}

/// `bigint, required, primary key, -> companies.id`.
fn described(column: &Value, name: &str, constraints: &[Value]) -> String {
    let mut words = vec![word(column, "type").unwrap_or("unknown").to_owned()];
    if column.get("nullable") == Some(&Value::Bool(false)) {
        words.push("required".to_owned());
    }
    if column.get("identity") == Some(&Value::Bool(true)) {
        words.push("numbered by the database".to_owned());
    }
    if let Some(default) = word(column, "default") {
        words.push(format!("default {default}"));
    }
    for rule in constraints {
        let columns = list(rule, "columns");
        let Some(at) = columns
            .iter()
            .position(|column| column.as_str() == Some(name))
        else {
            continue;
        };
        match word(rule, "kind") {
            Some("p") => words.push("primary key".to_owned()),
            Some("f") => words.extend(target(rule, at)),
            _ => {}
        }
    }
    words.extend(word(column, "comment").map(str::to_owned));
    words.join(", ")
}

fn target(rule: &Value, at: usize) -> Option<String> {
    let table = rule.pointer("/references/table")?.as_str()?;
    let column = rule.pointer("/references/columns")?.get(at)?.as_str()?;
    let cascade = word(rule, "definition").is_some_and(|text| text.contains("ON DELETE CASCADE"));
    let goes = if cascade { " (deleted with it)" } else { "" };
    Some(format!("-> {table}.{column}{goes}"))
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn word<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// What this plugin knows, and one row of each table for columns that it does not know.
fn known(call: &Call<'_>) -> Result<Map<String, Value>, Failure> {
    let asks = tables::ALL
        .iter()
        .map(|entity| {
            rest::table(call, entity.name)
                .query("select", "*")
                .query("limit", 1)
        })
        .collect();
    let mut relations = Map::new();
    for (entity, answer) in tables::ALL.iter().zip(call.http().send_all(asks)) {
        let rows: Result<Vec<Record>, Failure> =
            rest::accept(answer?, &About::of(entity, "read")).and_then(|found| found.json());
        let described = match rows {
            Ok(rows) => of_entity(entity, rows.first()),
            Err(failure) => json!({"unavailable": failure.message}),
        };
        relations.insert(entity.name.to_owned(), described);
    }
    Ok(relations)
}

fn of_entity(entity: &Entity, sample: Option<&Record>) -> Value {
    let mut columns = Map::new();
    columns.insert("id".to_owned(), "whole number, primary key".into());
    for field in entity.fields {
        let required = if field.required { ", required" } else { "" };
        columns.insert(
            field.name.to_owned(),
            format!("{}{required}", kind(field.kind)).into(),
        );
    }
    for name in entity.derived {
        let text = format!("read only, from the view {}", entity.view);
        columns.insert((*name).to_owned(), text.into());
    }
    for name in sample.into_iter().flat_map(Map::keys) {
        if !columns.contains_key(name) {
            columns.insert(name.clone(), "added by the operator".into());
        }
    }
    json!({"kind": "table", "columns": columns})
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Website => "web address".to_owned(),
        Kind::Choice(choice) => format!("one of {}", choice.key()),
        Kind::Size => "1, 10, 50, 250 or 500".to_owned(),
        Kind::Link(table) => format!("-> {table}.id"),
        Kind::Links(table) => format!("list, each -> {table}.id"),
        Kind::Tags => "list, each -> tags.id".to_owned(),
        Kind::Amount => "whole number of currency units".to_owned(),
        Kind::Flag => "true or false".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::Time => "date and time".to_owned(),
        Kind::Emails => "list of {email, type: Work, Home or Other}".to_owned(),
        Kind::Phones => "list of {number, type: Work, Home or Other}".to_owned(),
        Kind::Urls => "list of web addresses".to_owned(),
        Kind::Object => "object".to_owned(),
        Kind::Fixed(by) => format!("read only: {by}"),
    }
}
