//! One user's way into a project: the plugin, and HTTP to PostgREST below it.
//!
//! The platform's own services stand outside of PostgREST; the three requests that the plugin sends
//! them are answered here in their shapes, from the token that came.

use std::net::SocketAddr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use portcullis_atomic::plugin;
use portcullis_postgres_tests::{Caller, Project, http};
use portcullis_sdk::{
    Failure, Request, Response,
    testing::{Harness, get},
};
use serde_json::{Value, json};

/// A user of a project, with the plugin.
pub struct Crm(Harness);

/// The plugin as a user has it, on the database's own clock.
pub fn crm(project: &Project, caller: Caller) -> Crm {
    crm_with(project, caller, |harness| harness)
}

/// The same with something set.
pub fn crm_with(project: &Project, caller: Caller, set: impl FnOnce(Harness) -> Harness) -> Crm {
    let now = "select to_char(now() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
    let now = project.superuser().unwrap().value(now).unwrap();
    let address = project.rest.address();
    let harness = Harness::new(plugin())
        .connection("now", now)
        .setting("crm_url", "https://crm.example.com")
        .upstream(move |request| Ok(answer(address, caller, request)));
    Crm(set(harness))
}

impl Crm {
    /// What a tool answers.
    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a call reads best with its value in place"
    )]
    pub fn call(&self, tool: &str, arguments: Value) -> Value {
        let told = self.0.invoke(tool, arguments.clone());
        told.unwrap_or_else(|failure| panic!("{tool} {arguments}: {failure:?}"))
    }

    /// Why a tool does not do it.
    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a call reads best with its value in place"
    )]
    pub fn fails(&self, tool: &str, arguments: Value) -> Failure {
        let told = self.0.invoke(tool, arguments.clone());
        told.expect_err(&format!("{tool} {arguments} fails"))
    }

    /// What the host shows before a tool changes anything.
    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a call reads best with its value in place"
    )]
    pub fn preview(&self, tool: &str, arguments: Value) -> Value {
        let told = self.0.preview(tool, arguments.clone());
        told.unwrap_or_else(|failure| panic!("{tool} {arguments}: {failure:?}"))
    }

    /// Everything that a tool and its preview say, failed or not, as one text.
    pub fn says(&self, tool: &str, arguments: &Value) -> String {
        let told = format!("{:?}", self.0.invoke(tool, arguments.clone()));
        let previews = &self.0.manifest().tools;
        let has_preview = previews
            .iter()
            .any(|declared| declared.name == tool && !declared.preview_routes.is_empty());
        if has_preview {
            format!("{told} {:?}", self.0.preview(tool, arguments.clone()))
        } else {
            told
        }
    }

    /// One record.
    #[track_caller]
    pub fn record(&self, entity: &str, id: u64) -> Value {
        self.call("get_record", json!({"entity": entity, "id": id}))["record"].clone()
    }

    /// The records of a list.
    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a call reads best with its value in place"
    )]
    pub fn list(&self, entity: &str, filters: Value) -> Value {
        self.call(
            "list_records",
            json!({"entity": entity, "filters": filters}),
        )["records"]
            .clone()
    }

    /// How many requests were sent so far.
    pub fn sent(&self) -> usize {
        self.0.requests().len()
    }
}

/// The values of a column, in order.
pub fn column(records: &Value, name: &str) -> Value {
    let rows = records.as_array().unwrap();
    rows.iter().map(|row| row[name].clone()).collect()
}

/// Changes the project past the API.
pub fn run(project: &Project, sql: &str) {
    project.superuser().unwrap().run(sql).unwrap();
}

/// The one value that the database has, past the API.
pub fn stored(project: &Project, sql: &str) -> String {
    project.superuser().unwrap().value(sql).unwrap()
}

fn answer(address: SocketAddr, caller: Caller, request: &Request) -> Response {
    match request.path.first().map(String::as_str) {
        Some("rest") => postgrest(address, caller, request),
        Some("auth") => auth(caller, request),
        _ => get("")
            .reply(
                400,
                json!({"statusCode": "404", "message": "Bucket not found"}),
            )
            .response()
            .unwrap(),
    }
}

fn postgrest(address: SocketAddr, caller: Caller, request: &Request) -> Response {
    assert_eq!(request.path[1], "v1");
    let coded = |text: &String| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let path = request.path[2..].iter().map(coded);
    let pairs = request.query.iter();
    let pairs = pairs.map(|(name, value)| format!("{}={}", coded(name), coded(value)));
    let (path, pairs): (Vec<_>, Vec<_>) = (path.collect(), pairs.collect());
    let mut headers = request.headers.clone();
    if request.credential.is_some() {
        let token = caller
            .authorization()
            .map(|value| ("authorization".to_owned(), value));
        headers.extend(token);
    }
    let answered = http::exchange(
        address,
        &http::Request {
            method: request.method.as_str(),
            target: &format!("/{}?{}", path.join("/"), pairs.join("&")),
            headers: &headers,
            body: request.body.as_deref().unwrap_or_default(),
        },
    )
    .unwrap();
    // What the host lets a plugin see.
    let seen = ["content-type", "retry-after", "etag", "content-range"];
    let mut headers = answered.headers;
    headers.retain(|(name, _)| seen.contains(&name.as_str()));
    Response {
        status: answered.status,
        headers,
        body: answered.body,
    }
}

fn auth(caller: Caller, request: &Request) -> Response {
    let told = match (request.path[2].as_str(), caller.user_id()) {
        ("settings", _) => json!({"disable_signup": true, "external": {"anonymous_users": false}}),
        ("user", Some(id)) => json!({"id": id, "role": "authenticated"}),
        (path, _) => panic!("nothing asks for {path} as {caller:?}"),
    };
    get("").reply(200, told).response().unwrap()
}
