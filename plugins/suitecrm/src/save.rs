//! Writing one record over v4_1 or V8, and looking afterwards at what became of it.
//!
//! `set_entry` answers with the id that it was given, whether or not a record was written, so no
//! answer is believed before the record was read again.

use portcullis_sdk::{Call, Failure, Kind, Outcome, Response, code, path};
use serde_json::{Value, json};

use crate::{
    applied::{self, Otherwise},
    chosen::Key,
    fetch,
    metadata::Module,
    payload::Data,
    rows::{self, Record},
    rpc, v8,
    via::{self, Via},
};

/// A record after a write.
pub(crate) struct Saved {
    pub(crate) id: String,
    /// The fields that were sent, as they are stored.
    pub(crate) record: Record,
    pub(crate) otherwise: Vec<Otherwise>,
    /// What to know about the write.
    pub(crate) note: Option<String>,
}

/// The arguments of `set_entry`.
pub(crate) fn arguments(
    module: &Module,
    id: Option<&str>,
    key: Option<&Key>,
    data: &Data,
) -> Vec<Value> {
    vec![json!(module.name), pairs(id, key, data), json!(false)]
}

/// Where V8 takes new and changed records.
pub(crate) fn path() -> Vec<String> {
    path!["Api", "V8", "module"]
}

/// `[{"name": …, "value": …}]`, the id first.
pub(crate) fn pairs(id: Option<&str>, key: Option<&Key>, data: &Data) -> Value {
    let mut list = Vec::new();
    if let Some(id) = id {
        list.push(json!({"name": "id", "value": id}));
    }
    if let Some(key) = key {
        list.push(json!({"name": "new_with_id", "value": key.text()}));
    }
    list.extend(
        data.iter()
            .map(|(name, value)| json!({"name": name, "value": value})),
    );
    Value::Array(list)
}

/// What a V8 write sends.
pub(crate) fn resource(module: &Module, id: Option<&str>, data: &Data) -> Value {
    let mut resource = json!({"type": module.name, "attributes": data});
    if let Some(id) = id {
        resource["id"] = id.into();
    }
    resource
}

/// What the answer to a write tells.
enum Answered {
    /// The whole record, as V8 answers.
    Record(Saved),
    /// Its id and no more.
    Id(String),
}

/// Creates a record; with a key under the id that it decides.
pub(crate) fn create(
    call: &Call<'_>,
    module: &Module,
    data: &Data,
    key: Option<&Key>,
    via: &mut Via,
) -> Result<Saved, Failure> {
    let id = key.map(|key| key.id(&module.name, None));
    let id = id.as_deref();
    let sent = via::write(
        call,
        via,
        || {
            let body = resource(module, id, data);
            from_v8(module, data, &v8::post(call, path(), &body).send()?)
        },
        || {
            let arguments = arguments(module, id, key, data);
            let answer = rpc::change(call, "set_entry", &module.name, arguments)?;
            given_id(&answer).map(Answered::Id)
        },
    );
    match (sent, id) {
        (Ok(Answered::Record(saved)), _) => Ok(Saved {
            note: other_id(id, &saved.id),
            ..saved
        }),
        (Ok(Answered::Id(given)), _) => {
            let note = other_id(id, &given);
            verify(call, module, data, given, note)
        }
        // The id is known, so it can be told whether the record is there.
        (Err(failure), Some(id)) if rpc::open(&failure) => {
            let note = "the CRM broke off its answer, and the record is there".to_owned();
            verify(call, module, data, id.to_owned(), Some(note)).map_err(|_| failure)
        }
        (Err(failure), _) => Err(failure),
    }
}

