//! Calls: `get` and a 20-row `search`, host and baseline in turn, and the stub by itself.
//!
//! All three run the whole time, so that what disturbs the machine disturbs them alike; only one
//! is called at a time. Each case is measured once in each round, and the medians count.

use anyhow::Result;
use serde::Serialize;

use crate::client::Client;
use crate::load::{self, Measured};
use crate::mcp::Ask;
use crate::plan::{CLIENTS, Plan};
use crate::program::{Program, Served};
use crate::report::progress;
use crate::setup::Setup;
use crate::stats::median;

/// What is measured in every round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Server {
    Host,
    Baseline,
    Stub,
}

/// How the server is reached, and by how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Over {
    Http(usize),
    Stdio,
}

/// One case and its medians over the rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Case {
    pub(crate) tool: &'static str,
    pub(crate) server: Server,
    pub(crate) over: Over,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) calls_per_second: f64,
    pub(crate) cpu_us: f64,
    #[serde(skip)]
    rounds: Vec<Measured>,
}

/// The servers over HTTP.
struct Running {
    host: Served,
    baseline: Served,
}

/// Measures all cases.
pub(crate) async fn measure(setup: &Setup, plan: &Plan) -> Result<Vec<Case>> {
    let running = Running {
        host: setup.host.serve().await?,
        baseline: setup.baseline.serve().await?,
    };
    let mut cases = cases();
    for round in 1..=plan.rounds {
        for case in &mut cases {
            progress(&format!(
                "round {round} of {}: {}",
                plan.rounds,
                case.name()
            ));
            let measured = one(setup, &running, plan, case).await?;
            case.rounds.push(measured);
        }
    }
    for case in &mut cases {
        case.conclude();
    }
    Ok(cases)
}

/// Host and baseline beside each other, and the stub before them.
fn cases() -> Vec<Case> {
    let mut cases = vec![Case::new("get", Server::Stub, Over::Http(1))];
    let ways = CLIENTS.map(Over::Http);
    for tool in ["get", "search"] {
        for over in ways.into_iter().chain([Over::Stdio]) {
            cases.push(Case::new(tool, Server::Host, over));
            cases.push(Case::new(tool, Server::Baseline, over));
        }
    }
    cases
}

async fn one(setup: &Setup, running: &Running, plan: &Plan, case: &Case) -> Result<Measured> {
    let ask = match case.tool {
        "search" => &setup.search,
        _ => &setup.get,
    };
    match (case.server, case.over) {
        (Server::Stub, _) => {
            let client = Client::plain(setup.stub.address, setup.record.clone()).await?;
            load::measure(vec![client], setup.stub.pid()?, plan).await
        }
        (Server::Host, Over::Http(count)) => over_http(&running.host, ask, count, plan).await,
        (Server::Baseline, Over::Http(count)) => {
            over_http(&running.baseline, ask, count, plan).await
        }
        (Server::Host, Over::Stdio) => over_stdio(&setup.host, ask, plan).await,
        (Server::Baseline, Over::Stdio) => over_stdio(&setup.baseline, ask, plan).await,
    }
}

async fn over_http(server: &Served, ask: &Ask, count: usize, plan: &Plan) -> Result<Measured> {
    let clients = server.clients(ask, count).await?;
    load::measure(clients, server.pid()?, plan).await
}

async fn over_stdio(program: &Program, ask: &Ask, plan: &Plan) -> Result<Measured> {
    let session = program.session()?;
    let pid = session.pid()?;
    load::measure(vec![Client::stdio(session, ask)], pid, plan).await
}

impl Case {
    const fn new(tool: &'static str, server: Server, over: Over) -> Self {
        Self {
            tool,
            server,
            over,
            p50_ms: 0.0,
            p99_ms: 0.0,
            calls_per_second: 0.0,
            cpu_us: 0.0,
            rounds: Vec::new(),
        }
    }

    /// For people.
    pub(crate) fn name(&self) -> String {
        let server = match self.server {
            Server::Host => "host",
            Server::Baseline => "bare rmcp",
            Server::Stub => "the stub alone",
        };
        format!("{}, {}, {server}", self.tool, self.over.name())
    }

    fn conclude(&mut self) {
        let middle = |of: fn(&Measured) -> f64| median(self.rounds.iter().map(of).collect());
        let values = (
            middle(|m| m.p50_ms),
            middle(|m| m.p99_ms),
            middle(|m| m.calls_per_second),
            middle(|m| m.cpu_us),
        );
        (self.p50_ms, self.p99_ms, self.calls_per_second, self.cpu_us) = values;
    }
}

impl Over {
    /// For people.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Http(1) => "1 client".to_owned(),
            Self::Http(count) => format!("{count} clients"),
            Self::Stdio => "stdio".to_owned(),
        }
    }
}
