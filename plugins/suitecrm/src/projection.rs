//! Which fields an answer carries when the caller names none, and how long its texts are.

use portcullis_sdk::Failure;

use crate::metadata::Module;

/// What says most of a record, in order; the first that a module has are shown.
const TELLING: &[&str] = &[
    "name",
    "first_name",
    "last_name",
    "account_name",
    "status",
    "sales_stage",
    "amount",
    "priority",
    "account_type",
    "industry",
    "date_start",
    "date_due",
    "date_closed",
    "parent_type",
    "parent_name",
    "email1",
    "phone_work",
    "phone_office",
    "billing_address_city",
];
/// How many of them, which keeps twenty rows under 10 KB.
const MOST: usize = 5;

/// The fields of a list: those that the caller names, or a telling few. `["*"]` is all of them.
pub(crate) fn of_list(module: &Module, wanted: Option<&[String]>) -> Result<Vec<String>, Failure> {
    match wanted {
        Some(names) if !names.is_empty() => named(module, names),
        _ => {
            let mut fields = vec!["id".to_owned()];
            // A person's name is put together from two columns that need not be repeated.
            let skipped: &[&str] = if module.is_person() && module.field("name").is_some() {
                &["first_name", "last_name"]
            } else {
                &[]
            };
            let known = TELLING
                .iter()
                .filter(|name| !skipped.contains(name) && module.field(name).is_some());
            fields.extend(known.take(MOST).map(|&name| name.to_owned()));
            for name in ["assigned_user_name", "date_modified"] {
                if module.field(name).is_some() {
                    fields.push(name.to_owned());
                }
            }
            Ok(fields)
        }
    }
}

/// The fields of one record: those that the caller names, or all.
pub(crate) fn of_record(
    module: &Module,
    wanted: Option<&[String]>,
) -> Result<Vec<String>, Failure> {
    match wanted {
        Some(names) if !names.is_empty() => named(module, names),
        _ => Ok(Vec::new()),
    }
}

/// Checked names, the id first; empty for all.
fn named(module: &Module, names: &[String]) -> Result<Vec<String>, Failure> {
    if names.iter().any(|name| name == "*") {
        return Ok(Vec::new());
    }
    let mut fields = vec!["id".to_owned()];
    for (index, name) in names.iter().enumerate() {
        module.require_field(name, &format!("/fields/{index}"))?;
        if !fields.contains(name) {
            fields.push(name.clone());
        }
    }
    Ok(fields)
}
