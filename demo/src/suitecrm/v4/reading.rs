//! `get_entry_list`, `get_entry`, `get_entries` and `get_entries_count`.

use serde_json::{Value, json};

use super::Answer;
use super::arguments::Arguments;
use crate::suitecrm::listing::Wanted;
use crate::suitecrm::reply::Failure;
use crate::suitecrm::schema::Module;
use crate::suitecrm::store::Row;
use crate::suitecrm::users::Act;
use crate::suitecrm::work::Work;

/// Rows of a list when none or too few are asked for.
const PAGE: usize = 20;

/// Links to follow, each with the fields wanted.
type Links = [(String, Vec<String>)];

impl Work<'_> {
    pub(super) fn entry_list(&mut self, arguments: &Arguments) -> Answer {
        let module = self.module(&arguments.text("module_name"))?;
        if !self.user.may(Act::List, &module.name) {
            return Err(Failure::Denied);
        }
        let ids = self.select(
            module,
            &Wanted {
                clause: &arguments.text("query"),
                order: &arguments.text("order_by"),
                deleted: arguments.is_on("deleted"),
                own: self.user.lists_own(&module.name),
            },
        )?;
        let offset = usize::try_from(arguments.number("offset")).unwrap_or(0);
        let size = match usize::try_from(arguments.number("max_results")) {
            Ok(size) if size > 0 => size,
            _ => PAGE,
        };
        let page: Vec<&Row> = ids
            .iter()
            .skip(offset)
            .take(size)
            .filter_map(|id| self.store.any(&module.name, id))
            .collect();
        let fields = arguments.texts("select_fields");
        let entries: Vec<Value> = page
            .iter()
            .map(|row| self.shown_entry(module, row, &fields))
            .collect();
        // A total is a text, but for none at all.
        let total = if ids.is_empty() {
            json!(0)
        } else {
            json!(ids.len().to_string())
        };
        Ok(json!({
            "result_count": entries.len(),
            "total_count": total,
            "next_offset": offset + entries.len(),
            "entry_list": entries,
            "relationship_list": self.list_links(module, &page, &arguments.links("link_name_to_fields_array")),
        }))
    }

    pub(super) fn entry(&mut self, arguments: &Arguments) -> Answer {
        let module = self.module(&arguments.text("module_name"))?;
        let id = arguments.text("id");
        let Some(row) = self.store.live(&module.name, &id).cloned() else {
            return Ok(json!({"entry_list": [gone(module, &id)], "relationship_list": []}));
        };
        if arguments.is_on("track_view") {
            self.track(module, &row);
        }
        let links = arguments.links("link_name_to_fields_array");
        let followed: Vec<Value> = links
            .iter()
            .map(|(name, fields)| json!({"name": name, "records": self.link_values(module, &row, name, fields)}))
            .collect();
        Ok(json!({
            "entry_list": [self.shown_entry(module, &row, &arguments.texts("select_fields"))],
            "relationship_list": if followed.is_empty() { json!([]) } else { json!([followed]) },
        }))
    }

    pub(super) fn entries(&mut self, arguments: &Arguments) -> Answer {
        let module = self.module(&arguments.text("module_name"))?;
        let fields = arguments.texts("select_fields");
        let ids = arguments.texts("ids");
        let entries: Vec<Value> = ids
            .iter()
            .map(|id| match self.store.live(&module.name, id) {
                Some(row) => self.shown_entry(module, row, &fields),
                None => gone(module, id),
            })
            .collect();
        let rows: Vec<&Row> = ids
            .iter()
            .filter_map(|id| self.store.live(&module.name, id))
            .collect();
        let links = arguments.links("link_name_to_fields_array");
        Ok(json!({
            "entry_list": entries,
            "relationship_list": self.list_links(module, &rows, &links),
        }))
    }

    /// Counts everything, also where the user lists only their own. What the database refuses is a
    /// count of null. The clause is put beside the filter on deleted records without parentheses,
    /// so that an OR in it escapes.
    pub(super) fn entries_count(&mut self, arguments: &Arguments) -> Answer {
        let module = self.module(&arguments.text("module_name"))?;
        let clause = arguments.text("query");
        let deleted = arguments.is_on("deleted");
        let unguarded = if clause.trim().is_empty() || deleted {
            clause
        } else {
            format!("{}.deleted=0 AND {clause}", module.table)
        };
        let counted = self.select(
            module,
            &Wanted {
                deleted: deleted || !unguarded.is_empty(),
                clause: &unguarded,
                order: "",
                own: false,
            },
        );
        match counted {
            Ok(ids) => Ok(json!({"result_count": ids.len().to_string()})),
            Err(Failure::Database) => Ok(json!({"result_count": null})),
            Err(failure) => Err(failure),
        }
    }

    pub(super) fn shown_entry(&self, module: &Module, row: &Row, fields: &[String]) -> Value {
        json!({
            "id": row.text("id"),
            "module_name": module.name,
            "name_value_list": self.named_values(module, row, fields),
        })
    }

    /// Links as lists give them: each record in a wrapper of its own.
    fn list_links(&self, module: &Module, rows: &[&Row], links: &Links) -> Vec<Value> {
        if links.is_empty() {
            return Vec::new();
        }
        let one = |row: &Row, name: &String, fields: &[String]| {
            let records = self.link_values(module, row, name, fields);
            let wrapped: Vec<Value> = records
                .into_iter()
                .map(|record| json!({"link_value": record}))
                .collect();
            json!({"name": name, "records": wrapped})
        };
        rows.iter()
            .map(|row| {
                let list: Vec<Value> = links
                    .iter()
                    .map(|(name, fields)| one(row, name, fields))
                    .collect();
                json!({"link_list": list})
            })
            .collect()
    }
}

/// A record that is not there: a row all the same, whose values are a list.
fn gone(module: &Module, id: &str) -> Value {
    json!({
        "id": id,
        "module_name": module.name,
        "name_value_list": [
            {"name": "warning", "value": "Access to this object is denied since it has been deleted or does not exist"},
            {"name": "deleted", "value": "1"},
        ],
    })
}
