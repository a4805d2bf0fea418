//! Finds the prefix under which an installation serves its API.
//!
//! Owns the order of trying and what accepts a candidate. The requests carry no credential, and the
//! result is kept for the life of the connection. It must not know what is asked afterwards.

use portcullis_manifest::{Method, Probe};
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::timeout_at;
use url::Url;
use url::form_urlencoded;

use super::base::{BaseError, Root};
use super::client::{Client, Window, Wire};
use super::failed::{Failed, Reason, Stage};

/// The most bytes of an answer to a probe: a login page is no reason to refuse a candidate, a
/// flood is.
const LARGEST: usize = 1 << 20;

/// The base of a connection: fixed, or the first candidate that answers as the API does.
pub(super) struct Roots {
    plain: Root,
    probe: Option<Probing>,
}

struct Probing {
    declared: Probe,
    candidates: Vec<Root>,
    found: OnceCell<Root>,
}

impl Roots {
    /// The base, or the candidates for it.
    ///
    /// # Errors
    /// A prefix or the probe's path is no path.
    pub(super) fn new(plain: Root, probe: Option<&Probe>) -> Result<Self, BaseError> {
        let Some(declared) = probe.filter(|probe| !probe.prefixes.is_empty()) else {
            return Ok(Self { plain, probe: None });
        };
        let below = |prefix: &String| plain.below(prefix);
        let candidates = declared
            .prefixes
            .iter()
            .map(below)
            .collect::<Result<_, _>>()?;
        plain.below(&declared.path)?;
        let probe = Some(Probing {
            declared: declared.clone(),
            candidates,
            found: OnceCell::new(),
        });
        Ok(Self { plain, probe })
    }

    /// The base as far as it is known.
    pub(super) fn known(&self) -> &Root {
        let found = self.probe.as_ref().and_then(|probe| probe.found.get());
        found.unwrap_or(&self.plain)
    }

    /// The base; the first request looks for it, and others wait for what it finds, as long as they
    /// have time.
    pub(super) async fn settled(&self, client: &Client, window: Window) -> Result<&Root, Failed> {
        match &self.probe {
            None => Ok(&self.plain),
            Some(probe) => {
                let look = || probe.look(client, window);
                let found = probe.found.get_or_try_init(look);
                timeout_at(window.until.into(), found)
                    .await
                    .unwrap_or_else(|_| Err(too_slow(window.limit)))
            }
        }
    }
}

impl Probing {
    async fn look(&self, client: &Client, window: Window) -> Result<Root, Failed> {
        let mut tried = Vec::new();
        for (candidate, prefix) in self.candidates.iter().zip(&self.declared.prefixes) {
            let Some(status) = self.refuses(candidate, client, window).await? else {
                tracing::debug!(base = %candidate.url(), "the API was found");
                return Ok(candidate.clone());
            };
            let path = [prefix, &self.declared.path].map(|part| part.trim_matches('/'));
            let path = path.join("/");
            tried.push(format!("/{} ({status})", path.trim_start_matches('/')));
        }
        Err(Failed::not_sent(
            Reason::Protocol,
            format!(
                "no API was found below the connection's `url`; tried {}",
                tried.join(", ")
            ),
        ))
    }

    /// The status of a candidate that does not answer as the API does. A host that cannot be reached is
    /// an error: the other candidates are on it as well.
    async fn refuses(
        &self,
        candidate: &Root,
        client: &Client,
        window: Window,
    ) -> Result<Option<u16>, Failed> {
        let opened = client
            .send(self.wire(candidate)?, window)
            .await
            .map_err(unsent)?;
        let status = opened.status();
        if matches!(status, 429 | 502 | 503 | 504) {
            let detail = format!("the CRM answered {status} while its API was looked for");
            return Err(Failed::not_sent(Reason::Protocol, detail));
        }
        if !(200..300).contains(&status) {
            return Ok(Some(status));
        }
        let Some(pointer) = &self.declared.expect else {
            return Ok(None);
        };
        let body = match opened.body(LARGEST).await {
            Ok(body) => body,
            Err(failed) if failed.reason == Reason::TooLarge => return Ok(Some(status)),
            Err(failed) => return Err(unsent(failed)),
        };
        let answer: Option<Value> = serde_json::from_slice(&body).ok();
        let held = answer.as_ref().and_then(|answer| answer.pointer(pointer));
        let is_api = held.is_some_and(|value| !value.is_null());
        Ok((!is_api).then_some(status))
    }

    fn wire(&self, candidate: &Root) -> Result<Wire, Failed> {
        let declared = &self.declared;
        let posts = declared.method == Method::Post;
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&declared.form)
            .finish();
        let content_type = "application/x-www-form-urlencoded".to_owned();
        Ok(Wire {
            method: declared.method,
            url: probe_url(candidate, &declared.path)?,
            headers: match posts {
                true => vec![("content-type".to_owned(), content_type)],
                false => Vec::new(),
            },
            secret_headers: Vec::new(),
            body: posts.then(|| form.into_bytes()),
        })
    }
}

fn probe_url(candidate: &Root, path: &str) -> Result<Url, Failed> {
    candidate
        .join(path.trim_matches('/'), &[])
        .map_err(Failed::invalid)
}

fn too_slow(limit: &str) -> Failed {
    let detail = format!("looking for the CRM's API took too long ({limit})");
    Failed::not_sent(Reason::Timeout, detail)
}

/// The guest's own request was not sent, however far the probe came.
fn unsent(failed: Failed) -> Failed {
    Failed {
        stage: Stage::NotSent,
        ..failed
    }
}
