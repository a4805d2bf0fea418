//! What the CRM says about itself: modules, fields, dropdown lists, and the digests of these.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::Answer;
use super::arguments::{Arguments, texts};
use crate::suitecrm::schema::{Field, Link, Module};
use crate::suitecrm::users::Act;
use crate::suitecrm::work::Work;

impl Work<'_> {
    /// Modules the user may see, with what the role allows in each. `default` is the menu.
    pub(super) fn available_modules(&self, arguments: &Arguments) -> Value {
        let in_menu = arguments.text("filter") == "default";
        let known = self
            .schema
            .modules()
            .iter()
            .filter(|module| !(in_menu && module.technical));
        let names = known.map(|module| (module.name.as_str(), module.label.as_str()));
        let visible = std::iter::once(("Home", "Home"))
            .chain(names)
            .filter(|(name, _)| self.user.may(Act::Access, name));
        let modules: Vec<Value> = visible
            .map(|(name, label)| {
                json!({
                    "module_key": name, "module_label": label, "favorite_enabled": false,
                    "acls": self.acls(name),
                })
            })
            .collect();
        json!({"modules": modules})
    }

    fn acls(&self, module: &str) -> Vec<Value> {
        const ACTIONS: [(&str, Act); 6] = [
            ("edit", Act::Edit),
            ("delete", Act::Delete),
            ("list", Act::List),
            ("view", Act::List),
            ("import", Act::List),
            ("export", Act::List),
        ];
        // The list of rights does not know that Users are an administrator's to write.
        let may = |act| module == "Users" || self.user.may(act, module);
        let one = |(action, act)| json!({"action": action, "access": may(act)});
        ACTIONS.into_iter().map(one).collect()
    }

    pub(super) fn module_fields(&self, arguments: &Arguments) -> Answer {
        let module = self.module(&arguments.text("module_name"))?;
        let wanted = arguments.texts("fields");
        let is_wanted = |name: &String| wanted.is_empty() || wanted.contains(name);
        let fields: Map<String, Value> = module
            .fields
            .iter()
            .filter(|field| is_wanted(&field.name))
            .map(|field| (field.name.clone(), self.described(field)))
            .collect();
        let links: Map<String, Value> = module
            .links
            .iter()
            .filter(|link| is_wanted(&link.name))
            .map(|link| (link.name.clone(), self.described_link(link)))
            .collect();
        Ok(json!({
            "module_name": module.name,
            "table_name": module.table,
            "module_fields": or_list(fields),
            "link_fields": or_list(links),
        }))
    }

    pub(super) fn module_fields_md5(&self, arguments: &Arguments) -> Answer {
        let mut digests = Map::new();
        for name in texts(arguments.get("module_name")) {
            let module = self.module(&name)?;
            digests.insert(name, json!(digest(&format!("{module:?}"))));
        }
        Ok(Value::Object(digests))
    }

    pub(super) fn language_definition(&self, arguments: &Arguments) -> Value {
        let digests = arguments.is_on("MD5");
        let mut all = Map::new();
        for name in arguments.texts("modules") {
            let words = match self.schema.module(&name) {
                _ if name == "app_list_strings" => json!(self.schema.dropdowns()),
                Some(module) => labels(module),
                None => json!([]),
            };
            all.insert(
                name,
                if digests {
                    json!(digest(&words.to_string()))
                } else {
                    words
                },
            );
        }
        Value::Object(all)
    }

    fn described(&self, field: &Field) -> Value {
        let mut told = json!({
            "name": field.name, "type": field.kind, "group": "", "id_name": field.id_name,
            "label": field.label, "required": i32::from(field.required),
            "options": self.options(field), "related_module": field.relate,
            "calculated": false, "len": field.len,
        });
        if let Some(default) = &field.default {
            told["default_value"] = json!(default);
        }
        told
    }

    /// The values of a list by their keys; no list is an empty array.
    fn options(&self, field: &Field) -> Value {
        if field.kind == "bool" {
            return json!({
                "": {"name": "", "value": ""},
                "1": {"name": 1, "value": "Yes"},
                "2": {"name": 2, "value": "No"},
            });
        }
        let list = field
            .options
            .as_ref()
            .and_then(|name| self.schema.dropdowns().get(name));
        let options = list.into_iter().flatten();
        or_list(
            options
                .map(|(key, label)| (key.clone(), json!({"name": key, "value": label})))
                .collect(),
        )
    }

    /// Some links do not say where they lead.
    fn described_link(&self, link: &Link) -> Value {
        let named = link.named.as_deref().unwrap_or(&link.module);
        let object = self
            .schema
            .module(named)
            .map_or("", |module| module.object.as_str());
        json!({
            "name": link.name, "type": "link", "group": "", "id_name": "",
            "relationship": link.relationship, "module": named, "bean_name": object,
        })
    }
}

fn labels(module: &Module) -> Value {
    let label = |field: &Field| {
        (
            format!("LBL_{}", field.name.to_uppercase()),
            json!(field.label),
        )
    };
    Value::Object(module.fields.iter().map(label).collect())
}

/// PHP writes an empty map as an empty list.
fn or_list(map: Map<String, Value>) -> Value {
    if map.is_empty() {
        json!([])
    } else {
        Value::Object(map)
    }
}

/// Thirty-two digits that change with the text, as the real ones' MD5 does.
fn digest(text: &str) -> String {
    let digest = hex::encode(Sha256::digest(text));
    digest.get(..32).unwrap_or_default().to_owned()
}
