//! Creating, changing and deleting. A change answers 201 like a creation.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Answer, message};
use crate::suitecrm::saving::Deleted;
use crate::suitecrm::schema::Module;
use crate::suitecrm::users::Act;
use crate::suitecrm::values;
use crate::suitecrm::work::Work;

/// A module, and names and values for a record of it.
type Incoming<'a> = (&'a Module, Vec<(String, String)>);

impl<'a> Work<'a> {
    pub(super) fn create_v8(&mut self, body: &Value) -> Answer {
        let (module, sent) = self.incoming(body)?;
        let id = body["data"]["id"].as_str();
        if let Some(id) = id.filter(|id| self.store.any(&module.name, id).is_some()) {
            return Err(Refusal::Content(format!(
                "Bean {} with id {id} is already exist",
                module.object
            )));
        }
        let id = self.create(module, id.map(str::to_owned), &sent);
        self.written(module, &id)
    }

    pub(super) fn update_v8(&mut self, body: &Value) -> Answer {
        let (module, sent) = self.incoming(body)?;
        let id = body["data"]["id"].as_str().ok_or_else(|| missing("id"))?;
        self.row_v8(module, id)?;
        self.update(module, id, &sent);
        self.written(module, id)
    }

    pub(super) fn delete_v8(&mut self, name: &str, id: &str) -> Answer {
        let module = self.module_v8(name, Act::Delete)?;
        self.row_v8(module, id)?;
        match self.delete(module, id) {
            Deleted::Quietly => Ok((200, message(&format!("Record with id {id} is deleted")))),
            Deleted::ButBroke => Err(Refusal::Crash),
        }
    }

    fn incoming(&self, body: &Value) -> Result<Incoming<'a>, Refusal> {
        let name = body["data"]["type"]
            .as_str()
            .ok_or_else(|| missing("type"))?;
        let module = self.module_v8(name, Act::Edit)?;
        let attributes = body["data"]["attributes"].as_object();
        let mut sent = Vec::new();
        for (name, value) in attributes.into_iter().flatten() {
            let field = module.field(name).ok_or_else(|| {
                Refusal::Parameters(format!(
                    "Property {name} in {} module is invalid",
                    module.object
                ))
            })?;
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Bool(is) => String::from(if *is { "1" } else { "0" }),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            let is_moment = field.kind == "datetime";
            sent.push((
                name.clone(),
                if is_moment {
                    values::from_iso(&text)
                } else {
                    text
                },
            ));
        }
        Ok((module, sent))
    }

    fn written(&self, module: &Module, id: &str) -> Answer {
        let row = self.row_v8(module, id)?;
        Ok((
            201,
            json!({"data": self.resource(module, row, None, &format!("V8/module/{id}"))}),
        ))
    }
}

fn missing(option: &str) -> Refusal {
    Refusal::Parameters(format!("The required option \"{option}\" is missing."))
}
