//! One session on standard input and output. Nothing else may write to standard output.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use rmcp::model::JsonRpcMessage;
use rmcp::service::{QuitReason, RoleServer, RxJsonRpcMessage, ServiceExt, TxJsonRpcMessage};
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::{Transport, stdio_pipes};
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
    let inner = AsyncRwTransport::new(input, writer);
    let service = match server
        .serve(FromFirstRequest {
            inner,
            begun: false,
        })
        .await
    {
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
                tracing::warn!(
                    "calls were still running when the drain time of {} ms was over",
                    drain.as_millis()
                );
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

/// Leaves out notifications that come before the first request: rmcp takes the first message for
/// the opening of a session and ends the process over anything but a request (3.8.0). To be removed
/// when it no longer does.
struct FromFirstRequest<T> {
    inner: T,
    begun: bool,
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for FromFirstRequest<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            let message = self.inner.receive().await?;
            if self.begun || !matches!(message, JsonRpcMessage::Notification(_)) {
                self.begun = true;
                return Some(message);
            }
            tracing::debug!("a notification before the first request was left out");
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}
