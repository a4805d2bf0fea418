//! Credentials: how a request is signed after it has left the sandbox.
//!
//! Owns the trait that every recipe fulfils and the choice among a slot's alternatives. No guest
//! sees any of it. It must not know where secrets were configured, nor which client sends.
//!
//! A recipe either signs with what it has ([`Credential`]), or gets a token first
//! ([`TokenRecipe`]), through a sender that it is handed.

mod forward;
mod header;
mod hmac;
mod issue;
mod login;
mod oauth2;
mod place;
mod refresh;
mod refusal;
mod request;
mod secrets;
mod template;

use std::fmt;
use std::sync::Arc;

use portcullis_manifest::{Credential as Declared, Place, Recipe};
use zeroize::Zeroizing;

pub(super) use header::constant;
pub(super) use issue::{NotIssued, TokenRecipe, Wire};
pub(super) use place::Placement;
pub use refresh::{Held, MemoryRefreshStore, RefreshStore, Unreadable};
pub(super) use request::{Asked, Reply};
pub use secrets::{Secret, Secrets};
pub use template::TemplateError;
pub(super) use template::digests;

use super::auth::wanted;
use super::spec::Spec;
use crate::caller::Token;

/// One request, as far as a credential looks at it and may change it.
pub struct Signable<'a> {
    /// The method's name on the wire.
    pub method: &'static str,
    /// The encoded path below the base as it is sent, without a leading slash and the query.
    pub path: &'a str,
    /// Headers that only the host may set; names in lower case.
    pub headers: Vec<SecretHeader>,
    /// What this request alone carries and its answer may echo, beside the secrets themselves.
    pub derived: Vec<Zeroizing<String>>,
    /// The caller's own token, where the connection acts with it.
    pub caller: Option<&'a Token>,
}

/// A header whose value no one may print.
#[derive(Clone)]
pub struct SecretHeader {
    /// In lower case.
    pub name: Arc<str>,
    /// Visible ASCII.
    pub value: Arc<Zeroizing<String>>,
}

impl fmt::Debug for SecretHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [redacted]", self.name)
    }
}

/// A recipe with its secrets, ready to sign.
pub trait Credential: Send + Sync {
    /// Signs a request.
    fn apply(&self, request: &mut Signable<'_>);

    /// Whether it signs with the caller's own token, so that nothing that is learnt of it holds for
    /// another caller, and a call without one cannot be signed.
    fn is_the_callers(&self) -> bool {
        false
    }

    /// Values made of secrets that an answer may echo, beside the secrets themselves.
    fn derived(&self) -> Vec<Zeroizing<String>> {
        Vec::new()
    }
}

/// A recipe with its secrets.
pub(super) enum Ready {
    /// Signs with what it has.
    Fixed(Box<dyn Credential>),
    /// Gets a token first.
    Token(Box<TokenRecipe>),
}

impl Ready {
    /// Values made of secrets that an answer may echo, beside the secrets themselves.
    pub(super) fn derived(&self) -> Vec<Zeroizing<String>> {
        match self {
            Self::Fixed(credential) => credential.derived(),
            Self::Token(recipe) => recipe.derived(),
        }
    }
}

/// Why a slot has no credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// Secrets are not set.
    #[error("credential `{slot}` needs {}", listed(.names))]
    Missing {
        /// The slot.
        slot: String,
        /// What the operator sets to have them.
        names: Vec<String>,
    },
    /// A recipe's text is wrong.
    #[error("credential `{slot}`: {error}")]
    Template {
        /// The slot.
        slot: String,
        /// What is wrong.
        error: TemplateError,
    },
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" and ")
}

/// Chooses among a slot's alternatives: the one that the operator wants, where the slot has it, else
/// the first whose needs are all set. An empty secret is not set. What is said to be missing is that of
/// the alternative that lacks the fewest, and among equals of one that is begun.
///
/// # Errors
/// Secrets are missing, or the alternative cannot be carried out.
pub(super) fn choose(
    slot: &str,
    alternatives: &[Declared],
    spec: &Spec,
) -> Result<(String, Ready), ChooseError> {
    let secrets = &spec.secrets;
    let auth = wanted(spec, slot);
    let named = alternatives.iter().find(|a| Some(a.name.as_str()) == auth);
    let complete = || alternatives.iter().find(|a| lacks(a, secrets).is_empty());
    let nearest = || {
        let by_lack = |a: &&Declared| {
            let lacking = lacks(a, secrets).len();
            (lacking, lacking == a.needs.len())
        };
        alternatives.iter().min_by_key(by_lack)
    };
    let declared = named.or_else(complete).or_else(nearest);
    let names = declared.map(|a| lacks(a, secrets)).unwrap_or_default();
    match declared {
        Some(declared) if names.is_empty() => {
            Ok((declared.name.clone(), prepare(slot, declared, spec)?))
        }
        _ => Err(ChooseError::Missing {
            slot: slot.to_owned(),
            names: names.iter().map(|name| spec.label(name)).collect(),
        }),
    }
}

fn lacks(declared: &Declared, secrets: &Secrets) -> Vec<String> {
    let needs = declared.needs.iter();
    needs
        .filter(|name| secrets.get(name).is_none())
        .cloned()
        .collect()
}

/// Whether a recipe belongs to a connection of that identity: callers' own tokens and the operator's
/// secrets never sign for each other.
#[must_use]
pub(super) const fn fits(recipe: &Recipe, forward: bool) -> bool {
    matches!(recipe, Recipe::Forward { .. }) == forward
}

