//! `retry-after` as the host hands it on: seconds, also where the server sent a date.

use portcullis_sdk::{
    Call, Failure, Manifest, Plugin, Tool, get as get_route, path, post as post_route,
    testing::{Harness, get, post},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Nothing to say.
#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn manifest() -> Manifest {
    portcullis_sdk::manifest("things", "1.2.3", "Things")
}

fn read(call: &Call<'_>, _: &Nothing) -> Result<Map<String, Value>, Failure> {
    call.http().get(path!["things"]).send()?.ok()?.json()
}

fn together(call: &Call<'_>, _: &Nothing) -> Result<Map<String, Value>, Failure> {
    let asks = vec![call.http().post(path!["things"])];
    let mut answers = call.http().send_all(asks);
    answers.remove(0)?.ok()?.json()
}

fn plugin() -> Plugin {
    Plugin::new(manifest)
        .tool(Tool::read("read", "Read", read).routes(|| vec![get_route("things")]))
        .tool(Tool::write("together", "Together", together).routes(|| vec![post_route("things")]))
}

/// Asked to come back so; the milliseconds that a failure then tells.
fn told(retry_after: &str) -> Option<u32> {
    let busy = post("things")
        .reply(429, json!({}))
        .with("retry-after", retry_after);
    let failure = Harness::new(plugin())
        .expect(busy)
        .invoke("together", json!({}))
        .expect_err("it was refused");
    assert_eq!(
        (failure.code.as_ref(), failure.retryable),
        ("RATE_LIMITED", true)
    );
    failure.retry_after_ms
}

#[test]
fn seconds_are_told_in_milliseconds_and_nothing_else_is_guessed() {
    for (retry_after, milliseconds) in [
        ("7", Some(7000)),
        (" 3600 ", Some(3_600_000)),
        ("0", Some(0)),
        ("soon", None),
        ("-1", None),
        ("4294968", None),
        ("Fri, 20 Nov 2026 10:00:07 GMT", None),
    ] {
        assert_eq!(told(retry_after), milliseconds, "{retry_after}");
    }
}

#[test]
fn a_read_waits_as_long_when_the_call_has_the_time() {
    let busy = |seconds: &str| {
        get("things")
            .reply(503, json!({}))
            .with("retry-after", seconds)
    };
    let harness = Harness::new(plugin())
        .expect(busy("5"))
        .expect(get("things").reply(200, json!({"id": 1})));
    harness.invoke("read", json!({})).unwrap();
    assert_eq!(harness.clock_ms(), 5000);

    let harness = Harness::new(plugin()).expect(busy("60"));
    let failure = harness.invoke("read", json!({})).unwrap_err();
    assert_eq!(
        (failure.retry_after_ms, harness.clock_ms()),
        (Some(60_000), 0)
    );
}
