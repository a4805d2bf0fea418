//! The words for what plugins ask for: phrases that complete "It asks for more: …".

use std::collections::BTreeSet;

use portcullis_manifest::{Base, Effect};
use serde_json::{Value, json};

use crate::policy::asks::{CaseAsks, PromptAsks, ResourceAsks, RouteLine, ToolAsks};

pub(super) fn world(before: &str, now: &str) -> String {
    match before {
        "" => {
            format!("it is built for version {now} of the interface between plugins and the host")
        }
        _ => format!(
            "it is built for version {now} of the interface between plugins and the host, before {before}"
        ),
    }
}

pub(super) fn import(name: &str) -> String {
    let what = match name.strip_prefix("portcullis:plugin/") {
        Some("http") => "to send requests to the CRM, as far as its routes allow",
        Some("log") => "to write to the host's log",
        Some("config") => "to read its connection's settings, none of them secret",
        Some("cache") => "to keep data between calls of one caller",
        Some("call") => "to know how much time a call has left",
        Some("content") => "to attach images, documents and links to its answers",
        Some("progress") => "to tell how far a call is",
        Some("types") => "the types of the others",
        Some(_) => "a further service of the host",
        None => "a part of the runtime, with nothing of this machine behind it",
    };
    format!("it uses the interface {name}: {what}")
}

pub(super) fn export(name: &str) -> String {
    format!("it offers the host the interface {name}")
}

pub(super) fn secret(name: &str) -> String {
    format!("the host signs its requests with the secret `{name}`, which the plugin does not see")
}

pub(super) fn shown_secret(name: &str) -> String {
    format!(
        "the value of `{name}` is declared as no secret, so that the plugin may see it in answers"
    )
}

pub(super) fn explained(answer: &str) -> String {
    format!(
        "these answers of the CRM count as caused by requests and not as failures of the CRM: {answer}"
    )
}

pub(super) fn setting(name: &str, schema: &String) -> String {
    format!("it reads the setting `{name}`: {schema}")
}

pub(super) fn changed_setting(name: &str, before: &str, now: &str) -> String {
    format!("the setting `{name}` may be {now}, before {before}")
}

pub(super) fn sent_header(name: &str) -> String {
    format!("it may set the header `{name}` of requests")
}

pub(super) fn seen_header(name: &str) -> String {
    format!("it may see the header `{name}` of answers")
}

pub(super) fn fixed_header(name: &str, before: Option<&String>, now: Option<&String>) -> String {
    match (before, now) {
        (None, Some(now)) => format!("every request carries the header `{name}: {now}`"),
        (Some(before), Some(now)) => {
            format!("every request carries the header `{name}: {now}`, before `{before}`")
        }
        _ => format!(
            "requests do not carry the header `{name}` any more, which may have limited them"
        ),
    }
}

pub(super) fn base(before: &Base, now: &Base) -> String {
    format!(
        "the address that requests go to is made of your URL in another way: {}, before {}",
        json!(now),
        json!(before)
    )
}

pub(super) fn recipe(slot: &str, recipe: &str) -> String {
    let alternative: Value = serde_json::from_str(recipe).unwrap_or_default();
    let text = |pointer: &str| alternative.pointer(pointer).and_then(Value::as_str);
    let name = text("/name").unwrap_or_default();
    let sends = match (text("/login/path"), text("/token/path")) {
        (Some(path), _) | (_, Some(path)) => format!("; the secrets go to `{path}` of the CRM"),
        _ => String::new(),
    };
    format!("the credential `{slot}` can be applied as `{name}`{sends}: {recipe}")
}

pub(super) fn is_namesake(one: &str, other: &str) -> bool {
    let name = |recipe: &str| {
        let recipe: Value = serde_json::from_str(recipe).unwrap_or_default();
        recipe.get("name").cloned()
    };
    name(one) == name(other)
}

pub(super) fn changed_recipe(slot: &str, before: &str, now: &str) -> String {
    format!("the credential `{slot}` is applied in another way: {now}, before {before}")
}

