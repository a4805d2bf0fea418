//! A plugin for a person: what it asks for, a paragraph for each kind.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write};

use serde_json::json;

use super::{Refused, Shown, limits};
use crate::policy::{Asks, CaseAsks, RouteLine, ToolAsks};

impl Shown<'_> {
    pub(super) fn as_text(&self) -> String {
        let (plugin, asks) = (self.plugin, &self.asks);
        let manifest = &plugin.manifest;
        let mut text = format!("{} {}  {}\n", plugin.id, manifest.version, manifest.summary);
        line(&mut text, "from", &plugin.origin);
        line(
            &mut text,
            "digest",
            format_args!("sha256:{}", hex::encode(plugin.compiled.digest)),
        );
        line(
            &mut text,
            "size",
            format_args!("{} bytes", plugin.compiled.bytes),
        );
        line(&mut text, "approval", &self.approval);
        line(&mut text, "signature", self.signature.as_text());
        line(
            &mut text,
            "world",
            format_args!("portcullis:plugin@{}", asks.world),
        );
        list(&mut text, "imports", &asks.imports);
        list(&mut text, "exports", &asks.exports);
        address(&mut text, asks);
        for (name, tool) in &asks.tools {
            self::tool(&mut text, name, tool);
        }
        for (name, resource) in &asks.resources {
            writeln!(
                text,
                "\nresource {name}: {} ({})",
                resource.uri, resource.mime_type
            )
            .ok();
            routes(&mut text, "", &resource.routes);
            more(&mut text, "tells clients", resource.meta.as_ref());
            completions(&mut text, &resource.completes);
        }
        for (name, prompt) in &asks.prompts {
            writeln!(text, "\nprompt {name}").ok();
            routes(&mut text, "", &prompt.routes);
            completions(&mut text, &prompt.completes);
        }
        if let Some(check) = &asks.live_check {
            writeln!(text, "\nself-test of `portcullis check --live`").ok();
            routes(&mut text, "", check);
        }
        text.push_str("\nlimits of a connection, unless its table `limits` says otherwise\n");
        let all = limits();
        let all: Vec<_> = all
            .iter()
            .map(|(key, value)| format!("{key} {value}"))
            .collect();
        writeln!(text, "    {}", all.join(", ")).ok();
        self.compared(&mut text);
        text
    }

    fn compared(&self, text: &mut String) {
        let Some(found) = self.differences.as_ref().filter(|found| !found.is_empty()) else {
            return;
        };
        text.push_str("\ncompared with portcullis.lock (+ more, - less)\n");
        for difference in found {
            let mark = if difference.widens { '+' } else { '-' };
            writeln!(text, "  {mark} {}", difference.text).ok();
        }
    }
}

impl Refused<'_> {
    pub(super) fn as_text(&self) -> String {
        let mut text = format!("{}\n", self.path.display());
        line(
            &mut text,
            "digest",
            format_args!("sha256:{}", hex::encode(self.digest)),
        );
        line(&mut text, "size", format_args!("{} bytes", self.size));
        if let Some((imports, exports)) = &self.interfaces {
            list(&mut text, "imports", imports);
            list(&mut text, "exports", exports);
        }
        line(&mut text, "refused", &self.why);
        text
    }
}

/// How requests are addressed and signed, and what they carry.
fn address(text: &mut String, asks: &Asks) {
    if asks.base != portcullis_manifest::Base::default() {
        line(text, "base", json!(asks.base));
    }
    list(text, "secrets", &asks.secrets);
    if !asks.shown_secrets.is_empty() {
        list(text, "  no secret", &asks.shown_secrets);
    }
    for (slot, recipes) in &asks.credentials {
        for recipe in recipes {
            line(text, "credential", format_args!("{slot}: {recipe}"));
        }
    }
    let headers = &asks.headers;
    list(text, "headers", &headers.send);
    list(text, "  seen", &headers.receive);
    for (name, value) in &headers.constant {
        line(text, "  fixed", format_args!("{name}: {value}"));
    }
    for (name, schema) in &asks.settings {
        line(text, "setting", format_args!("{name}: {schema}"));
    }
    for answer in &asks.explained {
        line(text, "explained", answer);
    }
}

fn tool(text: &mut String, name: &str, tool: &ToolAsks) {
    let aliases: Vec<_> = tool.aliases.iter().map(String::as_str).collect();
    let aliases = match aliases.is_empty() {
        true => String::new(),
        false => format!(", also called {}", aliases.join(", ")),
    };
    writeln!(text, "\ntool {name} ({}){aliases}", tool.effect.as_str()).ok();
    routes(text, "", &tool.routes);
    routes(text, "preview: ", &tool.preview_routes);
    for CaseAsks {
        when,
        effect,
        routes: own,
        preview_routes,
    } in &tool.cases
    {
        writeln!(text, "    where {when} ({})", effect.as_str()).ok();
        routes(text, "  ", own);
        routes(text, "  preview: ", preview_routes);
    }
    for (name, schema) in &tool.arguments {
        writeln!(text, "    argument {name}: {schema}").ok();
    }
    if tool.asks {
        writeln!(text, "    may ask its user while it works").ok();
    }
    more(text, "tells clients", tool.meta.as_ref());
}

fn routes(text: &mut String, kind: &str, routes: &BTreeSet<RouteLine>) {
    for line in routes {
        writeln!(text, "    {kind}{line}").ok();
        if let Some(reason) = &line.route().safe {
            writeln!(text, "        SAFE, says the plugin: {reason}").ok();
        }
    }
}

fn completions(text: &mut String, completes: &BTreeMap<String, BTreeSet<RouteLine>>) {
    for (argument, own) in completes {
        writeln!(text, "    offers values for {argument}").ok();
        routes(text, "  ", own);
    }
}

fn more(text: &mut String, what: &str, said: Option<&String>) {
    if let Some(said) = said {
        writeln!(text, "    {what}: {said}").ok();
    }
}

fn line(text: &mut String, what: &str, value: impl Display) {
    writeln!(text, "  {what:<11} {value}").ok();
}

/// One line for each, and `none` for none, so that nothing is only missing.
fn list<'a>(text: &mut String, what: &str, values: impl IntoIterator<Item = &'a String>) {
    let values: Vec<_> = values.into_iter().map(String::as_str).collect();
    match values.is_empty() {
        true => line(text, what, "none"),
        false => line(text, what, values.join(", ")),
    }
}
