//! The addresses of schemas and records.

use portcullis_sdk::{Call, Failure, RecordAt, Resource, SchemaAt, Suggestions, Typed};

use crate::{
    entity, entity_types,
    get::{self, Found},
    routes,
    schema::{self, Schema},
};

pub(crate) fn schemas() -> Resource {
    Resource::schemas(routes::discovery, schema_at).completes(&["entity"], routes::scopes, entities)
}

pub(crate) fn records() -> Resource {
    Resource::records(routes::record, record_at).completes(&["entity"], routes::scopes, entities)
}

fn entities(call: &Call<'_>, typed: Typed<'_>) -> Result<Suggestions, Failure> {
    let names = entity_types::names(call)?;
    Ok(Suggestions::beginning(names, typed.value))
}

fn schema_at(call: &Call<'_>, at: &SchemaAt) -> Result<Schema, Failure> {
    entity::check_at(call, &at.entity, "/entity")?;
    schema::of(call, &at.entity)
}

fn record_at(call: &Call<'_>, at: &RecordAt) -> Result<Found, Failure> {
    entity::check_at(call, &at.entity, "/entity")?;
    entity::check_id(&at.id, "/id")?;
    get::whole(call, &at.entity, &at.id)
}
