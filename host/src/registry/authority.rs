//! The operator's authorization server: whose access tokens let callers in, and where its keys are.
//!
//! Owns the way to the keys: the operator's address of them, or the server's own description, which has to
//! name itself as the operator does. It must not know how a token is checked.

use std::sync::Arc;

use futures::future::FutureExt;
use portcullis_manifest::{Base, Headers};
use serde::Deserialize;
use url::Url;

use crate::caller::{Caller, Token};
use crate::config;
use crate::identity::{Fetch, Issuer, Unknown};
use crate::policy::{Bearer, EFFECTS, Mandate, scope};
use crate::upstream::{CircuitLimits, Limits, MemoryRefreshStore, Names, Secrets, Spec, Upstream};

/// The largest document that is read; real ones have some kilobytes.
const LARGEST: usize = 64 << 10;

/// An authorization server, and whom its tokens have to be for.
pub struct Authority {
    issuer: Arc<Issuer>,
    audience: Vec<String>,
    /// The address of the endpoint without a name, where the operator named no audience.
    resource: Option<String>,
    scopes: bool,
}

impl Authority {
    /// The server of a configuration. Nothing is fetched yet.
    pub(super) fn of(server: &config::Server) -> Option<Self> {
        let configured = server.access.issuer.as_ref()?;
        let public = server.public_url.as_ref();
        let resource = public.map(|url| {
            let url = url.as_str().trim_end_matches('/');
            format!("{url}{}", server.path)
        });
        Some(Self {
            issuer: Arc::new(Issuer::of_host(&configured.url, fetch(configured))),
            audience: configured.audience.clone(),
            resource: resource.filter(|_| configured.audience.is_empty()),
            scopes: configured.scopes,
        })
    }

    /// Who signs the tokens.
    #[must_use]
    pub const fn issuer(&self) -> &Arc<Issuer> {
        &self.issuer
    }

    /// The scope without which nothing can be done; none where scopes mean nothing.
    #[must_use]
    pub fn least_scope(&self) -> Option<&'static str> {
        self.scopes.then(|| scope(EFFECTS[0]))
    }

    /// Whose token this is, on the endpoint of a connection or on that without a name.
    ///
    /// # Errors
    /// It is not to be trusted, or cannot be judged now.
    pub(super) async fn caller(
        &self,
        token: &Token,
        connection: Option<&str>,
    ) -> Result<Caller, Unknown> {
        let audience = self.audience_of(connection);
        let visitor = self.issuer.visitor(token, &audience).await?;
        if !self.scopes {
            return Ok(Caller::known(visitor.principal));
        }
        let given = |effect| visitor.scopes.iter().any(|given| given == scope(effect));
        let mandate = Mandate {
            effects: Some(
                EFFECTS
                    .into_iter()
                    .filter(|effect| given(*effect))
                    .collect(),
            ),
            ..Mandate::everything(Bearer::Token)
        };
        Ok(Caller::known(visitor.principal.within(Arc::new(mandate))))
    }

    /// A token for the whole is good for a part of it.
    fn audience_of(&self, connection: Option<&str>) -> Vec<String> {
        let part = |resource: &String| connection.map(|name| format!("{resource}/{name}"));
        let resource = self.resource.as_ref();
        let parts = resource.and_then(part).into_iter();
        let all = self.audience.iter().chain(resource).cloned();
        all.chain(parts).collect()
    }
}

/// What of an authorization server's description matters here (RFC 8414, section 2).
#[derive(Deserialize)]
struct Description {
    issuer: String,
    jwks_uri: Url,
}

fn fetch(configured: &config::Issuer) -> Fetch {
    let (issuer, known) = (configured.url.clone(), configured.jwks_url.clone());
    // What its names are at first, public or private, is what they may be.
    let names = Arc::<Names>::default();
    Box::new(move || {
        let (issuer, known, names) = (issuer.clone(), known.clone(), Arc::clone(&names));
        async move {
            let keys = match known {
                Some(url) => url,
                None => described(&issuer, &names).await?,
            };
            document(&keys, &names).await
        }
        .boxed()
    })
}

