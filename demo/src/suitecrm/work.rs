//! One call at work: the declarations, the records, and who asks. What v4_1 and V8 share is here
//! and in `listing` and `saving`; how they say it is theirs.

use serde_json::{Map, Value, json};

use super::reply::Failure;
use super::schema::{Module, Schema};
use super::store::{Row, Store};
use super::users::{Act, User};
use super::values;

/// What a call works with.
pub(crate) struct Work<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) store: &'a mut Store,
    pub(crate) user: &'static User,
    /// The present moment as the database writes it.
    pub(crate) now: String,
    /// How long the database was made to wait, in seconds.
    pub(crate) slept: f64,
}

impl<'a> Work<'a> {
    /// A module the user may see.
    pub(crate) fn module(&self, name: &str) -> Result<&'a Module, Failure> {
        if name.is_empty() || name == "Audit" {
            return Err(Failure::Crash);
        }
        let module = self.schema.module(name).ok_or(Failure::NoModule)?;
        if self.user.may(Act::Access, name) {
            Ok(module)
        } else {
            Err(Failure::Denied)
        }
    }

    /// A field as a read shows it.
    pub(crate) fn shown(&self, module: &Module, row: &Row, name: &str) -> Option<String> {
        let field = module.field(name)?;
        if name == "user_hash" {
            return Some(String::new());
        }
        Some(values::shown(field, &self.store.read(module, row, name)))
    }

    /// Fields as v4_1 writes them: by name, each repeating its name. None asked for is all.
    pub(crate) fn named_values(
        &self,
        module: &Module,
        row: &Row,
        fields: &[String],
    ) -> Map<String, Value> {
        let all: Vec<String>;
        let fields = if fields.is_empty() {
            all = module
                .fields
                .iter()
                .map(|field| field.name.clone())
                .collect();
            &all
        } else {
            fields
        };
        let shown = fields.iter().filter_map(|name| {
            let value = self.shown(module, row, name)?;
            Some((name.clone(), json!({"name": name, "value": value})))
        });
        shown.collect()
    }
}