/// Changes a record; `before` are its values before.
pub(crate) fn update(
    call: &Call<'_>,
    module: &Module,
    id: &str,
    data: &Data,
    before: &Record,
    via: &mut Via,
) -> Result<Saved, Failure> {
    let sent = via::write(
        call,
        via,
        || {
            let body = resource(module, Some(id), data);
            from_v8(module, data, &v8::patch(call, path(), &body).send()?)
        },
        || {
            let arguments = arguments(module, Some(id), None, data);
            match rpc::change(call, "set_entry", &module.name, arguments)? {
                Value::Null => Err(refused_id()),
                _ => Ok(Answered::Id(id.to_owned())),
            }
        },
    );
    match sent {
        Ok(Answered::Record(saved)) => Ok(saved),
        Ok(Answered::Id(id)) => verify(call, module, data, id, None),
        Err(failure) if rpc::open(&failure) => look_after(call, module, id, data, before, failure),
        Err(failure) => Err(failure),
    }
}

/// Reads what became of a change whose answer was lost.
fn look_after(
    call: &Call<'_>,
    module: &Module,
    id: &str,
    data: &Data,
    before: &Record,
    failure: Failure,
) -> Result<Saved, Failure> {
    let note = "the CRM broke off its answer, and the change is stored".to_owned();
    match verify(call, module, data, id.to_owned(), Some(note)) {
        Ok(saved) if saved.otherwise.is_empty() => Ok(saved),
        // Without an answer the CRM may still be at work.
        Ok(saved)
            if failure.kind == Kind::UpstreamFault
                && data
                    .keys()
                    .all(|name| saved.record.get(name) == before.get(name)) =>
        {
            Err(failure.outcome(Outcome::NotDone))
        }
        _ => Err(failure),
    }
}

/// Reads what was written.
fn verify(
    call: &Call<'_>,
    module: &Module,
    data: &Data,
    id: String,
    note: Option<String>,
) -> Result<Saved, Failure> {
    let record = fetch::one(call, module, &id, &read_back(data)).map_err(|failure| {
        if failure.code == code::RECORD_NOT_FOUND {
            not_written(module, &id)
        } else {
            failure
                .outcome(Outcome::MayHaveHappened)
                .details(json!({"id": id}))
        }
    })?;
    Ok(Saved {
        otherwise: applied::otherwise(module, data, &record),
        record,
        id,
        note,
    })
}

/// The fields to read after a write.
pub(crate) fn read_back(data: &Data) -> Vec<String> {
    let mut fields = vec!["id".to_owned(), "date_modified".to_owned()];
    fields.extend(data.keys().cloned());
    fields
}

/// V8 answers with the whole record.
fn from_v8(module: &Module, data: &Data, response: &Response) -> Result<Answered, Failure> {
    let mut record = v8::one(&v8::accept(response, &module.name)?, Some(module))?;
    let id = rows::text(&record, "id").to_owned();
    record.retain(|name, _| {
        data.contains_key(name) || matches!(name.as_str(), "id" | "date_modified")
    });
    Ok(Answered::Record(Saved {
        otherwise: applied::otherwise(module, data, &record),
        id,
        record,
        note: None,
    }))
}

/// The id of a `set_entry` answer.
pub(crate) fn given_id(answer: &Value) -> Result<String, Failure> {
    let id = answer["id"].as_str().filter(|id| !id.is_empty());
    id.map(str::to_owned).ok_or_else(refused_id)
}

/// What to know of a record that did not get the id which the key decides.
pub(crate) fn other_id(chosen: Option<&str>, given: &str) -> Option<String> {
    chosen.filter(|chosen| *chosen != given).map(|_| {
        "the CRM gave the record an id of its own, so the idempotency_key does not find it: do not repeat this call".to_owned()
    })
}

/// The CRM said yes and there is no record.
fn not_written(module: &Module, id: &str) -> Failure {
    Failure::new(
        Kind::UpstreamFault,
        code::NOT_APPLIED,
        format!(
            "the CRM answered without an error, and {} has no record {id}",
            module.name
        ),
    )
    .suggest("the user's role may hide the record from its own author, or the id was used and deleted before; search for it, or use another idempotency_key")
    .outcome(Outcome::MayHaveHappened)
}

/// The CRM answers a bad id with null and writes nothing.
fn refused_id() -> Failure {
    Failure::new(
        Kind::UpstreamFault,
        code::NOT_APPLIED,
        "the CRM refused the record without an error, as it does for an id of a form that it does not allow",
    )
    .outcome(Outcome::NotDone)
}
