//! Who the caller is, what it may do and how the CRM is set up, in one answer.

use serde_json::{Map, Value, json};

use super::pipelines;
use super::router::Session;
use super::schema::Entity;
use super::users::Grant;
use super::validate::CURRENCIES;

impl Session<'_> {
    pub(crate) fn app_user(&self) -> Value {
        let store = self.crm.read();
        let mut params = json!({"maxUploadSize": 60, "isRestrictedMode": false, "timeZoneList": ["UTC", "Europe/Kyiv", "America/New_York"]});
        if self.crm.version.has_pipelines() {
            params["pipelines"] =
                json!({"Opportunity": pipelines::describe(&store, "Opportunity")});
        }
        drop(store);
        json!({
            "user": self.user_attributes(),
            "acl": self.acl(),
            "preferences": {"id": self.user.id, "weekStart": -1, "thousandSeparator": ",", "decimalMark": ".", "timeZone": ""},
            "token": self.token(),
            "settings": self.settings(),
            "language": "en_US",
            "appParams": params,
        })
    }

    /// A session token for those who came with a password.
    fn token(&self) -> Value {
        let by_password = self
            .call
            .header("authorization")
            .or(self.call.header("espo-authorization"));
        by_password.map_or(Value::Null, |_| {
            json!(format!("demo-session-{}", self.user.id))
        })
    }

    fn user_attributes(&self) -> Value {
        let store = self.crm.read();
        let (Some(entity), Some(record)) = (
            self.crm.schema.entity("User"),
            store.live("User", &self.user.id),
        ) else {
            return Value::Null;
        };
        let mut user = self.view(&store).detail(entity, record);
        let addresses: Vec<&str> = record.text("emailAddress").into_iter().collect();
        for list in ["emailAddressList", "userEmailAddressList"] {
            user[list] = json!(addresses);
        }
        user["excludeFromReplyEmailAddressList"] = json!([]);
        user["ipAddress"] = json!(self.call.ip);
        user
    }

    fn acl(&self) -> Value {
        let scopes = self.crm.schema.entities();
        let visible = scopes
            .iter()
            .filter(|entity| entity.flag("acl") && is_granted(self.user.grant(&entity.name)));
        let table: Map<String, Value> = visible
            .clone()
            .map(|entity| (entity.name.clone(), self.grant_of(entity)))
            .collect();
        let fields: Map<String, Value> = visible
            .map(|entity| (entity.name.clone(), self.hidden_fields(entity)))
            .collect();
        let yes_no = |yes: bool| if yes { "yes" } else { "no" };
        let all_no = |yes: bool| if yes { "all" } else { "no" };
        let may_assign = self.user.role.may_assign;
        json!({
            "table": table, "fieldTable": fields,
            "assignmentPermission": all_no(may_assign), "messagePermission": all_no(may_assign),
            "mentionPermission": yes_no(may_assign), "userCalendarPermission": all_no(may_assign),
            "exportPermission": yes_no(may_assign), "massUpdatePermission": yes_no(may_assign),
            "userPermission": "no", "portalPermission": "no", "followerManagementPermission": all_no(may_assign),
            "dataPrivacyPermission": "no",
        })
    }

    fn grant_of(&self, entity: &Entity) -> Value {
        let grant = self.user.grant(&entity.name);
        json!({
            "create": if grant.create { "yes" } else { "no" }, "read": grant.read.word(), "edit": grant.edit.word(),
            "delete": grant.delete.word(), "stream": grant.stream.word(),
        })
    }

    fn hidden_fields(&self, entity: &Entity) -> Value {
        let hidden = self
            .user
            .role
            .hidden
            .get(entity.name.as_str())
            .copied()
            .unwrap_or_default();
        Value::Object(
            hidden
                .iter()
                .map(|name| ((*name).to_owned(), json!({"read": "no", "edit": "no"})))
                .collect(),
        )
    }

    pub(crate) fn settings(&self) -> Value {
        let mut settings = public_settings();
        settings["currencyList"] = json!(CURRENCIES);
        settings["defaultCurrency"] = json!("USD");
        settings["baseCurrency"] = json!("USD");
        settings["currencyRates"] = json!({"USD": 1, "EUR": 1});
        settings["recordListMaxSizeLimit"] = json!(200);
        settings["recordsPerPage"] = json!(20);
        settings["globalSearchEntityList"] = json!(["Account", "Contact", "Lead", "Opportunity"]);
        settings["fullTextSearchMinLength"] = json!(4);
        settings["appTimestamp"] = json!(self.crm.app_timestamp());
        settings["version"] = json!(self.crm.version.number());
        settings
    }

    pub(crate) fn about(&self) -> Value {
        json!({"text": "A stand-in for EspoCRM with invented data.", "version": self.crm.version.number()})
    }
}

fn is_granted(grant: Grant) -> bool {
    grant.create || grant.read > super::users::Level::No
}

/// What the login page needs and everybody may know.
pub(crate) fn public_settings() -> Value {
    json!({
        "useCache": true, "applicationName": "EspoCRM", "timeZone": "UTC", "dateFormat": "YYYY-MM-DD", "timeFormat": "HH:mm",
        "weekStart": 0, "thousandSeparator": ",", "decimalMark": ".", "language": "en_US", "theme": "Espo",
        "useWebSocket": false, "logoSrc": "client/img/logo.svg",
    })
}
