//! The in-memory CRMs behind the stub, each below a path of its own.

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{Request, Response};
use http_body_util::BodyExt;
use portcullis_demo::bottlecrm::{self, BottleCrm};
use portcullis_demo::espocrm::{self, EspoCrm};
use portcullis_demo::suitecrm::{self, SuiteCrm};
use tower::ServiceExt;

use crate::fat;

/// Where EspoCRM is.
pub(crate) const ESPOCRM: &str = "/espo";
/// Where SuiteCRM is.
pub(crate) const SUITECRM: &str = "/suite";
/// Where BottleCRM is.
pub(crate) const BOTTLECRM: &str = "/bottle";

/// A request, whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Request line and headers.
    pub(crate) head: &'a str,
    pub(crate) body: &'a [u8],
}

impl<'a> Asked<'a> {
    /// Method and path of the request line.
    fn line(self) -> (&'a str, &'a str) {
        let line = self.head.split("\r\n").next().unwrap_or_default();
        let mut words = line.split(' ');
        (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        )
    }

    fn request(self) -> Result<Request<Body>> {
        let (method, uri) = self.line();
        let mut request = Request::builder().method(method).uri(uri);
        for line in self.head.split("\r\n").skip(1) {
            let (name, value) = line.split_once(':').context("a header without a colon")?;
            request = request.header(name, value.trim());
        }
        Ok(request.body(Body::from(self.body.to_vec()))?)
    }
}

/// All of them, by their paths.
pub(crate) struct Crms([(&'static str, Router); 3]);

impl Crms {
    /// New ones; their records have the same ids in every process.
    pub(crate) fn new() -> Self {
        let espo = EspoCrm::new(espocrm::Options {
            base: ESPOCRM.to_owned(),
            remember: 0,
            ..Default::default()
        });
        let suite = SuiteCrm::new(suitecrm::Options {
            base: SUITECRM.to_owned(),
            remember: 0,
            ..Default::default()
        });
        let bottle = BottleCrm::new(bottlecrm::Options {
            base: BOTTLECRM.to_owned(),
            remember: 0,
            ..Default::default()
        });
        Self([
            (ESPOCRM, espo.router()),
            (SUITECRM, suite.router()),
            (BOTTLECRM, bottle.router()),
        ])
    }

    /// What the one that is asked answers, as it goes over the wire.
    pub(crate) async fn ask(&self, asked: Asked<'_>) -> Result<Vec<u8>> {
        let (method, uri) = asked.line();
        let is_it = |(base, _): &&(&str, Router)| uri.starts_with(base);
        let (_, crm) = self
            .0
            .iter()
            .find(is_it)
            .with_context(|| format!("no CRM is at {uri}"))?;
        let response = crm.clone().oneshot(asked.request()?).await?;
        let size = fat::size(method, uri.strip_prefix(BOTTLECRM).unwrap_or_default());
        bytes(response, size).await
    }
}

/// A whole answer as it goes over the wire, its body grown to a size where there is one.
async fn bytes(response: Response<Body>, size: Option<usize>) -> Result<Vec<u8>> {
    let (parts, body) = response.into_parts();
    let mut body = body.collect().await?.to_bytes().to_vec();
    if let Some(size) = size.filter(|_| parts.status.is_success()) {
        body = fat::grown(&body, size)?;
    }
    let mut text = format!("HTTP/1.1 {}\r\n", parts.status).into_bytes();
    let headers = parts
        .headers
        .iter()
        .filter(|(name, _)| *name != CONTENT_LENGTH);
    for (name, value) in headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            text.extend_from_slice(part);
        }
    }
    text.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    text.extend_from_slice(&body);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(head: &str, body: &str) -> String {
        let body = body.as_bytes();
        let answer = Crms::new().ask(Asked { head, body }).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn each_crm_answers_below_its_path() {
        let id = EspoCrm::new(espocrm::Options::default())
            .ids("Account")
            .remove(0);
        let key = espocrm::FULL_KEY;
        let head = format!("GET /espo/api/v1/Account/{id} HTTP/1.1\r\nX-Api-Key: {key}");
        let espo = text(&head, "").await;
        assert!(espo.starts_with("HTTP/1.1 200 OK\r\n"), "{espo}");
        assert!(espo.contains("x-app-timestamp: "), "{espo}");
        assert!((1_000..4_000).contains(&espo.len()), "{} bytes", espo.len());
        let head = "POST /suite/service/v4_1/rest.php HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded";
        let form = "method=get_server_info&input_type=JSON&response_type=JSON&rest_data=%5B%5D";
        let suite = text(head, form).await;
        assert!(suite.contains("\"version\""), "{suite}");
        let bearer = bottlecrm::ADMIN_TOKEN;
        let head = format!("GET /bottle/api/profile/ HTTP/1.1\r\nAuthorization: Bearer {bearer}");
        let bottle = text(&head, "").await;
        assert!(bottle.starts_with("HTTP/1.1 200 OK\r\n"), "{bottle}");
    }

    #[tokio::test]
    async fn nobody_answers_elsewhere() {
        let head = "GET /elsewhere HTTP/1.1";
        let asked = Asked { head, body: b"" };
        assert!(Crms::new().ask(asked).await.is_err());
    }
}
