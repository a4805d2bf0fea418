//! A hostile guest with the routes of a method that hides in a form: PHP takes the last of several
//! fields, a query beside the body, a list behind a name, other encodings and other verbs, and
//! arguments by their place whatever they are called. Nothing of it leaves the host.

use serde_json::{Value, json};

use crate::support::{Suite, TestHost, text};

/// What stays as it is in a form.
const PLAIN: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'_');

/// A form as the CRM's clients send it; what is given is sent as it is.
fn form(fields: &[(&str, &str)]) -> String {
    let fields = fields.iter().map(|(name, value)| {
        let encoded = |text| percent_encoding::utf8_percent_encode(text, PLAIN).to_string();
        format!("{}={}", encoded(name), encoded(value))
    });
    fields.collect::<Vec<_>>().join("&")
}

/// The fields that every call has.
fn call(method: &str, arguments: &Value) -> String {
    let arguments = arguments.to_string();
    form(&[
        ("method", method),
        ("input_type", "JSON"),
        ("response_type", "JSON"),
        ("rest_data", &arguments),
    ])
}

fn post(body: &str) -> Value {
    json!({
        "method": "POST",
        "path": ["service", "v4_1", "rest.php"],
        "headers": [["content-type", "application/x-www-form-urlencoded"]],
        "body": body,
    })
}

fn with(mut request: Value, key: &str, value: Value) -> Value {
    request[key] = value;
    request
}

/// A write of account `A1`.
fn set_entry(module: &str, pairs: &Value) -> String {
    call("set_entry", &json!([null, module, pairs]))
}

