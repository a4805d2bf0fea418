//! Apt with lists, sources and downloads of its own, so that nothing of the system's changes.
//!
//! Needs no root. Which mirror, it is told by the system's apt when it runs. Knows nothing of what
//! the packages are for.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::process;

/// Signs Debian's releases; of the package debian-archive-keyring, which apt depends on.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// An apt whose state is in one folder.
pub(super) struct Apt {
    folder: PathBuf,
}

/// A version of a package that a suite has.
#[derive(Debug, PartialEq)]
pub(super) struct Offer {
    pub(super) package: String,
    pub(super) version: String,
    pub(super) suite: String,
}

/// A package to download.
pub(super) struct Part {
    pub(super) package: String,
    pub(super) version: String,
    /// What is wanted of it, as a pattern of tar's: the compiler's whole source is 40,000 files.
    pub(super) path: &'static str,
}

impl Apt {
    /// Reads the package lists of these suites, each with its mirror.
    pub(super) fn open(folder: &Path, suites: &[(String, String)]) -> Result<Self> {
        let apt = Self {
            folder: folder.to_owned(),
        };
        for name in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(name))?;
        }
        let line = |(mirror, suite)| format!("deb [signed-by={KEYRING}] {mirror} {suite} main\n");
        let sources: String = suites
            .iter()
            .map(|(mirror, suite)| line((mirror, suite)))
            .collect();
        fs::write(folder.join("sources.list"), sources)?;
        process::quiet(apt.command("apt-get").args([
            "-o",
            "APT::Update::Error-Mode=any",
            "update",
        ]))?;
        Ok(apt)
    }

    /// Every version of a package, newest first.
    pub(super) fn offers(&self, package: &str) -> Result<Vec<Offer>> {
        let table = process::quiet(self.command("apt-cache").args(["madison", package]))?;
        Ok(table.lines().filter_map(offer).collect())
    }

    /// The names that a version of a package depends on.
    pub(super) fn depends(&self, package: &str, version: &str) -> Result<Vec<String>> {
        let shown = process::quiet(
            self.command("apt-cache")
                .arg("show")
                .arg(format!("{package}={version}")),
        )?;
        let line = shown
            .lines()
            .find_map(|line| line.strip_prefix("Depends: "))
            .unwrap_or_default();
        Ok(depended(line))
    }

    /// Downloads packages and unpacks what is wanted of them, without installing anything.
    pub(super) fn unpack(&self, parts: &[Part], into: &Path) -> Result<()> {
        let debs = into.with_extension("debs");
        for folder in [&debs, into] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let named = parts
            .iter()
            .map(|part| format!("{}={}", part.package, part.version));
        process::quiet(
            self.command("apt-get")
                .arg("download")
                .args(named)
                .current_dir(&debs),
        )?;
        for part in parts {
            extract(&downloaded(&debs, &part.package)?, part.path, into)?;
        }
        fs::remove_dir_all(&debs).with_context(|| format!("cannot remove {}", debs.display()))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let places = [
            ("Dir::Etc::SourceList=", self.folder.join("sources.list")),
            ("Dir::Etc::SourceParts=", "/dev/null".into()),
            ("Dir::Etc::Preferences=", "/dev/null".into()),
            ("Dir::Etc::PreferencesParts=", "/dev/null".into()),
            ("Dir::State::Lists=", self.folder.join("lists")),
            ("Dir::Cache=", self.folder.join("cache")),
        ];
        for (name, path) in places {
            let mut option = OsString::from(name);
            option.push(path);
            command.arg("-o").arg(option);
        }
        // Started by root, apt would drop to a user that may not write to this folder.
        let settings = [
            "APT::Sandbox::User=root",
            "Acquire::Languages=none",
            "Acquire::http::Timeout=20",
        ];
        command.args(settings.iter().flat_map(|setting| ["-o", setting]));
        command
            .args([
                "-o",
                "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
            ])
            .env("LC_ALL", "C");
        command
    }
}

/// `<package>_<version>_<architecture>.deb`
fn downloaded(debs: &Path, package: &str) -> Result<PathBuf> {
    let start = format!("{package}_");
    let mut files = fs::read_dir(debs)?.filter_map(|entry| Some(entry.ok()?.path()));
    files
        .find(|file| {
            file.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(&start))
        })
        .with_context(|| format!("apt-get download did not bring {package}"))
}

fn extract(deb: &Path, path: &str, into: &Path) -> Result<()> {
    let mut files = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(deb)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut tar = Command::new("tar");
    tar.args(["-x", "--wildcards", "--no-wildcards-match-slash", "-C"])
        .arg(into)
        .arg(path);
    let extracted =
        process::quiet(tar.stdin(files.stdout.take().context("dpkg-deb has no output")?));
    let unpacked = files.wait()?;
    extracted.with_context(|| format!("cannot unpack {}", deb.display()))?;
    ensure!(
        unpacked.success(),
        "cannot unpack {}: dpkg-deb failed ({unpacked})",
        deb.display()
    );
    Ok(())
}

/// The system's suites and the mirror of each, in the order of its sources.
pub(super) fn system_suites() -> Result<Vec<(String, String)>> {
    let mut command = Command::new("apt-get");
    command.args([
        "indextargets",
        "--format",
        "$(SITE) $(RELEASE)",
        "Created-By: Packages",
    ]);
    let table = process::quiet(&mut command)?;
    let pairs = table.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs
        .map(|(mirror, suite)| (mirror.to_owned(), suite.to_owned()))
        .collect())
}

/// A row of `apt-cache madison`: package | version | mirror suite/component architecture kind.
fn offer(row: &str) -> Option<Offer> {
    let mut columns = row.split('|').map(str::trim);
    let (package, version, place) = (columns.next()?, columns.next()?, columns.next()?);
    let (suite, _) = place.split_whitespace().nth(1)?.split_once('/')?;
    Some(Offer {
        package: package.to_owned(),
        version: version.to_owned(),
        suite: suite.to_owned(),
    })
}

fn depended(line: &str) -> Vec<String> {
    let names = line
        .split([',', '|'])
        .filter_map(|part| part.split_whitespace().next());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_row_of_madison() {
        let row = "rust-src | 1.95.0+dfsg1-2~bpo13+1 | http://mirror.test/debian trixie-backports/main amd64 Packages";
        let expected = Offer {
            package: "rust-src".into(),
            version: "1.95.0+dfsg1-2~bpo13+1".into(),
            suite: "trixie-backports".into(),
        };
        assert_eq!(offer(row), Some(expected));
        assert_eq!(offer("N: Unable to locate package"), None);
    }

    #[test]
    fn reads_the_names_of_a_depends_line() {
        let line = "libc6 (>= 2.34), libgcc-s1 (>= 4.2), libllvm22, a | b (= 1)";
        assert_eq!(
            depended(line),
            ["libc6", "libgcc-s1", "libllvm22", "a", "b"]
        );
    }
}
