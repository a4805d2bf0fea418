//! Logs: to standard error, one line each, as text or as JSON. Standard output is never touched.

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Log;

type Boxed = Box<dyn Layer<Registry> + Send + Sync>;

/// Changes the log's level and form after the configuration is known.
pub struct Telemetry(reload::Handle<Boxed, Registry>);

/// A level that is none.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no log level; use error, warn, info, debug or trace, or directives such as `portcullis=debug`"
)]
pub struct BadLevel(String);

impl Telemetry {
    /// Starts logging at `info`.
    #[must_use]
    pub fn start() -> Self {
        let (layer, handle) = reload::Layer::new(layer(EnvFilter::new(directives("info")), false));
        tracing_subscriber::registry().with(layer).init();
        Self(handle)
    }

    /// Takes up the configuration's level and form.
    ///
    /// # Errors
    /// The level is none.
    pub fn apply(&self, log: &Log) -> Result<(), BadLevel> {
        let level = log.level.as_deref().unwrap_or("info");
        let filter =
            EnvFilter::try_new(directives(level)).map_err(|_| BadLevel(level.to_owned()))?;
        if self.0.reload(layer(filter, log.json)).is_err() {
            tracing::error!("the log's settings could not be changed");
        }
        Ok(())
    }
}

/// A bare level is ours; rmcp writes several lines per request at `info`, which say nothing to an
/// operator.
fn directives(level: &str) -> String {
    match level {
        "info" | "debug" => format!("{level},rmcp=warn"),
        other => other.to_owned(),
    }
}

fn layer(filter: EnvFilter, json: bool) -> Boxed {
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let base = fmt::layer().with_writer(std::io::stderr).with_target(false);
    if json {
        base.json().flatten_event(true).with_filter(filter).boxed()
    } else {
        base.with_ansi(terminal).with_filter(filter).boxed()
    }
}
