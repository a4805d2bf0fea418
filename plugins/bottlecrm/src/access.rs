//! Whether the operator's settings let an entity be touched, and which fields it has to read.

use portcullis_sdk::{Call, Failure, Outcome, code};

use crate::{entity::Entity, settings::Settings};

/// # Errors
/// `settings.entities_allow` or `settings.entities_deny` closes the entity.
pub(crate) fn check(call: &Call<'_>, entity: &Entity) -> Result<(), Failure> {
    if Settings::of(call)?.allows(entity.name) {
        return Ok(());
    }
    Err(Failure::forbidden(
        code::DENIED,
        format!("the operator has closed {} on this connection", entity.name),
    )
    .at("/entity")
    .outcome(Outcome::NotDone))
}

/// The fields that can be read, as far as the tables know them.
pub(crate) fn readable(entity: &Entity) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = entity.row.to_vec();
    let written = entity.fields.iter().map(|field| field.name);
    let read = written.filter(|name| !name.ends_with("_id"));
    for name in entity.reads.iter().copied().chain(read) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
