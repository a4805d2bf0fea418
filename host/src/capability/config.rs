//! `config`: the operator's settings of the connection, and what may be said about it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::runtime::Guest;
use crate::runtime::bindings::portcullis::plugin::config::Host;

/// What `connection` answers.
#[derive(Serialize)]
struct About<'l> {
    #[serde(flatten)]
    connection: &'l Map<String, Value>,
    now: String,
}

impl Host for Guest {
    fn get(&mut self, key: String) -> Option<String> {
        self.reach.link()?.settings.get(&key).map(Value::to_string)
    }

    fn connection(&mut self) -> String {
        let Some(link) = self.reach.link() else {
            return "{}".into();
        };
        let about = About {
            connection: &link.about,
            now: now(),
        };
        serde_json::to_string(&about).unwrap_or_else(|_| "{}".into())
    }
}

/// The time in UTC to the second, as RFC 3339.
fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
