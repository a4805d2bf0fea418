//! The manifest: what the host and a client get to see.

use portcullis_sdk::{
    Method, Recipe, Route,
    manifest_types::{Capture, Place},
};
use serde_json::{Value, json};

use crate::fixtures::{ID, crm};

#[test]
fn the_24_tools_are_there_with_their_effects() {
    let harness = crm();
    let tools: Vec<_> = harness
        .manifest()
        .tools
        .iter()
        .map(|tool| (tool.name.as_str(), tool.effect.as_str(), tool.idempotent))
        .collect();
    assert_eq!(
        tools,
        [
            ("search", "read", true),
            ("search_text", "read", true),
            ("get", "read", true),
            ("get_many", "read", true),
            ("count", "read", true),
            ("get_relationships", "read", true),
            ("get_module_fields", "read", true),
            ("get_dropdown_values", "read", true),
            ("list_modules", "read", true),
            ("get_recent", "read", true),
            ("get_upcoming_activities", "read", true),
            ("get_record_activities", "read", true),
            ("get_note_attachment", "read", true),
            ("server_info", "read", true),
            ("create", "write", false),
            ("update", "write", true),
            ("delete", "destructive", true),
            ("bulk_upsert", "write", false),
            ("link_records", "write", true),
            ("unlink_records", "write", true),
            ("log_call", "write", false),
            ("create_task", "write", false),
            ("create_note", "write", false),
            ("set_note_attachment", "write", true),
        ]
    );
}

/// Parameter names of the program that the plugin replaces; its clients send no others.
#[test]
fn the_parameters_of_the_replaced_program_are_understood() {
    let harness = crm();
    for (tool, names) in [
        ("search", "module query fields max_results offset order_by"),
        ("search_text", "search_string modules max_results"),
        ("get", "module id fields"),
        ("get_many", "module ids fields"),
        ("count", "module query"),
        (
            "get_relationships",
            "module id link_field related_fields max_results offset",
        ),
        ("get_module_fields", "module"),
        ("get_dropdown_values", "dropdown_name"),
        ("get_recent", "modules max_results"),
        ("get_record_activities", "module id types max_results"),
        ("get_note_attachment", "id"),
        ("create", "module fields"),
        ("update", "module id fields"),
        ("delete", "module id"),
        ("bulk_upsert", "module records"),
        ("link_records", "module id link_field related_ids"),
        ("unlink_records", "module id link_field related_ids"),
        (
            "log_call",
            "name date_start status direction duration_hours duration_minutes description assigned_user_id contact_ids account_ids",
        ),
        (
            "create_task",
            "name status priority date_due date_start description assigned_user_id contact_id parent_type parent_id",
        ),
        (
            "create_note",
            "name description parent_type parent_id contact_id assigned_user_id",
        ),
        (
            "set_note_attachment",
            "id filename file_base64 file_mime_type",
        ),
    ] {
        let found = harness
            .manifest()
            .tools
            .iter()
            .find(|found| found.name == tool)
            .unwrap();
        for name in names.split(' ') {
            assert!(
                found.input_schema["properties"].get(name).is_some(),
                "{tool} {name}"
            );
        }
        let writes = found.effect.as_str() != "read";
        assert_eq!(
            found.input_schema["properties"].get("dry_run").is_some(),
            writes,
            "{tool}"
        );
    }
}

#[test]
fn schemas_are_inline_and_closed() {
    let harness = crm();
    for tool in &harness.manifest().tools {
        let text = format!("{}{}", tool.input_schema, tool.output_schema);
        for noise in ["$ref", "$defs", "$schema", "\"title\":\"", "uint", "int64"] {
            assert!(!text.contains(noise), "{} has {noise}: {text}", tool.name);
        }
        assert_eq!(
            tool.input_schema["additionalProperties"],
            Value::Bool(false),
            "{}",
            tool.name
        );
        assert_eq!(
            (&tool.input_schema["type"], &tool.output_schema["type"]),
            (&json!("object"), &json!("object"))
        );
        assert!(
            !tool.input_schema.to_string().contains("\"null\""),
            "{}: {}",
            tool.name,
            tool.input_schema
        );
        assert!(tool.description.len() > 40, "{}", tool.name);
    }
}

fn all_routes(manifest: &portcullis_sdk::Manifest) -> Vec<(&str, &Route)> {
    let tools = manifest.tools.iter().flat_map(|tool| {
        tool.routes
            .iter()
            .chain(&tool.preview_routes)
            .map(|route| (tool.name.as_str(), route))
    });
    tools
        .chain(
            manifest
                .live_check
                .iter()
                .flat_map(|check| check.routes.iter().map(|route| ("live_check", route))),
        )
        .collect()
}

