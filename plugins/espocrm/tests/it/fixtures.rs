//! Synthetic metadata in EspoCRM's shapes, and short forms for exchanges.

use portcullis_espocrm::plugin;
use portcullis_sdk::{
    Failure,
    testing::{self, Exchange, Harness},
};
use serde_json::{Value, json};

pub(crate) const ID: &str = "5a00000000000001a";
pub(crate) const OTHER: &str = "5a00000000000002b";
pub(crate) const THIRD: &str = "5a00000000000003c";
pub(crate) const USER: &str = "5a00000000000009e";

pub(crate) fn crm() -> Harness {
    Harness::new(plugin())
}

pub(crate) fn failed(result: Result<Value, Failure>) -> Failure {
    result.expect_err("the call fails")
}

/// An answer that the CRM gives without a body, with its reason in a header.
pub(crate) fn refuse(exchange: Exchange, status: u16, reason: &str) -> Exchange {
    exchange
        .reply_bytes(status, "text/html", "")
        .with("x-status-reason", reason)
}

pub(crate) fn validation(exchange: Exchange, field: &str, rule: &str) -> Exchange {
    exchange
        .reply(400, json!({"messageTranslation": {"label": "validationFailure", "scope": null, "data": {"field": field, "type": rule}}}))
        .with("x-status-reason", &format!("Field validation failure; entityType: X, field: {field}, type: {rule}."))
}

pub(crate) fn defs(entity: &str) -> Exchange {
    let exchange = testing::get("Metadata").query("key", format!("entityDefs.{entity}"));
    match entity_defs(entity) {
        Value::Null => exchange,
        defs => exchange.reply(200, defs),
    }
}

pub(crate) fn scopes() -> Exchange {
    testing::get("Metadata")
        .query("key", "scopes")
        .reply(200, scope_list(false))
}

pub(crate) fn scopes_with_pipelines() -> Exchange {
    testing::get("Metadata")
        .query("key", "scopes")
        .reply(200, scope_list(true))
}

pub(crate) fn me() -> Exchange {
    testing::get("App/user").reply(200, app_user())
}

pub(crate) fn scope_list(pipelines: bool) -> Value {
    let crm = |extra: Value| {
        let mut scope =
            json!({"entity": true, "object": true, "tab": true, "module": "Crm", "stream": true});
        scope
            .as_object_mut()
            .expect("an object")
            .extend(extra.as_object().expect("an object").clone());
        scope
    };
    json!({
        "Account": crm(json!({"duplicateCheckFieldList": ["name", "emailAddress"]})),
        "Contact": crm(json!({})),
        "Lead": crm(json!({"statusField": "status"})),
        "Opportunity": crm(json!({"statusField": "stage", "kanbanStatusIgnoreList": ["Lost"], "pipelines": pipelines})),
        "Task": crm(json!({"statusField": "status", "statusFieldLocked": true})),
        "Meeting": crm(json!({"statusField": "status"})),
        "Email": crm(json!({"stream": false})),
        "User": {"entity": true, "module": "Base"},
        "CGarden": {"entity": true, "object": true, "isCustom": true, "module": "Custom"},
        "Stream": {"entity": false},
        "Settings": {"entity": true}
    })
}

pub(crate) fn app_user() -> Value {
    json!({
        "user": {"id": USER, "userName": "robot", "emailAddress": "robot@crm.example", "userEmailAddressList": ["robot@crm.example", "desk@crm.example"]},
        "acl": {
            "table": {
                "Account": {"create": "yes", "read": "all", "edit": "all", "delete": "no", "stream": "all"},
                "Contact": {"create": "yes", "read": "team", "edit": "own", "delete": "own", "stream": "all"},
                "Opportunity": {"create": "yes", "read": "all", "edit": "all", "delete": "all", "stream": "all"},
                "Email": true, "Lead": false
            },
            "fieldTable": {"Account": {"sicCode": {"read": "no", "edit": "no"}, "website": {"read": "yes", "edit": "no"}}}
        },
        "preferences": {"timeZone": ""},
        "settings": {"timeZone": "Europe/Vienna", "version": "9.3.1"},
        "appParams": {"pipelines": {"Opportunity": [{"id": "5a0000000000000aa", "name": "Main", "stages": [
            {"id": "5a0000000000000b1", "name": "Meet", "mappedStatus": "Open"},
            {"id": "5a0000000000000b2", "name": "Offer", "mappedStatus": "Offer"}
        ]}]}},
        "token": "a-session-token"
    })
}

