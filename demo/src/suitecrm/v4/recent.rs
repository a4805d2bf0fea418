//! `get_last_viewed` and `get_upcoming_activities`.

use serde_json::{Value, json};

use super::arguments::Arguments;
use crate::suitecrm::schema::Module;
use crate::suitecrm::store::{Row, Viewed, address_id};
use crate::suitecrm::work::Work;

/// Rows of each kind, and in all.
const MOST: usize = 10;

impl Work<'_> {
    /// Notes that the user looked at a record.
    pub(super) fn track(&mut self, module: &Module, row: &Row) {
        let id = row.text("id").to_owned();
        let same = |viewed: &Viewed| viewed.user == self.user.id && viewed.id == id;
        self.store.viewed.retain(|viewed| !same(viewed));
        self.store.viewed.push(Viewed {
            user: self.user.id,
            module: module.name.clone(),
            id,
            at: self.now.clone(),
        });
    }

    /// What the user looked at, newest first. `id` is the number of the entry, `item_id` the
    /// record's id; `Home` stands for every module and leaves two values out.
    pub(super) fn last_viewed(&self, arguments: &Arguments) -> Value {
        let modules = arguments.texts("module_names");
        let everything = modules.iter().any(|name| name == "Home");
        let own = self
            .store
            .viewed
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, viewed)| {
                viewed.user == self.user.id && (everything || modules.contains(&viewed.module))
            });
        let entries = own.take(MOST).filter_map(|(number, viewed)| {
            let module = self.schema.module(&viewed.module)?;
            let row = self.store.live(&viewed.module, &viewed.id)?;
            let summary = self.store.read(module, row, "name");
            let number = (number + 1).to_string();
            Some(if everything {
                json!({"item_id": viewed.id, "item_summary": summary, "module_name": viewed.module, "id": number})
            } else {
                json!({
                    "item_id": viewed.id, "id": number, "item_summary": summary,
                    "module_name": viewed.module, "monitor_id": address_id(&number),
                    "date_modified": viewed.at,
                })
            })
        });
        entries.collect()
    }

    /// What is ahead of the user. Deals that are won or lost are not left out.
    pub(super) fn upcoming_activities(&self) -> Value {
        const KINDS: [(&str, &str, Option<&str>); 4] = [
            ("Calls", "date_start", Some("Planned")),
            ("Meetings", "date_start", Some("Planned")),
            ("Tasks", "date_due", Some("Not Started")),
            ("Opportunities", "date_closed", None),
        ];
        let mut all: Vec<(String, Value)> = Vec::new();
        for (module, date, status) in KINDS {
            let ahead = self.store.rows(module).filter(|row| {
                !row.is_deleted()
                    && row.text("assigned_user_id") == self.user.id
                    && row.text(date) >= self.now.as_str()
                    && status.is_none_or(|status| row.text("status") == status)
            });
            let mut of_kind: Vec<(String, Value)> = ahead
                .map(|row| {
                    let due = row.text(date);
                    let entry = json!({"id": row.text("id"), "module": module, "date_due": due, "summary": row.text("name")});
                    (due.to_owned(), entry)
                })
                .collect();
            of_kind.sort_by(|left, right| left.0.cmp(&right.0));
            of_kind.truncate(MOST);
            all.extend(of_kind);
        }
        all.sort_by(|left, right| left.0.cmp(&right.0));
        all.into_iter().take(MOST).map(|(_, entry)| entry).collect()
    }
}
