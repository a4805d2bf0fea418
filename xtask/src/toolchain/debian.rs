//! Debian's packages as a source: which ones, in which versions, and what to do with them.
//!
//! Two ways, both with the C library of Debian 13 (older ones lack the target): the standard
//! library of exactly the installed compiler's release, if `rust-src` has it; or the compiler that
//! Debian keeps for its browsers, `rustc-web`, with its own standard library. Checked 2026-11-21
//! on Debian 12 with 1.95.0 from backports and 1.96.0 from the security suite.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::apt::{self, Apt, Part};
use super::host::Host;
use super::library::{self, Source};
use super::release::{self, STABLE, is_of, minor, of_release, source_version};
use super::{COMPILER, TARGET};
use crate::process::step;

/// Debian's packages, with lists of their own.
pub(super) struct Debian {
    apt: Apt,
    codename: String,
}

impl Debian {
    /// Reads the lists; fails where the system is not Debian.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let codename = release::codename(&release)
            .context("this system is not Debian, whose packages are the last way")?;
        step("Reading Debian's package lists", || {
            let suites = release::suites(&apt::system_suites()?, codename)
                .with_context(|| format!("apt has no source for {codename}"))?;
            Ok(Self {
                apt: Apt::open(folder, &suites)?,
                codename: codename.to_owned(),
            })
        })
    }

    /// Builds the installed compiler's standard library into `sysroot`; returns its origin.
    pub(super) fn library(&self, host: &Host, work: &Path, sysroot: &Path) -> Result<String> {
        let offers = self.apt.offers("rust-src")?;
        let Some(source) = of_release(&offers, &host.release) else {
            bail!("no rust-src of release {} is on offer", host.release);
        };
        let files = work.join("files");
        let parts = [part("rust-src", &source.version, SOURCE), self.libc()?];
        let origin = origin(&parts[0], &parts[1]);
        step(&format!("Fetching {origin}"), || {
            self.apt.unpack(&parts, &files)
        })?;
        build(&host.rustc(), &files, work, sysroot)?;
        Ok(format!("a standard library built from Debian's {origin}"))
    }

    /// Unpacks Debian's own compiler into `folder` and gives it the target; returns its origin.
    pub(super) fn compiler(&self, host: &Host, work: &Path, folder: &Path) -> Result<String> {
        let compiler = part("rustc-web", &self.own("rustc-web")?, "./usr/bin/rustc");
        let source = part("rust-web-src", source_version(&compiler.version), SOURCE);
        let (files, libc) = (work.join("files"), self.libc()?);
        let origin = origin(&compiler, &libc);
        step(&format!("Fetching {origin}"), || {
            self.apt.unpack(&self.with_libraries(compiler)?, folder)?;
            self.apt.unpack(&[source, libc], &files)
        })?;
        let rustc = wrap(folder, &host.triple)?;
        build(&rustc, &files, work, &folder.join("usr"))?;
        Ok(format!("Debian's {origin}"))
    }

    /// The compiler, its libraries, and the LLVM that these were built with.
    fn with_libraries(&self, compiler: Part) -> Result<[Part; 4]> {
        let version = compiler.version.clone();
        let runtime = format!("libstd-rust-web-{}", minor(&version));
        let mut depends = self.apt.depends(&runtime, &version)?.into_iter();
        let llvm = depends.find(|name| name.starts_with("libllvm"));
        let llvm = llvm.with_context(|| format!("{runtime} depends on no LLVM"))?;
        Ok([
            part(&llvm, &self.own(&llvm)?, "./usr/lib"),
            part(&runtime, &version, "./usr/lib"),
            part("libstd-rust-web-dev", &version, "./usr/lib"),
            compiler,
        ])
    }

    /// The newest version that was built for the running release.
    fn own(&self, package: &str) -> Result<String> {
        let offers = self.apt.offers(package)?;
        let own = offers
            .iter()
            .find(|offer| is_of(&offer.suite, &self.codename));
        own.map(|offer| offer.version.clone())
            .with_context(|| format!("{} has no package {package}", self.codename))
    }

    fn libc(&self) -> Result<Part> {
        let offers = self.apt.offers("wasi-libc")?;
        let stable = offers.iter().find(|offer| offer.suite == STABLE);
        let stable = stable.with_context(|| format!("{STABLE} has no wasi-libc"))?;
        Ok(part(
            "wasi-libc",
            &stable.version,
            "./usr/lib/wasm32-wasip2",
        ))
    }
}

/// Where both source packages have the standard library.
const SOURCE: &str = "./usr/src/*/library";

fn part(package: &str, version: &str, path: &'static str) -> Part {
    Part {
        package: package.to_owned(),
        version: version.to_owned(),
        path,
    }
}

fn origin(first: &Part, second: &Part) -> String {
    format!(
        "{} {} and {} {}",
        first.package, first.version, second.package, second.version
    )
}

fn build(rustc: &Path, files: &Path, work: &Path, sysroot: &Path) -> Result<()> {
    let libc = files.join("usr/lib").join(TARGET);
    let source = Source {
        rustc,
        library: source_folder(&files.join("usr/src"))?,
        libc,
    };
    step(
        &format!("Building the standard library for {TARGET}"),
        || library::build(&source, &work.join("target"), sysroot),
    )
}

/// `usr/src/rustc-<release>/library`
fn source_folder(src: &Path) -> Result<PathBuf> {
    let mut folders =
        fs::read_dir(src)?.filter_map(|entry| Some(entry.ok()?.path().join("library")));
    folders
        .find(|folder| folder.is_dir())
        .with_context(|| format!("{} has no library folder", src.display()))
}

/// Writes a `rustc` that finds its libraries without being installed.
fn wrap(folder: &Path, triple: &str) -> Result<PathBuf> {
    let libraries = format!("usr/lib/{}", triple.replace("-unknown-", "-"));
    let script = format!(
        "#!/bin/sh\nhere=$(dirname \"$0\")/..\n\
         export LD_LIBRARY_PATH=\"$here/{libraries}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\"\n\
         exec \"$here/usr/bin/rustc\" \"$@\"\n"
    );
    let path = folder.join(COMPILER);
    fs::create_dir_all(folder.join("bin"))?;
    fs::write(&path, script)?;
    executable(&path)?;
    Ok(path)
}

#[cfg(unix)]
fn executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(
        path,
        fs::Permissions::from_mode(0o755),
    )?)
}

#[cfg(not(unix))]
fn executable(_: &Path) -> Result<()> {
    Ok(())
}
