//! The tool `delete_record`: counts what goes with a record, and deletes when the host has had it
//! confirmed.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    entity::{self, Entity},
    errors::About,
    rest::{self, Record},
    write,
};

/// Deletes a record with everything that hangs on it: a company takes its contacts, their tasks and
/// notes, and its deals with their notes. The first call shows and counts all that; repeat it with
/// the confirmation_token of that answer once a human agreed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteArgs {
    /// Which kind of record.
    #[schemars(extend("enum" = ["contacts", "companies", "deals", "tasks", "contact_notes", "deal_notes", "tags"]))]
    entity: String,
    /// The record's id.
    #[schemars(range(min = 1))]
    id: u64,
}

/// What was deleted.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Deleted {
    entity: &'static str,
    deleted: u64,
}

/// What a deletion would do.
#[derive(Serialize)]
pub(crate) struct Preview {
    summary: String,
    record: Record,
    /// How many of each kind go with it, or keep its number.
    dependents: Record,
}

/// What hangs on a record: a name, the table, the filters.
type Dependent = (&'static str, &'static str, Vec<(&'static str, String)>);

pub(crate) fn preview(call: &Call<'_>, args: &DeleteArgs) -> Result<Preview, Failure> {
    let entity = entity::writable(&args.entity)?;
    let record = rest::one(call, entity, args.id)?;
    let dependents = dependents(call, entity, args.id)?;
    Ok(Preview {
        summary: summary(entity, args.id, &record, &dependents),
        record,
        dependents,
    })
}

pub(crate) fn delete(call: &Call<'_>, args: &DeleteArgs) -> Result<Deleted, Failure> {
    let entity = entity::writable(&args.entity)?;
    let ask = rest::remove(call, entity.name, args.id);
    let gone = rest::rows(ask, &About::of(entity, "delete"))?;
    if !gone.iter().any(|row| rest::id_of(row) == Some(args.id)) {
        return Err(write::untouched(call, entity, args.id));
    }
    Ok(Deleted {
        entity: entity.name,
        deleted: args.id,
    })
}

fn summary(entity: &Entity, id: u64, record: &Record, dependents: &Record) -> String {
    let with: Vec<String> = dependents
        .iter()
        .filter(|(_, count)| count.as_u64() != Some(0))
        .map(|(name, count)| format!("{count} {}", name.replace('_', " ")))
        .collect();
    let hidden = " Rows that this user may not see go too and are not counted.";
    let more = match (entity.name, with.is_empty()) {
        ("tags", true) => " No contact has it.".to_owned(),
        ("tags", false) => format!(" {}: they keep its number without a name.", with.join(", ")),
        (_, true) => " Nothing that this user can see goes with it.".to_owned(),
        (_, false) => format!(" With it go or lose it: {}.", with.join(", ")),
    };
    let hidden = if matches!(entity.name, "companies" | "contacts" | "deals") {
        hidden
    } else {
        ""
    };
    format!(
        "The {} `{}` ({id}) would be deleted.{more}{hidden} This cannot be undone.",
        entity.one,
        entity.title(record)
    )
}

/// How many rows hang on a record.
pub(crate) fn dependents(call: &Call<'_>, entity: &Entity, id: u64) -> Result<Record, Failure> {
    let list = hanging(entity, id);
    let asks = list
        .iter()
        .map(|(_, table, filters)| {
            let pairs = filters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()));
            rest::count(call, table, pairs)
        })
        .collect();
    let counts = rest::counts(call, asks, &About::reading("dependents"))?;
    Ok(list
        .iter()
        .zip(counts)
        .map(|((name, ..), count)| ((*name).to_owned(), count.into()))
        .collect())
}

/// The foreign keys of the CRM's schema that cascade, and the lists of ids that nobody keeps.
fn hanging(entity: &Entity, id: u64) -> Vec<Dependent> {
    let own = format!("eq.{id}");
    let ids = || ("select", "id".to_owned());
    let of_contacts = || {
        vec![
            ("select", "id,contacts!inner(company_id)".to_owned()),
            ("contacts.company_id", format!("eq.{id}")),
        ]
    };
    match entity.name {
        "companies" => vec![
            (
                "contacts",
                "contacts",
                vec![ids(), ("company_id", own.clone())],
            ),
            ("contact_tasks", "tasks", of_contacts()),
            ("contact_notes", "contact_notes", of_contacts()),
            ("deals", "deals", vec![ids(), ("company_id", own.clone())]),
            (
                "deal_notes",
                "deal_notes",
                vec![
                    ("select", "id,deals!inner(company_id)".to_owned()),
                    ("deals.company_id", own),
                ],
            ),
        ],
        "contacts" => vec![
            ("tasks", "tasks", vec![ids(), ("contact_id", own.clone())]),
            ("notes", "contact_notes", vec![ids(), ("contact_id", own)]),
            (
                "deals_that_name_it",
                "deals",
                vec![ids(), ("contact_ids", format!("cs.{{{id}}}"))],
            ),
        ],
        "deals" => vec![("notes", "deal_notes", vec![ids(), ("deal_id", own)])],
        "tags" => vec![(
            "contacts_that_have_it",
            "contacts",
            vec![ids(), ("tags", format!("cs.{{{id}}}"))],
        )],
        _ => Vec::new(),
    }
}
