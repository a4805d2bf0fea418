//! What a plugin asks for, in a form that can be kept, read by a person, and compared.
//!
//! Owns which parts of a manifest are an ask: all that decides what the plugin can reach, what it is
//! shown, and how a call of it is judged. What it says of itself to people and models (titles,
//! descriptions, the shape of results) is none. Every struct of the manifest is taken apart member by
//! member, so that a new member does not compile before it is decided here. It must not know files,
//! digests, or who approved what.

mod arguments;
mod line;

use std::collections::{BTreeMap, BTreeSet};

use portcullis_manifest::{
    Base, Case, Completes, Credential, Effect, Explained, Headers, LiveCheck, Manifest, Prompt,
    Resource, Route, Secret, Tool,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(super) use arguments::differs as arguments_differ;
pub use line::RouteLine;

/// Everything that a plugin asks for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asks {
    /// The world's version, e.g. `0.1`.
    pub world: String,
    /// The interfaces that the component imports, without their versions.
    pub imports: BTreeSet<String>,
    /// The interfaces that it exports, without their versions.
    pub exports: BTreeSet<String>,
    /// The secrets that the operator may configure.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub secrets: BTreeSet<String>,
    /// Those of them that are declared as no secret, so that the plugin may see their values.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub shown_secrets: BTreeSet<String>,
    /// What the self-test may send, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_check: Option<BTreeSet<RouteLine>>,
    /// Answers that do not count against the CRM's health, JSON.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub explained: BTreeSet<String>,
    /// Headers beyond the usual.
    #[serde(default, skip_serializing_if = "HeaderAsks::is_empty")]
    pub headers: HeaderAsks,
    /// How the CRM's address is made of the operator's URL.
    #[serde(default, skip_serializing_if = "is_default")]
    pub base: Base,
    /// The connection's settings by name, each with its JSON Schema.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// The alternatives of each credential slot, JSON.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub credentials: BTreeMap<String, BTreeSet<String>>,
    /// The tools by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<String, ToolAsks>,
    /// The resources by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, ResourceAsks>,
    /// The prompts by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prompts: BTreeMap<String, PromptAsks>,
}

/// Headers beyond the usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderAsks {
    /// Those that the plugin may set.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub send: BTreeSet<String>,
    /// Those of an answer that it may see.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub receive: BTreeSet<String>,
    /// Those that every request carries, with their values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constant: BTreeMap<String, String>,
}

/// What one tool asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolAsks {
    /// What it does to the world.
    pub effect: Effect,
    /// Further names.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub aliases: BTreeSet<String>,
    /// What the arguments that its routes look at may be: JSON Schemas by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, String>,
    /// Whether it may ask the user something while it works.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks: bool,
    /// What clients are told beside the tool, JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<String>,
    /// What it may send.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub routes: BTreeSet<RouteLine>,
    /// What its preview may send.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub preview_routes: BTreeSet<RouteLine>,
    /// Arguments with which it has another effect and other routes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<CaseAsks>,
}

/// What a tool asks for when its arguments hold certain values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseAsks {
    /// The values by pointer, JSON.
    pub when: String,
    /// What it then does to the world.
    pub effect: Effect,
    /// What it may then send.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub routes: BTreeSet<RouteLine>,
    /// What its preview may then send.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub preview_routes: BTreeSet<RouteLine>,
}

/// What one resource asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceAsks {
    /// Its address.
    pub uri: String,
    /// The media type of its contents, which decides whether a client runs them.
    pub mime_type: String,
    /// What the parts of the address that its routes look at may be: JSON Schemas by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, String>,
    /// What clients are told beside it, JSON; of a page, what it may connect to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<String>,
    /// What reading it may send.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub routes: BTreeSet<RouteLine>,
    /// What finding values for a part of its address may send, by the part.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub completes: BTreeMap<String, BTreeSet<RouteLine>>,
}

/// What one prompt asks for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptAsks {
    /// What getting it may send.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub routes: BTreeSet<RouteLine>,
    /// What finding values for an argument may send, by the argument.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub completes: BTreeMap<String, BTreeSet<RouteLine>>,
}

