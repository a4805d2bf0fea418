//! A small typed client over the capability `http`.
//!
//! Builds requests, repeats reads that met a passing fault, and turns missing answers into
//! failures. What a status means is the plugin's business, see [`Response::ok`].

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use portcullis_manifest::Method;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    call::Call,
    failure::{Failure, Outcome},
    http::{HttpError, Reason, Request, Response},
};

/// How often a read is repeated.
pub const MAX_RETRIES: u32 = 2;
/// A `retry-after` beyond this is left to the caller.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The first pause; each further one is twice as long.
const FIRST_WAIT_MS: u64 = 200;
/// What has to be left of the call's time after a pause, so that there is time for an answer.
const MARGIN: Duration = Duration::from_secs(1);

/// Joins path segments: `path!["Account", id]`.
#[macro_export]
macro_rules! path {
    ($($segment:expr),* $(,)?) => { ::std::vec![$(::std::string::ToString::to_string(&$segment)),*] };
}

/// The way to the CRM.
#[derive(Clone, Copy)]
pub struct Client<'c> {
    call: &'c Call<'c>,
    slot: Option<&'c str>,
}

impl<'c> Client<'c> {
    pub(crate) fn new(call: &'c Call<'c>) -> Self {
        Self {
            call,
            slot: Some("default"),
        }
    }

    /// The same client with another credential slot of the manifest.
    #[must_use]
    pub fn with_slot(self, slot: &'c str) -> Self {
        Self {
            slot: Some(slot),
            ..self
        }
    }

    /// The same client without a credential.
    #[must_use]
    pub fn anonymous(self) -> Self {
        Self { slot: None, ..self }
    }

    /// A read.
    #[must_use]
    pub fn get(&self, path: Vec<String>) -> Ask<'c> {
        self.ask(Method::Get, path)
    }

    /// A POST.
    #[must_use]
    pub fn post(&self, path: Vec<String>) -> Ask<'c> {
        self.ask(Method::Post, path)
    }

    /// A PUT.
    #[must_use]
    pub fn put(&self, path: Vec<String>) -> Ask<'c> {
        self.ask(Method::Put, path)
    }

    /// A PATCH.
    #[must_use]
    pub fn patch(&self, path: Vec<String>) -> Ask<'c> {
        self.ask(Method::Patch, path)
    }

    /// A DELETE.
    #[must_use]
    pub fn delete(&self, path: Vec<String>) -> Ask<'c> {
        self.ask(Method::Delete, path)
    }

    /// Sends several requests concurrently, without repeating any. Answers stand in order.
    #[must_use]
    pub fn send_all(&self, asks: Vec<Ask<'c>>) -> Vec<Result<Response, Failure>> {
        let requests: Vec<_> = asks.iter().map(|ask| ask.request.clone()).collect();
        let results = self.call.host().send_all(&requests);
        asks.into_iter()
            .zip(results)
            .map(|(ask, result)| ask.settle(result))
            .collect()
    }

    fn ask(&self, method: Method, path: Vec<String>) -> Ask<'c> {
        Ask {
            call: self.call,
            changes: !matches!(method, Method::Get | Method::Head),
            request: Request {
                method,
                path,
                query: Vec::new(),
                headers: vec![("accept".to_owned(), "application/json".to_owned())],
                body: None,
                credential: self.slot.map(str::to_owned),
            },
        }
    }
}

/// A request that is being put together.
pub struct Ask<'c> {
    call: &'c Call<'c>,
    changes: bool,
    request: Request,
}

