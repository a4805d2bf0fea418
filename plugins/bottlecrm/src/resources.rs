//! The addresses of schemas and records.

use portcullis_sdk::{Call, Failure, RecordAt, Resource, SchemaAt};

use crate::{
    describe::{self, Description},
    get::{self, Found},
    routes,
};

pub(crate) fn schemas() -> Resource {
    Resource::schemas(routes::describe, schema_at)
}

pub(crate) fn records() -> Resource {
    Resource::records(routes::record_at, record_at)
}

fn schema_at(call: &Call<'_>, at: &SchemaAt) -> Result<Description, Failure> {
    describe::of(call, &at.entity)
}

fn record_at(call: &Call<'_>, at: &RecordAt) -> Result<Found, Failure> {
    get::whole(call, &at.entity, &at.id)
}
