//! The manifest: what the host and a client get to see.

use std::collections::BTreeSet;

use portcullis_sdk::{Effect, Method};
use serde_json::Value;

use crate::fixtures::crm;

#[test]
fn the_thirteen_tools_are_there_in_order() {
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
            ("list_entity_types", "read", true),
            ("get_schema", "read", true),
            ("search", "read", true),
            ("get", "read", true),
            ("list_related", "read", true),
            ("create", "write", false),
            ("update", "write", true),
            ("delete", "destructive", true),
            ("link", "write", true),
            ("unlink", "write", true),
            ("add_note", "write", false),
            ("update_kanban", "write", true),
            ("draft_email", "write", false),
        ]
    );
}

#[test]
fn schemas_are_inline_and_closed() {
    let harness = crm();
    for tool in &harness.manifest().tools {
        let text = format!("{}{}", tool.input_schema, tool.output_schema);
        for noise in ["$ref", "$defs", "$schema", "\"title\"", "uint", "int64"] {
            assert!(!text.contains(noise), "{} has {noise}: {text}", tool.name);
        }
        assert_eq!(
            tool.input_schema["additionalProperties"],
            Value::Bool(false),
            "{}",
            tool.name
        );
        assert_eq!(tool.input_schema["type"], "object");
        assert_eq!(tool.output_schema["type"], "object");
        assert!(
            !tool.input_schema.to_string().contains("\"null\""),
            "{}: {}",
            tool.name,
            tool.input_schema
        );
        assert!(tool.description.len() > 40, "{}", tool.name);
    }
}

#[test]
fn reading_tools_and_previews_only_get() {
    let harness = crm();
    let manifest = harness.manifest();
    let reading = manifest
        .tools
        .iter()
        .filter(|tool| tool.effect == Effect::Read)
        .flat_map(|tool| &tool.routes);
    let previews = manifest.tools.iter().flat_map(|tool| &tool.preview_routes);
    let check = manifest.live_check.iter().flat_map(|check| &check.routes);
    for route in reading.chain(previews).chain(check) {
        assert_eq!(route.method, Method::Get, "{route:?}");
    }
}

#[test]
fn changing_routes_name_the_record_of_the_arguments() {
    let harness = crm();
    for tool in &harness.manifest().tools {
        for route in tool
            .routes
            .iter()
            .filter(|route| route.method != Method::Get && route.safe.is_none())
        {
            if route.path.starts_with("{entity}") {
                assert_eq!(
                    route.same["entity"], "/entityType",
                    "{} {}",
                    tool.name, route.path
                );
                for special in ["MassAction", "Settings", "User", "Webhook"] {
                    assert!(
                        route.not["entity"].iter().any(|name| name == special),
                        "{} {}",
                        tool.name,
                        route.path
                    );
                }
            }
            if route.path.contains("{id}") {
                assert_eq!(route.same["id"], "/id", "{} {}", tool.name, route.path);
            }
        }
    }
    let paths: BTreeSet<_> = harness
        .manifest()
        .tools
        .iter()
        .flat_map(|tool| &tool.routes)
        .filter(|route| route.method != Method::Get)
        .map(|route| route.path.clone())
        .collect();
    assert_eq!(
        paths.into_iter().collect::<Vec<_>>(),
        [
            "Email",
            "Email/{id}",
            "EmailTemplate/{id}/prepare",
            "Kanban/order",
            "Note",
            "{entity}",
            "{entity}/{id}",
            "{entity}/{id}/{link}"
        ]
    );
}

#[test]
fn the_variables_of_the_replaced_program_are_mapped() {
    let harness = crm();
    let manifest = harness.manifest();
    for (variable, set) in [
        ("ESPOCRM_URL", "url"),
        ("ESPOCRM_API_KEY", "secrets.api_key"),
        ("ESPOCRM_TLS_VERIFY", "tls_verify"),
        ("SERVER_MAX_LIMIT", "settings.max_limit"),
        ("SERVER_METADATA_TTL_SECS", "settings.metadata_ttl_s"),
        (
            "SERVER_RATE_LIMIT_REQUESTS_PER_SECOND",
            "limits.rate_per_second",
        ),
        ("SERVER_RATE_LIMIT_BURST", "limits.rate_burst"),
        (
            "SERVER_RATE_LIMIT_MAX_CONCURRENT",
            "limits.concurrent_calls",
        ),
        ("LOGGING_LEVEL", "log.level"),
        ("LOGGING_JSON", "log.json"),
    ] {
        assert_eq!(manifest.env[variable].set, set);
    }
    assert_eq!(manifest.env["ESPOCRM_TIMEOUT_SECS"].times, Some(1000));
    let settings = &manifest.settings.as_ref().unwrap()["properties"];
    for rule in manifest.env.values() {
        if let Some(key) = rule.set.strip_prefix("settings.") {
            assert!(settings.get(key).is_some(), "{key}");
        }
        if let Some(name) = rule.set.strip_prefix("secrets.") {
            assert!(manifest.secrets.contains_key(name), "{name}");
        }
    }
    assert_eq!(settings["max_limit"]["default"], 200);
    let names: Vec<_> = manifest.credentials["default"]
        .iter()
        .map(|credential| credential.name.as_str())
        .collect();
    assert_eq!(names, ["api_key", "hmac"]);
}
