//! Metadata and labels, told to each caller as far as its role reaches.
//!
//! Entities a role cannot read are absent; fields a role cannot read are not filtered. A key that
//! leads nowhere, or to something hidden, answers 200 with an empty body.

use serde_json::{Map, Value, json};

use super::record::Deed;
use super::router::{Reply, Session};
use super::schema::{Entity, Field, Link, LinkKind, Schema};
use super::users::Level;

/// Keys of the table that are our own and no metadata.
const OWN_KEYS: [&str; 6] = [
    "label",
    "since",
    "column",
    "linkOnly",
    "pipelines",
    "isCurrency",
];

impl Session<'_> {
    pub(crate) fn metadata(&self) -> Reply {
        let visible: Vec<&Entity> = self.visible_entities();
        let Some(key) = self.call.param("key").filter(|key| !key.is_empty()) else {
            return Reply::Json(whole(&visible));
        };
        match find(&visible, &key) {
            Some(value) => Reply::Json(value),
            None => Reply::Nothing,
        }
    }

    fn visible_entities(&self) -> Vec<&Entity> {
        let all = self.crm.schema.entities().iter().map(AsRef::as_ref);
        all.filter(|entity: &&Entity| self.reach_of(entity, Deed::Read) != Level::No)
            .collect()
    }
}

fn whole(visible: &[&Entity]) -> Value {
    let sections = ["scopes", "entityDefs", "clientDefs", "fields"];
    Value::Object(
        sections
            .iter()
            .filter_map(|section| Some(((*section).to_owned(), find(visible, section)?)))
            .collect(),
    )
}

/// Follows a dotted key without building what it passes by.
fn find(visible: &[&Entity], key: &str) -> Option<Value> {
    let mut steps = key.split('.');
    let section = steps.next()?;
    let value = match section {
        "fields" => field_types(),
        "scopes" | "entityDefs" | "clientDefs" => match steps.next() {
            Some(name) => section_of(section, name, visible)?,
            None => all_of(section, visible),
        },
        _ => return None,
    };
    steps.try_fold(value, |value, step| value.get(step).cloned())
}

fn all_of(section: &str, visible: &[&Entity]) -> Value {
    let mut map: Map<String, Value> = visible
        .iter()
        .map(|entity| (entity.name.clone(), part(section, entity)))
        .collect();
    if section == "scopes" {
        map.extend(plain_scopes());
    }
    Value::Object(map)
}

fn section_of(section: &str, name: &str, visible: &[&Entity]) -> Option<Value> {
    let entity = visible.iter().find(|entity| entity.name == name);
    match entity {
        Some(entity) => Some(part(section, entity)),
        None if section == "scopes" => plain_scopes().remove(name),
        None => None,
    }
}

fn part(section: &str, entity: &Entity) -> Value {
    match section {
        "scopes" => Value::Object(entity.scope.clone()),
        "clientDefs" => Value::Object(client_defs(entity)),
        _ => entity_defs(entity),
    }
}

fn client_defs(entity: &Entity) -> Map<String, Value> {
    let mut defs = Map::from_iter([("controller".to_owned(), json!("controllers/record"))]);
    defs.extend(entity.client.clone());
    if let Some(Value::Array(names)) = entity.client.get("filterList") {
        let named: Value = names.iter().map(|name| json!({"name": name})).collect();
        defs.insert("filterList".into(), named);
    }
    defs
}

pub(crate) fn entity_defs(entity: &Entity) -> Value {
    let fields: Map<String, Value> = entity
        .fields
        .iter()
        .map(|field| (field.name.clone(), field_def(field)))
        .collect();
    let links: Map<String, Value> = entity
        .links
        .iter()
        .map(|link| (link.name.clone(), link_def(link)))
        .collect();
    let mut defs = json!({"fields": fields, "links": links, "collection": collection(entity)});
    if entity.versioned {
        defs["optimisticConcurrencyControl"] = json!(true);
    }
    defs
}

fn field_def(field: &Field) -> Value {
    let shown = field
        .def
        .iter()
        .filter(|(key, _)| !OWN_KEYS.contains(&key.as_str()));
    Value::Object(
        shown
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    )
}

fn link_def(link: &Link) -> Value {
    let shown = link
        .def
        .iter()
        .filter(|(key, _)| !OWN_KEYS.contains(&key.as_str()));
    Value::Object(
        shown
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    )
}

/// Older clients read the order under its former names.
fn collection(entity: &Entity) -> Value {
    let mut collection = entity.collection.clone();
    collection.insert("sortBy".into(), json!(entity.collection_text("orderBy")));
    collection.insert(
        "asc".into(),
        json!(entity.collection_text("order") == "asc"),
    );
    Value::Object(collection)
}

