//! SuiteCRM 7.14 in memory: REST v4_1 and the V8 JSON:API, for what the connector uses.
//!
//! ```text
//! http → v4 (arguments, sessions, one file per kind of method) ┐
//!      → v8 (tokens, routes, filters)                          ┴ work, listing, saving, sql
//!                                              over schema (modules.json) and store
//! ```
//!
//! It is faithful where a client can tell, which above all means its failures that look like
//! successes, its successes that look like failures, and the gaps in its roles. A method it does
//! not know is answered as SuiteCRM answers a method it does not have.

mod http;
mod listing;
mod reply;
mod saving;
mod schema;
mod seed;
mod seed_records;
mod sessions;
mod sql;
mod store;
mod users;
mod v4;
mod v8;
mod values;
mod work;

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::net::TcpListener;

pub use crate::clock::Clock;
pub use crate::seen::Seen;
pub use users::{
    ADMIN_ID, ADMIN_PASSWORD, ADMIN_PASSWORD_MD5, ADMIN_USER, CLIENT_ID, CLIENT_SECRET,
    MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, RESTRICTED_ID, RESTRICTED_PASSWORD,
    RESTRICTED_PASSWORD_MD5, RESTRICTED_USER, SALES_ID, SALES_PASSWORD, SALES_PASSWORD_MD5,
    SALES_USER,
};
pub use v4::Called;

use crate::seen::Log;
use schema::Schema;
use sessions::Sessions;
use store::Store;
use users::User;
use work::Work;

/// How the installation binds the names in `rest_data` to arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Php {
    /// Names count, their order does not; an unknown name breaks the call.
    #[default]
    V8,
    /// Order counts, names do not.
    V7,
}

/// What V8 does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum V8 {
    /// It works.
    #[default]
    On,
    /// Everything, tokens included, is refused with 401.
    Unauthorized,
    /// It breaks with an empty 500, as without its keys.
    Broken,
    /// The connection ends without an answer.
    Unreachable,
}

/// How a CRM is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// With records; without, there are only users.
    pub seed: bool,
    /// How arguments are bound.
    pub php: Php,
    /// What time it is in there.
    pub clock: Clock,
    /// The path below which `service` and `Api` lie: empty for version 7, `/legacy` for version 8.
    pub base: String,
    /// How many of the last requests are kept for [`SuiteCrm::requests`].
    pub remember: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: true,
            php: Php::V8,
            clock: Clock::system(),
            base: String::new(),
            remember: 1000,
        }
    }
}

/// A CRM in memory. Clones are the same CRM.
#[derive(Clone, Debug)]
pub struct SuiteCrm {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    base: String,
    clock: Clock,
    schema: Schema,
    log: Log,
    state: Mutex<State>,
}

/// What changes.
#[derive(Debug)]
pub(crate) struct State {
    store: Store,
    sessions: Sessions,
    php: Php,
    v8: V8,
    v8_user: Option<&'static User>,
    refuses_logins: bool,
}

impl SuiteCrm {
    /// A new CRM with the same records and ids every time; dates are relative to the clock.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let schema = Schema::new();
        let mut store = Store::default();
        seed::plant(&schema, &mut store, options.clock.now(), options.seed);
        let state = State {
            store,
            sessions: Sessions::default(),
            php: options.php,
            v8: V8::On,
            v8_user: None,
            refuses_logins: false,
        };
        Self {
            inner: Arc::new(Inner {
                base: options.base.trim_end_matches('/').to_owned(),
                clock: options.clock,
                schema,
                log: Log::new(options.remember),
                state: Mutex::new(state),
            }),
        }
    }

    /// The CRM as a service, to be served, wrapped or called in process.
    pub fn router(&self) -> Router {
        Router::new()
            .fallback(http::respond)
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

    /// Calls of v4_1 among the requests kept, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Called> {
        self.requests().iter().filter_map(Called::read).collect()
    }

    /// How often a method of v4_1 was called; `login` counts logins.
    #[must_use]
    pub fn called(&self, method: &str) -> usize {
        self.calls()
            .iter()
            .filter(|call| call.method == method)
            .count()
    }

    /// How often V8 was asked for a token.
    #[must_use]
    pub fn token_requests(&self) -> usize {
        let is_token = |seen: &&Seen| seen.path.ends_with("/access_token");
        self.requests().iter().filter(is_token).count()
    }

    /// A record's columns as they are kept, deleted records included; `deleted` is `"1"` there.
    #[must_use]
    pub fn record(&self, module: &str, id: &str) -> Option<Map<String, Value>> {
        let state = self.inner.state();
        let row = state.store.any(module, id)?;
        let fields = &self.inner.schema.module(module)?.fields;
        let columns = fields.iter().filter_map(|field| {
            row.get(&field.name)
                .map(|value| (field.name.clone(), Value::from(value)))
        });
        Some(columns.collect())
    }

    /// How many records of a module are not deleted.
    #[must_use]
    pub fn count(&self, module: &str) -> usize {
        self.ids(module).len()
    }

    /// Ids of a module's records that are not deleted, in their order.
    #[must_use]
    pub fn ids(&self, module: &str) -> Vec<String> {
        let state = self.inner.state();
        let live = state.store.rows(module).filter(|row| !row.is_deleted());
        live.map(|row| row.text("id").to_owned()).collect()
    }

    /// Ids at the other end of a record's link.
    #[must_use]
    pub fn linked(&self, module: &str, id: &str, link: &str) -> Vec<String> {
        let state = self.inner.state();
        let found = self.inner.schema.module(module).and_then(|module| {
            let row = state.store.live(&module.name, id)?;
            Some(state.store.linked(module, row, module.link(link)?))
        });
        let rows = found.unwrap_or_default();
        rows.iter().map(|row| row.text("id").to_owned()).collect()
    }

    /// How many sessions of v4_1 are open.
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.inner.state().sessions.count()
    }

    /// Ends every session of v4_1 now.
    pub fn expire_sessions(&self) {
        self.inner.state().sessions.expire();
    }

    /// Revokes every token of V8 now.
    pub fn revoke_tokens(&self) {
        self.inner.state().sessions.revoke_all();
    }

    /// Refuses logins of v4_1 from now on, or takes them again; open sessions go on.
    pub fn refuse_logins(&self, refuse: bool) {
        self.inner.state().refuses_logins = refuse;
    }

    /// Changes what V8 does.
    pub fn set_v8(&self, v8: V8) {
        self.inner.state().v8 = v8;
    }

    /// Makes every token of V8 issued from now on act as this user, by its user name; `None` for
    /// whom it was issued to. An unknown name counts as `None`.
    pub fn set_v8_user(&self, name: Option<&str>) {
        self.inner.state().v8_user = name.and_then(User::named);
    }

    /// Changes how arguments are bound.
    pub fn set_php(&self, php: Php) {
        self.inner.state().php = php;
    }
}

impl Inner {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something as a user.
    fn work<T>(&self, user: &'static User, act: impl FnOnce(&mut Work<'_>) -> T) -> T {
        let mut state = self.state();
        let mut work = Work {
            schema: &self.schema,
            store: &mut state.store,
            user,
            now: crate::clock::stamp(self.now()),
            slept: 0.0,
        };
        act(&mut work)
    }
}