fn pair(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

async fn send(host: &TestHost, tool: &str, request: Value) -> Value {
    let arguments = json!({"module": "Accounts", "id": "A1", "send": request});
    let answer = host.call(&format!("guest_{tool}"), arguments).await;
    answer.expect("the guest tells what it was told")
}

#[tokio::test]
async fn bypasses_forms_may_send_what_its_routes_allow() {
    let suite = Suite::start().await;
    let host = TestHost::guest("bypasses_forms", "", &suite.url()).await;
    let good = [pair("id", "A1"), pair("name", "New")];
    let gone = [pair("id", "A1"), pair("deleted", "1")];
    for (tool, body) in [
        ("look", call("get_entry", &json!([null, "Accounts", "A1"]))),
        ("change", set_entry("Accounts", &json!(good))),
        ("remove", set_entry("Accounts", &json!(gone))),
    ] {
        let answer = send(&host, tool, post(&body)).await;
        assert_eq!(answer["status"], 200, "{tool}: {answer}");
    }
    let methods: Vec<String> = suite
        .memory
        .calls()
        .into_iter()
        .map(|call| call.method)
        .collect();
    assert_eq!(methods, ["get_entry", "set_entry", "set_entry"]);
}

#[tokio::test]
pub async fn bypasses_forms() {
    let look = call("get_entry", &json!([null, "Accounts", "A1"]));
    let json = look.replace("method=get_entry", "method=set_entry");
    let address = json!(["service", "v4_1", "rest.php"]);
    let requests = [
        ("another method", post(&json)),
        ("two methods", post(&format!("{look}&method=set_entry"))),
        (
            "two methods, the other first",
            post(&format!("method=set_entry&{look}")),
        ),
        (
            "a list of methods",
            post(&format!("{look}&method[]=set_entry")),
        ),
        (
            "a list of methods, encoded",
            post(&format!("{look}&method%5B%5D=set_entry")),
        ),
        (
            "a list alone",
            post(&look.replace("method=", "method%5B0%5D=")),
        ),
        (
            "an encoded name",
            post(&format!("{look}&%6Dethod=set_entry")),
        ),
        (
            "a name with a space, which PHP drops",
            post(&format!("{look}&+method=set_entry")),
        ),
        (
            "a name that PHP cuts",
            post(&format!("{look}&method%00x=set_entry")),
        ),
        (
            "a dot, which PHP takes for a line",
            post(&format!("{look}&rest.data=%5B%5D")),
        ),
        ("no method", post(&look.replace("method=get_entry&", ""))),
        (
            "another input",
            post(&look.replace("input_type=JSON", "input_type=Serialize")),
        ),
        (
            "another capitalisation",
            post(&look.replace("method=get_entry", "method=Set_Entry")),
        ),
        (
            "a query beside the form",
            with(post(&look), "query", json!([["method", "set_entry"]])),
        ),
        ("any query", with(post(&look), "query", json!([["a", "b"]]))),
        (
            "GET",
            json!({"method": "GET", "path": address, "query": [["method", "set_entry"], ["input_type", "JSON"], ["rest_data", "[]"]]}),
        ),
        ("HEAD", with(post(&look), "method", json!("HEAD"))),
        ("PUT", with(post(&look), "method", json!("PUT"))),
        ("no type", with(post(&look), "headers", json!([]))),
        (
            "plain text",
            with(
                post(&look),
                "headers",
                json!([["content-type", "text/plain"]]),
            ),
        ),
        ("multipart", multipart()),
        (
            "two types",
            with(
                post(&look),
                "headers",
                json!([
                    ["content-type", "application/x-www-form-urlencoded"],
                    ["content-type", "multipart/form-data; boundary=b"]
                ]),
            ),
        ),
        (
            "another entry",
            with(post(&look), "path", json!(["service", "v2", "rest.php"])),
        ),
        (
            "a path after the script",
            with(
                post(&look),
                "path",
                json!(["service", "v4_1", "rest.php", "x"]),
            ),
        ),
    ];
    assert_none_arrives("look", &requests).await;
}

/// The same fields as parts, with another method among them.
fn multipart() -> Value {
    let part = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = [
        part("method", "set_entry"),
        part("input_type", "JSON"),
        part("response_type", "JSON"),
        part("rest_data", "[null,\"Accounts\",[]]"),
    ];
    let headers = json!([["content-type", "multipart/form-data; boundary=b"]]);
    with(
        post(&format!("{}--b--\r\n", body.concat())),
        "headers",
        headers,
    )
}

#[tokio::test]
async fn bypasses_forms_writes_no_other_record_and_no_deletion() {
    let (id, name) = (pair("id", "A1"), pair("name", "New"));
    let accounts = |pairs: Value| post(&set_entry("Accounts", &pairs));
    let data = |arguments: Value| post(&call("set_entry", &arguments));
    let requests = [
        (
            "another module",
            post(&set_entry("Users", &json!([id, name]))),
        ),
        ("no module", data(json!([null, null, [id, name]]))),
        ("another id", accounts(json!([pair("id", "A2"), name]))),
        ("no id", accounts(json!([name]))),
        ("two ids", accounts(json!([id, pair("id", "A2")]))),
        (
            "two ids in other letters",
            accounts(json!([id, pair("ID", "A2")])),
        ),
        ("a deletion", accounts(json!([id, pair("deleted", "1")]))),
        (
            "a deletion in other letters",
            accounts(json!([id, pair("Deleted", "1")])),
        ),
        (
            "a deletion that is no text",
            accounts(json!([id, {"name": "deleted", "value": 1}])),
        ),
        (
            "a chosen id",
            accounts(json!([id, pair("new_with_id", "1")])),
        ),
        (
            "pairs by their names",
            accounts(json!({"id": "A1", "deleted": "1"})),
        ),
        ("pairs of an object", accounts(json!({"0": id, "1": name}))),
        (
            "a pair with more",
            accounts(json!([id, {"name": "name", "value": "x", "deleted": "1"}])),
        ),
        ("a pair in a list", accounts(json!([id, ["deleted", "1"]]))),
        ("no pairs", data(json!([null, "Accounts"]))),
        (
            "arguments of an object",
            data(
                json!({"session": null, "module_name": "Accounts", "name_value_list": [id, name]}),
            ),
        ),
        (
            "arguments by number",
            data(json!({"0": null, "1": "Accounts", "2": [id, name]})),
        ),
        (
            "arguments in disorder",
            data(json!({"1": "Accounts", "0": null, "2": [id, name]})),
        ),
        (
            "arguments twice",
            post(&format!(
                "{}&rest_data=%5B%5D",
                set_entry("Accounts", &json!([id, name]))
            )),
        ),
        (
            "no JSON",
            post(&call("set_entry", &json!([])).replace("%5B%5D", "a%3A1%3A%7B%7D")),
        ),
        ("a member twice", post(&twice())),
    ];
    assert_none_arrives("change", &requests).await;
    let requests = [
        (
            "more than the deletion",
            accounts(json!([id, pair("deleted", "1"), name])),
        ),
        (
            "another record",
            accounts(json!([pair("id", "A2"), pair("deleted", "1")])),
        ),
    ];
    assert_none_arrives("remove", &requests).await;
}

/// A pair whose value stands in it two times.
fn twice() -> String {
    let data = r#"[null,"Accounts",[{"name":"id","value":"A1","value":"A2"}]]"#;
    form(&[
        ("method", "set_entry"),
        ("input_type", "JSON"),
        ("response_type", "JSON"),
        ("rest_data", data),
    ])
}

/// None of the requests is sent, and the guest hears that it was refused.
async fn assert_none_arrives(tool: &str, requests: &[(&str, Value)]) {
    let suite = Suite::start().await;
    let more = "limits.rate_burst = 1000\nlimits.concurrent_calls = 8";
    let host = TestHost::guest("bypasses_forms", more, &suite.url()).await;
    for (name, request) in requests {
        let answer = send(&host, tool, request.clone()).await;
        assert_eq!(text(&answer, "/stage"), "NotSent", "{name}: {answer}");
        let reason = text(&answer, "/reason");
        assert!(
            matches!(reason, "Denied" | "InvalidRequest"),
            "{name}: {answer}"
        );
        assert!(suite.memory.requests().is_empty(), "{name}");
    }
}
