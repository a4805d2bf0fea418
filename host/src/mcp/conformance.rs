//! What only the official conformance suite asks of a server: protocol logs, lists that change on demand,
//! levels and subscriptions of the handshake revisions. Nothing of it is there unless the suite's fixture
//! is served.

#![expect(
    deprecated,
    reason = "the handshake revisions, which the suite tests too, have protocol logs"
)]

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use rmcp::model::{
    ErrorCode, ErrorData, LoggingLevel, LoggingMessageNotificationParam, ServerCapabilities,
};
use rmcp::service::{Peer, RequestContext, RoleServer};
use serde_json::Value;

use super::changes::Changes;
use super::{Era, Server};
use crate::call::{Audience, Listing};

/// The client of one request of the suite.
struct Client {
    peer: Peer<RoleServer>,
    wants_log: bool,
    changes: Arc<Changes>,
}

/// The client of a request, where the suite's fixture is served.
pub fn audience(
    server: &Server,
    context: &RequestContext<RoleServer>,
) -> Option<Arc<dyn Audience>> {
    if !server.app.runtime.is_for_conformance() {
        return None;
    }
    let level = context.meta.log_level();
    let client = Client {
        peer: context.peer.clone(),
        wants_log: match Era::of(context) {
            Era::Stateless => matches!(level, Some(LoggingLevel::Debug | LoggingLevel::Info)),
            Era::TextOnly | Era::Handshake => true,
        },
        changes: Arc::clone(&server.changes),
    };
    Some(Arc::new(client))
}

impl Audience for Client {
    fn log(&self, message: String) -> BoxFuture<'_, ()> {
        async move {
            if !self.wants_log {
                return;
            }
            let line =
                LoggingMessageNotificationParam::new(LoggingLevel::Info, Value::String(message));
            if let Err(error) = self.peer.notify_logging_message(line).await {
                tracing::debug!(%error, "a line of the protocol's log was not sent");
            }
        }
        .boxed()
    }

    fn changed(&self, listing: Listing) {
        self.changes.pretend(listing);
    }
}

/// The capabilities that the suite looks for.
pub fn declare(server: &Server, capabilities: &mut ServerCapabilities) {
    if server.app.runtime.is_for_conformance() {
        let more = ServerCapabilities::builder()
            .enable_logging()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_resources_list_changed()
            .build();
        capabilities.logging = more.logging;
        capabilities.resources = more.resources;
    }
}

/// The answer to a method of the handshake revisions that does nothing here but to be there for the
/// suite.
///
/// # Errors
/// The suite's fixture is not served, or the request is of a revision that has no such method.
pub fn accept(
    server: &Server,
    context: &RequestContext<RoleServer>,
    method: &'static str,
) -> Result<(), ErrorData> {
    if server.app.runtime.is_for_conformance() && Era::of(context) != Era::Stateless {
        Ok(())
    } else {
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None))
    }
}
