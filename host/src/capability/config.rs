//! `config`: the operator's settings of the connection, and what may be said about it.

use serde_json::{Value, json};

use crate::runtime::Guest;
use crate::runtime::bindings::portcullis::plugin::config::Host;

impl Host for Guest {
    fn get(&mut self, key: String) -> Option<String> {
        self.reach.link()?.settings.get(&key).map(Value::to_string)
    }

    fn connection(&mut self) -> String {
        let Some(link) = self.reach.link() else {
            return "{}".into();
        };
        let mut about = link.about.clone();
        about.insert("now".into(), json!(now()));
        Value::Object(about).to_string()
    }
}

/// The time in UTC to the second, as RFC 3339.
fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
