//! Reading a table whole, page by page, up to a ceiling that is said when it is met.

use portcullis_sdk::{Call, Failure};

use crate::{
    errors::About,
    rest::{self, Record},
};

/// Rows of one page; the platform cuts answers at so many without saying so.
const PAGE: u64 = 1000;
/// Rows that are read at most.
const MOST: u64 = 5000;

/// What was read.
pub(crate) struct Whole {
    pub(crate) rows: Vec<Record>,
    total: u64,
}

impl Whole {
    /// A sentence when not everything was read.
    pub(crate) fn cut(&self) -> Option<String> {
        let read = self.rows.len() as u64;
        (read < self.total).then(|| {
            format!(
                "only the first {read} of {} rows were read; narrow it, or use query",
                self.total
            )
        })
    }
}

/// Rows in the order of their ids. A page may be shorter than asked for; the number of all decides
/// whether one follows.
pub(crate) fn read(
    call: &Call<'_>,
    table: &str,
    select: &str,
    filters: &[(String, String)],
) -> Result<Whole, Failure> {
    let mut rows: Vec<Record> = Vec::new();
    loop {
        let ask = rest::table(call, table)
            .query("select", select)
            .queries(filters.iter().cloned())
            .query("order", "id.asc")
            .query("limit", PAGE)
            .query("offset", rows.len());
        let (page, total) = rest::counted(ask, &About::reading(table))?;
        let ended = page.is_empty();
        rows.extend(page);
        let read = rows.len() as u64;
        if ended || read >= total || read >= MOST {
            return Ok(Whole { rows, total });
        }
    }
}
