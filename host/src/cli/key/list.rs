//! `portcullis key list`: the keys, for a person or a program.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{Exit, complain, print};
use crate::keys::{Book, Entry, Record, Standing, Terms};

/// Prints the keys that are good, or all.
pub async fn list(book: &Book, all: bool, json: bool) -> Result<Exit, Exit> {
    let entries = book.entries().await;
    let entries = entries.map_err(|error| complain(Exit::System, error))?;
    let now = Timestamp::now();
    let shown = |entry: &&Entry| all || entry.record.standing(now) == Standing::Good;
    let entries: Vec<&Entry> = entries.iter().filter(shown).collect();
    if json {
        let keys: Vec<Value> = entries.iter().map(|entry| as_json(entry, now)).collect();
        return Ok(print(&format!("{:#}", json!({ "keys": keys }))));
    }
    Ok(print(&table(&entries, now)))
}

fn table(entries: &[&Entry], now: Timestamp) -> String {
    if entries.is_empty() {
        return "no key; `portcullis key issue NAME --expires 90d` issues one".into();
    }
    let names = entries.iter().map(|entry| entry.record.name.len());
    let width = names.max().unwrap_or(0);
    entries.iter().fold(String::new(), |mut text, entry| {
        let Entry { record, last_used } = entry;
        let standing = match record.standing(now) {
            Standing::Good => until(record),
            Standing::Revoked => "revoked".into(),
            Standing::Expired => "expired".into(),
        };
        let used = last_used.map_or("never used".into(), |at| {
            format!("used in the hour from {}", hour(at))
        });
        let (name, id, purpose) = (&record.name, &record.id, purpose(&record.terms));
        writeln!(
            text,
            "{name:width$}  {id}  {standing}, {used}; for {purpose}"
        )
        .ok();
        text
    })
}

/// Until when a key is good.
pub fn until(record: &Record) -> String {
    match record.expires {
        Some(end) => format!("good until {}", minute(end)),
        None => "good until it is revoked".into(),
    }
}

/// What a key is for.
pub fn purpose(terms: &Terms) -> String {
    let some = |list: Vec<&str>| list.join(", ");
    let connections = terms.connections.as_ref().map(|names| {
        let names = some(names.iter().map(String::as_str).collect());
        format!("the connections {names}")
    });
    let allow = terms.allow.as_ref().map(|effects| {
        let effects = some(effects.iter().map(|effect| effect.as_str()).collect());
        format!("{effects} tools")
    });
    let tools = terms.tools.as_ref().map(|tools| {
        let tools = some(tools.iter().map(String::as_str).collect());
        format!("tools that fit {tools}")
    });
    let rate = terms.calls_per_minute;
    let rate = rate.map(|rate| format!("{rate} calls per minute"));
    let parts: Vec<String> = [connections, allow, tools, rate]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() {
        "everything that the configuration allows".into()
    } else {
        parts.join(", ")
    }
}

fn as_json(entry: &Entry, now: Timestamp) -> Value {
    let Entry { record, last_used } = entry;
    json!({
        "id": record.id,
        "name": record.name,
        "state": match record.standing(now) {
            Standing::Good => "good",
            Standing::Revoked => "revoked",
            Standing::Expired => "expired",
        },
        "created": record.created,
        "expires": record.expires,
        "revoked": record.revoked,
        "last_used": last_used.map(hour),
        "connections": record.terms.connections,
        "allow": record.terms.allow,
        "tools": record.terms.tools,
        "calls_per_minute": record.terms.calls_per_minute,
    })
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%MZ").to_string()
}

/// Uses are noted by the hour.
fn hour(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:00Z").to_string()
}
