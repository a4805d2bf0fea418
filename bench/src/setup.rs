//! What all measurements share: the stub, the two rivals, and what is known of the calls.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::config;
use crate::http::Connection;
use crate::known::{self, Known};
use crate::program::{Program, Served};
use crate::subject;

/// Everything that is running or can be started.
pub(crate) struct Setup {
    pub(crate) stub: Served,
    pub(crate) host: Program,
    pub(crate) baseline: Program,
    pub(crate) known: Vec<Known>,
    folder: TempDir,
}

impl Setup {
    /// Starts the stub and has the host answer each call; its answers are the baseline's.
    pub(crate) async fn make(portcullis: Option<&Path>) -> Result<Self> {
        let folder = TempDir::with_prefix("portcullis-bench-").context("no temporary folder")?;
        let this = env::current_exe().context("this program cannot find itself")?;
        let stub = role(&this, "stub").serve().await?;
        let file = folder.path().join("portcullis.toml");
        fs::write(&file, config::text(stub.address))?;
        let host = Program {
            path: find(portcullis, &this)?,
            args: vec!["--config".into(), file.into(), "serve".into()],
        };
        let mut baseline = role(&this, "baseline");
        let answers = folder.path().join("answers");
        fs::create_dir(&answers)?;
        baseline.args.extend(["--answers".into(), answers.into()]);
        let mut setup = Self {
            stub,
            host,
            baseline,
            known: Vec::new(),
            folder,
        };
        setup.learn().await?;
        Ok(setup)
    }

    /// Where the host keeps compiled plugins.
    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// What is known of a call.
    pub(crate) fn known(&self, key: &str) -> Result<&Known> {
        let found = self.known.iter().find(|known| known.key == key);
        found.with_context(|| format!("no call `{key}`"))
    }

    async fn learn(&mut self) -> Result<()> {
        let host = self.host.serve().await?;
        let mut connection = Connection::open(host.address).await?;
        for subject in subject::all()? {
            let learned =
                known::learn(subject, &mut connection, host.address, self.stub.address).await?;
            let (known, answer) = learned;
            let file = self.folder.path().join("answers").join(known.key);
            fs::write(file.with_extension("json"), serde_json::to_vec(&answer)?)?;
            self.known.push(known);
        }
        Ok(())
    }
}

fn role(this: &Path, role: &str) -> Program {
    Program {
        path: this.to_owned(),
        args: vec![role.into()],
    }
}

/// The host: the one that is named, else the one built beside this program, else the workspace's.
fn find(named: Option<&Path>, this: &Path) -> Result<PathBuf> {
    let file = format!("portcullis{}", env::consts::EXE_SUFFIX);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release");
    let places = match named {
        Some(path) => vec![path.to_owned()],
        None => vec![this.with_file_name(&file), workspace.join(&file)],
    };
    match places.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.canonicalize()?),
        None => bail!(
            "there is no {}; `cargo xtask bench` builds it",
            places[0].display()
        ),
    }
}
