//! What a connection is made of, and the way from there to a working one.
//!
//! Owns the checks that need no network, all at once. It must not know the configuration file, whose
//! reader fills in the specification.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use portcullis_manifest::{Base, Credential as Declared, Explained, Headers};
use url::Url;
use zeroize::Zeroizing;

use super::Upstream;
use super::auth;
use super::base::{BaseError, Root, base_url};
use super::breaker::Breaker;
use super::callers::Callers;
use super::circuit::{Circuit, CircuitLimits};
use super::client::{Client, Settings};
use super::credential::{
    ChooseError, Ready, RefreshStore, SecretHeader, Secrets, TemplateError, choose, constant,
    digests, fits, header_of,
};
use super::dial::{Blocked, Guard};
use super::headers::{HeaderProblem, HeaderRules};
use super::line::Line;
use super::lookup::Names;
use super::pool::Pool;
use super::probe::Roots;
use super::redact::Redactor;
use super::slot::{Chosen, Signs, Slot};
use super::tls::Trust;

/// Everything that a connection needs to know.
#[derive(Debug)]
pub struct Spec {
    /// The connection's name, for messages.
    pub name: String,
    /// The operator's URL.
    pub site: Url,
    /// The manifest's rule that makes the base of it.
    pub base: Base,
    /// The manifest's credential slots.
    pub credentials: BTreeMap<String, Vec<Declared>>,
    /// The alternative that the operator wants in every slot that has it.
    pub auth: Option<String>,
    /// The alternatives that the operator wants, by slot.
    pub auth_of: BTreeMap<String, String>,
    /// Whether each caller's own token goes upstream, and no other credential does.
    pub forward: bool,
    /// The secrets that are configured.
    pub secrets: Secrets,
    /// What the operator sets to have a secret, by its name; `secrets.NAME` for one that is absent.
    pub labels: BTreeMap<String, String>,
    /// The manifest's `headers`.
    pub headers: Headers,
    /// The limits of one request.
    pub limits: Limits,
    /// When the CRM is left alone.
    pub circuit: CircuitLimits,
    /// The manifest's `explained`: 5xx answers that say nothing of the CRM's health.
    pub explained: Vec<Explained>,
    /// Whether the server's certificate has to be trusted.
    pub tls_verify: bool,
    /// Addresses that may be dialled although they are link-local, metadata services or reserved.
    pub exceptions: Vec<SocketAddr>,
    /// Where refresh tokens are kept that the CRM replaces.
    pub refresh_tokens: Arc<dyn RefreshStore>,
    /// How the connection's name becomes addresses.
    pub names: Arc<Names>,
}

impl Spec {
    /// What the operator sets to have a secret.
    pub(super) fn label(&self, name: &str) -> String {
        let label = self.labels.get(name).cloned();
        label.unwrap_or_else(|| format!("secrets.{name}"))
    }
}

/// The limits of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest body that is sent, in bytes.
    pub request_bytes: usize,
    /// The largest body that is taken, in bytes after decompression.
    pub response_bytes: usize,
    /// How long an answer may take, all in all.
    pub timeout: Duration,
    /// How long a connection may take, name and TLS included; at most half of `timeout` counts.
    pub connect_timeout: Duration,
}

impl Default for Limits {
    /// 2 MiB out, 8 MiB in, 30 s, 5 s.
    fn default() -> Self {
        Self {
            request_bytes: 2 << 20,
            response_bytes: 8 << 20,
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
        }
    }
}

