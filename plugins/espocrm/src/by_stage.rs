//! The records of a pipeline, grouped by stage: what is shown where the CRM keeps its board closed.
//!
//! An ordinary list, so the caller's rights decide what is in it. It knows nothing of the order inside
//! a column, which only the board has.

use portcullis_sdk::{Call, Failure, path};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::{
    board::MOST,
    crm::Record,
    errors::About,
    identity::Pipeline,
    list::{self, Chosen, Query},
    settings::Settings,
};

const STAGE: &str = "pipelineStageId";

/// The records of a pipeline by stage.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ByStage {
    pipeline: String,
    /// How many records the pipeline has; null when the CRM did not count.
    total: Option<u64>,
    /// The stages in their order.
    stages: Vec<Group>,
    /// What was left out and how to get it.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
}

/// The records of one stage.
#[derive(Serialize, JsonSchema)]
struct Group {
    /// The stage; null for records whose stage is none of the pipeline's.
    stage: Option<String>,
    records: Vec<Record>,
}

pub(crate) fn list(call: &Call<'_>, entity: &str, pipeline: &Pipeline) -> Result<ByStage, Failure> {
    let settings = Settings::of(call)?;
    let query = Query {
        conditions: vec![
            json!({"type": "equals", "attribute": "pipelineId", "value": pipeline.id}),
        ],
        select: ["id", "name", STAGE].map(str::to_owned).to_vec(),
        max_size: list::at_most(&settings, MOST),
        ..Query::default()
    };
    let about = About::reading(entity);
    let answer = list::fetch(call, path![entity], &query, &about)?;
    let mut page = list::page(call, entity, &query, Chosen::ByCaller, &settings, &answer)?;
    if page.has_more {
        page.say_cut(format!(
            "Not all records of the pipeline are listed; search with pipelineId equals {} finds the rest.",
            pipeline.id
        ));
    }
    Ok(ByStage {
        pipeline: pipeline.name.clone(),
        total: page.total,
        stages: grouped(page.records, pipeline),
        truncated: page.truncated,
    })
}

/// One group per stage, empty ones too, and one more for what is in none of them.
fn grouped(mut records: Vec<Record>, pipeline: &Pipeline) -> Vec<Group> {
    let mut groups: Vec<Group> = pipeline
        .stages
        .iter()
        .map(|stage| Group {
            stage: Some(stage.name.clone()),
            records: records
                .extract_if(.., |record| {
                    record.text(STAGE).as_deref() == Some(&stage.id)
                })
                .map(without_stage)
                .collect(),
        })
        .collect();
    if !records.is_empty() {
        groups.push(Group {
            stage: None,
            records: records.into_iter().map(without_stage).collect(),
        });
    }
    groups
}

/// The group says it.
fn without_stage(mut record: Record) -> Record {
    record.retain(|name| name != STAGE);
    record
}
