//! Tells clients when the list of tools, resources or prompts changed: sessions of the handshake
//! revisions by a notification each, subscribers of 2026-07-28 on their own stream.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rmcp::model::ErrorData;
use rmcp::service::{Peer, RoleServer, ServiceError, SubscriptionContext};
use tokio::sync::{Semaphore, watch};

use crate::call::Listing;
use crate::prompts::Prompts;
use crate::registry::{Changed, Registry};

/// A subscription is acknowledged before it is served; a change in between would be lost, so what
/// happened this recently is told again.
const RECENTLY: Duration = Duration::from_secs(2);

/// Which lists changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Lists {
    tools: bool,
    resources: bool,
    prompts: bool,
}

impl Lists {
    /// Prompts name the tools of their connection, so they change with them.
    fn between(before: Changed, after: Changed) -> Self {
        let tools = before.tools != after.tools;
        Self {
            tools,
            resources: before.resources != after.resources,
            prompts: tools || before.prompts != after.prompts,
        }
    }

    const fn and(self, other: Self) -> Self {
        Self {
            tools: self.tools || other.tools,
            resources: self.resources || other.resources,
            prompts: self.prompts || other.prompts,
        }
    }

    const PROMPTS: Self = Self {
        tools: false,
        resources: false,
        prompts: true,
    };
}

/// Both sources of changes, and what was known of the first.
struct Sources {
    registry: watch::Receiver<Changed>,
    known: Changed,
    prompts: watch::Receiver<u64>,
    pretended: watch::Receiver<(u64, Lists)>,
}

impl Sources {
    fn new(changes: &Changes) -> Self {
        let (registry, prompts) = (&changes.registry, &changes.prompts);
        let mut registry = registry.changes();
        let known = *registry.borrow_and_update();
        Self {
            known,
            registry,
            prompts: prompts.changes(),
            pretended: changes.pretended.subscribe(),
        }
    }

    /// Waits; `None` when the host goes down.
    async fn next(&mut self) -> Option<Lists> {
        tokio::select! {
            changed = self.registry.changed() => {
                changed.ok()?;
                let present = *self.registry.borrow_and_update();
                let before = std::mem::replace(&mut self.known, present);
                Some(Lists::between(before, present))
            }
            changed = self.prompts.changed() => changed.ok().map(|()| Lists::PROMPTS),
            changed = self.pretended.changed() => {
                changed.ok()?;
                Some(self.pretended.borrow_and_update().1)
            }
        }
    }
}

/// What was noted of the sources, and what happened lately.
#[derive(Default)]
struct Noted {
    registry: Changed,
    prompts: u64,
    pretended: u64,
    latest: Vec<(Instant, Lists)>,
}

/// Who wants to be told.
pub struct Changes {
    registry: Arc<Registry>,
    prompts: Arc<Prompts>,
    streams: Semaphore,
    peers: Mutex<Vec<Peer<RoleServer>>>,
    noted: Mutex<Noted>,
    /// How often the conformance suite's fixture said that a list changed, and which one last.
    pretended: watch::Sender<(u64, Lists)>,
}

impl Changes {
    /// Nobody yet; later at most so many subscribers at a time.
    #[must_use]
    pub fn new(registry: Arc<Registry>, prompts: Arc<Prompts>, most_streams: usize) -> Arc<Self> {
        let noted = Noted {
            registry: *registry.changes().borrow(),
            prompts: *prompts.changes().borrow(),
            ..Noted::default()
        };
        Arc::new(Self {
            registry,
            prompts,
            streams: Semaphore::new(most_streams.min(Semaphore::MAX_PERMITS)),
            peers: Mutex::default(),
            noted: Mutex::new(noted),
            pretended: watch::Sender::default(),
        })
    }

    /// Tells clients of a change that there was not, for the conformance suite.
    pub fn pretend(&self, listing: Listing) {
        let lists = Lists {
            tools: listing == Listing::Tools,
            resources: listing == Listing::Resources,
            prompts: listing == Listing::Prompts,
        };
        self.pretended
            .send_modify(|(count, latest)| (*count, *latest) = (*count + 1, lists));
    }

