//! Answers with more than JSON, failures, progress, and schemas that have to survive.

use std::borrow::Cow;

use portcullis_sdk::prelude::*;
use portcullis_sdk::{Block, Reader};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

/// One red pixel.
pub const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 2, 0, 0, 0, 0x90, 0x77, 0x53, 0xde, 0, 0, 0, 12, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0, 0, 3, 1, 1, 0, 0xc9, 0xfe, 0x92, 0xef, 0, 0, 0, 0, b'I',
    b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

/// Silence: the header of a sound without a sample.
const WAV: &[u8] =
    b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0";

/// Without arguments.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What a tool of the suite answers.
#[derive(Serialize, JsonSchema)]
pub struct Said {
    said: String,
}

/// A result of these words.
pub fn said(text: impl Into<String>) -> Result<Said, Failure> {
    Ok(Said { said: text.into() })
}

/// Adds the tools of this file.
pub fn tools(plugin: Plugin) -> Plugin {
    plugin
        .tool(Tool::read("test_simple_text", "Text", text))
        .tool(Tool::read("test_image_content", "Image", image))
        .tool(Tool::read("test_audio_content", "Sound", audio))
        .tool(Tool::read("test_embedded_resource", "Document", document))
        .tool(Tool::read(
            "test_multiple_content_types",
            "Several",
            several,
        ))
        .tool(Tool::read("test_resource_link", "Link", link))
        .tool(Tool::read("test_error_handling", "Error", error))
        .tool(Tool::read("test_tool_with_progress", "Progress", progress))
        .tool(Tool::read("json_schema_2020_12_tool", "Schema", schema))
        .tool(Tool::read("test_header", "Header", header))
}

fn text(_: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    said("This is a simple text response for testing.")
}

fn image(call: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    call.attach(Block::image("image/png", PNG))?;
    said("One red pixel.")
}

fn audio(call: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    call.attach(Block::audio("audio/wav", WAV))?;
    said("Silence.")
}

fn document(call: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    let text = "This is an embedded resource content.";
    call.attach(Block::document(here(call, "embedded"), "text/plain", text))?;
    said("One document.")
}

fn several(call: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    call.attach(Block::text("Multiple content types test:").read_by(Reader::User))?;
    call.attach(Block::image("image/png", PNG).importance(0.2))?;
    let data = r#"{"test":"data","value":123}"#;
    call.attach(Block::document(
        here(call, "mixed"),
        "application/json",
        data,
    ))?;
    said("One of each.")
}

fn link(call: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    call.attach(
        Block::link("https://crm.example.com/static-text", "static-text")
            .titled("A static text")
            .typed("text/plain")
            .last_modified("2026-11-20T10:00:00Z"),
    )?;
    said("One link.")
}

/// An address on the connection that is called.
pub fn here(call: &Call<'_>, path: &str) -> String {
    format!("test://{}/{path}", call.connection().name)
}

fn error(_: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    Err(Failure::upstream(
        "This tool intentionally returns an error for testing",
    ))
}

fn progress(call: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    for done in [0.0, 50.0, 100.0] {
        call.report(done, Some(100.0), "working");
        call.pause(50);
    }
    said("Three steps.")
}

/// Needs a way to reach somebody, in a schema with everything that 2020-12 has.
#[derive(Deserialize)]
struct Contact {}

impl JsonSchema for Contact {
    fn schema_name() -> Cow<'static, str> {
        "Contact".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let has = |name: &str| json!({ "required": [name] });
        let text = json!({"type": "string"});
        schemars::json_schema!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "$defs": {"address": {
                "$anchor": "addressDef", "type": "object",
                "properties": {"street": text, "city": text},
            }},
            "properties": {
                "name": text, "address": {"$ref": "#/$defs/address"},
                "contactMethod": {"type": "string", "enum": ["phone", "email"]},
                "phone": text, "email": text,
            },
            "allOf": [{"anyOf": [has("phone"), has("email")]}],
            "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
            "then": has("phone"),
            "else": has("email"),
            "additionalProperties": false,
        })
    }
}

fn schema(_: &Call<'_>, _: &Contact) -> Result<Said, Failure> {
    said("The schema holds.")
}

/// Takes a region, which clients repeat in a header.
#[derive(Deserialize)]
struct Region {
    region: String,
}

impl JsonSchema for Region {
    fn schema_name() -> Cow<'static, str> {
        "Region".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "object", "required": ["region"], "additionalProperties": false,
            "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
        })
    }
}

fn header(_: &Call<'_>, args: &Region) -> Result<Said, Failure> {
    said(format!("The region is {}.", args.region))
}
