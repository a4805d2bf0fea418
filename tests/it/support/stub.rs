//! An upstream that is a function: for what no CRM would do.
//!
//! It keeps what it saw. It listens on a free port and ends with the test.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::Response;
use portcullis_demo::Running;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Arrived {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A running upstream.
pub struct Stub {
    running: Running,
    seen: Arc<Mutex<Vec<Arrived>>>,
}

impl Stub {
    /// Answers every request with what the function makes of it.
    pub async fn start(
        answer: impl Fn(&Arrived) -> Response<Body> + Clone + Send + Sync + 'static,
    ) -> Self {
        let seen: Arc<Mutex<Vec<Arrived>>> = Arc::default();
        let kept = Arc::clone(&seen);
        let router = Router::new().fallback(async move |request: Request| {
            let arrived = arrived(request).await;
            let response = answer(&arrived);
            kept.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(arrived);
            response
        });
        Self {
            running: Running::start(router).await.expect("a free port"),
            seen,
        }
    }

    /// Answers `{"ok":true}`.
    pub async fn ok() -> Self {
        Self::json(r#"{"ok":true}"#).await
    }

    /// Answers a JSON text.
    pub async fn json(text: &'static str) -> Self {
        Self::start(move |_| json_response(text)).await
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// What arrived.
    pub fn seen(&self) -> Vec<Arrived> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// 200 with a JSON text.
pub fn json_response(text: impl Into<String>) -> Response<Body> {
    let response = Response::builder().header("content-type", "application/json");
    response.body(Body::from(text.into())).expect("a response")
}

async fn arrived(request: Request) -> Arrived {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 64 << 20).await.unwrap_or_default();
    let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        (
            name.to_string(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    };
    Arrived {
        method: parts.method.to_string(),
        path: parts
            .uri
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default(),
        headers: parts.headers.iter().map(header).collect(),
        body: body.to_vec(),
    }
}
