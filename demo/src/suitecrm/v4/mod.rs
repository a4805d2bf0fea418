//! REST v4_1: one address, a method's name and its arguments as JSON in a form.

mod arguments;
mod attachment;
mod linking;
mod login;
mod metadata;
mod print_r;
mod reading;
mod recent;
mod related;
mod searching;
mod writing;

use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use serde_json::Value;

use super::Inner;
use super::http::Call;
use super::reply::{Failure, html, success};
use super::work::Work;
use crate::pairs::pairs;
use crate::seen::Seen;
use arguments::{Arguments, Method, bind};

/// What a method answers.
type Answer = Result<Value, Failure>;

/// One call of v4_1 as it arrived.
#[derive(Clone, Debug)]
pub struct Called {
    /// The method's name.
    pub method: String,
    /// `rest_data`: an array or an object.
    pub arguments: Value,
}

impl Called {
    pub(crate) fn read(seen: &Seen) -> Option<Self> {
        let form = pairs(&String::from_utf8_lossy(&seen.body));
        let field = |wanted: &str| {
            form.iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value)
        };
        let is_v4 = seen.path.ends_with("/service/v4_1/rest.php");
        Some(Self {
            method: field("method").filter(|_| is_v4)?.clone(),
            arguments: field("rest_data")
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default(),
        })
    }
}

/// Answers one call.
pub(crate) async fn answer(crm: &Inner, call: &Call) -> Response<Body> {
    let Some(name) = call.field("method") else {
        return html(200, DUMP);
    };
    match carry_out(crm, call, name).await {
        Ok(value) if call.field("response_type") == Some("JSON") => success(&value),
        Ok(value) => html(200, &print_r::print_r(&value)),
        Err(failure) => failure.response(),
    }
}

/// What the service says about itself when no method is named; the real one goes on for pages.
const DUMP: &str = "<pre>/**\n * SugarWebServiceImplv4_1.php\n */\n</pre>";

async fn carry_out(crm: &Inner, call: &Call, name: &str) -> Answer {
    let method = Method::named(name).ok_or(Failure::NoMethod)?;
    let data = call
        .field("rest_data")
        .filter(|_| call.field("input_type") == Some("JSON"));
    let arguments = bind(method, data, crm.state().php)?;
    if !method.needs_session() {
        return crm.outside_session(method.name, &arguments, &call.address);
    }
    let session = arguments.text("session");
    if session.is_empty() {
        return Err(Failure::Null);
    }
    let entered = crm
        .state()
        .sessions
        .enter(&session, &call.address, crm.now());
    let (user, turn) = entered.ok_or(method.without_session())?;
    // One call at a time per session.
    let _turn = turn.lock().await;
    if method.name == "logout" {
        crm.state().sessions.close(&session);
        return Ok(Value::Null);
    }
    let (result, slept) = crm.work(user, |work| {
        let result = work.run(method.name, &arguments);
        (result, work.slept)
    });
    if slept > 0.0 {
        tokio::time::sleep(Duration::from_secs_f64(slept)).await;
    }
    result
}

impl Work<'_> {
    fn run(&mut self, method: &str, arguments: &Arguments) -> Answer {
        match method {
            "get_user_id" => Ok(self.user.id.into()),
            "get_available_modules" => Ok(self.available_modules(arguments)),
            "get_module_fields" => self.module_fields(arguments),
            "get_module_fields_md5" => self.module_fields_md5(arguments),
            "get_language_definition" => Ok(self.language_definition(arguments)),
            "get_entry_list" => self.entry_list(arguments),
            "get_entry" => self.entry(arguments),
            "get_entries" => self.entries(arguments),
            "get_entries_count" => self.entries_count(arguments),
            "get_relationships" => self.relationships(arguments),
            "search_by_module" => self.search_by_module(arguments),
            "get_last_viewed" => Ok(self.last_viewed(arguments)),
            "get_upcoming_activities" => Ok(self.upcoming_activities()),
            "set_entry" => self.set_entry(arguments),
            "set_entries" => self.set_entries(arguments),
            "set_relationship" => Ok(self.set_relationship(arguments)),
            "set_relationships" => Ok(self.set_relationships(arguments)),
            "get_note_attachment" => Ok(self.note_attachment(arguments)),
            "set_note_attachment" => Ok(self.set_note_attachment(arguments)),
            "get_document_revision" => Err(Failure::NoRecords),
            _ => Err(Failure::NoMethod),
        }
    }
}
