//! The stop signal: Ctrl-C, and SIGTERM where there is one.

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Waits for the signal while it lives.
pub struct Stop {
    token: CancellationToken,
    _waiting: JoinSet<()>,
}

impl Stop {
    /// Begins to wait.
    #[must_use]
    pub fn on_signal() -> Self {
        let token = CancellationToken::new();
        let cancel = token.clone();
        let mut waiting = JoinSet::new();
        waiting.spawn(async move {
            signalled().await;
            cancel.cancel();
        });
        Self {
            token,
            _waiting: waiting,
        }
    }

    /// Cancelled when the process is asked to stop.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }
}

#[cfg(unix)]
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM is not handled");
            tokio::signal::ctrl_c().await.ok();
        }
    }
}

#[cfg(not(unix))]
async fn signalled() {
    tokio::signal::ctrl_c().await.ok();
}
