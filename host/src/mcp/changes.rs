//! Tells clients when the list of tools or of prompts changed: sessions of the handshake revisions by
//! a notification each, subscribers of 2026-07-28 on their own stream.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rmcp::model::ErrorData;
use rmcp::service::{Peer, RoleServer, SubscriptionContext};
use tokio::sync::{Semaphore, watch};

use crate::prompts::Prompts;
use crate::registry::Registry;

/// A subscription is acknowledged before it is served; a change in between would be lost, so what
/// happened this recently is told again.
const RECENTLY: Duration = Duration::from_secs(2);

/// Who wants to be told.
pub struct Changes {
    registry: Arc<Registry>,
    prompts: Arc<Prompts>,
    streams: Semaphore,
    peers: Mutex<Vec<Peer<RoleServer>>>,
    latest: Mutex<Vec<(Change, Instant)>>,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Plugins or connections: the tools, and with them the prompts.
    Connections,
    /// The texts of prompts alone.
    Prompts,
}

/// Both sources of changes.
struct Sources {
    connections: watch::Receiver<u64>,
    prompts: watch::Receiver<u64>,
}

impl Sources {
    /// Waits; `None` when the host goes down.
    async fn next(&mut self) -> Option<Change> {
        tokio::select! {
            changed = self.connections.changed() => changed.ok().map(|()| Change::Connections),
            changed = self.prompts.changed() => changed.ok().map(|()| Change::Prompts),
        }
    }
}

impl Changes {
    /// Nobody yet; later at most so many subscribers at a time.
    #[must_use]
    pub fn new(registry: Arc<Registry>, prompts: Arc<Prompts>, most_streams: usize) -> Arc<Self> {
        Arc::new(Self {
            registry,
            prompts,
            streams: Semaphore::new(most_streams.min(Semaphore::MAX_PERMITS)),
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
        let mut sources = self.sources();
        while let Some(change) = sources.next().await {
            self.remember(change);
            for peer in self.open_peers() {
                if let Err(error) = tell_peer(&peer, change).await {
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
        let mut sources = self.sources();
        for change in self.recent() {
            if !told(context, change).await {
                return;
            }
        }
        loop {
            tokio::select! {
                () = context.cancelled() => return,
                change = sources.next() => match change {
                    Some(change) if told(context, change).await => {}
                    _ => return,
                }
            }
        }
    }

    fn sources(&self) -> Sources {
        Sources {
            connections: self.registry.changes(),
            prompts: self.prompts.changes(),
        }
    }

    fn remember(&self, change: Change) {
        let mut latest = self.latest();
        latest.retain(|(earlier, _)| *earlier != change);
        latest.push((change, Instant::now()));
    }

    fn recent(&self) -> Vec<Change> {
        let latest = self.latest();
        let recent = latest.iter().filter(|(_, at)| at.elapsed() < RECENTLY);
        recent.map(|(change, _)| *change).collect()
    }

    fn latest(&self) -> MutexGuard<'_, Vec<(Change, Instant)>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_peers(&self) -> Vec<Peer<RoleServer>> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.retain(|peer| !peer.is_transport_closed());
        peers.clone()
    }
}

async fn tell_peer(peer: &Peer<RoleServer>, change: Change) -> Result<(), rmcp::ServiceError> {
    if change == Change::Connections {
        peer.notify_tool_list_changed().await?;
    }
    peer.notify_prompt_list_changed().await
}

/// Tells what the subscriber asked for; whether it still listens.
async fn told(context: &SubscriptionContext, change: Change) -> bool {
    let wants = context.accepted();
    let (tools, prompts) = (wants.tools_list_changed, wants.prompts_list_changed);
    let sink = context.sink();
    let tools = change != Change::Connections
        || tools != Some(true)
        || sink.notify_tool_list_changed().await.is_ok();
    let prompts = prompts != Some(true) || sink.notify_prompt_list_changed().await.is_ok();
    tools && prompts
}
