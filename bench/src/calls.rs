//! Calls: host and baseline in turn, and what the host sends to the CRM by itself.
//!
//! All servers run the whole time, so that what disturbs the machine disturbs them alike; only one
//! is called at a time. Each case is measured once in each round, and the medians count.

use anyhow::Result;
use serde::Serialize;

use crate::client::Client;
use crate::known::Known;
use crate::load::{self, Measured};
use crate::mcp::Ask;
use crate::plan::Plan;
use crate::program::{Program, Served};
use crate::report::progress;
use crate::setup::Setup;
use crate::stats::median;
use crate::subject::{Over, Subject};

/// What is measured in every round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Server {
    Host,
    Baseline,
    /// The requests of one call, sent to the stub one after the other.
    Stub,
}

/// One case and its medians over the rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Case {
    pub(crate) call: &'static str,
    #[serde(skip)]
    name: &'static str,
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
    let mut cases: Vec<Case> = setup.known.iter().flat_map(cases).collect();
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

/// Host and baseline beside each other, and the stub before them if the call reaches it.
fn cases(known: &Known) -> Vec<Case> {
    let subject = &known.subject;
    let mut cases = Vec::new();
    if known.requests > 0 {
        cases.push(Case::new(subject, Server::Stub, Over::Http(1)));
    }
    for &over in subject.ways {
        cases.push(Case::new(subject, Server::Host, over));
        cases.push(Case::new(subject, Server::Baseline, over));
    }
    cases
}

async fn one(setup: &Setup, running: &Running, plan: &Plan, case: &Case) -> Result<Measured> {
    let known = setup.known(case.call)?;
    let (ask, of_baseline) = (&known.subject.ask, &known.subject.of_baseline());
    match (case.server, case.over) {
        (Server::Stub, _) => {
            let client = Client::plain(setup.stub.address, known.sent.clone()).await?;
            load::measure(vec![client], setup.stub.pid()?, plan).await
        }
        (Server::Host, Over::Http(count)) => over_http(&running.host, ask, count, plan).await,
        (Server::Baseline, Over::Http(count)) => {
            over_http(&running.baseline, of_baseline, count, plan).await
        }
        (Server::Host, Over::Stdio) => over_stdio(&setup.host, ask, plan).await,
        (Server::Baseline, Over::Stdio) => over_stdio(&setup.baseline, of_baseline, plan).await,
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

/// The case of a call, a server and a way, if it was measured.
pub(crate) fn find<'c>(
    cases: &'c [Case],
    call: &str,
    server: Server,
    over: Over,
) -> Option<&'c Case> {
    let same = |case: &&Case| (case.call, case.server, case.over) == (call, server, over);
    cases.iter().find(same)
}

/// What the host adds to the p50 of the same requests without it, milliseconds; a call that sends
/// none is all the host's.
pub(crate) fn added(cases: &[Case], call: &str) -> f64 {
    let p50 = |server| find(cases, call, server, Over::Http(1)).map(|case| case.p50_ms);
    p50(Server::Host).unwrap_or(f64::NAN) - p50(Server::Stub).unwrap_or(0.0)
}

impl Case {
    const fn new(subject: &Subject, server: Server, over: Over) -> Self {
        Self {
            call: subject.key,
            name: subject.name,
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
        format!("{}, {}, {server}", self.name, self.over.name())
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