/// Where an issuer says that its keys are: OpenID Connect Discovery, section 4; RFC 8414, section 3.
async fn described(issuer: &str, names: &Arc<Names>) -> Result<Url, String> {
    let url = Url::parse(issuer).map_err(|error| format!("`{issuer}` is no URL: {error}"))?;
    let path = url.path().trim_end_matches('/').to_owned();
    let at = |path: String| {
        let mut url = url.clone();
        url.set_path(&path);
        url
    };
    let openid = at(format!("{path}/.well-known/openid-configuration"));
    let found = match document(&openid, names).await {
        Ok(found) => found,
        Err(first) => {
            let oauth = at(format!("/.well-known/oauth-authorization-server{path}"));
            let found = document(&oauth, names).await;
            found.map_err(|second| format!("{openid}: {first}; {oauth}: {second}"))?
        }
    };
    let found: Description = serde_json::from_slice(&found)
        .map_err(|_| format!("{openid} describes no authorization server"))?;
    if found.issuer != issuer {
        return Err(format!(
            "{openid} describes the issuer `{}`; write that into `server.auth.issuer` if it is meant",
            found.issuer.escape_debug()
        ));
    }
    let as_safe = found.jwks_uri.scheme() == "https" || url.scheme() == "http";
    if !as_safe || found.jwks_uri.query().is_some() {
        return Err(format!(
            "{openid} names keys at an address that is not https, or has a query; set `server.auth.jwks_url`"
        ));
    }
    Ok(found.jwks_uri)
}

/// Fetches a document the guarded way that every request to a CRM goes.
async fn document(url: &Url, names: &Arc<Names>) -> Result<Vec<u8>, String> {
    let mut site = url.clone();
    site.set_path("/");
    let upstream = Upstream::new(spec(site, Arc::clone(names))).map_err(|errors| {
        let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
        told.join("; ")
    })?;
    let path = url.path().trim_start_matches('/');
    let found = upstream.document(path, LARGEST).await;
    found.map_err(|failed| failed.detail)
}

fn spec(site: Url, names: Arc<Names>) -> Spec {
    Spec {
        name: "server.auth".to_owned(),
        site,
        base: Base::default(),
        credentials: Default::default(),
        auth: None,
        auth_of: Default::default(),
        forward: false,
        secrets: Secrets::default(),
        labels: Default::default(),
        headers: Headers::default(),
        limits: Limits::default(),
        circuit: CircuitLimits::default(),
        explained: Vec::new(),
        tls_verify: true,
        exceptions: Vec::new(),
        refresh_tokens: Arc::new(MemoryRefreshStore::default()),
        names,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn authority(server: &str) -> Authority {
        let text = format!("[server]\n{server}");
        let config = Config::from_text(&text, std::path::Path::new("t.toml"), &|_| None);
        Authority::of(&config.unwrap().server).unwrap()
    }

    #[test]
    fn whom_tokens_have_to_be_for() {
        let by_address = authority(
            "public_url = 'https://mcp.example.com/crm/'\nauth.issuer = 'https://login.example.com'",
        );
        let whole = "https://mcp.example.com/crm/mcp".to_owned();
        assert_eq!(by_address.audience_of(None), [whole.clone()]);
        let part = format!("{whole}/sales");
        assert_eq!(by_address.audience_of(Some("sales")), [whole, part]);
        let named = authority(
            "public_url = 'https://mcp.example.com'\nauth = { issuer = 'https://login.example.com', audience = ['api://crm'], scopes = false }",
        );
        assert_eq!(named.audience_of(Some("sales")), ["api://crm"]);
        assert_eq!(named.least_scope(), None);
        assert_eq!(by_address.least_scope(), Some("crm.read"));
    }
}
