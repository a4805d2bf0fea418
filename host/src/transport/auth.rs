//! Who sends this request: the layer between Host and Origin on one side and MCP on the other.
//!
//! Owns reading the `Authorization` header. Each request proves its caller anew; a connection that is kept open and a session carry no identity. A further way to
//! prove oneself is a further [`Proof`] with an arm in [`authenticate`]; what it finds out goes into
//! the [`Caller`], and nothing after this layer looks at the header. It must not know MCP.

use axum::http::{HeaderMap, header};

use super::refusal::Refusal;
use crate::call::{Proof, Scope};
use crate::caller::{Caller, Owner, Token, TokenError};
use crate::keys::{NotLetIn, PREFIX};
use crate::policy::{self, Bearer, EFFECTS, Principal};

/// Finds out who the caller is.
///
/// # Errors
/// The endpoint wants a proof that the request does not bring.
pub async fn authenticate(
    headers: &HeaderMap,
    proof: &Proof,
    scope: &Scope,
) -> Result<Caller, Refusal> {
    match proof {
        // A token that nobody asked for is not looked at, and goes nowhere.
        Proof::Nothing => Ok(Caller::known(Principal::anonymous())),
        Proof::OwnToken => bearer(headers).map(Caller::holding),
        Proof::Signed(issuer) => Ok(issuer.caller(bearer(headers)?).await?),
        Proof::Door(door) => {
            let connection = match scope {
                Scope::Connection(name) => Some(name.as_str()),
                Scope::All | Scope::Shared => None,
            };
            let token = bearer(headers).map_err(|refusal| match refusal {
                Refusal::Malformed(_) => Refusal::NoKey(Some(NotLetIn::Form)),
                Refusal::Missing => Refusal::NoKey(None),
                other => other,
            })?;
            Ok(door.caller(&token, connection).await?)
        }
    }
}

/// The digest of a token whose signature has to be checked, which is the work that strangers can make.
pub fn costly(headers: &HeaderMap, proof: &Proof) -> Option<Owner> {
    proof.issuer()?;
    let token = bearer(headers).ok()?;
    let is_key = matches!(proof, Proof::Door(_)) && token.expose().starts_with(PREFIX);
    (!is_key).then(|| token.digest())
}

/// Whether a caller may come to an endpoint at all.
///
/// # Errors
/// What they brought is for other connections.
pub fn admit(caller: &Caller, scope: &Scope) -> Result<(), Refusal> {
    let Some(mandate) = caller.principal().mandate() else {
        return Ok(());
    };
    let has_scope = EFFECTS.into_iter().any(|effect| mandate.allows(effect));
    match scope {
        Scope::Connection(name) if !mandate.reaches(name) => Err(Refusal::NotHere),
        _ if mandate.bearer == Bearer::Token && !has_scope => {
            Err(Refusal::Scopes(vec![policy::scope(EFFECTS[0])]))
        }
        _ => Ok(()),
    }
}

/// The bearer token of a request.
fn bearer(headers: &HeaderMap) -> Result<Token, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(Refusal::Several);
    }
    let value = first.ok_or(Refusal::Missing)?;
    let text = value
        .to_str()
        .map_err(|_| Refusal::Malformed(TokenError::Character))?
        .trim_matches([' ', '\t']);
    let (scheme, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::Missing);
    }
    Token::new(rest).map_err(|error| match error {
        TokenError::Empty => Refusal::Missing,
        other => Refusal::Malformed(other),
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use futures::future::FutureExt;

    use super::*;

    fn read(values: &[&str]) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(header::AUTHORIZATION, value);
        }
        let caller = authenticate(&headers, &Proof::OwnToken, &Scope::Shared).now_or_never();
        let caller = caller.expect("nothing to wait for")?;
        Ok(caller.token().unwrap().expose().to_owned())
    }

    #[test]
    fn bearers() {
        for value in [
            "Bearer abc",
            "bearer abc",
            "BEARER   abc  ",
            " Bearer\tabc\t",
        ] {
            assert_eq!(read(&[value]), Ok("abc".to_owned()), "{value:?}");
        }
        for (values, refusal) in [
            (&[][..], Refusal::Missing),
            (&[""], Refusal::Missing),
            (&["Bearer"], Refusal::Missing),
            (&["Bearer  \t "], Refusal::Missing),
            (&["Basic YTpi"], Refusal::Missing),
            (&["Bearerabc"], Refusal::Missing),
            (&["abc"], Refusal::Missing),
            (&["Bearer a b"], Refusal::Malformed(TokenError::Character)),
            (
                &["Bearer abc, Basic YTpi"],
                Refusal::Malformed(TokenError::Character),
            ),
            (
                &["Bearer schl\u{fc}ssel"],
                Refusal::Malformed(TokenError::Character),
            ),
            (&["Bearer a", "Bearer a"], Refusal::Several),
            (&["Basic YTpi", "Bearer a"], Refusal::Several),
        ] {
            assert_eq!(read(values), Err(refusal), "{values:?}");
        }
    }

    #[test]
    fn a_token_that_nobody_asked_for_is_not_taken() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::AUTHORIZATION,
            HeaderValue::from_static("Bearer abc"),
        );
        let caller = authenticate(&headers, &Proof::Nothing, &Scope::Shared).now_or_never();
        let caller = caller.unwrap().unwrap();
        assert_eq!(caller.principal(), &Principal::anonymous());
        assert!(caller.token().is_none());
    }
}
