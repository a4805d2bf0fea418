//! The tool `update_kanban`: moves a record to another column of its board.
//!
//! Where pipelines are on (EspoCRM 10) the status field is read-only and a record moves by its
//! stage; `board` keeps the order inside a column.

use portcullis_sdk::{Call, Failure, Kind, Outcome, code, path, text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    board::{self, Column, Placed},
    crm::{self, Record},
    entity,
    errors::About,
    identity,
    metadata::{self, Scope},
};

/// Moves a record to a column of its board: a stage or a status. With pipelines the columns are the
/// stages of the record's pipeline, by name. position 0 is the top of the column; the CRM keeps the
/// order per user, so it shows on the API user's own board only. Where the board of a pipeline is
/// closed to the API user (EspoCRM 10.0.0), the record moves and its pipeline is listed by stage.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct KanbanArgs {
    /// Entity type with a board, e.g. `Opportunity`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]{0,99}$"))]
    entity_type: String,
    /// The record's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
    /// The column, e.g. `Negotiation`.
    #[schemars(length(min = 1, max = 100))]
    group: String,
    /// Place in the column, 0 is the top.
    #[serde(default)]
    #[schemars(range(max = 49))]
    position: Option<u32>,
}

/// Where the record is now.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Moved {
    entity_type: String,
    id: String,
    /// The record's page in the CRM.
    url: String,
    /// The column.
    group: String,
    /// The status field's value now.
    status: Option<Value>,
    /// What became of `position`.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<Placed>,
}

pub(crate) fn update(call: &Call<'_>, args: &KanbanArgs) -> Result<Moved, Failure> {
    entity::check_writable(call, &args.entity_type)?;
    entity::check_id(&args.id, "/id")?;
    let scope = metadata::scope_of(call, &args.entity_type)?;
    let Some(field) = scope
        .status_field
        .clone()
        .filter(|_| args.entity_type != "Email")
    else {
        return Err(no_board(call, args));
    };
    let target = if scope.pipelines {
        stage(call, args)?
    } else {
        option(call, args, &scope, &field)?
    };
    let record = send(call, args, &target)?;
    let position = args
        .position
        .map(|position| board::place(call, &args.entity_type, &args.id, &target.column, position));
    Ok(Moved {
        entity_type: args.entity_type.clone(),
        id: args.id.clone(),
        url: crm::url(call, &args.entity_type, &args.id),
        group: args.group.clone(),
        status: record.get(&field),
        position,
    })
}

/// What to set, and the column that it leads to.
struct Target {
    attribute: String,
    value: String,
    column: Column,
}

fn option(
    call: &Call<'_>,
    args: &KanbanArgs,
    scope: &Scope,
    field: &str,
) -> Result<Target, Failure> {
    let defs = metadata::defs(call, &args.entity_type)?;
    let options = match defs.fields.get(field) {
        Some(field) => metadata::options(call, field)?.unwrap_or_default(),
        None => Vec::new(),
    };
    if !options.contains(&args.group) {
        return Err(no_group(&args.group, options.iter().map(String::as_str)));
    }
    if args.position.is_some() && scope.hidden_columns.contains(&args.group) {
        return Err(Failure::bad_input(
            code::INVALID_FIELD_VALUE,
            format!(
                "{} has no column on the board, so there is no position in it",
                args.group
            ),
        )
        .at("/position")
        .suggest("leave position out"));
    }
    Ok(Target {
        attribute: field.to_owned(),
        value: args.group.clone(),
        column: Column {
            name: args.group.clone(),
            pipeline: None,
        },
    })
}

fn stage(call: &Call<'_>, args: &KanbanArgs) -> Result<Target, Failure> {
    let record = crm::read(call, &args.entity_type, &args.id)?;
    let user = identity::identity(call)?;
    let pipelines = user
        .pipelines
        .get(&args.entity_type)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let wanted = record.text("pipelineId");
    let Some(pipeline) = pipelines
        .iter()
        .find(|pipeline| wanted.as_ref().is_none_or(|id| *id == pipeline.id))
    else {
        return Err(Failure::new(
            Kind::Unsupported,
            code::INVALID_FIELD_VALUE,
            "the record's pipeline is not among those that this user may use",
        )
        .at("/group")
        .outcome(Outcome::NotDone));
    };
    let stage = pipeline
        .stages
        .iter()
        .find(|stage| stage.name == args.group || stage.id == args.group);
    let stage = stage.or_else(|| {
        pipeline
            .stages
            .iter()
            .find(|stage| stage.mapped_status.as_deref() == Some(&args.group))
    });
    let stage = stage.ok_or_else(|| {
        no_group(
            &args.group,
            pipeline.stages.iter().map(|stage| stage.name.as_str()),
        )
    })?;
    Ok(Target {
        attribute: "pipelineStageId".to_owned(),
        value: stage.id.clone(),
        column: Column {
            name: stage.id.clone(),
            pipeline: Some(pipeline.clone()),
        },
    })
}

/// Sends the move, and makes sure that it happened: a status field that is read-only answers 200 and
/// stays.
fn send(call: &Call<'_>, args: &KanbanArgs, target: &Target) -> Result<Record, Failure> {
    let body = Map::from_iter([(target.attribute.clone(), Value::from(target.value.as_str()))]);
    let ask = call
        .http()
        .put(path![args.entity_type, args.id])
        .json(&body);
    let response = crm::send(
        call,
        ask,
        &About::changing(&args.entity_type, "edit").id(&args.id),
    )?;
    let record = crm::record(&response)?;
    if record.text(&target.attribute).as_ref() == Some(&target.value) {
        return Ok(record);
    }
    // Pipelines may have been switched on since the scopes were read.
    call.cache().remove("scopes");
    call.cache().remove("me");
    Err(Failure::new(Kind::Unsupported, code::NOT_APPLIED, format!("the CRM answered without an error, but {} is not in {}", args.id, args.group))
        .at("/group")
        .suggest("the field may be read-only for this role, or pipelines were switched on just now: try once more, then look at the record")
        .outcome(Outcome::NotDone))
}

fn no_group<'a>(group: &str, known: impl Iterator<Item = &'a str> + Clone) -> Failure {
    let names: Vec<_> = known.clone().filter(|name| !name.is_empty()).collect();
    Failure::bad_input(
        code::INVALID_FIELD_VALUE,
        format!(
            "there is no column {group}; columns are: {}",
            names.join(", ")
        ),
    )
    .at("/group")
    .suggest_some(text::did_you_mean(group, known))
}

fn no_board(call: &Call<'_>, args: &KanbanArgs) -> Failure {
    let scopes = metadata::cached_scopes(call).unwrap_or_default();
    let names: Vec<_> = scopes
        .iter()
        .filter(|(_, scope)| scope.status_field.is_some())
        .map(|(name, _)| name)
        .collect();
    Failure::bad_input(
        code::INVALID_ENTITY_TYPE,
        format!(
            "{} has no status field, so it has no board",
            args.entity_type
        ),
    )
    .at("/entityType")
    .suggest(format!("these have one: {}", names.join(", ")))
}
