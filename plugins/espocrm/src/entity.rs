//! Entity types and ids: their shape, whether a tool may touch them, where a record's page is.

use portcullis_sdk::{Call, Failure, Outcome, code, text};

use crate::{metadata, routes, settings::Settings};

/// Checks an entity type as far as it can be done without asking the CRM.
pub(crate) fn check(call: &Call<'_>, entity: &str) -> Result<(), Failure> {
    check_at(call, entity, "/entityType")
}

/// The same, for an argument of another name.
pub(crate) fn check_at(call: &Call<'_>, entity: &str, pointer: &str) -> Result<(), Failure> {
    let shape = entity.starts_with(|first: char| first.is_ascii_alphabetic())
        && entity.chars().all(|c| c.is_ascii_alphanumeric());
    if !shape || entity.len() > 100 {
        return Err(unknown(entity).at(pointer));
    }
    if is_one_of(entity, routes::CLOSED) {
        return Err(unknown(entity)
            .at(pointer)
            .suggest("it holds no records for tools; list_entity_types shows those that do"));
    }
    if !Settings::of(call)?.allows(entity) {
        return Err(excluded(entity).at(pointer));
    }
    match metadata::cached_scopes(call) {
        Some(scopes) if !scopes.contains(entity) => Err(unknown(entity)
            .at(pointer)
            .suggest_some(text::did_you_mean(entity, scopes.keys()))),
        _ => Ok(()),
    }
}

/// Checks an entity type that is going to be changed.
pub(crate) fn check_writable(call: &Call<'_>, entity: &str) -> Result<(), Failure> {
    check(call, entity)?;
    if is_one_of(entity, routes::READ_ONLY) {
        return Err(Failure::forbidden(
            code::PERMISSION_DENIED,
            format!("{entity} records are not changed by tools"),
        )
        .at("/entityType")
        .suggest("they decide rights or send mail; the CRM's administrator changes them")
        .outcome(Outcome::NotDone));
    }
    Ok(())
}

/// Whether the operator's settings leave an entity type out.
pub(crate) fn excluded(entity: &str) -> Failure {
    Failure::forbidden(
        code::PERMISSION_DENIED,
        format!("the operator's settings leave {entity} out"),
    )
    .suggest("settings.entities_allow and settings.entities_deny of the connection decide")
    .outcome(Outcome::NotDone)
}

pub(crate) fn unknown(entity: &str) -> Failure {
    Failure::not_found(
        code::INVALID_ENTITY_TYPE,
        format!("there is no entity type {entity}, or the role hides it"),
    )
    .outcome(Outcome::NotDone)
}

/// Checks the shape of an id; what is allowed is wider than what EspoCRM makes itself.
pub(crate) fn check_id(id: &str, pointer: &str) -> Result<(), Failure> {
    if is_id(id) {
        return Ok(());
    }
    Err(Failure::bad_input(
        code::INVALID_ARGUMENT,
        "an id has 1 to 36 letters, digits, underscores or hyphens",
    )
    .at(pointer))
}

pub(crate) fn is_id(id: &str) -> bool {
    (1..=36).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// The address of a record's page.
pub(crate) fn page_url(site: &str, entity: &str, id: &str) -> String {
    let site = site.trim_end_matches('/');
    let site = site.strip_suffix("/api/v1").unwrap_or(site);
    format!("{site}/#{entity}/view/{id}")
}

fn is_one_of(entity: &str, list: &[&str]) -> bool {
    list.iter().any(|name| name.eq_ignore_ascii_case(entity))
}
