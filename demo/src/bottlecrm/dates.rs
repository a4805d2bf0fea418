//! Days and moments in the forms of the API.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// `2026-11-20T10:10:34.154301Z`.
pub(crate) fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        .to_string()
}

/// The day of a moment, in UTC.
pub(crate) fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The day so many days from another.
pub(crate) fn days_from(date: Date, days: i64) -> Date {
    date.checked_add(days.days()).unwrap_or(date)
}

/// A day as `YYYY-MM-DD` and in no other form.
pub(crate) fn parse(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split('-').collect();
    let right = matches!(parts[..], [year, month, day] if year.len() == 4 && month.len() == 2 && day.len() == 2);
    right.then(|| text.parse().ok()).flatten()
}

/// A moment in ISO 8601, with or without its zone.
pub(crate) fn parse_moment(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

/// Whole days between two days.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    i64::from((to - from).get_days())
}