/// Why a specification can never work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// `url`.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// `url` names an address that must not be dialled.
    #[error(transparent)]
    Address(#[from] Blocked),
    /// The manifest's `headers`.
    #[error(transparent)]
    Headers(#[from] HeaderProblem),
    /// `headers.constant`.
    #[error("`headers.constant`, `{header}`: {error}")]
    Constant {
        /// The header.
        header: String,
        /// What is wrong.
        error: TemplateError,
    },
    /// A credential that cannot be carried out.
    #[error(transparent)]
    Credential(#[from] ChooseError),
    /// `auth` names nothing.
    #[error("`auth` is `{auth}`, which no credential of the plugin has as an alternative; there are {}", known.join(", "))]
    Auth {
        /// What the operator wrote.
        auth: String,
        /// What there is.
        known: Vec<String>,
    },
    /// `auth` names a slot that there is not.
    #[error(
        "`auth` names the credential `{slot}`, which the plugin does not have; {}",
        has(known)
    )]
    AuthSlot {
        /// What the operator wrote.
        slot: String,
        /// What there is.
        known: Vec<String>,
    },
    /// `auth` names nothing of a slot.
    #[error(
        "`auth` is `{auth}` for the credential `{slot}`, which has no such alternative; there are {}",
        known.join(", ")
    )]
    AuthOfSlot {
        /// The slot.
        slot: String,
        /// What the operator wrote.
        auth: String,
        /// What there is.
        known: Vec<String>,
    },
    /// `auth` names an alternative of the other identity.
    #[error(
        "`auth` chooses `{auth}`, which needs `identity = \"{wants}\"`; take `auth` out or change `identity`"
    )]
    AuthOfOtherIdentity {
        /// The slot, where the operator named one.
        slot: Option<String>,
        /// What the operator wrote.
        auth: String,
        /// The identity that it belongs to.
        wants: &'static str,
    },
    /// A slot has no alternative for the identity.
    #[error("credential `{slot}` of the plugin {}", unfit(*.forward))]
    Identity {
        /// The slot.
        slot: String,
        /// Whether callers' own tokens were wanted.
        forward: bool,
    },
    /// There is no slot that a caller's token could fill.
    #[error(
        "the plugin signs no request, so a caller's token has no use; use `identity = \"service\"`"
    )]
    NoSlot,
    /// The secrets cannot be searched for.
    #[error("the secrets are too large")]
    Secrets,
}

fn unfit(forward: bool) -> &'static str {
    if forward {
        "cannot be the caller's own token; use `identity = \"service\"`"
    } else {
        "can only be the caller's own token; use `identity = \"forward\"`"
    }
}

fn has(known: &[String]) -> String {
    match known {
        [] => "it has none".to_owned(),
        known => format!("there are {}", known.join(", ")),
    }
}

pub(super) fn build(spec: Spec) -> Result<Upstream, Vec<SpecError>> {
    let mut errors = Vec::new();
    errors.extend(auth::flaws(&spec));
    let guarded = keep(guarded(&spec), &mut errors);
    let ready = ready(&spec, &mut errors);
    let constants = constants(&spec, &mut errors);
    let rules = HeaderRules::new(&spec.headers, &reserved(&spec));
    let rules = keep(rules.map_err(SpecError::from), &mut errors);
    let scrubber = keep(scrubber(&spec, &ready), &mut errors);
    let (Some((roots, guard)), Some(rules), Some(scrubber), true) =
        (guarded, rules, scrubber, errors.is_empty())
    else {
        return Err(errors);
    };
    let line = Arc::new(Line {
        client: client(&spec, roots.known().url(), &guard),
        roots,
        constants,
        limits: spec.limits,
        scrubber,
    });
    Ok(Upstream {
        name: spec.name,
        circuit: Circuit::new(spec.circuit),
        explained: spec.explained,
        slots: slots(ready, &line),
        rules,
        callers: Callers::default(),
        guard,
        line,
    })
}

fn guarded(spec: &Spec) -> Result<(Roots, Arc<Guard>), SpecError> {
    let base = base_url(&spec.site, &spec.base)?;
    let guard = Guard::new(&base, &spec.exceptions, Arc::clone(&spec.names))?;
    let root = Root::new(base, spec.base.trailing_slash);
    let roots = Roots::new(root, spec.base.probe.as_ref())?;
    Ok((roots, Arc::new(guard)))
}

