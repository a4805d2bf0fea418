//! The addresses of schemas and records.

use portcullis_sdk::{Call, Failure, RecordAt, Resource, SchemaAt, Suggestions, Typed, code};

use crate::{
    get::{self, Found},
    routes,
    schema::{self, Schema},
    tables,
};

pub(crate) fn schemas() -> Resource {
    Resource::schemas(routes::schema, schema_at).completes(&["entity"], Vec::new, entities)
}

pub(crate) fn records() -> Resource {
    Resource::records(routes::record_at, record_at).completes(&["entity"], Vec::new, entities)
}

fn entities(_: &Call<'_>, typed: Typed<'_>) -> Result<Suggestions, Failure> {
    let names = tables::ALL.iter().map(|entity| entity.name);
    Ok(Suggestions::beginning(names, typed.value))
}

fn schema_at(call: &Call<'_>, at: &SchemaAt) -> Result<Schema, Failure> {
    schema::of(call, Some(&at.entity), "/entity")
}

fn record_at(call: &Call<'_>, at: &RecordAt) -> Result<Found, Failure> {
    let id = at.id.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
        Failure::bad_input(code::INVALID_ARGUMENT, "an id is a whole number from 1").at("/id")
    })?;
    get::whole(call, &at.entity, id)
}
