//! Long texts of records: cut where they stand, with what is missing said there, and told of once in
//! the answer with the way to the whole.
//!
//! It must not know tools: the way to the whole is the plugin's to say.

use serde_json::{Map, Value};

use crate::raw::RawRecord;

/// Characters of a text that a list shows, unless the operator says otherwise.
pub const LIST_TEXT: u32 = 500;
/// Characters of a text that a single record shows, unless the operator says otherwise.
pub const RECORD_TEXT: u32 = 4000;

/// Cuts the texts of an answer and remembers which. What is missing stands at the place,
/// `… [1234 more characters]`.
#[derive(Debug, Clone, Default)]
pub struct Cut {
    limit: usize,
    fields: Vec<String>,
}

impl Cut {
    /// Cuts texts after so many characters.
    #[must_use]
    pub fn after(characters: u32) -> Self {
        Self {
            limit: usize::try_from(characters).unwrap_or(usize::MAX),
            fields: Vec::new(),
        }
    }

    /// Cuts the text of a field; whether it was too long.
    pub fn text(&mut self, field: &str, text: &mut String) -> bool {
        // A character takes a byte at least.
        if text.len() <= self.limit {
            return false;
        }
        let Some((at, _)) = text.char_indices().nth(self.limit) else {
            return false;
        };
        let missing = text[at..].chars().count();
        text.truncate(at);
        text.push_str(&format!("… [{missing} more characters]"));
        self.field(field);
        true
    }

    /// Cuts the texts of a record, and those within its values.
    pub fn record(&mut self, record: &mut Map<String, Value>) {
        for (field, value) in record {
            self.value(field, value);
        }
    }

    /// Cuts the texts of records.
    pub fn records<'r>(&mut self, records: impl IntoIterator<Item = &'r mut Map<String, Value>>) {
        records.into_iter().for_each(|record| self.record(record));
    }

    /// Cuts the texts of a record whose values were not read.
    pub fn raw(&mut self, record: &mut RawRecord) {
        record.edit_texts(self.limit, |field, text| self.text(field, text));
    }

    /// Remembers a field that the CRM itself cut.
    pub fn field(&mut self, field: &str) {
        if !self.fields.iter().any(|known| known == field) {
            self.fields.push(field.to_owned());
        }
    }

    /// Which fields were cut, and how to get them whole, e.g. `name them in fields to get them whole`.
    /// Nothing where none was.
    #[must_use]
    pub fn told(&self, whole: &str) -> Option<String> {
        (!self.fields.is_empty())
            .then(|| format!("Texts were cut ({}); {whole}.", self.fields.join(", ")))
    }

    fn value(&mut self, field: &str, value: &mut Value) {
        match value {
            Value::String(text) => {
                self.text(field, text);
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(field, item)),
            Value::Object(members) => {
                let members = members.iter_mut();
                members.for_each(|(_, member)| self.value(field, member));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cut_says_what_is_missing() {
        let mut record =
            json!({"id": "1", "note": "äöü12345", "in": [{"text": "1234567"}], "ok": "12345"});
        let mut cut = Cut::after(5);
        cut.record(record.as_object_mut().unwrap());
        assert_eq!(
            record,
            json!({
                "id": "1", "note": "äöü12… [3 more characters]",
                "in": [{"text": "12345… [2 more characters]"}], "ok": "12345",
            })
        );
        assert_eq!(
            cut.told("get shows them").unwrap(),
            "Texts were cut (note, in); get shows them."
        );
    }

    #[test]
    fn raw_records_are_cut_alike() {
        let mut record: RawRecord =
            serde_json::from_str(r#"{"a":"1234567","b":"äöüäö","c":7}"#).unwrap();
        let mut cut = Cut::after(5);
        cut.raw(&mut record);
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            r#"{"a":"12345… [2 more characters]","b":"äöüäö","c":7}"#
        );
        assert_eq!(Cut::after(5).told("x"), None);
    }
}
