//! The tool `crm_update`: checks, changes, and reads back what is stored.

use portcullis_sdk::{Ask, Call, Failure, Kind, Outcome, Response, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    access,
    create::partly,
    crm::{self, Record},
    entity::{self, Entity, Verb},
    errors::{self, About},
    ids,
    payload::{self, Mode},
    stored,
};

/// Changes fields of a record; fields that are not named stay as they are. A list (assigned_to,
/// tags, contacts, teams, line_items) is replaced as a whole, `[]` empties it. Closing a deal: set
/// stage to CLOSED_WON with closed_on and amount, or to CLOSED_LOST with closed_on; closing a case
/// needs closed_on. Converting a lead is crm_action.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateArgs {
    /// leads, contacts, accounts, opportunities, tasks, cases, invoices, solutions, estimates,
    /// products; tags and goals by administrators.
    #[schemars(extend("enum" = entity::NAMES))]
    entity: String,
    /// The record's id, a UUID.
    #[schemars(length(min = 1, max = 64))]
    id: String,
    /// Field → new value; null empties a field.
    data: Record,
}

/// What is stored now.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Updated {
    entity: &'static str,
    id: String,
    /// The named fields as they are stored now.
    record: Record,
}

pub(crate) fn update(call: &Call<'_>, args: &UpdateArgs) -> Result<Updated, Failure> {
    let entity = entity::find(&args.entity)?;
    access::check(call, entity)?;
    ids::check(&args.id, "/id")?;
    let body = payload::build(call, entity, &args.data, Mode::Update)?;
    let ask = request(call, entity, &args.id)?.json(&whole(call, entity, &args.id, &body)?);
    let about = About::changing(entity.one, "update").id(&args.id);
    let response = match ask.send() {
        Ok(response) => response,
        Err(failure) => return Err(look_back(call, entity, &args.id, &body, failure)),
    };
    if !response.is_success() {
        let failure = hint(entity, &body, errors::refused(&response, &about));
        return Err(if errors::may_be_half_done(&response) {
            look_back(call, entity, &args.id, &body, failure)
        } else {
            failure
        });
    }
    settle(call, entity, &args.id, &body, &response)
}

/// Invoices and their kin know no PATCH, and their PUT is partial; a PUT elsewhere would empty the
/// lists that it does not name.
fn request<'c>(call: &'c Call<'c>, entity: &Entity, id: &str) -> Result<Ask<'c>, Failure> {
    match entity.update {
        Verb::Patch => Ok(call.http().patch(entity.record(id))),
        Verb::Put => Ok(call.http().put(entity.record(id))),
        Verb::None(instead) => Err(Failure::bad_input(
            code::INVALID_ENTITY_TYPE,
            format!("{} cannot be changed here", entity.name),
        )
        .at("/entity")
        .suggest(instead)),
    }
}

/// What is sent: the changes, and for a tag, whose PUT is not known to be partial, also what it has.
fn whole(call: &Call<'_>, entity: &Entity, id: &str, body: &Record) -> Result<Record, Failure> {
    if entity.name != "tags" {
        return Ok(body.clone());
    }
    let mut stored = crm::record(call, entity, id)?;
    stored.retain(|name, _| entity.field(name).is_some());
    stored.extend(body.clone());
    Ok(stored)
}

fn hint(entity: &Entity, body: &Record, failure: Failure) -> Failure {
    let wants = |field: &str| {
        failure
            .fields
            .iter()
            .any(|at| at == &format!("/data/{field}"))
    };
    if entity.name == "opportunities" && (wants("closed_on") || wants("amount")) {
        let closing = body.contains_key("stage");
        return failure.suggest(if closing {
            "a closed deal needs closed_on, a won one also amount: send them together with stage"
        } else {
            "this deal was closed without them on the board; send closed_on and amount with this change"
        });
    }
    if entity.name == "cases" && wants("closed_on") {
        return failure.suggest("send closed_on, the day, together with status");
    }
    failure
}

fn settle(
    call: &Call<'_>,
    entity: &'static Entity,
    id: &str,
    body: &Record,
    response: &Response,
) -> Result<Updated, Failure> {
    let told = crm::object(response)
        .ok()
        .and_then(|answer| crm::written(entity, &answer));
    let record = told
        .map_or_else(|| crm::record(call, entity, id), Ok)
        .map_err(|failure| {
            let message = format!(
                "the CRM accepted the change, but the {} could not be read back, so how it is stored is not known: {}",
                entity.one, failure.message
            );
            partly(message, id).suggest("look at it with crm_get before another try")
        })?;
    let differences = stored::differences(entity, body, &record);
    if differences.is_empty() {
        call.link_record(entity.name, id);
        return Ok(Updated {
            entity: entity.name,
            id: id.to_owned(),
            record: stored::echo(body, &record),
        });
    }
    Err(not_as_sent(entity, id, body, &differences))
}

/// The CRM answers success to values that it keeps as they were, and to members that it drops.
fn not_as_sent(entity: &Entity, id: &str, body: &Record, differences: &Record) -> Failure {
    let names = entity::join(differences.keys().map(String::as_str));
    let lists = stored::lost_members(entity, differences);
    let some = lists || differences.len() < body.len();
    let message = format!(
        "the CRM answered without an error, but did not store {names} of the {} as sent",
        entity.one
    );
    let failure = differences
        .keys()
        .fold(partly(message, id), |failure, name| {
            failure.at(format!("/data/{name}"))
        })
        .details(json!({"id": id, "stored_differently": differences}));
    if some {
        failure.suggest("compare what is stored, then send what is missing; crm_search shows who and what there is")
    } else {
        failure
            .with_code(code::NOT_APPLIED)
            .outcome(Outcome::NotDone)
            .suggest(
                "a rule or the role keeps the stored value; crm_describe shows what can be changed",
            )
    }
}

/// After an error that leaves open what happened: what is stored now. The CRM saves single values
/// before it looks at the lists, and empties a list before it looks at its members.
fn look_back(
    call: &Call<'_>,
    entity: &'static Entity,
    id: &str,
    body: &Record,
    failure: Failure,
) -> Failure {
    let open = failure.outcome == Some(Outcome::MayHaveHappened);
    if !open && failure.fields.is_empty() {
        return failure;
    }
    let Ok(record) = crm::record(call, entity, id) else {
        return failure
            .outcome(Outcome::MayHaveHappened)
            .suggest("look at the record with crm_get before trying again");
    };
    let differences = stored::differences(entity, body, &record);
    let now: Record = stored::echo(body, &record);
    if differences.is_empty() {
        return partly(
            format!(
                "{} - but the record now holds every value that was sent",
                failure.message
            ),
            id,
        )
        .details(json!({"id": id, "stored_now": now}));
    }
    let kept = body.keys().any(|name| !differences.contains_key(name));
    let lists = stored::lost_members(entity, &differences);
    if !kept && !lists {
        // Without an answer the CRM may still be at work.
        if open && failure.kind != Kind::UpstreamFault {
            return failure
                .suggest("nothing of it is stored for now; look again before another try")
                .details(json!({"id": id, "stored_now": now}));
        }
        return failure
            .outcome(Outcome::NotDone)
            .details(json!({"id": id, "stored_now": now}));
    }
    partly(
        format!(
            "{} - the CRM saves single values before it looks at lists, so a part may be stored",
            failure.message
        ),
        id,
    )
    .details(json!({"id": id, "stored_now": now, "not_as_sent": Value::Object(differences)}))
    .suggest("compare stored_now, then send what is missing; a list may have been emptied")
}
