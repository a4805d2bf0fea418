//! Days and ranges of days for filters.
//!
//! A filter on a date compares days. On a date-time it compares moments, but only when the caller
//! says so and names a time zone; otherwise a bare day means its midnight in UTC, and the last day
//! of a range is lost. Both behaviours are the real one's.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use super::errors::Refusal;
use crate::clock::stamp;

/// The first and the last day; `None` is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Days {
    pub(crate) from: Option<Date>,
    pub(crate) to: Option<Date>,
}

impl Days {
    fn between(from: Option<Date>, to: Option<Date>) -> Option<Self> {
        Some(Self { from, to })
    }
}

/// The days a named filter means, seen from today. `None`: there is no such filter.
pub(crate) fn days_of(kind: &str, x: i64, today: Date) -> Option<Days> {
    let shifted = |span: Span| today.checked_add(span).ok();
    match kind {
        "today" => Days::between(Some(today), Some(today)),
        "past" => Days::between(None, shifted(-1.day())),
        "future" => Days::between(shifted(1.day()), None),
        "lastSevenDays" => Days::between(shifted(-7.days()), Some(today)),
        "lastXDays" => Days::between(shifted(-x.days()), Some(today)),
        "nextXDays" => Days::between(Some(today), shifted(x.days())),
        "olderThanXDays" => Days::between(None, shifted(-(x + 1).days())),
        "afterXDays" => Days::between(shifted((x + 1).days()), None),
        _ => period(kind, today),
    }
}

/// Calendar periods. The fiscal year starts in January, EspoCRM's default.
fn period(kind: &str, today: Date) -> Option<Days> {
    let month = today.first_of_month();
    let quarter_month = (today.month() - 1) / 3 * 3 + 1;
    let quarter = Date::new(today.year(), quarter_month, 1).ok()?;
    let year = today.first_of_year();
    let (start, length) = match kind {
        "currentMonth" => (month, 1.month()),
        "lastMonth" => (month.checked_add(-1.month()).ok()?, 1.month()),
        "nextMonth" => (month.checked_add(1.month()).ok()?, 1.month()),
        "currentQuarter" | "currentFiscalQuarter" => (quarter, 3.months()),
        "lastQuarter" | "lastFiscalQuarter" => (quarter.checked_add(-3.months()).ok()?, 3.months()),
        "currentYear" | "currentFiscalYear" => (year, 1.year()),
        "lastYear" | "lastFiscalYear" => (year.checked_add(-1.year()).ok()?, 1.year()),
        _ => return None,
    };
    let end = start.checked_add(length).ok()?.checked_add(-1.day()).ok()?;
    Days::between(Some(start), Some(end))
}

/// Today in a time zone.
pub(crate) fn today_in(zone: &TimeZone, now: Timestamp) -> Date {
    now.to_zoned(zone.clone()).date()
}

/// A time zone by name, UTC without one. An unknown name ends the request without a word: PHP
/// throws where a time zone is made of it (not measured on a real one).
pub(crate) fn zone_named(name: Option<&str>) -> Result<TimeZone, Refusal> {
    match name {
        None => Ok(TimeZone::UTC),
        Some(name) => TimeZone::get(name).map_err(|_| Refusal::bare(500)),
    }
}

/// The moment a day begins in a zone, as it is stored.
pub(crate) fn day_start(date: Date, zone: &TimeZone) -> Option<String> {
    date.to_zoned(zone.clone())
        .ok()
        .map(|start| stamp(start.timestamp()))
}

/// The moment the day after begins.
pub(crate) fn day_end(date: Date, zone: &TimeZone) -> Option<String> {
    day_start(date.tomorrow().ok()?, zone)
}

/// A day as text, when the text is nothing else.
pub(crate) fn day(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

/// A date-time in EspoCRM's form, or in ISO 8601 with an offset, as it is stored.
pub(crate) fn moment(text: &str) -> Option<String> {
    let plain = text.len() == 19
        && text.as_bytes()[10] == b' '
        && text.parse::<jiff::civil::DateTime>().is_ok();
    if plain {
        return Some(text.to_owned());
    }
    text.contains('T')
        .then(|| text.parse::<Timestamp>().ok())
        .flatten()
        .map(stamp)
}

#[cfg(test)]
mod tests {
    use super::{days_of, moment, zone_named};

    #[test]
    fn periods() {
        let today = "2026-11-20".parse().expect("a date");
        let cases = [
            ("today", 0, Some("2026-11-20"), Some("2026-11-20")),
            ("past", 0, None, Some("2026-11-19")),
            ("lastXDays", 60, Some("2026-09-21"), Some("2026-11-20")),
            ("currentMonth", 0, Some("2026-11-01"), Some("2026-11-30")),
            ("lastQuarter", 0, Some("2026-07-01"), Some("2026-09-30")),
            ("lastYear", 0, Some("2025-01-01"), Some("2025-12-31")),
            ("nextMonth", 0, Some("2026-12-01"), Some("2026-12-31")),
        ];
        for (kind, x, from, to) in cases {
            let days = days_of(kind, x, today).expect(kind);
            let text = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string());
            assert_eq!(
                (text(days.from).as_deref(), text(days.to).as_deref()),
                (from, to),
                "{kind}"
            );
        }
        assert_eq!(days_of("someday", 0, today), None);
    }

    #[test]
    fn time_zones() {
        for name in [None, Some("UTC"), Some("Europe/Berlin")] {
            assert!(zone_named(name).is_ok(), "{name:?}");
        }
        assert!(zone_named(Some("Mars/X")).is_err());
    }

    #[test]
    fn moments() {
        assert_eq!(
            moment("2026-12-01T10:00:00Z").as_deref(),
            Some("2026-12-01 10:00:00")
        );
        assert_eq!(
            moment("2026-12-01T10:00:00+02:00").as_deref(),
            Some("2026-12-01 08:00:00")
        );
        assert_eq!(
            moment("2026-12-01 10:00:00").as_deref(),
            Some("2026-12-01 10:00:00")
        );
        assert_eq!(moment("soon"), None);
    }
}
