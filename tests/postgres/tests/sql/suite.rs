//! The statements of `attacks.json`, read into types.

use std::sync::LazyLock;

use portcullis_postgres_tests::{Answer, Caller};
use serde::Deserialize;
use serde_json::Value;

/// The whole file.
#[derive(Deserialize)]
pub struct Suite {
    /// Statements against `query`, most of them hostile.
    pub query_attacks: Vec<Attack>,
    /// Statements that cost much.
    pub query_load: Vec<Load>,
    /// What an analyst asks.
    pub query_legitimate: Vec<Query>,
    /// Statements against `mutate`, in this order.
    pub mutate: Vec<Mutation>,
}

#[derive(Deserialize)]
pub struct Attack {
    pub name: String,
    pub sql: String,
    pub refused: bool,
    pub result: Expected,
}

#[derive(Deserialize)]
pub struct Load {
    pub name: String,
    pub sql: String,
    pub max_rows: u32,
    pub result: Expected,
}

#[derive(Deserialize)]
pub struct Query {
    pub sql: String,
    pub result: Expected,
}

#[derive(Deserialize)]
pub struct Mutation {
    pub name: String,
    pub caller: String,
    pub sql: String,
    pub arguments: serde_json::Map<String, Value>,
    pub result: Expected,
}

/// What an answer has to be. Wording of the server itself differs between versions; wording of the
/// operator's file does not.
#[derive(Deserialize)]
pub struct Expected {
    pub status: u16,
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub message: String,
    pub row_count: Option<u64>,
    pub truncated_by: Option<String>,
}

pub static SUITE: LazyLock<Suite> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../attacks.json")).unwrap());

impl Mutation {
    pub fn caller(&self) -> Caller {
        match self.caller.as_str() {
            "admin" => Caller::Admin,
            "rep" => Caller::Rep,
            other => panic!("{}: no caller {other}", self.name),
        }
    }

    /// Whether the case asks for the change itself and not only for its preview.
    pub fn is_real(&self) -> bool {
        self.arguments.get("dry_run") == Some(&Value::Bool(false))
    }
}

impl Expected {
    /// Compares an answer of `query`, or the part of a `mutate` answer that has its shape.
    pub fn check(&self, what: &str, answer: &Answer, table: &Value) {
        assert_eq!(answer.status, self.status, "{what}: {}", answer.text);
        assert_eq!(answer.code(), self.code, "{what}: {}", answer.text);
        if portcullis_postgres_tests::project::OPERATOR_FILE.contains(stem(&self.message)) {
            assert_eq!(answer.message(), self.message, "{what}");
        }
        assert_eq!(table["row_count"].as_u64(), self.row_count, "{what}");
        assert_eq!(
            table["truncated_by"].as_str(),
            self.truncated_by.as_deref(),
            "{what}"
        );
    }
}

/// A message up to the object that it names.
fn stem(message: &str) -> &str {
    message.split_once(": ").map_or(message, |(stem, _)| stem)
}
