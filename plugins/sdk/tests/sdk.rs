//! The SDK through a small plugin: dispatch, arguments, outcomes, paging, routes.

use portcullis_sdk::{
    Call, Failure, HttpError, Manifest, ManifestExt, Outcome, Page, Plugin, RawRecord, Reason,
    Response, RouteExt, Stage, Tool, get, path, post, put,
    testing::{self, Harness},
    text,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// How loud.
    volume: u32,
    /// Nothing by default.
    nick: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            volume: 3,
            nick: None,
        }
    }
}

/// Does one of several things.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Which.
    id: String,
    #[serde(default)]
    parts: Vec<Part>,
    #[serde(default)]
    #[expect(dead_code, reason = "only its schema matters")]
    note: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Part {
    count: u8,
}

type Object = Map<String, Value>;

fn read(call: &Call<'_>, args: &Args) -> Result<Object, Failure> {
    call.http()
        .get(path!["things", args.id])
        .send()?
        .ok()?
        .json()
}

fn change(call: &Call<'_>, args: &Args) -> Result<Object, Failure> {
    call.http()
        .put(path!["things", args.id])
        .json(&json!({"kind": "a", "count": args.parts.first().map(|part| part.count)}))
        .send()?
        .ok()?;
    Err(Failure::internal("something broke afterwards"))
}

fn settings(call: &Call<'_>, _: &Args) -> Result<Settings, Failure> {
    call.settings()
}

fn manifest() -> Manifest {
    portcullis_sdk::manifest("things", "1.2.3", "Things").settings::<Settings>()
}

fn plugin() -> Plugin {
    Plugin::new(manifest)
        .tool(
            Tool::read("read", "Read", read)
                .aliases(&["peek"])
                .routes(|| vec![get("things/{id}").same("id", "/id").not("id", &["Admin"])]),
        )
        .tool(
            Tool::write("change", "Change", change)
                .about("Changes it.")
                .routes(|| vec![put("things/{id}").json("/kind", ["a"]).absent("/secret")]),
        )
        .tool(
            Tool::read("settings", "Settings", settings)
                .routes(|| vec![post("x").safe("it is never sent")]),
        )
}

fn args(id: &str) -> Value {
    json!({"id": id})
}

#[test]
fn aliases_reach_the_tool_and_unknown_names_get_a_suggestion() {
    let harness =
        Harness::new(plugin()).expect(testing::get("things/7").reply(200, json!({"a": 1})));
    assert_eq!(harness.invoke("peek", args("7")).unwrap(), json!({"a": 1}));
    let failure = harness.invoke("raed", args("7")).unwrap_err();
    assert_eq!(
        (&*failure.code, failure.suggestion.as_deref()),
        ("UNKNOWN_TOOL", Some("did you mean read?"))
    );
}

#[test]
fn schemas_leave_out_null_and_noise() {
    let manifest = plugin().describe();
    let tool = &manifest.tools[0];
    assert_eq!(tool.description, "Does one of several things.");
    assert_eq!(manifest.tools[1].description, "Changes it.");
    assert_eq!(
        tool.input_schema,
        json!({
            "type": "object", "additionalProperties": false, "required": ["id"],
            "properties": {
                "id": {"type": "string", "description": "Which."},
                "note": {"type": "string"},
                "parts": {"type": "array", "items": {
                    "type": "object", "required": ["count"], "properties": {"count": {"type": "integer", "minimum": 0, "maximum": 255}}
                }}
            }
        })
    );
}

#[test]
fn argument_errors_name_the_place() {
    for (value, pointer) in [
        (json!({"id": 5}), "/id"),
        (
            json!({"id": "x", "parts": [{"count": 1}, {"count": 300}]}),
            "/parts/1/count",
        ),
        (json!({"id": "x", "a/b~c": 1}), "/a~1b~0c"),
    ] {
        let failure = portcullis_sdk::read::<Args>(&value)
            .map(|_| ())
            .unwrap_err();
        assert_eq!(failure.fields, [pointer], "{value} {failure}");
    }
    assert!(
        portcullis_sdk::read::<Args>(&json!({}))
            .map(|_| ())
            .unwrap_err()
            .fields
            .is_empty()
    );
}

#[test]
fn settings_come_with_their_defaults() {
    let harness = Harness::new(plugin());
    assert_eq!(
        harness.invoke("settings", args("x")).unwrap(),
        json!({"volume": 3, "nick": null})
    );
    let harness = Harness::new(plugin())
        .setting("volume", 9)
        .setting("nick", "Bo");
    assert_eq!(
        harness.invoke("settings", args("x")).unwrap(),
        json!({"volume": 9, "nick": "Bo"})
    );
}

#[test]
fn a_fault_after_a_change_leaves_the_outcome_open() {
    let harness = Harness::new(plugin()).expect(testing::put("things/7").reply(200, json!({})));
    assert_eq!(
        harness.invoke("change", args("7")).unwrap_err().outcome,
        Some(Outcome::MayHaveHappened)
    );
    let harness = Harness::new(plugin()).expect(testing::put("things/7").reply(404, json!({})));
    assert_eq!(
        harness.invoke("change", args("7")).unwrap_err().outcome,
        Some(Outcome::NotDone)
    );
}

