//! `config`: the operator's settings of the connection, and what may be said about it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::runtime::Guest;
use crate::runtime::bindings::portcullis::plugin::config::Host;
use crate::upstream::CircuitReport;

/// What `connection` answers: a plugin learns everything of its connection by one call.
#[derive(Serialize)]
struct About<'l> {
    #[serde(flatten)]
    connection: &'l Map<String, Value>,
    settings: &'l Map<String, Value>,
    now: String,
    breaker: Breaker,
}

/// What the connection's circuit breaker does.
#[derive(Serialize)]
struct Breaker {
    state: &'static str,
    failures: u32,
    retry_after_ms: Option<u64>,
}

impl Breaker {
    fn of(report: &CircuitReport) -> Self {
        let wait = report.retry_after.map(|wait| wait.as_millis());
        Self {
            state: report.state.as_str(),
            failures: report.failures,
            retry_after_ms: wait.map(|ms| u64::try_from(ms).unwrap_or(u64::MAX)),
        }
    }
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
            settings: &link.settings,
            now: now(),
            breaker: Breaker::of(&link.upstream.circuit()),
        };
        // Maps with text keys, texts and numbers: nothing that JSON cannot hold.
        serde_json::to_string(&about).unwrap_or_else(|_| "{}".into())
    }
}

/// The time in UTC to the second, as RFC 3339.
fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::upstream::CircuitState;

    #[test]
    fn settings_stand_beside_what_is_known_of_the_connection() {
        let members = |value: Value| value.as_object().cloned().unwrap();
        let breaker = CircuitReport {
            state: CircuitState::Open,
            failures: 5,
            retry_after: Some(Duration::from_secs(2)),
        };
        let answer = About {
            connection: &members(json!({"name": "sales", "credentials": ["default"]})),
            settings: &members(json!({"max_limit": 200, "name": "no clash"})),
            now: "2026-11-20T10:00:00Z".into(),
            breaker: Breaker::of(&breaker),
        };
        assert_eq!(
            serde_json::to_value(&answer).unwrap(),
            json!({
                "name": "sales",
                "credentials": ["default"],
                "settings": {"max_limit": 200, "name": "no clash"},
                "now": "2026-11-20T10:00:00Z",
                "breaker": {"state": "open", "failures": 5, "retry_after_ms": 2000},
            })
        );
    }
}
