//! Logs: to standard error, one line each, as text or as JSON. Standard output is never touched.

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterFn};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, Layered, SubscriberExt};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Log;

type Bare = Layered<FilterFn, Registry>;
type Filtered = Layered<reload::Layer<EnvFilter, Bare>, Bare>;
type Form = Box<dyn Layer<Filtered> + Send + Sync>;

/// Changes the log's level and form after the configuration is known. The two are exchanged apart:
/// a form that carried its filter would lose it (tracing-subscriber 0.3, issue 1629).
pub struct Telemetry {
    level: reload::Handle<EnvFilter, Bare>,
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
        let (filter, level) = reload::Layer::new(EnvFilter::new("info"));
        let (shown, form) = reload::Layer::new(form(false));
        tracing_subscriber::registry()
            .with(FilterFn::new(holds_no_message as fn(&Metadata<'_>) -> bool))
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
        let filter = EnvFilter::try_new(level).map_err(|_| BadLevel(level.to_owned()))?;
        let exchanged = self.level.reload(filter);
        if exchanged.and(self.form.reload(form(log.json))).is_err() {
            tracing::error!("the log's settings could not be changed");
        }
        Ok(())
    }
}

/// Below `warn` rmcp writes whole messages, with the arguments and results of calls in them: personal
/// values, which no level and no directive opens.
fn holds_no_message(line: &Metadata<'_>) -> bool {
    !line.target().starts_with("rmcp") || *line.level() <= Level::WARN
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
