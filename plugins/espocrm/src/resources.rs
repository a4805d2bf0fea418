//! The addresses of schemas and records.

use portcullis_sdk::{Call, Failure, RecordAt, Resource, SchemaAt};

use crate::{
    entity,
    get::{self, Found},
    routes,
    schema::{self, Schema},
};

pub(crate) fn schemas() -> Resource {
    Resource::schemas(routes::discovery, schema_at)
}

pub(crate) fn records() -> Resource {
    Resource::records(routes::record, record_at)
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
