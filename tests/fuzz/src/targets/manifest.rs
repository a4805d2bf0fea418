//! A manifest, as an untrusted plugin's `describe` returns it.

use std::sync::LazyLock;

use portcullis::policy::RouteSet;
use portcullis::registry::{manifest_schema, read_manifest};
use portcullis::schema::Schema;
use portcullis_manifest::{Effect, Manifest, Method, Route};
use serde_json::{Value, json};

use super::kind;
use crate::{Seen, Target};

pub(crate) const TARGET: Target = Target {
    name: "manifest",
    about: "a manifest: what is accepted prints back to the same, and a reading tool only reads",
    run,
    words: &[
        "{id}",
        "\"GET\"",
        "\"POST\"",
        "\"DELETE\"",
        "\"PATCH\"",
        "\"read\"",
        "\"destructive\"",
        "\"preview_routes\"",
        "\"form\"",
        "\"json\"",
        "\"safe\"",
        "\"when\"",
        "\"cases\"",
        "\"made:/id\"",
        "\"/rows/*/id\"",
        "\"{*}\"",
        "null",
        "\"effect\"",
    ],
};

static PUBLISHED: LazyLock<Schema> =
    LazyLock::new(|| Schema::new(&manifest_schema()).expect("it is an object's schema"));

fn run(bytes: &[u8]) -> Seen {
    let Ok(described) = serde_json::from_slice::<Value>(bytes) else {
        return "no JSON".to_owned();
    };
    match read_manifest(described) {
        Ok(manifest) => accepted(&manifest),
        Err(error) => kind(&error.0.join("; ")),
    }
}

fn accepted(manifest: &Manifest) -> Seen {
    let printed = serde_json::to_value(manifest).expect("a manifest prints");
    let again = read_manifest(printed.clone()).expect("what was accepted is accepted again");
    assert_eq!(serde_json::to_value(&again).expect("it prints"), printed);
    let flaws = PUBLISHED.flaws(&printed);
    assert!(
        flaws.is_empty(),
        "the published schema refuses what the host accepts: {flaws:?}"
    );
    for tool in &manifest.tools {
        routes(&tool.routes, tool.effect == Effect::Read);
        routes(&tool.preview_routes, true);
        for case in &tool.cases {
            routes(&case.routes, case.effect == Effect::Read);
            routes(&case.preview_routes, true);
        }
        for schema in [&tool.input_schema, &tool.output_schema] {
            if let Ok(schema) = Schema::new(schema) {
                let _ = schema.flaws(&json!({ "id": 7, "rows": [{ "id": "a" }] }));
            }
        }
    }
    for resource in &manifest.resources {
        routes(&resource.routes, true);
    }
    format!("accepted, {} tools", manifest.tools.len().min(9))
}

/// A judged manifest's routes compile, and where only reading is meant nothing can change anything by
/// its method alone.
fn routes(routes: &[Route], only_read: bool) {
    let compiled = RouteSet::compile(routes).expect("a judged route compiles");
    assert_eq!(compiled.len(), routes.len());
    for route in routes.iter().filter(|_| only_read) {
        let harmless = match route.method {
            Method::Get | Method::Head => true,
            Method::Post => {
                route.safe.is_some() || !route.form.is_empty() || !route.json.is_empty()
            }
            Method::Put | Method::Patch | Method::Delete => false,
        };
        assert!(harmless, "{:?} {} reads?", route.method, route.path);
    }
}