#[test]
fn every_v4_1_route_pins_the_method_and_its_types() {
    let harness = crm();
    for (tool, route) in all_routes(harness.manifest()) {
        if route.path != "service/v4_1/rest.php" {
            assert!(route.path.starts_with("Api/V8/"), "{tool} {}", route.path);
            assert_eq!(
                route.credential.as_deref(),
                Some("v8"),
                "{tool} {}",
                route.path
            );
            continue;
        }
        assert_eq!(route.method, Method::Post);
        assert_eq!(
            (&route.form["input_type"], &route.form["response_type"]),
            (&vec!["JSON".to_owned()], &vec!["JSON".to_owned()])
        );
        let methods = &route.form["method"];
        assert!(
            !methods.is_empty()
                && !methods
                    .iter()
                    .any(|method| method == "login" || method == "seamless_login")
        );
        let anonymous = methods == &["get_server_info"];
        assert_eq!(route.credential.is_none(), anonymous, "{tool} {methods:?}");
        if methods.iter().any(|method| method == "set_entry") {
            let pairs = &route.form_pairs["rest_data"]["/2"];
            let no_deletion = pairs.refuse.iter().any(|name| name == "deleted");
            assert!(
                no_deletion || tool == "delete" && pairs.only == ["id", "deleted"],
                "{tool}"
            );
        }
        if methods.iter().any(|method| method == "set_entries") {
            assert!(
                route.form_pairs["rest_data"]["/2/*"]
                    .refuse
                    .iter()
                    .any(|name| name == "deleted")
            );
        }
    }
}

