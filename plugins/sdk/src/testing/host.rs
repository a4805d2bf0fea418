//! The stand-in for the host: settings, cache, a clock that only sleeping moves, and the upstream.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use portcullis_manifest::{Method, Route};
use serde_json::{Map, Value, json};

use super::{
    exchange::Exchange,
    routes::{self, Known},
};
use crate::{
    block::{Block, Refused},
    call::{Host, Level, Transport},
    http::{HttpError, Reason, Request, Response, Stage},
};

type Upstream = Box<dyn FnMut(&Request) -> Result<Response, HttpError>>;
type Entry = (Vec<u8>, u64);

/// How far a call is: done, of how much, and the words.
pub(super) type Step = (f64, Option<f64>, String);

pub(super) struct StubHost {
    pub(super) settings: Map<String, Value>,
    pub(super) connection: Value,
    pub(super) identity: String,
    pub(super) table: RefCell<Vec<Exchange>>,
    pub(super) upstream: RefCell<Option<Upstream>>,
    pub(super) requests: RefCell<Vec<Request>>,
    pub(super) faults: RefCell<Vec<String>>,
    pub(super) lines: RefCell<Vec<String>>,
    pub(super) blocks: RefCell<Vec<Block>>,
    /// What a caller who follows is told; nothing where nobody does.
    pub(super) steps: RefCell<Option<Vec<Step>>>,
    pub(super) cache: RefCell<BTreeMap<(String, String), Entry>>,
    pub(super) clock_ms: Cell<u64>,
    pub(super) deadline_ms: Cell<u64>,
    pub(super) allowed: RefCell<(Vec<Route>, Value)>,
    /// The answers of the running call to what may have made something.
    pub(super) made: RefCell<Vec<Value>>,
    pub(super) sends: BTreeSet<String>,
    pub(super) slots: BTreeSet<String>,
}

impl StubHost {
    fn now(&self) -> u64 {
        self.clock_ms.get()
    }

    fn fault(&self, reason: Reason, detail: String) -> HttpError {
        self.faults.borrow_mut().push(detail.clone());
        HttpError {
            reason,
            stage: Stage::NotSent,
            detail,
            retry_after_ms: None,
        }
    }

    fn check(&self, request: &Request) -> Result<(), HttpError> {
        if let Some(segment) = request
            .path
            .iter()
            .find(|segment| !is_safe_segment(segment))
        {
            return Err(self.fault(
                Reason::InvalidRequest,
                format!("the path segment {segment:?} is refused"),
            ));
        }
        if let Some((name, _)) = request
            .headers
            .iter()
            .find(|(name, _)| !self.sends.contains(name))
        {
            return Err(self.fault(
                Reason::InvalidRequest,
                format!("the header {name} does not stand in headers.send"),
            ));
        }
        if let Some(slot) = request
            .credential
            .as_ref()
            .filter(|slot| !self.slots.contains(*slot))
        {
            return Err(self.fault(
                Reason::CredentialMissing,
                format!("there is no credential slot {slot}"),
            ));
        }
        let (allowed, made) = (self.allowed.borrow(), self.made.borrow());
        let known = Known {
            arguments: &allowed.1,
            made: &made,
        };
        if allowed
            .0
            .iter()
            .any(|route| routes::matches(route, request, &known))
        {
            return Ok(());
        }
        Err(self.fault(
            Reason::Denied,
            format!("no route of the tool matches {}", request.line()),
        ))
    }

    fn look_up(&self, request: &Request) -> Result<Response, HttpError> {
        let mut table = self.table.borrow_mut();
        match table
            .iter_mut()
            .find(|exchange| exchange.left > 0 && exchange.matches(request))
        {
            Some(exchange) => {
                exchange.left -= 1;
                exchange.response()
            }
            None => {
                let body = request.body.as_deref().map(String::from_utf8_lossy);
                let body = body.map(|body| format!(" {body}")).unwrap_or_default();
                Err(self.fault(
                    Reason::InvalidRequest,
                    format!(
                        "unexpected request: {} {:?}{body}",
                        request.line(),
                        request.query
                    ),
                ))
            }
        }
    }
}

impl Transport for StubHost {
    fn send(&self, request: &Request) -> Result<Response, HttpError> {
        self.check(request)?;
        self.requests.borrow_mut().push(request.clone());
        let answer = match self.upstream.borrow_mut().as_mut() {
            Some(upstream) => upstream(request),
            None => self.look_up(request),
        };
        if let (Method::Post, Ok(answer)) = (request.method, &answer) {
            let told = answer.value().filter(|_| answer.is_success());
            self.made.borrow_mut().extend(told);
        }
        answer
    }

    fn send_all(&self, requests: &[Request]) -> Vec<Result<Response, HttpError>> {
        requests.iter().map(|request| self.send(request)).collect()
    }
}

impl Host for StubHost {
    fn log(&self, level: Level, message: &str) {
        self.lines.borrow_mut().push(format!("{level:?} {message}"));
    }

    fn connection(&self) -> String {
        let mut connection = self.connection.clone();
        connection["credentials"] = json!(self.slots);
        connection["settings"] = json!(self.settings);
        connection.to_string()
    }

    fn cache_get(&self, key: &str) -> Option<Vec<u8>> {
        let cache = self.cache.borrow();
        let (bytes, until) = cache.get(&(self.identity.clone(), key.to_owned()))?;
        (*until > self.now()).then(|| bytes.clone())
    }

    fn cache_put(&self, key: &str, value: &[u8], ttl_ms: u32) {
        if value.len() <= 1 << 20 {
            let until = self.now() + u64::from(ttl_ms);
            self.cache.borrow_mut().insert(
                (self.identity.clone(), key.to_owned()),
                (value.to_vec(), until),
            );
        }
    }

    fn cache_remove(&self, key: &str) {
        self.cache
            .borrow_mut()
            .remove(&(self.identity.clone(), key.to_owned()));
    }

    fn attach(&self, block: &Block) -> Result<(), Refused> {
        self.blocks.borrow_mut().push(block.clone());
        Ok(())
    }

    fn is_followed(&self) -> bool {
        self.steps.borrow().is_some()
    }

    fn report(&self, done: f64, total: Option<f64>, message: Option<&str>) {
        if let Some(steps) = self.steps.borrow_mut().as_mut() {
            steps.push((done, total, message.unwrap_or_default().to_owned()));
        }
    }

    fn remaining_ms(&self) -> u32 {
        u32::try_from(self.deadline_ms.get().saturating_sub(self.now())).unwrap_or(u32::MAX)
    }

    fn sleep(&self, time: Duration) {
        self.clock_ms
            .set(self.now() + u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2));
    }
}

fn is_safe_segment(segment: &str) -> bool {
    let lower = segment.to_ascii_lowercase();
    !segment.is_empty()
        && segment != "."
        && segment != ".."
        && !segment
            .chars()
            .any(|c| c == '/' || c == '\\' || c.is_control())
        && !["%2f", "%5c", "%2e", "%00"]
            .iter()
            .any(|bad| lower.contains(bad))
}
