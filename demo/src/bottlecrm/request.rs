//! One request as the handlers see it: segments, parameters, the body in any of its forms.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::answer::Reply;
use super::multipart;
use crate::pairs::pairs;

/// A file that came with a form.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// A request below the installation's base.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// With both slashes.
    pub(crate) path: String,
    /// Decoded pairs.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The last value of a parameter, as the real one reads single ones.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params(name).last()
    }

    /// All values of a parameter.
    pub(crate) fn params(&self, name: &str) -> impl Iterator<Item = &str> {
        self.query
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_form(&self) -> bool {
        self.kind().starts_with("multipart/form-data")
    }

    fn kind(&self) -> &str {
        self.header("content-type").unwrap_or_default()
    }

    /// The body as an object, and the files that came with it.
    ///
    /// Fails as the real one does: 415 for another media type, 400 for broken JSON, and the page of
    /// a server error for JSON that is no object.
    pub(crate) fn payload(&self) -> Result<(Map<String, Value>, Vec<File>), Reply> {
        if self.body.is_empty() {
            return Ok((Map::new(), Vec::new()));
        }
        if self.is_form() {
            return Ok(multipart::read(self.kind(), &self.body));
        }
        if self.kind().starts_with("application/x-www-form-urlencoded") {
            let text = String::from_utf8_lossy(&self.body);
            let fields = pairs(&text).into_iter();
            return Ok((
                fields.map(|(key, value)| (key, value.into())).collect(),
                Vec::new(),
            ));
        }
        if !self.kind().starts_with("application/json") {
            return Err(self.unsupported());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(map)) => Ok((map, Vec::new())),
            Ok(_) => Err(Reply::page(500)),
            Err(error) => Err(Reply::detail(400, parse_error(&self.body, &error))),
        }
    }

    /// What a media type that is not read gets.
    pub(crate) fn unsupported(&self) -> Reply {
        let text = format!("Unsupported media type \"{}\" in request.", self.kind());
        Reply::detail(415, text)
    }
}

/// The place of the error in the words of Python's parser.
fn parse_error(body: &[u8], error: &serde_json::Error) -> String {
    let text = String::from_utf8_lossy(body);
    let before = text
        .lines()
        .take(error.line())
        .enumerate()
        .map(|(n, line)| {
            let whole = n + 1 < error.line();
            if whole {
                line.chars().count() + 1
            } else {
                error.column().max(1) - 1
            }
        })
        .sum::<usize>();
    let read: String = text.chars().take(before).collect();
    let what = match read.trim_end().chars().last() {
        Some('{') => "Expecting property name enclosed in double quotes",
        _ => "Expecting value",
    };
    let (line, column) = (error.line(), error.column().max(1));
    format!("JSON parse error - {what}: line {line} column {column} (char {before})")
}
