//! `portcullis demo`: the in-memory CRMs, a host in front of them, the tour, and how to connect.

use std::net::SocketAddr;
use std::path::Path;

use axum::Router;
use portcullis_demo::{atomic, bottlecrm, espocrm, suitecrm};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::setup::engine;
use super::{DemoArgs, Exit, complain, say, tour};
use crate::config::Config;
use crate::registry::load_embedded;
use crate::run::{Host, Listen};
use crate::shutdown;
use crate::telemetry::Telemetry;

/// Each CRM, and one of them a second time for a connection that may only read.
const CONFIG: &str = r#"
[connections.crm]
plugin = "espocrm"
url = "URL_ESPOCRM"
secrets.api_key = "env:DEMO_ESPOCRM_KEY"
allow = ["read", "write", "destructive"]
settings.time_zone = "Europe/Berlin"

[connections.readonly]
plugin = "espocrm"
url = "URL_ESPOCRM"
secrets.api_key = "env:DEMO_ESPOCRM_KEY"

[connections.suite]
plugin = "suitecrm"
url = "URL_SUITECRM"
secrets.username = "env:DEMO_SUITECRM_USER"
secrets.password = "env:DEMO_SUITECRM_PASSWORD"
secrets.client_id = "env:DEMO_SUITECRM_CLIENT"
secrets.client_secret = "env:DEMO_SUITECRM_SECRET"
allow = ["read", "write", "destructive"]

[connections.bottle]
plugin = "bottlecrm"
url = "URL_BOTTLECRM"
secrets.token = "env:DEMO_BOTTLECRM_TOKEN"
allow = ["read", "write", "destructive", "outward"]

[connections.atomic]
plugin = "atomic"
url = "URL_ATOMIC"
secrets.publishable_key = "env:DEMO_ATOMIC_KEY"
secrets.email = "env:DEMO_ATOMIC_EMAIL"
secrets.password = "env:DEMO_ATOMIC_PASSWORD"
allow = ["read", "write", "destructive"]
"#;

/// What stands in the environment of the demonstration.
fn environment(name: &str) -> Option<String> {
    let value = match name {
        "DEMO_ESPOCRM_KEY" => espocrm::FULL_KEY,
        "DEMO_SUITECRM_USER" => suitecrm::ADMIN_USER,
        "DEMO_SUITECRM_PASSWORD" => suitecrm::ADMIN_PASSWORD,
        "DEMO_SUITECRM_CLIENT" => suitecrm::CLIENT_ID,
        "DEMO_SUITECRM_SECRET" => suitecrm::CLIENT_SECRET,
        "DEMO_BOTTLECRM_TOKEN" => bottlecrm::ADMIN_TOKEN,
        "DEMO_ATOMIC_KEY" => atomic::PUBLISHABLE_KEY,
        "DEMO_ATOMIC_EMAIL" => atomic::REP.email,
        "DEMO_ATOMIC_PASSWORD" => atomic::REP.password,
        _ => return None,
    };
    Some(value.to_owned())
}

/// Where the in-memory CRMs listen.
struct Crms {
    espocrm: String,
    suitecrm: String,
    bottlecrm: String,
    atomic: String,
}

