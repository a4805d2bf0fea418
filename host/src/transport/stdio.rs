//! One session on standard input and output. Nothing else may write to standard output.

use std::time::Duration;

use rmcp::service::{QuitReason, ServiceExt};
use rmcp::transport::stdio_pipes;
use tokio_util::sync::CancellationToken;

use crate::mcp::Server;

/// Serves until the client closes its end, or until `stop`; calls in flight then have `drain` to
/// finish.
///
/// # Errors
/// The client did not speak MCP.
pub async fn serve(server: Server, stop: CancellationToken, drain: Duration) -> anyhow::Result<()> {
    let service = server.serve(stdio_pipes()).await?;
    let closing = service.cancellation_token();
    let mut running = std::pin::pin!(service.waiting());
    let reason = tokio::select! {
        reason = &mut running => reason?,
        () = stop.cancelled() => {
            tracing::info!("stopping; calls in flight have {} ms", drain.as_millis());
            closing.cancel();
            match tokio::time::timeout(drain, running).await {
                Ok(reason) => reason?,
                Err(_) => return Ok(()),
            }
        }
    };
    if let QuitReason::JoinError(error) = reason {
        anyhow::bail!("the session ended unexpectedly: {error}");
    }
    Ok(())
}
