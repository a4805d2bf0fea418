//! A CRM with sessions in the manner of SuiteCRM's v4_1: the token is the first of the arguments,
//! which are JSON in a form field, and refusals are answered with status 200.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use md5::{Digest, Md5};
use serde_json::{Value, json};
use tokio::sync::Notify;
use url::form_urlencoded;

use super::super::*;
use super::stub::{Reply, Stub, answer};
use super::{ask, credentials, spec};

/// The password of all tests: short, so that nothing takes it out of an answer that quotes it.
pub(super) const PASSWORD: &str = "hunter2";

/// The state of the CRM behind a stub.
#[derive(Default)]
pub(super) struct State {
    /// Logins that were tried.
    pub(super) logins: usize,
    /// Sessions that are known.
    pub(super) live: BTreeSet<String>,
    /// Sessions that were ended.
    pub(super) ended: Vec<String>,
    /// What a login is answered with instead of a session.
    pub(super) refuse_login: Option<Vec<u8>>,
    /// A login waits for this.
    pub(super) hold_login: Option<Arc<Notify>>,
    /// A call named so waits for this.
    pub(super) hold: BTreeMap<String, Arc<Notify>>,
    /// How often each call reached the CRM.
    pub(super) calls: BTreeMap<String, usize>,
    /// The session of each call that was accepted, in order.
    pub(super) used: Vec<String>,
    /// No session is good for a call.
    pub(super) refuse_all: bool,
}

pub(super) struct Crm {
    pub(super) stub: Stub,
    state: Arc<Mutex<State>>,
    /// Something was asked.
    pub(super) asked: Arc<Notify>,
}

impl Crm {
    pub(super) async fn new() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let asked = Arc::<Notify>::default();
        let (own, signal) = (Arc::clone(&state), Arc::clone(&asked));
        let script = move |request: &str| {
            let reply = own.lock().unwrap().answer(request);
            signal.notify_one();
            reply
        };
        Self {
            stub: Stub::with(script).await,
            state,
            asked,
        }
    }

    pub(super) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }

    /// Waits until something is so.
    pub(super) async fn until(&self, so: impl Fn(&State) -> bool) {
        while !self.with(|state| so(state)) {
            self.asked.notified().await;
        }
    }

    /// A connection with the password.
    pub(super) fn upstream(&self, change: impl FnOnce(&mut Value)) -> Arc<Upstream> {
        self.upstream_with(change, |_| ())
    }

    pub(super) fn upstream_with(
        &self,
        change: impl FnOnce(&mut Value),
        also: impl FnOnce(&mut Spec),
    ) -> Arc<Upstream> {
        let mut recipe = login();
        change(&mut recipe);
        let mut spec = spec(self.stub.port);
        spec.credentials = credentials(json!({ "api": [recipe] }));
        spec.secrets = Secrets::of(&[("username", "admin"), ("password", PASSWORD)]);
        also(&mut spec);
        Arc::new(Upstream::new(spec).unwrap())
    }
}

fn login() -> Value {
    json!({ "name": "session", "needs": ["username", "password"], "recipe": "login",
        "login": { "method": "POST", "path": "rest.php", "form": { "method": "login" },
            "form_json": { "rest_data": [{ "user_name": "{username}", "password": "{password|md5}" }, "Portcullis", []] } },
        "logout": { "method": "POST", "path": "rest.php", "form": { "method": "logout" },
            "form_json": { "rest_data": ["{token}"] } },
        "capture": { "json": "/id" }, "place": { "form": "rest_data", "json": "/0" },
        "expired": [{ "json": "/number", "is": [10, 11] }], "refused_means_not_done": true })
}

impl State {
    fn answer(&mut self, request: &str) -> Reply {
        let body = request.split_once("\r\n\r\n").unwrap().1;
        let fields: BTreeMap<_, _> = form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect();
        let arguments: Value = serde_json::from_str(&fields["rest_data"]).unwrap();
        match fields["method"].as_str() {
            "login" => self.log_in(&arguments),
            "logout" => {
                let token = arguments[0].as_str().unwrap().to_owned();
                self.live.remove(&token);
                self.ended.push(token);
                Reply::Bytes(answer("200 OK", &[], "null"))
            }
            call => self.call(call, &arguments, request),
        }
    }

    fn log_in(&mut self, arguments: &Value) -> Reply {
        self.logins += 1;
        let digest = hex::encode(Md5::digest(PASSWORD));
        let reply = if let Some(refusal) = &self.refuse_login {
            refusal.clone()
        } else if arguments[0] == json!({ "user_name": "admin", "password": digest }) {
            let token = token(self.logins);
            self.live.insert(token.clone());
            ok(&json!({ "id": token, "module_name": "Users" }))
        } else {
            invalid_login()
        };
        match &self.hold_login {
            Some(signal) => Reply::Held(Arc::clone(signal), reply),
            None => Reply::Bytes(reply),
        }
    }

    fn call(&mut self, call: &str, arguments: &Value, request: &str) -> Reply {
        *self.calls.entry(call.to_owned()).or_default() += 1;
        let token = arguments[0].as_str().unwrap_or_default();
        if self.refuse_all || !self.live.contains(token) {
            let refusal =
                json!({ "name": "Invalid Session ID", "number": 11, "description": token });
            return Reply::Bytes(ok(&refusal));
        }
        self.used.push(token.to_owned());
        let coded: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
        let reply = ok(
            &json!({ "echo": request, "token": token, "hex": hex::encode(token), "form": coded }),
        );
        match self.hold.get(call) {
            Some(signal) => Reply::Held(Arc::clone(signal), reply),
            None => Reply::Bytes(reply),
        }
    }
}

/// The token of the nth login; what it holds is written in several ways.
pub(super) fn token(number: usize) -> String {
    format!("t0ken/\"{number}&<é>")
}

pub(super) fn ok(body: &Value) -> Vec<u8> {
    answer(
        "200 OK",
        &["content-type: application/json"],
        &body.to_string(),
    )
}

pub(super) fn invalid_login() -> Vec<u8> {
    ok(&json!({ "name": "Invalid Login", "number": 10, "description": format!("no: {PASSWORD}") }))
}

/// A call of the guest, with the place for the token left empty.
pub(super) fn v4(call: &str) -> Outgoing {
    with_data(call, "[null,\"Accounts\"]")
}

pub(super) fn with_data(call: &str, data: &str) -> Outgoing {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("method", call)
        .append_pair("rest_data", data)
        .finish();
    Outgoing {
        headers: vec![(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        )],
        body: Some(body.into_bytes()),
        credential: Some("api".to_owned()),
        ..ask(Method::Post, &["rest.php"])
    }
}
