//! Long tools: such as become tasks for clients that know tasks, and one that never does.

use portcullis_sdk::prelude::*;
use portcullis_sdk::{Asking, Block, Effect, Long, Reply, Resumed, Turn};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::blocks::{Nothing, Said, said};
use crate::client::{self, form};

/// Greets somebody.
#[derive(Deserialize, JsonSchema)]
struct Greet {
    /// Whom.
    #[serde(default)]
    name: Option<String>,
}

/// Works for a while.
#[derive(Deserialize, JsonSchema)]
struct Compute {
    /// For how long.
    #[serde(default)]
    seconds: Option<f64>,
    /// What to call it.
    #[serde(default, rename = "label")]
    _label: Option<String>,
}

/// Deletes a file, as far as the suite can tell.
#[derive(Deserialize, JsonSchema)]
struct Delete {
    /// Which.
    #[serde(default)]
    filename: Option<String>,
}

/// Adds the tools of this file.
pub fn tools(plugin: Plugin) -> Plugin {
    let asking = |name, step: fn(&Call<'_>, &Nothing, &Resumed) -> Result<Turn<Said>, Failure>| {
        Tool::asking(Effect::Read, name, "Asks in a task", step)
    };
    plugin
        .tool(Tool::read("greet", "Greets", greet))
        .tool(Tool::read("slow_compute", "Computes", compute).long(Long::Allowed))
        .tool(Tool::read("failing_job", "Fails", fails).long(Long::Required))
        .tool(Tool::read("protocol_error_job", "Breaks", breaks).long(Long::Required))
        .tool(
            Tool::asking(Effect::Read, "confirm_delete", "Asks in a task", confirms)
                .long(Long::Required),
        )
        .tool(asking("multi_input", several).long(Long::Required))
        .tool(asking("test_tool_with_task", named).long(Long::Settled))
}

fn greet(call: &Call<'_>, args: &Greet) -> Result<Said, Failure> {
    let text = format!("Hello, {}!", args.name.as_deref().unwrap_or("World"));
    call.attach(Block::text(&*text))?;
    client::plain();
    said(text)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "held between nothing and a minute"
)]
fn compute(call: &Call<'_>, args: &Compute) -> Result<Said, Failure> {
    let seconds = args.seconds.unwrap_or(0.0).clamp(0.0, 60.0);
    call.pause((seconds * 1000.0) as u64);
    said(format!("Computed for {seconds} s."))
}

fn fails(call: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    call.pause(1000);
    Err(Failure::upstream("The job failed."))
}

fn breaks(_: &Call<'_>, _: &Nothing) -> Result<Said, Failure> {
    panic!("the job breaks")
}

fn confirms(_: &Call<'_>, args: &Delete, resumed: &Resumed) -> Result<Turn<Said>, Failure> {
    let name = args.filename.as_deref().unwrap_or("the file");
    let schema = json!({"type": "object", "properties": {"confirm": {"type": "boolean"}}});
    match resumed.reply("confirm") {
        None => Ok(Turn::Ask(Asking::new().form_of(
            "confirm",
            format!("Delete {name}?"),
            schema,
        ))),
        Some(Reply::Filled(_)) => said(format!("Deleted {name}.")).map(Turn::Done),
        Some(Reply::Declined | Reply::Dismissed) => said("Kept it.").map(Turn::Done),
    }
}

fn several(_: &Call<'_>, _: &Nothing, resumed: &Resumed) -> Result<Turn<Said>, Failure> {
    let (first, second) = (resumed.reply("first"), resumed.reply("second"));
    if first.is_some() && second.is_some() {
        return said("Both are there.").map(Turn::Done);
    }
    Ok(Turn::Ask(
        Asking::new()
            .form_of("first", "The first?", form(&[]))
            .form_of("second", "The second?", form(&[])),
    ))
}

fn named(_: &Call<'_>, _: &Nothing, resumed: &Resumed) -> Result<Turn<Said>, Failure> {
    match resumed.reply("user_name") {
        Some(Reply::Filled(form)) => said(format!("Done for {}.", form["name"])).map(Turn::Done),
        Some(Reply::Declined | Reply::Dismissed) => said("Done for nobody.").map(Turn::Done),
        None => Ok(Turn::Ask(Asking::new().form_of(
            "user_name",
            "What is your name?",
            form(&["name"]),
        ))),
    }
}
