//! Synthetic answers in SuiteCRM's shapes, and short forms for exchanges.

use portcullis_sdk::{
    Failure,
    testing::{self, Exchange, Harness},
};
use portcullis_suitecrm::plugin;
use serde_json::{Map, Value, json};

pub(crate) const ID: &str = "5a000000-0000-4000-8000-00000000000a";
pub(crate) const OTHER: &str = "5a000000-0000-4000-8000-00000000000b";
pub(crate) const THIRD: &str = "5a000000-0000-4000-8000-00000000000c";
pub(crate) const USER: &str = "seed_dana_id";

/// A connection without a V8 client.
pub(crate) fn crm() -> Harness {
    Harness::new(plugin()).without_credential("v8")
}

/// A connection with both transports, and the two requests that compare their users.
pub(crate) fn crm_with_v8() -> Harness {
    Harness::new(plugin())
        .expect(v4("get_user_id", json!([])).reply(200, USER))
        .expect(current_user(USER, "dana"))
}

pub(crate) fn current_user(id: &str, name: &str) -> Exchange {
    testing::get("Api/V8/current-user").reply(
        200,
        json!({"data": {"type": "User", "id": id, "attributes": {"id": id, "user_name": name, "date_modified": "11/20/2026 10:09"}}}),
    )
}

pub(crate) fn failed(result: Result<Value, Failure>) -> Failure {
    result.expect_err("the call fails")
}

/// Expects a v4_1 call. The session is null, and the arguments given stand behind it; null means
/// that an argument does not matter.
pub(crate) fn v4(method: &str, arguments: Value) -> Exchange {
    let mut exchange = testing::post("service/v4_1/rest.php")
        .form("method", method)
        .form("input_type", "JSON")
        .form("response_type", "JSON");
    exchange = exchange.form_at("rest_data", "/0", Value::Null);
    for (index, argument) in arguments.as_array().expect("a list").iter().enumerate() {
        if !argument.is_null() {
            exchange = exchange.form_at("rest_data", &format!("/{}", index + 1), argument.clone());
        }
    }
    exchange
}

/// `get_server_info` has no session.
pub(crate) fn server() -> Exchange {
    testing::post("service/v4_1/rest.php")
        .form("method", "get_server_info")
        .form("rest_data", "[]")
        .reply(
            200,
            json!({"flavor": "CE", "version": "6.5.25", "suitecrm_version": "7.14.6", "gmt_time": "2026-11-20 10:00:00"}),
        )
}

pub(crate) fn numbered(exchange: Exchange, number: i64) -> Exchange {
    let (name, description) = match number {
        10 => (
            "Invalid Login",
            "Login attempt failed please check the username and password",
        ),
        11 => ("Invalid Session ID", "The session ID is invalid"),
        20 => (
            "Module Does Not Exist",
            "This module is not available on this server",
        ),
        40 => ("Access Denied", "You do not have access"),
        _ => ("Other", "Something else"),
    };
    exchange.reply(
        200,
        json!({"name": name, "number": number, "description": description}),
    )
}

/// Status 500 with an empty body, as after a PHP error.
pub(crate) fn broken(exchange: Exchange) -> Exchange {
    exchange.reply_bytes(500, "text/html; charset=UTF-8", "")
}

pub(crate) fn row(module: &str, id: &str, fields: Value) -> Value {
    let mut list: Map<String, Value> = Map::new();
    list.insert("id".to_owned(), json!({"name": "id", "value": id}));
    for (name, value) in fields.as_object().expect("an object") {
        list.insert(name.clone(), json!({"name": name, "value": value}));
    }
    json!({"id": id, "module_name": module, "name_value_list": list})
}

/// How the CRM says that there is no such record.
pub(crate) fn gone_row(module: &str, id: &str) -> Value {
    json!({"id": id, "module_name": module, "name_value_list": [
        {"name": "warning", "value": "Access to this object is denied since it has been deleted or does not exist"},
        {"name": "deleted", "value": "1"}
    ]})
}

pub(crate) fn entries(rows: Vec<Value>) -> Value {
    json!({"entry_list": rows, "relationship_list": []})
}

pub(crate) fn listed(rows: Vec<Value>, total: impl Into<Value>) -> Value {
    json!({"result_count": rows.len(), "total_count": total.into(), "next_offset": rows.len(), "entry_list": rows, "relationship_list": []})
}

