//! Which configuration to read, and why that one.
//!
//! Owns the order: `--config`, `PORTCULLIS_CONFIG`, `./portcullis.toml`, the user's configuration
//! folder, the environment alone. It must not know what stands in a file, only that it is there.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{Env, Source};

const FILE: &str = "portcullis.toml";
const VARIABLE: &str = "PORTCULLIS_CONFIG";

/// The configuration to read. Prints as one line for stderr.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// What to read.
    pub source: Source,
    /// What led there.
    pub why: Why,
}

/// What led to a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The flag `--config`.
    Flag,
    /// The variable `PORTCULLIS_CONFIG`.
    Variable,
    /// A file `portcullis.toml` in the working folder.
    WorkingFolder,
    /// A file `portcullis/portcullis.toml` in the user's configuration folder.
    UserFolder,
    /// No file is there.
    NoFile,
    /// The flag `--entities`.
    Entities,
}

/// Finds the configuration. A file that the flag or the variable names need not exist: that it does
/// not is for reading to say.
#[must_use]
pub fn locate(flag: Option<&Path>, env: Env<'_>) -> Located {
    let user = directories::BaseDirs::new()
        .map(|folders| folders.config_dir().join("portcullis").join(FILE));
    among(flag, env, Path::new(FILE), user.as_deref())
}

fn among(flag: Option<&Path>, env: Env<'_>, working: &Path, user: Option<&Path>) -> Located {
    let variable = env(VARIABLE)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let is_there = |path: &&Path| path.try_exists().unwrap_or(true); // one that cannot be seen is reported, not skipped
    let file = |path: &Path, why| Located {
        source: Source::File(path.to_owned()),
        why,
    };
    if let Some(path) = flag {
        file(path, Why::Flag)
    } else if let Some(path) = variable {
        file(&path, Why::Variable)
    } else if is_there(&working) {
        file(working, Why::WorkingFolder)
    } else if let Some(path) = user.filter(is_there) {
        file(path, Why::UserFolder)
    } else {
        Located {
            source: Source::Environment,
            why: Why::NoFile,
        }
    }
}

impl Located {
    /// The environment, beside a file of entities.
    #[must_use]
    pub const fn entities() -> Self {
        Self {
            source: Source::Environment,
            why: Why::Entities,
        }
    }
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: {} ({})", self.source, self.why)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "named by --config",
            Self::Variable => "named by PORTCULLIS_CONFIG",
            Self::WorkingFolder => "in the working folder",
            Self::UserFolder => "in the user's configuration folder",
            Self::Entities => "beside the file of --entities",
            Self::NoFile => "no --config, no PORTCULLIS_CONFIG, no portcullis.toml here or in the user's configuration folder",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let (here, user, gone) = (
            folder.path().join("here"),
            folder.path().join("user"),
            folder.path().join("gone"),
        );
        std::fs::write(&here, "").unwrap();
        std::fs::write(&user, "").unwrap();
        let set = |name: &str| (name == "PORTCULLIS_CONFIG").then(|| "/v.toml".to_owned());
        let empty = |name: &str| (name == "PORTCULLIS_CONFIG").then(String::new);
        let flag = Some(Path::new("/f.toml"));
        let cases: [(_, Env<'_>, _, _, _, Source); 6] = [
            (
                flag,
                &set,
                &here,
                &user,
                Why::Flag,
                Source::File("/f.toml".into()),
            ),
            (
                None,
                &set,
                &here,
                &user,
                Why::Variable,
                Source::File("/v.toml".into()),
            ),
            (
                None,
                &empty,
                &here,
                &user,
                Why::WorkingFolder,
                Source::File(here.clone()),
            ),
            (
                None,
                &|_| None,
                &here,
                &user,
                Why::WorkingFolder,
                Source::File(here.clone()),
            ),
            (
                None,
                &|_| None,
                &gone,
                &user,
                Why::UserFolder,
                Source::File(user.clone()),
            ),
            (
                None,
                &|_| None,
                &gone,
                &gone,
                Why::NoFile,
                Source::Environment,
            ),
        ];
        for (flag, env, working, user, why, source) in cases {
            assert_eq!(
                among(flag, env, working, Some(user)),
                Located { source, why }
            );
        }
    }

    #[test]
    fn says_which_and_why() {
        let located = locate(Some(Path::new("/f.toml")), &|_| None);
        assert_eq!(
            located.to_string(),
            "configuration: /f.toml (named by --config)"
        );
    }
}
