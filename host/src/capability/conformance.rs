//! `portcullis:conformance/client`: what only the official conformance suite asks of a tool.
//!
//! Linked by `serve --conformance-fixture` alone. It must not know MCP's types: whoever asks and is
//! told stands behind [`Audience`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use serde_json::Value;

use crate::input::{Able, Ask, Input, Reply};
use crate::runtime::bindings::conformance::portcullis::conformance::client as wit;
use crate::runtime::{Guest, clean};

/// A list that clients are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Listing {
    Tools,
    Prompts,
    Resources,
}

/// The client of a call, as far as the suite's fixture reaches it.
pub trait Audience: Send + Sync {
    /// Sends a line of the protocol's log.
    fn log(&self, message: String) -> BoxFuture<'_, ()>;
    /// Tells every client that a list changed.
    fn changed(&self, listing: Listing);
}

/// What the fixture's call has of its client.
pub struct Counterpart {
    audience: Arc<dyn Audience>,
    able: Able,
    given: BTreeMap<String, Reply>,
    wanted: Mutex<BTreeMap<String, Ask>>,
    plain: AtomicBool,
}

impl Counterpart {
    /// With what came back from the round before.
    #[must_use]
    pub fn new(audience: Arc<dyn Audience>, input: &Input) -> Arc<Self> {
        let answers = input.answers.as_ref();
        Arc::new(Self {
            audience,
            able: input.able,
            given: answers.map(|a| a.given.clone()).unwrap_or_default(),
            wanted: Mutex::default(),
            plain: AtomicBool::default(),
        })
    }

    /// The questions that were noted; none are left.
    pub fn take(&self) -> BTreeMap<String, Ask> {
        std::mem::take(&mut *self.wanted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the answer is what was attached alone.
    pub fn is_plain(&self) -> bool {
        self.plain.load(Ordering::Relaxed)
    }

    /// An answer, or a note of the question.
    fn ask(&self, key: String, ask: Ask) -> Option<String> {
        match self.given.get(&key) {
            Some(Reply::Filled(value) | Reply::Told(value)) => Some(value.to_string()),
            Some(Reply::Declined | Reply::Dismissed) => Some("null".to_owned()),
            None => {
                let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
                wanted.insert(key, ask);
                None
            }
        }
    }
}

impl Guest {
    fn counterpart(&self) -> Option<&Counterpart> {
        self.reach.within.as_ref()?.counterpart.as_deref()
    }

    fn ask_client(&self, key: String, ask: Ask) -> Option<String> {
        self.counterpart()?.ask(key, ask)
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

impl wit::Host for Guest {
    fn can(&mut self, what: wit::Ability) -> bool {
        let able = self.counterpart().map(|client| client.able);
        let able = able.unwrap_or_default();
        match what {
            wit::Ability::Elicitation => able.form,
            wit::Ability::Sampling => able.sampling,
            wit::Ability::Roots => able.roots,
        }
    }

    fn elicit(&mut self, key: String, message: String, schema: String) -> Option<String> {
        let schema = read(&schema);
        self.ask_client(key, Ask::Form { message, schema })
    }

    fn sample(&mut self, key: String, params: String) -> Option<String> {
        self.ask_client(key, Ask::Sampling(read(&params)))
    }

    fn roots(&mut self, key: String) -> Option<String> {
        self.ask_client(key, Ask::Roots)
    }

    async fn log(&mut self, message: String) {
        if let Some(client) = self.counterpart() {
            client.audience.log(clean(&message)).await;
        }
    }

    fn plain(&mut self) {
        if let Some(client) = self.counterpart() {
            client.plain.store(true, Ordering::Relaxed);
        }
    }

    fn changed(&mut self, what: wit::Listing) {
        if let Some(client) = self.counterpart() {
            client.audience.changed(match what {
                wit::Listing::Tools => Listing::Tools,
                wit::Listing::Prompts => Listing::Prompts,
                wit::Listing::Resources => Listing::Resources,
            });
        }
    }
}
