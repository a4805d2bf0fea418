//! Secrets: references in the file, values in memory only.
//!
//! Owns how a reference is resolved and that its value is never printed and is wiped when dropped. It
//! must not know what a secret is for. A literal in the configuration is refused and never quoted.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Env;

/// Longest secret in bytes; keys and tokens are far below, and a wrong path must not fill the memory.
const LONGEST: u64 = 64 * 1024;

/// A value that is never printed.
#[derive(Clone)]
pub struct Secret {
    reference: Reference,
    value: Zeroizing<String>,
}

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// `env:NAME`.
    Variable(String),
    /// `file:PATH`, the path absolute.
    File(PathBuf),
}

/// Why a reference gives no secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum SecretError {
    #[error(
        "a secret does not stand here; set a variable and write `\"env:NAME\"`, or put it into a file of mode 600 and write `\"file:PATH\"`"
    )]
    Literal,
    #[error("`env:` wants the name of a variable, letters, digits and underscores")]
    NoVariable,
    #[error("`file:` wants a path")]
    NoPath,
    #[error("variable `{0}` is not set; set it for the process that runs portcullis")]
    Unset(String),
    #[error("{0} is empty")]
    Empty(Reference),
    #[error("file `{}` cannot be read: {cause}", .path.display())]
    Unreadable {
        path: PathBuf,
        cause: std::io::Error,
    },
    #[error("`{}` is no file", .0.display())]
    NoFile(PathBuf),
    #[error("file `{}` is longer than {LONGEST} bytes, that is no secret", .0.display())]
    TooLong(PathBuf),
    #[error("file `{}` is open to other users (mode {mode:03o}); run `chmod 600 {}`", .path.display(), .path.display())]
    Open { path: PathBuf, mode: u32 },
}

impl Secret {
    /// The value. Every use of this word is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.value
    }

    /// Where it comes from, for messages.
    #[must_use]
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Reads what `env:NAME` or `file:PATH` refers to; a relative path is relative to `base`.
    pub(super) fn resolve(text: &str, env: Env<'_>, base: &Path) -> Result<Self, SecretError> {
        if let Some(name) = text.strip_prefix("env:") {
            return Self::from_variable(name, env);
        }
        match text.strip_prefix("file:") {
            Some("") => Err(SecretError::NoPath),
            Some(path) => Self::from_file(base.join(path)),
            None => Err(SecretError::Literal),
        }
    }

    fn from_variable(name: &str, env: Env<'_>) -> Result<Self, SecretError> {
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(SecretError::NoVariable);
        }
        let value = env(name).ok_or_else(|| SecretError::Unset(name.to_owned()))?;
        Self::new(Reference::Variable(name.to_owned()), Zeroizing::new(value))
    }

    fn from_file(path: PathBuf) -> Result<Self, SecretError> {
        let mut value = read(&path)?;
        let end = value.trim_end_matches(['\r', '\n']).len();
        value.truncate(end);
        Self::new(Reference::File(path), value)
    }

    fn new(reference: Reference, value: Zeroizing<String>) -> Result<Self, SecretError> {
        if value.is_empty() {
            Err(SecretError::Empty(reference))
        } else {
            Ok(Self { reference, value })
        }
    }
}

/// For telling on a reload whether a connection changed; nobody outside can time it.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.reference == other.reference && *self.value == *other.value
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.reference)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the secret in {}", self.reference)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "variable `{name}`"),
            Self::File(path) => write!(f, "file `{}`", path.display()),
        }
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let unreadable = |cause| SecretError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    let meta = path.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(SecretError::NoFile(path.to_owned())); // before opening: opening a pipe waits
    }
    let file = File::open(path).map_err(unreadable)?;
    closed_to_others(path, &file.metadata().map_err(unreadable)?)?;
    // As large as it can get, so that no shorter copy stays behind in freed memory.
    let room = usize::try_from(meta.len().min(LONGEST)).unwrap_or_default() + 1;
    let mut value = Zeroizing::new(String::with_capacity(room));
    file.take(LONGEST + 1)
        .read_to_string(&mut value)
        .map_err(unreadable)?;
    if value.len() as u64 > LONGEST {
        Err(SecretError::TooLong(path.to_owned()))
    } else {
        Ok(value)
    }
}

#[cfg(unix)]
fn closed_to_others(path: &Path, meta: &std::fs::Metadata) -> Result<(), SecretError> {
    use std::os::unix::fs::PermissionsExt;
    match meta.permissions().mode() & 0o777 {
        mode if mode & 0o077 != 0 => Err(SecretError::Open {
            path: path.to_owned(),
            mode,
        }),
        _ => Ok(()),
    }
}

/// Elsewhere access lists decide, which modes do not show.
#[cfg(not(unix))]
fn closed_to_others(_path: &Path, _meta: &std::fs::Metadata) -> Result<(), SecretError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str) -> Option<String> {
        match name {
            "KEY" => Some("hunter2".into()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn resolve(text: &str, base: &Path) -> Result<Secret, String> {
        Secret::resolve(text, &env, base).map_err(|error| error.to_string())
    }

    #[test]
    fn variables() {
        let base = Path::new("/nowhere");
        assert_eq!(resolve("env:KEY", base).unwrap().expose(), "hunter2");
        for (text, expected) in [
            ("env:OTHER", "variable `OTHER` is not set"),
            ("env:EMPTY", "variable `EMPTY` is empty"),
            ("env:", "`env:` wants"),
            ("env:A=B", "`env:` wants"),
            ("file:", "`file:` wants"),
            ("file:missing", "file `/nowhere/missing` cannot be read"),
            ("hunter2", "a secret does not stand here"),
        ] {
            let message = resolve(text, base).unwrap_err();
            assert!(message.starts_with(expected), "{text}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn nothing_prints_the_value() {
        let secret = resolve("env:KEY", Path::new("/")).unwrap();
        assert_eq!(
            format!("{secret:?} {secret:#?} {secret}"),
            "Secret(variable `KEY`) Secret(variable `KEY`) the secret in variable `KEY`"
        );
    }

    #[cfg(unix)]
    #[test]
    fn files() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        for (content, mode, expected) in [
            ("hunter2\n", 0o600, Ok("hunter2")),
            ("hunter2\r\n", 0o400, Ok("hunter2")),
            (" two words ", 0o600, Ok(" two words ")),
            ("\n", 0o600, Err("is empty")),
            ("hunter2", 0o640, Err("run `chmod 600 ")),
            ("hunter2", 0o604, Err("(mode 604)")),
            (&"x".repeat(70_000), 0o600, Err("longer than 65536 bytes")),
        ] {
            let path = folder.path().join("key");
            let _ = std::fs::remove_file(&path);
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            match (resolve("file:key", folder.path()), expected) {
                (Ok(secret), Ok(expected)) => assert_eq!(secret.expose(), expected),
                (Err(message), Err(expected)) => assert!(message.contains(expected), "{message}"),
                (got, _) => panic!("{got:?} for {expected:?}"),
            }
        }
        assert!(
            resolve("file:.", folder.path())
                .unwrap_err()
                .contains("is no file")
        );
    }
}