/// `get_entry` of a record that is there.
pub(crate) fn there(module: &str, id: &str, fields: Value) -> Exchange {
    v4("get_entry", json!([module, id])).reply(200, entries(vec![row(module, id, fields)]))
}

/// `get_entry` of one that is not.
pub(crate) fn gone(module: &str, id: &str) -> Exchange {
    v4("get_entry", json!([module, id])).reply(200, entries(vec![gone_row(module, id)]))
}

pub(crate) fn modules() -> Exchange {
    let module = |key: &str, actions: &[&str]| {
        let acls: Vec<_> = ["edit", "delete", "list", "view", "import", "export"]
            .iter()
            .map(|action| json!({"action": action, "access": actions.contains(action)}))
            .collect();
        json!({"module_key": key, "module_label": key, "favorite_enabled": false, "acls": acls})
    };
    let all = ["edit", "delete", "list", "view", "import", "export"];
    let list: Vec<_> = [
        "Accounts", "Contacts", "Leads", "Calls", "Meetings", "Tasks", "Notes", "Users",
    ]
    .iter()
    .map(|key| module(key, &all))
    .chain([module("Cases", &["view"]), module("Home", &[])])
    .collect();
    v4("get_available_modules", json!(["all"])).reply(200, json!({"modules": list}))
}

pub(crate) fn fields(module: &str) -> Exchange {
    v4("get_module_fields", json!([module, []])).reply(200, module_fields(module))
}

fn field(name: &str, kind: &str, more: Value) -> (String, Value) {
    let mut raw = json!({"name": name, "type": kind, "group": "", "id_name": "", "label": format!("{name}:"), "required": 0, "options": [], "related_module": "", "calculated": false, "len": ""});
    for (key, value) in more.as_object().expect("an object") {
        raw[key] = value.clone();
    }
    (name.to_owned(), raw)
}

fn options(keys: &[(&str, &str)]) -> Value {
    keys.iter()
        .map(|(key, label)| ((*key).to_owned(), json!({"name": key, "value": label})))
        .collect::<Map<_, _>>()
        .into()
}

