//! Tells clients when the list of tools or of resources changed: sessions of the handshake revisions by a
//! notification each, subscribers of 2026-07-28 on their own stream.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rmcp::service::{Peer, RoleServer, ServiceError, SubscriptionContext};

use crate::registry::{Changed, Registry};

/// A subscription is acknowledged before it is served; a change in between would be lost, so what
/// happened this recently is told again.
const RECENTLY: Duration = Duration::from_secs(2);

/// Which lists changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lists {
    tools: bool,
    resources: bool,
}

impl Lists {
    fn between(before: Changed, after: Changed) -> Self {
        Self {
            tools: before.tools != after.tools,
            resources: before.resources != after.resources,
        }
    }
}

/// Who wants to be told.
pub struct Changes {
    registry: Arc<Registry>,
    peers: Mutex<Vec<Peer<RoleServer>>>,
    latest: Mutex<Option<(Instant, Lists)>>,
}

impl Changes {
    /// Nobody yet.
    #[must_use]
    pub fn new(registry: Arc<Registry>) -> Arc<Self> {
        Arc::new(Self {
            registry,
            peers: Mutex::default(),
            latest: Mutex::default(),
        })
    }

    /// Remembers a session of a handshake revision.
    pub fn add_peer(&self, peer: Peer<RoleServer>) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.retain(|peer| !peer.is_transport_closed());
        peers.push(peer);
    }

    /// Tells the sessions of every change; runs until it is dropped.
    pub async fn tell_peers(&self) {
        let mut changes = self.registry.changes();
        let mut known = *changes.borrow_and_update();
        while changes.changed().await.is_ok() {
            let present = *changes.borrow_and_update();
            let lists = Lists::between(std::mem::replace(&mut known, present), present);
            let latest = Some((Instant::now(), lists));
            *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = latest;
            for peer in self.open_peers() {
                if let Err(error) = tell_peer(&peer, lists).await {
                    tracing::debug!(%error, "a session could not be told");
                }
            }
        }
    }

    /// Tells one subscriber of every change until it goes away.
    pub async fn tell_subscriber(&self, context: &SubscriptionContext) {
        let mut changes = self.registry.changes();
        let mut known = *changes.borrow_and_update();
        if let Some(lists) = self.changed_recently()
            && !told(context, lists).await
        {
            return;
        }
        loop {
            tokio::select! {
                () = context.cancelled() => return,
                changed = changes.changed() => {
                    let present = *changes.borrow_and_update();
                    let lists = Lists::between(std::mem::replace(&mut known, present), present);
                    if changed.is_err() || !told(context, lists).await {
                        return;
                    }
                }
            }
        }
    }

    fn changed_recently(&self) -> Option<Lists> {
        let latest = *self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, lists) = latest?;
        (at.elapsed() < RECENTLY).then_some(lists)
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
    Ok(())
}

/// Whether a subscriber could be told of what it asked for.
async fn told(context: &SubscriptionContext, lists: Lists) -> bool {
    let (wants, sink) = (context.accepted(), context.sink());
    if lists.tools
        && wants.tools_list_changed == Some(true)
        && sink.notify_tool_list_changed().await.is_err()
    {
        return false;
    }
    !lists.resources
        || wants.resources_list_changed != Some(true)
        || sink.notify_resource_list_changed().await.is_ok()
}
