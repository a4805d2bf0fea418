//! One page of a list, in the shape that every list tool answers with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::text;

/// The records are maps, or a type of the plugin's own, or [`crate::RawRecord`]s, which cost least:
/// `{"records":[],"total":7,"has_more":true,"next_offset":5}` and `truncated` when something was cut.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Page<R = Map<String, Value>> {
    /// The records.
    pub records: Vec<R>,
    /// How many there are in all; null when the CRM did not count.
    pub total: Option<u64>,
    /// Whether more follow.
    pub has_more: bool,
    /// The offset of the next page; null when none follows.
    pub next_offset: Option<u64>,
    /// What was cut and how to get the rest.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub truncated: Option<String>,
}

impl<R: Serialize> Page<R> {
    /// A page of a list that is counted: `total` decides whether more follow.
    #[must_use]
    pub fn counted(records: Vec<R>, offset: u64, total: u64) -> Self {
        let next = offset + records.len() as u64;
        let has_more = !records.is_empty() && next < total;
        Self {
            records,
            total: Some(total),
            has_more,
            next_offset: has_more.then_some(next),
            truncated: None,
        }
    }

    /// A page of a list that nobody counted.
    #[must_use]
    pub fn uncounted(records: Vec<R>, offset: u64, has_more: bool) -> Self {
        let next = offset + records.len() as u64;
        Self {
            records,
            total: None,
            has_more,
            next_offset: has_more.then_some(next),
            truncated: None,
        }
    }

    /// A whole list.
    #[must_use]
    pub fn all(records: Vec<R>) -> Self {
        let total = records.len() as u64;
        Self::counted(records, 0, total)
    }

    /// Adds a sentence to `truncated`.
    pub fn say_cut(&mut self, sentence: impl AsRef<str>) {
        let text = self.truncated.get_or_insert_default();
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(sentence.as_ref());
    }

    /// Adds to `truncated` that texts were cut, and how to get them whole.
    pub fn say_texts(&mut self, cut: &crate::Cut, whole: &str) {
        if let Some(told) = cut.told(whole) {
            self.say_cut(told);
        }
    }

    /// Drops records from the end until the rest takes at most so many bytes, at least one staying;
    /// `next_offset` then points at the first that was dropped, and `truncated` says so.
    pub fn fit(&mut self, bytes: usize) {
        let mut used = 0;
        let keep = self.records.iter().take_while(|record| {
            used += text::json_len(record) + 1;
            used <= bytes
        });
        let keep = keep.count().max(1);
        let dropped = self.records.len().saturating_sub(keep);
        if dropped == 0 {
            return;
        }
        let end = self
            .next_offset
            .or(self.total)
            .unwrap_or(self.records.len() as u64);
        self.records.truncate(keep);
        self.has_more = true;
        self.next_offset = Some(end.saturating_sub(dropped as u64));
        self.say_cut(format!("{dropped} records were left out because the answer would exceed {bytes} bytes; continue at next_offset, or select fewer fields."));
    }
}
