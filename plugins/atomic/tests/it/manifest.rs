//! The manifest: what the host and a client get to see.

use portcullis_sdk::{Effect, Method, Recipe};
use serde_json::Value;

use crate::fixtures::crm;

#[test]
fn the_tools_of_both_servers_and_the_typed_ones_are_there() {
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
            ("get_schema", "read"),
            ("query", "read"),
            ("search", "read"),
            ("list_records", "read"),
            ("get_record", "read"),
            ("whoami", "read"),
            ("timeline", "read"),
            ("pipeline_summary", "read"),
            ("overdue_tasks", "read"),
            ("find_duplicates", "read"),
            ("display_task_list", "read"),
            ("create_record", "write"),
            ("update_record", "write"),
            ("complete_task", "write"),
            ("move_deal", "write"),
            ("archive_deal", "write"),
            ("tag_contact", "write"),
            ("merge_contacts", "destructive"),
            ("delete_record", "destructive"),
            ("mutate", "destructive"),
        ]
    );
}

#[test]
fn schemas_are_plain() {
    let crm = crm();
    for tool in &crm.manifest().tools {
        assert_eq!(
            tool.input_schema["additionalProperties"],
            Value::Bool(false),
            "{}",
            tool.name
        );
        for noise in ["$ref", "$defs", "\"null\"]", "uint"] {
            assert!(
                !tool.input_schema.to_string().contains(noise),
                "{} {noise}",
                tool.name
            );
        }
    }
}

#[test]
fn reading_tools_change_nothing_and_paths_are_fixed() {
    let crm = crm();
    for tool in &crm.manifest().tools {
        let previews = tool.preview_routes.iter();
        let reads = tool.routes.iter().filter(|_| tool.effect == Effect::Read);
        for route in reads.chain(previews) {
            let harmless = route.method == Method::Get
                || (route.method == Method::Post
                    && (route.safe.is_some() || !route.json.is_empty()));
            assert!(
                harmless,
                "{} {} {}",
                tool.name,
                route.method.as_str(),
                route.path
            );
        }
        for route in &tool.routes {
            assert!(!route.path.contains('{'), "{} {}", tool.name, route.path);
            assert!(
                !route.path.ends_with("sales") || route.method == Method::Get,
                "{}",
                tool.name
            );
        }
    }
}

#[test]
fn no_database_password_and_no_service_key_is_wanted() {
    let crm = crm();
    let manifest = crm.manifest();
    let secrets: Vec<_> = manifest
        .secrets
        .iter()
        .map(|(name, secret)| (name.as_str(), secret.scrub))
        .collect();
    assert_eq!(
        secrets,
        [
            ("email", false),
            ("password", true),
            ("publishable_key", false),
            ("refresh_token", true)
        ]
    );
    assert_eq!(manifest.headers.constant["apikey"], "{publishable_key}");
    let recipes: Vec<_> = manifest.credentials["default"]
        .iter()
        .map(|credential| (credential.name.as_str(), credential.recipe.name()))
        .collect();
    assert_eq!(
        recipes,
        [
            ("refresh_token", "oauth2"),
            ("password", "login"),
            ("forward", "forward")
        ]
    );
    let Recipe::OAuth2 { token, refresh, .. } = &manifest.credentials["default"][0].recipe else {
        panic!("the first is oauth2");
    };
    assert_eq!(token.path, "auth/v1/token?grant_type=refresh_token");
    assert!(*refresh);
    assert_eq!(manifest.env["DATABASE_URL"].set, "ignored");
    assert_eq!(manifest.env_prefix, "");
    assert_eq!(
        manifest.env["SUPABASE_ANON_KEY"].set,
        manifest.env["SUPABASE_PUBLISHABLE_KEY"].set
    );
}

#[test]
fn callers_tokens_are_those_of_this_project_and_of_named_users() {
    let crm = crm();
    let forward = &crm.manifest().credentials["default"][2].recipe;
    let Recipe::Forward {
        tokens: Some(tokens),
    } = forward
    else {
        panic!("the host can judge the tokens: {forward:?}");
    };
    assert_eq!(tokens.issuer, "{base}/auth/v1");
    assert_eq!(tokens.audience, ["authenticated"]);
    assert_eq!(tokens.role.as_deref(), Some("authenticated"));
    assert!(!tokens.anonymous);
}
