//! Pipelines of EspoCRM 10: with them, a record moves by its stage id and its status only follows.

use serde_json::{Value, json};

use super::errors::Refusal;
use super::input::Input;
use super::router::Session;
use super::schema::Entity;
use super::store::{Record, Store};

/// Puts a new record into the default pipeline and its first stage.
pub(crate) fn fill(store: &Store, entity: &Entity, record: &mut Record) {
    if !entity.flag("pipelines") {
        return;
    }
    if record.get("pipelineId").is_null() {
        let first = of_entity(store, &entity.name).into_iter().next();
        record.set(
            "pipelineId",
            first.map_or(Value::Null, |pipeline| json!(pipeline.id)),
        );
    }
    if record.get("pipelineStageId").is_null() {
        let first = record
            .text("pipelineId")
            .and_then(|id| stages(store, id).into_iter().next());
        record.set(
            "pipelineStageId",
            first.map_or(Value::Null, |stage| json!(stage.id)),
        );
    }
    follow(store, entity, record);
}

/// A new pipeline has a stage for every status from the start.
pub(crate) fn add_stages(session: &Session<'_>, store: &mut Store, entity: &Entity, id: &str) {
    let Some(pipeline) = store
        .live("Pipeline", id)
        .filter(|_| entity.name == "Pipeline")
        .cloned()
    else {
        return;
    };
    let target = pipeline
        .text("entityType")
        .and_then(|name| session.crm.schema.entity(name));
    let Some(field) = target.and_then(|target| target.status_field()) else {
        return;
    };
    store.edit("Pipeline", id, |pipeline| {
        pipeline.set("field", field.name.clone());
    });
    for (order, status) in field.options(&session.crm.schema).iter().enumerate() {
        let style = field
            .def
            .get("style")
            .and_then(|styles| styles.get(status))
            .cloned()
            .unwrap_or(Value::Null);
        let mut stage = Record {
            id: store.new_id(),
            version: 1,
            ..Record::default()
        };
        for (name, value) in [
            ("name", json!(status)),
            ("mappedStatus", json!(status)),
            ("style", style),
            ("order", json!(order)),
            ("pipelineId", json!(id)),
        ] {
            stage.set(name, value);
        }
        store.put("PipelineStage", stage);
    }
}

/// Moves a record to another stage of its pipeline.
pub(crate) fn apply(
    store: &Store,
    entity: &Entity,
    record: &mut Record,
    input: &Input,
) -> Result<(), Refusal> {
    if !entity.flag("pipelines") || !input.has("pipelineStageId") {
        return Ok(());
    }
    let pipeline = record.text("pipelineId").unwrap_or_default();
    let stage = record.text("pipelineStageId").unwrap_or_default();
    if !stages(store, pipeline).iter().any(|own| own.id == stage) {
        return Err(Refusal::invalid(&entity.name, "pipelineStage", "valid"));
    }
    follow(store, entity, record);
    Ok(())
}

fn follow(store: &Store, entity: &Entity, record: &mut Record) {
    let status = record
        .text("pipelineStageId")
        .and_then(|id| store.live("PipelineStage", id))
        .map(|stage| stage.get("mappedStatus").clone());
    if let (Some(status), Some(field)) = (status, entity.status_field()) {
        record.set(&field.name, status);
    }
}

/// The pipelines of an entity, in their order.
pub(crate) fn of_entity<'a>(store: &'a Store, entity: &str) -> Vec<&'a Record> {
    store
        .all("Pipeline")
        .filter(|pipeline| pipeline.text("entityType") == Some(entity))
        .map(AsRef::as_ref)
        .collect()
}

/// The stages of a pipeline, in their order.
pub(crate) fn stages<'a>(store: &'a Store, pipeline: &str) -> Vec<&'a Record> {
    let mut list: Vec<&Record> = store
        .all("PipelineStage")
        .filter(|stage| stage.text("pipelineId") == Some(pipeline))
        .map(AsRef::as_ref)
        .collect();
    list.sort_by_key(|stage| stage.get("order").as_i64());
    list
}

/// What `App/user` tells of the pipelines of an entity.
pub(crate) fn describe(store: &Store, entity: &str) -> Value {
    let stage = |stage: &Record| json!({"id": stage.id, "name": stage.get("name"), "mappedStatus": stage.get("mappedStatus"), "style": stage.get("style")});
    let pipeline = |pipeline: &&Record| {
        let stages: Vec<Value> = stages(store, &pipeline.id).into_iter().map(stage).collect();
        json!({
            "id": pipeline.id, "name": pipeline.get("name"), "entityType": entity, "stages": stages,
            "isAvailableForAll": pipeline.get("isAvailableForAll"), "teamIds": [], "color": null,
        })
    };
    of_entity(store, entity).iter().map(pipeline).collect()
}
