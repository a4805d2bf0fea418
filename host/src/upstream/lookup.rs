//! How names become addresses, and what kinds of place each name was at first.
//!
//! Owns the memory that outlasts a connection, so that a reload does not make a name that turned
//! private look like one that always was. It must not know what may be dialled.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;

use super::address::Class;

/// A resolver.
pub trait Lookup: Send + Sync {
    /// The addresses of a name.
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The operating system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The names of all connections of a host.
pub struct Names {
    lookup: Arc<dyn Lookup>,
    /// As many as the operator's files had names.
    first: Mutex<HashMap<String, Vec<Class>>>,
}

impl Default for Names {
    fn default() -> Self {
        Self::through(Arc::new(SystemLookup))
    }
}

impl Names {
    /// Names that a resolver resolves.
    #[must_use]
    pub fn through(lookup: Arc<dyn Lookup>) -> Self {
        Self {
            lookup,
            first: Mutex::default(),
        }
    }

    /// The addresses of a name now; at least one.
    pub(super) async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = self.lookup.lookup(host.to_owned()).await?;
        if found.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(found)
    }

    /// The kinds that a name had at first; the first who asks says which.
    pub(super) fn first(&self, host: &str, now: &[Class]) -> Vec<Class> {
        // The final dot makes another name of it for DNS, and not for us.
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        first.entry(host).or_insert_with(|| now.to_vec()).clone()
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}
