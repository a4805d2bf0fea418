//! `forward`: the caller's own token, for the call that brought it and for nothing else.
//!
//! Holds no secret: the token comes with the request. It must not know how the caller sent it.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Credential, SecretHeader, Signable};

struct Forward;

impl Credential for Forward {
    fn apply(&self, request: &mut Signable<'_>) {
        let Some(token) = request.caller else {
            return; // refused before, see `is_the_callers`
        };
        request.headers.push(SecretHeader {
            name: "authorization".into(),
            // The scheme is spelt as in RFC 6750: there are CRMs that know no other spelling.
            value: Arc::new(Zeroizing::new(format!("Bearer {}", token.expose()))),
        });
    }

    fn is_the_callers(&self) -> bool {
        true
    }
}

/// `forward`.
pub(super) fn forward() -> Box<dyn Credential> {
    Box::new(Forward)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Token;

    #[test]
    fn the_token_of_the_request_and_no_other() {
        for (caller, wanted) in [
            (Some(Token::new("pat_a").unwrap()), Some("Bearer pat_a")),
            (None, None),
        ] {
            let mut request = Signable {
                method: "GET",
                path: "a",
                headers: Vec::new(),
                derived: Vec::new(),
                caller: caller.as_ref(),
            };
            forward().apply(&mut request);
            let sent = request.headers.first().map(|header| header.value.as_str());
            assert_eq!(sent, wanted);
        }
    }
}
