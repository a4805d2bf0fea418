//! Tools that ask before they go on: by a form, by several, in several rounds, with a state.

use portcullis_sdk::prelude::*;
use portcullis_sdk::{Asking, Effect, Reply, Resumed, Turn};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::blocks::{Nothing, Said, said};
use crate::client::{self, Ability, form};

/// Asks the client's model.
#[derive(Deserialize, JsonSchema)]
struct Prompted {
    /// What to ask.
    prompt: String,
}

/// Asks the user.
#[derive(Deserialize, JsonSchema)]
struct Told {
    /// What the user reads.
    message: String,
}

type Step = Result<Turn<Said>, Failure>;

/// Adds the tools of this file. Two of the suite's names are longer than a tool's may be; they are listed
/// whole on a connection with the prefix `test`.
pub fn tools(plugin: Plugin) -> Plugin {
    let asking = |name, step: fn(&Call<'_>, &Nothing, &Resumed) -> Step| {
        Tool::asking(Effect::Read, name, "Asks", step)
    };
    plugin
        .tool(Tool::asking(
            Effect::Read,
            "test_sampling",
            "Asks the model",
            sampling,
        ))
        .tool(Tool::asking(
            Effect::Read,
            "test_elicitation",
            "Asks the user",
            elicitation,
        ))
        .tool(asking("test_elicitation_sep1034_defaults", defaults))
        .tool(asking("test_elicitation_sep1330_enums", choices))
        .tool(asking("test_streaming_elicitation", name))
        .tool(asking("test_missing_capability", capital))
        .tool(asking("test_input_required_result_elicitation", name))
        .tool(asking("test_input_required_result_sampling", capital))
        .tool(asking("test_input_required_result_list_roots", folders))
        .tool(asking("test_input_required_result_request_state", state))
        .tool(asking("input_required_result_tampered_state", state))
        .tool(asking("input_required_result_multiple_inputs", several))
        .tool(asking("test_input_required_result_multi_round", rounds))
        .tool(asking(
            "test_input_required_result_capabilities",
            what_it_can,
        ))
}

fn done(text: impl Into<String>) -> Step {
    said(text).map(Turn::Done)
}

/// The questions were noted with the client; there is none of the step's own.
fn noted() -> Step {
    Ok(Turn::Ask(Asking::new()))
}

fn sampling(_: &Call<'_>, args: &Prompted, _: &Resumed) -> Step {
    match client::sample("answer", &args.prompt, 100) {
        Some(answer) => done(format!("LLM response: {}", answer["content"]["text"])),
        None => noted(),
    }
}

fn elicitation(_: &Call<'_>, args: &Told, resumed: &Resumed) -> Step {
    let schema = json!({
        "type": "object", "required": ["username", "email"],
        "properties": {
            "username": {"type": "string", "description": "User's response"},
            "email": {"type": "string", "description": "User's email address"},
        },
    });
    match resumed.reply("form") {
        Some(reply) => done(format!("User response: {}", told(reply))),
        None => Ok(Turn::Ask(Asking::new().form_of(
            "form",
            &args.message,
            schema,
        ))),
    }
}

fn told(reply: &Reply) -> String {
    match reply {
        Reply::Filled(form) => format!("action=accept, content={form}"),
        Reply::Declined => "action=decline, content={}".to_owned(),
        Reply::Dismissed => "action=cancel, content={}".to_owned(),
    }
}

fn completed(resumed: &Resumed, message: &str, schema: Value) -> Step {
    match resumed.reply("form") {
        Some(reply) => done(format!("Elicitation completed: {}", told(reply))),
        None => Ok(Turn::Ask(Asking::new().form_of("form", message, schema))),
    }
}

fn defaults(_: &Call<'_>, _: &Nothing, resumed: &Resumed) -> Step {
    let schema = json!({"type": "object", "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": true},
    }});
    completed(resumed, "Please check these values", schema)
}

