//! `set_entry` and `set_entries`. Both say they have written what they have not: an id that is
//! unknown or deleted comes back as if it had been saved.

use serde_json::{Map, Value, json};

use super::Answer;
use super::arguments::{Arguments, name_values};
use crate::suitecrm::reply::Failure;
use crate::suitecrm::saving::Deleted;
use crate::suitecrm::schema::{Field, Module};
use crate::suitecrm::values;
use crate::suitecrm::work::Work;

/// Names and values as they were sent.
type Sent = [(String, String)];

impl Work<'_> {
    pub(super) fn set_entry(&mut self, arguments: &Arguments) -> Answer {
        let module = self.module(&arguments.text("module_name"))?;
        let sent = name_values(arguments.get("name_value_list"));
        if !self.may_write(module, is_delete(&sent)) {
            return Err(Failure::Denied);
        }
        let id = value(&sent, "id").to_owned();
        if !is_id(&id) {
            return Err(Failure::Null);
        }
        let id = self.save(module, &id, &sent)?;
        let echo = if sent.is_empty() {
            self.whole(module, &id)
        } else {
            echo(module, &sent)
        };
        Ok(json!({"id": id, "entry_list": echo}))
    }

    pub(super) fn set_entries(&mut self, arguments: &Arguments) -> Answer {
        let module = self.module(&arguments.text("module_name"))?;
        let lists = arguments
            .get("name_value_lists")
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut ids = Vec::new();
        for list in &lists {
            let sent = name_values(list);
            // What the user may not save is left out without a word.
            if self.may_write(module, is_delete(&sent)) {
                ids.push(self.set_one(module, sent)?);
            }
        }
        Ok(json!({"ids": ids}))
    }

    fn set_one(
        &mut self,
        module: &Module,
        mut sent: Vec<(String, String)>,
    ) -> Result<String, Failure> {
        let id = value(&sent, "id").to_owned();
        if !is_id(&id) {
            return Ok(id);
        }
        if module.name == "Contacts" {
            if id.is_empty()
                && let Some(same) = self.same_contact(&sent)
            {
                return Ok(same);
            }
            self.account_by_name(&mut sent);
        }
        self.save(module, &id, &sent)
    }

    fn save(&mut self, module: &Module, id: &str, sent: &Sent) -> Result<String, Failure> {
        if id.is_empty() {
            return Ok(self.create(module, None, sent));
        }
        // PHP takes every text for true but these.
        if !matches!(value(sent, "new_with_id"), "" | "0") {
            if self.store.any(&module.name, id).is_some() {
                return Err(Failure::Database);
            }
            return Ok(self.create(module, Some(id.to_owned()), sent));
        }
        if !is_delete(sent) {
            self.update(module, id, sent);
        } else if self.delete(module, id) == Deleted::ButBroke {
            return Err(Failure::Crash);
        }
        Ok(id.to_owned())
    }

    /// Bulk writes take a contact with the same last name and address for the same contact.
    fn same_contact(&self, sent: &Sent) -> Option<String> {
        let (last, address) = (value(sent, "last_name"), value(sent, "email1"));
        let same = self.store.rows("Contacts").find(|row| {
            !row.is_deleted()
                && row.text("last_name").eq_ignore_ascii_case(last)
                && row.text("email1").eq_ignore_ascii_case(address)
        })?;
        (!address.is_empty()).then(|| same.text("id").to_owned())
    }

    /// Bulk writes of contacts make the account that is named and not there.
    fn account_by_name(&mut self, sent: &mut Vec<(String, String)>) {
        let name = value(sent, "account_name").to_owned();
        if name.is_empty() || !value(sent, "account_id").is_empty() {
            return;
        }
        let known = self
            .store
            .rows("Accounts")
            .find(|row| !row.is_deleted() && row.text("name").eq_ignore_ascii_case(&name))
            .map(|row| row.text("id").to_owned());
        let id = known.or_else(|| {
            let accounts = self.schema.module("Accounts")?;
            Some(self.create(accounts, None, &[("name".to_owned(), name)]))
        });
        sent.extend(id.map(|id| ("account_id".to_owned(), id)));
    }

    /// What a write without values answers: the record it made.
    fn whole(&self, module: &Module, id: &str) -> Map<String, Value> {
        const SHOWN: [&str; 6] = [
            "modified_by_name",
            "id",
            "date_entered",
            "date_modified",
            "modified_user_id",
            "created_by",
        ];
        let mut values = self
            .store
            .live(&module.name, id)
            .map_or_else(Map::new, |row| {
                self.named_values(module, row, &SHOWN.map(str::to_owned))
            });
        if let Some(by) = values.get_mut("modified_by_name") {
            *by = json!({"name": "modified_by_name", "value": self.user.name});
        }
        let numbers = module.fields.iter().filter(|field| field.is_custom());
        for name in std::iter::once("deleted").chain(numbers.map(|field| field.name.as_str())) {
            values.insert(name.to_owned(), json!({"name": name, "value": 0}));
        }
        values
    }
}

fn value<'a>(sent: &'a Sent, name: &str) -> &'a str {
    sent.iter()
        .rev()
        .find(|(own, _)| own == name)
        .map_or("", |(_, value)| value)
}

fn is_delete(sent: &Sent) -> bool {
    matches!(value(sent, "deleted"), "1" | "true")
}

/// Letters, digits, dashes and underscores; also none at all.
fn is_id(id: &str) -> bool {
    id.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Fields of the module as they were sent, escaped as the answer escapes them.
fn echo(module: &Module, sent: &Sent) -> Map<String, Value> {
    let known = sent
        .iter()
        .filter_map(|(name, value)| Some((module.field(name)?, value)));
    known
        .map(|(field, value)| {
            let value = echoed(field, value);
            (
                field.name.clone(),
                json!({"name": field.name, "value": value}),
            )
        })
        .collect()
}

fn echoed(field: &Field, sent: &str) -> Value {
    match (field.kind.as_str(), sent) {
        ("int", number) => json!(number.parse::<i64>().unwrap_or(0)),
        ("bool", "0") => json!(0),
        ("date" | "datetime", _) => json!(values::stored(field, sent)),
        _ => json!(values::echoed(sent)),
    }
}
