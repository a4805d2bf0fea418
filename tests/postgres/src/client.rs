//! Statements straight to the database, past PostgREST: loading files and looking behind the scenes.
//!
//! Speaks the part of PostgreSQL's protocol 3.0 that the simple query needs, over the cluster's
//! socket and without a password: the socket lies in a folder that only the tests can enter. Values
//! come as text, as the server prints them.
//!
//! Source: PostgreSQL 15 documentation, chapter "Frontend/Backend Protocol", read 2026-11-21.

use std::fmt;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// One session of one role in one database.
pub struct Client {
    stream: UnixStream,
}

/// An error that the server answered.
#[derive(Debug)]
pub struct Failure {
    /// The SQLSTATE, five characters.
    pub code: String,
    /// The server's own words.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for Failure {}

/// The rows of the last statement, nulls as empty text.
pub type Rows = Vec<Vec<String>>;

impl Client {
    /// Opens a session.
    ///
    /// # Errors
    /// When nothing listens on the socket, or the server refuses role or database.
    pub fn connect(socket: &Path, role: &str, database: &str) -> Result<Self> {
        let stream = UnixStream::connect(socket)
            .with_context(|| format!("cannot connect to {}", socket.display()))?;
        let mut client = Self { stream };
        let mut body = 196_608_u32.to_be_bytes().to_vec();
        for word in ["user", role, "database", database, ""] {
            body.extend_from_slice(word.as_bytes());
            body.push(0);
        }
        client.send(None, &body)?;
        client.answer()?;
        Ok(client)
    }

    /// Runs any number of statements as one text; returns the rows of the last that had any.
    ///
    /// # Errors
    /// A [`Failure`] when the server refuses one of them, otherwise what broke the connection.
    pub fn run(&mut self, sql: &str) -> Result<Rows> {
        let mut body = sql.as_bytes().to_vec();
        body.push(0);
        self.send(Some(b'Q'), &body)?;
        self.answer()
    }

    /// The one value of a statement that has one row of one column.
    ///
    /// # Errors
    /// As [`Client::run`], and when the answer has another shape.
    pub fn value(&mut self, sql: &str) -> Result<String> {
        match self.run(sql)?.as_slice() {
            [row] if row.len() == 1 => Ok(row[0].clone()),
            rows => bail!("expected one value, got {} rows: {sql}", rows.len()),
        }
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> Result<()> {
        let length = u32::try_from(body.len() + 4)?;
        let mut message = Vec::from_iter(kind);
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(body);
        Ok(self.stream.write_all(&message)?)
    }

    /// Reads messages until the server waits for the next statement.
    fn answer(&mut self) -> Result<Rows> {
        let mut rows = Rows::new();
        let mut failure: Option<Failure> = None;
        loop {
            let (kind, body) = match self.message() {
                Ok(message) => message,
                // After a fatal error the server closes the connection; its words say more.
                Err(broken) => return Err(failure.map_or(broken, Into::into)),
            };
            match kind {
                b'Z' => return failure.map_or(Ok(rows), |failure| Err(failure.into())),
                b'T' => rows.clear(),
                b'D' => rows.push(columns(&body).context("a row is cut short")?),
                b'E' => failure = Some(error(&body)),
                b'R' if body != [0, 0, 0, 0] => bail!("the server asks for a password"),
                _ => {}
            }
        }
    }

    fn message(&mut self) -> Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut body = vec![0; (length as usize).saturating_sub(4)];
        self.stream.read_exact(&mut body)?;
        Ok((head[0], body))
    }
}

/// A row: the number of columns in two bytes, then each with its length in four; -1 is null.
fn columns(body: &[u8]) -> Option<Vec<String>> {
    let (count, mut rest) = body.split_at_checked(2)?;
    let mut columns = Vec::new();
    for _ in 0..u16::from_be_bytes(count.try_into().ok()?) {
        let (length, after) = rest.split_at_checked(4)?;
        let length = i32::from_be_bytes(length.try_into().ok()?);
        let (value, after) = after.split_at_checked(usize::try_from(length).unwrap_or(0))?;
        columns.push(String::from_utf8_lossy(value).into_owned());
        rest = after;
    }
    Some(columns)
}

/// An error: fields of one letter and a text each, the SQLSTATE under C and the message under M.
fn error(body: &[u8]) -> Failure {
    let field = |letter: u8| {
        body.split(|&byte| byte == 0)
            .find(|field| field.first() == Some(&letter))
            .map(|field| String::from_utf8_lossy(&field[1..]).into_owned())
            .unwrap_or_default()
    };
    Failure {
        code: field(b'C'),
        message: field(b'M'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_column_by_column() {
        let row = [0, 2, 0, 0, 0, 2, b'h', b'i', 255, 255, 255, 255];
        assert_eq!(columns(&row), Some(vec!["hi".to_owned(), String::new()]));
        assert_eq!(columns(&row[..7]), None);
    }

    #[test]
    fn an_error_carries_state_and_message() {
        let failure = error(b"SERROR\0C42501\0Mnot for you\0\0");
        assert_eq!(failure.to_string(), "not for you (42501)");
    }
}