pub(crate) fn entity_defs(entity: &str) -> Value {
    let common = json!({
        "createdAt": {"type": "datetime", "readOnly": true},
        "modifiedAt": {"type": "datetime", "readOnly": true},
        "assignedUser": {"type": "link"},
        "teams": {"type": "linkMultiple"},
        "description": {"type": "text"}
    });
    let (fields, links) = match entity {
        "Account" => (
            json!({
                "name": {"type": "varchar", "required": true, "maxLength": 40},
                "website": {"type": "url"},
                "emailAddress": {"type": "email"},
                "phoneNumber": {"type": "phone"},
                "type": {"type": "enum", "options": ["", "Customer", "Partner"]},
                "industry": {"type": "enum", "optionsReference": "Lead.industry"},
                "sicCode": {"type": "varchar"},
                "billingAddress": {"type": "address"},
                "billingAddressCity": {"type": "varchar"},
                "tags": {"type": "multiEnum", "options": ["a", "b"]},
                "isKey": {"type": "bool"}
            }),
            json!({
                "contacts": {"type": "hasMany", "entity": "Contact"},
                "opportunities": {"type": "hasMany", "entity": "Opportunity"},
                "tasks": {"type": "hasChildren", "entity": "Task"},
                "assignedUser": {"type": "belongsTo", "entity": "User"},
                "teams": {"type": "hasMany", "entity": "Team"}
            }),
        ),
        "Contact" => (
            json!({
                "name": {"type": "personName"},
                "firstName": {"type": "varchar", "maxLength": 100},
                "lastName": {"type": "varchar", "maxLength": 100, "required": true},
                "title": {"type": "varchar", "notStorable": true},
                "emailAddress": {"type": "email"},
                "phoneNumber": {"type": "phone"},
                "doNotCall": {"type": "bool"},
                "account": {"type": "link"},
                "accounts": {"type": "linkMultiple"}
            }),
            json!({"account": {"type": "belongsTo", "entity": "Account"}, "accounts": {"type": "hasMany", "entity": "Account"}, "teams": {"type": "hasMany", "entity": "Team"}}),
        ),
        "Opportunity" => (
            json!({
                "name": {"type": "varchar", "required": true},
                "amount": {"type": "currency", "required": true, "min": 0},
                "amountCurrency": {"type": "enum", "maxLength": 3},
                "amountConverted": {"type": "currencyConverted", "readOnly": true},
                "stage": {"type": "enum", "options": ["Open", "Offer", "Won", "Lost"], "default": "Open"},
                "probability": {"type": "int", "min": 0, "max": 100},
                "closeDate": {"type": "date", "required": true},
                "account": {"type": "link"},
                "contacts": {"type": "linkMultiple"}
            }),
            json!({"account": {"type": "belongsTo", "entity": "Account"}, "contacts": {"type": "hasMany", "entity": "Contact"}}),
        ),
        "Task" => (
            json!({
                "name": {"type": "varchar", "required": true},
                "status": {"type": "enum", "options": ["Not Started", "Completed"], "default": "Not Started"},
                "dateEnd": {"type": "datetimeOptional"},
                "parent": {"type": "linkParent"}
            }),
            json!({"parent": {"type": "belongsToParent"}, "assignedUser": {"type": "belongsTo", "entity": "User"}}),
        ),
        "Meeting" => (
            json!({
                "name": {"type": "varchar", "required": true},
                "dateStart": {"type": "datetimeOptional", "required": true, "default": "javascript: return now();"},
                "dateEnd": {"type": "datetimeOptional", "required": true, "suppressValidationList": ["required"]},
                "duration": {"type": "duration", "notStorable": true}
            }),
            json!({}),
        ),
        "Email" => (
            json!({
                "name": {"type": "varchar", "required": true},
                "status": {"type": "enum", "options": ["Draft", "Sending", "Sent", "Archived"]},
                "body": {"type": "wysiwyg"}
            }),
            json!({}),
        ),
        _ => return Value::Null,
    };
    let mut all = fields;
    let map = all.as_object_mut().expect("an object");
    for (name, field) in common.as_object().expect("an object") {
        map.entry(name.clone()).or_insert(field.clone());
    }
    if matches!(entity, "Task" | "Meeting") {
        map["assignedUser"]["required"] = true.into();
    }
    json!({"fields": all, "links": links, "collection": {"orderBy": "createdAt", "order": "desc", "textFilterFields": ["name"]}})
}
