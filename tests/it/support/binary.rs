//! The built binary, run to its end with nothing of this machine's environment.
//!
//! Paths that differ from run to run are taken out of what it wrote, so that it can be compared.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::Command;

use super::host::cache_home;
use super::in_time;

/// A command line that is being put together.
pub struct Portcullis {
    pub folder: TempDir,
    variables: Vec<(String, String)>,
    address_space: Option<u64>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Portcullis {
    /// In an empty folder.
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        Self {
            folder,
            variables: Vec::new(),
            address_space: None,
        }
    }

    /// With this `portcullis.toml`; `URL` is the CRM's address.
    pub fn config(self, text: &str, url: &str) -> Self {
        self.file("portcullis.toml", text.replace("URL", url).as_bytes())
    }

    /// With a file.
    pub fn file(self, name: &str, bytes: &[u8]) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("below the folder"))
            .expect("the folder is ours");
        std::fs::write(path, bytes).expect("the folder is ours");
        self
    }

    /// With an environment variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a file that other users may read.
    pub fn readable_by_all(self, name: &str) -> Self {
        set_mode(&self.folder.path().join(name), 0o644);
        self
    }

    /// With a file that nobody may read.
    pub fn closed_to_everybody(self, name: &str) -> Self {
        set_mode(&self.folder.path().join(name), 0o000);
        self
    }

    /// With so many KiB of address space at most.
    pub fn address_space(mut self, kib: u64) -> Self {
        self.address_space = Some(kib);
        self
    }

    /// The program, in a shell that limits it where that is asked for.
    fn program(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_portcullis");
        let Some(kib) = self.address_space else {
            return Command::new(program);
        };
        let mut shell = Command::new("/bin/sh");
        let script = format!("ulimit -v {kib} && exec \"$@\"");
        shell.args(["-c", &script, "sh", program]);
        shell
    }

    /// The command, before it is started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(self.program(), arguments)
    }

    fn command_of(&self, mut command: Command, arguments: &[&str]) -> Command {
        let home = self.folder.path().join("home");
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_CACHE_HOME", cache_home())
            .env("COLUMNS", "100")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs it to its end as somebody who is not root.
    pub async fn run_without_privileges(&self, arguments: &[&str]) -> Ran {
        use std::os::unix::fs::MetadataExt;
        let folder = self.folder.path();
        let owner = folder.metadata().expect("the folder is ours").uid();
        if owner != 0 {
            return self.run(arguments).await;
        }
        let program = folder.join("portcullis");
        std::fs::copy(env!("CARGO_BIN_EXE_portcullis"), &program).expect("there is room");
        set_mode(folder, 0o755);
        let mut command = self.command_of(Command::new(program), arguments);
        command.uid(NOBODY).gid(NOBODY);
        self.run_command(command, arguments).await
    }

    /// Runs it to its end, with nothing on standard input.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_command(self.command(arguments), arguments).await
    }

    async fn run_command(&self, mut command: Command, arguments: &[&str]) -> Ran {
        let mut child = command.spawn().expect("the binary starts");
        drop(child.stdin.take());
        let what = format!("`portcullis {}` to end", arguments.join(" "));
        let output = in_time(&what, child.wait_with_output())
            .await
            .expect("it was waited for");
        Ran {
            code: output.status.code(),
            out: self.redact(&output.stdout),
            err: self.redact(&output.stderr),
        }
    }

    fn redact(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8(bytes.to_vec()).expect("it writes UTF-8");
        let mut text = text;
        for (path, name) in [
            (self.folder.path(), "<folder>"),
            (&*cache_home(), "<cache>"),
        ] {
            for path in spellings(path) {
                text = text.replace(&*path.to_string_lossy(), name);
            }
        }
        text
    }
}

/// The user without rights of any Unix.
const NOBODY: u32 = 65_534;

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, mode).expect("it is ours");
}

/// A path as it was given, and with its links resolved.
fn spellings(path: &Path) -> Vec<PathBuf> {
    std::iter::once(path.to_owned())
        .chain(path.canonicalize())
        .collect()
}
