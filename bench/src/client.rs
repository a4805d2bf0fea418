//! A client that makes the same call again and again and looks at every answer.

use std::net::SocketAddr;

use anyhow::Result;

use crate::http::Connection;
use crate::mcp::{Ask, Expected};
use crate::stdio::Session;

/// One client and its connection.
pub(crate) enum Client {
    /// An MCP client over HTTP.
    Http {
        connection: Connection,
        request: Vec<u8>,
        expected: Expected,
    },
    /// An MCP client on pipes.
    Stdio {
        session: Box<Session>,
        ask: Ask,
        id: u64,
        expected: Expected,
    },
    /// Somebody who asks the stub itself what the host asks it for one call.
    Plain {
        connection: Connection,
        requests: Vec<Vec<u8>>,
    },
}

impl Client {
    /// One that calls over HTTP.
    pub(crate) async fn http(server: SocketAddr, ask: &Ask, id: u64) -> Result<Self> {
        Ok(Self::Http {
            connection: Connection::open(server).await?,
            request: ask.http(server, id),
            expected: Expected::default(),
        })
    }

    /// One that calls on pipes.
    pub(crate) fn stdio(session: Session, ask: &Ask) -> Self {
        Self::Stdio {
            session: Box::new(session),
            ask: ask.clone(),
            id: 0,
            expected: Expected::default(),
        }
    }

    /// One that sends prepared requests one after the other.
    pub(crate) async fn plain(server: SocketAddr, requests: Vec<Vec<u8>>) -> Result<Self> {
        let connection = Connection::open(server).await?;
        Ok(Self::Plain {
            connection,
            requests,
        })
    }

    /// One call; a wrong answer is an error.
    pub(crate) async fn call(&mut self) -> Result<()> {
        match self {
            Self::Http {
                connection,
                request,
                expected,
            } => expected.check(connection.ask(request).await?),
            Self::Stdio {
                session,
                ask,
                id,
                expected,
            } => {
                *id += 1;
                expected.check(session.ask(&ask.message(*id)).await?)
            }
            Self::Plain {
                connection,
                requests,
            } => {
                for request in requests {
                    connection.ask(request).await?;
                }
                Ok(())
            }
        }
    }
}
