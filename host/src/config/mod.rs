//! Configuration: one file, or the variables of the programs that this one replaces.
//!
//! Owns the resolved, immutable [`Config`]: every check that needs no plugin has been made, every
//! default filled in, every secret read. A configuration with a problem is refused whole, with all its
//! problems at once. It must not know what any plugin declares (settings and secrets are checked
//! against manifests when plugins are loaded), open a socket or watch a file.
//!
//! ```text
//! portcullis.toml ── file ──────► tree ── resolve ──► Config, or Problems
//! variables ──────── environment ──┘    server, connections: section, limits, address, secret
//! ```

mod access;
mod address;
mod collision;
mod connection;
mod connections;
mod entities;
mod environment;
mod example;
mod file;
mod limits;
mod listener;
mod locate;
mod nearest;
mod plugin_key;
mod problem;
mod resolve;
mod secret;
mod section;
mod server;
mod settings;
mod state;
mod tree;
mod unset;
mod variable;

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use portcullis_manifest::Manifest;

pub use access::{Access, Issuer, check_listener};
pub use connection::{Auth, Confirm, Connection, Identity, List, Text};
pub use environment::process_environment;
pub use example::example;
pub use limits::{Limit, Limits, ServerLimits, Unit};
pub use locate::{Located, Why, locate};
pub use plugin_key::PluginKey;
pub use problem::{Place, Problem, Problems, Severity};
pub use secret::{Reference, Secret};
pub use server::{Approval, EndpointPath, Log, Server, default_cache, public_url};
pub use state::{State, default_state};

use problem::Report;

/// Reads one environment variable; see [`process_environment`].
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Everything the operator said, resolved.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it was read.
    pub source: Source,
    /// The host as a whole.
    pub server: Server,
    /// The connections, in the order of the file.
    pub connections: Vec<Connection>,
    /// Where variables say to listen if HTTP is asked for without an address, or what is wrong with
    /// them; they ask for nothing by themselves.
    pub offered: Option<Result<SocketAddr, Problem>>,
    /// What works, and should be known.
    pub warnings: Vec<Problem>,
}

/// What the command line says of how callers come, beside the variables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Asked {
    /// Nothing: as the variables have it.
    #[default]
    Nothing,
    /// Over HTTP.
    Http,
}

/// Where a configuration is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A TOML file.
    File(PathBuf),
    /// Environment variables alone.
    Environment,
}

impl Config {
    /// Reads a file; relative paths in it are relative to it.
    ///
    /// # Errors
    /// It cannot be read, or everything that is wrong with it.
    pub fn from_file(path: &Path, env: Env<'_>) -> Result<Self, Problems> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::from_text(&text, path, env),
            Err(cause) => {
                let message = format!("the configuration cannot be read: {cause}");
                Err(Problems::new(vec![Problem::error(
                    Place::File(path.into()),
                    "",
                    message,
                )]))
            }
        }
    }

    /// Reads the text of a file that stands, or would stand, at a path.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_text(text: &str, path: &Path, env: Env<'_>) -> Result<Self, Problems> {
        let tree =
            file::parse(text, &path.into()).map_err(|problem| Problems::new(vec![problem]))?;
        let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let base = full.parent().unwrap_or(Path::new(""));
        resolve::config(
            &tree,
            Source::File(path.to_owned()),
            env,
            base,
            Report::default(),
        )
    }

    /// Reads the variables of the programs that plugins replace: one connection, named like the
    /// plugin, for each manifest whose URL variable is set. All effects are allowed unless
    /// `PORTCULLIS_ALLOW` narrows them; `PORTCULLIS_HTTP` names an address to listen on. Over HTTP a
    /// connection without an account takes each caller's own token, where the host can judge it.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn from_environment(
        env: Env<'_>,
        manifests: &[Manifest],
        asked: Asked,
    ) -> Result<Self, Problems> {
        Self::from_variables(env, manifests, None, asked)
    }

    /// The same with a file in which the program that one of the plugins replaces lists several CRMs:
    /// one connection for each, see [`portcullis_manifest::Entities`].
    ///
    /// # Errors
    /// Everything that is wrong with the file and with the variables.
    pub fn from_entities(
        file: &Path,
        env: Env<'_>,
        manifests: &[Manifest],
    ) -> Result<Self, Problems> {
        Self::from_variables(env, manifests, Some(file), Asked::Nothing)
    }

    fn from_variables(
        env: Env<'_>,
        manifests: &[Manifest],
        entities: Option<&Path>,
        asked: Asked,
    ) -> Result<Self, Problems> {
        let report = Report::default();
        let (tree, offered) = environment::tree(env, manifests, entities, asked, &report);
        let config = resolve::config(&tree, Source::Environment, env, Path::new(""), report)?;
        Ok(Self { offered, ..config })
    }

    /// The connection of a name.
    #[must_use]
    pub fn connection(&self, name: &str) -> Option<&Connection> {
        self.connections
            .iter()
            .find(|connection| connection.name.as_str() == name)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment => f.write_str("the environment"),
        }
    }
}
