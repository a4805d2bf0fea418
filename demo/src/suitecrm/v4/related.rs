//! `get_relationships`, and links inside the answers of other methods. The role of the user is not
//! asked about the other side: rows of a forbidden module come back.

use serde_json::{Map, Value, json};

use super::Answer;
use super::arguments::Arguments;
use crate::suitecrm::listing::sort;
use crate::suitecrm::reply::Failure;
use crate::suitecrm::schema::{By, Module};
use crate::suitecrm::sql;
use crate::suitecrm::store::{Row, address_id};
use crate::suitecrm::work::Work;

impl Work<'_> {
    pub(super) fn relationships(&mut self, arguments: &Arguments) -> Answer {
        let module = self.module(&arguments.text("module_name"))?;
        let row = self
            .store
            .live(&module.name, &arguments.text("module_id"))
            .ok_or(Failure::Crash)?;
        let fields = arguments.texts("related_fields");
        let Some(link) = module.link(&arguments.text("link_field_name")) else {
            return Ok(json!({"entry_list": [], "relationship_list": []}));
        };
        if link.by() == By::Emails {
            let entries: Vec<Value> = address(row)
                .map(|mut values| {
                    values.remove("primary_address");
                    json!({"id": values["id"]["value"], "module_name": "EmailAddresses", "name_value_list": only(values, &fields)})
                })
                .into_iter()
                .collect();
            return Ok(json!({"entry_list": entries, "relationship_list": []}));
        }
        let other = self.schema.module(&link.module).ok_or(Failure::Crash)?;
        let mut rows = Vec::new();
        for linked in self.store.linked(module, row, link) {
            if self.fits(other, linked, &arguments.text("related_module_query"))? {
                rows.push(linked);
            }
        }
        let order = arguments.text("order_by");
        if sql::refused(&order) {
            return Err(Failure::Denied);
        }
        sort(
            self.store,
            other,
            &mut rows,
            &sql::order(&order, &other.table),
        );
        let offset = usize::try_from(arguments.number("offset")).unwrap_or(0);
        let limit = match usize::try_from(arguments.number("limit")) {
            Ok(limit) if limit > 0 => limit,
            _ => usize::MAX,
        };
        let page = rows.into_iter().skip(offset).take(limit);
        let entries: Vec<Value> = page
            .map(|row| self.related_entry(other, row, &fields))
            .collect();
        Ok(json!({"entry_list": entries, "relationship_list": []}))
    }

    /// Without fields a row has no id, only what a new record would have.
    fn related_entry(&self, module: &Module, row: &Row, fields: &[String]) -> Value {
        if !fields.is_empty() {
            return self.shown_entry(module, row, fields);
        }
        let mut values = Map::new();
        values.insert("name".into(), json!({"name": "name", "value": ""}));
        values.insert("deleted".into(), json!({"name": "deleted", "value": 0}));
        let defaults = module
            .fields
            .iter()
            .filter(|field| field.name != "deleted" && !field.nondb);
        for (field, default) in defaults.filter_map(|field| Some((field, field.default.as_ref()?)))
        {
            values.insert(
                field.name.clone(),
                json!({"name": field.name, "value": default}),
            );
        }
        json!({"id": null, "module_name": module.name, "name_value_list": values})
    }

    /// Values of the records at the other end of a link; none for a link that is not there.
    pub(super) fn link_values(
        &self,
        module: &Module,
        row: &Row,
        name: &str,
        fields: &[String],
    ) -> Vec<Value> {
        let Some(link) = module.link(name) else {
            return Vec::new();
        };
        if link.by() == By::Emails {
            return address(row)
                .map(|values| Value::Object(only(values, fields)))
                .into_iter()
                .collect();
        }
        let Some(other) = self.schema.module(&link.module) else {
            return Vec::new();
        };
        let linked = self.store.linked(module, row, link);
        linked
            .into_iter()
            .map(|row| Value::Object(self.named_values(other, row, fields)))
            .collect()
    }
}

/// A record's e-mail address as a record of its own.
fn address(row: &Row) -> Option<Map<String, Value>> {
    let address = row.get("email1").filter(|address| !address.is_empty())?;
    let values = [
        ("id", address_id(address)),
        ("email_address", address.to_owned()),
        ("opt_out", "0".to_owned()),
        ("primary_address", String::new()),
    ];
    let named =
        |(name, value): (&str, String)| (name.to_owned(), json!({"name": name, "value": value}));
    Some(values.into_iter().map(named).collect())
}

fn only(values: Map<String, Value>, fields: &[String]) -> Map<String, Value> {
    values
        .into_iter()
        .filter(|(name, _)| fields.is_empty() || fields.contains(name))
        .collect()
}
