//! What the tables of one CRM share: their files, what a run has to find out first, how something
//! made is unmade, and where an answer keeps its rows.

use std::future::Future;

use super::saved::Saved;
use super::table::Group;
use super::target::{Answer, Ask, Target};

/// The tables of one CRM. Everything here is about the CRM, nothing about who answers.
pub trait Dialect: Sync {
    /// Reads the table.
    ///
    /// # Errors
    /// When a file of the table is not of its form; the tests hold that none is.
    fn groups(&self) -> Result<Vec<Group>, serde_json::Error>;

    /// Where an answer's rows are, as a JSON pointer.
    fn rows(&self) -> &'static str;

    /// Where a row's name is, as a JSON pointer.
    fn row_name(&self) -> &'static str {
        "/name"
    }

    /// Finds out, before each group, what its cases refer to: who is calling, a session, a token.
    fn learn<T: Target>(
        &self,
        target: &T,
        saved: &mut Saved,
    ) -> impl Future<Output = Result<(), String>> + Send;

    /// The request that deletes what a request just made, or `None` when it made nothing. It is
    /// sent when the group is over, with the credentials that it brings or, without any, as `full`.
    fn undo(&self, ask: &Ask, answer: &Answer, saved: &Saved) -> Option<Ask>;
}
