//! `portcullis serve`, and the bare command.

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::net::TcpListener;

use super::setup::{Setup, setup};
use super::{Exit, ServeArgs, complain};
use crate::config::{Config, check_listener};
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
    let apply = |config: &Config| {
        telemetry
            .apply(&config.server.log)
            .map_err(|error| complain(Exit::Config, error))
    };
    let Setup {
        host,
        config,
        reread,
    } = setup(config, apply).await?;
    let listen = match address(&args, &config) {
        Some(address) => {
            check_listener(address, config.server.insecure_remote)
                .map_err(|message| complain(Exit::Usage, format_args!("{address} {message}")))?;
            Listen::Http(bind(address).await?)
        }
        None => Listen::Stdio,
    };
    say_where(&listen);
    host.serve(listen, reread, stop.token())
        .await
        .map_err(|error| complain(Exit::Failed, format_args!("{error:#}")))
}

fn address(args: &ServeArgs, config: &Config) -> Option<SocketAddr> {
    if args.stdio {
        None
    } else {
        args.http.or(config.server.http)
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

fn say_where(listen: &Listen) {
    match listen {
        Listen::Stdio => tracing::info!("serving one client on standard input and output"),
        Listen::Http(listener) => match listener.local_addr() {
            Ok(address) => tracing::info!("listening on http://{address}/mcp"),
            Err(error) => tracing::warn!(%error, "listening"),
        },
    }
}
