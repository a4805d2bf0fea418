//! Which attributes an answer carries, and how long its texts are.

use portcullis_sdk::{Call, Cut, Failure, code};

use crate::{
    crm::Record,
    fields::parts,
    metadata::{Defs, Scope},
    settings::Settings,
};

/// How many attributes a list carries unless `select` says otherwise, the id not counted.
const MOST: usize = 10;
/// Where the CRM cuts the texts of a list without a word when a selection is given.
const CRM_CUT: usize = 10_000;

/// Fields that matter in a list, the first that exist are taken. A link counts with its id.
const USEFUL: &[&str] = &[
    "name",
    "number",
    "stage",
    "status",
    "type",
    "amount",
    "amountCurrency",
    "priority",
    "closeDate",
    "dateStart",
    "dateEnd",
    "emailAddress",
    "phoneNumber",
    "title",
    "parent",
    "assignedUser",
    "account",
    "accountName",
    "from",
    "publishDate",
    "industry",
    "userName",
    "website",
    "createdAt",
];

/// Names from a `select` argument: trimmed, split at commas, each once. The CRM would lose what
/// follows a blank.
pub(crate) fn names(select: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in select
        .iter()
        .flat_map(|item| item.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// Checks selected names against the fields, because the CRM drops unknown ones silently. A field
/// that is no attribute stands for all of its attributes.
pub(crate) fn checked(defs: &Defs, select: &[String]) -> Result<Vec<String>, Failure> {
    let mut chosen = Vec::new();
    for (index, name) in names(select).into_iter().enumerate() {
        if name == "id" || defs.attribute(&name).is_some() {
            chosen.push(name);
        } else if let Some(field) = defs.fields.get(&name) {
            chosen.extend(
                parts(&field.kind)
                    .iter()
                    .map(|(suffix, _)| format!("{name}{suffix}")),
            );
            chosen.extend(
                defs.fields
                    .keys()
                    .filter(|key| {
                        field.kind == "address"
                            && key.starts_with(&name)
                            && *key != name
                            && !key.ends_with("Map")
                    })
                    .map(str::to_owned),
            );
        } else {
            return Err(Failure::bad_input(
                code::INVALID_FIELD,
                format!("there is no field {name}"),
            )
            .at(format!("/select/{index}"))
            .suggest_some(defs.suggest(&name)));
        }
    }
    Ok(chosen)
}

/// The attributes that a list carries by default.
pub(crate) fn default(defs: &Defs, scope: Option<&Scope>) -> Vec<String> {
    let status = scope.and_then(|scope| scope.status_field.as_deref());
    let first = USEFUL
        .iter()
        .copied()
        .take(1)
        .chain(status)
        .chain(USEFUL.iter().copied().skip(1));
    let mut chosen: Vec<String> = Vec::new();
    for name in first {
        let Some(field) = defs.fields.get(name).filter(|field| !field.hidden) else {
            continue;
        };
        let wanted: Vec<String> = match field.kind.as_str() {
            "link" | "linkOne" => vec![format!("{name}Id"), format!("{name}Name")],
            "linkParent" => vec![
                format!("{name}Type"),
                format!("{name}Id"),
                format!("{name}Name"),
            ],
            "datetimeOptional" => vec![name.to_owned()],
            _ => vec![name.to_owned()],
        };
        if chosen.contains(&wanted[0]) || chosen.len() + wanted.len() > MOST {
            continue;
        }
        chosen.extend(wanted);
    }
    chosen
}

/// Reduces a record to the selected attributes and its id; the names that it does not have.
pub(crate) fn reduce(record: &mut Record, names: &[String]) -> Vec<String> {
    record.retain(|key| key == "id" || names.iter().any(|name| name == key || belongs(key, name)));
    names
        .iter()
        .filter(|name| !record.keys().any(|key| key == *name || belongs(key, name)))
        .cloned()
        .collect()
}

/// Whether an attribute is one of a link or amount that was selected by its field's name.
fn belongs(key: &str, field: &str) -> bool {
    key.strip_prefix(field).is_some_and(|suffix| {
        matches!(
            suffix,
            "Id" | "Name" | "Type" | "Ids" | "Names" | "Currency"
        )
    })
}

/// Cuts the long texts of a single record; a sentence that names them.
pub(crate) fn shorten(call: &Call<'_>, record: &mut Record) -> Result<Option<String>, Failure> {
    let mut cut = Cut::after(Settings::of(call)?.record_text_limit);
    cut.raw(record);
    Ok(cut.told("get answers with the whole of those that its `select` names"))
}

/// Remembers the texts that the CRM itself cut.
pub(crate) fn cut_by_crm(record: &mut Record, cut: &mut Cut) {
    record.edit_texts(CRM_CUT - 1, |key, value| {
        if value.chars().count() == CRM_CUT {
            cut.field(key);
        }
        false
    });
}
