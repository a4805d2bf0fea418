//! The tools `link` and `unlink`.

use portcullis_sdk::{Call, Failure, Kind, Outcome, Response, code, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    crm, entity,
    errors::About,
    list::{self, Query},
    metadata, related,
    settings::{CRM_MAX_SIZE, Settings},
};

/// Links a record with one or several others, e.g. a contact with an account's `contacts`. Linking
/// twice changes nothing. For a link that holds one record, update its `…Id` attribute instead.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LinkArgs {
    /// Entity type of the record.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]{0,99}$"))]
    entity_type: String,
    /// The record's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
    /// The link, e.g. `contacts`; get_schema names them.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]{0,99}$"))]
    link: String,
    /// Id of the other record; this or foreignIds.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    foreign_id: Option<String>,
    /// Ids of the other records.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    foreign_ids: Option<Vec<String>>,
}

/// Takes links away; the records stay. Unlinking what is not linked changes nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct UnlinkArgs(LinkArgs);

/// What is linked now.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Linked {
    entity_type: String,
    id: String,
    link: String,
    /// Ids of the other records.
    linked: Vec<String>,
}

/// What is no longer linked.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Unlinked {
    entity_type: String,
    id: String,
    link: String,
    /// Ids of the other records.
    unlinked: Vec<String>,
}

pub(crate) fn link(call: &Call<'_>, args: &LinkArgs) -> Result<Linked, Failure> {
    let ids = args.check(call)?;
    let ask = call.http().post(args.path()).json(&args.body(&ids));
    match args.accept(call, ask.send()?) {
        Ok(()) => Ok(Linked {
            entity_type: args.entity_type.clone(),
            id: args.id.clone(),
            link: args.link.clone(),
            linked: ids,
        }),
        Err(failure) => Err(explain(call, args, &ids, failure)),
    }
}

pub(crate) fn unlink(call: &Call<'_>, UnlinkArgs(args): &UnlinkArgs) -> Result<Unlinked, Failure> {
    let ids = args.check(call)?;
    let ask = call.http().delete(args.path()).json(&args.body(&ids));
    args.accept(call, ask.send()?)?;
    Ok(Unlinked {
        entity_type: args.entity_type.clone(),
        id: args.id.clone(),
        link: args.link.clone(),
        unlinked: ids,
    })
}

impl LinkArgs {
    /// Checks the arguments; the ids of the other records, each once.
    fn check(&self, call: &Call<'_>) -> Result<Vec<String>, Failure> {
        entity::check_writable(call, &self.entity_type)?;
        entity::check_id(&self.id, "/id")?;
        let ids = self.ids()?;
        let defs = metadata::defs(call, &self.entity_type)?;
        let target = related::target(&self.entity_type, &defs, &self.link)?;
        if !target.is_many() {
            return Err(Failure::bad_input(
                code::INVALID_LINK,
                format!(
                    "{}.{} holds one record, so it is not changed by linking",
                    self.entity_type, self.link
                ),
            )
            .at("/link")
            .suggest(format!("update the record's `{}Id` instead", self.link)));
        }
        if let Some(foreign) = target.entity.as_deref()
            && !Settings::of(call)?.allows(foreign)
        {
            return Err(entity::excluded(foreign).at("/link"));
        }
        Ok(ids)
    }

    fn ids(&self) -> Result<Vec<String>, Failure> {
        let ids = match (&self.foreign_id, &self.foreign_ids) {
            (Some(id), None) => vec![id.clone()],
            (None, Some(ids)) if !ids.is_empty() => ids.clone(),
            _ => {
                return Err(Failure::bad_input(
                    code::INVALID_ARGUMENT,
                    "give either foreignId or foreignIds",
                )
                .at("/foreignId")
                .at("/foreignIds"));
            }
        };
        let mut each: Vec<String> = Vec::new();
        for id in ids {
            entity::check_id(
                &id,
                if self.foreign_id.is_some() {
                    "/foreignId"
                } else {
                    "/foreignIds"
                },
            )?;
            if !each.contains(&id) {
                each.push(id);
            }
        }
        Ok(each)
    }

    fn path(&self) -> Vec<String> {
        path![self.entity_type, self.id, self.link]
    }

    fn body(&self, ids: &[String]) -> Value {
        match ids {
            [one] => json!({"id": one}),
            several => json!({"ids": several}),
        }
    }

    /// The CRM answers `true`; `false` with 200 means that nothing happened.
    fn accept(&self, call: &Call<'_>, response: Response) -> Result<(), Failure> {
        let about = About::changing(&self.entity_type, "edit")
            .id(&self.id)
            .link(&self.link);
        match crm::accept(call, response, &about)?.value() {
            Some(Value::Bool(false)) => Err(Failure::new(
                Kind::UpstreamFault,
                code::NOT_APPLIED,
                "the CRM answered that it changed no link",
            )
            .outcome(Outcome::NotDone)),
            _ => Ok(()),
        }
    }
}

/// A list of ids is linked one by one and stops at the first that fails: looks what is linked now.
fn explain(call: &Call<'_>, args: &LinkArgs, ids: &[String], failure: Failure) -> Failure {
    if !matches!(
        &*failure.code,
        code::RECORD_NOT_FOUND | code::PERMISSION_DENIED
    ) {
        return failure;
    }
    let linked = match linked_of(call, args, ids) {
        Ok(linked) => linked,
        Err(other) if other.code == code::RECORD_NOT_FOUND => {
            return other.outcome(Outcome::NotDone);
        }
        Err(_) if ids.len() > 1 => return failure.outcome(Outcome::MayHaveHappened),
        Err(_) => return failure,
    };
    let missing: Vec<_> = ids.iter().filter(|id| !linked.contains(id)).collect();
    let pointer = if args.foreign_id.is_some() {
        "/foreignId"
    } else {
        "/foreignIds"
    };
    if linked.is_empty() && failure.code == code::RECORD_NOT_FOUND {
        return Failure::not_found(
            code::RECORD_NOT_FOUND,
            "a record to link does not exist, or is of another entity type",
        )
        .at(pointer)
        .details(json!({"not_linked": missing}))
        .outcome(Outcome::NotDone);
    }
    if linked.is_empty() || missing.is_empty() {
        return failure;
    }
    let why = match &*failure.code {
        code::RECORD_NOT_FOUND => "one that does not exist or is of another entity type".to_owned(),
        _ => format!("the next: {}", failure.message),
    };
    Failure::new(
        failure.kind,
        code::PARTIAL,
        format!(
            "{} of {} records are linked, then the CRM refused {why}",
            linked.len(),
            ids.len()
        ),
    )
    .at(pointer)
    .suggest("check the ids that are not linked, then link those again")
    .details(json!({"linked": linked, "not_linked": missing}))
    .outcome(Outcome::PartlyDone)
}

fn linked_of(call: &Call<'_>, args: &LinkArgs, ids: &[String]) -> Result<Vec<String>, Failure> {
    let query = Query {
        conditions: vec![json!({"type": "in", "attribute": "id", "value": ids})],
        select: vec!["id".to_owned()],
        max_size: CRM_MAX_SIZE,
        ..Query::default()
    };
    let about = About::reading(&args.entity_type)
        .id(&args.id)
        .link(&args.link);
    let answer = list::fetch(call, args.path(), &query, &about)?;
    let found = list::records(&answer)?;
    Ok(found
        .iter()
        .filter_map(|record| record.text("id"))
        .collect())
}