/// The header that a recipe sets; no guest may set it, whichever alternative is chosen.
#[must_use]
pub(super) fn header_of(recipe: &Recipe) -> Option<&str> {
    match recipe {
        Recipe::Header { header, .. } | Recipe::Hmac { header, .. } => Some(header),
        Recipe::Bearer { .. } | Recipe::Basic { .. } | Recipe::Forward { .. } => {
            Some("authorization")
        }
        Recipe::Login { place, .. } | Recipe::OAuth2 { place, .. } => match place {
            Place::Header { header, .. } => Some(header),
            Place::Cookie { .. } => Some("cookie"),
            Place::Form { .. } => None,
        },
    }
}

fn prepare(slot: &str, declared: &Declared, spec: &Spec) -> Result<Ready, ChooseError> {
    let secrets = &spec.secrets;
    let fixed = |made: Result<Box<dyn Credential>, TemplateError>| made.map(Ready::Fixed);
    let ready = match &declared.recipe {
        Recipe::Header { header, value } => fixed(header::fixed(header, value, secrets)),
        Recipe::Bearer { value } => fixed(header::bearer(value, secrets)),
        Recipe::Basic { username, password } => fixed(header::basic(username, password, secrets)),
        Recipe::Hmac { header, id, key } => fixed(hmac::signed(header, id, key, secrets)),
        Recipe::Forward { .. } => fixed(Ok(forward::forward())),
        Recipe::Login { .. } | Recipe::OAuth2 { .. } => {
            let recipe = TokenRecipe::parse(slot, declared, spec);
            recipe.map(|recipe| Ready::Token(Box::new(recipe)))
        }
    };
    ready.map_err(|error| ChooseError::Template {
        slot: slot.to_owned(),
        error,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alternatives() -> Vec<Declared> {
        serde_json::from_value(json!([
            { "name": "hmac", "needs": ["api_key", "secret_key"], "recipe": "hmac",
              "header": "x-hmac-authorization", "id": "{api_key}", "key": "{secret_key}" },
            { "name": "api_key", "needs": ["api_key"], "recipe": "header",
              "header": "x-api-key", "value": "{api_key}" },
            { "name": "basic", "needs": ["username", "password"], "recipe": "basic",
              "username": "{username}", "password": "{password}" }
        ]))
        .unwrap()
    }

    fn chosen(auth: Option<&str>, secrets: &[(&str, &str)]) -> Result<String, String> {
        let mut spec = crate::upstream::tests::spec(1);
        spec.secrets = Secrets::of(secrets);
        spec.auth = auth.map(str::to_owned);
        let made = choose("api", &alternatives(), &spec);
        made.map(|(name, _)| name).map_err(|e| e.to_string())
    }

    #[test]
    fn choosing() {
        let key = [("api_key", "k")];
        let both = [("api_key", "k"), ("secret_key", "s")];
        let empty = [("api_key", "k"), ("secret_key", "")];
        for (auth, secrets, wanted) in [
            (None, &key[..], Ok("api_key")),
            (None, &both, Ok("hmac")),
            (None, &empty, Ok("api_key")),
            (Some("api_key"), &both, Ok("api_key")),
            (Some("of another slot"), &key, Ok("api_key")),
            (
                Some("hmac"),
                &key,
                Err("credential `api` needs `secrets.secret_key`"),
            ),
            (
                Some("basic"),
                &key,
                Err("credential `api` needs `secrets.username` and `secrets.password`"),
            ),
            (None, &[], Err("credential `api` needs `secrets.api_key`")),
        ] {
            let wanted = wanted.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(chosen(auth, secrets), wanted, "{auth:?} {secrets:?}");
        }
        let begun = chosen(None, &[("username", "u")]);
        let needs = "credential `api` needs `secrets.password`";
        assert_eq!(begun, Err(needs.to_owned()));
    }

    #[test]
    fn a_recipe_that_can_never_work_is_said_at_once() {
        let login = json!({ "method": "POST", "path": "l" });
        for (recipe, error) in [
            (
                json!({ "recipe": "login", "login": { "method": "POST", "path": "a//b" },
                    "capture": { "json": "/id" }, "place": { "cookie": "s" } }),
                "credential `v4`: the path `a//b` cannot be asked: path segment 2 is empty",
            ),
            (
                json!({ "recipe": "login", "login": login, "sessions": 0,
                    "capture": { "json": "/id" }, "place": { "cookie": "s" } }),
                "credential `v4`: `sessions` has to be from 1 to 32",
            ),
            (
                json!({ "recipe": "login", "login": login,
                    "capture": { "json": "id" }, "place": { "cookie": "s" } }),
                "credential `v4`: `id` is no JSON pointer",
            ),
            (
                json!({ "recipe": "oauth2", "grant": "password",
                    "token": { "path": "t", "body": "json", "client": "body" }, "place": { "cookie": "s" } }),
                "credential `v4`: `secrets.username` is not set",
            ),
        ] {
            let mut recipe = recipe;
            recipe["name"] = json!("a");
            let declared: Declared = serde_json::from_value(recipe).unwrap();
            let spec = crate::upstream::tests::spec(1);
            let found = choose("v4", &[declared], &spec).err().unwrap();
            assert_eq!(found.to_string(), error);
        }
    }

    #[test]
    fn nothing_prints_a_value() {
        let header = SecretHeader {
            name: "x-api-key".into(),
            value: Arc::new(Zeroizing::new("hunter2hunter2".to_owned())),
        };
        assert_eq!(format!("{header:?}"), "x-api-key: [redacted]");
    }
}
