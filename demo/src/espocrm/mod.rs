//! EspoCRM in memory: the REST API as a real 9.3 or 10.0 answers it, for what the connector uses.
//!
//! ```text
//! router → auth → record, create, update, links, notes, kanban, email, template
//!                   └ query, where_clause, listing, view ┘  over  schema (entities.json) and store
//! ```
//!
//! It is faithful where a client can tell: status codes, reason headers, error bodies, and the
//! successes that are none. It keeps everything in memory and forgets it at the end.

mod addresses;
mod app_user;
mod attribute;
mod auth;
mod create;
mod dates;
mod definition;
mod email;
mod errors;
mod followers;
mod hooks;
mod input;
mod kanban;
mod linking;
mod links;
mod listing;
mod matching;
mod metadata;
mod notes;
mod pipelines;
mod query;
mod record;
mod relation;
mod request;
mod respond;
mod router;
mod schema;
mod seed;
mod seed_records;
mod store;
mod stream;
mod template;
mod update;
mod users;
mod validate;
mod view;
mod where_clause;
mod where_item;

use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::Router;
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::TcpListener;

pub use crate::clock::Clock;
pub use crate::seen::Seen;
pub use users::{
    ADMIN_PASSWORD, ADMIN_USER, AGENT_ADDRESS, FULL_KEY, HMAC_KEY, HMAC_SECRET, HUMAN_PASSWORD,
    HUMAN_USER, NO_ADDRESS_KEY, OWN_KEY, READ_ONLY_KEY,
};

use crate::seen::Log;
use auth::Lockout;
use schema::Schema;
use store::Store;
use users::User;
use view::View;

/// Which EspoCRM is imitated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// 9.3: reasons of some refusals are printed twice.
    #[default]
    V9,
    /// 10.0, with or without pipelines on Opportunity.
    V10 {
        /// With them, deals move by `pipelineStageId` and a written `stage` is ignored.
        pipelines: bool,
    },
}

impl Version {
    pub(crate) fn is_10(self) -> bool {
        matches!(self, Self::V10 { .. })
    }

    pub(crate) fn has_pipelines(self) -> bool {
        self == Self::V10 { pipelines: true }
    }

    pub(crate) fn number(self) -> &'static str {
        if self.is_10() { "10.0.0" } else { "9.3.10" }
    }
}

/// How a CRM is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The release imitated.
    pub version: Version,
    /// With records; without, there are only users, teams and e-mail templates.
    pub seed: bool,
    /// Whether failed logins close the door to their address, as they do by default in EspoCRM.
    pub lockout: bool,
    /// What time it is in there.
    pub clock: Clock,
    /// The path the CRM is installed under, for example `/crm`; empty for none.
    pub base: String,
    /// How many of the last requests are kept for [`EspoCrm::requests`].
    pub remember: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: Version::V9,
            seed: true,
            lockout: true,
            clock: Clock::system(),
            base: String::new(),
            remember: 1000,
        }
    }
}

/// A CRM in memory. Clones are the same CRM.
#[derive(Clone, Debug)]
pub struct EspoCrm {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) version: Version,
    pub(crate) schema: Schema,
    pub(crate) users: Vec<User>,
    base: String,
    clock: Clock,
    store: RwLock<Store>,
    lockout: Option<Mutex<Lockout>>,
    log: Log,
    rebuilt: AtomicI64,
}

impl EspoCrm {
    /// A new CRM with the same records and ids every time; dates are relative to the clock.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let mut store = Store::default();
        let inner = Inner {
            version: options.version,
            schema: Schema::new(options.version),
            users: users::everybody(|| store.new_id()),
            base: options.base,
            rebuilt: AtomicI64::new(options.clock.now().as_second()),
            clock: options.clock,
            store: RwLock::new(store),
            lockout: options.lockout.then(Mutex::default),
            log: Log::new(options.remember),
        };
        seed::plant(&inner, options.seed);
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The CRM as a service, to be served, wrapped or called in process.
    pub fn router(&self) -> Router {
        Router::new()
            .fallback(respond::respond)
            .with_state(self.inner.clone())
    }

    /// Serves until told to stop.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        crate::serve(self.router(), listener, stop).await
    }

    /// What arrived, oldest first; the last [`Options::remember`] requests.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.inner.log.all()
    }

    /// Forgets what arrived.
    pub fn forget_requests(&self) {
        self.inner.log.clear();
    }

    /// A record as an administrator reads it, deleted ones included.
    #[must_use]
    pub fn record(&self, entity: &str, id: &str) -> Option<Value> {
        let store = self.inner.read();
        let view = View {
            schema: &self.inner.schema,
            store: &store,
            user: self.inner.users.first()?,
        };
        Some(view.detail(self.inner.schema.entity(entity)?, store.any(entity, id)?))
    }

    /// How many records of an entity are not deleted.
    #[must_use]
    pub fn count(&self, entity: &str) -> usize {
        self.inner.read().all(entity).count()
    }

    /// Ids of an entity's records, oldest first.
    #[must_use]
    pub fn ids(&self, entity: &str) -> Vec<String> {
        self.inner
            .read()
            .all(entity)
            .map(|record| record.id.clone())
            .collect()
    }

    /// The id of a user by its user name.
    #[must_use]
    pub fn user_id(&self, user_name: &str) -> Option<String> {
        self.inner
            .users
            .iter()
            .find(|user| user.user_name == user_name)
            .map(|user| user.id.clone())
    }

    /// Moves `X-App-Timestamp`, as a rebuild or an upgrade does: caches of metadata are stale.
    pub fn rebuild(&self) {
        self.inner.rebuilt.fetch_add(1, Ordering::Relaxed);
    }
}

impl Inner {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn app_timestamp(&self) -> i64 {
        self.rebuilt.load(Ordering::Relaxed)
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Store> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }
}
