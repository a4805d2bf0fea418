//! How EspoCRM says no: a status, sometimes a reason header, sometimes a body.
//!
//! Clients have to tell causes apart by these shapes, so every refusal of the stand-in is built
//! here and nowhere else. Two families exist: errors of controllers keep the JSON content type,
//! errors of newer "action" routes and of the login are `text/html`.

use serde_json::{Value, json};

/// A refused request, not yet an HTTP response.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// `None`: no reason header at all; `Some("")`: an empty one.
    pub(crate) reason: Option<String>,
    pub(crate) body: Option<Value>,
    pub(crate) html: bool,
    pub(crate) allow: Option<&'static str>,
    pub(crate) challenge: bool,
    /// EspoCRM 9 prints some reasons twice, EspoCRM 10 does not.
    pub(crate) twice_on_9: bool,
}

impl Refusal {
    /// A refusal with neither reason nor body.
    pub(crate) fn bare(status: u16) -> Self {
        Self {
            status,
            reason: None,
            body: None,
            html: false,
            allow: None,
            challenge: false,
            twice_on_9: false,
        }
    }

    pub(crate) fn because(status: u16, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..Self::bare(status)
        }
    }

    pub(crate) fn twice(mut self) -> Self {
        self.twice_on_9 = true;
        self
    }

    /// The same refusal from an action route.
    pub(crate) fn html(mut self) -> Self {
        self.html = true;
        self
    }

    pub(crate) fn unauthorized(challenge: bool) -> Self {
        Self {
            challenge,
            ..Self::bare(401).html()
        }
    }

    pub(crate) fn locked_out() -> Self {
        Self::bare(403).html()
    }

    pub(crate) fn no_route() -> Self {
        Self {
            body: Some(json!({"message": "404 Not Found"})),
            ..Self::bare(404)
        }
    }

    pub(crate) fn no_method(allow: &'static str) -> Self {
        Self {
            body: Some(json!({"message": "405 Method Not Allowed"})),
            allow: Some(allow),
            ..Self::bare(405)
        }
    }

    pub(crate) fn no_controller(name: &str) -> Self {
        Self::because(404, format!("Controller '{name}' does not exist."))
    }

    pub(crate) fn no_action(method: &str, action: &str, controller: &str) -> Self {
        Self::because(
            404,
            format!("Action {method} '{action}' does not exist in controller '{controller}'."),
        )
    }

    pub(crate) fn no_access(action: &str) -> Self {
        Self::because(403, format!("No {action} access."))
    }

    pub(crate) fn unread(id: &str) -> Self {
        Self::because(404, format!("Record {id} does not exist."))
    }

    pub(crate) fn not_found(id: &str) -> Self {
        Self::because(404, format!("Record {id} not found."))
    }

    /// A field rule was broken; only the first one is ever told.
    pub(crate) fn invalid(entity: &str, field: &str, rule: &str) -> Self {
        let reason = format!(
            "Field validation failure; entityType: {entity}, field: {field}, type: {rule}."
        );
        Self::because(400, reason)
            .translated("validationFailure", &json!({"field": field, "type": rule}))
    }

    pub(crate) fn missing_foreign(entity: &str, link: &str, foreign: &str) -> Self {
        let reason =
            format!("Can't relate with non-existing record. entity type: {entity}, link: {link}.");
        Self::because(403, reason).translated(
            "cannotRelateNonExisting",
            &json!({"foreignEntityType": foreign}),
        )
    }

    pub(crate) fn link_access(entity: &str, link: &str, foreign: bool) -> Self {
        let (what, label) = if foreign {
            ("foreign record", "noAccessToForeignRecord")
        } else {
            ("record", "noAccessToRecord")
        };
        Self::because(
            403,
            format!("No {what} access for link operation ({entity}:{link})."),
        )
        .translated(label, &json!({"action": "edit"}))
    }

    pub(crate) fn duplicate(records: Vec<Value>) -> Self {
        Self {
            body: Some(Value::Array(records)),
            ..Self::because(409, "duplicate")
        }
    }

    pub(crate) fn modified(values: &Value, version: u64) -> Self {
        Self {
            body: Some(json!({"values": values, "versionNumber": version})),
            ..Self::because(409, "modified")
        }
    }

    pub(crate) fn translated(mut self, label: &str, data: &Value) -> Self {
        self.body =
            Some(json!({"messageTranslation": {"label": label, "scope": null, "data": data}}));
        self
    }
}