/// Scopes that are no entities.
fn plain_scopes() -> Map<String, Value> {
    let tab = |tab: bool| json!({"entity": false, "layouts": false, "tab": tab, "acl": false, "customizable": false});
    Map::from_iter([
        ("Stream".to_owned(), tab(true)),
        (
            "Calendar".to_owned(),
            json!({"entity": false, "tab": true, "acl": "boolean", "module": "Crm"}),
        ),
        (
            "Activities".to_owned(),
            json!({"entity": false, "tab": false, "acl": "boolean", "module": "Crm"}),
        ),
        (
            "GlobalStream".to_owned(),
            json!({"entity": false, "tab": true, "acl": "boolean"}),
        ),
        ("Dashboard".to_owned(), tab(false)),
        ("Formula".to_owned(), json!({"languageIsGlobal": true})),
    ])
}

/// What the field manager knows of each type; only what a client may want.
fn field_types() -> Value {
    let with = |params: &[&str]| {
        let params: Vec<Value> = params.iter().map(|name| json!({"name": name})).collect();
        json!({"params": params})
    };
    json!({
        "varchar": with(&["required", "default", "maxLength", "options", "pattern", "audited", "readOnly"]),
        "text": with(&["required", "default", "maxLength", "rows", "readOnly"]),
        "enum": with(&["required", "options", "default", "optionsReference", "isSorted", "audited", "readOnly"]),
        "multiEnum": with(&["required", "options", "default", "audited", "readOnly"]),
        "int": with(&["required", "default", "min", "max", "readOnly"]),
        "float": with(&["required", "default", "min", "max", "readOnly"]),
        "currency": with(&["required", "default", "min", "max", "readOnly"]),
        "bool": with(&["default", "readOnly"]),
        "date": with(&["required", "default", "before", "after", "readOnly"]),
        "datetime": with(&["required", "default", "before", "after", "readOnly"]),
        "datetimeOptional": with(&["required", "default", "before", "after", "readOnly"]),
        "link": with(&["required", "readOnly"]),
        "linkParent": with(&["required", "entityList", "readOnly"]),
        "linkMultiple": with(&["required", "readOnly"]),
        "email": with(&["required", "readOnly"]),
        "phone": with(&["required", "typeList", "defaultType", "readOnly"]),
    })
}

/// All labels, in English; open to everybody.
pub(crate) fn labels(schema: &Schema) -> Value {
    let mut map = Map::from_iter([("Global".to_owned(), global_labels(schema))]);
    for entity in schema.entities() {
        let fields: Map<String, Value> = entity
            .fields
            .iter()
            .map(|field| (field.name.clone(), json!(field_label(field))))
            .collect();
        let many = entity
            .links
            .iter()
            .filter(|link| link.kind != LinkKind::BelongsTo);
        let links: Map<String, Value> = many
            .map(|link| (link.name.clone(), json!(words(&link.name))))
            .collect();
        let options: Map<String, Value> = entity
            .fields
            .iter()
            .filter_map(|field| option_labels(field, schema))
            .collect();
        map.insert(
            entity.name.clone(),
            json!({"fields": fields, "links": links, "options": options}),
        );
    }
    Value::Object(map)
}

fn global_labels(schema: &Schema) -> Value {
    let by = |text: fn(&Entity) -> &str| -> Map<String, Value> {
        schema
            .entities()
            .iter()
            .map(|entity| (entity.name.clone(), json!(text(entity))))
            .collect()
    };
    json!({"scopeNames": by(|entity| &entity.label), "scopeNamesPlural": by(|entity| &entity.plural)})
}

fn field_label(field: &Field) -> String {
    field.label.clone().unwrap_or_else(|| words(&field.name))
}

fn option_labels(field: &Field, schema: &Schema) -> Option<(String, Value)> {
    let options = field.options(schema);
    let labels: Map<String, Value> = options
        .into_iter()
        .filter(|option| !option.is_empty())
        .map(|option| (option.clone(), json!(option)))
        .collect();
    (!labels.is_empty()).then(|| (field.name.clone(), Value::Object(labels)))
}

/// `closeDate` as `Close Date`.
fn words(name: &str) -> String {
    let mut label = String::new();
    for letter in name.chars() {
        match letter {
            first if label.is_empty() => label.extend(first.to_uppercase()),
            capital if capital.is_uppercase() => label.extend([' ', capital]),
            other => label.push(other),
        }
    }
    label
}
