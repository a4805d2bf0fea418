//! Answers of BottleCRM as large as those of an organisation that has been at work for a while.
//!
//! Its lists carry whole catalogues and nested records. The in-memory one has few records, so what
//! is repeated here is what it answers itself: the members of the lists that grow with an
//! organisation, and the paths and components of the document that describes the API.

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

/// A page of 20 leads.
pub(crate) const LEADS: usize = 105_000;
/// A page of 20 opportunities.
pub(crate) const OPPORTUNITIES: usize = 533_000;
/// A lead.
pub(crate) const LEAD: usize = 13_000;
/// The document that describes the API.
pub(crate) const SCHEMA: usize = 969_000;

/// Lists that grow with an organisation, beside the rows of a page and within them.
const GROWING: &[&str] = &[
    "contacts",
    "teams",
    "users",
    "users_excluding_team",
    "accounts_list",
    "contacts_list",
];

/// Objects that do.
const MEMBERS: &[&str] = &["paths", "schemas"];

/// How large the answer to a request is; none for one that stays as it is.
pub(crate) fn size(method: &str, uri: &str) -> Option<usize> {
    let path = uri.split('?').next().unwrap_or_default();
    let lead = |path: &str| {
        let id = path.strip_prefix("/api/leads/")?.strip_suffix('/')?;
        (id.len() == 36).then_some(LEAD)
    };
    match (method, path) {
        ("GET", "/api/leads/") => Some(LEADS),
        ("GET", "/api/opportunities/") => Some(OPPORTUNITIES),
        ("GET", "/schema/") => Some(SCHEMA),
        ("GET", other) => lead(other),
        _ => None,
    }
}

/// Whether a body has about a size: within a twentieth.
pub(crate) const fn is_near(length: usize, size: usize) -> bool {
    length.abs_diff(size) * 20 <= size
}

/// A JSON body grown to about a size. One that was printed with line breaks stays so.
///
/// # Errors
/// It is no JSON, or there is too little in it that grows.
pub(crate) fn grown(body: &[u8], size: usize) -> Result<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(body).context("a body that is no JSON")?;
    let print = match body.starts_with(b"{\n") {
        true => serde_json::to_vec_pretty,
        false => serde_json::to_vec,
    };
    let mut text = print(&value)?;
    for turn in 0.. {
        let dense = value.to_string().len();
        let missing = size.saturating_sub(text.len()) * dense / text.len();
        let mut left = missing;
        grow(&mut value, turn, &mut left);
        if left == missing {
            break;
        }
        text = print(&value)?;
    }
    ensure!(
        is_near(text.len(), size),
        "a body of {} bytes instead of {size}",
        text.len()
    );
    Ok(text)
}

/// Every list and object that grows gets a copy of each of its members, as long as so many bytes are
/// missing; so the outer and the inner ones grow alike.
fn grow(value: &mut Value, turn: usize, missing: &mut usize) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                grow(inner, turn, missing);
                match inner {
                    Value::Array(items) if GROWING.contains(&key.as_str()) => {
                        lengthen(items, missing);
                    }
                    Value::Object(members) if MEMBERS.contains(&key.as_str()) => {
                        widen(members, turn, missing);
                    }
                    _ => {}
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| grow(item, turn, missing)),
        _ => {}
    }
}

fn lengthen(items: &mut Vec<Value>, missing: &mut usize) {
    for at in 0..items.len() {
        let length = items[at].to_string().len() + 1;
        if let Some(left) = missing.checked_sub(length) {
            *missing = left;
            items.push(items[at].clone());
        }
    }
}

fn widen(members: &mut Map<String, Value>, turn: usize, missing: &mut usize) {
    let names: Vec<String> = members.keys().cloned().collect();
    for name in names {
        let copy = members[&name].clone();
        let length = name.len() + copy.to_string().len() + 5;
        if let Some(left) = missing.checked_sub(length) {
            *missing = left;
            members.insert(format!("{name}{turn}"), copy);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_lists_that_grow_do() {
        let row = json!({"id": "a", "teams": [{"name": "one"}], "tags": [{"name": "hot"}]});
        let body =
            json!({"leads_count": 2, "rows": [row, row], "users": [{"email": "a@b.example"}]});
        let grown = grown(body.to_string().as_bytes(), 5_000).unwrap();
        let grown: Value = serde_json::from_slice(&grown).unwrap();
        assert_eq!(grown["rows"].as_array().map(Vec::len), Some(2));
        assert_eq!(grown["rows"][0]["tags"], row["tags"]);
        for list in [&grown["rows"][0]["teams"], &grown["users"]] {
            assert!(list.as_array().is_some_and(|list| list.len() > 5), "{list}");
        }
    }

    #[test]
    fn a_document_stays_printed_and_what_cannot_grow_is_an_error() {
        let body = json!({"paths": {"/a/": {"get": {}}}, "components": {"schemas": {"A": {}}}});
        let body = serde_json::to_vec_pretty(&body).unwrap();
        let text = String::from_utf8(grown(&body, 3_000).unwrap()).unwrap();
        assert!(
            text.starts_with("{\n") && is_near(text.len(), 3_000),
            "{text}"
        );
        assert!(grown(b"{\"a\":1}", 100).is_err());
        assert!(grown(b"<html>", 100).is_err());
    }

    #[test]
    fn sizes_belong_to_reads() {
        let id = "00000000-0000-4000-8000-000000000000";
        assert_eq!(size("GET", "/api/leads/?limit=20"), Some(LEADS));
        assert_eq!(size("GET", &format!("/api/leads/{id}/")), Some(LEAD));
        assert_eq!(size("PATCH", &format!("/api/leads/{id}/")), None);
        assert_eq!(size("GET", "/api/leads/kanban/"), None);
    }
}
