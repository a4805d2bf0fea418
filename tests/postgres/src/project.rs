//! What a test asks for: a CRM of its own, with the operator's file installed, behind PostgREST.
//!
//! One PostgreSQL serves all tests of a process and ends with it; each test has its own database and
//! its own PostgREST.

use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Result, anyhow};

use crate::client::Client;
use crate::cluster::{ADMINISTRATOR, Cluster, SUPERUSER};
use crate::programs;
use crate::rest::Rest;

/// The file that an operator runs to have `query` and `mutate`.
pub const OPERATOR_FILE: &str = include_str!("../../../plugins/atomic/sql/atomic_query.sql");

/// A setting of the database that some installations keep their signing secret in.
pub const SECRET_SETTING: &str = "canary-signing-secret";

/// A database with the CRM in it.
pub struct Project {
    /// The API in front of it.
    pub rest: Rest,
    cluster: &'static Cluster,
    database: String,
}

impl Project {
    /// Makes a project with the operator's file installed.
    ///
    /// # Errors
    /// When a program is missing or a step fails; the message says which and what to do.
    pub fn start() -> Result<Self> {
        Self::start_with(OPERATOR_FILE)
    }

    /// Makes a project on which its administrator has run `sql`.
    ///
    /// # Errors
    /// As [`Project::start`].
    pub fn start_with(sql: &str) -> Result<Self> {
        let (cluster, postgrest) = shared()?;
        let database = cluster.database(|name| {
            cluster.client(SUPERUSER, name)?.run(&format!(
                "alter database {name} set app.settings.jwt_secret = '{SECRET_SETTING}'"
            ))?;
            cluster.client(ADMINISTRATOR, name)?.run(sql)?;
            Ok(())
        })?;
        Ok(Self {
            rest: Rest::start(postgrest, cluster.socket_folder(), &database)?,
            cluster,
            database,
        })
    }

    /// A session past the API, which sees everything.
    ///
    /// # Errors
    /// When the server is gone.
    pub fn superuser(&self) -> Result<Client> {
        self.cluster.client(SUPERUSER, &self.database)
    }

    /// A session of the project's administrator, who owns the CRM's tables.
    ///
    /// # Errors
    /// When the server is gone.
    pub fn administrator(&self) -> Result<Client> {
        self.cluster.client(ADMINISTRATOR, &self.database)
    }
}

/// Started once; a failure is told to every test that asks.
fn shared() -> Result<(&'static Cluster, &'static PathBuf)> {
    static SHARED: OnceLock<Result<(Cluster, PathBuf), String>> = OnceLock::new();
    let started = SHARED.get_or_init(|| {
        let postgrest = programs::postgrest().map_err(|error| format!("{error:#}"))?;
        let cluster = Cluster::start().map_err(|error| format!("{error:#}"))?;
        Ok((cluster, postgrest))
    });
    match started {
        Ok((cluster, postgrest)) => Ok((cluster, postgrest)),
        Err(message) => Err(anyhow!(message.clone())),
    }
}
