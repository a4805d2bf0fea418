//! Hostile guests whose routes bind a request to the arguments of its call: none of them reaches
//! another row, another record or another member than those that the caller named.

use axum::http::Response;
use serde_json::{Value, json};

use crate::support::{Stub, TestHost, text};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A request with a body of a media type.
fn with_body(method: &str, path: &[&str], media: &str, body: &str) -> Value {
    json!({"method": method, "path": path, "headers": [["content-type", media]], "body": body})
}

fn with_json(method: &str, path: &[&str], body: &Value) -> Value {
    with_body(method, path, JSON, &body.to_string())
}

/// What a tool of a guest tells of the request that it sends for these arguments.
async fn sent(host: &TestHost, tool: &str, arguments: &Value, request: &Value) -> Value {
    let mut arguments = arguments.clone();
    arguments["send"] = request.clone();
    let answer = host.call(&format!("guest_{tool}"), arguments).await;
    answer.expect("the guest tells what it was told")
}

/// The good requests arrive, and none of the others does.
async fn assert_arrive(guest: &str, arguments: &Value, requests: &[(&str, Value, bool)]) {
    let stub = Stub::ok().await;
    let more = "limits.rate_burst = 1000\nlimits.concurrent_calls = 8";
    let host = TestHost::guest(guest, more, &stub.url()).await;
    for (tool, request, arrives) in requests {
        let before = stub.seen().len();
        let answer = sent(&host, tool, arguments, request).await;
        if *arrives {
            assert_eq!(answer["status"], 200, "{request}: {answer}");
        } else {
            let refused = (text(&answer, "/reason"), text(&answer, "/stage"));
            assert_eq!(refused, ("Denied", "NotSent"), "{request}: {answer}");
        }
        let after = stub.seen().len();
        assert_eq!(after - before, usize::from(*arrives), "{request}");
    }
}

#[tokio::test]
pub async fn widens_query() {
    let arguments = json!({"entity": "contacts", "id": 7, "data": {"title": "x"}});
    let contacts = ["rest", "v1", "contacts"];
    let row = json!(["id", "eq.7"]);
    let change = |query: Value, body: Value| {
        let mut request = with_json("PATCH", &contacts, &body);
        request["query"] = query;
        request
    };
    let of_query = |query: Value| change(query, json!({"title": "y"}));
    let delete = |query: Value| json!({"method": "DELETE", "path": contacts, "query": query});
    let insert = |query: Value, body: Value| {
        let mut request = with_json("POST", &contacts, &body);
        request["query"] = query;
        request
    };
    let mut requests = vec![
        ("row", of_query(json!([row])), true),
        ("row", delete(json!([["select", "id"], row])), true),
        ("row", insert(json!([]), json!({"title": "y"})), true),
        ("row", change(json!([row]), json!({"sales_id": 1})), false),
        ("row", change(json!([row]), json!([{"title": "y"}])), false),
        ("row", change(json!([row]), json!({"id": 8})), false),
        (
            "row",
            insert(json!([]), json!({"id": 8, "title": "y"})),
            false,
        ),
        ("row", insert(json!([]), json!([{"title": "y"}])), false),
        (
            "row",
            insert(json!([["on_conflict", "id"]]), json!({"title": "y"})),
            false,
        ),
        (
            "row",
            insert(json!([["columns", "id"]]), json!({"title": "y"})),
            false,
        ),
        (
            "row",
            json!({"method": "DELETE", "path": ["rest", "v1", "companies"], "query": [row]}),
            false,
        ),
    ];
    for query in [
        json!([]),
        json!([["id", "eq.8"]]),
        json!([["id", "gt.0"]]),
        json!([["id", "not.is.null"]]),
        json!([["id", "in.(7,8)"]]),
        json!([["id", "eq.7&id=gt.0"]]),
        json!([row, row]),
        json!([row, ["id", "gt.0"]]),
        json!([row, ["or", "(id.gt.0)"]]),
        json!([row, ["not.and", "(id.lt.0)"]]),
        json!([row, ["ID", "gt.0"]]),
        json!([row, ["companies.id", "gt.0"]]),
        json!([row, ["limit", "1"]]),
        json!([["or", "(id.gt.0)"]]),
    ] {
        requests.push(("row", of_query(query.clone()), false));
        requests.push(("row", delete(query), false));
    }
    assert_arrive("widens_query", &arguments, &requests).await;
}

