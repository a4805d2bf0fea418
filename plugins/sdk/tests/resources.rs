//! Resources through a small plugin: one declaration gives address, schema, reading and metadata.

use portcullis_sdk::{
    Call, Contents, Failure, Manifest, PAGE, Plugin, Resource, RouteExt, Tool, get, path,
    testing::{self, Harness},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const PAGE_URI: &str = "ui://{connection}/thing";

/// One thing.
#[derive(Deserialize, JsonSchema)]
struct Which {
    /// Its id.
    #[schemars(regex(pattern = "^[a-z]+$"))]
    id: String,
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn show(_: &Call<'_>, _: &Nothing) -> Result<Map<String, Value>, Failure> {
    Ok(Map::new())
}

fn thing(call: &Call<'_>, which: &Which) -> Result<String, Failure> {
    let thing: Value = call.http().get(path!["things", which.id]).answer()?;
    Ok(thing.to_string())
}

fn page(call: &Call<'_>) -> Result<String, Failure> {
    Ok(format!("<p>{}</p>", call.connection().tool("press")))
}

fn manifest() -> Manifest {
    portcullis_sdk::manifest("things", "0.1.0", "Things")
}

fn plugin() -> Plugin {
    Plugin::new(manifest)
        .tool(Tool::read("show", "Show", show).page(PAGE_URI))
        .tool(Tool::read("press", "Press", show).visible_to(&["app"]))
        .resource(Resource::at("page", PAGE_URI, "A page", PAGE, page))
        .resource(Resource::at(
            "dot",
            "things://{connection}/dot",
            "A dot",
            "image/x-dot",
            |_| Ok(vec![0_u8, 255]),
        ))
        .resource(
            Resource::template(
                "thing",
                "things://{connection}/{id}",
                "A thing",
                "application/json",
                thing,
            )
            .routes(|| vec![get("things/{id}").same("id", "/id")]),
        )
}

#[test]
fn a_declaration_is_what_the_host_reads() {
    let manifest = serde_json::to_value(plugin().describe()).unwrap();
    assert_eq!(
        manifest["resources"],
        json!([
            {"name": "page", "uri": PAGE_URI, "title": "A page", "description": "A page", "mime_type": PAGE},
            {"name": "dot", "uri": "things://{connection}/dot", "title": "A dot", "description": "A dot", "mime_type": "image/x-dot"},
            {
                "name": "thing", "uri": "things://{connection}/{id}", "title": "A thing",
                "description": "One thing.", "mime_type": "application/json",
                "input_schema": {
                    "type": "object", "required": ["id"], "additionalProperties": false,
                    "properties": {"id": {"type": "string", "description": "Its id.", "pattern": "^[a-z]+$"}},
                },
                "routes": [{"method": "GET", "path": "things/{id}", "same": {"id": "/id"}}],
            },
        ])
    );
    assert_eq!(
        manifest["tools"][0]["meta"],
        json!({"ui": {"resourceUri": PAGE_URI}})
    );
    assert_eq!(
        manifest["tools"][1]["meta"],
        json!({"ui": {"visibility": ["app"]}})
    );
}

#[test]
fn each_is_read_by_its_name_with_its_own_routes() {
    let harness =
        Harness::new(plugin()).expect(testing::get("things/ab").reply(200, json!({"n": 1})));
    assert_eq!(
        harness.read("thing", json!({"id": "ab"})),
        Ok(Contents::Text(r#"{"n":1}"#.to_owned()))
    );
    assert_eq!(
        harness.read("dot", json!({})),
        Ok(Contents::Bytes(vec![0, 255]))
    );
    assert_eq!(
        harness.read("page", json!({})),
        Ok(Contents::Text("<p>test_press</p>".to_owned()))
    );
    let wrong = harness.read("thing", json!({"id": "AB"})).unwrap_err();
    assert_eq!(wrong.code, "INVALID_ARGUMENT");
}
