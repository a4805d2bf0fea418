//! Logs: to standard error, one line each, as text or as JSON. Standard output is never touched.

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, Layered, SubscriberExt};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Log;

type Filtered = Layered<reload::Layer<EnvFilter, Registry>, Registry>;
type Form = Box<dyn Layer<Filtered> + Send + Sync>;

/// Changes the log's level and form after the configuration is known. The two are exchanged apart:
/// a form that carried its filter would lose it (tracing-subscriber 0.3, issue 1629).
pub struct Telemetry {
    level: reload::Handle<EnvFilter, Registry>,
    form: reload::Handle<Form, Filtered>,
}

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
        let (filter, level) = reload::Layer::new(EnvFilter::new(directives("info")));
        let (shown, form) = reload::Layer::new(form(false));
        tracing_subscriber::registry()
            .with(filter)
            .with(shown)
            .init();
        Self { level, form }
    }

    /// Takes up the configuration's level and form.
    ///
    /// # Errors
    /// The level is none.
    pub fn apply(&self, log: &Log) -> Result<(), BadLevel> {
        let level = log.level.as_deref().unwrap_or("info");
        let filter =
            EnvFilter::try_new(directives(level)).map_err(|_| BadLevel(level.to_owned()))?;
        let exchanged = self.level.reload(filter);
        if exchanged.and(self.form.reload(form(log.json))).is_err() {
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

fn form(json: bool) -> Form {
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let base = fmt::layer().with_writer(std::io::stderr).with_target(false);
    if json {
        base.json().flatten_event(true).boxed()
    } else {
        base.with_ansi(terminal).boxed()
    }
}