impl Asks {
    /// What a manifest and the component's imports and exports ask for.
    #[must_use]
    pub fn of(manifest: &Manifest, imports: &[String], exports: &[String]) -> Self {
        let Manifest {
            abi,
            base,
            headers,
            settings,
            secrets,
            credentials,
            live_check,
            explained,
            tools,
            resources,
            prompts,
            // The format is the host's, and another revision of it is refused.
            manifest: _,
            // The key of the lock's entry, and what is for people.
            id: _,
            version: _,
            summary: _,
            // For plugins of the binary alone, which are not asked.
            env: _,
            env_prefix: _,
            entities: _,
            // Printed for an operator, never run by the host; for plugins of the binary alone.
            sql: _,
        } = manifest;
        let shown = secrets.iter().filter(|(_, secret)| is_shown(secret));
        let tool = |tool: &Tool| (tool.name.clone(), ToolAsks::of(tool));
        let resource = |resource: &Resource| (resource.name.clone(), ResourceAsks::of(resource));
        let prompt = |prompt: &Prompt| (prompt.name.clone(), PromptAsks::of(prompt));
        Self {
            world: abi.clone(),
            imports: interfaces(imports),
            exports: interfaces(exports),
            shown_secrets: shown.map(|(name, _)| name.clone()).collect(),
            secrets: secrets.keys().cloned().collect(),
            live_check: live_check
                .as_ref()
                .map(|LiveCheck { routes }| lines(routes)),
            explained: explained.iter().map(explanation).collect(),
            headers: HeaderAsks::of(headers),
            base: base.clone(),
            settings: settings.iter().flat_map(arguments::each).collect(),
            credentials: credentials
                .iter()
                .map(|(slot, alternatives)| (slot.clone(), recipes(alternatives)))
                .collect(),
            tools: tools.iter().map(tool).collect(),
            resources: resources.iter().map(resource).collect(),
            prompts: prompts.iter().map(prompt).collect(),
        }
    }
}

