//! Files on notes: decoded leniently, and named for ever as they were named first.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};

use super::arguments::{Arguments, text};
use crate::suitecrm::work::Work;

/// Takes what PHP takes.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Work<'_> {
    pub(super) fn set_note_attachment(&mut self, arguments: &Arguments) -> Value {
        let note = arguments.get("note");
        let id = text(&note["id"]);
        if self.store.live("Notes", &id).is_none() {
            return json!({"id": "-1"});
        }
        let kept = self.store_name(&id, &text(&note["filename"]), &text(&note["file"]));
        if let Some(row) = self.store.live_mut("Notes", &id) {
            row.set("filename", kept);
            row.set("file_mime_type", "application/octet-stream");
        }
        json!({"id": id})
    }

    /// Keeps the file and gives the name it has from now on.
    fn store_name(&mut self, id: &str, name: &str, file: &str) -> String {
        let attachment = self.store.attachments.entry(id.to_owned()).or_default();
        if attachment.filename.is_empty() {
            name.clone_into(&mut attachment.filename);
        }
        attachment.file = recoded(file);
        attachment.filename.clone()
    }

    /// A note that is not there has an empty file.
    pub(super) fn note_attachment(&self, arguments: &Arguments) -> Value {
        let id = arguments.text("id");
        let attachment = self.store.attachments.get(&id).cloned().unwrap_or_default();
        let parent = |name: &str| {
            self.store
                .live("Notes", &id)
                .map(|row| row.text(name).to_owned())
        };
        json!({"note_attachment": {
            "id": id,
            "filename": attachment.filename,
            "file": attachment.file,
            "related_module_id": parent("parent_id"),
            "related_module_name": parent("parent_type"),
        }})
    }
}

/// Base64 after a decoding that passes over what does not belong, and an encoding.
fn recoded(sent: &str) -> String {
    let is_base64 =
        |letter: &char| letter.is_ascii_alphanumeric() || *letter == '+' || *letter == '/';
    let mut kept: String = sent.chars().filter(is_base64).collect();
    if kept.len() % 4 == 1 {
        kept.pop();
    }
    let bytes = LENIENT.decode(kept).unwrap_or_default();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::recoded;

    #[test]
    fn what_is_no_base64_becomes_something() {
        assert_eq!(recoded("aGVsbG8gd29ybGQK"), "aGVsbG8gd29ybGQK");
        assert_eq!(recoded("c2Vjb25kCg=="), "c2Vjb25kCg==");
        assert_eq!(recoded("!!!not base64!!!"), "notbase6");
    }
}
