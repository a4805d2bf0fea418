//! What a client sent, reduced to what may be stored.
//!
//! Unknown and read-only attributes vanish here without a word, texts swallow whatever they get,
//! and ISO date-times become the CRM's own. What cannot be read stays as it is for `validate`.

use serde_json::{Map, Value, json};

use super::dates::moment;
use super::errors::Refusal;
use super::schema::{Entity, Field};
use super::where_clause::text_of;

/// Attributes to set and links to set, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Input {
    pub(crate) values: Map<String, Value>,
    pub(crate) links: Vec<LinkSet>,
}

/// The whole set of ids of a link to many.
#[derive(Clone, Debug)]
pub(crate) struct LinkSet {
    pub(crate) link: String,
    pub(crate) ids: Vec<String>,
    pub(crate) columns: Map<String, Value>,
}

impl Input {
    pub(crate) fn read(
        entity: &Entity,
        payload: &Map<String, Value>,
        creating: bool,
    ) -> Result<Self, Refusal> {
        let mut input = Self::default();
        let locked = locked_status(entity);
        for field in &entity.fields {
            let read_only =
                field.flag("readOnly") || (!creating && field.flag("readOnlyAfterCreate"));
            if !read_only && locked != Some(field.name.as_str()) {
                input.take(field, payload);
            }
        }
        input.take_fieldless_links(entity, payload)?;
        Ok(input)
    }

    pub(crate) fn has(&self, attribute: &str) -> bool {
        self.values.contains_key(attribute)
    }

    fn take(&mut self, field: &Field, payload: &Map<String, Value>) {
        let name = &field.name;
        match field.kind.as_str() {
            "link" | "file" => self.copy(format!("{name}Id"), payload, id_value),
            "linkParent" => {
                self.copy(format!("{name}Id"), payload, id_value);
                self.copy(format!("{name}Type"), payload, id_value);
            }
            "linkMultiple" | "attachmentMultiple" => self.take_ids(name, payload),
            "email" | "phone" => {
                self.copy(name.clone(), payload, text_value);
                self.copy(format!("{name}Data"), payload, Value::clone);
            }
            "personName" | "foreign" | "linkOne" | "address" => {}
            kind => self.copy(name.clone(), payload, |value| coerce(kind, value)),
        }
    }

    fn copy(
        &mut self,
        attribute: String,
        payload: &Map<String, Value>,
        read: impl Fn(&Value) -> Value,
    ) {
        if let Some(value) = payload.get(&attribute) {
            self.values.insert(attribute, read(value));
        }
    }

    fn take_ids(&mut self, link: &str, payload: &Map<String, Value>) {
        let Some(Value::Array(ids)) = payload.get(&format!("{link}Ids")) else {
            return;
        };
        let columns = payload
            .get(&format!("{link}Columns"))
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        let ids = ids
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        self.links.push(LinkSet {
            link: link.to_owned(),
            ids,
            columns,
        });
    }

    /// A link without a field takes one id, not several.
    fn take_fieldless_links(
        &mut self,
        entity: &Entity,
        payload: &Map<String, Value>,
    ) -> Result<(), Refusal> {
        for link in entity.links.iter().filter(|link| link.is_many()) {
            if entity
                .field(&link.name)
                .is_some_and(|field| !field.flag("linkOnly") || field.flag("readOnly"))
            {
                continue;
            }
            let already = self.links.iter().any(|set| set.link == link.name);
            if !already {
                self.take_ids(&link.name, payload);
            }
            let count = self
                .links
                .iter()
                .find(|set| set.link == link.name)
                .map_or(0, |set| set.ids.len());
            if count > 1 {
                return Err(Refusal::because(
                    403,
                    format!("Cannot set multiple IDs for link '{}'.", link.name),
                ));
            }
        }
        Ok(())
    }
}

/// With pipelines on, the status follows the stage and cannot be written.
fn locked_status(entity: &Entity) -> Option<&str> {
    entity
        .flag("pipelines")
        .then(|| entity.status_field().map(|field| field.name.as_str()))
        .flatten()
}

/// A value in the type of its field, where there is one; otherwise as it came.
pub(crate) fn coerce(kind: &str, value: &Value) -> Value {
    match kind {
        "varchar" | "text" | "wysiwyg" | "url" | "enum" => text_value(value),
        "int" | "float" | "currency" | "duration" | "autoincrement" => number_value(value),
        "bool" => json!(
            matches!(value, Value::Bool(true))
                || value == "true"
                || value == "1"
                || value.as_i64() == Some(1)
        ),
        "date" | "datetime" | "datetimeOptional" => date_value(value),
        _ => value.clone(),
    }
}

fn text_value(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::String(text) if text.is_empty() => Value::Null,
        Value::Object(_) => json!("Object"),
        Value::Array(_) => json!("Array"),
        Value::Bool(yes) => {
            if *yes {
                json!("1")
            } else {
                Value::Null
            }
        }
        other => Value::String(text_of(other)),
    }
}

fn number_value(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::String(text) => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => json!(whole),
            (_, Ok(real)) => json!(real),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}

fn date_value(value: &Value) -> Value {
    match value.as_str() {
        Some("") => Value::Null,
        Some(text) => moment(text).map_or_else(|| value.clone(), Value::String),
        None => value.clone(),
    }
}

fn id_value(value: &Value) -> Value {
    match value {
        Value::String(text) if !text.is_empty() => value.clone(),
        _ => Value::Null,
    }
}
