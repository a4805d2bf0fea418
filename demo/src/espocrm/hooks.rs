//! What EspoCRM does on its own when a record is saved: derived values and stream entries.
//!
//! The only place with code for single entities, and only where the real one has such code.

use serde_json::{Map, Value, json};

use super::errors::Refusal;
use super::input::Input;
use super::relation::parent_of;
use super::router::Session;
use super::schema::Entity;
use super::store::{Record, Store};
use super::{addresses, notes, pipelines};
use crate::clock::stamp;

pub(crate) fn before_create(
    session: &Session<'_>,
    store: &Store,
    entity: &Entity,
    record: &mut Record,
    input: &Input,
) {
    fill_currencies(entity, record);
    pipelines::fill(store, entity, record);
    follow_stage(entity, None, record, input);
    derive(session, store, entity, record);
    addresses::sync(entity, record, input);
}

pub(crate) fn before_update(
    session: &Session<'_>,
    store: &Store,
    entity: &Entity,
    before: &Record,
    after: &mut Record,
    input: &Input,
) -> Result<(), Refusal> {
    fill_currencies(entity, after);
    pipelines::apply(store, entity, after, input)?;
    if !entity.flag("pipelines") {
        follow_stage(entity, Some(before), after, input);
    }
    derive(session, store, entity, after);
    addresses::sync(entity, after, input);
    if entity.name == "Email" {
        super::email::check_sender(session, store, after, input)?;
    }
    Ok(())
}

pub(crate) fn after_create(session: &Session<'_>, store: &mut Store, entity: &Entity, id: &str) {
    pipelines::add_stages(session, store, entity, id);
    link_primary_account(session, store, entity, id);
    invite_owner(session, store, entity, id);
    follow_owner(store, entity, id);
    notes::record_created(session, store, entity, id);
}

pub(crate) fn after_update(
    session: &Session<'_>,
    store: &mut Store,
    entity: &Entity,
    before: &Record,
) {
    link_primary_account(session, store, entity, &before.id);
    follow_owner(store, entity, &before.id);
    notes::record_updated(session, store, entity, before);
}

/// Whether a save makes the server send the e-mail at once, which fails without SMTP.
pub(crate) fn tries_to_send(entity: &Entity, before: &Record, after: &Record) -> bool {
    entity.name == "Email"
        && after.text("status") == Some("Sending")
        && before.text("status") != Some("Sending")
}

fn fill_currencies(entity: &Entity, record: &mut Record) {
    for field in entity
        .fields
        .iter()
        .filter(|field| field.kind == "currency")
    {
        let currency = format!("{}Currency", field.name);
        if !record.get(&field.name).is_null() && record.get(&currency).is_null() {
            record.set(&currency, "USD");
        }
    }
}

/// The probability follows the stage unless the client sets it.
fn follow_stage(entity: &Entity, before: Option<&Record>, record: &mut Record, input: &Input) {
    let Some(map) = entity
        .field("stage")
        .and_then(|field| field.def.get("probabilityMap"))
    else {
        return;
    };
    let Some(stage) = record.text("stage").map(str::to_owned) else {
        return;
    };
    let moved = before.is_none_or(|before| before.text("stage") != Some(stage.as_str()));
    if moved && !input.has("probability") {
        record.set("probability", map[&stage].clone());
    }
    if moved && stage != "Closed Lost" {
        record.set("lastStage", stage);
    }
}

fn derive(session: &Session<'_>, store: &Store, entity: &Entity, record: &mut Record) {
    match entity.name.as_str() {
        "Task" => {
            take_day(record, "dateEnd");
            complete(session, record);
            account_of_parent(store, record, true);
        }
        "Meeting" => {
            let all_day = !record.get("dateStartDate").is_null();
            take_day(record, "dateEnd");
            record.set("isAllDay", all_day);
            account_of_parent(store, record, false);
        }
        "Call" | "Email" => account_of_parent(store, record, false),
        _ => {}
    }
}

/// A day without a time ends at the next midnight.
fn take_day(record: &mut Record, name: &str) {
    let day = record
        .text(&format!("{name}Date"))
        .and_then(super::dates::day);
    if let Some(next) = day.and_then(|day| day.tomorrow().ok()) {
        record.set(name, format!("{next} 00:00:00"));
    }
}

fn complete(session: &Session<'_>, record: &mut Record) {
    let done = record.text("status") == Some("Completed");
    if done && record.get("dateCompleted").is_null() {
        record.set("dateCompleted", stamp(session.crm.now()));
    } else if !done && !record.values.contains_key("dateCompleted") {
        record.set("dateCompleted", Value::Null);
    }
}

/// Activities know the account, and tasks the contact, of the record they are about.
fn account_of_parent(store: &Store, record: &mut Record, with_contact: bool) {
    let Some((kind, id)) = parent_of(record, "parent") else {
        return;
    };
    let (kind, id) = (kind.to_owned(), id.to_owned());
    let account = match kind.as_str() {
        "Account" => json!(id),
        _ => store
            .live(&kind, &id)
            .map_or(Value::Null, |parent| parent.get("accountId").clone()),
    };
    record.set("accountId", account);
    if with_contact {
        record.set(
            "contactId",
            if kind == "Contact" {
                json!(id)
            } else {
                Value::Null
            },
        );
    }
}

/// The account of a contact is also one of its accounts, with the title as role.
fn link_primary_account(session: &Session<'_>, store: &mut Store, entity: &Entity, id: &str) {
    if entity.name != "Contact" {
        return;
    }
    let Some(contact) = store.live("Contact", id).cloned() else {
        return;
    };
    let (Some(account), Some(link)) = (contact.text("accountId"), entity.link("accounts")) else {
        return;
    };
    let title = contact.get("title").clone();
    let columns = if title.is_null() {
        Map::new()
    } else {
        Map::from_iter([("role".to_owned(), title)])
    };
    session.attach(store, entity, id, link, account, columns);
}

/// The owner of a meeting or call takes part in it.
fn invite_owner(session: &Session<'_>, store: &mut Store, entity: &Entity, id: &str) {
    let Some(link) = entity
        .link("users")
        .filter(|_| entity.scope.contains_key("attendeeLinkMap"))
    else {
        return;
    };
    let owner = store
        .live(&entity.name, id)
        .and_then(|record| record.text("assignedUserId").map(str::to_owned));
    if let Some(owner) = owner {
        session.attach(store, entity, id, link, &owner, Map::new());
    }
}

/// Humans follow what is assigned to them; API users follow nothing.
fn follow_owner(store: &mut Store, entity: &Entity, id: &str) {
    let owner = store
        .live(&entity.name, id)
        .and_then(|record| record.text("assignedUserId").map(str::to_owned));
    let Some(owner) = owner.filter(|_| entity.flag("stream")) else {
        return;
    };
    let is_human = store
        .live("User", &owner)
        .is_some_and(|user| user.text("type") != Some("api"));
    let followers = store.followers.entry(id.to_owned()).or_default();
    if is_human && !followers.contains(&owner) {
        followers.push(owner);
    }
}