fn choices(_: &Call<'_>, _: &Nothing, resumed: &Resumed) -> Step {
    let plain = json!(["option1", "option2", "option3"]);
    let titled = |words: [&str; 3]| {
        let values = ["value1", "value2", "value3"].iter().zip(words);
        let choices = values.map(|(value, title)| json!({"const": value, "title": title}));
        choices.collect::<Vec<_>>()
    };
    let schema = json!({"type": "object", "properties": {
        "untitledSingle": {"type": "string", "enum": plain},
        "titledSingle": {"type": "string", "oneOf": titled(["First Option", "Second Option", "Third Option"])},
        "legacyEnum": {
            "type": "string", "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": plain}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled(["First Choice", "Second Choice", "Third Choice"])}},
    }});
    completed(resumed, "Please choose", schema)
}

/// What a form about one thing holds.
fn filled(resumed: &Resumed, key: &str, field: &str) -> Option<String> {
    match resumed.reply(key)? {
        Reply::Filled(form) => Some(form[field].as_str().unwrap_or_default().to_owned()),
        Reply::Declined | Reply::Dismissed => Some("stranger".to_owned()),
    }
}

fn ask_name() -> Asking {
    Asking::new().form_of("user_name", "What is your name?", form(&["name"]))
}

fn name(_: &Call<'_>, _: &Nothing, resumed: &Resumed) -> Step {
    match filled(resumed, "user_name", "name") {
        Some(name) => done(format!("Hello, {name}!")),
        None => Ok(Turn::Ask(ask_name())),
    }
}

fn capital(_: &Call<'_>, _: &Nothing, _: &Resumed) -> Step {
    match client::sample("capital_question", "What is the capital of France?", 100) {
        Some(answer) => done(format!("The model said: {}", answer["content"]["text"])),
        None => noted(),
    }
}

fn folders(_: &Call<'_>, _: &Nothing, _: &Resumed) -> Step {
    match client::roots("client_roots") {
        Some(answer) => done(format!("The folders are {}", answer["roots"])),
        None => noted(),
    }
}

fn state(_: &Call<'_>, _: &Nothing, resumed: &Resumed) -> Step {
    let schema = json!({
        "type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"],
    });
    match (resumed.reply("confirm"), resumed.state.as_deref()) {
        (Some(_), Some("asked")) => done("state-ok"),
        _ => Ok(Turn::Ask(
            Asking::new()
                .form_of("confirm", "Please confirm", schema)
                .state("asked"),
        )),
    }
}

fn several(_: &Call<'_>, _: &Nothing, resumed: &Resumed) -> Step {
    let greeting = client::sample("greeting", "Generate a greeting", 50);
    let folders = client::roots("client_roots");
    match (filled(resumed, "user_name", "name"), greeting, folders) {
        (Some(name), Some(_), Some(_)) => done(format!("Everything is there, {name}.")),
        _ => Ok(Turn::Ask(ask_name().state("several"))),
    }
}

fn rounds(_: &Call<'_>, _: &Nothing, resumed: &Resumed) -> Step {
    let first = "Step 1: What is your name?";
    let second = "Step 2: What is your favorite color?";
    let ask = Asking::new();
    let known = resumed
        .state
        .as_deref()
        .and_then(|state| state.strip_prefix("name:"));
    let name = filled(resumed, "step1", "name");
    match (known, name, filled(resumed, "step2", "color")) {
        (Some(name), _, Some(color)) => done(format!("{name} likes {color}.")),
        (Some(name), _, None) => {
            let state = format!("name:{name}");
            Ok(Turn::Ask(
                ask.form_of("step2", second, form(&["color"])).state(state),
            ))
        }
        (None, Some(name), _) => {
            let state = format!("name:{name}");
            Ok(Turn::Ask(
                ask.form_of("step2", second, form(&["color"])).state(state),
            ))
        }
        (None, None, _) => Ok(Turn::Ask(
            ask.form_of("step1", first, form(&["name"])).state("begun"),
        )),
    }
}

fn what_it_can(_: &Call<'_>, _: &Nothing, resumed: &Resumed) -> Step {
    let asks_model = client::can(Ability::Sampling);
    let model = asks_model.then(|| client::sample("capital_question", "What is it?", 50));
    if matches!(model, Some(Some(_))) || filled(resumed, "user_name", "name").is_some() {
        return done("Thank you.");
    }
    let ask = match client::can(Ability::Elicitation) {
        true => ask_name(),
        false => Asking::new(),
    };
    Ok(Turn::Ask(ask))
}
