//! The OpenAPI document, made from the routes and the tables of the entities.
//!
//! It is as unreliable as the real one: few of the filters, no bodies for invoices, and lists that
//! claim to hold plain records.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Body, Reply};
use super::openapi_parts as parts;
use super::route::{self, CLASSIC, Handler, Route, STAGED};
use super::schema;
use super::session::Session;
use super::yaml;

pub(crate) const ROUTES: &[Route] = &[Route {
    path: "schema/",
    on: &[("GET", document as Handler)],
}];

/// JSON when asked for by parameter or header, YAML otherwise.
fn document(session: &mut Session<'_>) -> Answer {
    let whole = whole();
    let accept = session.call.header("accept").unwrap_or_default();
    let wants_json = match session.call.param("format") {
        Some(format) => format == "json",
        None => accept.contains("application/json"),
    };
    let (kind, text) = if wants_json {
        let text = serde_json::to_string_pretty(&whole).map_err(|_| Reply::page(500))?;
        ("application/json", text)
    } else {
        ("application/vnd.oai.openapi", yaml::print(&whole))
    };
    Ok(Reply {
        status: 200,
        body: Body::Text { kind, text },
    })
}

fn whole() -> Value {
    let mut paths = Map::new();
    for route in route::all().filter(|route| route.path.starts_with("api/")) {
        for path in spelled(route.path) {
            let operations = route.on.iter().map(|(verb, _)| {
                let operation = operation(&path, verb);
                (verb.to_lowercase(), operation)
            });
            paths.insert(format!("/{path}"), Value::Object(operations.collect()));
        }
    }
    paths.sort_keys();
    json!({
        "openapi": "3.0.3",
        "info": {"title": "BottleCRM API", "version": "1.0.0", "description": "Open source CRM application"},
        "paths": paths,
        "components": {"schemas": parts::components(), "securitySchemes": security()},
    })
}

/// A pattern for each entity it stands for, with names in its braces.
fn spelled(pattern: &str) -> Vec<String> {
    let named = pattern
        .replacen("{}", "{id}", 1)
        .replacen("{}", "{other_id}", 1);
    let of =
        |word: &str, kinds: &[&str]| kinds.iter().map(|kind| named.replace(word, kind)).collect();
    if named.contains("<classic>") {
        of("<classic>", &CLASSIC)
    } else if named.contains("<staged>") {
        of("<staged>", &STAGED)
    } else {
        vec![named]
    }
}

fn security() -> Value {
    json!({
        "APIKeyAuth": {"type": "apiKey", "in": "header", "name": "Token", "description": "Organization API key"},
        "PersonalAccessToken": {"type": "http", "scheme": "bearer", "description": "Personal access token (bcrm_pat_\u{2026})"},
        "jwtAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    })
}

fn operation(path: &str, verb: &str) -> Value {
    let resource = path.split('/').nth(1).unwrap_or_default();
    let words: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != "api" && !part.starts_with('{'))
        .collect();
    let action = match verb {
        "GET" if path.ends_with("}/") => "retrieve",
        "GET" => "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "partial_update",
        _ => "destroy",
    };
    let entity = schema::find(resource).filter(|_| CLASSIC.contains(&resource));
    let own = matches!(words.len(), 1).then_some(entity).flatten();
    let mut operation = json!({
        "operationId": format!("{}_{action}", words.join("_").replace('-', "_")),
        "parameters": parameters(path, verb, own),
        "tags": [resource],
        "security": [{"PersonalAccessToken": []}, {"jwtAuth": []}, {"APIKeyAuth": []}],
    });
    let Some(entity) = own else {
        operation["responses"] = json!({"200": {"description": "No response body"}});
        return operation;
    };
    let (label, write) = (
        &entity.words.label,
        matches!(verb, "POST" | "PUT" | "PATCH"),
    );
    if write {
        let name = match (verb, path.ends_with("}/")) {
            ("POST", true) => format!("{label}DetailEditSwaggerRequest"),
            ("PATCH", _) => format!("Patched{label}CreateSwaggerRequest"),
            _ => format!("{label}CreateSwaggerRequest"),
        };
        operation["requestBody"] = parts::body(&name);
    }
    let name = match (verb, path.ends_with("}/")) {
        ("GET", false) => format!("{label}ListResponse"),
        ("GET", true) => format!("{label}DetailResponse"),
        _ => format!("{label}WriteResponse"),
    };
    operation["responses"] = json!({"200": {
        "content": {"application/json": {"schema": parts::refer(&name)}}, "description": "",
    }});
    operation
}

fn parameters(path: &str, verb: &str, entity: Option<&schema::Entity>) -> Value {
    let mut all = vec![json!({
        "in": "header", "name": "org", "schema": {"type": "string"}, "description": "Organization Id",
    })];
    for name in ["id", "other_id"] {
        if path.contains(&format!("{{{name}}}")) {
            all.push(json!({"in": "path", "name": name, "schema": {"type": "string", "format": "uuid"}, "required": true}));
        }
    }
    if let (Some(entity), "GET") = (entity, verb) {
        for filter in entity
            .filters
            .iter()
            .filter(|one| matches!(one.how.as_str(), "exact" | "ids"))
        {
            all.push(json!({"in": "query", "name": filter.param, "schema": {"type": "string"}}));
        }
    }
    json!(all)
}
