//! One session on standard input and output. Nothing else may write to standard output.

use std::io;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use rmcp::model::JsonRpcMessage;
use rmcp::service::{QuitReason, RoleServer, RxJsonRpcMessage, ServiceExt, TxJsonRpcMessage};
use rmcp::transport::{Transport, stdio_pipes};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::lines::{Line, Lines, Out};
use crate::mcp::Server;

/// Serves until the client closes its end or reads no more, or until `stop`; calls in flight then have
/// `drain` to finish, and their answers are still written.
///
/// # Errors
/// The client did not speak MCP.
pub async fn serve(server: Server, stop: CancellationToken, drain: Duration) -> anyhow::Result<()> {
    let (reader, writer) = stdio_pipes();
    let session = Session::new(reader, writer, server.clone(), stop.clone(), drain);
    let service = match server.serve(session).await {
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

/// The messages of one client.
///
/// Notifications before the first request are left out: rmcp takes the first message for the opening
/// of a session and ends the process over anything but a request (3.8.0). To be removed when it no
/// longer does.
struct Session<R, W> {
    lines: Lines<R>,
    out: Out<W>,
    begun: bool,
    stop: CancellationToken,
    gone: CancellationToken,
    /// What has to happen before rmcp learns of the end, because it stops soon after it.
    ending: Option<BoxFuture<'static, ()>>,
    ended: bool,
    /// An answer of ours on its way out: rmcp may drop `receive` at any moment, and half a line would
    /// spoil the next.
    answering: Option<BoxFuture<'static, io::Result<()>>>,
}

impl<R, W> Session<R, W>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    fn new(reader: R, writer: W, server: Server, stop: CancellationToken, drain: Duration) -> Self {
        let gone = CancellationToken::new();
        let ending = async move {
            server.close();
            server.drained(drain).await;
        };
        Self {
            lines: Lines::new(reader),
            out: Out::new(writer, gone.clone()),
            begun: false,
            stop,
            gone,
            ending: Some(ending.boxed()),
            ended: false,
            answering: None,
        }
    }

    /// The next line; none when the session is to end.
    async fn line(&mut self) -> Option<Line> {
        let line = tokio::select! {
            biased;
            () = self.stop.cancelled() => {
                tracing::info!("stopping");
                return None;
            }
            () = self.gone.cancelled() => return None,
            line = self.lines.next() => line,
        };
        line.unwrap_or_else(|error| {
            tracing::warn!(%error, "standard input cannot be read");
            None
        })
    }

    async fn next(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        while !self.ended {
            if let Some(answering) = &mut self.answering {
                // Whoever reads no more ends the session with the next line.
                answering.await.ok();
                self.answering = None;
            }
            match self.line().await {
                None => self.ended = true,
                Some(Line::Refused(answer)) => {
                    self.answering = Some(self.out.answer(&answer).boxed());
                }
                Some(Line::Message(message)) => {
                    if self.begun || !matches!(*message, JsonRpcMessage::Notification(_)) {
                        self.begun = true;
                        return Some(*message);
                    }
                    tracing::debug!("a notification before the first request was left out");
                }
            }
        }
        None
    }
}

impl<R, W> Transport<RoleServer> for Session<R, W>
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.out.send(&item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        if let Some(message) = self.next().await {
            return Some(message);
        }
        if let Some(ending) = &mut self.ending {
            ending.await;
            self.ending = None;
        }
        None
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, BufReader};

    use super::*;

    #[tokio::test]
    async fn an_answer_survives_that_nobody_waits_for_it() {
        let (ours, theirs) = tokio::io::duplex(4);
        let gone = CancellationToken::new();
        let mut session = Session {
            lines: Lines::new(&b"[]\n"[..]),
            out: Out::new(ours, gone.clone()),
            begun: false,
            stop: CancellationToken::new(),
            gone,
            ending: None,
            ended: false,
            answering: None,
        };
        // The client has read nothing yet, so the answer is stuck half-way when it is let go.
        assert!(session.next().now_or_never().is_none());
        let mut client = BufReader::new(theirs).lines();
        let both = async { tokio::join!(client.next_line(), session.next()) };
        let both = tokio::time::timeout(Duration::from_secs(10), both).await;
        let (line, end) = both.expect("the rest of the answer");
        let line = line.unwrap().unwrap();
        let answer: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["error"]["code"], -32600);
        assert!(end.is_none());
    }
}
