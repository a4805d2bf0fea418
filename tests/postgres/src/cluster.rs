//! A throw-away PostgreSQL: its folder, its process, its databases.
//!
//! The server listens on a socket in its own folder and nowhere else; the folder is closed to every
//! other user, which is why no password is needed. PostgreSQL refuses to run as root, so there it
//! runs as `nobody`. Owns the template that every database of a test is copied from. Only who kills
//! the tests in the seconds before the server runs leaves a folder `pg-…` behind.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::client::Client;
use crate::leash::{Leash, Server};
use crate::programs::{self, Postgres};

/// The superuser, which stands for the platform itself.
pub const SUPERUSER: &str = "platform";

/// The project's ordinary administrator, who loads the CRM and the operator's file.
pub const ADMINISTRATOR: &str = "postgres";

/// What every database of a test begins as.
const TEMPLATE: &str = "crm";

/// Nothing here has to survive a power cut.
const SETTINGS: [&str; 6] = [
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=32MB",
];

/// A running server.
pub struct Cluster {
    // Stopped before the folder is removed: fields are dropped in this order.
    _server: Leash,
    folder: TempDir,
    databases: AtomicU32,
    /// Databases are made one at a time: they share roles, and so does what is loaded into them.
    making: Mutex<()>,
}

impl Cluster {
    /// Finds PostgreSQL, makes a cluster, starts it and loads the template.
    ///
    /// # Errors
    /// When PostgreSQL can neither be found nor fetched, or one of the steps fails.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("pg-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        let user = User::for_server(folder.path())?;
        let postgres = programs::postgres()?.reachable_for(&user, folder.path())?;
        user.own(folder.path())?;
        let data = folder.path().join("data");
        init(&postgres, &user, &data)?;
        let cluster = Self {
            _server: serve(&postgres, &user, folder.path(), &data)?,
            folder,
            databases: AtomicU32::new(0),
            making: Mutex::new(()),
        };
        cluster.load_template()?;
        Ok(cluster)
    }

    /// Makes a database of one's own with the CRM and its records in it, then lets `prepare` work on
    /// it before anybody else makes one. Returns its name.
    ///
    /// # Errors
    /// When the server refuses, or `prepare` fails.
    pub fn database(&self, prepare: impl FnOnce(&str) -> Result<()>) -> Result<String> {
        let _alone = self
            .making
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let name = format!("crm_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.client(SUPERUSER, "postgres")?.run(&format!(
            "create database {name} template {TEMPLATE} owner {ADMINISTRATOR}"
        ))?;
        prepare(&name)?;
        Ok(name)
    }

    /// Opens a session of a role in a database.
    ///
    /// # Errors
    /// When the server refuses one of them.
    pub fn client(&self, role: &str, database: &str) -> Result<Client> {
        let socket = self.socket_folder().join(".s.PGSQL.5432");
        Client::connect(&socket, role, database)
    }

    /// The folder that the server's socket lies in.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    fn load_template(&self) -> Result<()> {
        let mut server = self.client(SUPERUSER, "postgres")?;
        server.run(include_str!("../sql/roles.sql"))?;
        server.run(&format!("create database {TEMPLATE} owner {ADMINISTRATOR}"))?;
        let mut platform = self.client(SUPERUSER, TEMPLATE)?;
        let mut administrator = self.client(ADMINISTRATOR, TEMPLATE)?;
        platform
            .run(include_str!("../sql/platform.sql"))
            .context("platform.sql")?;
        administrator
            .run(include_str!("../sql/crm.sql"))
            .context("crm.sql")?;
        platform
            .run(include_str!("../sql/records.sql"))
            .context("records.sql")?;
        Ok(())
    }
}

/// Who the server runs as: the user of the tests, or somebody else where that is root.
enum User {
    Own,
    Other { user: u32, group: u32 },
}

impl User {
    fn for_server(owned: &Path) -> Result<Self> {
        if fs::metadata(owned)?.uid() != 0 {
            return Ok(Self::Own);
        }
        let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let (user, group) = ids(&users, "nobody").context(
            "PostgreSQL refuses to run as root and there is no user `nobody`: run the tests as an ordinary user",
        )?;
        Ok(Self::Other { user, group })
    }

    fn own(&self, folder: &Path) -> Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Other { user, group } => {
                Ok(std::os::unix::fs::chown(folder, Some(*user), Some(*group))?)
            }
        }
    }

    /// The environment is emptied: variables such as PGDATA would change what the server does.
    fn shape(&self, command: &mut Command) {
        command
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", "/usr/bin:/bin");
        command.current_dir("/");
        if let Self::Other { user, group } = self {
            command.uid(*user).gid(*group);
        }
    }
}

/// The numbers of a user in the text of `/etc/passwd`.
fn ids(users: &str, name: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next()? == name;
        let user = fields.nth(1)?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        found.then_some((user, group))
    })
}

impl Postgres {
    /// A checkout may lie where only root can look; what was fetched into it is copied out then,
    /// and given away, so that it can be removed along with the rest.
    fn reachable_for(self, user: &User, folder: &Path) -> Result<Self> {
        let (User::Other { user, group }, Some(fetched)) = (user, &self.fetched) else {
            return Ok(self);
        };
        let copy = folder.join("native");
        run(Command::new("cp").arg("-R").args([fetched, &copy]))?;
        let owner = format!("{user}:{group}");
        run(Command::new("chown").args(["-R", &owner]).arg(&copy))?;
        Ok(Self {
            bin: copy.join("bin"),
            fetched: Some(copy),
        })
    }

    fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

fn init(postgres: &Postgres, user: &User, data: &Path) -> Result<()> {
    let mut command = Command::new(postgres.program("initdb"));
    command.args([
        "--no-sync",
        "--no-locale",
        "--encoding=UTF8",
        "--auth=trust",
    ]);
    command.args(["--username", SUPERUSER, "--pgdata"]);
    command.arg(data);
    user.shape(&mut command);
    run(&mut command)
}

/// Runs a command to its end; an error shows what it complained about.
fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().display().to_string();
    let output = command
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    ensure!(
        output.status.success(),
        "{program} failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

fn serve(postgres: &Postgres, user: &User, folder: &Path, data: &Path) -> Result<Leash> {
    let mut args = vec!["-D".to_owned(), data.display().to_string()];
    let socket = format!("unix_socket_directories={}", folder.display());
    for setting in SETTINGS.into_iter().chain([socket.as_str()]) {
        args.extend(["-c".to_owned(), setting.to_owned()]);
    }
    let server = Server {
        program: &postgres.program("postgres"),
        args: &args,
        ready: "ready to accept connections",
        // An immediate stop: sessions end at once, shared memory is given back.
        stop: "QUIT",
        folder: Some(folder),
    };
    server.start(|command| user.shape(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\nnobody2:x:7:8::/:\nnobody:x:65534:65533::/:\n";
        assert_eq!(ids(users, "nobody"), Some((65534, 65533)));
        assert_eq!(ids(users, "somebody"), None);
    }
}
