//! Rows on the wire: the forms in which a client sends and wants them, and the headers that place
//! them. What the rows are is others' business.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::answer::{Answer, Body, Reply};
use super::kind::text_of;
use super::request::Call;
use super::store::Row;

const OBJECT: &str = "application/vnd.pgrst.object+json";

/// How the client wants rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    List,
    Object,
    Csv,
}

impl Accepted {
    /// What the header `Accept` asks for.
    pub(crate) fn of(call: &Call) -> Result<Self, Reply> {
        let header = call.header("accept").unwrap_or("*/*");
        let kinds = header
            .split(',')
            .map(|kind| kind.split(';').next().unwrap_or_default().trim());
        for kind in kinds {
            match kind {
                "*/*" | "application/*" | "application/json" => return Ok(Self::List),
                OBJECT => return Ok(Self::Object),
                "text/csv" => return Ok(Self::Csv),
                _ => {}
            }
        }
        let message = format!("None of these media types are available: {header}");
        Err(Reply::refused("PGRST107", message))
    }

    /// Rows in this form.
    pub(crate) fn reply(self, status: u16, mut rows: Vec<Value>) -> Answer {
        match self {
            Self::List => Ok(Reply::json(status, Value::Array(rows))),
            Self::Csv => Ok(Reply::new(status, Body::Csv(csv(&rows)))),
            Self::Object if rows.len() == 1 => {
                let row = rows.pop().unwrap_or_default();
                Ok(Reply::new(status, Body::Object(row)))
            }
            Self::Object => {
                let message = "JSON object requested, multiple (or no) rows returned";
                let details = format!("The result contains {} rows", rows.len());
                Err(Reply::refused("PGRST116", message).details(details))
            }
        }
    }
}

/// The rows of the body.
pub(crate) fn rows(call: &Call) -> Result<Vec<Row>, Reply> {
    let kind = call.header("content-type").unwrap_or("application/json");
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind != "application/json" {
        let message = format!("Content-Type not acceptable: {kind}");
        return Err(Reply::refused("PGRST102", message));
    }
    let bad = || Reply::refused("PGRST102", "Empty or invalid json");
    let differ = || Reply::refused("PGRST102", "All object keys must match");
    match call.json().ok_or_else(bad)? {
        Value::Object(row) => Ok(vec![row]),
        Value::Array(items) => items
            .into_iter()
            .map(|item| match item {
                Value::Object(row) => Ok(row),
                _ => Err(differ()),
            })
            .collect(),
        // Anything else counts as no row.
        _ => Ok(Vec::new()),
    }
}

/// The header `Content-Range`.
pub(crate) fn range(offset: usize, shown: usize, total: Option<usize>) -> String {
    let total = total.map_or_else(|| "*".to_owned(), |total| total.to_string());
    if shown == 0 || total == "0" {
        return format!("*/{total}");
    }
    format!("{offset}-{}/{total}", offset + shown - 1)
}

/// The query as PostgREST repeats it: by name, values of one name together.
pub(crate) fn canonical(query: &[(String, String)]) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~');
    let mut names: Vec<&str> = query.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let pairs: Vec<String> = names
        .into_iter()
        .map(|name| {
            let values: Vec<String> = query
                .iter()
                .filter(|(own, _)| own == name)
                .map(|(_, value)| utf8_percent_encode(value, KEPT).to_string())
                .collect();
            format!("{}={}", utf8_percent_encode(name, KEPT), values.join(","))
        })
        .collect();
    if pairs.is_empty() {
        String::new()
    } else {
        format!("?{}", pairs.join("&"))
    }
}

/// Lines with commas; a cell is quoted as PostgreSQL quotes the fields of a row.
fn csv(rows: &[Value]) -> String {
    let cell = |value: &Value| {
        if value.is_null() {
            return String::new();
        }
        let text = text_of(value);
        let is_odd = |c: char| c.is_whitespace() || matches!(c, ',' | '"' | '\\' | '(' | ')');
        if text.is_empty() || text.contains(is_odd) {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\"\""))
        } else {
            text
        }
    };
    let line = |cells: Vec<String>| cells.join(",");
    let mut lines = Vec::new();
    let objects = rows.iter().filter_map(Value::as_object);
    for (at, row) in objects.enumerate() {
        if at == 0 {
            lines.push(line(row.keys().cloned().collect()));
        }
        lines.push(line(row.values().map(cell).collect()));
    }
    lines.join("\n")
}
