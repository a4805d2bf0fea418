//! Creating, changing and deleting records, whoever asks.

use jiff::ToSpan;

use super::schema::Module;
use super::store::Row;
use super::users::Act;
use super::values;
use super::work::Work;

/// How a delete ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deleted {
    Quietly,
    /// Deleted, and then the program broke over the record's activities.
    ButBroke,
}

impl Work<'_> {
    /// Makes a record and gives its id.
    pub(crate) fn create(
        &mut self,
        module: &Module,
        id: Option<String>,
        sent: &[(String, String)],
    ) -> String {
        let id = id.unwrap_or_else(|| self.store.new_id());
        let mut row = Row::default();
        for field in &module.fields {
            if let Some(default) = field.default.as_ref().filter(|_| !field.nondb) {
                row.set(&field.name, default.as_str());
            }
        }
        row.set("id", id.as_str());
        row.set("deleted", "0");
        row.set("date_entered", self.now.as_str());
        row.set("created_by", self.user.id);
        if module.field("case_number").is_some() {
            row.set(
                "case_number",
                self.store.next_number(&module.name).to_string(),
            );
        }
        self.apply(module, &mut row, sent);
        self.store.put(&module.name, row);
        id
    }

    /// Changes a record; nothing happens when there is none, or only a deleted one.
    pub(crate) fn update(&mut self, module: &Module, id: &str, sent: &[(String, String)]) {
        let Some(mut row) = self.store.live(&module.name, id).cloned() else {
            return;
        };
        self.apply(module, &mut row, sent);
        self.store.put(&module.name, row);
    }

    /// Marks a record as deleted; nothing happens when there is none.
    pub(crate) fn delete(&mut self, module: &Module, id: &str) -> Deleted {
        let now = self.now.clone();
        let Some(row) = self.store.live_mut(&module.name, id) else {
            return Deleted::Quietly;
        };
        row.set("deleted", "1");
        row.set("date_modified", now);
        if self.store.has_activities(&module.name, id) {
            Deleted::ButBroke
        } else {
            Deleted::Quietly
        }
    }

    /// Whether the caller may carry a write out.
    pub(crate) fn may_write(&self, module: &Module, deletes: bool) -> bool {
        let act = if deletes { Act::Delete } else { Act::Edit };
        self.user.may(act, &module.name)
    }

    fn apply(&self, module: &Module, row: &mut Row, sent: &[(String, String)]) {
        const OWN: [&str; 6] = [
            "id",
            "deleted",
            "date_entered",
            "date_modified",
            "created_by",
            "modified_user_id",
        ];
        let keeps_name = self.store.attachments.contains_key(row.text("id"));
        for (name, value) in sent {
            let Some(field) = module.field(name) else {
                continue;
            };
            let is_kept = !field.nondb || name == "email1" || name == "account_id";
            let is_file = keeps_name && module.name == "Notes" && name == "filename";
            if is_kept && !OWN.contains(&name.as_str()) && !is_file {
                row.set(name, values::stored(field, value));
            }
        }
        row.set("date_modified", self.now.as_str());
        row.set("modified_user_id", self.user.id);
        end(module, row);
    }
}

/// Calls and meetings end when their duration is over.
fn end(module: &Module, row: &mut Row) {
    if module.field("duration_minutes").is_none() {
        return;
    }
    let number = |name: &str| row.text(name).parse::<i64>().unwrap_or(0);
    let minutes = number("duration_hours") * 60 + number("duration_minutes");
    let end = values::moment(row.text("date_start"))
        .and_then(|start| start.checked_add(minutes.minutes()).ok());
    if let Some(end) = end {
        row.set("date_end", end.strftime("%Y-%m-%d %H:%M:%S").to_string());
    }
}