impl HeaderAsks {
    fn of(headers: &Headers) -> Self {
        let Headers {
            send,
            receive,
            constant,
        } = headers;
        Self {
            send: send.iter().cloned().collect(),
            receive: receive.iter().cloned().collect(),
            constant: constant.clone(),
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl ToolAsks {
    fn of(tool: &Tool) -> Self {
        let Tool {
            effect,
            aliases,
            input_schema,
            routes,
            preview_routes,
            cases,
            meta,
            asks,
            // How clients wait for it.
            long: _,
            // The key of its entry, and what is told to people and models.
            name: _,
            title: _,
            description: _,
            idempotent: _,
            output_schema: _,
        } = tool;
        let mut all: Vec<&Route> = routes.iter().chain(preview_routes).collect();
        all.extend(
            cases
                .iter()
                .flat_map(|case| case.routes.iter().chain(&case.preview_routes)),
        );
        let pointers = cases.iter().flat_map(|case| case.when.keys());
        Self {
            effect: *effect,
            aliases: aliases.iter().cloned().collect(),
            arguments: arguments::looked_at(input_schema, &all, pointers),
            asks: *asks,
            meta: told(meta),
            routes: lines(routes),
            preview_routes: lines(preview_routes),
            cases: cases.iter().map(CaseAsks::of).collect(),
        }
    }
}

impl CaseAsks {
    fn of(case: &Case) -> Self {
        let Case {
            when,
            effect,
            routes,
            preview_routes,
        } = case;
        Self {
            when: serde_json::json!(when).to_string(),
            effect: *effect,
            routes: lines(routes),
            preview_routes: lines(preview_routes),
        }
    }
}

impl ResourceAsks {
    fn of(resource: &Resource) -> Self {
        let Resource {
            uri,
            mime_type,
            input_schema,
            meta,
            routes,
            completes,
            // The key of its entry, and what is told to people and models.
            name: _,
            title: _,
            description: _,
        } = resource;
        let all: Vec<&Route> = routes.iter().collect();
        let schema = input_schema.as_ref();
        Self {
            uri: uri.clone(),
            mime_type: mime_type.clone(),
            arguments: schema
                .map(|schema| arguments::looked_at(schema, &all, std::iter::empty()))
                .unwrap_or_default(),
            meta: told(meta),
            routes: lines(routes),
            completes: completions(completes),
        }
    }
}

impl PromptAsks {
    fn of(prompt: &Prompt) -> Self {
        let Prompt {
            routes,
            completes,
            // The key of its entry, and what is told to people.
            name: _,
            title: _,
            description: _,
            arguments: _,
        } = prompt;
        Self {
            routes: lines(routes),
            completes: completions(completes),
        }
    }
}

fn is_shown(secret: &Secret) -> bool {
    let Secret { scrub, title: _ } = secret;
    !scrub
}

fn lines(routes: &[Route]) -> BTreeSet<RouteLine> {
    routes.iter().map(RouteLine::new).collect()
}

fn completions(completes: &[Completes]) -> BTreeMap<String, BTreeSet<RouteLine>> {
    let mut all = BTreeMap::<String, BTreeSet<RouteLine>>::new();
    for Completes { arguments, routes } in completes {
        for argument in arguments {
            all.entry(argument.clone())
                .or_default()
                .extend(lines(routes));
        }
    }
    all
}

fn recipes(alternatives: &[Credential]) -> BTreeSet<String> {
    let recipe = |alternative: &Credential| text(serde_json::json!(alternative));
    alternatives.iter().map(recipe).collect()
}

fn explanation(explained: &Explained) -> String {
    text(serde_json::json!(explained))
}

fn told(meta: &Map<String, Value>) -> Option<String> {
    (!meta.is_empty()).then(|| text(Value::Object(meta.clone())))
}

/// Names without versions: a component that was built again with newer tools asks for the same.
fn interfaces(names: &[String]) -> BTreeSet<String> {
    let bare = |name: &String| name.split('@').next().unwrap_or_default().to_owned();
    names.iter().map(bare).collect()
}

fn is_default(base: &Base) -> bool {
    *base == Base::default()
}

/// JSON on one line with its keys in order, so that the same content is the same text.
fn text(value: Value) -> String {
    ordered(value).to_string()
}

fn ordered(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> = members.into_iter().collect();
            let ordered_members = members
                .into_iter()
                .map(|(key, value)| (key, ordered(value)));
            Value::Object(ordered_members.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(ordered).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(tool: &Value) -> Manifest {
        serde_json::from_value(json!({
            "manifest": 1, "id": "a", "version": "0.1.0", "abi": "0.1", "summary": "a",
            "secrets": {"key": {"title": "k"}, "user": {"title": "u", "scrub": false}},
            "headers": {"send": ["prefer"], "constant": {"apikey": "{key}"}},
            "settings": {"type": "object", "properties": {
                "zone": {"type": "string", "description": "any", "default": "UTC"}}},
            "credentials": {"default": [
                {"name": "key", "needs": ["key"], "recipe": "header", "header": "x-key", "value": "{key}"}]},
            "tools": [tool],
        }))
        .unwrap()
    }

    fn tool(more: &Value) -> Value {
        let mut tool = json!({
            "name": "get", "title": "t", "description": "d", "effect": "read",
            "input_schema": {"type": "object", "required": ["id", "note"], "properties": {
                "id": {"type": "string", "description": "which", "pattern": "^a"},
                "note": {"type": "string"}}},
            "output_schema": {"type": "object"},
            "routes": [{"method": "GET", "path": "notes/{id}", "same": {"id": "/id"}}],
        });
        for (key, value) in more.as_object().unwrap() {
            tool[key] = value.clone();
        }
        tool
    }

    #[test]
    fn what_is_pinned_of_a_manifest() {
        let imports = ["portcullis:plugin/http@0.1.0", "wasi:io/streams@0.2.9"];
        let asks = Asks::of(
            &manifest(&tool(&json!({}))),
            &imports.map(str::to_owned),
            &["portcullis:plugin/plugin@0.1.0".to_owned()],
        );
        insta::assert_json_snapshot!(asks, @r#"
        {
          "world": "0.1",
          "imports": [
            "portcullis:plugin/http",
            "wasi:io/streams"
          ],
          "exports": [
            "portcullis:plugin/plugin"
          ],
          "secrets": [
            "key",
            "user"
          ],
          "shown_secrets": [
            "user"
          ],
          "headers": {
            "send": [
              "prefer"
            ],
            "constant": {
              "apikey": "{key}"
            }
          },
          "settings": {
            "zone": "{\"type\":\"string\"}"
          },
          "credentials": {
            "default": [
              "{\"header\":\"x-key\",\"name\":\"key\",\"needs\":[\"key\"],\"recipe\":\"header\",\"value\":\"{key}\"}"
            ]
          },
          "tools": {
            "get": {
              "effect": "read",
              "arguments": {
                "id": "{\"pattern\":\"^a\",\"type\":\"string\"}"
              },
              "routes": [
                "GET notes/{id} {\"same\":{\"id\":\"/id\"}}"
              ]
            }
          }
        }
        "#);
    }

    #[test]
    fn what_is_told_to_people_and_models_is_no_ask() {
        let plain = Asks::of(&manifest(&tool(&json!({}))), &[], &[]);
        for more in [
            json!({"title": "other", "description": "other", "idempotent": true}),
            json!({"output_schema": {"type": "object", "required": ["a"]}}),
            json!({"input_schema": {"type": "object", "required": ["note", "id"], "title": "x", "properties": {
                "note": {"type": "integer"}, "more": {}, "id": {"pattern": "^a", "type": "string"}}}}),
        ] {
            let other = Asks::of(&manifest(&tool(&more)), &[], &[]);
            assert_eq!(plain, other, "{more}");
        }
    }

    #[test]
    fn arguments_that_routes_look_at_are_an_ask() {
        let plain = Asks::of(&manifest(&tool(&json!({}))), &[], &[]);
        for schema in [
            json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}),
            json!({"type": "object", "properties": {"id": {"type": "string", "pattern": "^a"}}}),
            json!({"type": "object", "required": ["id"]}),
        ] {
            let other = Asks::of(&manifest(&tool(&json!({"input_schema": schema}))), &[], &[]);
            assert_ne!(plain, other, "{schema}");
        }
    }
}
