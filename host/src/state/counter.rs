//! How often the file of the state was changed, without asking the database.
//!
//! SQLite counts the changes of a file in its header (file format, section 1.3.9), in the order in which
//! they were made by all processes. The file stays open as long as the state does: on Unix, closing any
//! handle of it would end the locks that the database of this process holds.

use std::fs::File;
use std::io;
use std::path::Path;

use super::StateError;

/// Where the count stands, and how long it is.
const OFFSET: u64 = 24;
const LENGTH: usize = 4;

/// Reads the count of one file.
pub(super) struct Counter(File);

impl Counter {
    pub(super) fn of(path: &Path) -> Result<Self, StateError> {
        let file = File::open(path).map_err(StateError::io(path))?;
        Ok(Self(file))
    }

    /// The count; nothing where it cannot be read.
    pub(super) fn read(&self) -> Option<u32> {
        let mut count = [0; LENGTH];
        read_at(&self.0, &mut count).ok()?;
        Some(u32::from_be_bytes(count))
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, OFFSET)
}

#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8]) -> io::Result<()> {
    match std::os::windows::fs::FileExt::seek_read(file, bytes, OFFSET)? {
        LENGTH => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
