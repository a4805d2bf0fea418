//! Ways a server can fail, put in front of any of the CRMs here.
//!
//! A fault is used once, a number of times, or for every request whose address contains a text. Some
//! replace the answer, some spoil it; `DropAfterRequest` lets the CRM do what was asked and then
//! says nothing, which is the case a client can not tell from one where nothing happened. A server
//! that is down needs no fault: do not listen.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream;
use http_body_util::BodyExt;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The right answer, late.
    Slow(Duration),
    /// A web page instead, as proxies and firewalls send it.
    Html(u16),
    /// A status with an empty body and, if given, `Retry-After`: seconds or a date.
    Status {
        /// The status.
        status: u16,
        /// The header's value.
        retry_after: Option<String>,
    },
    /// A status that promises JSON, and nothing in the body.
    Empty(u16),
    /// 200 and JSON that ends too early.
    BadJson,
    /// The right answer, whose connection breaks in the middle of the body.
    CutMidBody,
    /// 200 and so many bytes of JSON text, sent as they are made.
    Huge(u64),
    /// 302 to somewhere else.
    Redirect(String),
    /// The request is carried out, then the connection closes without an answer.
    DropAfterRequest,
    /// 200 and a small gzip body that unpacks to so many bytes.
    Bomb(u64),
}

impl Fault {
    /// 429 without any hint when to come back.
    #[must_use]
    pub fn too_many() -> Self {
        Self::Status {
            status: 429,
            retry_after: None,
        }
    }

    /// 429 with `Retry-After`, in seconds or as an HTTP date.
    #[must_use]
    pub fn too_many_until(retry_after: impl Into<String>) -> Self {
        Self::Status {
            status: 429,
            retry_after: Some(retry_after.into()),
        }
    }
}

/// Where a standing fault looks for its text.
#[derive(Clone, Copy, Debug)]
enum Place {
    Address,
    Body,
}

/// The faults in force. Clones are the same set, so a test keeps one and the server another.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Set>>);

#[derive(Debug, Default)]
struct Set {
    next: VecDeque<Fault>,
    standing: Vec<(Place, String, Fault)>,
    applied: usize,
}

impl Faults {
    /// No faults yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// For the next request that no earlier fault takes.
    pub fn next(&self, fault: Fault) {
        self.times(1, fault);
    }

    /// For each of the next requests.
    pub fn times(&self, count: usize, fault: Fault) {
        self.set().next.extend(std::iter::repeat_n(fault, count));
    }

    /// For every request whose path or query, as sent, contains the text, until cleared. Queued
    /// faults go first.
    pub fn on(&self, part: impl Into<String>, fault: Fault) {
        let standing = (Place::Address, part.into(), fault);
        self.set().standing.push(standing);
    }

    /// For every request whose body, as sent, contains the text, until cleared: where one address
    /// serves many methods, `method=set_entry&` names one of them.
    pub fn on_body(&self, part: impl Into<String>, fault: Fault) {
        let standing = (Place::Body, part.into(), fault);
        self.set().standing.push(standing);
    }

    /// Ends all faults.
    pub fn clear(&self) {
        let mut set = self.set();
        set.next.clear();
        set.standing.clear();
    }

    /// How many requests met a fault.
    #[must_use]
    pub fn applied(&self) -> usize {
        self.set().applied
    }

    fn take(&self, address: &str, body: &str) -> Option<Fault> {
        let mut set = self.set();
        let standing = set
            .standing
            .iter()
            .find(|(place, part, _)| match place {
                Place::Address => address.contains(part),
                Place::Body => body.contains(part),
            })
            .map(|(_, _, fault)| fault.clone());
        let fault = set.next.pop_front().or(standing);
        set.applied += usize::from(fault.is_some());
        fault
    }

    fn set(&self) -> std::sync::MutexGuard<'_, Set> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A service behind faults.
pub fn faulty(router: Router, faults: &Faults) -> Router {
    router.layer(from_fn_with_state(faults.clone(), meet))
}

async fn meet(State(faults): State<Faults>, request: Request, next: Next) -> Response<Body> {
    let (parts, body) = request.into_parts();
    // A body that breaks off on its way counts as none.
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let fault = faults.take(&parts.uri.to_string(), &String::from_utf8_lossy(&body));
    let request = Request::from_parts(parts, Body::from(body));
    let Some(fault) = fault else {
        return next.run(request).await;
    };
    match fault {
        Fault::Slow(delay) => {
            tokio::time::sleep(delay).await;
            next.run(request).await
        }
        Fault::CutMidBody => cut(next.run(request).await).await,
        Fault::DropAfterRequest => {
            next.run(request).await;
            Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(gone())])))
        }
        other => replaced(&other),
    }
}

/// Answers that have nothing to do with the request.
fn replaced(fault: &Fault) -> Response<Body> {
    match fault {
        Fault::Html(status) => answer(
            *status,
            (CONTENT_TYPE, "text/html"),
            Body::from("<html><body><h1>Request blocked</h1></body></html>"),
        ),
        Fault::Status {
            status,
            retry_after,
        } => {
            let text = retry_after.clone().unwrap_or_default();
            let header = retry_after
                .as_ref()
                .map_or((CONTENT_TYPE, "text/plain"), |_| {
                    (RETRY_AFTER, text.as_str())
                });
            answer(*status, header, Body::empty())
        }
        Fault::Empty(status) => answer(*status, (CONTENT_TYPE, "application/json"), Body::empty()),
        Fault::BadJson => answer(
            200,
            (CONTENT_TYPE, "application/json"),
            Body::from("{\"total\": 3, \"list\": [{\"id\": "),
        ),
        Fault::Redirect(to) => answer(302, (LOCATION, to), Body::empty()),
        Fault::Huge(size) => answer(200, (CONTENT_TYPE, "application/json"), endless(*size)),
        Fault::Bomb(size) => {
            let mut response = answer(
                200,
                (CONTENT_TYPE, "application/json"),
                Body::from(packed(*size)),
            );
            response
                .headers_mut()
                .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        }
        Fault::Slow(_) | Fault::CutMidBody | Fault::DropAfterRequest => {
            Response::new(Body::empty())
        }
    }
}

fn answer(status: u16, (name, value): (HeaderName, &str), body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Half of the body, time for it to leave, then a broken connection.
async fn cut(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let whole = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    parts
        .headers
        .insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let half = whole.slice(..whole.len() / 2);
    let pieces = stream::unfold(Some(half), |state| async move {
        match state {
            Some(half) if !half.is_empty() => Some((Ok(half), Some(Bytes::new()))),
            Some(_) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Err(gone()), None))
            }
            None => None,
        }
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// A JSON text of the given size, never whole in memory.
fn endless(size: u64) -> Body {
    const PIECE: u64 = 64 * 1024;
    let filler = Bytes::from(vec![b'a'; 64 * 1024]);
    let first = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"{\"list\":\""))]);
    let pieces = stream::iter(
        std::iter::repeat_n(filler, usize::try_from(size / PIECE).unwrap_or(usize::MAX)).map(Ok),
    );
    let last = stream::iter([Ok(Bytes::from_static(b"\"}"))]);
    use futures::StreamExt;
    Body::from_stream(first.chain(pieces).chain(last))
}

/// So many zeros, packed.
fn packed(size: u64) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let piece = [b'0'; 16 * 1024];
    let mut left = size;
    while left > 0 {
        let now = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
        if encoder.write_all(&piece[..now]).is_err() {
            break;
        }
        left -= now as u64;
    }
    encoder.finish().unwrap_or_default()
}

fn gone() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionReset,
        "the connection was dropped on purpose",
    )
}
