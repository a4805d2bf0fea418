//! EspoCRM's conditions, as `search` takes them.

use std::cell::LazyCell;

use portcullis_sdk::Request;
use serde_json::{Value, json};

use super::crm::Tool;
use super::kind;
use crate::{Seen, Target};

pub(crate) const TARGET: Target = Target {
    name: "espocrm_where",
    about: "EspoCRM's `where`: what is sent compares only attributes that the CRM has, by operators that it knows",
    run,
    words: &[
        "[{\"type\":\"equals\",\"field\":\"name\",\"value\":\"a\"}]",
        "\"and\"",
        "\"or\"",
        "\"value\":[",
        "\"between\"",
        "\"in\"",
        "\"linkedWith\"",
        "\"createdAt\"",
        "\"2026-12-31\"",
        "\"2026-12-31T09:30:00Z\"",
        "\"attribute\"",
        "\"teams\"",
        "\"isNull\"",
        "\"lastXDays\"",
        "\"not\"",
        "\"subQueryIn\"",
        "\"currentUser\"",
        "null",
        "true",
        "\"account\"",
    ],
};

/// Operators that run a query of their own or leave the conditions; none may ever be sent.
const NEVER: [&str; 8] = [
    "not",
    "subQueryIn",
    "subQueryNotIn",
    "having",
    "columnEquals",
    "expression",
    "inCategory",
    "isUserFromTeams",
];

thread_local! {
    static SEARCH: LazyCell<Tool> = LazyCell::new(|| Tool::new(portcullis_espocrm::plugin(), "search", answer));
}

fn run(bytes: &[u8]) -> Seen {
    let Ok(conditions) = serde_json::from_slice::<Value>(bytes) else {
        return "no JSON".to_owned();
    };
    let arguments = json!({ "entityType": "Account", "where": conditions });
    let requests = match SEARCH.with(|search| search.run(&arguments)) {
        Ok(requests) => requests,
        Err(refused) => return kind(&refused),
    };
    let list = requests
        .iter()
        .find(|request| request.path == ["Account"])
        .expect("a search that succeeds asks for a list");
    let (_, search) = list
        .query
        .iter()
        .find(|(name, _)| name == "searchParams")
        .expect("it has conditions");
    let search: Value = serde_json::from_str(search).expect("they are JSON");
    let sent = search
        .get("where")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    assert_eq!(
        sent.len(),
        conditions.as_array().map_or(0, Vec::len),
        "a condition was lost or came"
    );
    let mut seen = Vec::new();
    sent.iter().for_each(|item| check(item, 1, &mut seen));
    seen.sort_unstable();
    seen.dedup();
    seen.join(",")
}

fn check(item: &Value, depth: usize, seen: &mut Vec<String>) {
    assert!(depth <= 7, "nested too deep");
    let operator = item["type"].as_str().expect("a condition has an operator");
    assert!(!NEVER.contains(&operator), "{operator} is sent");
    seen.push(operator.to_owned());
    let members = item.as_object().expect("a condition is an object");
    let known = ["type", "attribute", "value", "dateTime", "timeZone"];
    assert!(
        members.keys().all(|key| known.contains(&key.as_str())),
        "other members: {item}"
    );
    if let "and" | "or" = operator {
        let inner = item["value"].as_array().expect("a group is a list");
        assert!(!inner.is_empty(), "an empty group");
        inner.iter().for_each(|item| check(item, depth + 1, seen));
        return;
    }
    let attribute = item["attribute"]
        .as_str()
        .expect("a condition has an attribute");
    let metadata = metadata();
    let fields = metadata["fields"].as_object().expect("an object").keys();
    let names = fields.chain(metadata["links"].as_object().expect("an object").keys());
    let known = attribute == "id"
        || names
            .into_iter()
            .any(|name| attribute.starts_with(name.as_str()));
    assert!(
        known && attribute.bytes().all(|b| b.is_ascii_alphanumeric()),
        "the attribute {attribute} is sent"
    );
}

fn metadata() -> Value {
    json!({
        "fields": {
            "name": { "type": "varchar", "required": true }, "type": { "type": "enum", "options": ["", "Customer"] },
            "createdAt": { "type": "datetime", "readOnly": true }, "closeDate": { "type": "date" }, "amount": { "type": "currency" },
            "isKey": { "type": "bool" }, "tags": { "type": "multiEnum", "options": ["a", "b"] }, "account": { "type": "link" },
            "teams": { "type": "linkMultiple" }, "count": { "type": "int" }, "emailAddress": { "type": "email" }
        },
        "links": { "account": { "type": "belongsTo", "entity": "Account" }, "teams": { "type": "hasMany", "entity": "Team" } },
        "collection": { "orderBy": "createdAt", "order": "desc", "textFilterFields": ["name"] }
    })
}

fn answer(request: &Request) -> Value {
    match request.path.first().map(String::as_str) {
        Some("Metadata") if request.query.iter().any(|(_, key)| key == "scopes") => {
            json!({ "Account": { "entity": true, "object": true } })
        }
        Some("Metadata") => metadata(),
        Some("App") => {
            json!({ "user": { "id": "1" }, "acl": {}, "preferences": {}, "settings": { "timeZone": "Europe/Vienna" } })
        }
        _ => json!({ "total": 0, "list": [] }),
    }
}