#[test]
fn what_no_route_matches_is_denied() {
    let harness = Harness::new(plugin()).tolerate_refusals();
    for id in ["admin", "a/b", ".."] {
        let failure = harness.invoke("read", args(id)).unwrap_err();
        assert!(matches!(&*failure.code, "DENIED" | "INTERNAL"), "{failure}");
    }
    assert!(harness.requests().is_empty());
}

#[test]
fn reads_are_repeated_twice_and_changes_never() {
    let down = || HttpError {
        reason: Reason::Connect,
        stage: Stage::NotSent,
        detail: String::new(),
        retry_after_ms: None,
    };
    let harness = Harness::new(plugin()).upstream(move |_| Err(down()));
    let failure = harness.invoke("read", args("7")).unwrap_err();
    assert_eq!((harness.requests().len(), failure.retryable), (3, true));
    harness.invoke("change", args("7")).unwrap_err();
    assert_eq!(harness.requests().len(), 4);

    let mut answers = vec![Response {
        status: 200,
        headers: Vec::new(),
        body: b"{}".to_vec(),
    }];
    let harness = Harness::new(plugin()).upstream(move |_| answers.pop().ok_or_else(down));
    harness.invoke("read", args("7")).unwrap();
}

#[test]
fn pages_say_what_is_next_and_what_was_cut() {
    let record = |n: u64| {
        Map::from_iter([
            ("n".to_owned(), json!(n)),
            ("text".to_owned(), json!("x".repeat(50))),
        ])
    };
    let page = Page::counted((0..5).map(record).collect(), 10, 20);
    assert_eq!(
        (page.total, page.has_more, page.next_offset),
        (Some(20), true, Some(15))
    );
    let last = Page::counted((0..5).map(record).collect(), 15, 20);
    assert_eq!((last.has_more, last.next_offset), (false, None));
    let beyond: Page = Page::counted(Vec::new(), 40, 20);
    assert_eq!((beyond.has_more, beyond.next_offset), (false, None));

    let mut cut = last;
    cut.fit(150);
    assert_eq!(
        (cut.records.len(), cut.has_more, cut.next_offset),
        (2, true, Some(17))
    );
    assert!(
        cut.truncated
            .as_deref()
            .unwrap()
            .starts_with("3 records were left out")
    );
    let mut one = Page::uncounted(vec![record(1)], 0, false);
    one.fit(1);
    assert_eq!((one.records.len(), one.truncated), (1, None));
}

#[test]
fn near_names_and_cut_texts() {
    assert_eq!(
        text::did_you_mean("acount", ["Account", "Contact"]).as_deref(),
        Some("did you mean Account?")
    );
    assert_eq!(text::did_you_mean("zzz", ["Account"]), None);
    let mut long = "äöü".to_owned();
    assert!(text::cut(&mut long, 2));
    assert_eq!(long, "äö…");
    assert!(!text::cut(&mut long, 3));
}

#[test]
fn a_raw_record_passes_its_values_on_as_they_were_written() {
    let text = r#"{"id":"7","sum":1.10,"note":"\u00e4öü","tags":["a", "b"],"none":null}"#;
    let mut record: RawRecord = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&record).unwrap(), text);
    assert_eq!(record.text("note").as_deref(), Some("äöü"));
    assert_eq!(record.text("sum"), None);
    assert_eq!(record.get("none"), Some(Value::Null));
    assert_eq!((record.get("gone"), record.contains("none")), (None, true));

    record.edit_texts(2, |_, value| text::cut(value, 2));
    record.set("sum", &2);
    record.set("url", &"https://crm.example.com");
    record.retain(|name| name != "tags");
    assert_eq!(
        serde_json::to_string(&record).unwrap(),
        r#"{"id":"7","sum":2,"note":"äö…","none":null,"url":"https://crm.example.com"}"#
    );
    assert_eq!(
        portcullis_sdk::schema_of::<RawRecord>(),
        portcullis_sdk::schema_of::<Map<String, Value>>()
    );
    assert!(serde_json::from_str::<RawRecord>("[]").is_err());
}

#[test]
fn an_answer_is_read_straight_from_its_text_or_through_a_value() {
    #[derive(Deserialize)]
    struct Priced {
        #[serde(flatten)]
        price: Price,
    }
    #[derive(Deserialize)]
    struct Price {
        amount: f64,
    }
    let answer = |body: &str| Response {
        status: 200,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    let priced: Priced = answer(r#"{"amount":1.5}"#).json().unwrap();
    assert!((priced.price.amount - 1.5).abs() < f64::EPSILON);
    let message = |body: &str| answer(body).json::<Price>().err().unwrap().message.clone();
    assert!(message(r#"{"amount":"x"}"#).contains("an unexpected shape"));
    assert!(message("<html>").contains("an HTML page"));
    assert!(message("").contains("an empty body"));
}