/// Runs the demonstration.
pub async fn demo(args: DemoArgs, telemetry: Telemetry) -> Exit {
    if !args.stdio {
        let quiet = crate::config::Log {
            level: Some("warn".into()),
            json: false,
        };
        if let Err(error) = telemetry.apply(&quiet) {
            return complain(Exit::Internal, error);
        }
    }
    match try_demo(&args).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn try_demo(args: &DemoArgs) -> Result<Exit, Exit> {
    check_loopback(args.http)?;
    let signal = shutdown::Stop::on_signal();
    let stop = signal.token();
    let mut tasks = JoinSet::new();
    let crms = start_crms(&mut tasks, &stop).await?;
    let host = build(&crms).await?;
    if args.stdio {
        let served = host.serve(Listen::Stdio, None, stop).await;
        return served
            .map(|()| Exit::Done)
            .map_err(|error| complain(Exit::Failed, format_args!("{error:#}")));
    }
    let listener = listen(args.http).await?;
    let address = listener
        .local_addr()
        .map_err(|error| complain(Exit::System, error))?;
    let url = format!("http://{address}/mcp");
    say(format_args!(
        "In memory: EspoCRM at {}, SuiteCRM at {}, BottleCRM at {}, Atomic CRM at {}.\nPortcullis answers at {url}.\n",
        crms.espocrm, crms.suitecrm, crms.bottlecrm, crms.atomic
    ));
    let serving = host.serve(Listen::Http(listener), None, stop.clone());
    let touring = after_serving(&url, args.once, &stop);
    let (served, toured) = tokio::join!(serving, touring);
    served.map_err(|error| complain(Exit::Failed, format_args!("{error:#}")))?;
    toured
}

/// Nobody has to authenticate here, and the guide connects to this machine.
fn check_loopback(address: SocketAddr) -> Result<(), Exit> {
    if address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    let message = format!(
        "{address} is reachable from beyond this machine, which the demonstration is not made for; use an address such as 127.0.0.1:8787"
    );
    Err(complain(Exit::Usage, message))
}

/// The tour, and what comes after it; a tour that failed, and `--once`, end the server.
async fn after_serving(url: &str, once: bool, stop: &CancellationToken) -> Result<Exit, Exit> {
    let toured = tour::tour(url).await;
    if let Err(error) = toured {
        stop.cancel();
        return Err(complain(
            Exit::Failed,
            format_args!("the tour failed: {error:#}"),
        ));
    }
    if once {
        stop.cancel();
    } else {
        say(how_to_connect(url));
    }
    Ok(Exit::Done)
}

async fn start_crms(tasks: &mut JoinSet<()>, stop: &CancellationToken) -> Result<Crms, Exit> {
    let espocrm = espocrm::EspoCrm::new(espocrm::Options::default());
    let suitecrm = suitecrm::SuiteCrm::new(suitecrm::Options::default());
    let bottlecrm = bottlecrm::BottleCrm::new(bottlecrm::Options::default());
    let atomic = atomic::AtomicCrm::new(atomic::Options::default());
    Ok(Crms {
        espocrm: start(tasks, stop, espocrm.router()).await?,
        suitecrm: start(tasks, stop, suitecrm.router()).await?,
        bottlecrm: start(tasks, stop, bottlecrm.router()).await?,
        atomic: start(tasks, stop, atomic.router()).await?,
    })
}

/// Serves a CRM on a free port and tells its address.
async fn start(
    tasks: &mut JoinSet<()>,
    stop: &CancellationToken,
    crm: Router,
) -> Result<String, Exit> {
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener
        .local_addr()
        .map_err(|error| complain(Exit::System, error))?;
    let stop = stop.clone();
    tasks.spawn(async move {
        let served = portcullis_demo::serve(crm, listener, async move { stop.cancelled().await });
        if let Err(error) = served.await {
            tracing::error!(%error, "an in-memory CRM ended");
        }
    });
    Ok(format!("http://{address}"))
}

async fn build(crms: &Crms) -> Result<Host, Exit> {
    let text = CONFIG
        .replace("URL_ESPOCRM", &crms.espocrm)
        .replace("URL_SUITECRM", &crms.suitecrm)
        .replace("URL_BOTTLECRM", &crms.bottlecrm)
        .replace("URL_ATOMIC", &crms.atomic);
    let config = Config::from_text(&text, Path::new("demo.toml"), &environment)
        .map_err(|problems| complain(Exit::Internal, problems))?;
    let runtime = engine(Some(&config))?;
    let embedded = load_embedded(&runtime)
        .await
        .map_err(|error| complain(Exit::Internal, error))?;
    Host::build(runtime, embedded, config)
        .await
        .map_err(|error| complain(Exit::Config, error))
}

/// The wanted address, or any free port beside it.
async fn listen(wanted: SocketAddr) -> Result<TcpListener, Exit> {
    match TcpListener::bind(wanted).await {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            super::serve::bind(SocketAddr::new(wanted.ip(), 0)).await
        }
        Err(_) => super::serve::bind(wanted).await,
        Ok(listener) => Ok(listener),
    }
}

fn how_to_connect(url: &str) -> String {
    let program = std::env::current_exe()
        .map_or_else(|_| "portcullis".into(), |path| path.display().to_string());
    format!(
        r#"Connect your own client (docs/clients.md has every client's file):

  Over HTTP, while this runs:
    Claude Code     claude mcp add --transport http portcullis {url}
    Gemini CLI      gemini mcp add --transport http portcullis {url}
    Cursor          {{"mcpServers": {{"portcullis": {{"url": "{url}"}}}}}}
    VS Code         {{"servers": {{"portcullis": {{"type": "http", "url": "{url}"}}}}}}

  Over stdio, the client starts it (with a CRM of its own):
    Claude Code     claude mcp add portcullis -- {program} demo --stdio
    Codex           codex mcp add portcullis -- {program} demo --stdio
    Claude Desktop, Cursor, Windsurf:
                    {{"mcpServers": {{"portcullis": {{"command": "{program}", "args": ["demo", "--stdio"]}}}}}}

Serving until Ctrl-C."#
    )
}
