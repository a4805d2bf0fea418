//! The stand-ins as targets, called in process, with all of their users.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::saved::Saved;
use super::target::{Answer, Ask, Headers, Target};
use super::{atomic, bottlecrm, espocrm, suitecrm};
use crate::atomic::AtomicCrm;

/// Who somebody is to one CRM: a name of the table, to headers.
type Credentials = fn(&str, &Ask, &Saved) -> Option<Headers>;

/// A CRM's router, called without a network.
#[derive(Clone, Debug)]
pub struct InProcess {
    router: Router,
    base: &'static str,
    credentials: Credentials,
    values: Vec<(String, String)>,
}

impl InProcess {
    /// The in-memory EspoCRM.
    #[must_use]
    pub fn espocrm(router: Router) -> Self {
        Self {
            router,
            base: "/api/v1/",
            credentials: espocrm::demo_credentials,
            values: Vec::new(),
        }
    }

    /// The in-memory SuiteCRM, installed at the root.
    #[must_use]
    pub fn suitecrm(router: Router) -> Self {
        Self {
            router,
            base: "/",
            credentials: suitecrm::demo_credentials,
            values: suitecrm::demo_values(),
        }
    }

    /// The in-memory BottleCRM.
    #[must_use]
    pub fn bottlecrm(router: Router) -> Self {
        Self {
            router,
            base: "/",
            credentials: bottlecrm::demo_credentials,
            values: Vec::new(),
        }
    }

    /// The in-memory Supabase project of Atomic CRM.
    #[must_use]
    pub fn atomic(crm: &AtomicCrm) -> Self {
        Self {
            router: crm.router(),
            base: "/",
            credentials: atomic::demo_credentials,
            values: atomic::demo_values(crm),
        }
    }
}

impl Target for InProcess {
    async fn send(&self, ask: Ask) -> Result<Answer, String> {
        let mut request = Request::builder().method(ask.method.as_str()).uri(format!(
            "{}{}",
            self.base,
            ask.address()
        ));
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Body::from(ask.body))
            .map_err(|error| error.to_string())?;
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .map_err(|error| error.to_string())?;
        let (parts, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| error.to_string())?
            .to_bytes()
            .to_vec();
        let text = |value: &axum::http::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers,
            body,
        })
    }

    fn credentials(&self, who: &str, ask: &Ask, saved: &Saved) -> Option<Headers> {
        (self.credentials)(who, ask, saved)
    }

    fn values(&self) -> Vec<(String, String)> {
        self.values.clone()
    }

    fn is_demo(&self) -> bool {
        true
    }
}
