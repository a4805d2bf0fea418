//! Atomic CRM's Supabase project in memory: sign-in and PostgREST, for what a connector uses.
//!
//! ```text
//! respond ─┬→ sign_in → sessions, key
//!          └→ rest ─┬→ select → read  ─┐
//!                   ├→ write → triggers ├→ policy, test, kind  over  schema and store
//!                   └→ function        ─┘
//! ```
//!
//! It is faithful where a client can tell: statuses, codes and their words, rows that a rule for
//! rows leaves out without an error, changes that touch nothing and succeed, the silent cut at a
//! thousand rows. The functions for SQL are not installed, and operators of PostgREST that no tool
//! sends are refused by name, with a code that the real one would not use.

mod answer;
mod condition;
mod form;
mod function;
mod key;
mod kind;
mod people;
mod policy;
mod prefer;
mod read;
mod request;
mod respond;
mod rest;
mod schema;
mod seed;
mod select;
mod sessions;
mod sign_in;
mod store;
mod test;
mod triggers;
mod views;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use serde_json::Value;

pub use crate::clock::Clock;
pub use crate::seen::Seen;
pub use people::{ADMIN, Person, REP};

use crate::seen::Log;
use key::Key;
use sessions::Sessions;
use store::{Store, id_of};

/// What the gateway wants in the header `apikey`; it is no secret.
pub const PUBLISHABLE_KEY: &str = "sb_publishable_demo-atomic-2Rv7Lk9Qx4";

/// How a project is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// With about 200 records; without, there are only users and the configuration.
    pub seed: bool,
    /// What time it is in there.
    pub clock: Clock,
    /// How many of the last requests are kept for [`AtomicCrm::requests`].
    pub remember: usize,
    /// Whether the operator tightened the rules so that each user sees their own tasks alone.
    pub own_tasks: bool,
    /// Whether anybody may sign up, which the project's settings tell.
    pub open_sign_up: bool,
    /// How long an access token is good, in seconds.
    pub token_seconds: i64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: true,
            clock: Clock::system(),
            remember: 1000,
            own_tasks: false,
            open_sign_up: false,
            token_seconds: 3600,
        }
    }
}

/// A project in memory. Clones are the same project.
#[derive(Clone, Debug)]
pub struct AtomicCrm {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) key: Key,
    pub(crate) log: Log,
    inside: Mutex<Inside>,
}

/// What requests change.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) store: Store,
    pub(crate) sessions: Sessions,
}

impl AtomicCrm {
    /// A new project with the same records and numbers every time; dates are relative to the clock.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let inside = Inside {
            store: seed::planted(options.clock.now(), options.seed),
            sessions: Sessions::default(),
        };
        Self {
            inner: Arc::new(Inner {
                key: Key::generate(),
                log: Log::new(options.remember),
                inside: Mutex::new(inside),
                options,
            }),
        }
    }

    /// The project as a service, to be served, wrapped or called in process.
    pub fn router(&self) -> Router {
        Router::new()
            .fallback(respond::respond)
            .with_state(self.inner.clone())
    }

    /// An access token of a new sign-in, as the project that is reached at this URL issues it.
    #[must_use]
    pub fn access_token(&self, url: &str, person: Person) -> String {
        let session = self.inner.inside().sessions.open(person);
        let issuer = format!("{}/auth/v1", url.trim_end_matches('/'));
        let claims = sign_in::claims(
            &self.inner,
            &issuer,
            &session,
            self.inner.options.token_seconds,
        );
        self.inner.key.sign(&claims)
    }

    /// Such a token that was good until just now.
    #[must_use]
    pub fn expired_token(&self, url: &str, person: Person) -> String {
        let session = self.inner.inside().sessions.open(person);
        let issuer = format!("{}/auth/v1", url.trim_end_matches('/'));
        let claims = sign_in::claims(&self.inner, &issuer, &session, -60);
        self.inner.key.sign(&claims)
    }

    /// A refresh token of a new sign-in.
    #[must_use]
    pub fn refresh_token(&self, person: Person) -> String {
        let session = self.inner.inside().sessions.open(person);
        session.token().to_owned()
    }

    /// Whether each user sees their own tasks alone.
    #[must_use]
    pub fn has_own_tasks(&self) -> bool {
        self.inner.options.own_tasks
    }

    /// Ends every sign-in, as an administrator of the project can.
    pub fn sign_everybody_out(&self) {
        self.inner.inside().sessions.close_all();
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

    /// A row as it is stored, whoever may see it.
    #[must_use]
    pub fn record(&self, table: &str, id: i64) -> Option<Value> {
        let inside = self.inner.inside();
        inside.store.row(table, id).cloned().map(Value::Object)
    }

    /// The first row of a table whose column has a value.
    #[must_use]
    pub fn find(&self, table: &str, column: &str, value: &Value) -> Option<Value> {
        let inside = self.inner.inside();
        let mut rows = inside.store.rows(table);
        let found = rows.find(|row| row.get(column) == Some(value));
        found.cloned().map(Value::Object)
    }

    /// The numbers of a table's rows, in order.
    #[must_use]
    pub fn ids(&self, table: &str) -> Vec<i64> {
        let inside = self.inner.inside();
        inside.store.rows(table).filter_map(id_of).collect()
    }
}

impl Inner {
    pub(crate) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
