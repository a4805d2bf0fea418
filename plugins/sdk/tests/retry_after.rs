//! `retry-after` as servers send it: seconds, or a date that is counted from the host's time.

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

/// At 10:00:00 on Friday, 20 November 2026, asked to come back so; the milliseconds that a failure
/// then tells.
fn told(retry_after: &str) -> Option<u32> {
    let busy = post("things")
        .reply(429, json!({}))
        .with("retry-after", retry_after);
    let harness = Harness::new(plugin())
        .connection("now", "2026-11-20T10:00:00Z")
        .expect(busy);
    let failure = harness
        .invoke("together", json!({}))
        .expect_err("it was refused");
    assert_eq!(failure.code, "RATE_LIMITED");
    failure.retry_after_ms
}

#[test]
fn seconds_and_dates_are_told_in_milliseconds() {
    for (retry_after, milliseconds) in [
        ("7", Some(7000)),
        ("Fri, 20 Nov 2026 10:00:07 GMT", Some(7000)),
        (" Fri, 20 Nov 2026 11:00:00 GMT ", Some(3_600_000)),
        ("Fri, 20 Nov 2026 10:00:00 GMT", Some(0)),
        ("Thu, 19 Nov 2026 10:00:00 GMT", Some(0)),
        ("Fri, 20 Nov 2076 10:00:00 GMT", None),
        ("Friday, 20-Nov-26 10:00:07 GMT", None),
        ("Fri, 20 Nov 2026 10:00:07 CET", None),
        ("soon", None),
        ("4294968", None),
    ] {
        assert_eq!(told(retry_after), milliseconds, "{retry_after}");
    }
}

#[test]
fn a_read_waits_until_the_date_when_the_call_has_the_time() {
    let busy = |date: &str| {
        get("things")
            .reply(503, json!({}))
            .with("retry-after", date)
    };
    let harness = Harness::new(plugin())
        .connection("now", "2026-11-20T10:00:00Z")
        .expect(busy("Fri, 20 Nov 2026 10:00:05 GMT"))
        .expect(get("things").reply(200, json!({"id": 1})));
    harness.invoke("read", json!({})).unwrap();
    assert_eq!(harness.clock_ms(), 5000);

    let harness = Harness::new(plugin())
        .connection("now", "2026-11-20T10:00:00Z")
        .expect(busy("Fri, 20 Nov 2026 10:01:00 GMT"));
    let failure = harness.invoke("read", json!({})).unwrap_err();
    assert_eq!(
        (failure.retry_after_ms, harness.clock_ms()),
        (Some(60_000), 0)
    );
}

#[test]
fn without_a_time_of_the_host_a_date_is_not_guessed() {
    let busy = post("things")
        .reply(429, json!({}))
        .with("retry-after", "Fri, 20 Nov 2026 10:00:07 GMT");
    let harness = Harness::new(plugin()).connection("now", "").expect(busy);
    let failure = harness.invoke("together", json!({})).unwrap_err();
    assert_eq!((failure.retryable, failure.retry_after_ms), (true, None));
}
