//! The fields that hold lists of ids: read, filtered, and stored one after the other.
//!
//! They are written after the record itself, each emptied before it is checked. What a bad id
//! leaves behind is therefore a stored record, and on a change an empty list.

use serde_json::{Map, Value, json};

use super::answer::Reply;
use super::input::Extent;
use super::route::is_uuid;
use super::schema::Entity;
use super::session::{Session, object};

/// Whether a record is new or was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    Create,
    Change(Extent),
}

/// Stores the lists of a body in a record that is stored already.
pub(crate) fn store(
    session: &mut Session<'_>,
    entity: &Entity,
    id: &str,
    body: &Map<String, Value>,
    write: Write,
) -> Result<(), Reply> {
    for (field, of) in entity.lists() {
        let given = body.get(field);
        if given.is_none() && write != Write::Change(Extent::Whole) {
            continue;
        }
        session.change(&entity.name, id, |record| record.set(field, json!([])));
        let given = given.unwrap_or(&Value::Null);
        let kept = if entity.name == "accounts" && field == "tags" && write == Write::Create {
            named_tags(session, given)?
        } else {
            known(session, entity, field, of, given, write)?
        };
        session.change(&entity.name, id, |record| record.set(field, kept));
    }
    Ok(())
}

/// The ids that exist in the organisation; others are dropped without a word.
fn known(
    session: &Session<'_>,
    entity: &Entity,
    field: &str,
    of: &str,
    given: &Value,
    write: Write,
) -> Result<Value, Reply> {
    let mut kept = Vec::new();
    for id in texts(given) {
        if !is_uuid(&id) {
            return Err(bad_id(entity, field, &id, write));
        }
        if session.get(of, &id).is_some() && !kept.contains(&id) {
            kept.push(id);
        }
    }
    Ok(json!(kept))
}

/// A 400 in most places, the page of a server error in some.
fn bad_id(entity: &Entity, field: &str, id: &str, write: Write) -> Reply {
    let breaks = match (entity.name.as_str(), field) {
        ("contacts" | "cases" | "accounts", "tags") => true,
        ("accounts", "assigned_to") => write == Write::Create,
        _ => false,
    };
    if breaks {
        Reply::page(500)
    } else {
        Reply::bare(field, format!("'{id}' is not a valid id."))
    }
}

/// Ids, objects with an id, or one id by itself.
fn texts(given: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(map) => Some(map.get("id")?.as_str()?.to_owned()),
        Value::Null => None,
        other => Some(other.to_string()),
    };
    match given {
        Value::Array(items) => items.iter().filter_map(one).collect(),
        other => one(other).into_iter().collect(),
    }
}

/// Tags by name, where unknown names are made; a known name with a blank in it breaks.
fn named_tags(session: &mut Session<'_>, given: &Value) -> Result<Value, Reply> {
    let mut kept = Vec::new();
    for name in texts(given) {
        let found = session
            .store
            .all(&session.who.org, "tags")
            .find(|tag| tag.text("name").eq_ignore_ascii_case(&name))
            .map(|tag| tag.id.clone());
        match found {
            Some(_) if name.contains(' ') => return Err(Reply::page(500)),
            Some(id) => kept.push(id),
            None => kept.push(session.make("tags", new_tag(&name, "blue", ""))),
        }
    }
    Ok(json!(kept))
}

/// What a new tag is stored as.
pub(crate) fn new_tag(name: &str, color: &str, description: &str) -> Map<String, Value> {
    let letter = |letter: char| {
        if letter.is_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let slug: String = name.chars().map(letter).collect();
    object(json!({
        "name": name, "slug": slug, "color": color, "description": description, "is_active": true,
    }))
}