fn module_fields(module: &str) -> Value {
    let plain = json!({});
    let mut list = vec![
        field("id", "id", json!({"required": 1})),
        field(
            "date_entered",
            "datetime",
            json!({"options": options(&[("=", "Equals")])}),
        ),
        field("date_modified", "datetime", plain.clone()),
        field("created_by", "assigned_user_name", plain.clone()),
        field("deleted", "bool", json!({"default_value": "0"})),
        field("description", "text", plain.clone()),
        field(
            "assigned_user_id",
            "relate",
            json!({"id_name": "assigned_user_id", "related_module": "Users"}),
        ),
        field(
            "assigned_user_name",
            "relate",
            json!({"id_name": "assigned_user_id", "related_module": "Users"}),
        ),
    ];
    let person = |list: &mut Vec<(String, Value)>| {
        list.extend([
            field("name", "name", json!({"len": "255"})),
            field("first_name", "varchar", json!({"len": "100"})),
            field("last_name", "varchar", json!({"len": "100", "required": 1})),
            field("email1", "varchar", plain.clone()),
            field("title", "varchar", json!({"len": 100})),
            field(
                "do_not_call",
                "bool",
                json!({"default_value": "0", "options": options(&[("", "")])}),
            ),
            field("birthdate", "date", plain.clone()),
        ]);
    };
    let table = match module {
        "Accounts" => {
            list.extend([
                field("name", "name", json!({"required": 1, "len": 150})),
                field("industry", "enum", json!({"len": 50, "options": options(&[("", ""), ("Banking", "Banking"), ("Other", "Something else")])})),
                field("annual_revenue", "varchar", json!({"len": 100})),
                field("employees", "int", plain.clone()),
                field("phone_office", "phone", json!({"len": 100})),
                field("billing_address_city", "varchar", json!({"len": 100})),
                field("email1", "varchar", plain.clone()),
                field("parent_id", "id", plain.clone()),
                field("parent_name", "relate", json!({"id_name": "parent_id", "related_module": "Accounts"})),
                field("tags_c", "multienum", json!({"options": options(&[("a", "A"), ("b", "B")])})),
            ]);
            "accounts"
        }
        "Contacts" => {
            person(&mut list);
            list.extend([
                field("account_id", "id", plain.clone()),
                field(
                    "account_name",
                    "relate",
                    json!({"id_name": "account_id", "related_module": "Accounts"}),
                ),
            ]);
            "contacts"
        }
        "Leads" => {
            person(&mut list);
            list.push(field(
                "status",
                "enum",
                json!({"options": options(&[("New", "New"), ("Dead", "Dead")])}),
            ));
            "leads"
        }
        "Opportunities" => {
            list.extend([
                field("name", "name", json!({"required": 1, "len": 50})),
                field("amount", "currency", json!({"required": 1})),
                field("date_closed", "date", json!({"required": 1})),
                field("sales_stage", "enum", json!({"required": 1, "options": options(&[("Prospecting", "Prospecting"), ("Closed Won", "Closed Won")])})),
            ]);
            "opportunities"
        }
        "Calls" | "Tasks" | "Notes" => {
            list.extend([
                field("name", "name", json!({"required": 1, "len": 50})),
                field("status", "enum", json!({"options": options(&[("Planned", "Planned"), ("Held", "Held"), ("Not Held", "Not Held"), ("Not Started", "Not Started"), ("Completed", "Completed")])})),
                field("direction", "enum", json!({"options": options(&[("Inbound", "Inbound"), ("Outbound", "Outbound")])})),
                field("priority", "enum", json!({"options": options(&[("High", "High"), ("Medium", "Medium"), ("Low", "Low")])})),
                field("duration_hours", "int", plain.clone()),
                field("duration_minutes", "int", plain.clone()),
                field("date_start", "datetimecombo", plain.clone()),
                field("date_due", "datetimecombo", plain.clone()),
                field("parent_type", "parent_type", json!({"options": options(&[("Accounts", "Account"), ("Contacts", "Contact")])})),
                field("parent_id", "id", plain.clone()),
                field("parent_name", "parent", plain.clone()),
                field("contact_id", "id", plain.clone()),
                field("filename", "file", plain.clone()),
                field("file_mime_type", "varchar", plain.clone()),
            ]);
            match module {
                "Calls" => "calls",
                "Tasks" => "tasks",
                _ => "notes",
            }
        }
        _ => {
            list.push(field("name", "name", json!({"required": 1})));
            "others"
        }
    };
    let link = |name: &str, to: &str| {
        (
            name.to_owned(),
            json!({"name": name, "type": "link", "group": "", "id_name": "", "relationship": format!("accounts_{name}"), "module": to, "bean_name": ""}),
        )
    };
    let links: Map<String, Value> = match module {
        // Both sides of one relationship; the side of Accounts does not name its module.
        "Leads" => [(
            "accounts".to_owned(),
            json!({"name": "accounts", "type": "link", "relationship": "accounts_leads", "module": "Accounts"}),
        )]
        .into_iter()
        .collect(),
        "Accounts" => [
            link("contacts", "Contacts"),
            link("opportunities", "Opportunities"),
            link("cases", "Cases"),
            link("calls", "Calls"),
            link("meetings", "Meetings"),
            link("tasks", "Tasks"),
            link("notes", "Notes"),
            link("partners", ""),
            link("leads", ""),
        ]
        .into_iter()
        .collect(),
        _ => Map::new(),
    };
    let links = if links.is_empty() {
        json!([])
    } else {
        json!(links)
    };
    json!({"module_name": module, "table_name": table, "module_fields": list.into_iter().collect::<Map<_, _>>(), "link_fields": links})
}

/// The list of names at a position of the `rest_data` of a raw body.
pub(crate) fn asked_fields(body: &str, position: usize) -> Vec<String> {
    serde_json::from_value(argument(body, position)).expect("names")
}

/// What stands at a position of the `rest_data` of a raw body.
pub(crate) fn argument(body: &str, position: usize) -> Value {
    let (_, data) = body.split_once("rest_data=").expect("the field is there");
    let mut bytes = Vec::new();
    let mut rest = data.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
        } else {
            byte
        });
    }
    let data: Value = serde_json::from_slice(&bytes).expect("it is JSON");
    data[position].clone()
}

/// What an exchange answers, for closures.
pub(crate) fn answer_of(
    exchange: Exchange,
) -> Result<portcullis_sdk::Response, portcullis_sdk::HttpError> {
    exchange.response()
}
