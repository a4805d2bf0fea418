//! What the suite asks of a server's client, through `portcullis:conformance`, which no connector may
//! import: its model, its folders, protocol logs, lists that say that they changed.

use portcullis_sdk::prelude::*;
use serde_json::Value;

use crate::blocks::{Nothing, Said, said};
use bindings::portcullis::conformance::client;

mod bindings {
    #![expect(clippy::all, reason = "generated")]

    wit_bindgen::generate!({ world: "fixture", path: "../../wit/conformance" });
}

pub use client::Ability;

/// Whether the client can be asked for this.
pub fn can(what: Ability) -> bool {
    client::can(what)
}

/// Answers with blocks alone.
pub fn plain() {
    client::plain();
}

/// What the user filled in; without it the question is put.
pub fn elicit(key: &str, message: &str, schema: &Value) -> Option<Value> {
    read(client::elicit(key, message, &schema.to_string()))
}

/// What the client's model said; without it the question is put.
pub fn sample(key: &str, prompt: &str, most_tokens: u32) -> Option<Value> {
    let params = json!({
        "messages": [{"role": "user", "content": {"type": "text", "text": prompt}}],
        "maxTokens": most_tokens,
    });
    read(client::sample(key, &params.to_string()))
}

/// The client's folders; without them the question is put.
pub fn roots(key: &str) -> Option<Value> {
    read(client::roots(key))
}

fn read(answer: Option<String>) -> Option<Value> {
    answer.map(|text| serde_json::from_str(&text).unwrap_or_default())
}

/// The schema of a form with these texts, all of them needed.
pub fn form(texts: &[&str]) -> Value {
    let properties = texts
        .iter()
        .map(|&name| (name.to_owned(), json!({"type": "string"})));
    let properties: serde_json::Map<_, _> = properties.collect();
    json!({"type": "object", "properties": properties, "required": texts})
}

/// Adds the tools that log and that say that a list changed.
pub fn tools(plugin: Plugin) -> Plugin {
    plugin
        .tool(Tool::read("test_tool_with_logging", "Logs", logs))
        .tool(Tool::read("test_logging_tool", "Logs", logs))
        .tool(Tool::read(
            "test_trigger_tool_change",
            "Changes the tools",
            tools_change,
        ))
        .tool(Tool::read(
            "test_trigger_prompt_change",
            "Changes the prompts",
            prompts_change,
        ))
        .tool(Tool::read("test_reconnection", "Takes a moment", moment))
}

fn logs(call: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    client::log("Tool execution started");
    call.pause(50);
    client::log("Tool processing data");
    call.pause(50);
    client::log("Tool execution completed");
    said("Three lines.")
}

fn tools_change(_: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    client::changed(client::Listing::Tools);
    said("The tools changed.")
}

fn prompts_change(_: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    client::changed(client::Listing::Prompts);
    said("The prompts changed.")
}

fn moment(call: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    call.pause(100);
    said("A moment went by.")
}