pub(super) fn tool(name: &str, asks: &ToolAsks) -> String {
    let cases = asks.cases.iter().map(|case| {
        format!(
            "; with {} it {}{}",
            case.when,
            does(case.effect),
            sends(&case.routes)
        )
    });
    format!(
        "the tool `{name}`, which {}{}{}{}",
        does(asks.effect),
        sends(&asks.routes),
        previews(&asks.preview_routes),
        cases.collect::<String>()
    )
}

pub(super) fn resource(name: &str, asks: &ResourceAsks) -> String {
    format!(
        "the resource `{name}`, read at {} as {}{}",
        asks.uri,
        asks.mime_type,
        sends(&asks.routes)
    )
}

pub(super) fn prompt(name: &str, asks: &PromptAsks) -> String {
    let completes = asks
        .completes
        .iter()
        .map(|(argument, routes)| format!("; it offers values for `{argument}`{}", sends(routes)));
    format!(
        "the prompt `{name}`{}{}",
        sends(&asks.routes),
        completes.collect::<String>()
    )
}

pub(super) fn completion(who: &str, argument: &str, routes: &BTreeSet<RouteLine>) -> String {
    format!("{who} offers values for `{argument}`{}", sends(routes))
}

pub(super) fn asking(who: &str, now: bool) -> String {
    let how = if now { "may now ask" } else { "no longer asks" };
    format!("{who} {how} its user while it works")
}

pub(super) fn live_check(routes: &BTreeSet<RouteLine>) -> String {
    format!(
        "a self-test for `check --live`, which only reads{}",
        sends(routes)
    )
}

pub(super) fn effect(who: &str, before: Effect, now: Effect) -> String {
    let asked = before.needs_confirmation() && !now.needs_confirmation();
    let asked = if asked {
        ", and it is not confirmed before it runs any more"
    } else {
        ""
    };
    format!(
        "{who} {}, before it was one that {}{asked}",
        does(now),
        does(before)
    )
}

pub(super) fn alias(who: &str, alias: &str) -> String {
    format!("{who} can also be called as `{alias}`")
}

pub(super) fn argument(
    who: &str,
    name: &str,
    before: Option<&String>,
    now: Option<&String>,
) -> String {
    let words = |schema: Option<&String>| schema.map_or("anything", String::as_str).to_owned();
    let which = match name {
        "*" => "the arguments as a whole",
        name => &format!("the argument `{name}`"),
    };
    format!(
        "{who}: what it sends depends on {which}, which may be {}, before {}",
        words(now),
        words(before)
    )
}

pub(super) fn meta(who: &str, before: &Option<String>, now: &Option<String>) -> String {
    let words = |meta: &Option<String>| meta.clone().unwrap_or_else(|| "nothing".to_owned());
    format!(
        "{who} tells clients {}, before {}",
        words(now),
        words(before)
    )
}

pub(super) fn cases(who: &str, before: &[CaseAsks], now: &[CaseAsks]) -> String {
    let words = |cases: &[CaseAsks]| -> String {
        let one = |case: &CaseAsks| format!("with {} it {}", case.when, does(case.effect));
        match cases {
            [] => "none".to_owned(),
            _ => cases.iter().map(one).collect::<Vec<_>>().join(", "),
        }
    };
    format!(
        "{who} has other cases in which it does something else: {}; before {}",
        words(now),
        words(before)
    )
}

const fn does(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "only reads",
        Effect::Write => "changes records",
        Effect::Destructive => "makes changes that cannot be undone",
        Effect::Outward => "reaches people outside",
    }
}

fn sends(routes: &BTreeSet<RouteLine>) -> String {
    match routes.is_empty() {
        true => ", sending nothing".to_owned(),
        false => format!(", sending {}", list(routes)),
    }
}

fn previews(routes: &BTreeSet<RouteLine>) -> String {
    match routes.is_empty() {
        true => String::new(),
        false => format!(", and for its preview {}", list(routes)),
    }
}

fn list(routes: &BTreeSet<RouteLine>) -> String {
    let lines: Vec<String> = routes.iter().map(|line| format!("`{line}`")).collect();
    lines.join(", ")
}
