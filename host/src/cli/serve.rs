//! `portcullis serve`, and the bare command.

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::net::TcpListener;

use super::setup::{Setup, setup, setup_entities};
use super::{Exit, ServeArgs, complain};
use crate::config::{
    self, Asked, Config, Identity, Place, Problem, Problems, Source, check_listener,
};
use crate::registry::Reread;
use crate::run::Listen;
use crate::shutdown;
use crate::telemetry::Telemetry;

/// Serves until it is told to stop.
pub async fn serve(config: Option<PathBuf>, args: ServeArgs, telemetry: Telemetry) -> Exit {
    match try_serve(config, args, &telemetry).await {
        Ok(()) => Exit::Done,
        Err(exit) => exit,
    }
}

async fn try_serve(
    config: Option<PathBuf>,
    args: ServeArgs,
    telemetry: &Telemetry,
) -> Result<(), Exit> {
    let stop = shutdown::Stop::on_signal();
    let public_url = args.url.as_deref().map(config::public_url).transpose();
    let public_url =
        public_url.map_err(|error| complain(Exit::Usage, format_args!("--url {error}")))?;
    let names_url = public_url.is_some();
    let apply = |config: &mut Config| {
        if names_url {
            config.server.public_url = public_url;
        }
        telemetry
            .apply(&config.server.log)
            .map_err(|error| complain(Exit::Config, error))
    };
    let asked = match args.http {
        Some(_) => Asked::Http,
        None => Asked::Nothing,
    };
    let Setup {
        host,
        config,
        reread,
    } = match &args.entities {
        Some(file) => setup_entities(file, apply).await?,
        None => setup(config, asked, apply).await?,
    };
    let listen = match address(&args, &config)? {
        Some(address) => {
            check_listener(address, &config.server.access, &config.connections)
                .map_err(|message| complain(Exit::Usage, format_args!("{address} {message}")))?;
            Listen::Http(bind(address).await?)
        }
        None => {
            check_stdio(&config).map_err(|message| complain(Exit::Config, message))?;
            Listen::Stdio
        }
    };
    if names_url && matches!(listen, Listen::Stdio) {
        tracing::warn!(
            "--url has no effect over stdio; it is the address of a listener (`server.http` or --http)"
        );
    }
    say_where(&listen, &config);
    let reread = match &listen {
        Listen::Http(listener) => reread.map(|reread| judged(reread, listener.local_addr().ok())),
        Listen::Stdio => reread,
    };
    host.serve(listen, reread, stop.token())
        .await
        .map_err(|error| complain(Exit::Failed, format_args!("{error:#}")))
}

/// A configuration is not taken up that would open the listener of this process, which need not be that
/// of the file.
fn judged(reread: Reread, listener: Option<SocketAddr>) -> Reread {
    Box::new(move || {
        let config = reread()?;
        let judge = |listener| check_listener(listener, &config.server.access, &config.connections);
        let Some(Err(message)) = listener.map(judge) else {
            return Ok(config);
        };
        let place = match &config.source {
            Source::File(path) => Place::File(path.as_path().into()),
            Source::Environment => Place::Environment,
        };
        let told = listener.map(|listener| format!("{listener} {message}"));
        let problem = Problem::error(place, "", told.unwrap_or(message));
        Err(Problems::new(vec![problem]))
    })
}

/// Where to listen; nowhere for stdio.
fn address(args: &ServeArgs, config: &Config) -> Result<Option<SocketAddr>, Exit> {
    match args.http {
        _ if args.stdio => Ok(None),
        None => Ok(config.server.http),
        Some(Some(address)) => Ok(Some(address)),
        Some(None) => match (config.server.http, &config.offered) {
            (Some(address), _) => Ok(Some(address)),
            (None, Some(Ok(address))) => Ok(Some(*address)),
            (None, Some(Err(problem))) => Err(complain(Exit::Config, problem)),
            (None, None) => Err(complain(
                Exit::Usage,
                "--http needs an address here, e.g. `--http 127.0.0.1:8787`; neither `server.http` nor a variable names one",
            )),
        },
    }
}

/// Standard input has no place for a caller's own token.
fn check_stdio(config: &Config) -> Result<(), String> {
    let mut forward = config
        .connections
        .iter()
        .filter(|connection| connection.identity == Identity::Forward);
    match forward.next() {
        None => Ok(()),
        Some(connection) => Err(format!(
            "connection `{}` has `identity = \"forward\"`, so every request brings its caller's own token, which stdio cannot carry; serve it over HTTP (`server.http` or --http), or use `identity = \"service\"` with a secret",
            connection.name
        )),
    }
}

/// Listens on an address.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Exit> {
    TcpListener::bind(address).await.map_err(|error| {
        let way_out = match error.kind() {
            std::io::ErrorKind::AddrInUse => "another program listens there; stop it, or choose another address with --http or server.http",
            std::io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege; choose a higher one",
            _ => "choose another address with --http or server.http",
        };
        complain(Exit::System, format_args!("cannot listen on {address}: {error}; {way_out}"))
    })
}

fn say_where(listen: &Listen, config: &Config) {
    let listener = match listen {
        Listen::Stdio => {
            tracing::info!("serving one client on standard input and output");
            return;
        }
        Listen::Http(listener) => listener,
    };
    match listener.local_addr() {
        Ok(address) => tracing::info!("listening on http://{address}{}", config.server.path),
        Err(error) => tracing::warn!(%error, "listening"),
    }
    if config.server.access.keys {
        tracing::info!(
            "an API key is wanted, as `Authorization: Bearer …`; `portcullis key issue` makes one"
        );
    }
    for connection in &config.connections {
        if connection.identity == Identity::Forward {
            let (path, name) = (&config.server.path, &connection.name);
            tracing::info!(
                "{path}/{name} wants each caller's own token, as `Authorization: Bearer …`"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_reload_that_would_open_the_listener_is_refused() {
        let reread = |auth: &str, listener: &str| {
            let text = format!(
                "[server]\n{auth}\n[connections.a]\nplugin = 'a'\nurl = 'https://a.example.com'\n"
            );
            let reread: Reread =
                Box::new(move || Config::from_text(&text, Path::new("p.toml"), &|_| None));
            judged(reread, listener.parse().ok())()
        };
        assert!(reread("", "127.0.0.1:1").is_ok());
        assert!(reread("auth = 'keys'", "0.0.0.0:1").is_ok());
        let refused = reread("", "0.0.0.0:1").unwrap_err().to_string();
        assert!(
            refused.starts_with("p.toml: 0.0.0.0:1 listens beyond this machine"),
            "{refused}"
        );
    }
}
