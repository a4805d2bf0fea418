//! The addresses of schemas and records; an entity is a module here.

use portcullis_sdk::{Call, Failure, RecordAt, Resource, SchemaAt};

use crate::{
    get::{self, Found},
    module_fields::{self, Described},
    names, routes,
};

pub(crate) fn schemas() -> Resource {
    Resource::schemas(routes::schema_of_module, schema_at)
}

pub(crate) fn records() -> Resource {
    Resource::records(routes::record_of_module, record_at)
}

fn schema_at(call: &Call<'_>, at: &SchemaAt) -> Result<Described, Failure> {
    names::check(call, &at.entity, "/entity")?;
    module_fields::of(call, &at.entity, None)
}

fn record_at(call: &Call<'_>, at: &RecordAt) -> Result<Found, Failure> {
    names::check(call, &at.entity, "/entity")?;
    names::check_id(&at.id, "/id")?;
    get::one(call, &at.entity, &at.id, None)
}
