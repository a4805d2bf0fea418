//! What is known of a call before it is measured: what the first one took, what each sends to the
//! CRM, and what comes back.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::fat;
use crate::http::Connection;
use crate::mcp;
use crate::stub;
use crate::subject::Subject;

/// One call, known.
#[derive(Debug, Serialize)]
pub(crate) struct Known {
    #[serde(skip)]
    pub(crate) subject: Subject,
    pub(crate) key: &'static str,
    /// The first call of a host that has just started, milliseconds.
    pub(crate) first_ms: f64,
    /// Requests to the CRM of a later call.
    pub(crate) requests: usize,
    /// Bytes of the bodies that they are answered with.
    pub(crate) fetched: usize,
    /// Bytes of the call's structured answer.
    pub(crate) answer: usize,
    /// The requests as the host sent them.
    #[serde(skip)]
    pub(crate) sent: Vec<Vec<u8>>,
}

/// Calls a host that has just started a first and a second time; the answer is the second one's.
pub(crate) async fn learn(
    subject: Subject,
    host: &mut Connection,
    address: SocketAddr,
    stub: SocketAddr,
) -> Result<(Known, Map<String, Value>)> {
    let what = subject.name;
    let request = subject.ask.http(address, 1);
    stub::listen(stub).await?;
    let began = Instant::now();
    mcp::structured(host.ask(&request).await?).context(what)?;
    let first_ms = began.elapsed().as_secs_f64() * 1e3;
    let first = fetched(&stub::heard(stub).await?, stub).await?;
    expect(&subject, &first)?;
    stub::listen(stub).await?;
    let answer = mcp::structured(host.ask(&request).await?).context(what)?;
    let sent = stub::heard(stub).await?;
    let known = Known {
        key: subject.key,
        first_ms,
        requests: sent.len(),
        fetched: fetched(&sent, stub).await?.iter().sum(),
        answer: serde_json::to_vec(&answer)?.len(),
        sent,
        subject,
    };
    Ok((known, answer))
}

/// The sizes of the answers to these requests.
async fn fetched(requests: &[Vec<u8>], stub: SocketAddr) -> Result<Vec<usize>> {
    let mut connection = Connection::open(stub).await?;
    let mut sizes = Vec::with_capacity(requests.len());
    for request in requests {
        sizes.push(connection.ask(request).await?.len());
    }
    Ok(sizes)
}

/// A call that does not fetch what it is meant to would measure something else.
fn expect(subject: &Subject, sizes: &[usize]) -> Result<()> {
    let Some(wanted) = subject.fetches else {
        return Ok(());
    };
    ensure!(
        sizes.iter().any(|&size| fat::is_near(size, wanted)),
        "{}: none of its answers has about {wanted} bytes, but {sizes:?}",
        subject.name
    );
    Ok(())
}
