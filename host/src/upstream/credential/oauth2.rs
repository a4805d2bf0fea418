//! The recipe `oauth2`: an access token from a token endpoint, RFC 6749.
//!
//! Owns the three grants and the use of refresh tokens. It must not know who waits for the token,
//! nor how long it is kept. The names of its secrets are those of the RFC: `client_id`,
//! `client_secret`, `username`, `password`, `refresh_token`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::{BoxFuture, FutureExt};
use portcullis_manifest::{Grant, Method, TokenBody, TokenClient, TokenRequest};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::SecretHeader;
use super::issue::{Issued, Issuer, NotIssued, Wire, judge, words};
use super::refresh::{MemoryRefreshStore, RefreshStore, Unreadable};
use super::request::{Asked, Reply, Target};
use super::secrets::Secrets;
use super::template::TemplateError;
use crate::policy::{FORM, JSON};
use crate::upstream::failed::{Failed, Reason};
use crate::upstream::redact::Hidden;

/// How long before its end a token is renewed, so that none expires on its way; a tenth of a short
/// lifetime.
const EARLY: Duration = Duration::from_secs(30);

/// After the latest of a row of refresh tokens was refused.
const LOG_IN_AGAIN: &str = "log in again and configure the refresh token of that login";

/// Error codes that say nothing of the credential; RFC 6749, section 4.1.2.1.
const OUTAGES: [&str; 2] = ["server_error", "temporarily_unavailable"];

/// A manifest's token endpoint.
pub(super) struct OAuth2 {
    grant: Grant,
    target: Target,
    body: TokenBody,
    client: TokenClient,
    refresh: bool,
    secrets: Secrets,
    store: Arc<dyn RefreshStore>,
    /// Under which refresh tokens are kept; changes with the secrets, so that a new user does not
    /// inherit an old one's.
    key: String,
    /// The latest refresh token, hidden as long as it is good.
    latest: Mutex<Option<Hidden>>,
    warned: AtomicBool,
}

/// What a recipe says of its token endpoint.
pub(super) struct Endpoint<'m> {
    pub(super) grant: Grant,
    pub(super) token: &'m TokenRequest,
    pub(super) refresh: bool,
}

