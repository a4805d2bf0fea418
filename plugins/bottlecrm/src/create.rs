//! The tool `crm_create`: checks, creates, and shows what was stored. A create that failed after it
//! stored something says so.

use portcullis_sdk::{Call, Failure, Kind, Outcome, Response, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    access,
    crm::{self, Record},
    entity::{self, Entity},
    errors::{self, About},
    ids,
    made::{self, Made},
    payload::{self, Mode},
    shape, stored,
};

/// Creates a record and answers with its id and what was stored. Fields and values are checked
/// first; people, tags, teams, accounts and contacts may be named by e-mail address or name.
/// crm_describe shows the fields of an entity.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateArgs {
    /// leads, contacts, accounts, opportunities, tasks, cases, invoices, solutions, estimates,
    /// products; tags and goals by administrators.
    #[schemars(extend("enum" = entity::NAMES))]
    entity: String,
    /// Field → value.
    data: Record,
}

/// What was created.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Created {
    entity: &'static str,
    /// The new record's id.
    id: String,
    /// The record as it is stored.
    record: Record,
    /// Fields that are stored otherwise than they were sent.
    #[serde(skip_serializing_if = "Record::is_empty")]
    stored_differently: Record,
}

pub(crate) fn create(call: &Call<'_>, args: &CreateArgs) -> Result<Created, Failure> {
    let entity = entity::find(&args.entity)?;
    access::check(call, entity)?;
    entity.create.map_err(|instead| {
        Failure::bad_input(
            code::INVALID_ENTITY_TYPE,
            format!("{} cannot be created here", entity.name),
        )
        .at("/entity")
        .suggest(instead)
    })?;
    let mut body = payload::build(call, entity, &args.data, Mode::Create)?;
    let later = later(entity, &mut body);
    let about = About::changing(entity.one, "create");
    let response = match call.http().post(entity.list()).json(&body).send() {
        Ok(response) => response,
        Err(failure) => return Err(lost(call, entity, &body, failure)),
    };
    if !response.is_success() {
        return Err(refused(call, entity, &body, &response, &about));
    }
    let response =
        crm::accept(response, &about).map_err(|page| look_back(call, entity, &body, page))?;
    let (id, told) = identify(call, entity, &body, &response)?;
    let told = told.filter(|_| later.is_none());
    add_tags(call, entity, &id, later.as_ref())?;
    body.extend(later);
    settle(call, entity, &body, id, told)
}

/// Tags of an account are names on create, and unknown ones would be made; so they follow by id.
fn later(entity: &Entity, body: &mut Record) -> Option<(String, Value)> {
    (entity.name == "accounts")
        .then(|| body.remove("tags"))?
        .map(|tags| ("tags".to_owned(), tags))
}

fn add_tags(
    call: &Call<'_>,
    entity: &Entity,
    id: &str,
    tags: Option<&(String, Value)>,
) -> Result<(), Failure> {
    let Some((_, tags)) = tags else {
        return Ok(());
    };
    let about = About::changing(entity.one, "tag").id(id);
    let ask = call
        .http()
        .patch(entity.record(id))
        .json(&json!({"tags": tags}));
    crm::send(ask, &about).map(drop).map_err(|failure| {
        partly(
            format!(
                "the {} was created, but setting its tags failed: {}",
                entity.one, failure.message
            ),
            id,
        )
        .suggest(
            "do not create it again; look at its tags with crm_get, and set them with crm_update",
        )
    })
}

/// The id of the new record and, where it was read already, the record itself.
fn identify(
    call: &Call<'_>,
    entity: &'static Entity,
    body: &Record,
    response: &Response,
) -> Result<(String, Option<Record>), Failure> {
    let answer = crm::object(response).unwrap_or_default();
    if let Some(record) = crm::written(entity, &answer)
        && ids::is_uuid(crm::text(&record, "id"))
    {
        return Ok((crm::text(&record, "id").to_owned(), Some(record)));
    }
    if ids::is_uuid(crm::text(&answer, "id")) {
        return Ok((crm::text(&answer, "id").to_owned(), None));
    }
    match made::find(call, entity, body, Made::Surely) {
        Ok(Some(found)) => Ok((found.id().to_owned(), found.whole.then_some(found.row))),
        Ok(None) => Err(unlearned(entity, body, "it lists none with these values")),
        Err(failure) => Err(unlearned(entity, body, &failure.message)),
    }
}

