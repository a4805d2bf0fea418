//! `portcullis demo`: the in-memory CRM, a host in front of it, the tour, and how to connect.

use std::net::SocketAddr;
use std::path::Path;

use portcullis_demo::espocrm;
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

/// Two connections to one CRM: one that may do everything, one that may only read.
const CONFIG: &str = r#"
[connections.crm]
plugin = "espocrm"
url = "URL"
secrets.api_key = "env:DEMO_API_KEY"
allow = ["read", "write", "destructive"]
settings.time_zone = "Europe/Berlin"

[connections.readonly]
plugin = "espocrm"
url = "URL"
secrets.api_key = "env:DEMO_API_KEY"
"#;

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
    let signal = shutdown::Stop::on_signal();
    let stop = signal.token();
    let mut tasks = JoinSet::new();
    let crm = start_crm(&mut tasks, stop.clone()).await?;
    let host = build(&crm).await?;
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
        "The in-memory CRM answers at {crm}, Portcullis at {url}.\n"
    ));
    let serving = host.serve(Listen::Http(listener), None, stop.clone());
    let touring = after_serving(&url, args.once, &stop);
    let (served, toured) = tokio::join!(serving, touring);
    served.map_err(|error| complain(Exit::Failed, format_args!("{error:#}")))?;
    toured
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

async fn start_crm(tasks: &mut JoinSet<()>, stop: CancellationToken) -> Result<String, Exit> {
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener
        .local_addr()
        .map_err(|error| complain(Exit::System, error))?;
    let crm = espocrm::EspoCrm::new(espocrm::Options::default());
    tasks.spawn(async move {
        if let Err(error) = crm
            .serve(listener, async move { stop.cancelled().await })
            .await
        {
            tracing::error!(%error, "the in-memory CRM ended");
        }
    });
    Ok(format!("http://{address}"))
}

async fn build(crm: &str) -> Result<Host, Exit> {
    let environment = |name: &str| (name == "DEMO_API_KEY").then(|| espocrm::FULL_KEY.to_owned());
    let text = CONFIG.replace("URL", crm);
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
