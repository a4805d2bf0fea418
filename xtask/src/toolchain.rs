//! The compiler and standard library that build plugins: found where possible, prepared otherwise.
//!
//! The order: what the user names, the target of the installed compiler, what an earlier run kept,
//! and then the ways of [`prepare`](mod@prepare). The installed compiler is never changed but by
//! rustup itself; what is prepared here goes to the user's cache ([`cache`]).

mod apt;
pub(crate) mod cache;
mod debian;
mod host;
mod library;
mod prepare;
mod release;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::process;
use crate::workspace::Workspace;
use cache::Cache;
pub(crate) use host::Host;
pub(crate) use prepare::prepare;

/// What plugins are compiled for: a component of WASI 0.2, with the standard library.
pub(crate) const TARGET: &str = "wasm32-wasip2";

const GIVEN_RUSTC: &str = "PORTCULLIS_GUEST_RUSTC";
const GIVEN_SYSROOT: &str = "PORTCULLIS_GUEST_SYSROOT";

/// The first bytes of a component, as opposed to a core module (version 1, layer 0).
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// A compiler that can build for [`TARGET`].
pub(crate) struct Toolchain {
    rustc: PathBuf,
    /// Where the target's standard library is, if not with the compiler.
    sysroot: Option<PathBuf>,
    /// Folders with the linker, for a compiler that comes without it.
    tools: Vec<PathBuf>,
    /// For people: where it comes from.
    origin: String,
}

/// What there is already, without preparing anything.
pub(crate) fn find(host: &Host) -> Result<Option<Toolchain>> {
    if let Some(given) = given(host)? {
        return Ok(Some(given));
    }
    if library::is_in(&host.sysroot) {
        let origin = "the installed compiler's own target".to_owned();
        return Ok(Some(Toolchain {
            rustc: host.rustc(),
            sysroot: None,
            tools: Vec::new(),
            origin,
        }));
    }
    Ok(Cache::open()?
        .entry(&host.key())
        .map(|folder| Toolchain::kept(&folder, host)))
}

/// The compiler or the standard library that the user names, or neither.
fn given(host: &Host) -> Result<Option<Toolchain>> {
    let (rustc, sysroot) = (env::var_os(GIVEN_RUSTC), env::var_os(GIVEN_SYSROOT));
    if rustc.is_none() && sysroot.is_none() {
        return Ok(None);
    }
    let rustc = rustc.map_or_else(|| host.rustc(), PathBuf::from);
    let sysroot = sysroot.map(std::path::absolute).transpose()?;
    let place = match &sysroot {
        Some(sysroot) => sysroot.clone(),
        None => host::sysroot(&rustc)?,
    };
    ensure!(
        library::is_in(&place),
        "{} has no standard library for {TARGET}; correct or unset {GIVEN_RUSTC} and {GIVEN_SYSROOT}",
        place.display()
    );
    let origin = format!("{GIVEN_RUSTC}, {GIVEN_SYSROOT}");
    Ok(Some(Toolchain {
        rustc,
        sysroot,
        tools: host.tools(),
        origin,
    }))
}

/// The parts of a folder in the cache: a compiler or a sysroot, and where they come from.
const SYSROOT: &str = "sysroot";
const COMPILER: &str = "bin/rustc";
const ORIGIN: &str = "origin";

impl Toolchain {
    /// What a folder of the cache holds.
    fn kept(folder: &Path, host: &Host) -> Self {
        let compiler = folder.join(COMPILER);
        let own = compiler.exists();
        Self {
            rustc: if own { compiler } else { host.rustc() },
            sysroot: (!own).then(|| folder.join(SYSROOT)),
            tools: host.tools(),
            origin: fs::read_to_string(folder.join(ORIGIN)).unwrap_or_default(),
        }
    }

    /// Lets a cargo command build with this compiler, untouched by flags meant for other builds.
    pub(crate) fn apply(&self, cargo: &mut Command, workspace: &Workspace) {
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(is_for_other_builds) {
                cargo.env_remove(name);
            }
        }
        cargo.env("RUSTC", &self.rustc).env("PATH", self.path());
        cargo.env(
            "CARGO_ENCODED_RUSTFLAGS",
            join(&self.flags(workspace), "\x1f"),
        );
    }

    /// Builds a program of one line, which needs everything that can be missing.
    fn probe(&self, folder: &Path) -> Result<()> {
        let (source, component) = (folder.join("probe.rs"), folder.join("probe.wasm"));
        fs::write(
            &source,
            "fn main() { println!(\"{:?}\", std::time::SystemTime::now()); }\n",
        )?;
        let mut rustc = Command::new(&self.rustc);
        rustc
            .env("PATH", self.path())
            .args(["--edition=2024", "--target", TARGET, "-o"])
            .arg(&component);
        process::quiet(rustc.args(self.sysroot_flags()).arg(&source))?;
        let bytes = fs::read(&component)?;
        ensure!(
            bytes.starts_with(COMPONENT),
            "the result is not a component"
        );
        Ok(())
    }

    fn sysroot_flags(&self) -> Vec<OsString> {
        self.sysroot
            .iter()
            .flat_map(|sysroot| ["--sysroot".into(), sysroot.into()])
            .collect()
    }

    /// The sysroot, and no path of this machine inside a component. Of several prefixes that fit,
    /// rustc takes the last.
    fn flags(&self, workspace: &Workspace) -> Vec<OsString> {
        let mut flags = self.sysroot_flags();
        let home = env::home_dir().filter(|home| home.file_name().is_some());
        let cargo = library::cargo_home();
        let places = [
            (home.as_deref(), "/home"),
            (cargo.as_deref(), "/cargo"),
            (Some(&workspace.root), "/portcullis"),
        ];
        for (from, to) in places {
            if let Some(from) = from {
                flags.push(library::remap(from, to));
            }
        }
        flags
    }

    fn path(&self) -> OsString {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = self.tools.iter().cloned().chain(env::split_paths(&path));
        // Only a folder with the separator in its name cannot be joined; then the old one has to do.
        env::join_paths(folders).unwrap_or(path)
    }

    /// For people: what is used, and how to use it without these commands.
    pub(crate) fn describe(&self, workspace: &Workspace) -> String {
        let rustc = self.rustc.display();
        let mut text = format!(
            "target    {TARGET}\nfrom      {}\ncompiler  {rustc}\n",
            self.origin
        );
        if let Some(sysroot) = &self.sysroot {
            text += &format!("sysroot   {}\n", sysroot.display());
        }
        text += &format!("by hand\n  export RUSTC={rustc}\n");
        text += &format!(
            "  export RUSTFLAGS=\"{}\"\n",
            join(&self.flags(workspace), " ").display()
        );
        if !self.tools.is_empty() {
            text += &format!("  export PATH={}:$PATH\n", join(&self.tools, ":").display());
        }
        text + &format!("  cargo build --release --target {TARGET}\n")
    }
}

/// Variables that would leak flags of the user's other builds into the components.
fn is_for_other_builds(name: &str) -> bool {
    let prefixes = ["CARGO_PROFILE_", "CARGO_TARGET_"];
    let names = [
        "RUSTFLAGS",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_TARGET_DIR",
    ];
    names.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

fn join<T: Clone + Into<OsString>>(parts: &[T], between: &str) -> OsString {
    let mut joined = OsString::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            joined.push(between);
        }
        joined.push(part.clone().into());
    }
    joined
}
