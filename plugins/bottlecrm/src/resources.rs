//! The addresses of schemas and records.

use portcullis_sdk::{Call, Failure, RecordAt, Resource, SchemaAt, Suggestions, Typed};

use crate::{
    describe::{self, Description},
    entity::{self, Entity},
    get::{self, Found},
    routes,
    settings::Settings,
};

pub(crate) fn schemas() -> Resource {
    Resource::schemas(routes::describe, schema_at).completes(&["entity"], routes::none, described)
}

pub(crate) fn records() -> Resource {
    Resource::records(routes::record_at, record_at).completes(
        &["entity"],
        routes::none,
        with_records,
    )
}

fn described(call: &Call<'_>, typed: Typed<'_>) -> Result<Suggestions, Failure> {
    named(call, typed, |_| true)
}

/// Those whose records can be read by their ids.
fn with_records(call: &Call<'_>, typed: Typed<'_>) -> Result<Suggestions, Failure> {
    named(call, typed, |entity| entity.get.is_ok())
}

/// Those of the entities that the operator has not closed.
fn named(
    call: &Call<'_>,
    typed: Typed<'_>,
    serves: fn(&Entity) -> bool,
) -> Result<Suggestions, Failure> {
    let settings = Settings::of(call)?;
    let open = entity::all().filter(|entity| serves(entity) && settings.allows(entity.name));
    let names = open.map(|entity| entity.name);
    Ok(Suggestions::beginning(names, typed.value))
}

fn schema_at(call: &Call<'_>, at: &SchemaAt) -> Result<Description, Failure> {
    describe::of(call, &at.entity)
}

fn record_at(call: &Call<'_>, at: &RecordAt) -> Result<Found, Failure> {
    get::whole(call, &at.entity, &at.id)
}