    /// Remembers a session of a handshake revision.
    pub fn add_peer(&self, peer: Peer<RoleServer>) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.retain(|peer| !peer.is_transport_closed());
        peers.push(peer);
    }

    /// Tells the sessions of every change; runs until it is dropped.
    pub async fn tell_peers(&self) {
        let mut sources = Sources::new(self);
        while let Some(lists) = sources.next().await {
            drop(self.recent());
            for peer in self.open_peers() {
                if let Err(error) = tell_peer(&peer, lists).await {
                    tracing::debug!(%error, "a session could not be told");
                }
            }
        }
    }

    /// Tells one subscriber of every change until it goes away.
    ///
    /// # Errors
    /// There are as many subscribers as there may be.
    pub async fn tell_subscriber(&self, context: &SubscriptionContext) -> Result<(), ErrorData> {
        let Ok(_place) = self.streams.try_acquire() else {
            tracing::warn!("server.limits.streams is reached; a subscription was refused");
            let told = "too many subscriptions are open; try again later";
            return Err(ErrorData::internal_error(told, None));
        };
        self.tell(context).await;
        Ok(())
    }

    async fn tell(&self, context: &SubscriptionContext) {
        let mut sources = Sources::new(self);
        let recent: Vec<Lists> = self
            .recent()
            .latest
            .iter()
            .map(|(_, lists)| *lists)
            .collect();
        for lists in recent {
            if !told(context, lists).await {
                return;
            }
        }
        loop {
            tokio::select! {
                () = context.cancelled() => return,
                lists = sources.next() => match lists {
                    Some(lists) if told(context, lists).await => {}
                    _ => return,
                }
            }
        }
    }

    /// What happened lately, and nothing older. It is noted here, and not when a task gets to it: a
    /// subscriber that asks after it began to watch misses nothing in between.
    fn recent(&self) -> MutexGuard<'_, Noted> {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let registry = *self.registry.changes().borrow();
        let prompts = *self.prompts.changes().borrow();
        let (pretended, pretence) = *self.pretended.borrow();
        let mut lists = Lists::between(noted.registry, registry);
        lists.prompts |= noted.prompts != prompts;
        if noted.pretended != pretended {
            lists = lists.and(pretence);
        }
        if lists != Lists::default() {
            noted.latest.push((Instant::now(), lists));
        }
        (noted.registry, noted.prompts, noted.pretended) = (registry, prompts, pretended);
        noted.latest.retain(|(at, _)| at.elapsed() < RECENTLY);
        noted
    }

    fn open_peers(&self) -> Vec<Peer<RoleServer>> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.retain(|peer| !peer.is_transport_closed());
        peers.clone()
    }
}

async fn tell_peer(peer: &Peer<RoleServer>, lists: Lists) -> Result<(), ServiceError> {
    if lists.tools {
        peer.notify_tool_list_changed().await?;
    }
    if lists.resources {
        peer.notify_resource_list_changed().await?;
    }
    if lists.prompts {
        peer.notify_prompt_list_changed().await?;
    }
    Ok(())
}

/// Whether a subscriber could be told of what it asked for.
async fn told(context: &SubscriptionContext, lists: Lists) -> bool {
    let (wants, sink) = (context.accepted(), context.sink());
    let asked = |changed: bool, wanted: Option<bool>| changed && wanted == Some(true);
    if asked(lists.tools, wants.tools_list_changed)
        && sink.notify_tool_list_changed().await.is_err()
    {
        return false;
    }
    if asked(lists.resources, wants.resources_list_changed)
        && sink.notify_resource_list_changed().await.is_err()
    {
        return false;
    }
    !asked(lists.prompts, wants.prompts_list_changed)
        || sink.notify_prompt_list_changed().await.is_ok()
}
