//! What the host tells of a connection: asked once in a call, and never guessed.

use std::{cell::Cell, time::Duration};

use portcullis_sdk::{Call, Host, HttpError, Level, Request, Response, Transport};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(default)]
struct Settings {
    volume: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { volume: 3 }
    }
}

/// A host that tells of its connection and does nothing else.
struct Teller {
    connection: &'static str,
    asked: Cell<u32>,
}

impl Transport for Teller {
    fn send(&self, request: &Request) -> Result<Response, HttpError> {
        unreachable!("{}", request.line())
    }

    fn send_all(&self, requests: &[Request]) -> Vec<Result<Response, HttpError>> {
        requests.iter().map(|request| self.send(request)).collect()
    }
}

impl Host for Teller {
    fn log(&self, _: Level, _: &str) {}

    fn connection(&self) -> String {
        self.asked.set(self.asked.get() + 1);
        self.connection.to_owned()
    }

    fn cache_get(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn cache_put(&self, _: &str, _: &[u8], _: u32) {}

    fn cache_remove(&self, _: &str) {}

    fn remaining_ms(&self) -> u32 {
        0
    }

    fn sleep(&self, _: Duration) {}
}

fn teller(connection: &'static str) -> Teller {
    Teller {
        connection,
        asked: Cell::new(0),
    }
}

#[test]
fn the_host_is_asked_for_connection_and_settings_once_in_a_call() {
    let host = teller(r#"{"name": "a", "settings": {"volume": 9}}"#);
    let call = Call::new(&host);
    for _ in 0..3 {
        assert_eq!(call.settings::<Settings>().unwrap().volume, 9);
        assert_eq!(call.connection().name, "a");
    }
    assert_eq!(host.asked.get(), 1);
}

#[test]
fn settings_that_the_host_does_not_tell_are_not_taken_for_defaults() {
    for (connection, complaint) in [
        (r#"{"name": "a"}"#, "did not tell"),
        ("{}", "did not tell"),
        (r#"{"settings": {"volume": "loud"}}"#, "cannot be read"),
    ] {
        let host = teller(connection);
        let failure = Call::new(&host)
            .settings::<Settings>()
            .map(|settings| settings.volume)
            .unwrap_err();
        assert_eq!(failure.code, "INTERNAL");
        assert!(failure.message.contains(complaint), "{failure}");
    }
}
