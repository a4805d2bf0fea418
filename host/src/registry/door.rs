//! What lets callers over HTTP in to the operator's accounts: API keys, access tokens of an issuer.
//!
//! Owns which of them a configuration asks for. It must not know HTTP, nor what a caller may do inside.

use std::sync::Arc;

use super::RegistryError;
use super::authority::Authority;
use crate::caller::{Caller, Token};
use crate::config::Server;
use crate::identity::Unknown;
use crate::keys::{Keys, NotLetIn, PREFIX};

/// Where callers have to prove something.
pub struct Door {
    keys: Option<Arc<Keys>>,
    authority: Option<Authority>,
}

/// Why nobody is let in by what a caller brought.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// It is meant to be an API key, or nothing else is taken.
    #[error(transparent)]
    Key(#[from] NotLetIn),
    /// It is meant to be an access token.
    #[error(transparent)]
    Token(#[from] Unknown),
}

impl Door {
    /// The door of a configuration; none where callers prove nothing.
    ///
    /// # Errors
    /// The keys cannot be read.
    pub(super) async fn of(
        server: &Server,
        keys: Option<&Arc<Keys>>,
    ) -> Result<Option<Arc<Self>>, RegistryError> {
        if server.access.is_open() {
            return Ok(None);
        }
        let keys = keys.filter(|_| server.access.keys).cloned();
        if let Some(keys) = &keys {
            keys.load().await.map_err(RegistryError::Keys)?;
        }
        let authority = Authority::of(server);
        Ok(Some(Arc::new(Self { keys, authority })))
    }

    /// The keys that let in, where some do.
    #[must_use]
    pub const fn keys(&self) -> Option<&Arc<Keys>> {
        self.keys.as_ref()
    }

    /// The authorization server whose tokens let in, where there is one.
    #[must_use]
    pub const fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// Who comes with a token, to the endpoint of a connection or to that without a name.
    ///
    /// # Errors
    /// It lets nobody in.
    pub async fn caller(
        &self,
        token: &Token,
        connection: Option<&str>,
    ) -> Result<Caller, Unproved> {
        let text = token.expose();
        match (&self.keys, &self.authority) {
            (Some(keys), _) if text.starts_with(PREFIX) => Ok(keys.caller(text).await?),
            (_, Some(authority)) => Ok(authority.caller(token, connection).await?),
            (_, None) => Err(NotLetIn::Form.into()),
        }
    }
}
