//! What the table runs against, and how a case ends.

use std::future::Future;

use serde_json::Value;

/// A request to send.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The verb.
    pub method: String,
    /// Below `/api/v1/`, without the query.
    pub path: String,
    /// Encoded, without the question mark.
    pub query: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// Empty for none.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case and values.
    pub headers: Vec<(String, String)>,
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

/// Something that answers EspoCRM's API.
pub trait Target: Sync {
    /// Sends one request. The error is a failure to get any answer.
    fn send(&self, ask: Ask) -> impl Future<Output = Result<Answer, String>> + Send;

    /// The headers that make a request somebody's, or `None` when there is nobody of that name.
    fn credentials(&self, who: &str, ask: &Ask) -> Option<Vec<(String, String)>>;

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
