//! The addresses of schemas and records; an entity is a module here.

use portcullis_sdk::{Call, Failure, RecordAt, Resource, SchemaAt, Suggestions, Typed};

use crate::{
    get::{self, Found},
    module_fields::{self, Described},
    modules::{self, Modules},
    names, routes,
};

pub(crate) fn schemas() -> Resource {
    Resource::schemas(routes::schema_of_module, schema_at).completes(
        &["entity"],
        routes::modules,
        described,
    )
}

pub(crate) fn records() -> Resource {
    Resource::records(routes::record_of_module, record_at).completes(
        &["entity"],
        routes::modules,
        with_records,
    )
}

fn described(call: &Call<'_>, typed: Typed<'_>) -> Result<Suggestions, Failure> {
    named(call, typed, |_, _| true)
}

/// Those whose records the role lets this user see.
fn with_records(call: &Call<'_>, typed: Typed<'_>) -> Result<Suggestions, Failure> {
    named(call, typed, |modules, name| modules.allow(name, "view"))
}

/// Those of the modules that this user sees and tools may read.
fn named(
    call: &Call<'_>,
    typed: Typed<'_>,
    serves: fn(&Modules, &str) -> bool,
) -> Result<Suggestions, Failure> {
    let modules = modules::list(call)?;
    let open = |name: &&str| serves(&modules, name) && names::check(call, name, "/entity").is_ok();
    Ok(Suggestions::beginning(
        modules.names().filter(open),
        typed.value,
    ))
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
