//! One step of a tool that asks: from nothing, or from what the step before left and what came back.
//!
//! What a step left travels through the client, sealed, with the changes that were sent until then: a later
//! step that ends without an answer of its own tells of those as well. It must not know how anybody is
//! asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{App, failed};
use crate::capability::Forwarded;
use crate::error::{Kind, Outcome, ToolError};
use crate::input::{Answers, Ask, Input, Questions, Reply, Unfinished};
use crate::policy::Permit;
use crate::registry::Tool;
use crate::runtime::{self, Call, Failure, Fault, Question, Resumed, Turn};
use crate::schema::Schema;

/// Where a step's state stands among what comes back.
const STATE: &str = "step";
const SENT: &str = "sent";

/// Runs one step.
///
/// # Errors
/// It asks, or it failed.
pub(super) async fn step(
    app: &App,
    tool: &Tool,
    permit: &Permit,
    (call, input): (&Call, &Input),
) -> Result<Result<Value, Failure>, Unfinished> {
    let resumed = resumed(input.answers.as_ref(), call);
    let plugin = &tool.connection.plugin.compiled;
    let link = Arc::clone(&tool.connection.link);
    let turn = app
        .runtime
        .step(permit, plugin, link, (call, &resumed))
        .await;
    let noted = call.counterpart.as_ref().map(|client| client.take());
    let noted = noted.unwrap_or_default();
    let turn = match turn {
        Err(failure) if noted.is_empty() => return Ok(Err(failure)),
        Ok(Turn::Done(value)) if noted.is_empty() => return Ok(Ok(value)),
        Ok(Turn::Ask(questions, state)) => (questions, state),
        Ok(Turn::Done(_)) | Err(_) => (Vec::new(), None),
    };
    let (questions, state) = turn;
    let asks = asks(questions, noted).map_err(|what| broken(tool, call, what))?;
    let lacks = || asks.values().find(|ask| !input.able.covers(ask));
    let sent = call.record.forwarded();
    let questions = Questions {
        ahead: state.is_none() && sent.is_empty(),
        state: json!({STATE: state, SENT: sent}),
        asks: asks.clone(),
    };
    if lacks().is_some() {
        let needs = questions.beyond(input.able).unwrap_or_default();
        return Err(Unfinished::Lacks(needs, nobody(tool, call)));
    }
    Err(Unfinished::Asks(questions))
}

/// Where the step begins; the record then knows what earlier steps sent.
fn resumed(answers: Option<&Answers>, call: &Call) -> Resumed {
    let Some(answers) = answers else {
        return Resumed::default();
    };
    let sent = answers.state.get(SENT).cloned().unwrap_or_default();
    let sent: Vec<Forwarded> = serde_json::from_value(sent).unwrap_or_default();
    call.record.resume(sent);
    let state = answers.state.get(STATE).and_then(Value::as_str);
    let given = answers.given.iter().filter_map(|(key, reply)| {
        let reply = match reply {
            Reply::Filled(form) => runtime::Reply::Filled(form.to_string()),
            Reply::Declined => runtime::Reply::Declined,
            Reply::Dismissed => runtime::Reply::Dismissed,
            Reply::Told(_) => return None,
        };
        Some((key.clone(), reply))
    });
    Resumed {
        state: state.map(str::to_owned),
        answers: given.collect(),
    }
}

/// The questions in the host's words.
fn asks(
    questions: Vec<Question>,
    mut asks: BTreeMap<String, Ask>,
) -> Result<BTreeMap<String, Ask>, &'static str> {
    for question in questions {
        let schema: Value =
            serde_json::from_str(&question.schema).map_err(|_| "a question's schema is no JSON")?;
        Schema::new(&schema).map_err(|_| "a question's schema is none")?;
        if question.key.is_empty() || question.key.len() > 64 {
            return Err("a question has no key, or a long one");
        }
        let message = question.message;
        let ask = Ask::Form { message, schema };
        if asks.insert(question.key, ask).is_some() {
            return Err("two questions have one key");
        }
    }
    if asks.is_empty() {
        return Err("it asks nothing and is not done");
    }
    Ok(asks)
}

fn broken(tool: &Tool, call: &Call, what: &str) -> ToolError {
    let fault = Fault::NotJson(what.to_owned());
    failed(&tool.listed_name, call, Failure::Fault(fault))
}

/// The tool cannot go on; whether it did something before is said as always.
fn nobody(tool: &Tool, call: &Call) -> ToolError {
    let mut error = ToolError::nobody_to_ask();
    let sent = call.record.forwarded();
    if !sent.is_empty() {
        let name = &tool.listed_name;
        let told = format!("`{name}` has to ask something, and this client cannot be asked");
        error = ToolError::new(Kind::Unsupported, "NOBODY_TO_ASK", told);
        error.outcome = Outcome::PartlyDone;
        error.details = Some(json!({ "requests": sent }));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(key: &str, schema: &str) -> Question {
        Question {
            key: key.to_owned(),
            message: "?".to_owned(),
            schema: schema.to_owned(),
        }
    }

    #[test]
    fn questions_have_keys_of_their_own_and_schemas() {
        let form = r#"{"type":"object"}"#;
        let asked = |list: &[(&str, &str)]| {
            let list = list.iter().map(|(key, schema)| question(key, schema));
            asks(list.collect(), BTreeMap::new()).map(|asks| asks.len())
        };
        assert_eq!(asked(&[("a", form), ("b", form)]), Ok(2));
        assert!(asked(&[]).is_err());
        assert!(asked(&[("a", form), ("a", form)]).is_err());
        assert!(asked(&[("", form)]).is_err());
        assert!(asked(&[("a", "{")]).is_err());
        assert!(asked(&[("a", r#"{"type":5}"#)]).is_err());
    }
}
