//! Ids and dates as the CRM takes them.

use portcullis_sdk::{Failure, code};

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

/// Whether a text is `YYYY-MM-DD` and a day of the calendar.
pub(crate) fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let part = |range: std::ops::Range<usize>| {
        let digits = &text.get(range)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse::<u32>().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (part(0..4), part(5..7), part(8..10)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    year > 0 && (1..=days).contains(&day)
}

/// Whether a text is a moment in RFC 3339, near enough: a day, `T`, a time and a zone.
pub(crate) fn is_moment(text: &str) -> bool {
    let (Some(day), Some(rest)) = (text.get(..10), text.get(10..)) else {
        return false;
    };
    let time = rest.strip_prefix(['T', ' ']).unwrap_or_default().as_bytes();
    let clock = time.len() >= 8
        && time[..8].iter().enumerate().all(|(at, byte)| match at {
            2 | 5 => *byte == b':',
            _ => byte.is_ascii_digit(),
        });
    let zoned =
        text.ends_with('Z') || matches!(time.get(time.len().saturating_sub(6)), Some(b'+' | b'-'));
    is_date(day) && clock && zoned
}

/// Seconds since 1970 of `YYYY-MM-DDTHH:MM:SS…`, read as UTC.
pub(crate) fn seconds(moment: &str) -> Option<i64> {
    let part = |range: std::ops::Range<usize>| moment.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let (hour, minute, second) = (part(11..13)?, part(14..16)?, part(17..19)?);
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 719_469;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// The day of so many seconds since 1970, in UTC.
pub(crate) fn day(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_dates_and_moments() {
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
            ("2028-02-29", true),
            ("2026-02-29", false),
            ("2026-13-01", false),
            ("2026-1-01", false),
            ("2026-11-20T10:00:00Z", false),
            ("+026-11-20", false),
            ("zwölf-11-2", false),
        ] {
            assert_eq!(is_date(text), yes, "{text}");
        }
        for (text, yes) in [
            ("2026-11-20T10:00:00Z", true),
            ("2026-11-20T10:00:00.5+02:00", true),
            ("2026-11-20T10:00", false),
            ("2026-11-20", false),
            ("2026-11-20T10:00:00", false),
        ] {
            assert_eq!(is_moment(text), yes, "{text}");
        }
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2026-11-20T10:10:34.154Z"), Some(1_795_169_434));
        assert_eq!(seconds("soon"), None);
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(1_795_169_434), "2026-11-20");
        assert_eq!(day(1_835_395_200), "2028-02-29");
    }
}
