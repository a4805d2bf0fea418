//! What the database does on its own when a row is stored.

use serde_json::{Value, json};

use super::kind::moment;
use super::people::Role;
use super::schema::Relation;
use super::store::{Row, Store, number, text};

/// Before a row is stored.
pub(crate) fn before(store: &Store, role: &Role, relation: &Relation, row: &mut Row, is_new: bool) {
    if is_new && relation.is_owned() && row["sales_id"].is_null() {
        let own = role.person().map(|person| person.sales_id);
        row.insert("sales_id".into(), json!(own));
    }
    match relation.name {
        "companies" => fill_logo(store, row),
        "contacts" => {
            lower_addresses(row);
            fill_avatar(row);
        }
        _ => {}
    }
}

/// After a new row is stored.
pub(crate) fn after_insert(store: &mut Store, relation: &Relation, row: &Row) {
    if relation.name != "contact_notes" {
        return;
    }
    let contact = number(row, "contact_id").and_then(|id| store.row_mut("contacts", id));
    if let Some(contact) = contact {
        let seen = moment(text(contact, "last_seen"));
        if seen.is_some() && seen < moment(text(row, "date")) {
            contact.insert("last_seen".into(), row["date"].clone());
        }
    }
}

fn fill_logo(store: &Store, row: &mut Row) {
    if !row["logo"].is_null() || row["website"].is_null() {
        return;
    }
    let website = text(row, "website").to_lowercase();
    let host = website
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap_or_default();
    let excluded = store
        .rows("favicons_excluded_domains")
        .any(|it| text(it, "domain") == host);
    if !excluded {
        let logo = json!({"src": favicon(host), "title": host});
        row.insert("logo".into(), logo);
    }
}

/// An element without an address becomes null, as in the real one.
fn lower_addresses(row: &mut Row) {
    let Some(Value::Array(items)) = row.get_mut("email_jsonb") else {
        return;
    };
    for item in items {
        match item
            .get("email")
            .and_then(Value::as_str)
            .map(str::to_lowercase)
        {
            Some(address) => item["email"] = address.into(),
            None => *item = Value::Null,
        }
    }
}

/// The real one asks an avatar service for each address first. None is reachable from memory, so
/// that the picture of the first address's domain stands there at once.
fn fill_avatar(row: &mut Row) {
    let Some(Value::Array(items)) = row.get("email_jsonb") else {
        return;
    };
    let mut addresses = items.iter().filter_map(|item| item["email"].as_str());
    let host = addresses.next().and_then(|it| it.split('@').nth(1));
    if let (true, Some(host)) = (row["avatar"].is_null(), host) {
        let avatar = json!({"src": favicon(host)});
        row.insert("avatar".into(), avatar);
    }
}

fn favicon(host: &str) -> String {
    format!("https://favicon.example/{host}")
}
