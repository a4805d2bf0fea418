//! The manifest: what the host and a client get to see.

use portcullis_sdk::{Effect, Method, Recipe};
use serde_json::{Value, json};

use crate::fixtures::crm;

#[test]
fn the_eight_tools_are_there() {
    let crm = crm();
    let tools: Vec<_> = crm
        .manifest()
        .tools
        .iter()
        .map(|tool| (tool.name.as_str(), tool.effect.as_str()))
        .collect();
    assert_eq!(
        tools,
        [
            ("crm_search", "read"),
            ("crm_get", "read"),
            ("crm_create", "write"),
            ("crm_update", "write"),
            ("crm_delete", "destructive"),
            ("crm_action", "destructive"),
            ("crm_describe", "read"),
            ("list_actions", "read"),
        ]
    );
}

#[test]
fn parameters_are_those_of_the_replaced_program() {
    let crm = crm();
    for (tool, required, optional) in [
        (
            "crm_search",
            vec!["entity"],
            vec!["query", "filters", "limit", "offset"],
        ),
        ("crm_get", vec!["entity", "id"], vec![]),
        ("crm_create", vec!["entity", "data"], vec![]),
        ("crm_update", vec!["entity", "id", "data"], vec![]),
        ("crm_delete", vec!["entity", "id"], vec![]),
        ("crm_action", vec!["entity", "id", "action"], vec!["params"]),
        ("crm_describe", vec!["entity"], vec![]),
        ("list_actions", vec![], vec![]),
    ] {
        let declared = crm
            .manifest()
            .tools
            .iter()
            .find(|known| known.name == tool)
            .unwrap();
        let schema = &declared.input_schema;
        let needed = schema.get("required").cloned().unwrap_or_else(|| json!([]));
        assert_eq!(needed, json!(required), "{tool}");
        for name in required.into_iter().chain(optional) {
            assert!(schema["properties"].get(name).is_some(), "{tool} {name}");
        }
        assert_eq!(schema["additionalProperties"], Value::Bool(false), "{tool}");
        let text = format!("{schema}{}", declared.output_schema);
        for noise in ["$ref", "$defs", "\"null\"]", "uint"] {
            assert!(
                !schema.to_string().contains(noise),
                "{tool} has {noise}: {text}"
            );
        }
    }
}

#[test]
fn tools_that_read_only_get_and_others_name_their_record() {
    let crm = crm();
    for tool in &crm.manifest().tools {
        let cases = tool.cases.iter().flat_map(|case| &case.routes);
        for route in tool.routes.iter().chain(cases) {
            if tool.effect == Effect::Read {
                assert_eq!(route.method, Method::Get, "{} {}", tool.name, route.path);
            }
            assert!(!route.path.contains("{entity}"), "{}", route.path);
            let changes = route.method != Method::Get;
            let tags_of_a_new_account = tool.name == "crm_create" && route.method == Method::Patch;
            if changes && route.path.contains("{id}") && !tags_of_a_new_account {
                assert_eq!(route.same["id"], "/id", "{} {}", tool.name, route.path);
            }
        }
        assert!(
            tool.preview_routes
                .iter()
                .all(|route| route.method == Method::Get)
        );
    }
}

#[test]
fn a_create_or_an_update_cannot_convert_or_publish() {
    let crm = crm();
    for (tool, method, path) in [
        ("crm_create", Method::Post, "api/leads"),
        ("crm_update", Method::Patch, "api/leads/{id}"),
    ] {
        let declared = crm
            .manifest()
            .tools
            .iter()
            .find(|known| known.name == tool)
            .unwrap();
        let routes: Vec<_> = declared
            .routes
            .iter()
            .filter(|route| route.method == method && route.path == path)
            .collect();
        assert_eq!(routes.len(), 2);
        for route in routes {
            let open = route.absent.contains(&"/status".to_owned());
            let listed = route
                .json
                .get("/status")
                .is_some_and(|values| !values.contains(&"converted".into()));
            assert!(open || listed, "{route:?}");
            assert!(route.absent.contains(&"/is_converted".to_owned()));
        }
    }
}

#[test]
fn variables_credentials_and_the_base() {
    let crm = crm();
    let manifest = crm.manifest();
    for (variable, set, usual) in [
        ("BCRM_BASE_URL", "url", None),
        ("BCRM_TOKEN", "secrets.token", None),
        ("BCRM_TRANSPORT", "server.transport", Some("stdio")),
        ("BCRM_HOST", "server.host", Some("127.0.0.1")),
        ("BCRM_PORT", "server.port", Some("8900")),
        ("BCRM_PATH", "server.path", Some("/mcp")),
    ] {
        let rule = &manifest.env[variable];
        assert_eq!((&*rule.set, rule.default.as_deref()), (set, usual));
    }
    assert_eq!(manifest.env_prefix, "");
    assert!(manifest.base.trailing_slash);
    let slot = &manifest.credentials["default"];
    assert!(matches!(&slot[0].recipe, Recipe::Bearer { value } if value == "{token}"));
    assert_eq!(
        (slot[0].name.as_str(), slot[0].needs.as_slice()),
        ("token", &["token".to_owned()][..])
    );
    assert!(matches!(slot[1].recipe, Recipe::Forward { .. }));
    assert_eq!(
        manifest.settings.as_ref().unwrap()["properties"]["schema_ttl_s"]["default"],
        3600
    );
}
