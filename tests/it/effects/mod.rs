//! Effects made true: with `allow = ["read"]` a connection is read-only against hostile code, for each
//! of the four CRMs, and so is every preview.
//!
//! Whatever a tool that changes something may send is tried from every tool that reads and from every
//! preview: by the rules alone for all of it, and from within the sandbox with a guest that carries the
//! real plugin's manifest and has nothing of its code.

pub mod attack;
mod concrete;
mod rules;
mod sample;

use std::sync::Arc;

use portcullis_manifest::{Effect, Manifest, Method, Route};

use crate::support::host::shared;

/// The plugins that are shipped.
const CRMS: [&str; 4] = ["atomic", "bottlecrm", "espocrm", "suitecrm"];

/// Routes that one function of a plugin may use.
struct Group<'m> {
    place: String,
    reads: bool,
    routes: &'m [Route],
}

/// The manifest of an embedded plugin.
async fn manifest(id: &str) -> Arc<Manifest> {
    let (_, embedded) = shared().await;
    let plugin = embedded.values().find(|plugin| plugin.id.as_str() == id);
    let plugin = plugin.unwrap_or_else(|| panic!("no embedded plugin {id}"));
    Arc::clone(&plugin.manifest)
}

/// Every function of a plugin with its routes.
fn groups(manifest: &Manifest) -> Vec<Group<'_>> {
    let mut groups = Vec::new();
    let mut add = |place: String, reads, routes| {
        groups.push(Group {
            place,
            reads,
            routes,
        });
    };
    for tool in &manifest.tools {
        let name = &tool.name;
        add(name.clone(), tool.effect == Effect::Read, &tool.routes[..]);
        add(format!("preview of {name}"), true, &tool.preview_routes);
        for (at, case) in tool.cases.iter().enumerate() {
            let place = format!("case {} of {name}", at + 1);
            add(format!("preview of {place}"), true, &case.preview_routes);
            add(place, case.effect == Effect::Read, &case.routes);
        }
    }
    for resource in &manifest.resources {
        add(
            format!("resource {}", resource.name),
            true,
            &resource.routes,
        );
        for completes in &resource.completes {
            let arguments = completes.arguments.join(", ");
            let place = format!("completion of {arguments} of resource {}", resource.name);
            add(place, true, &completes.routes);
        }
    }
    if let Some(check) = &manifest.live_check {
        add("live_check".to_owned(), true, &check.routes);
    }
    groups
}

/// Every route of a manifest, with its function.
fn all_routes(manifest: &Manifest) -> Vec<(String, &Route)> {
    let mut all = Vec::new();
    for Group { place, routes, .. } in groups(manifest) {
        all.extend(routes.iter().map(|route| (place.clone(), route)));
    }
    all
}

/// Whether a request by this route may change the CRM.
fn changes(route: &Route) -> bool {
    let reads = matches!(route.method, Method::Get | Method::Head);
    !reads && route.safe.is_none()
}
