//! One v4_1 call: a method, its arguments by position, and an answer that is judged before anyone
//! reads it.
//!
//! The first argument is the session, which the host fills in. Arguments go as a list, because PHP 8
//! takes the names of an object for parameter names and PHP 7 takes only their order.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use portcullis_sdk::{Ask, Call, Failure, Kind, Outcome, Response, code};
use serde_json::{Value, json};

use crate::{
    errors,
    routes::{REST, V4},
};

/// Whether a method changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    Read,
    Change,
}

/// What is asked of v4_1, for messages and for judging the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) method: &'a str,
    pub(crate) module: &'a str,
    pub(crate) does: Does,
}

impl<'a> About<'a> {
    pub(crate) fn read(method: &'a str, module: &'a str) -> Self {
        Self {
            method,
            module,
            does: Does::Read,
        }
    }

    pub(crate) fn change(method: &'a str, module: &'a str) -> Self {
        Self {
            method,
            module,
            does: Does::Change,
        }
    }
}

/// What `get_server_info` asks.
pub(crate) const SERVER_INFO: About<'static> = About {
    method: "get_server_info",
    module: "",
    does: Does::Read,
};

/// Reads with the session.
pub(crate) fn read(
    call: &Call<'_>,
    method: &str,
    module: &str,
    arguments: Vec<Value>,
) -> Result<Value, Failure> {
    one(call, About::read(method, module), arguments)
}

/// Changes something with the session. A 5xx leaves open whether it happened: the caller looks.
pub(crate) fn change(
    call: &Call<'_>,
    method: &str,
    module: &str,
    arguments: Vec<Value>,
) -> Result<Value, Failure> {
    one(call, About::change(method, module), arguments)
}

fn one(call: &Call<'_>, about: About<'_>, arguments: Vec<Value>) -> Result<Value, Failure> {
    accept(&ask(call, about, arguments).send()?, about)
}

/// Several requests of one method at the same time.
pub(crate) fn all(
    call: &Call<'_>,
    about: About<'_>,
    lists: Vec<Vec<Value>>,
) -> Vec<Result<Value, Failure>> {
    let asks = lists
        .into_iter()
        .map(|arguments| ask(call, about, arguments))
        .collect();
    call.http()
        .send_all(asks)
        .into_iter()
        .map(|answer| accept(&answer?, about))
        .collect()
}

/// A request that is ready to be sent with others.
pub(crate) fn ask<'c>(call: &'c Call<'c>, about: About<'_>, arguments: Vec<Value>) -> Ask<'c> {
    let mut list = vec![Value::Null];
    list.extend(arguments);
    let ask = call
        .http()
        .with_slot(V4)
        .post(path())
        .form(form(about.method, &Value::Array(list)));
    match about.does {
        Does::Read => ask.changes_nothing(),
        Does::Change => ask,
    }
}

/// `get_server_info`, the one method without a session.
pub(crate) fn server_info(call: &Call<'_>) -> Result<Value, Failure> {
    accept(&send_server_info(call)?, SERVER_INFO)
}

/// The answer to it before anyone judged it.
pub(crate) fn send_server_info(call: &Call<'_>) -> Result<Response, Failure> {
    let ask = call
        .http()
        .anonymous()
        .post(path())
        .form(form(SERVER_INFO.method, &json!([])));
    ask.changes_nothing().send()
}

/// Judges an answer: a numbered error, a page and an empty body are failures.
pub(crate) fn accept(response: &Response, about: About<'_>) -> Result<Value, Failure> {
    if !response.is_success() {
        return Err(errors::not_ok(response, about));
    }
    let Ok(body) = response.decode() else {
        return Err(errors::no_json(response, about));
    };
    match errors::numbered(&body) {
        Some(number) => Err(errors::refused(number, &body, about)),
        None => Ok(body),
    }
}

/// A failure of a write after which nothing may be assumed, unless it says otherwise.
pub(crate) fn open(failure: &Failure) -> bool {
    failure.outcome == Some(Outcome::MayHaveHappened)
}

/// An answer in a shape that the method does not have.
pub(crate) fn unexpected(method: &str) -> Failure {
    Failure::new(
        Kind::UpstreamFault,
        code::UPSTREAM_ERROR,
        format!("the CRM's answer to {method} has an unexpected shape"),
    )
}

fn path() -> Vec<String> {
    REST.split('/').map(str::to_owned).collect()
}

fn form(method: &str, arguments: &Value) -> String {
    format!(
        "method={method}&input_type=JSON&response_type=JSON&rest_data={}",
        utf8_percent_encode(&arguments.to_string(), NON_ALPHANUMERIC)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_survives_every_character() {
        assert_eq!(
            form("m", &json!([null, "a&b=c +ü%"])),
            "method=m&input_type=JSON&response_type=JSON&rest_data=%5Bnull%2C%22a%26b%3Dc%20%2B%C3%BC%25%22%5D"
        );
    }
}
