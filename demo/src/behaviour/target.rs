//! What the table runs against, and how a case ends.

use std::future::Future;

use serde_json::Value;

use super::saved::Saved;

/// Names and values of headers.
pub type Headers = Vec<(String, String)>;

/// A request to send.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The verb.
    pub method: String,
    /// Below the base that the target chose for its CRM, without the query.
    pub path: String,
    /// Encoded, without the question mark.
    pub query: String,
    /// Names and values.
    pub headers: Headers,
    /// Empty for none.
    pub body: Vec<u8>,
}

impl Ask {
    /// Path and query as they follow the base.
    #[must_use]
    pub fn address(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }
}

/// What came back.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case and values.
    pub headers: Headers,
    /// As it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Something that answers a CRM's API.
pub trait Target: Sync {
    /// Sends one request. The error is a failure to get any answer.
    fn send(&self, ask: Ask) -> impl Future<Output = Result<Answer, String>> + Send;

    /// The headers that make a request somebody's, or `None` when there is nobody of that name.
    fn credentials(&self, who: &str, ask: &Ask, saved: &Saved) -> Option<Headers>;

    /// Named values that cases refer to, for example a user name and password that go in a body.
    fn values(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Whether this is the stand-in, where cases marked as such may run.
    fn is_demo(&self) -> bool;
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Passed,
    /// What was not.
    Failed(String),
    /// Why it did not run.
    Skipped(String),
}

/// A case and its end.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The group's name.
    pub group: String,
    /// The case's name.
    pub case: String,
    /// How it ended.
    pub verdict: Verdict,
}