type Fields = Vec<(&'static str, Zeroizing<String>)>;

impl OAuth2 {
    /// Reads the recipe. `place` names connection, address and slot.
    ///
    /// # Errors
    /// It can never work.
    pub(super) fn parse(
        endpoint: &Endpoint<'_>,
        secrets: &Secrets,
        store: Arc<dyn RefreshStore>,
        place: &str,
    ) -> Result<Self, TemplateError> {
        let Endpoint {
            grant,
            token,
            refresh,
        } = *endpoint;
        let kept: Arc<dyn RefreshStore> = match grant {
            Grant::RefreshToken => store,
            // Whoever can log in anew needs nothing on the disk.
            Grant::Password | Grant::ClientCredentials => Arc::<MemoryRefreshStore>::default(),
        };
        let made = Self {
            grant,
            target: Target::parse(&token.path)?,
            body: token.body,
            client: token.client,
            refresh,
            secrets: secrets.clone(),
            store: kept,
            key: String::new(),
            latest: Mutex::default(),
            warned: AtomicBool::new(false),
        };
        let mut seed = Sha256::new();
        for (name, value) in made.grant_fields()?.iter().chain(&made.client_fields()?) {
            seed.update(name.as_bytes());
            seed.update([0]);
            seed.update(value.as_bytes());
            seed.update([0]);
        }
        let key = format!("{place}/{}", hex::encode(seed.finalize()));
        Ok(Self { key, ..made })
    }

    fn secret(&self, name: &str) -> Result<Zeroizing<String>, TemplateError> {
        let secret = self.secrets.get(name);
        let secret = secret.ok_or_else(|| TemplateError::Missing(name.to_owned()))?;
        Ok(secret.value.clone())
    }

    fn grant_fields(&self) -> Result<Fields, TemplateError> {
        let grant = |name: &str| ("grant_type", Zeroizing::new(name.to_owned()));
        Ok(match self.grant {
            Grant::Password => vec![
                grant("password"),
                ("username", self.secret("username")?),
                ("password", self.secret("password")?),
            ],
            Grant::ClientCredentials => vec![grant("client_credentials")],
            Grant::RefreshToken => refresh_fields(self.secret("refresh_token")?),
        })
    }

    fn client_fields(&self) -> Result<Fields, TemplateError> {
        Ok(match self.client {
            TokenClient::None => Vec::new(),
            TokenClient::Basic => vec![
                ("client_id", self.secret("client_id")?),
                ("client_secret", self.secret("client_secret")?),
            ],
            // A public client has no secret.
            TokenClient::Body => {
                let mut fields = vec![("client_id", self.secret("client_id")?)];
                let secret = self.secrets.get("client_secret");
                fields.extend(secret.map(|secret| ("client_secret", secret.value.clone())));
                fields
            }
        })
    }

    /// RFC 6749, section 2.3.1: both are encoded as in a form before they are joined.
    fn basic(&self) -> Result<Option<Zeroizing<String>>, TemplateError> {
        if self.client != TokenClient::Basic {
            return Ok(None);
        }
        let encoded = |name: &str| -> Result<Zeroizing<String>, TemplateError> {
            let value = self.secret(name)?;
            let coded = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            Ok(Zeroizing::new(coded))
        };
        let (id, secret) = (encoded("client_id")?, encoded("client_secret")?);
        let pair = Zeroizing::new(format!("{}:{}", id.as_str(), secret.as_str()));
        Ok(Some(Zeroizing::new(STANDARD.encode(pair.as_bytes()))))
    }

    fn request(&self, mut fields: Fields) -> Result<Asked, TemplateError> {
        let mut headers = Vec::new();
        match self.basic()? {
            Some(coded) => headers.push(SecretHeader {
                name: "authorization".into(),
                value: Arc::new(Zeroizing::new(format!("Basic {}", coded.as_str()))),
            }),
            None => fields.extend(self.client_fields()?),
        }
        Ok(Asked {
            method: Method::Post,
            path: self.target.path.clone(),
            query: self.target.query.clone(),
            headers,
            body: Some(encode(self.body, &fields)),
        })
    }

    async fn get(&self, wire: &dyn Wire) -> Result<Issued, NotIssued> {
        self.warn_once();
        if !self.uses_refresh() {
            return self.ask(wire, self.grant_fields()?).await;
        }
        // Another process may be about to replace the token, and would make this one a stolen one.
        let _held = self.store.hold(&self.key).await?;
        if let Some(saved) = self.store.load(&self.key).await? {
            self.hide(wire, &saved);
            match self.ask(wire, refresh_fields(saved)).await {
                // The configured one is older, and was used: a CRM takes it for a stolen one.
                Err(NotIssued::Refused(words)) if self.grant == Grant::RefreshToken => {
                    return Err(NotIssued::Refused(format!("{words}; {LOG_IN_AGAIN}")));
                }
                Err(NotIssued::Refused(_)) => self.store.forget(&self.key).await,
                other => return other,
            }
        }
        let fields = self.grant_fields()?;
        self.ask(wire, fields).await
    }

    fn hide(&self, wire: &dyn Wire, refresh_token: &str) {
        let hidden = wire.hide(refresh_token);
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        *latest = Some(hidden);
    }

    fn uses_refresh(&self) -> bool {
        self.refresh || self.grant == Grant::RefreshToken
    }

    async fn ask(&self, wire: &dyn Wire, fields: Fields) -> Result<Issued, NotIssued> {
        let request = self.request(fields)?;
        let reply = wire.exchange(request).await?;
        // Some servers answer a wrong password so, with an OAuth error in the body.
        let code = self
            .code(&reply)
            .filter(|code| !OUTAGES.contains(&code.as_str()));
        if let (500, Some(code)) = (reply.status, code) {
            return Err(NotIssued::Refused(code));
        }
        judge(&reply, || self.code(&reply))?;
        let Some(body) = reply.json() else {
            let what = "the token endpoint's answer is not JSON; is the URL the CRM's own?";
            return Err(NotIssued::odd(what));
        };
        let text = |key: &str| {
            let text = body.get(key).and_then(Value::as_str);
            text.filter(|text| !text.is_empty())
        };
        let Some(token) = text("access_token") else {
            return Err(NotIssued::Refused(words(reply.status, self.code(&reply))));
        };
        if let Some(next) = text("refresh_token").filter(|_| self.uses_refresh()) {
            self.hide(wire, next);
            let next = Zeroizing::new(next.to_owned());
            self.store.save(&self.key, next).await;
        }
        Ok(Issued {
            token: Zeroizing::new(token.to_owned()),
            lifetime: body.get("expires_in").and_then(seconds).map(early),
        })
    }

    /// The error code of RFC 6749, section 5.2, alone: descriptions may echo a password.
    fn code(&self, reply: &Reply) -> Option<String> {
        let body = reply.json()?;
        let code = body.get("error")?.as_str()?;
        let plain = |b: u8| b.is_ascii_lowercase() || b == b'_';
        let fits = (1..=40).contains(&code.len()) && code.bytes().all(plain);
        (fits && !self.secrets.occur_in(code)).then(|| code.to_owned())
    }

    fn warn_once(&self) {
        let matters = self.grant == Grant::RefreshToken && !self.store.is_lasting();
        if matters && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "`secrets.refresh_token` is used; where the CRM replaces it at each use, its successor is kept in memory alone (`server.state`), and after a restart a new one has to be configured"
            );
        }
    }
}

impl From<Unreadable> for NotIssued {
    fn from(error: Unreadable) -> Self {
        Self::Failed(Failed::not_sent(
            Reason::CredentialMissing,
            error.to_string(),
        ))
    }
}

fn refresh_fields(token: Zeroizing<String>) -> Fields {
    let grant = Zeroizing::new("refresh_token".to_owned());
    vec![("grant_type", grant), ("refresh_token", token)]
}

fn encode(body: TokenBody, fields: &Fields) -> (&'static str, Zeroizing<Vec<u8>>) {
    match body {
        TokenBody::Form => {
            let pairs = fields.iter().map(|(name, value)| (name, value.as_str()));
            let text = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(pairs)
                .finish();
            (FORM, Zeroizing::new(text.into_bytes()))
        }
        TokenBody::Json => {
            let member = |(name, value): &(&str, Zeroizing<String>)| {
                ((*name).to_owned(), Value::from(value.as_str()))
            };
            let members: Map<_, _> = fields.iter().map(member).collect();
            let text = Value::Object(members).to_string();
            (JSON, Zeroizing::new(text.into_bytes()))
        }
    }
}

/// `expires_in` is a number; some servers write it as text.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn early(seconds: u64) -> Duration {
    let whole = Duration::from_secs(seconds);
    whole.saturating_sub(EARLY.min(whole / 10))
}

impl Issuer for OAuth2 {
    fn issue<'a>(&'a self, wire: &'a dyn Wire) -> BoxFuture<'a, Result<Issued, NotIssued>> {
        self.get(wire).boxed()
    }

    fn end(&self, _: &str) -> Option<Asked> {
        None
    }

    fn derived(&self) -> Vec<Zeroizing<String>> {
        let basic = self.basic().ok().flatten();
        basic.into_iter().collect()
    }
}
