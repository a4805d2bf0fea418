//! A CRM that hands out sessions and echoes every secret that it knows, in every form.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode};
use serde_json::json;

use super::needles::{FORMS, echoed};
use super::{CANARY, SECRETS};
use crate::support::Stub;
use crate::support::stub::{Arrived, json_response};

/// How many sessions of each kind a test can foresee.
const FORESEEN: usize = 12;

/// The running CRM.
pub struct Crm {
    pub stub: Stub,
    known: Arc<Mutex<Known>>,
}

/// What it could give away.
#[derive(Default)]
struct Known {
    issued: usize,
    values: Vec<String>,
}

/// The values of one issue: a session in JSON, one in a cookie, one in a header, an access token and a
/// refresh token.
fn issue(number: usize) -> [String; 5] {
    [
        format!("s3ss/json+{number:02}=\"<&>'`~*!"),
        format!("s3ss%2Fcookie%2B{number:02}%3D<&'~"),
        format!("s3ss/header+{number:02}=<&'~"),
        format!("acc3ss/token+{number:02}=\"<&'~"),
        format!("r3fresh/token+{number:02}=\"<&'~"),
    ]
}

impl Crm {
    pub async fn start() -> Self {
        let known = Arc::<Mutex<Known>>::default();
        let own = Arc::clone(&known);
        let stub = Stub::start(move |arrived| lock(&own).answer(arrived)).await;
        Self { stub, known }
    }

    /// What it has echoed or handed out, beside the configured secrets.
    pub fn gave_away(&self) -> Vec<String> {
        lock(&self.known).values.clone()
    }

    /// What signed one request each; it echoes those of the request that it answers.
    pub fn signatures(&self) -> Vec<String> {
        let seen = self.stub.seen();
        let signed = seen.iter().filter_map(|seen| seen.header("x-hmac"));
        signed.map(str::to_owned).collect()
    }

    /// Everything secret that it can come to know, before it happens.
    pub fn foreseen() -> Vec<String> {
        let secrets = SECRETS.iter().map(|(_, value)| (*value).to_owned());
        let issued = (1..=FORESEEN).flat_map(issue);
        let decoded = (1..=FORESEEN).map(|n| format!("s3ss/cookie+{n:02}=<&'~"));
        secrets.chain(issued).chain(decoded).collect()
    }
}

fn lock(known: &Mutex<Known>) -> std::sync::MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    fn answer(&mut self, arrived: &Arrived) -> Response<Body> {
        self.learn(arrived);
        let mut segments = arrived.path.trim_start_matches('/').split('/');
        match (segments.next(), segments.next()) {
            (Some("login"), Some(way)) => self.log_in(way),
            (Some("token"), _) => self.token(),
            (Some("break"), _) => self.in_a_coding(arrived),
            (Some(kind), Some(form)) => self.echo(kind, form, arrived),
            _ => json_response("{}"),
        }
    }

    /// What a request carries is as good as a secret: digests and pairs.
    fn learn(&mut self, arrived: &Arrived) {
        for name in [
            "x-key",
            "x-constant",
            "x-constant-digest",
            "x-session",
            "authorization",
            "cookie",
        ] {
            let Some(value) = arrived.header(name) else {
                continue;
            };
            let bare = ["Token ", "Bearer ", "Basic ", "Session ", "sid="];
            let bare = bare.iter().find_map(|scheme| value.strip_prefix(scheme));
            self.add(bare.unwrap_or(value));
        }
    }

    fn add(&mut self, value: &str) {
        if !self.values.iter().any(|known| known == value) {
            self.values.push(value.to_owned());
        }
    }

    fn issue(&mut self) -> [String; 5] {
        self.issued += 1;
        assert!(self.issued <= FORESEEN, "nobody logs in so often");
        issue(self.issued)
    }

    fn log_in(&mut self, way: &str) -> Response<Body> {
        let [json, cookie, header, ..] = self.issue();
        match way {
            "cookie" => {
                self.add(&cookie);
                with_header("set-cookie", &format!("sid={cookie}; Path=/; HttpOnly"))
            }
            "header" => {
                self.add(&header);
                with_header("x-new-session", &header)
            }
            _ => {
                self.add(&json);
                json_response(json!({"session": {"id": json}}).to_string())
            }
        }
    }

    fn token(&mut self) -> Response<Body> {
        let [_, _, _, access, refresh] = self.issue();
        self.add(&access);
        self.add(&refresh);
        let answer = json!({"access_token": access, "refresh_token": refresh, "expires_in": 3600});
        json_response(answer.to_string())
    }

    /// All that it knows in one form: in a body, and in a header of the form's name. An access token is
    /// refused at its first use, so that it is renewed.
    fn echo(&mut self, kind: &str, form: &str, arrived: &Arrived) -> Response<Body> {
        let all = self.all(form, arrived);
        let header: String = all
            .chars()
            .filter(|c| c.is_ascii() && !c.is_control())
            .collect();
        let mut response = json_response(all);
        let name = FORMS
            .iter()
            .find(|known| **known == form)
            .map(|form| format!("x-{form}"));
        if let (Some(name), Ok(value)) = (name, HeaderValue::from_str(header.trim())) {
            let name: axum::http::HeaderName = name.parse().expect("a name");
            response.headers_mut().insert(name, value);
        }
        *response.status_mut() = match kind {
            "fail" => StatusCode::BAD_REQUEST,
            _ if self.first_token(arrived) => StatusCode::UNAUTHORIZED,
            _ => StatusCode::OK,
        };
        response
    }

    fn first_token(&self, arrived: &Arrived) -> bool {
        let [_, _, _, first, _] = issue(self.issued.max(1));
        let sent = arrived.header("authorization").unwrap_or_default();
        self.issued % 2 == 1 && sent == format!("Bearer {first}")
    }

    /// Secrets, sessions, and the request as it came.
    fn all(&self, form: &str, arrived: &Arrived) -> String {
        let configured = SECRETS.iter().map(|(_, value)| *value);
        let given = self.values.iter().map(String::as_str);
        let decoded = given.clone().filter(|value| value.contains("%2F"));
        let decoded: Vec<String> = decoded
            .map(|value| {
                value
                    .replace("%2F", "/")
                    .replace("%2B", "+")
                    .replace("%3D", "=")
            })
            .collect();
        let headers = arrived.headers.iter().map(|(_, value)| value.as_str());
        let body = String::from_utf8_lossy(&arrived.body).into_owned();
        let values = configured
            .chain(given)
            .chain(decoded.iter().map(String::as_str));
        let values: Vec<String> = values
            .chain(headers)
            .chain([&*body])
            .map(|value| echoed(form, value))
            .collect();
        format!("{CANARY} {}", values.join(" | "))
    }

    /// What nobody here can decode.
    fn in_a_coding(&self, arrived: &Arrived) -> Response<Body> {
        let mut response = json_response(self.all("raw", arrived));
        let coding = HeaderValue::from_static("zstd");
        response.headers_mut().insert("content-encoding", coding);
        response
    }
}

fn with_header(name: &'static str, value: &str) -> Response<Body> {
    let mut response = json_response("{}");
    let value = HeaderValue::from_str(value).expect("it fits");
    response.headers_mut().insert(name, value);
    response
}
