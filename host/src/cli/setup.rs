//! What most commands begin with: the engine, the binary's plugins, the configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_manifest::Manifest;

use super::{Exit, complain};
use crate::caller::Token;
use crate::config::{self, Asked, Config, Located, Problem, Problems, Source, process_environment};
use crate::registry::{EmbeddedPlugins, Reread, load_embedded, misfits};
use crate::run::Host;
use crate::runtime::Runtime;

/// Everything but the listener.
pub struct Setup {
    pub host: Host,
    pub config: Arc<Config>,
    pub reread: Option<Reread>,
}

/// Reads the configuration, loads the plugins and builds the host; problems are printed.
pub async fn setup(
    given: Option<PathBuf>,
    asked: Asked,
    adjust: impl FnOnce(&mut Config) -> Result<(), Exit>,
) -> Result<Setup, Exit> {
    let located = config::locate(given.as_deref(), &process_environment);
    build(located, None, asked, adjust).await
}

/// The same for a file of entities, which takes the place of a configuration file.
pub async fn setup_entities(
    file: &Path,
    adjust: impl FnOnce(&mut Config) -> Result<(), Exit>,
) -> Result<Setup, Exit> {
    build(Located::entities(), Some(file), Asked::Nothing, adjust).await
}

/// The configuration alone, for what needs no plugin and no secret: a problem elsewhere than in `[server]`
/// is not in the way. Problems are printed.
pub async fn read(given: Option<PathBuf>) -> Result<Config, Exit> {
    let located = config::locate(given.as_deref(), &process_environment);
    let found = match &located.source {
        Source::File(path) => read_file(path),
        Source::Environment => {
            let runtime = engine(None)?;
            let embedded = load_embedded(&runtime).await;
            let embedded = embedded.map_err(|error| complain(Exit::Internal, error))?;
            from_environment(&embedded, None, Asked::Nothing)
        }
    };
    eprintln!("{located}");
    found.or_else(|problems| {
        let of_server = |problem: &&Problem| problem.is_error() && is_of_server(problem);
        let readable = !problems.list().iter().any(|problem| of_server(&problem));
        let rest = problems.rest().filter(|_| readable).cloned();
        rest.ok_or_else(|| complain(Exit::Config, &problems))
    })
}

/// Whether a problem may concern more than one connection.
fn is_of_server(problem: &Problem) -> bool {
    !problem.key.starts_with("connections.") && problem.key != "server.http"
}

async fn build(
    located: Located,
    entities: Option<&Path>,
    asked: Asked,
    adjust: impl FnOnce(&mut Config) -> Result<(), Exit>,
) -> Result<Setup, Exit> {
    let first = match &located.source {
        Source::File(path) => match read_file(path) {
            Ok(config) => Some(config),
            Err(problems) => return Err(refused(&problems).await),
        },
        Source::Environment => None,
    };
    let runtime = engine(first.as_ref())?;
    let embedded = load_embedded(&runtime)
        .await
        .map_err(|error| complain(Exit::Internal, error))?;
    let mut config = match first {
        Some(config) => config,
        None => match from_environment(&embedded, entities, asked) {
            Ok(config) => config,
            Err(problems) => return Err(refused(&problems).await),
        },
    };
    adjust(&mut config)?;
    eprintln!("{located}");
    for warning in &config.warnings {
        eprintln!("{warning}");
    }
    let reread = reread(&located);
    let host = Host::build(runtime, embedded, config)
        .await
        .map_err(|error| complain(Exit::Config, error))?;
    let config = host.app.registry.config().await;
    Ok(Setup {
        host,
        config,
        reread,
    })
}

/// The engine, with as many slots as calls may run at a time.
pub fn engine(config: Option<&Config>) -> Result<Arc<Runtime>, Exit> {
    let calls = config.map_or_else(
        || config::ServerLimits::default().concurrent_calls,
        |c| c.server.limits.concurrent_calls,
    );
    let cache = config.map_or_else(config::default_cache, |c| c.server.cache.clone());
    let cache = cache.map(|folder| folder.join("components"));
    Runtime::new(u32::try_from(calls).unwrap_or(u32::MAX), cache.as_deref()).map_err(|error| {
        complain(
            Exit::System,
            format_args!("the sandbox does not start on this machine: {error:#}"),
        )
    })
}

/// A caller's own token, from the variable that `--token-env` names.
pub fn own_token(variable: Option<&str>) -> Result<Option<Token>, String> {
    let Some(name) = variable else {
        return Ok(None);
    };
    let value = process_environment(name)
        .ok_or_else(|| format!("--token-env: variable `{name}` is not set"))?;
    let token = Token::new(&value).map_err(|error| format!("--token-env: `{name}`: {error}"))?;
    Ok(Some(token))
}

fn read_file(path: &Path) -> Result<Config, Problems> {
    Config::from_file(path, &process_environment)
}

fn from_environment(
    embedded: &EmbeddedPlugins,
    entities: Option<&Path>,
    asked: Asked,
) -> Result<Config, Problems> {
    let manifests: Vec<Manifest> = embedded
        .values()
        .map(|plugin| Manifest::clone(&plugin.manifest))
        .collect();
    match entities {
        Some(file) => Config::from_entities(file, &process_environment, &manifests),
        None => Config::from_environment(&process_environment, &manifests, asked),
    }
}

fn reread(located: &Located) -> Option<Reread> {
    match &located.source {
        Source::File(path) => {
            let path = path.clone();
            Some(Box::new(move || read_file(&path)))
        }
        Source::Environment => None,
    }
}

/// Tells what is wrong with a configuration, together with what the plugins would say of the rest.
async fn refused(problems: &Problems) -> Exit {
    let more = match problems.rest() {
        Some(rest) => judged(rest).await.unwrap_or_default(),
        None => Vec::new(),
    };
    complain(Exit::Config, problems.and(more))
}

async fn judged(config: &Config) -> Result<Vec<Problem>, Exit> {
    let runtime = engine(Some(config))?;
    let embedded = load_embedded(&runtime)
        .await
        .map_err(|error| complain(Exit::Internal, error))?;
    Ok(misfits(&runtime, &embedded, config).await)
}
