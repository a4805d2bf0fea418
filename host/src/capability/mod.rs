//! What a guest may reach, in three moments: linked once, configured per connection (`Link`),
//! prepared per call (`Reach`).
//!
//! The implementations of the world's imports live here, one file each. They must not know MCP nor
//! how a credential is applied.

mod block;
mod cache;
mod call;
mod config;
mod conformance;
mod content;
mod http;
mod log;
mod progress;
mod record;
mod store;

pub use block::{Block, Body, Hints, Link as BlockLink, Reader, Shown};
pub use conformance::{Audience, Counterpart, Listing};
pub use content::Attached;
pub use progress::{Step, Watched, Watcher};
pub use record::{Forwarded, Record};
pub use store::GuestCache;

use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Map, Value};
use tokio_util::sync::DropGuard;

use crate::caller::Token;
use crate::config::Limits;
use crate::names::CallId;
use portcullis_manifest::Effect;

use crate::policy::{Made, Permit, PreviewPermit, ReadPermit, RouteSet};
use crate::runtime::Call;
use crate::upstream::Upstream;

/// `types` has no functions.
impl crate::runtime::bindings::portcullis::plugin::types::Host for crate::runtime::Guest {}

/// What a connection gives to its plugin.
pub struct Link {
    /// The way to the CRM.
    pub upstream: Arc<Upstream>,
    /// Tells, by being dropped, that no call uses the connection any more.
    pub in_use: DropGuard,
    /// The settings with their defaults.
    pub settings: Map<String, Value>,
    /// What `config.connection` answers, without settings, time and breaker.
    pub about: Map<String, Value>,
    /// What the plugin keeps between calls.
    pub cache: GuestCache,
    /// Whether each caller acts with their own token.
    pub forward: bool,
    /// The connection's limits.
    pub limits: Limits,
}

impl Link {
    /// The connection's name.
    pub(crate) fn connection(&self) -> &str {
        let name = self.about.get("name");
        name.and_then(Value::as_str).unwrap_or_default()
    }
}

/// Which requests the running function may send.
pub struct Door {
    routes: Arc<RouteSet>,
    /// Whether what it forwards can change something, so that it is recorded.
    recorded: bool,
    /// Whether a tool runs, so that it may attach blocks and tell how far it is.
    is_tool: bool,
}

impl Door {
    /// The door of a permitted tool.
    #[must_use]
    pub fn invoke(permit: &Permit) -> Self {
        Self {
            routes: Arc::clone(permit.routes()),
            recorded: permit.effect() != Effect::Read,
            is_tool: true,
        }
    }

    /// The door of a preview.
    #[must_use]
    pub fn preview(permit: &PreviewPermit) -> Self {
        Self {
            routes: Arc::clone(permit.routes()),
            recorded: false,
            is_tool: false,
        }
    }

    /// The door of a resource that is read.
    #[must_use]
    pub fn read(permit: &ReadPermit) -> Self {
        Self {
            routes: Arc::clone(permit.routes()),
            recorded: false,
            is_tool: false,
        }
    }
}

/// What a running tool has beside its result: blocks for the client, and who follows it.
#[derive(Default)]
pub struct Beside {
    /// Blocks so far.
    pub attached: Attached,
    /// Who asked to be told how far it is.
    pub watched: Option<Watched>,
}

/// What one instance may reach.
pub struct Reach {
    /// The call it serves.
    pub call: CallId,
    deadline: Instant,
    within: Option<Within>,
}

/// The connection that a call runs on.
struct Within {
    link: Arc<Link>,
    door: Door,
    arguments: Arc<Value>,
    /// What the requests of this instance made; never held across an await.
    made: Mutex<Made>,
    record: Arc<Record>,
    caller: Option<Token>,
    beside: Option<Arc<Beside>>,
    counterpart: Option<Arc<Counterpart>>,
}

impl Reach {
    /// Nothing but the clock: for `describe`.
    #[must_use]
    pub const fn nothing(call: CallId, deadline: Instant) -> Self {
        Self {
            call,
            deadline,
            within: None,
        }
    }

    /// A connection, through a door.
    #[must_use]
    pub fn new(call: &Call, link: Arc<Link>, door: Door) -> Self {
        let within = Within {
            link,
            arguments: Arc::clone(&call.arguments),
            made: Mutex::default(),
            record: Arc::clone(&call.record),
            caller: call.caller.clone(),
            beside: call.beside.clone().filter(|_| door.is_tool),
            door,
            counterpart: call.counterpart.clone(),
        };
        Self {
            call: call.id,
            deadline: call.deadline,
            within: Some(within),
        }
    }

    fn link(&self) -> Option<&Link> {
        self.within.as_ref().map(|within| &*within.link)
    }

    /// Whose cache it is: everybody's where all act as one account, else the caller's own.
    fn owner(&self) -> String {
        match &self.within {
            Some(within) if within.link.forward => match &within.caller {
                Some(token) => token.owner().to_string(),
                None => "nobody".to_owned(),
            },
            _ => String::new(),
        }
    }
}
