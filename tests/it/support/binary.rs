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
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(self.folder.path().join(name), mode).expect("the file is ours");
        self
    }

    /// The command, before it is started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
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

    /// Runs it to its end, with nothing on standard input.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        let mut child = self.command(arguments).spawn().expect("the binary starts");
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

/// A path as it was given, and with its links resolved.
fn spellings(path: &Path) -> Vec<PathBuf> {
    std::iter::once(path.to_owned())
        .chain(path.canonicalize())
        .collect()
}