/// The CRM says that it made the record, and that is all that can be known.
fn unlearned(entity: &Entity, body: &Record, why: &str) -> Failure {
    let message = format!(
        "the CRM says that it created the {} and tells no id; looking for it failed: {why}",
        entity.one
    );
    Failure::new(Kind::UpstreamFault, code::PARTIAL, message)
        .outcome(Outcome::PartlyDone)
        .details(json!({"id": null, "sent": body}))
        .suggest(
            "do not create it again; look for it with crm_search, with a token that may read it",
        )
}

fn settle(
    call: &Call<'_>,
    entity: &'static Entity,
    body: &Record,
    id: String,
    told: Option<Record>,
) -> Result<Created, Failure> {
    let record = told
        .map_or_else(|| crm::record(call, entity, &id), Ok)
        .map_err(|failure| {
            let message = format!(
                "the {} was created, but could not be read back, so how it is stored is not known: {}",
                entity.one, failure.message
            );
            partly(message, &id).suggest("do not create it again; look at it with crm_get")
        })?;
    let differences = stored::differences(entity, body, &record);
    if stored::lost_members(entity, &differences) {
        return Err(partly(
            format!("the {} was created, but not every member of its lists was stored", entity.one),
            &id,
        )
        .details(json!({"id": id, "stored_differently": differences}))
        .suggest("do not create it again; crm_search shows who and what there is, crm_update sets the lists"));
    }
    let mut shown = stored::echo(body, &record);
    for key in [
        "id",
        "invoice_number",
        "estimate_number",
        "status",
        "stage",
        "total_amount",
        "created_at",
    ] {
        if let Some(value) = record.get(key).filter(|value| !value.is_null()) {
            shown
                .entry(key)
                .or_insert_with(|| shape::reduce(value, shape::Depth::Record, 1));
        }
    }
    call.link_record(entity.name, &id);
    Ok(Created {
        entity: entity.name,
        id,
        record: shown,
        stored_differently: differences,
    })
}

/// An answer that is an error: the CRM saves a record before it looks at its lists.
fn refused(
    call: &Call<'_>,
    entity: &'static Entity,
    body: &Record,
    response: &Response,
    about: &About<'_>,
) -> Failure {
    let failure = errors::refused(response, about);
    if errors::may_be_half_done(response) {
        look_back(call, entity, body, failure)
    } else {
        failure
    }
}

fn lost(call: &Call<'_>, entity: &'static Entity, body: &Record, failure: Failure) -> Failure {
    if failure.outcome == Some(Outcome::MayHaveHappened) {
        look_back(call, entity, body, failure)
    } else {
        failure
    }
}

/// After an error that leaves open what happened: looks whether the record is there.
fn look_back(call: &Call<'_>, entity: &'static Entity, body: &Record, failure: Failure) -> Failure {
    match made::find(call, entity, body, Made::Perhaps) {
        Ok(Some(found)) => {
            let (id, row) = (found.id().to_owned(), &found.row);
            let differences = stored::differences(entity, body, row);
            partly(
                format!("{} - but a {} with these values is stored since this call began", failure.message, entity.one),
                &id,
            )
            .details(json!({"id": id, "created_at": row.get("created_at"), "stored_differently": differences}))
            .suggest("do not create it again; look at it with crm_get, and set what is missing with crm_update")
        }
        Ok(None) if failure.kind == Kind::UpstreamFault => {
            let race = entity.name == "invoices";
            let failure = failure.outcome(Outcome::NotDone);
            if race {
                failure
                    .retryable()
                    .suggest("nothing was stored; the CRM draws invoice numbers in a race, so create one invoice at a time and try again")
            } else {
                failure.suggest("nothing with these values was stored; check ids and values before trying again")
            }
        }
        Ok(None) if failure.kind == Kind::BadInput => failure.outcome(Outcome::NotDone),
        Ok(None) => failure.suggest(
            "nothing with these values is listed yet; look again before creating it once more",
        ),
        Err(_) => failure
            .outcome(Outcome::MayHaveHappened)
            .suggest("look with crm_search whether it was stored before creating it again"),
    }
}

pub(crate) fn partly(message: String, id: &str) -> Failure {
    Failure::new(Kind::UpstreamFault, code::PARTIAL, message)
        .outcome(Outcome::PartlyDone)
        .details(json!({ "id": id }))
}
