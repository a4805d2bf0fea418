//! `portcullis plugin`: what a start would serve, from where, and why a file would not be taken; what a
//! file asks for, and its approval.

mod approve;
mod inspect;
mod look;

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use portcullis_manifest::Route;
use serde_json::json;

use super::setup::{engine, setup};
use super::{Exit, complain, print};
use crate::config::Asked;
use crate::policy;
use crate::registry::{Plugin, Registry, Snapshot, Standing, load_embedded};

pub use approve::approve;
pub use inspect::inspect;

/// Lists the plugins.
pub async fn list(config: Option<PathBuf>, routes: bool) -> Exit {
    match setup(config, Asked::Nothing, |_| Ok(())).await {
        Ok(setup) => print(&text(&setup.host.app.registry, routes).await),
        Err(exit) => exit,
    }
}

/// Prints the SQL of a plugin that this program carries.
pub async fn sql(id: &str) -> Exit {
    match try_sql(id).await {
        Ok(sql) => print(&sql),
        Err(exit) => exit,
    }
}

async fn try_sql(id: &str) -> Result<String, Exit> {
    let runtime = engine(None)?;
    let plugins = load_embedded(&runtime)
        .await
        .map_err(|error| complain(Exit::Internal, error))?;
    let offers = |plugin: &&Arc<Plugin>| plugin.manifest.sql.is_some();
    let named = plugins.values().find(|plugin| plugin.id.as_str() == id);
    match named.and_then(|plugin| plugin.manifest.sql.clone()) {
        Some(sql) => Ok(sql),
        None => {
            let offering = plugins.values().filter(offers);
            let ids: Vec<_> = offering.map(|plugin| plugin.id.to_string()).collect();
            let message = format!(
                "the plugin `{id}` offers no SQL; these do: {}",
                ids.join(", ")
            );
            Err(complain(Exit::Usage, message))
        }
    }
}

async fn text(registry: &Registry, routes: bool) -> String {
    let snapshot: &Snapshot = &registry.snapshot();
    let mut text =
        String::from("What a start would serve now; a running server logs what it took up.\n\n");
    for plugin in snapshot.plugins.values() {
        one(&mut text, plugin, registry.standing(plugin).await, routes);
    }
    for candidate in &snapshot.candidates {
        one(&mut text, &candidate.plugin, Standing::Waits, routes);
    }
    if snapshot.plugins.is_empty() {
        text.push_str("no plugins; this build carries none, and `server.plugins` holds none\n");
    }
    for rejected in &snapshot.rejected {
        writeln!(
            text,
            "not taken: {}\n    {}",
            rejected.path.display(),
            rejected.why
        )
        .ok();
    }
    for warning in &snapshot.warnings {
        writeln!(text, "{warning}").ok();
    }
    text
}

fn one(text: &mut String, plugin: &Plugin, standing: Standing, routes: bool) {
    let manifest = &plugin.manifest;
    let digest = hex::encode(&plugin.compiled.digest[..6]);
    writeln!(
        text,
        "{} {}  {}",
        plugin.id, manifest.version, manifest.summary
    )
    .ok();
    writeln!(
        text,
        "    from {}  sha256 {digest}…  {} kB  {} tools",
        plugin.origin,
        plugin.compiled.bytes.div_ceil(1000),
        manifest.tools.len()
    )
    .ok();
    if let Some(words) = words(standing) {
        writeln!(text, "    {words}").ok();
    }
    for resource in &manifest.resources {
        writeln!(
            text,
            "    resource {}  {}",
            resource.uri, resource.mime_type
        )
        .ok();
    }
    for post in policy::harmless_posts(manifest) {
        writeln!(
            text,
            "    declared harmless: {} of {}: {}",
            post.route, post.place, post.why
        )
        .ok();
    }
    if !routes {
        return;
    }
    for tool in &manifest.tools {
        writeln!(text, "    {} ({})", tool.name, tool.effect.as_str()).ok();
        routes_of(text, &tool.routes, &tool.preview_routes);
        for case in &tool.cases {
            let when: Vec<_> = case
                .when
                .iter()
                .map(|(pointer, values)| format!("{pointer} {}", json!(values)))
                .collect();
            let (when, effect) = (when.join(" and "), case.effect.as_str());
            writeln!(text, "      where {when} ({effect})").ok();
            routes_of(text, &case.routes, &case.preview_routes);
        }
    }
    for resource in &manifest.resources {
        writeln!(text, "    {} (resource, read)", resource.name).ok();
        routes_of(text, &resource.routes, &[]);
    }
}

const fn words(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Embedded => None,
        Standing::Approved => Some("approved in portcullis.lock"),
        Standing::Due => Some(
            "new or changed, asks for no more than it may: pinned in portcullis.lock once the host serves",
        ),
        Standing::Unnamed => Some("named by no connection, so neither run nor pinned"),
        Standing::Waits => Some("does not serve: waits for approval"),
    }
}

fn routes_of(text: &mut String, routes: &[Route], previews: &[Route]) {
    let routes = routes.iter().map(|r| ("", r));
    let all = routes.chain(previews.iter().map(|r| ("preview: ", r)));
    for (kind, route) in all {
        let (method, path) = (route.method.as_str(), &route.path);
        writeln!(text, "        {kind}{method} {path}{}", matchers(route)).ok();
    }
}

/// The matchers of a route as its manifest writes them.
fn matchers(route: &Route) -> String {
    let Ok(serde_json::Value::Object(mut members)) = serde_json::to_value(route) else {
        return String::new();
    };
    members.retain(|key, _| key != "method" && key != "path");
    if members.is_empty() {
        String::new()
    } else {
        format!("  {}", serde_json::Value::Object(members))
    }
}
