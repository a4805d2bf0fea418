//! `search_by_module`: text search that returns one row more than asked, and rows of modules that
//! the user's role forbids.

use serde_json::{Value, json};

use super::Answer;
use super::arguments::Arguments;
use crate::suitecrm::reply::Failure;
use crate::suitecrm::schema::Module;
use crate::suitecrm::store::Row;
use crate::suitecrm::users::User;
use crate::suitecrm::work::Work;

impl Work<'_> {
    pub(super) fn search_by_module(&mut self, arguments: &Arguments) -> Answer {
        let wanted = arguments.text("search_string").trim().to_lowercase();
        let mut names = arguments.texts("modules");
        names.sort();
        let searched = |name: &String| {
            let module = self.schema.module(name)?;
            (!module.search.is_empty()).then_some(module)
        };
        let modules: Option<Vec<&Module>> = names.iter().map(searched).collect();
        // Users and what is no module break the search.
        let modules = modules.ok_or(Failure::Crash)?;
        if wanted.is_empty() {
            return Ok(json!({"entry_list": []}));
        }
        let fields = arguments.texts("select_fields");
        let offset = usize::try_from(arguments.number("offset")).unwrap_or(0);
        let most = usize::try_from(arguments.number("max_results")).unwrap_or(0) + 1;
        let owner = arguments.text("assigned_user_id");
        let found = modules.iter().map(|module| {
            let rows = self.store.rows(&module.name).filter(|row| {
                !row.is_deleted()
                    && (owner.is_empty() || row.text("assigned_user_id") == owner)
                    && begins(module, row, &wanted)
            });
            let page = rows.skip(offset).take(most);
            let records: Vec<Value> = page.map(|row| self.hit(module, row, &fields)).collect();
            json!({"name": module.name, "records": records})
        });
        Ok(json!({"entry_list": found.collect::<Vec<_>>()}))
    }

    /// The columns of the module's list and the id, or the fields asked for.
    fn hit(&self, module: &Module, row: &Row, fields: &[String]) -> Value {
        if !fields.is_empty() {
            return Value::Object(self.named_values(module, row, fields));
        }
        let mut columns = module.columns.clone();
        columns.push("id".to_owned());
        let mut values = self.named_values(module, row, &columns);
        let owner = User::by_id(row.text("assigned_user_id")).map_or("", |user| user.name);
        if let Some(value) = values.get_mut("assigned_user_name") {
            *value = json!({"name": "assigned_user_name", "value": owner});
        }
        Value::Object(values)
    }
}

/// Whether one of the searched fields begins with the text.
fn begins(module: &Module, row: &Row, wanted: &str) -> bool {
    let fields = module
        .search
        .iter()
        .map(|name| row.text(name).to_lowercase());
    fields.into_iter().any(|value| value.starts_with(wanted))
        || module.is_person()
            && format!("{} {}", row.text("first_name"), row.text("last_name"))
                .to_lowercase()
                .starts_with(wanted)
}
