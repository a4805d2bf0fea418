//! A public document of the CRM, for the host itself: the keys of its token issuer.
//!
//! It goes the guarded way of every other request, without a credential. It says nothing of the CRM's
//! health, and does not wait for it. It must not know what a document means.

use std::time::{Duration, Instant};

use portcullis_manifest::Method;

use super::Upstream;
use super::client::{Window, Wire};
use super::failed::Failed;
use super::line::accept;
use super::{Reason, Stage};
use crate::policy::segment;

/// How long a document may take; callers wait for it.
const PATIENCE: Duration = Duration::from_secs(10);

impl Upstream {
    /// Fetches the document at a path below the base, of at most so many bytes.
    ///
    /// # Errors
    /// It did not come, or it is larger.
    pub async fn document(&self, path: &str, most: usize) -> Result<Vec<u8>, Failed> {
        let limits = &self.line.limits;
        let window = Window {
            until: Instant::now() + PATIENCE.min(limits.timeout),
            limit: "10 s, or `limits.timeout_ms` where that is less",
        };
        let path: Vec<String> = path.split('/').map(str::to_owned).collect();
        segment::check_path(&path).map_err(Failed::invalid)?;
        let root = self.line.root(window).await?;
        let url = root.join(&segment::encode_path(&path), &[]);
        let wire = Wire {
            method: Method::Get,
            url: url.map_err(Failed::invalid)?,
            headers: vec![accept()],
            secret_headers: self.line.constants.clone().unwrap_or_default(),
            body: None,
        };
        let opened = self.line.client.send(wire, window).await?;
        match opened.status() {
            200 => opened.body(most.min(limits.response_bytes)).await,
            status => {
                let detail = format!("the CRM answered {status}");
                Err(Failed::new(Reason::Protocol, Stage::Answered, detail))
            }
        }
    }
}
