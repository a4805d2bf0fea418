//! One session on standard input and output. Nothing else may write to standard output.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use rmcp::service::{QuitReason, ServiceExt};
use rmcp::transport::stdio_pipes;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::CancellationToken;

use crate::mcp::Server;

/// Serves until the client closes its end, or until `stop`; calls in flight then have `drain` to
/// finish, and their answers are still written.
///
/// # Errors
/// The client did not speak MCP.
pub async fn serve(server: Server, stop: CancellationToken, drain: Duration) -> anyhow::Result<()> {
    let (reader, writer) = stdio_pipes();
    let input = Input::new(reader, server.clone(), stop.clone(), drain);
    let service = match server.serve((input, writer)).await {
        Ok(service) => service,
        Err(_) if stop.is_cancelled() => return Ok(()),
        Err(error) => return ended_early(error),
    };
    match service.waiting().await? {
        QuitReason::JoinError(error) => anyhow::bail!("the session ended unexpectedly: {error}"),
        _ => Ok(()),
    }
}

/// A client that goes away before it says anything is no failure.
fn ended_early(error: rmcp::service::ServerInitializeError) -> anyhow::Result<()> {
    use rmcp::service::ServerInitializeError::{ConnectionClosed, TransportError};
    match error {
        ConnectionClosed(_) => Ok(()),
        TransportError { error, .. } => anyhow::bail!("standard input or output: {error}"),
        other => Err(other.into()),
    }
}

/// Standard input, whose end is held back until the calls in flight have been answered: rmcp stops
/// soon after it.
struct Input<R> {
    inner: R,
    stopped: BoxFuture<'static, ()>,
    ending: BoxFuture<'static, ()>,
    ended: bool,
}

impl<R> Input<R> {
    fn new(inner: R, server: Server, stop: CancellationToken, drain: Duration) -> Self {
        let ending = async move {
            server.close();
            if tokio::time::timeout(drain, server.idle()).await.is_err() {
                tracing::warn!("calls were still running when the drain time of {} ms was over", drain.as_millis());
            }
        };
        Self {
            inner,
            stopped: stop.cancelled_owned().boxed(),
            ending: ending.boxed(),
            ended: false,
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Input<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ended && self.stopped.as_mut().poll(cx).is_ready() {
            tracing::info!("stopping");
            self.ended = true;
        }
        if !self.ended {
            let before = buf.filled().len();
            ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
            self.ended = true;
        }
        self.ending.as_mut().poll(cx).map(Ok)
    }
}
