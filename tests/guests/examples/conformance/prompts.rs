//! Prompts: plain, with arguments that complete, with blocks, and one that asks first.

use portcullis_sdk::prelude::*;
use portcullis_sdk::{Block, Message, Prompt, Suggestions, Typed};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::blocks::{Nothing, PNG, here};
use crate::client;

/// Says two things.
#[derive(Deserialize, JsonSchema)]
struct Two {
    /// First test argument.
    arg1: String,
    /// Second test argument.
    arg2: String,
}

/// Embeds a resource.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Embedded {
    /// The resource's address.
    resource_uri: String,
}

/// Adds the prompts.
pub fn prompts(plugin: Plugin) -> Plugin {
    plugin
        .prompt(Prompt::new("test_simple_prompt", "A simple prompt", simple))
        .prompt(
            Prompt::new("test_prompt_with_arguments", "With arguments", two).completes(
                &["arg1", "arg2"],
                Vec::new,
                places,
            ),
        )
        .prompt(Prompt::new(
            "test_prompt_with_embedded_resource",
            "With a document",
            embedded,
        ))
        .prompt(Prompt::new(
            "test_prompt_with_image",
            "With an image",
            image,
        ))
        .prompt(Prompt::new(
            "test_input_required_result_prompt",
            "With a question",
            asks,
        ))
}

fn says(text: impl Into<String>) -> Message {
    Message::user(Block::text(text))
}

fn simple(_: &Call<'_>, _: &Nothing) -> Result<Vec<Message>, Failure> {
    Ok(vec![says("This is a simple prompt for testing.")])
}

fn two(_: &Call<'_>, args: &Two) -> Result<Vec<Message>, Failure> {
    let Two { arg1, arg2 } = args;
    let text = format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'");
    Ok(vec![says(text)])
}

fn places(_: &Call<'_>, typed: Typed<'_>) -> Result<Suggestions, Failure> {
    let all = ["paris", "park", "party", "test", "testing"];
    Ok(Suggestions::of(all, typed.value))
}

fn embedded(call: &Call<'_>, args: &Embedded) -> Result<Vec<Message>, Failure> {
    let name = args.resource_uri.rsplit('/').next().unwrap_or_default();
    let text = "Embedded resource content for testing.";
    Ok(vec![
        Message::user(Block::document(here(call, name), "text/plain", text)),
        says("Please process the embedded resource above."),
    ])
}

fn image(_: &Call<'_>, _: &Nothing) -> Result<Vec<Message>, Failure> {
    Ok(vec![
        Message::user(Block::image("image/png", PNG)),
        says("Please analyze the image above."),
    ])
}

fn asks(_: &Call<'_>, _: &Nothing) -> Result<Vec<Message>, Failure> {
    let schema = client::form(&["context"]);
    let question = "What context should the prompt use?";
    let answer = client::elicit("user_context", question, &schema);
    let context = answer.map(|form| form["context"].to_string());
    Ok(vec![says(format!("The context is {context:?}."))])
}
