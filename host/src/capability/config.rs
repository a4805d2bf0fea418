//! `config`: the operator's settings of the connection, and what may be said about it.

use serde_json::{Value, json};

use crate::runtime::Guest;
use crate::runtime::bindings::portcullis::plugin::config::Host;
use crate::upstream::CircuitReport;

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
        about.insert("breaker".into(), breaker(&link.upstream.circuit()));
        Value::Object(about).to_string()
    }
}

fn breaker(report: &CircuitReport) -> Value {
    let wait = report.retry_after.map(|wait| wait.as_millis() as u64);
    json!({
        "state": report.state.as_str(),
        "failures": report.failures,
        "retry_after_ms": wait,
    })
}

/// The time in UTC to the second, as RFC 3339.
fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
