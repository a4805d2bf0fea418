//! Ids and moments as the CRM takes them.

use portcullis_sdk::{Failure, code, datetime};

/// Whether a text is a UUID in its usual spelling.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// An id of an argument.
///
/// # Errors
/// It is no UUID.
pub(crate) fn check(id: &str, at: &str) -> Result<(), Failure> {
    if is_uuid(id) {
        return Ok(());
    }
    Err(Failure::bad_input(
        code::INVALID_ARGUMENT,
        format!("{id:?} is no id; ids are UUIDs"),
    )
    .at(at)
    .suggest("crm_search finds a record by its name and shows its id"))
}

/// Whether a text is a moment in RFC 3339: a day, a time and a zone.
pub(crate) fn is_moment(text: &str) -> bool {
    let zone = text.get(10..).unwrap_or_default();
    let zoned = zone.ends_with('Z') || zone.contains(['+', '-']);
    zoned && zone.starts_with('T') && datetime::seconds(text).is_some()
}

/// The day of so many seconds since 1970, in UTC.
pub(crate) fn day(seconds: i64) -> String {
    let mut day = datetime::from_seconds(seconds);
    day.truncate(10);
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_moments() {
        for (text, yes) in [
            ("c72cc391-6e31-4bac-8c78-42a18f1dd728", true),
            ("c72cc3916e314bac8c7842a18f1dd728", false),
            ("c72cc391-6e31-4bac-8c78-42a18f1dd72g", false),
            ("../contacts", false),
            ("", false),
        ] {
            assert_eq!(is_uuid(text), yes, "{text}");
        }
        for (text, yes) in [
            ("2026-11-20T10:00:00Z", true),
            ("2026-11-20T10:00:00.5+02:00", true),
            ("2026-11-20 10:00:00Z", false),
            ("2026-11-31T10:00:00Z", false),
            ("2026-11-20", false),
            ("2026-11-20T10:00:00", false),
        ] {
            assert_eq!(is_moment(text), yes, "{text}");
        }
        assert_eq!(day(1_795_169_434), "2026-11-20");
    }
}
