//! `portcullis tools --cost`: what the lists of tools take of a model's context window.
//!
//! The only place that knows the encoding. Its vocabulary is part of the binary and is read when it is
//! asked for here, never by a host that serves.

use std::fmt::Write;

use serde_json::{Value, json};
use tiktoken_rs::CoreBPE;

use super::{Exit, complain, print as show};
use crate::mcp::{Written, written};
use crate::registry::{Connection, Snapshot};

/// The encoding of the models of 2024 and later that publish one; others differ by a few in a hundred.
const ENCODING: &str = "o200k_base";

/// What something costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cost {
    /// Bytes of JSON, as listed.
    bytes: usize,
    /// Tokens of that.
    listed: usize,
    /// Tokens of what clients hand on to a model: name, description, schema of the arguments.
    model: usize,
}

/// What one tool costs.
struct Counted {
    name: String,
    cost: Cost,
}

/// What a connection's tools cost, in either way of listing them.
struct Lists<'s> {
    connection: &'s Connection,
    all: Vec<Counted>,
    compact: Vec<Counted>,
}

/// Prints what the lists cost.
pub fn print(snapshot: &Snapshot, as_json: bool) -> Exit {
    let encoding = match tiktoken_rs::o200k_base() {
        Ok(encoding) => encoding,
        Err(error) => {
            let message = format_args!("the encoding {ENCODING} cannot be read: {error}");
            return complain(Exit::System, message);
        }
    };
    let lists: Vec<Lists<'_>> = snapshot
        .connections
        .iter()
        .map(|connection| Lists::count(snapshot, connection, &encoding))
        .collect();
    show(&if as_json {
        format!("{:#}", json(&lists))
    } else {
        table(&lists)
    })
}

impl<'s> Lists<'s> {
    fn count(snapshot: &Snapshot, connection: &'s Connection, encoding: &CoreBPE) -> Self {
        let (all, compact) = written(snapshot, connection);
        let count =
            |tools: Vec<Written>| tools.iter().map(|tool| counted(tool, encoding)).collect();
        Self {
            connection,
            all: count(all),
            compact: count(compact),
        }
    }

    fn shown(&self) -> &[Counted] {
        if self.connection.is_compact() {
            &self.compact
        } else {
            &self.all
        }
    }
}

fn counted(tool: &Written, encoding: &CoreBPE) -> Counted {
    let tokens = |text: &str| encoding.encode_ordinary(text).len();
    Counted {
        name: tool.name.clone(),
        cost: Cost {
            bytes: tool.whole.len(),
            listed: tokens(&tool.whole),
            model: tokens(&tool.for_model),
        },
    }
}

fn sum<'c>(tools: impl IntoIterator<Item = &'c Counted>) -> Cost {
    tools.into_iter().fold(Cost::default(), |sum, tool| Cost {
        bytes: sum.bytes + tool.cost.bytes,
        listed: sum.listed + tool.cost.listed,
        model: sum.model + tool.cost.model,
    })
}

fn table(lists: &[Lists<'_>]) -> String {
    let names = lists.iter().flat_map(Lists::shown);
    let width = names.map(|tool| tool.name.len()).max().unwrap_or(0).max(24);
    let mut text = format!(
        "{:width$}  {:>8}  {:>8}  {:>8}\n",
        "tool", "model", "listed", "bytes"
    );
    let mut line = |name: &str, cost: Cost| {
        let Cost {
            bytes,
            listed,
            model,
        } = cost;
        writeln!(text, "{name:width$}  {model:>8}  {listed:>8}  {bytes:>8}").ok();
    };
    for lists in lists {
        for tool in lists.shown() {
            line(&tool.name, tool.cost);
        }
        let name = &lists.connection.config.name;
        let (all, compact) = (sum(&lists.all), sum(&lists.compact));
        if lists.connection.is_compact() {
            line(&format!("= {name}, compact"), compact);
            line(&format!("  {name}, if all"), all);
        } else {
            line(&format!("= {name}"), all);
            line(&format!("  {name}, if compact"), compact);
        }
    }
    line(
        "= all connections",
        sum(lists.iter().flat_map(Lists::shown)),
    );
    text.push_str("\nmodel: tokens of what clients hand on to a model: name, description, schema of the arguments\nlisted: tokens of the whole entry in tools/list\n");
    writeln!(text, "Tokens are those of the encoding {ENCODING}; `list = \"compact\"` of a connection has it list three tools.").ok();
    text
}

fn json(lists: &[Lists<'_>]) -> Value {
    let connections: Vec<Value> = lists
        .iter()
        .map(|lists| {
            json!({
                "connection": lists.connection.config.name,
                "list": if lists.connection.is_compact() { "compact" } else { "all" },
                "tools": lists.shown().iter().map(|tool| {
                    let mut shown = of(tool.cost);
                    shown["name"] = json!(tool.name);
                    shown
                }).collect::<Vec<_>>(),
                "all": of(sum(&lists.all)),
                "compact": of(sum(&lists.compact)),
            })
        })
        .collect();
    json!({
        "encoding": ENCODING,
        "connections": connections,
        "total": of(sum(lists.iter().flat_map(Lists::shown))),
    })
}

fn of(cost: Cost) -> Value {
    json!({"model_tokens": cost.model, "listed_tokens": cost.listed, "bytes": cost.bytes})
}
