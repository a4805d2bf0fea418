//! The way to the CRM that a guest's requests and the host's own share.
//!
//! Owns one client, one base, one set of constant headers and one scrubber, so that a login is
//! guarded, limited and cleaned like everything else. It must not know recipes.

use std::time::Instant;

use futures::future::{BoxFuture, FutureExt};

use super::base::Root;
use super::client::{Client, Window, Wire};
use super::credential::{Asked, Reply, SecretHeader, Wire as Exchange};
use super::failed::Failed;
use super::probe::Roots;
use super::redact::{Hidden, Redactor};
use super::spec::Limits;
use crate::policy::segment;

/// What every request of a connection goes through.
pub(super) struct Line {
    pub(super) roots: Roots,
    pub(super) client: Client,
    /// Headers that every request carries, or the secrets without which it cannot.
    pub(super) constants: Result<Vec<SecretHeader>, Vec<String>>,
    pub(super) limits: Limits,
    pub(super) scrubber: Redactor,
}

impl Line {
    /// The base; the first request may have to look for it.
    pub(super) async fn root(&self, window: Window) -> Result<&Root, Failed> {
        self.roots.settled(&self.client, window).await
    }
}

/// The line during one window of time.
pub(super) struct Within<'l> {
    pub(super) line: &'l Line,
    pub(super) window: Window,
}

impl Within<'_> {
    async fn ask(&self, asked: Asked) -> Result<Reply, Failed> {
        let path = segment::encode_path(&asked.path);
        let root = self.line.root(self.window).await?;
        let url = root.join(&path, &asked.query);
        let constants = self.line.constants.clone().unwrap_or_default();
        let (mut headers, mut body) = (vec![accept()], None);
        if let Some((media, bytes)) = asked.body {
            headers.push(("content-type".to_owned(), media.to_owned()));
            body = Some(bytes.to_vec());
        }
        let wire = Wire {
            method: asked.method,
            url: url.map_err(Failed::invalid)?,
            headers,
            secret_headers: constants.into_iter().chain(asked.headers).collect(),
            body,
        };
        let opened = self.line.client.send(wire, self.window).await?;
        let (status, headers) = (opened.status(), opened.headers(|_| true));
        let most = self.line.limits.response_bytes;
        Ok(Reply {
            status,
            headers,
            body: opened.body(most).await?,
        })
    }
}

pub(super) fn accept() -> (String, String) {
    ("accept".to_owned(), "application/json".to_owned())
}

impl Exchange for Within<'_> {
    fn exchange(&self, asked: Asked) -> BoxFuture<'_, Result<Reply, Failed>> {
        self.ask(asked).boxed()
    }

    fn hide(&self, value: &str) -> Hidden {
        self.line.scrubber.hide(value)
    }
}

/// A window that ends after the limit of one request, or before.
pub(super) fn window(limits: &Limits, now: Instant, of_call: Instant) -> Window {
    let of_request = now + limits.timeout;
    if of_request < of_call {
        Window {
            until: of_request,
            limit: "`limits.timeout_ms`",
        }
    } else {
        Window {
            until: of_call,
            limit: "`limits.timeout_ms` of the whole call",
        }
    }
}
