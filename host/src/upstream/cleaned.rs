//! What came back, without what is secret: the connection's secrets and tokens, the caller's own token,
//! and what this request alone carried.
//!
//! Owns in which order they go. It must not know the forms of a value, nor how a request was signed.

use zeroize::Zeroizing;

use super::scrub::Scrubber;
use super::{Answer, Failed, Received, Upstream};

/// What removes the caller's token, and what this request alone carried.
pub(super) type Beside<'s> = [Option<&'s Scrubber>; 2];

/// What removes the values that one request alone carries.
///
/// # Errors
/// They are too large to be searched for.
pub(super) fn own(values: &[Zeroizing<String>]) -> Result<Option<Scrubber>, Failed> {
    if values.is_empty() {
        return Ok(None);
    }
    let made = Scrubber::of_one_request(values.iter().map(|value| value.as_str()));
    made.map(Some)
        .map_err(|_| Failed::invalid("the signature is too large"))
}

impl Upstream {
    /// Removes what is secret when the answer has arrived, tokens of other requests included.
    pub(super) fn without_secrets(&self, received: Received, known: Beside<'_>) -> Answer {
        let headers = received.headers.into_iter();
        let body = self.line.scrubber.body(received.body);
        Answer {
            status: received.status,
            headers: headers
                .map(|(name, value)| (name, self.clean(value, known)))
                .collect(),
            body: known
                .into_iter()
                .flatten()
                .fold(body, |body, scrubber| scrubber.body(body)),
        }
    }

    pub(super) fn cleaned(&self, mut failed: Failed, known: Beside<'_>) -> Failed {
        failed.detail = self.clean(failed.detail, known);
        failed
    }

    /// A text without the connection's secrets, and those of its request.
    fn clean(&self, text: String, known: Beside<'_>) -> String {
        let text = self.line.scrubber.text(text);
        let known = known.into_iter().flatten();
        known.fold(text, |text, scrubber| scrubber.text(text))
    }
}