#[tokio::test]
pub async fn mixes_rows() {
    let arguments = json!({
        "module": "Leads", "id": "L1", "link": "contacts", "ids": ["C1", "C2"],
        "records": [{"id": "L1", "name": "a"}, {"name": "b"}]
    });
    let call = |method: &str, data: &Value| {
        let data = percent_encoding::utf8_percent_encode(
            &data.to_string(),
            percent_encoding::NON_ALPHANUMERIC,
        )
        .to_string();
        let body = format!("method={method}&input_type=JSON&response_type=JSON&rest_data={data}");
        with_body("POST", &["service", "v4_1", "rest.php"], FORM, &body)
    };
    let rows = |rows: Value| call("set_entries", &json!([null, "Leads", rows]));
    let link = |ids: Value, values: Value, delete: Value| {
        let data = json!([null, "Leads", "L1", "contacts", ids, values, delete]);
        call("set_relationship", &data)
    };
    let attach = |note: Value| call("set_note_attachment", &json!([null, note]));
    let pair = |name: &str, value: &str| json!({"name": name, "value": value});
    let requests = [
        (
            "rows",
            rows(json!([
                [pair("id", "L1"), pair("name", "x")],
                [pair("name", "y")]
            ])),
            true,
        ),
        (
            "rows",
            rows(json!([[pair("id", "L2"), pair("name", "x")]])),
            false,
        ),
        (
            "rows",
            rows(json!([[pair("name", "x")], [pair("Id", "L2")]])),
            false,
        ),
        (
            "rows",
            rows(json!([[pair("id", "L1"), pair("assigned_user_id", "1")]])),
            false,
        ),
        (
            "rows",
            rows(json!([[pair("id", "L1"), pair("deleted", "1")]])),
            false,
        ),
        ("rows", rows(json!({"0": [pair("id", "L2")]})), false),
        (
            "rows",
            call(
                "set_entries",
                &json!([null, "Users", [[pair("name", "x")]]]),
            ),
            false,
        ),
        ("link", link(json!(["C1", "C2"]), json!([]), json!(0)), true),
        ("link", link(json!(["C2"]), json!([]), json!(0)), true),
        (
            "link",
            link(json!(["C1", "C3"]), json!([]), json!(0)),
            false,
        ),
        ("link", link(json!("C1"), json!([]), json!(0)), false),
        ("link", link(json!(["C1"]), json!([]), json!(1)), false),
        ("link", link(json!(["C1"]), json!([]), json!("0")), false),
        (
            "link",
            link(json!(["C1"]), json!([pair("role", "x")]), json!(0)),
            false,
        ),
        (
            "attach",
            attach(json!({"id": "L1", "filename": "a", "file": "aGk="})),
            true,
        ),
        (
            "attach",
            attach(json!({"id": "L2", "filename": "a", "file": "aGk="})),
            false,
        ),
        (
            "attach",
            attach(json!({"id": "L1", "related_module_id": "A1"})),
            false,
        ),
    ];
    assert_arrive("mixes_rows", &arguments, &requests).await;
}

/// What the guest tells of requests that it sends in one call.
async fn in_one_call(host: &TestHost, entity: &str, requests: Value) -> Vec<Value> {
    let answer = host
        .call("guest_create", json!({"entity": entity, "send": requests}))
        .await;
    let answer = answer.expect("the guest tells what it was told");
    answer["answers"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
pub async fn changes_others() {
    let stub = Stub::start(|arrived| {
        let (status, body) = match arrived.path.as_str() {
            "/refused" => (400, r#"{"id":"new"}"#),
            "/page" => (200, "<html>new</html>"),
            "/twice" => (200, r#"{"id":"new","id":"old"}"#),
            "/accounts" => (201, r#"{"id":"new"}"#),
            _ => (200, r#"{"id":"old"}"#),
        };
        Response::builder()
            .status(status)
            .header("content-type", JSON)
            .body(body.into())
            .expect("a response")
    })
    .await;
    let more = "limits.rate_burst = 1000\nlimits.concurrent_calls = 8";
    let host = TestHost::guest("changes_others", more, &stub.url()).await;
    let make = |entity: &str| with_json("POST", &[entity], &json!({"name": "x"}));
    let tag = |id: &str| with_json("PATCH", &["accounts", id], &json!({"tags": ["t"]}));
    let other = with_json("PATCH", &["accounts", "new"], &json!({"name": "y"}));
    let answers = in_one_call(
        &host,
        "accounts",
        json!([
            tag("new"),
            make("accounts"),
            tag("new"),
            tag("old"),
            other,
            tag("new")
        ]),
    )
    .await;
    let told: Vec<_> = answers
        .iter()
        .map(|answer| answer["status"].as_u64().unwrap_or_default())
        .collect();
    assert_eq!(told, [0, 201, 200, 0, 0, 200], "{answers:?}");
    for answer in [&answers[0], &answers[3], &answers[4]] {
        assert_eq!(answer["reason"], "Denied", "{answer}");
    }
    // What one call made, another did not.
    let again = in_one_call(&host, "accounts", json!([tag("new")])).await;
    assert_eq!(again[0]["reason"], "Denied", "{again:?}");
    // Neither what was read, nor what a refusal or a page says, nor what is said in two ways; and
    // no call that is about something else.
    let read = json!({"path": ["accounts", "old"]});
    let search = with_json("POST", &["search"], &json!({}));
    for (entity, first, id) in [
        ("accounts", read, "old"),
        ("accounts", search, "old"),
        ("accounts", make("refused"), "new"),
        ("accounts", make("page"), "new"),
        ("accounts", make("twice"), "new"),
        ("leads", make("accounts"), "new"),
    ] {
        let answers = in_one_call(&host, entity, json!([first, tag(id)])).await;
        assert!(answers[0]["status"].is_u64(), "{first}: {answers:?}");
        assert_eq!(answers[1]["reason"], "Denied", "{first}: {answers:?}");
    }
}
