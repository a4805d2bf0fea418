//! Tells clients when the list of tools changed: sessions of the handshake revisions by a
//! notification each, subscribers of 2026-07-28 on their own stream.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rmcp::service::{Peer, RoleServer, SubscriptionContext};

use crate::registry::Registry;

/// A subscription is acknowledged before it is served; a change in between would be lost, so what
/// happened this recently is told again.
const RECENTLY: Duration = Duration::from_secs(2);

/// Who wants to be told.
pub struct Changes {
    registry: Arc<Registry>,
    peers: Mutex<Vec<Peer<RoleServer>>>,
    latest: Mutex<Option<Instant>>,
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
        while changes.changed().await.is_ok() {
            *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            for peer in self.open_peers() {
                if let Err(error) = peer.notify_tool_list_changed().await {
                    tracing::debug!(%error, "a session could not be told");
                }
            }
        }
    }

    /// Tells one subscriber of every change until it goes away.
    pub async fn tell_subscriber(&self, context: &SubscriptionContext) {
        let mut changes = self.registry.changes();
        if self.changed_recently() && !told(context).await {
            return;
        }
        loop {
            tokio::select! {
                () = context.cancelled() => return,
                changed = changes.changed() => {
                    if changed.is_err() || !told(context).await {
                        return;
                    }
                }
            }
        }
    }

    fn changed_recently(&self) -> bool {
        let latest = *self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.is_some_and(|at| at.elapsed() < RECENTLY)
    }

    fn open_peers(&self) -> Vec<Peer<RoleServer>> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.retain(|peer| !peer.is_transport_closed());
        peers.clone()
    }
}

async fn told(context: &SubscriptionContext) -> bool {
    if context.accepted().tools_list_changed != Some(true) {
        return true;
    }
    context.sink().notify_tool_list_changed().await.is_ok()
}
