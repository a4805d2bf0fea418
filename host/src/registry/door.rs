//! What lets callers over HTTP in to the operator's accounts: API keys, access tokens of an issuer.
//!
//! Owns which of them a configuration asks for. It must not know HTTP, nor what a caller may do inside.

use std::sync::Arc;

use super::RegistryError;
use crate::caller::{Caller, Token};
use crate::config::Access;
use crate::keys::{Keys, NotLetIn, PREFIX};

/// Where callers have to prove something.
#[derive(Debug)]
pub struct Door {
    keys: Option<Arc<Keys>>,
}

impl Door {
    /// The door of a configuration; none where callers prove nothing.
    ///
    /// # Errors
    /// The keys cannot be read.
    pub(super) async fn of(
        access: &Access,
        keys: Option<&Arc<Keys>>,
    ) -> Result<Option<Arc<Self>>, RegistryError> {
        if access.is_open() {
            return Ok(None);
        }
        let keys = keys.filter(|_| access.keys).cloned();
        if let Some(keys) = &keys {
            keys.load().await.map_err(RegistryError::Keys)?;
        }
        Ok(Some(Arc::new(Self { keys })))
    }

    /// The keys that let in, where some do.
    #[must_use]
    pub const fn keys(&self) -> Option<&Arc<Keys>> {
        self.keys.as_ref()
    }

    /// Who comes with a token.
    ///
    /// # Errors
    /// It lets nobody in.
    pub async fn caller(&self, token: &Token) -> Result<Caller, NotLetIn> {
        match &self.keys {
            Some(keys) if token.expose().starts_with(PREFIX) => keys.caller(token.expose()).await,
            _ => Err(NotLetIn::Form),
        }
    }
}
