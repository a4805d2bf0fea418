//! Functions of the database, called as `rpc/…`.
//!
//! The CRM's own that tools call. Those for SQL are not installed here: a call of one is refused as
//! by any project whose operator has not run their file.

use serde_json::{Value, json};

use super::answer::{Answer, Body, Reply};
use super::kind::moment;
use super::policy::{Deed, Policy};
use super::store::{Row, Store, id_of, number, text};

/// Calls a function with named arguments; `reading` is for a call that may not write.
pub(crate) fn call(
    store: &mut Store,
    policy: &Policy,
    name: &str,
    arguments: &Row,
    reading: bool,
) -> Answer {
    let mut names: Vec<&str> = arguments.keys().map(String::as_str).collect();
    names.sort_unstable();
    let answer = match (name, names.as_slice()) {
        ("merge_contacts", ["loser_id", "winner_id"]) => {
            let id = |name: &str| super::kind::Kind::BigInt.read(&arguments[name]);
            let (loser, winner) = (id("loser_id")?, id("winner_id")?);
            let both = contacts(store, policy, loser.as_i64(), winner.as_i64())?;
            if reading {
                let message = "cannot execute UPDATE in a read-only transaction";
                return Err(Reply::refused("25006", message));
            }
            merge(store, policy, both)
        }
        ("is_admin", []) => {
            let person = policy.role.person();
            json!(person.is_some_and(|person| person.administrator))
        }
        (name, names) => return Err(unknown(name, names)),
    };
    Ok(Reply::new(200, Body::Json(answer)).header("content-range", "0-0/*"))
}

fn unknown(name: &str, names: &[&str]) -> Reply {
    let list = names.join(", ");
    let (shown, searched) = match names.len() {
        0 => (
            format!("public.{name} without parameters"),
            "without parameters".to_owned(),
        ),
        1 => (
            format!("public.{name}({list})"),
            format!("with parameter {list}"),
        ),
        _ => (
            format!("public.{name}({list})"),
            format!("with parameters {list}"),
        ),
    };
    let message = format!("Could not find the function {shown} in the schema cache");
    let details = format!(
        "Searched for the function public.{name} {searched} or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache."
    );
    Reply::refused("PGRST202", message).details(details)
}

/// The loser and the winner, as far as the caller sees them.
fn contacts(
    store: &Store,
    policy: &Policy,
    loser: Option<i64>,
    winner: Option<i64>,
) -> Result<(Row, Row), Reply> {
    let seen = |id: Option<i64>| {
        let row = store.row("contacts", id?)?;
        let may = policy.allows(Deed::See, "contacts", row);
        may.then(|| row.clone())
    };
    let both = seen(loser).zip(seen(winner));
    both.ok_or_else(|| Reply::refused("P0001", "Contact not found"))
}

/// Moves everything of one contact to another and removes it.
fn merge(store: &mut Store, policy: &Policy, (old, kept): (Row, Row)) -> Value {
    let (from, to) = (json!(id_of(&old)), json!(id_of(&kept)));
    for table in ["tasks", "contact_notes"] {
        let rows: Vec<Row> = store
            .rows(table)
            .filter(|row| row["contact_id"] == from && policy.allows(Deed::Change, table, row))
            .cloned()
            .collect();
        for mut row in rows {
            row.insert("contact_id".into(), to.clone());
            store.put(table, row);
        }
    }
    let named: Vec<Row> = store
        .rows("deals")
        .filter(|row| list(row, "contact_ids").contains(&from))
        .cloned()
        .collect();
    for mut row in named {
        let ids = list(&row, "contact_ids").into_iter();
        let ids = ids.map(|id| if id == from { to.clone() } else { id });
        row.insert("contact_ids".into(), one_each(ids, Value::clone));
        store.put("deals", row);
    }
    store.put("contacts", joined(&old, &kept));
    store.remove("contacts", number(&old, "id").unwrap_or_default());
    to
}

/// The winner with what it gains.
fn joined(old: &Row, kept: &Row) -> Row {
    let mut row = kept.clone();
    let both = |column: &str| list(kept, column).into_iter().chain(list(old, column));
    let emails = one_each(both("email_jsonb"), |it| it["email"].clone());
    let phones = one_each(both("phone_jsonb"), |it| it["number"].clone());
    let tags = one_each(both("tags"), Value::clone);
    row.insert("email_jsonb".into(), emails);
    row.insert("phone_jsonb".into(), phones);
    row.insert("tags".into(), tags);
    for column in [
        "title",
        "gender",
        "background",
        "linkedin_url",
        "avatar",
        "company_id",
    ] {
        if row[column].is_null() {
            row.insert(column.into(), old[column].clone());
        }
    }
    for (column, latest) in [("first_seen", false), ("last_seen", true)] {
        let (own, other) = (moment(text(kept, column)), moment(text(old, column)));
        if own.is_none() || (other.is_some() && (own < other) == latest) {
            row.insert(column.into(), old[column].clone());
        }
    }
    row
}

fn list(row: &Row, column: &str) -> Vec<Value> {
    row[column].as_array().cloned().unwrap_or_default()
}

/// The first of each key.
fn one_each(items: impl Iterator<Item = Value>, key: impl Fn(&Value) -> Value) -> Value {
    let mut known: Vec<Value> = Vec::new();
    let mut kept = Vec::new();
    for item in items {
        let key = key(&item);
        if !known.contains(&key) {
            known.push(key);
            kept.push(item);
        }
    }
    Value::Array(kept)
}
