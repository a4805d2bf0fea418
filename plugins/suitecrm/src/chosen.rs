//! Ids that the caller's key decides, so that a repeated create finds its record instead of making
//! another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use portcullis_sdk::{Failure, code};

/// A text of the caller's choice, the same for every repetition of one create.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct Key(#[schemars(length(min = 8, max = 200))] String);

impl Key {
    /// What is sent as `new_with_id`, and what the route compares with the argument.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// The id of the record, or of the row of several.
    pub(crate) fn id(&self, module: &str, row: Option<usize>) -> String {
        let mut hash = Sha256::new();
        for part in ["portcullis", module, &self.0] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        if let Some(row) = row {
            hash.update(row.to_string().as_bytes());
        }
        let digest = hash.finalize();
        let hex: String = digest
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        // Version 8 of RFC 9562 is for ids of one's own making.
        format!(
            "{}-{}-8{}-a{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..32]
        )
    }

    pub(crate) fn check(&self) -> Result<(), Failure> {
        if (8..=200).contains(&self.0.len()) {
            return Ok(());
        }
        Err(Failure::bad_input(
            code::INVALID_ARGUMENT,
            "idempotency_key is 8 to 200 characters",
        )
        .at("/idempotency_key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_one_id_per_module_and_row() {
        let key = Key("order-4711".to_owned());
        let id = key.id("Tasks", None);
        assert_eq!(id, key.id("Tasks", None));
        assert_eq!(id.len(), 36);
        assert!(id.as_bytes()[14] == b'8' && id.as_bytes()[19] == b'a');
        assert_ne!(id, key.id("Calls", None));
        assert_ne!(key.id("Tasks", Some(0)), key.id("Tasks", Some(1)));
    }
}