impl Ask<'_> {
    /// Adds a query pair.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a value reads better at the call site"
    )]
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.request.query.push((name.into(), value.to_string()));
        self
    }

    /// Adds query pairs.
    #[must_use]
    pub fn queries(mut self, pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        self.request.query.extend(pairs);
        self
    }

    /// Adds a header; its name has to stand in the manifest's `headers.send`.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a value reads better at the call site"
    )]
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.request
            .headers
            .push((name.to_owned(), value.to_string()));
        self
    }

    /// Sets a JSON body.
    ///
    /// # Panics
    /// Never for values that JSON can hold, that is for maps with text keys.
    #[must_use]
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        self.request
            .headers
            .push(("content-type".to_owned(), "application/json".to_owned()));
        self.request.body = serde_json::to_vec(body).ok();
        self
    }

    /// Says which media type is wanted instead of `application/json`, and that a JSON body set
    /// before is of it too.
    #[must_use]
    pub fn media_type(mut self, name: &str) -> Self {
        for (header, value) in &mut self.request.headers {
            if header == "accept" || header == "content-type" {
                name.clone_into(value);
            }
        }
        self
    }

    /// Sets a form body.
    #[must_use]
    pub fn form(mut self, body: String) -> Self {
        self.request.headers.push((
            "content-type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        ));
        self.request.body = Some(body.into_bytes());
        self
    }

    /// Says that the request changes nothing although its method is not GET; its route says so too.
    #[must_use]
    pub fn changes_nothing(mut self) -> Self {
        self.changes = false;
        self
    }

    /// The request as it stands.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Sends it. A GET that met a passing fault is sent again, at most [`MAX_RETRIES`] times and
    /// only while the call has time.
    ///
    /// # Errors
    /// No response came. When the request asked for a change and may have reached the CRM, the
    /// outcome says so.
    pub fn send(self) -> Result<Response, Failure> {
        let mut attempt = 0;
        loop {
            let result = self.call.host().send(&self.request);
            let Some(wait) = self.pause(&result, attempt) else {
                return self.settle(result);
            };
            self.call.host().sleep(wait);
            attempt += 1;
        }
    }

    /// Sends it and reads the answer into a type: [`Ask::send`], then [`Response::json`] of a 2xx.
    ///
    /// # Errors
    /// No response came, its status is not 2xx, or its body has another shape. A 5xx to a request
    /// that asked for a change leaves open whether it happened.
    pub fn answer<T: DeserializeOwned>(self) -> Result<T, Failure> {
        let changes = self.changes;
        let response = self.send()?;
        if changes && !response.is_success() {
            return Err(response.failure_of_change());
        }
        response.ok()?.json()
    }

    fn settle(&self, result: Result<Response, HttpError>) -> Result<Response, Failure> {
        if self.changes && result.as_ref().is_ok_and(Response::is_success) {
            self.call.note_change();
        }
        result.map_err(|error| error.failure(self.changes))
    }

    fn pause(&self, result: &Result<Response, HttpError>, attempt: u32) -> Option<Duration> {
        if self.request.method != Method::Get || attempt >= MAX_RETRIES {
            return None;
        }
        let asked = match result {
            Ok(response) if matches!(response.status, 429 | 502 | 503 | 504) => {
                response.retry_after_ms()
            }
            Err(error) if matches!(error.reason, Reason::Connect | Reason::Protocol) => {
                error.retry_after_ms
            }
            _ => return None,
        };
        let wait = asked.map_or_else(|| backoff(attempt), |ms| Duration::from_millis(ms.into()));
        let left = Duration::from_millis(self.call.remaining_ms().into());
        (wait <= LONGEST_WAIT && wait + MARGIN <= left).then_some(wait)
    }
}

/// 200 ms, 400 ms, … and up to half of it again.
fn backoff(attempt: u32) -> Duration {
    let base = FIRST_WAIT_MS << attempt;
    let random = RandomState::new().build_hasher().finish();
    Duration::from_millis(base + random % (base / 2))
}

impl Response {
    /// [`Response::failure`] of a request that asked for a change: a 5xx leaves open whether it
    /// happened.
    #[must_use]
    pub fn failure_of_change(&self) -> Failure {
        let failure = self.failure();
        if self.status >= 500 {
            failure.outcome(Outcome::MayHaveHappened)
        } else {
            failure.outcome(Outcome::NotDone)
        }
    }
}
