//! The board: columns by status or by stage, and an order that only its author sees.

use serde_json::{Map, Value, json};

use super::errors::Refusal;
use super::listing::Row;
use super::pipelines;
use super::query::{Search, search_of};
use super::record::Deed;
use super::router::{Reply, Session};
use super::schema::Entity;
use super::store::{Record, Store};
use super::users::Level;

/// A column keeps the order of this many records.
const MAX_ORDERED: usize = 50;

/// One column of a board.
struct Column {
    name: String,
    label: Value,
    style: Value,
}

impl Session<'_> {
    pub(crate) fn board(&self, name: &str) -> Result<Reply, Refusal> {
        let entity = self.board_entity(name)?;
        let search = search_of(self.call)?;
        let store = self.crm.read();
        let field = self.board_field(&store, entity, &search)?;
        let columns = self.columns(&store, entity, &search);
        let all = Search {
            max_size: Some(200),
            offset: 0,
            ..search.clone()
        };
        let rows = store
            .all(&entity.name)
            .map(|record| (record.clone(), Map::new()))
            .collect();
        let view = self.view(&store);
        let found = view.find(entity, &all, rows, self.crm.now())?;
        let select = view.selection_with(entity, &search, &entity.board_always);
        let groups: Vec<Value> = columns
            .iter()
            .map(|column| {
                let rows = self.column_rows(&store, entity, &field, column, &found.rows);
                let size = usize::try_from(search.max_size.unwrap_or(200)).unwrap_or(0);
                let list: Vec<Value> = rows.iter().take(size).map(|record| view.row(entity, record, select.as_ref(), &Map::new())).collect();
                json!({"name": column.name, "total": rows.len(), "list": list, "label": column.label, "style": column.style})
            })
            .collect();
        let list: Vec<&Value> = groups
            .iter()
            .flat_map(|group| group["list"].as_array().into_iter().flatten())
            .collect();
        Ok(json!({"total": found.total, "groups": groups, "list": list}).into())
    }

    /// Records of one column: those the caller put in order, then the rest.
    fn column_rows<'r>(
        &self,
        store: &Store,
        entity: &Entity,
        field: &str,
        column: &Column,
        rows: &'r [Row],
    ) -> Vec<&'r Record> {
        let key = (
            self.user.id.clone(),
            entity.name.clone(),
            column.name.clone(),
        );
        let order = store.orders.get(&key).map_or(&[][..], Vec::as_slice);
        let mut own: Vec<&Record> = rows
            .iter()
            .map(|(record, _)| record.as_ref())
            .filter(|record| record.text(field) == Some(&column.name))
            .collect();
        own.sort_by_key(|record| {
            order
                .iter()
                .position(|id| *id == record.id)
                .unwrap_or(usize::MAX)
        });
        own
    }

    fn board_entity(&self, name: &str) -> Result<&Entity, Refusal> {
        let entity = self
            .crm
            .schema
            .entity(name)
            .filter(|entity| entity.flag("object"));
        let entity = entity.ok_or_else(|| {
            Refusal::because(403, "Non-object entities are not supported.").html()
        })?;
        if self.reach_of(entity, Deed::Read) == Level::No {
            return Err(Refusal::because(403, "").html());
        }
        Ok(entity)
    }

    /// The attribute that tells the column.
    fn board_field(
        &self,
        store: &Store,
        entity: &Entity,
        search: &Search,
    ) -> Result<String, Refusal> {
        let status = entity.status_field().ok_or_else(|| no_status(entity))?;
        if !entity.flag("pipelines") {
            return Ok(status.name.clone());
        }
        let pipeline = pipeline_of(search).filter(|id| store.live("Pipeline", id).is_some());
        pipeline.ok_or_else(|| {
            Refusal::because(400, "noPipeline")
                .translated("noPipeline", &json!({}))
                .html()
        })?;
        if !self.user.role.admin {
            return Err(Refusal::because(403, "").html());
        }
        Ok("pipelineStageId".to_owned())
    }

    fn columns(&self, store: &Store, entity: &Entity, search: &Search) -> Vec<Column> {
        let hidden = super::where_clause::names(
            entity
                .scope
                .get("kanbanStatusIgnoreList")
                .unwrap_or(&Value::Null),
        );
        if let Some(pipeline) = pipeline_of(search).filter(|_| entity.flag("pipelines")) {
            let shown = pipelines::stages(store, &pipeline).into_iter();
            return shown
                .filter(|stage| {
                    stage
                        .text("mappedStatus")
                        .is_none_or(|status| !hidden.iter().any(|name| name == status))
                })
                .map(|stage| Column {
                    name: stage.id.clone(),
                    label: stage.get("name").clone(),
                    style: stage.get("style").clone(),
                })
                .collect();
        }
        let options = entity
            .status_field()
            .map(|field| field.options(&self.crm.schema))
            .unwrap_or_default();
        let shown = options.into_iter().filter(|name| !hidden.contains(name));
        shown
            .map(|name| Column {
                name,
                label: Value::Null,
                style: Value::Null,
            })
            .collect()
    }

    /// Keeps an order for the caller. The records' status is not touched and their existence not checked.
    pub(crate) fn order_board(&self) -> Result<Reply, Refusal> {
        let payload = self.call.payload()?;
        let name = payload
            .get("entityType")
            .and_then(Value::as_str)
            .ok_or_else(|| Refusal::because(400, "").html())?;
        let group = payload
            .get("group")
            .and_then(Value::as_str)
            .ok_or_else(|| Refusal::because(400, "").html())?;
        let ids = payload
            .get("ids")
            .and_then(Value::as_array)
            .ok_or_else(|| Refusal::because(400, "").html())?;
        let entity = self.board_entity(name)?;
        let mut store = self.crm.write();
        self.check_group(&store, entity, group)?;
        let ids: Vec<String> = ids
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let kept = store
            .orders
            .entry((self.user.id.clone(), entity.name.clone(), group.to_owned()))
            .or_default();
        kept.retain(|id| !ids.contains(id));
        kept.splice(0..0, ids);
        kept.truncate(MAX_ORDERED);
        Ok(true.into())
    }

    fn check_group(&self, store: &Store, entity: &Entity, group: &str) -> Result<(), Refusal> {
        entity.status_field().ok_or_else(|| no_status(entity))?;
        if entity.flag("pipelines") {
            if !self.user.role.admin {
                return Err(Refusal::because(403, "").html());
            }
            return store
                .live("PipelineStage", group)
                .map(|_| ())
                .ok_or_else(|| Refusal::because(404, "").html());
        }
        let is_column = self
            .columns(store, entity, &Search::default())
            .iter()
            .any(|column| column.name == group);
        if is_column {
            Ok(())
        } else {
            Err(Refusal::because(403, "Group is not available in status list.").html())
        }
    }
}

fn no_status(entity: &Entity) -> Refusal {
    Refusal::because(
        500,
        format!("No status field for entity type '{}'.", entity.name),
    )
    .html()
}

/// The pipeline a search is restricted to.
fn pipeline_of(search: &Search) -> Option<String> {
    let item = search
        .filter
        .iter()
        .find(|item| item["type"] == "equals" && item["attribute"] == "pipelineId")?;
    item["value"].as_str().map(str::to_owned)
}
