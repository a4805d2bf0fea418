//! A host for a plugin under fuzz: it keeps nothing, sends nothing, and answers from a function.

use std::cell::RefCell;
use std::time::Duration;

use portcullis::schema::Schema;
use portcullis_sdk::{Call, Failure, Host, HttpError, Level, Plugin, Request, Response, Transport};
use serde_json::{Value, json};

/// A tool of a plugin with its own schema before it, as the host has it.
pub(super) struct Tool {
    plugin: Plugin,
    name: &'static str,
    schema: Schema,
    answer: fn(&Request) -> Value,
}

impl Tool {
    pub(super) fn new(plugin: Plugin, name: &'static str, answer: fn(&Request) -> Value) -> Self {
        let manifest = plugin.describe();
        let tool = manifest
            .tools
            .iter()
            .find(|tool| tool.name == name)
            .expect("the tool exists");
        let schema = Schema::new(&tool.input_schema).expect("its schema is one");
        Self {
            plugin,
            name,
            schema,
            answer,
        }
    }

    /// Runs it; answers the requests that were sent.
    ///
    /// # Errors
    /// The schema refuses the arguments, or the tool does.
    pub(super) fn run(&self, arguments: &Value) -> Result<Vec<Request>, String> {
        if let Some(flaw) = self.schema.flaws(arguments).first() {
            return Err(format!("schema: {}", flaw.what));
        }
        let crm = Crm {
            answer: self.answer,
            sent: RefCell::default(),
        };
        let result: Result<String, Failure> =
            self.plugin.invoke(&Call::new(&crm), self.name, arguments);
        match result {
            Ok(_) => Ok(crm.sent.take()),
            Err(failure) => Err(format!("{}: {}", failure.code, failure.message)),
        }
    }
}

struct Crm {
    answer: fn(&Request) -> Value,
    sent: RefCell<Vec<Request>>,
}

impl Transport for Crm {
    fn send(&self, request: &Request) -> Result<Response, HttpError> {
        self.sent.borrow_mut().push(request.clone());
        Ok(Response {
            status: 200,
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("content-range".to_owned(), "*/0".to_owned()),
            ],
            body: (self.answer)(request).to_string().into_bytes(),
        })
    }

    fn send_all(&self, requests: &[Request]) -> Vec<Result<Response, HttpError>> {
        requests.iter().map(|request| self.send(request)).collect()
    }
}

impl Host for Crm {
    fn log(&self, _: Level, _: &str) {}

    fn connection(&self) -> String {
        json!({
            "name": "test", "prefix": "test", "url": "https://crm.example.com", "identity": "service",
            "now": "2026-11-20T10:00:00Z", "credentials": ["default", "v4", "api_key"], "settings": {},
            "limits": { "response_bytes": 8_388_608, "upstream_calls": 64, "timeout_ms": 30_000 }
        })
        .to_string()
    }

    fn cache_get(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn cache_put(&self, _: &str, _: &[u8], _: u32) {}

    fn cache_remove(&self, _: &str) {}

    fn remaining_ms(&self) -> u32 {
        30_000
    }

    fn sleep(&self, _: Duration) {}
}
