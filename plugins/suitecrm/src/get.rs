//! The tools `get` and `get_many`: records by id.

use portcullis_sdk::{Call, Cut, Failure, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    fetch,
    metadata::{self, Module},
    names, projection,
    rows::{self, Record},
    search,
    settings::Settings,
    v8,
    via::{self, Via},
};

/// Reads one record by its id, with all its fields or with those that `fields` names. Date-times
/// are ISO 8601 in UTC.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetArgs {
    /// Module, e.g. `Accounts`; see list_modules.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    module: String,
    /// The record's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
    /// Fields to answer with; all without it.
    #[serde(default)]
    #[schemars(length(max = 50))]
    fields: Option<Vec<String>>,
}

/// One record.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Found {
    module: String,
    id: String,
    /// The record's page in the CRM.
    url: String,
    /// Field names and values.
    record: Record,
    /// What was cut and how to get the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
    #[serde(flatten)]
    via: Via,
}

pub(crate) fn get(call: &Call<'_>, args: &GetArgs) -> Result<Found, Failure> {
    names::check(call, &args.module, "/module")?;
    names::check_id(&args.id, "/id")?;
    let mut found = one(call, &args.module, &args.id, args.fields.as_deref())?;
    if args.fields.as_ref().is_none_or(Vec::is_empty) {
        let mut cut = Cut::after(Settings::of(call)?.record_text_limit);
        cut.record(&mut found.record);
        found.truncated = cut.told(search::WHOLE);
    }
    call.link_record(&found.module, &found.id);
    Ok(found)
}

/// One record of a module that was checked, with these fields or with all.
pub(crate) fn one(
    call: &Call<'_>,
    name: &str,
    id: &str,
    wanted: Option<&[String]>,
) -> Result<Found, Failure> {
    let module = metadata::module(call, name)?;
    let fields = projection::of_record(&module, wanted)?;
    let (mut record, via) = via::read(
        call,
        || over_v8(call, &module, id, &fields),
        || fetch::one(call, &module, id, &fields),
    )?;
    record.entry("id").or_insert_with(|| id.into());
    Ok(Found {
        url: rows::url(call, name, id),
        module: name.to_owned(),
        id: id.to_owned(),
        record,
        truncated: None,
        via,
    })
}

fn over_v8(
    call: &Call<'_>,
    module: &Module,
    id: &str,
    fields: &[String],
) -> Result<Record, Failure> {
    let mut ask = v8::get(call, path!["Api", "V8", "module", module.name, id]);
    // The id is no attribute there; it stands beside them.
    let wanted: Vec<&str> = fields
        .iter()
        .map(String::as_str)
        .filter(|name| *name != "id")
        .collect();
    if !wanted.is_empty() {
        ask = ask.query(format!("fields[{}]", module.name), wanted.join(","));
    }
    let mut record = v8::one(&v8::accept(&ask.send()?, &module.name)?, Some(module))?;
    if fields == ["id"] {
        record.retain(|name, _| name == "id");
    }
    Ok(record)
}

/// Reads several records of a module by their ids. Ids without a record are listed under
/// `missing`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetManyArgs {
    /// Module, e.g. `Contacts`; see list_modules.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    module: String,
    /// Ids of the records.
    #[schemars(
        length(min = 1, max = 100),
        inner(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))
    )]
    ids: Vec<String>,
    /// Fields to answer with; without it a telling few, `["*"]` for all.
    #[serde(default)]
    #[schemars(length(max = 50))]
    fields: Option<Vec<String>>,
}

/// Records by id.
#[derive(Serialize, JsonSchema)]
pub(crate) struct FoundMany {
    module: String,
    records: Vec<Record>,
    count: usize,
    /// Ids that no record was found for: deleted, never there, or not visible to this user.
    missing: Vec<String>,
    /// What was cut and how to get the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
    #[serde(flatten)]
    via: Via,
}

pub(crate) fn get_many(call: &Call<'_>, args: &GetManyArgs) -> Result<FoundMany, Failure> {
    names::check(call, &args.module, "/module")?;
    for (index, id) in args.ids.iter().enumerate() {
        names::check_id(id, &format!("/ids/{index}"))?;
    }
    let module = metadata::module(call, &args.module)?;
    let fields = projection::of_list(&module, args.fields.as_deref())?;
    let mut ids = Vec::new();
    for id in &args.ids {
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    let (mut records, missing) = fetch::several(call, &module, &ids, &fields)?;
    let settings = Settings::of(call)?;
    let mut cut = Cut::after(settings.text_limit);
    if args.fields.as_ref().is_none_or(Vec::is_empty) {
        cut.records(&mut records);
    }
    let left_out = fit(&mut records, settings.answer_bytes as usize);
    let told = [cut.told(search::WHOLE), left_out];
    let told: Vec<String> = told.into_iter().flatten().collect();
    let truncated = (!told.is_empty()).then(|| told.join(" "));
    with_urls(call, &args.module, &mut records);
    Ok(FoundMany {
        module: args.module.clone(),
        count: records.len(),
        records,
        missing,
        truncated,
        via: Via::v4_1(),
    })
}

/// Adds each record's page.
pub(crate) fn with_urls(call: &Call<'_>, module: &str, records: &mut [Record]) {
    for record in records {
        let id = rows::text(record, "id").to_owned();
        if !id.is_empty() {
            record
                .entry("url")
                .or_insert_with(|| rows::url(call, module, &id).into());
        }
    }
}

/// Drops records that are over the limit, at least one staying, and says which.
fn fit(records: &mut Vec<Record>, bytes: usize) -> Option<String> {
    let mut page = portcullis_sdk::Page::all(std::mem::take(records));
    let all: Vec<String> = page
        .records
        .iter()
        .map(|record| rows::text(record, "id").to_owned())
        .collect();
    page.fit(bytes);
    let left_out = &all[page.records.len()..];
    *records = page.records;
    (!left_out.is_empty()).then(|| {
        format!(
            "the answer would exceed {bytes} bytes; ask again for {}, or for fewer fields",
            left_out.join(", ")
        )
    })
}
