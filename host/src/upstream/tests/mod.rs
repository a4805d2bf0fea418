//! Whole requests against a stub on a loopback port.

mod bodies;
mod callers;
mod circuit;
mod credentials;
mod crm;
mod document;
mod egress;
mod oauth2;
mod pool;
mod probe;
mod requests;
mod sessions;
mod stages;
mod stub;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use portcullis_manifest::{Base, Headers, Method};
use serde_json::{Value, json};
use url::Url;

use super::*;
use crm::{Crm, v4};
use stub::{Reply, Stub, answer};

/// The secret of all tests; long enough to be scrubbed.
const KEY: &str = "k3y/with+odd=chars";

pub(super) fn spec(port: u16) -> Spec {
    Spec {
        name: "sales".to_owned(),
        site: Url::parse(&format!("http://127.0.0.1:{port}/crm/")).unwrap(),
        base: Base {
            append: "/api/v1".to_owned(),
            ..Base::default()
        },
        credentials: credentials(json!({ "api": [
            { "name": "key", "needs": ["key"], "recipe": "header", "header": "x-api-key", "value": "{key}" }
        ] })),
        auth: None,
        auth_of: BTreeMap::new(),
        forward: false,
        secrets: Secrets::of(&[("key", KEY)]),
        labels: BTreeMap::new(),
        headers: Headers {
            send: vec!["prefer".to_owned()],
            receive: vec!["x-echo".to_owned()],
            constant: BTreeMap::new(),
        },
        limits: Limits {
            response_bytes: 1 << 20,
            request_bytes: 1 << 10,
            ..Limits::default()
        },
        circuit: CircuitLimits::default(),
        explained: Vec::new(),
        tls_verify: true,
        exceptions: Vec::new(),
        refresh_tokens: Arc::new(MemoryRefreshStore::default()),
        names: Arc::default(),
    }
}

fn credentials(slots: Value) -> BTreeMap<String, Vec<portcullis_manifest::Credential>> {
    serde_json::from_value(slots).unwrap()
}

fn upstream(stub: &Stub) -> Upstream {
    Upstream::new(spec(stub.port)).unwrap()
}

/// A connection whose name a resolver of the test resolves.
fn over(spec: Spec, lookup: Arc<dyn Lookup>) -> Result<Upstream, Vec<SpecError>> {
    let names = Arc::new(Names::through(lookup));
    Upstream::new(Spec { names, ..spec })
}

fn ask(method: Method, path: &[&str]) -> Outgoing {
    Outgoing {
        method,
        path: path.iter().map(|s| (*s).to_owned()).collect(),
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        credential: None,
        caller: None,
    }
}

fn signed(method: Method, path: &[&str]) -> Outgoing {
    Outgoing {
        credential: Some("api".to_owned()),
        ..ask(method, path)
    }
}

fn post(body: &str) -> Outgoing {
    Outgoing {
        body: Some(body.into()),
        ..ask(Method::Post, &["Account"])
    }
}

async fn send(upstream: &Upstream, request: Outgoing) -> Result<Answer, Failed> {
    upstream
        .send(request, Instant::now() + Duration::from_secs(20))
        .await
}

/// Reason, stage and detail of a request that has no answer.
async fn fail(upstream: &Upstream, request: Outgoing) -> (Reason, Stage, String) {
    let failed = send(upstream, request).await.unwrap_err();
    (failed.reason, failed.stage, failed.detail)
}

async fn fail_with(reply: Reply, request: Outgoing) -> (Reason, Stage, String) {
    let stub = Stub::new(vec![reply]).await;
    fail(&upstream(&stub), request).await
}
