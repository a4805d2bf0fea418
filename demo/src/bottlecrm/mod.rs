//! BottleCRM in memory: the REST API as a real installation answers it, for what a connector uses.
//!
//! ```text
//! respond → tokens → route → one file per resource → view
//!                             └ input, lists, filters ┘  over  schema (entities.json) and store
//! ```
//!
//! It is faithful where a client can tell: statuses, the eight shapes of an error, web pages in
//! place of JSON, writes that store and then fail, successes that changed nothing, and lists that
//! carry the organisation's whole catalogue. What it does not have, it refuses as an unknown route.

mod activities;
mod answer;
mod approvals;
mod boards;
mod bulk;
mod case_links;
mod catalogue;
mod comments;
mod convert;
mod custom_fields;
mod dashboard;
mod dates;
mod detail;
mod documents;
mod estimates;
mod family;
mod filters;
mod goals;
mod input;
mod invoice_state;
mod invoices;
mod lines;
mod listing;
mod lists;
mod money;
mod moves;
mod multipart;
mod openapi;
mod openapi_parts;
mod organisation;
mod payments;
mod pipelines;
mod products;
mod record;
mod request;
mod respond;
mod route;
mod rules;
mod schema;
mod search;
mod seed;
mod seed_people;
mod session;
mod solutions;
mod store;
mod tags;
mod teams;
mod time;
mod token_pages;
mod tokens;
mod users;
mod view;
mod watch;
mod yaml;

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub use crate::clock::Clock;
pub use crate::seen::Seen;
pub use tokens::{
    ADMIN_JWT, ADMIN_TOKEN, EXPIRED_TOKEN, LEADS_READ_TOKEN, ORG_API_KEY, ORG2_TOKEN,
    REVOKED_TOKEN, SALES_TOKEN, USER_TOKEN, USER2_TOKEN, holder,
};

use seed_people::People;
use store::{Record, Store};
use tokens::Token;

/// What `from-opportunity` does for a deal that fulfils every condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FromOpportunity {
    /// It answers 500 and stores nothing, as the release measured.
    #[default]
    Breaks,
    /// It makes the invoice.
    Works,
}

/// How a CRM is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// With about 200 records; without, there are only organisations, people, teams and tags.
    pub seed: bool,
    /// What time it is in there.
    pub clock: Clock,
    /// The path the CRM is installed under, for example `/crm`; empty for none.
    pub base: String,
    /// How many of the last requests are kept for [`BottleCrm::requests`].
    pub remember: usize,
    /// Whether an invoice can be made from a deal.
    pub from_opportunity: FromOpportunity,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: true,
            clock: Clock::system(),
            base: String::new(),
            remember: 1000,
            from_opportunity: FromOpportunity::default(),
        }
    }
}

/// A CRM in memory. Clones are the same CRM.
#[derive(Clone, Debug)]
pub struct BottleCrm {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) options: Options,
    inside: Mutex<Inside>,
    seen: Mutex<VecDeque<Seen>>,
    people: People,
}

/// What requests change.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) store: Store,
    pub(crate) tokens: Vec<Token>,
}

impl BottleCrm {
    /// A new CRM with the same records and ids every time; dates are relative to the clock.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let mut store = Store::default();
        let now = options.clock.now();
        let (people, tokens) = seed_people::plant(&mut store, now);
        if options.seed {
            seed::plant(&mut store, &people, now);
        }
        Self {
            inner: Arc::new(Inner {
                options,
                inside: Mutex::new(Inside { store, tokens }),
                seen: Mutex::default(),
                people,
            }),
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
        self.inner.seen().iter().cloned().collect()
    }

    /// How many of the remembered requests had a verb and a path that begins so.
    #[must_use]
    pub fn requested(&self, method: &str, path: &str) -> usize {
        let fits = |seen: &&Seen| seen.method == method && seen.path.starts_with(path);
        self.inner.seen().iter().filter(fits).count()
    }

    /// Whose credential each remembered request brought: a name as [`holder`] gives it.
    #[must_use]
    pub fn callers(&self) -> Vec<Option<&'static str>> {
        let of = |seen: &Seen| {
            let secret = seen.header("authorization").or(seen.header("token"));
            secret.and_then(holder)
        };
        self.inner.seen().iter().map(of).collect()
    }

    /// Forgets what arrived.
    pub fn forget_requests(&self) {
        self.inner.seen().clear();
    }

    /// A record as it is stored, in whichever organisation, deleted cases included.
    #[must_use]
    pub fn record(&self, id: &str) -> Option<Value> {
        let inside = self.inner.inside();
        inside.store.any(id).map(stored)
    }

    /// How many records of a kind, for example `leads`, the first organisation has.
    #[must_use]
    pub fn count(&self, kind: &str) -> usize {
        self.ids(kind).len()
    }

    /// Ids of the first organisation's records of a kind, oldest first.
    #[must_use]
    pub fn ids(&self, kind: &str) -> Vec<String> {
        self.ids_of(&self.inner.people.first.org, kind)
    }

    /// Ids of the second organisation's records of a kind, oldest first.
    #[must_use]
    pub fn foreign_ids(&self, kind: &str) -> Vec<String> {
        self.ids_of(&self.inner.people.second.org, kind)
    }

    /// The first organisation's record of a kind whose field has a value.
    #[must_use]
    pub fn find(&self, kind: &str, field: &str, value: &str) -> Option<Value> {
        let inside = self.inner.inside();
        let mut all = inside.store.all(&self.inner.people.first.org, kind);
        all.find(|record| record.text(field) == value).map(stored)
    }

    /// The id of a profile by its e-mail address, in whichever organisation.
    #[must_use]
    pub fn profile_id(&self, email: &str) -> Option<String> {
        let inside = self.inner.inside();
        let mut profiles = inside.store.everywhere("profiles");
        let found = profiles.find(|profile| profile.text("email") == email)?;
        Some(found.id.clone())
    }

    fn ids_of(&self, org: &str, kind: &str) -> Vec<String> {
        let inside = self.inner.inside();
        let newest = inside.store.newest(org, kind);
        newest
            .iter()
            .rev()
            .map(|record| record.id.clone())
            .collect()
    }
}

fn stored(record: &Record) -> Value {
    let mut whole = record.data.clone();
    whole.insert("id".into(), json!(record.id));
    whole.insert("created_by".into(), json!(record.by));
    Value::Object(whole)
}

impl Inner {
    pub(crate) fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn remember(&self, seen: Seen) {
        let mut all = self.seen();
        all.push_back(seen);
        while all.len() > self.options.remember {
            all.pop_front();
        }
    }

    fn seen(&self) -> MutexGuard<'_, VecDeque<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
