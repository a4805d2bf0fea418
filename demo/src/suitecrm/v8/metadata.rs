//! What V8 says about the modules, and about the caller.

use serde_json::{Map, Value, json};

use super::Answer;
use super::refusal::Refusal;
use crate::suitecrm::schema::Field;
use crate::suitecrm::users::Act;
use crate::suitecrm::work::Work;

impl Work<'_> {
    /// Modules of the menu, with what the user may do there.
    pub(super) fn meta_modules(&self) -> Value {
        let visible = self
            .schema
            .modules()
            .iter()
            .filter(|module| !module.technical && self.user.may(Act::Access, &module.name));
        let told: Map<String, Value> = visible
            .map(|module| {
                let access = self.access(&module.name);
                (
                    module.name.clone(),
                    json!({"label": module.label, "access": access}),
                )
            })
            .collect();
        json!({"data": {"type": "modules", "attributes": told}})
    }

    fn access(&self, module: &str) -> Vec<&'static str> {
        const ALL: [(&str, Act); 8] = [
            ("access", Act::Access),
            ("delete", Act::Delete),
            ("edit", Act::Edit),
            ("export", Act::List),
            ("import", Act::List),
            ("list", Act::List),
            ("massupdate", Act::List),
            ("view", Act::List),
        ];
        let allowed = ALL
            .into_iter()
            .filter(|(_, act)| self.user.may(*act, module));
        allowed.map(|(name, _)| name).collect()
    }

    pub(super) fn meta_fields(&self, name: &str) -> Answer {
        let module = self.module(name).map_err(|_| {
            let words =
                "[SuiteCRM] [Not Allowed] The API user does not have access to this module.";
            Refusal::Content(words.to_owned())
        })?;
        let fields = module
            .fields
            .iter()
            .map(|field| (field.name.clone(), described(field)));
        let links = module.links.iter().map(|link| {
            let told = json!({
                "type": "link", "relationship": link.relationship, "source": "non-db",
                "required": false, "dbType": "link",
            });
            (link.name.clone(), told)
        });
        let told: Map<String, Value> = fields.chain(links).collect();
        Ok((200, json!({"data": {"type": "fields", "attributes": told}})))
    }

    /// The caller, with dates in the form of the screen.
    pub(super) fn current_user(&self) -> Value {
        let found = self
            .schema
            .module("Users")
            .and_then(|module| Some((module, self.store.live("Users", self.user.id)?)));
        let Some((module, row)) = found else {
            return json!({"data": null});
        };
        let mut told = self.resource(module, row, None, "V8/current-user");
        for name in ["date_entered", "date_modified"] {
            told["attributes"][name] = json!(on_screen(row.text(name)));
        }
        told["attributes"]["id"] = json!(self.user.id);
        told["attributes"]["full_name"] = json!(self.user.full_name());
        json!({"data": told})
    }
}

/// A field as the database sees it.
fn described(field: &Field) -> Value {
    let kept = match field.kind.as_str() {
        "id" | "assigned_user_name" => "id",
        "relate" if !field.nondb => "id",
        "name" | "phone" | "url" | "enum" | "dynamicenum" | "user_name" | "fullname" => "varchar",
        "parent_type" | "parent" => "varchar",
        "currency" | "float" => "double",
        other => other,
    };
    let mut told = json!({"type": field.kind, "required": field.required, "dbType": kept});
    if field.len != "" {
        told["len"] = field.len.clone();
    }
    if let Some(default) = &field.default {
        told["default"] = json!(default);
    }
    if field.nondb {
        told["source"] = json!("non-db");
    }
    told
}

/// `m/d/Y H:i`.
fn on_screen(moment: &str) -> String {
    match (
        moment.get(..4),
        moment.get(5..7),
        moment.get(8..10),
        moment.get(11..16),
    ) {
        (Some(year), Some(month), Some(day), Some(minute)) => {
            format!("{month}/{day}/{year} {minute}")
        }
        _ => String::new(),
    }
}