/// A connection has half of a request's time, so that a host which does not answer is found to be
/// unreachable, with nothing sent, before the request as a whole is given up.
fn client(spec: &Spec, base: &Url, guard: &Arc<Guard>) -> Client {
    let trust = match (base.scheme(), spec.tls_verify) {
        ("http", _) => Trust::Plain,
        (_, true) => Trust::System,
        (_, false) => Trust::Anything,
    };
    Client::new(Settings {
        trust,
        connect_timeout: spec.limits.connect_timeout.min(spec.limits.timeout / 2),
        guard: Arc::clone(guard),
    })
}

fn keep<T>(made: Result<T, SpecError>, errors: &mut Vec<SpecError>) -> Option<T> {
    made.map_err(|error| errors.push(error)).ok()
}

/// The alternative of a slot, or the secrets that it lacks.
type Found = Result<(String, Ready), Vec<String>>;

fn ready(spec: &Spec, errors: &mut Vec<SpecError>) -> BTreeMap<String, Found> {
    let mut slots = BTreeMap::new();
    if spec.forward && spec.credentials.is_empty() {
        errors.push(SpecError::NoSlot);
    }
    for (name, alternatives) in &spec.credentials {
        let alternatives: Vec<Declared> = alternatives
            .iter()
            .filter(|declared| fits(&declared.recipe, spec.forward))
            .cloned()
            .collect();
        if alternatives.is_empty() {
            errors.push(SpecError::Identity {
                slot: name.clone(),
                forward: spec.forward,
            });
            continue;
        }
        let found = match choose(name, &alternatives, spec) {
            Ok(found) => Ok(found),
            Err(ChooseError::Missing { names, .. }) => Err(names),
            Err(error) => {
                errors.push(error.into());
                continue;
            }
        };
        slots.insert(name.clone(), found);
    }
    slots
}

fn slots(ready: BTreeMap<String, Found>, line: &Arc<Line>) -> BTreeMap<String, Slot> {
    let slot = |(slot, found): (String, Found)| {
        let chosen = found.map(|(name, ready)| {
            let signs = match ready {
                Ready::Fixed(credential) => Signs::Fixed {
                    credential,
                    breaker: Breaker::default(),
                },
                Ready::Token(recipe) => Signs::Session(Pool::new(&slot, *recipe, Arc::clone(line))),
            };
            Chosen { name, signs }
        });
        (slot, Slot { chosen })
    };
    ready.into_iter().map(slot).collect()
}

fn constants(spec: &Spec, errors: &mut Vec<SpecError>) -> Result<Vec<SecretHeader>, Vec<String>> {
    let (mut headers, mut missing) = (Vec::new(), Vec::new());
    for (header, value) in &spec.headers.constant {
        match constant(header, value, &spec.secrets) {
            Ok(made) => headers.push(made),
            Err(TemplateError::Missing(name)) => missing.push(spec.label(&name)),
            Err(error) => errors.push(SpecError::Constant {
                header: header.clone(),
                error,
            }),
        }
    }
    if missing.is_empty() {
        Ok(headers)
    } else {
        Err(missing)
    }
}

fn reserved(spec: &Spec) -> BTreeSet<String> {
    let recipes = spec.credentials.values().flatten();
    let of_recipes = recipes.filter_map(|declared| header_of(&declared.recipe));
    let constants = spec.headers.constant.keys().map(String::as_str);
    of_recipes
        .chain(constants)
        .map(str::to_ascii_lowercase)
        .collect()
}

fn scrubber(spec: &Spec, ready: &BTreeMap<String, Found>) -> Result<Redactor, SpecError> {
    let found = ready.values().filter_map(|found| found.as_ref().ok());
    let derived = found.flat_map(|(_, ready)| ready.derived());
    let constants = spec.headers.constant.values();
    let derived = derived.chain(constants.flat_map(|value| digests(value, &spec.secrets)));
    let secrets = spec.secrets.scrubbed();
    let secrets = secrets.map(|value| Zeroizing::new(value.to_owned()));
    Redactor::new(secrets.chain(derived).collect()).map_err(|_| SpecError::Secrets)
}