/// Whether the harness, which follows the host's rules, lets a request of a tool through.
fn lets(tool: &str, arguments: &Value, method: &str, data: &Value) -> bool {
    let harness = crm();
    let tool = harness
        .manifest()
        .tools
        .iter()
        .find(|found| found.name == tool)
        .unwrap();
    let body: String = [
        ("method", method),
        ("input_type", "JSON"),
        ("response_type", "JSON"),
        ("rest_data", &data.to_string()),
    ]
    .iter()
    .map(|(name, value)| {
        let bytes: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("{name}={bytes}")
    })
    .collect::<Vec<_>>()
    .join("&");
    let request = portcullis_sdk::Request {
        method: Method::Post,
        path: ["service", "v4_1", "rest.php"].map(str::to_owned).to_vec(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Some(body.into_bytes()),
        credential: Some("v4".to_owned()),
    };
    tool.routes
        .iter()
        .any(|route| portcullis_sdk::testing::route_matches(route, &request, arguments))
}

#[test]
fn routes_hold_against_a_hostile_plugin() {
    let pair = |name: &str, value: Value| json!({"name": name, "value": value});
    let update = json!({"module": "Accounts", "id": ID, "fields": {"name": "B"}});
    let create =
        json!({"module": "Accounts", "fields": {"name": "B"}, "idempotency_key": "a key of mine"});
    let bulk = json!({"module": "Accounts", "records": [{"name": "B"}, {"id": "1", "name": "C"}]});
    let dry = json!({"module": "Accounts", "id": ID, "fields": {"name": "B"}, "dry_run": true});
    let file = json!({"id": ID, "filename": "a", "file_base64": "aGk="});
    let data = |module: &str, pairs: &[Value]| json!([null, module, pairs, false]);
    for (tool, arguments, method, data, allowed) in [
        (
            "get",
            &update,
            "get_entry",
            json!([null, "Accounts", ID, [], [], false]),
            true,
        ),
        (
            "get",
            &update,
            "set_entry",
            data("Accounts", &[pair("id", json!(ID))]),
            false,
        ),
        ("search", &update, "set_relationship", json!([null]), false),
        (
            "update",
            &update,
            "set_entry",
            data(
                "Accounts",
                &[pair("id", json!(ID)), pair("name", json!("A"))],
            ),
            true,
        ),
        (
            "update",
            &update,
            "set_entry",
            data(
                "Contacts",
                &[pair("id", json!(ID)), pair("name", json!("A"))],
            ),
            false,
        ),
        (
            "update",
            &update,
            "set_entry",
            data(
                "Accounts",
                &[pair("id", json!("1")), pair("name", json!("A"))],
            ),
            false,
        ),
        (
            "update",
            &update,
            "set_entry",
            data("Accounts", &[pair("name", json!("A"))]),
            false,
        ),
        (
            "update",
            &update,
            "set_entry",
            data(
                "Accounts",
                &[pair("id", json!(ID)), pair("deleted", json!("1"))],
            ),
            false,
        ),
        (
            "update",
            &update,
            "set_entry",
            data(
                "Accounts",
                &[pair("id", json!(ID)), pair("DELETED", json!("1"))],
            ),
            false,
        ),
        (
            "update",
            &update,
            "set_entry",
            data("Accounts", &[pair("id", json!(ID)), pair("id", json!("1"))]),
            false,
        ),
        (
            "update",
            &update,
            "set_entry",
            json!([null, "Accounts", {"id": ID, "deleted": "1"}]),
            false,
        ),
        (
            "create",
            &create,
            "set_entry",
            data("Accounts", &[pair("name", json!("A"))]),
            true,
        ),
        (
            "create",
            &create,
            "set_entry",
            data(
                "Accounts",
                &[pair("id", json!(ID)), pair("name", json!("A"))],
            ),
            false,
        ),
        (
            "create",
            &create,
            "set_entry",
            data(
                "Accounts",
                &[
                    pair("id", json!(ID)),
                    pair("new_with_id", json!("a key of mine")),
                ],
            ),
            true,
        ),
        (
            "create",
            &create,
            "set_entry",
            data(
                "Accounts",
                &[pair("id", json!(ID)), pair("new_with_id", json!(""))],
            ),
            false,
        ),
        (
            "create",
            &create,
            "set_entry",
            data(
                "Accounts",
                &[pair("name", json!("A")), pair("deleted", json!("0"))],
            ),
            false,
        ),
        (
            "delete",
            &update,
            "set_entry",
            data(
                "Accounts",
                &[pair("id", json!(ID)), pair("deleted", json!("1"))],
            ),
            true,
        ),
        (
            "delete",
            &update,
            "set_entry",
            data(
                "Accounts",
                &[pair("id", json!("1")), pair("deleted", json!("1"))],
            ),
            false,
        ),
        (
            "delete",
            &update,
            "set_entry",
            data(
                "Accounts",
                &[pair("id", json!(ID)), pair("name", json!("x"))],
            ),
            false,
        ),
        (
            "update",
            &update,
            "set_entry",
            data(
                "Accounts",
                &[pair("id", json!(ID)), pair("assigned_user_id", json!("1"))],
            ),
            false,
        ),
        (
            "update",
            &dry,
            "set_entry",
            data(
                "Accounts",
                &[pair("id", json!(ID)), pair("name", json!("A"))],
            ),
            false,
        ),
        (
            "create",
            &create,
            "set_entry",
            data("Accounts", &[pair("assigned_user_id", json!("1"))]),
            false,
        ),
        (
            "delete",
            &update,
            "set_entry",
            data(
                "Accounts",
                &[pair("id", json!(ID)), pair("deleted", json!("0"))],
            ),
            false,
        ),
        (
            "bulk_upsert",
            &bulk,
            "set_entries",
            json!([
                null,
                "Accounts",
                [[pair("name", json!("A"))], [pair("id", json!("1"))]]
            ]),
            true,
        ),
        (
            "bulk_upsert",
            &bulk,
            "set_entries",
            json!([
                null,
                "Accounts",
                [[pair("name", json!("A"))], [pair("id", json!("2"))]]
            ]),
            false,
        ),
        (
            "bulk_upsert",
            &bulk,
            "set_entries",
            json!([
                null,
                "Accounts",
                [[pair("name", json!("A"))], [pair("deleted", json!("1"))]]
            ]),
            false,
        ),
        (
            "bulk_upsert",
            &bulk,
            "set_entries",
            json!([null, "Users", [[pair("name", json!("A"))]]]),
            false,
        ),
        (
            "set_note_attachment",
            &file,
            "set_note_attachment",
            json!([null, {"id": ID, "filename": "a", "file": "aGk="}]),
            true,
        ),
        (
            "set_note_attachment",
            &file,
            "set_note_attachment",
            json!([null, {"id": "1", "filename": "a", "file": "aGk="}]),
            false,
        ),
        (
            "set_note_attachment",
            &file,
            "set_note_attachment",
            json!([null, {"id": ID, "filename": "a", "file": "aGk=", "related_module_id": "1"}]),
            false,
        ),
    ] {
        assert_eq!(
            lets(tool, arguments, method, &data),
            allowed,
            "{tool} {method} {data}"
        );
    }
}

#[test]
fn links_and_activities_hold_against_a_hostile_plugin() {
    let pair = |name: &str, value: &str| json!({"name": name, "value": value});
    let two = json!({"module": "Accounts", "id": ID, "link_field": "contacts", "related_ids": ["C1", "C2"]});
    let one =
        json!({"module": "Accounts", "id": ID, "link_field": "contacts", "related_ids": "C1"});
    let call = json!({"name": "x", "contact_ids": ["C1"], "account_ids": ["A1"]});
    let keyed = json!({"name": "x", "contact_ids": ["C1"], "idempotency_key": "a key of mine"});
    let task = json!({"name": "x", "parent_type": "Accounts", "parent_id": "A1"});
    let link = |module: &str, id: &str, name: &str, ids: Value, delete: u8| {
        json!([null, module, id, name, ids, [], delete])
    };
    let of_two = |delete| link("Accounts", ID, "contacts", json!(["C2"]), delete);
    let of_call = |id: &str, ids: Value, delete| link("Calls", id, "contacts", ids, delete);
    let new = |module: &str, pairs: &[Value]| json!([null, module, pairs, false]);
    let c1 = || json!(["C1"]);
    for (tool, arguments, method, data, allowed) in [
        ("link_records", &two, "set_relationship", of_two(0), true),
        ("link_records", &two, "set_relationship", of_two(1), false),
        ("unlink_records", &two, "set_relationship", of_two(1), true),
        ("unlink_records", &two, "set_relationship", of_two(0), false),
        ("link_records", &one, "set_relationship", of_two(0), false),
        (
            "link_records",
            &one,
            "set_relationship",
            link("Accounts", ID, "contacts", c1(), 0),
            true,
        ),
        (
            "link_records",
            &one,
            "set_relationship",
            link("Accounts", "1", "contacts", c1(), 0),
            false,
        ),
        (
            "link_records",
            &one,
            "set_relationship",
            link("Accounts", ID, "cases", c1(), 0),
            false,
        ),
        (
            "log_call",
            &call,
            "set_entry",
            new("Calls", &[pair("name", "y"), pair("parent_id", "A1")]),
            true,
        ),
        (
            "log_call",
            &call,
            "set_entry",
            new("Calls", &[pair("parent_id", "A2")]),
            false,
        ),
        (
            "log_call",
            &call,
            "set_entry",
            new("Users", &[pair("name", "y")]),
            false,
        ),
        (
            "log_call",
            &call,
            "set_entry",
            new("Calls", &[pair("repeat_type", "Daily")]),
            false,
        ),
        // Which call is linked is known only once there is one.
        (
            "log_call",
            &call,
            "set_relationship",
            of_call("K1", c1(), 0),
            false,
        ),
        (
            "log_call",
            &keyed,
            "set_relationship",
            of_call("K1", c1(), 0),
            true,
        ),
        (
            "log_call",
            &keyed,
            "set_relationship",
            of_call("K1", json!(["C2"]), 0),
            false,
        ),
        (
            "log_call",
            &keyed,
            "set_relationship",
            of_call("K1", c1(), 1),
            false,
        ),
        (
            "log_call",
            &keyed,
            "set_relationship",
            link("Accounts", "A1", "contacts", c1(), 0),
            false,
        ),
        (
            "create_task",
            &task,
            "set_entry",
            new("Tasks", &[pair("name", "y"), pair("parent_id", "A1")]),
            true,
        ),
        (
            "create_task",
            &task,
            "set_entry",
            new("Tasks", &[pair("contact_id", "C1")]),
            false,
        ),
        (
            "create_task",
            &task,
            "set_entry",
            new("Notes", &[pair("name", "y")]),
            false,
        ),
        (
            "create_note",
            &task,
            "set_entry",
            new("Notes", &[pair("parent_type", "Accounts")]),
            true,
        ),
        (
            "create_note",
            &task,
            "set_entry",
            new("Notes", &[pair("parent_type", "Cases")]),
            false,
        ),
        (
            "create_note",
            &task,
            "set_relationship",
            of_call("K1", c1(), 0),
            false,
        ),
    ] {
        assert_eq!(
            lets(tool, arguments, method, &data),
            allowed,
            "{tool} {method} {data}"
        );
    }
}

#[test]
fn the_variables_of_the_replaced_program_are_mapped() {
    let harness = crm();
    let manifest = harness.manifest();
    for (variable, set) in [
        ("SUITECRM_ENDPOINT", "url"),
        ("SUITECRM_USERNAME", "secrets.username"),
        ("SUITECRM_PASSWORD", "secrets.password"),
        ("SUITECRM_V8_CLIENT_ID", "secrets.client_id"),
        ("SUITECRM_V8_CLIENT_SECRET", "secrets.client_secret"),
        ("SUITECRM_PREFIX", "prefix"),
        ("SUITECRM_CODE", "code"),
        ("PORT", "server.port"),
        ("BIND_HOST", "server.host"),
        ("CRM_TIMEOUT_MS", "limits.timeout_ms"),
        ("CIRCUIT_BREAKER_THRESHOLD", "limits.breaker_threshold"),
        ("CIRCUIT_BREAKER_RESET_MS", "limits.breaker_reset_ms"),
        ("NODE_TLS_REJECT_UNAUTHORIZED", "tls_verify"),
    ] {
        assert_eq!(manifest.env[variable].set, set);
    }
    assert_eq!(manifest.env.len(), 13);
    assert_eq!(manifest.env_prefix, "suitecrm");
    let scrubbed: Vec<_> = manifest
        .secrets
        .iter()
        .map(|(name, secret)| (name.as_str(), secret.scrub))
        .collect();
    assert_eq!(
        scrubbed,
        [
            ("client_id", false),
            ("client_secret", true),
            ("password", true),
            ("username", false)
        ]
    );
}

/// What is left of an address after `strip`.
fn root(url: &str) -> String {
    let harness = crm();
    let strip = &harness.manifest().base.strip;
    strip
        .iter()
        .find_map(|suffix| url.strip_suffix(suffix.as_str()))
        .unwrap_or(url)
        .to_owned()
}

#[test]
fn every_known_form_of_the_address_leads_to_a_root_and_a_candidate() {
    let site = "https://crm.example.com";
    let harness = crm();
    let probe = harness.manifest().base.probe.as_ref().unwrap();
    for (path, prefix) in [
        ("/service/v4_1/rest.php", ""),
        ("/legacy/service/v4_1/rest.php", "/legacy"),
        ("/crm/service/v4_1/rest.php", "/crm"),
        ("/suitecrm/service/v4_1/rest.php", "/suitecrm"),
        ("/suite/service/v4_1/rest.php", "/suite"),
        ("/service/v4/rest.php", ""),
        ("/legacy/service/v4/rest.php", "/legacy"),
        ("/crm/service/v4/rest.php", "/crm"),
    ] {
        assert_eq!(root(&format!("{site}{path}")), format!("{site}{prefix}"));
        assert!(
            probe.prefixes.iter().any(|candidate| candidate == prefix),
            "{prefix} is tried from the site's root"
        );
    }
    for same in ["", "/legacy"] {
        assert_eq!(root(&format!("{site}{same}")), format!("{site}{same}"));
    }
    assert_eq!(probe.prefixes[0], "");
    assert_eq!(
        (probe.method, probe.path.as_str(), probe.expect.as_deref()),
        (Method::Post, "service/v4_1/rest.php", Some("/version"))
    );
    assert_eq!(probe.form["method"], "get_server_info");
}

#[test]
fn logins_place_the_session_where_tools_send_null() {
    let harness = crm();
    let slot = &harness.manifest().credentials["v4"];
    let names: Vec<_> = slot
        .iter()
        .map(|credential| credential.name.as_str())
        .collect();
    assert_eq!(names, ["session", "plain"]);
    for (credential, password) in slot.iter().zip(["{password|md5}", "{password}"]) {
        let Recipe::Login {
            login,
            capture,
            place,
            ..
        } = &credential.recipe
        else {
            panic!("a login")
        };
        assert_eq!(login.form_json["rest_data"][0]["password"], password);
        assert_eq!(login.form_json["rest_data"][1], "Portcullis");
        assert_eq!(login.form["method"], "login");
        assert_eq!(
            (capture, place),
            (
                &Capture::Json("/id".to_owned()),
                &Place::Form {
                    form: "rest_data".to_owned(),
                    json: "/0".to_owned()
                }
            )
        );
    }
    let names: Vec<_> = harness.manifest().credentials["v8"]
        .iter()
        .map(|credential| (credential.name.as_str(), credential.needs.len()))
        .collect();
    assert_eq!(names, [("password", 4), ("client_credentials", 2)]);
}

/// A lost answer to a route that is not `safe` counts as a change that may have happened.
#[test]
fn only_what_reads_is_called_safe() {
    let harness = crm();
    let mut seen = 0;
    for (tool, route) in all_routes(harness.manifest()) {
        let Some(methods) = route.form.get("method") else {
            assert!(route.safe.is_none(), "{tool}");
            continue;
        };
        seen += 1;
        let text = serde_json::to_string(methods).unwrap();
        let reads = !text.contains("\"set_");
        let writes = harness
            .manifest()
            .tools
            .iter()
            .any(|other| other.name == tool && other.effect.as_str() != "read");
        assert!(reads || route.safe.is_none(), "{tool}: {text}");
        assert!(!(writes && reads) || route.safe.is_some(), "{tool}: {text}");
    }
    assert!(seen > 20, "{seen}");
}
