//! The tool `create`: one new record.

use portcullis_sdk::{Call, Failure, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    applied::Otherwise,
    chosen::Key,
    fetch,
    metadata::{self, Module},
    names,
    payload::{self, Data},
    planned,
    rows::{self, Record},
    save::{self, Saved},
    via::{self, Via},
};

/// Creates a record. Fields are checked against the module first; see get_module_fields. With
/// idempotency_key a repeated call finds the record of the first instead of making a second.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateArgs {
    /// Module, e.g. `Contacts`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    module: String,
    /// Fields and values, e.g. `{"last_name":"Stone","account_id":"…"}`. Dates are `2026-12-31`,
    /// date-times `2026-12-31T09:30:00Z`; lists take the key of an option.
    fields: Map<String, Value>,
    /// A text of your choice that stays the same when you repeat this create.
    #[serde(default)]
    idempotency_key: Option<Key>,
    /// Checks everything and says what would be sent, without sending it.
    #[serde(default)]
    dry_run: bool,
}

/// The new record.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Created {
    pub(crate) module: String,
    /// The record's id; null for a dry run without a key.
    pub(crate) id: Option<String>,
    /// Whether this call made the record.
    pub(crate) created: bool,
    /// The record's page in the CRM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// The fields that were sent, as they are stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<Record>,
    /// Fields that the CRM stored otherwise than sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) stored_otherwise: Vec<Otherwise>,
    /// Fields that were filled in because the caller gave none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) filled_in: Vec<String>,
    /// What a dry run would send.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) would_send: Vec<Value>,
    /// What to know about the write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    #[serde(flatten)]
    pub(crate) via: Via,
}

pub(crate) fn create(call: &Call<'_>, args: &CreateArgs) -> Result<Created, Failure> {
    names::check_writable(call, &args.module)?;
    if args.fields.is_empty() {
        return Err(
            Failure::bad_input(code::INVALID_ARGUMENT, "fields holds no field").at("/fields"),
        );
    }
    let module = metadata::module(call, &args.module)?;
    let data = payload::for_create(&module, &args.fields, "/fields")?;
    let via = transport(call, &module, &data)?;
    let key = args.idempotency_key.as_ref();
    let created = record(call, &module, &data, key, args.dry_run, via)?;
    if let (Some(id), false) = (&created.id, args.dry_run) {
        call.link_record(&args.module, id);
    }
    Ok(created)
}

/// Date-times go over v4_1, where their form was measured.
pub(crate) fn transport(call: &Call<'_>, module: &Module, data: &Data) -> Result<Via, Failure> {
    if payload::has_time(module, data) {
        Ok(Via::v4_1())
    } else {
        via::choose(call)
    }
}

/// Creates a checked record, unless the key finds it or nothing is to be sent.
pub(crate) fn record(
    call: &Call<'_>,
    module: &Module,
    data: &Data,
    key: Option<&Key>,
    dry_run: bool,
    mut via: Via,
) -> Result<Created, Failure> {
    if let Some(key) = key {
        key.check()?;
        if let Some(existing) = existing(call, module, data, &key.id(&module.name, None))? {
            return Ok(existing);
        }
    }
    if dry_run {
        return Ok(planned(module, data, key, via));
    }
    let saved = save::create(call, module, data, key, &mut via)?;
    Ok(created(call, module, saved, via))
}

fn created(call: &Call<'_>, module: &Module, saved: Saved, via: Via) -> Created {
    Created {
        module: module.name.clone(),
        url: Some(rows::url(call, &module.name, &saved.id)),
        id: Some(saved.id),
        created: true,
        record: Some(saved.record),
        stored_otherwise: saved.otherwise,
        filled_in: Vec::new(),
        would_send: Vec::new(),
        note: saved.note,
        via,
    }
}

/// The record that an earlier call with the same key made.
fn existing(
    call: &Call<'_>,
    module: &Module,
    data: &Data,
    id: &str,
) -> Result<Option<Created>, Failure> {
    match fetch::one(call, module, id, &save::read_back(data)) {
        Ok(record) => Ok(Some(Created {
            created: false,
            note: Some(
                "a call with this idempotency_key made the record before; nothing was written"
                    .to_owned(),
            ),
            ..created(
                call,
                module,
                Saved {
                    id: id.to_owned(),
                    otherwise: crate::applied::otherwise(module, data, &record),
                    record,
                    note: None,
                },
                Via::v4_1(),
            )
        })),
        Err(failure) if failure.code == code::RECORD_NOT_FOUND => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn planned(module: &Module, data: &Data, key: Option<&Key>, via: Via) -> Created {
    let id = key.map(|key| key.id(&module.name, None));
    let request = if via.is_v8() {
        let resource = save::resource(module, id.as_deref(), data);
        planned::v8("POST", &save::path(), Some(&resource))
    } else {
        planned::v4(
            "set_entry",
            &save::arguments(module, id.as_deref(), key, data),
        )
    };
    Created {
        module: module.name.clone(),
        id,
        created: false,
        url: None,
        record: None,
        stored_otherwise: Vec::new(),
        filled_in: Vec::new(),
        would_send: vec![request],
        note: Some("dry run: nothing was written".to_owned()),
        via,
    }
}
