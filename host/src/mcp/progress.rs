//! Progress of a call as notifications: only where the request brought a token, on its own stream.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RequestContext, RoleServer};

use crate::call::{Step, Watcher};

/// A client that follows one of its requests.
struct Follower {
    peer: Peer<RoleServer>,
    token: ProgressToken,
}

/// Who follows a request, if its metadata says that somebody does.
pub fn watcher(context: &RequestContext<RoleServer>) -> Option<Arc<dyn Watcher>> {
    let token = context.meta.get_progress_token()?;
    let peer = context.peer.clone();
    Some(Arc::new(Follower { peer, token }))
}

impl Watcher for Follower {
    fn tell(&self, step: Step) -> BoxFuture<'_, ()> {
        let mut told = ProgressNotificationParam::new(self.token.clone(), step.done);
        told.total = step.total;
        told.message = step.message;
        async move {
            if let Err(error) = self.peer.notify_progress(told).await {
                tracing::debug!(%error, "a caller could not be told how far its call is");
            }
        }
        .boxed()
    }
}
