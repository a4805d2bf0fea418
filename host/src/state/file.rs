//! The database of the state: one table of sealed values. The only file that knows `rusqlite`.
//!
//! Owns the form of the file, by number, and how two processes share it. What it holds is sealed, names
//! included; it must not know a key.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::seal::Seal;
use super::{StateError, folder};

/// Marks the file as ours: the letters `PCLS`.
const APPLICATION: i64 = 0x5043_4c53;

/// The form that this release writes.
const VERSION: i64 = 1;

/// Writes are over within milliseconds; this is for a disk that is busy.
const PATIENCE: Duration = Duration::from_secs(5);

const FORM: &str = "
    create table sealed (kind text not null, name text not null, value blob not null,
                         primary key (kind, name)) strict, without rowid;";

/// What is sealed to tell whether the key is the right one.
const CHECK: (&str, &str, &[u8]) = ("check", "key", b"portcullis");

/// An open file.
pub(super) struct File {
    path: PathBuf,
    database: Connection,
}

impl File {
    /// Opens the file, and makes it where it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, StateError> {
        // Made here and not by the database, which would let others read it; what it puts beside the
        // file has the file's mode.
        drop(folder::private(path)?);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let refused = |cause| wrong(path, cause);
        let database = Connection::open_with_flags(path, flags).map_err(refused)?;
        database.busy_timeout(PATIENCE).map_err(refused)?;
        let mut file = Self {
            path: path.to_owned(),
            database,
        };
        file.form()?;
        Ok(file)
    }

    /// Brings the file into the form of this release; two processes may do so at once.
    fn form(&mut self) -> Result<(), StateError> {
        let path = self.path.clone();
        let refused = |cause| wrong(&path, cause);
        let begun = self
            .database
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(refused)?;
        let number = |pragma: &str| begun.pragma_query_value(None, pragma, |row| row.get(0));
        let application: i64 = number("application_id").map_err(refused)?;
        let version: i64 = number("user_version").map_err(refused)?;
        let tables: i64 = begun
            .query_row("select count(*) from sqlite_schema", [], |row| row.get(0))
            .map_err(refused)?;
        match (application, version) {
            (0, 0) if tables == 0 => {
                begun.execute_batch(FORM).map_err(refused)?;
                let set = |pragma, value| begun.pragma_update(None, pragma, value);
                set("application_id", APPLICATION).map_err(refused)?;
                set("user_version", VERSION).map_err(refused)?;
            }
            (APPLICATION, VERSION) => {}
            (APPLICATION, version) => return Err(StateError::Newer { path, version }),
            _ => return Err(StateError::Foreign(path)),
        }
        begun.commit().map_err(refused)
    }

    /// Fails when the file was sealed with another key.
    pub(super) fn settle(&self, seal: &Seal, source_of: String) -> Result<(), StateError> {
        let (kind, name, text) = CHECK;
        let sealed = seal.close(kind, name, text)?;
        self.database
            .execute(
                "insert or ignore into sealed (kind, name, value) values (?1, ?2, ?3)",
                params![kind, name, sealed],
            )
            .map_err(|cause| self.wrong(cause))?;
        let stored = self.get(kind, name)?.unwrap_or_default();
        match seal.open(kind, name, stored) {
            Ok(opened) if *opened == text => Ok(()),
            _ => Err(StateError::KeyWrong {
                path: self.path.clone(),
                source_of,
            }),
        }
    }

    pub(super) fn get(&self, kind: &str, name: &str) -> Result<Option<Vec<u8>>, StateError> {
        let sql = "select value from sealed where kind = ?1 and name = ?2";
        let found = self.database.query_row(sql, [kind, name], |row| row.get(0));
        found.optional().map_err(|cause| self.wrong(cause))
    }

    /// The names and values of a kind.
    pub(super) fn all(&self, kind: &str) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        let refused = |cause| self.wrong(cause);
        let sql = "select name, value from sealed where kind = ?1";
        let mut found = self.database.prepare(sql).map_err(refused)?;
        let rows = found.query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.and_then(Iterator::collect).map_err(refused)
    }

    pub(super) fn put(&self, kind: &str, name: &str, value: &[u8]) -> Result<(), StateError> {
        let sql = "insert or replace into sealed (kind, name, value) values (?1, ?2, ?3)";
        let put = self.database.execute(sql, params![kind, name, value]);
        put.map(drop).map_err(|cause| self.wrong(cause))
    }

    pub(super) fn remove(&self, kind: &str, name: &str) -> Result<(), StateError> {
        let sql = "delete from sealed where kind = ?1 and name = ?2";
        let removed = self.database.execute(sql, [kind, name]);
        removed.map(drop).map_err(|cause| self.wrong(cause))
    }

    fn wrong(&self, cause: rusqlite::Error) -> StateError {
        wrong(&self.path, cause)
    }
}

fn wrong(path: &Path, cause: rusqlite::Error) -> StateError {
    let path = path.to_owned();
    match cause.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StateError::Foreign(path),
        _ => StateError::Database { path, cause },
    }
}
