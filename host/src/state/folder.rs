//! Files that only the host's user may read, and the folder that they lie in.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::StateError;

/// Makes the folder of a state where it is missing, closed to other users.
pub(super) fn prepare(path: &Path) -> Result<(), StateError> {
    let Some(folder) = path.parent().filter(|folder| !folder.exists()) else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(StateError::io(folder))
}

/// The path of a file that belongs to another, e.g. `state.sqlite3.key`.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    name.into()
}

/// Opens a file for reading and writing, and makes it where it is missing.
pub(super) fn private(path: &Path) -> Result<File, StateError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(StateError::io(path))?;
    closed_to_others(path, &file)?;
    Ok(file)
}

/// Writes a file at once and whole, unless it exists: of two processes one wins.
pub(super) fn write_new(path: &Path, content: &[u8]) -> Result<(), StateError> {
    static DRAFTS: AtomicU32 = AtomicU32::new(0);
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    let draft = beside(path, &format!("{}-{number}.draft", std::process::id()));
    let written = private(&draft).and_then(|mut file| {
        let written = file.write_all(content).and_then(|()| file.sync_all());
        written.map_err(StateError::io(&draft))
    });
    let linked = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(StateError::io(path)(error))
        }
        _ => Ok(()),
    });
    let removed = fs::remove_file(&draft).map_err(StateError::io(&draft));
    linked.and(removed)
}

/// Fails on a file that other users may read or write.
#[cfg(unix)]
fn closed_to_others(path: &Path, file: &File) -> Result<(), StateError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(StateError::io(path))?;
    match mode.permissions().mode() & 0o777 {
        mode if mode & 0o077 == 0 => Ok(()),
        mode => Err(StateError::Open {
            path: path.to_owned(),
            mode,
        }),
    }
}

/// Elsewhere access lists decide, which modes do not show.
#[cfg(not(unix))]
fn closed_to_others(_path: &Path, _file: &File) -> Result<(), StateError> {
    Ok(())
}
