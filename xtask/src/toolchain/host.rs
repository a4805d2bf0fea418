//! The installed compiler: its release, its folder, and the linkers that come with it.
//!
//! Only asks; changes nothing.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// The compiler that builds the host.
pub(crate) struct Host {
    pub(crate) release: String,
    pub(crate) sysroot: PathBuf,
    /// The machine's own target, for instance `x86_64-unknown-linux-gnu`.
    pub(super) triple: String,
    commit: String,
}

impl Host {
    pub(crate) fn read() -> Result<Self> {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let version = process::quiet(Command::new(&rustc).arg("-vV"))?;
        let value = |name| {
            field(&version, name).with_context(|| format!("`rustc -vV` has no line `{name}`"))
        };
        Ok(Self {
            release: value("release")?.to_owned(),
            triple: value("host")?.to_owned(),
            commit: value("commit-hash")?.chars().take(9).collect(),
            sysroot: sysroot(Path::new(&rustc))?,
        })
    }

    /// The compiler itself; `rustc` on the path may be rustup's stand-in.
    pub(super) fn rustc(&self) -> PathBuf {
        self.sysroot
            .join("bin")
            .join(format!("rustc{}", env::consts::EXE_SUFFIX))
    }

    /// Where `wasm-component-ld` and `rust-lld` are.
    pub(super) fn tools(&self) -> Vec<PathBuf> {
        let bin = self
            .sysroot
            .join("lib/rustlib")
            .join(&self.triple)
            .join("bin");
        vec![bin.join("gcc-ld"), bin]
    }

    /// Names what is prepared for this compiler: a standard library fits one build of it only.
    pub(super) fn key(&self) -> String {
        format!("{}-{}-{}", self.release, self.commit, self.triple)
    }
}

/// The folder that a compiler looks for its libraries in.
pub(super) fn sysroot(rustc: &Path) -> Result<PathBuf> {
    let printed = process::quiet(Command::new(rustc).args(["--print", "sysroot"]))?;
    Ok(OsString::from(printed.trim_end()).into())
}

fn field<'a>(version: &'a str, name: &str) -> Option<&'a str> {
    version
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_field_of_the_version() {
        let version = "rustc 1.95.0 (abc 2026-04-14)\nbinary: rustc\nrelease: 1.95.0\nhost: x86_64-unknown-linux-gnu\n";
        assert_eq!(field(version, "release"), Some("1.95.0"));
        assert_eq!(field(version, "host"), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(field(version, "rustc"), None);
    }
}
