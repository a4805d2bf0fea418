//! Dates and date-times as PHP CRMs store them: `2026-12-05` and `2026-12-05 09:30:00` in UTC.
//!
//! Arithmetic on the Gregorian calendar only; time zones are the CRM's business.

/// Whether a text is a calendar date.
#[must_use]
pub fn is_date(text: &str) -> bool {
    text.len() == 10 && days(text).is_some()
}

/// A date-time in UTC as the CRM writes it. Takes `2026-12-05 09:30[:00]`, `2026-12-05T09:30:00Z`
/// and offsets like `+02:00`; without either it is UTC already.
#[must_use]
pub fn to_utc(text: &str) -> Option<String> {
    seconds(text).map(from_seconds)
}

/// Seconds since 1970 of a date-time.
#[must_use]
pub fn seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let date = text.get(..10)?;
    let rest = text.get(10..)?;
    let time = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset) = split_offset(time)?;
    let clock = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    Some(days(date)? * 86_400 + clock_seconds(clock)? - offset)
}

/// A date-time of seconds since 1970.
#[must_use]
pub fn from_seconds(seconds: i64) -> String {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let rest = seconds.rem_euclid(86_400);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return Some((time, 0));
    };
    let sign = if time.as_bytes().get(at) == Some(&b'-') {
        -1
    } else {
        1
    };
    let digits: String = time.get(at + 1..)?.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        2 => (number(&digits)?, 0),
        4 => (number(&digits[..2])?, number(&digits[2..])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some((&time[..at], sign * (hours * 3600 + minutes * 60)))
}

fn clock_seconds(clock: &str) -> Option<i64> {
    let mut parts = clock.split(':');
    let hours = number(parts.next()?)?;
    let minutes = number(parts.next()?)?;
    let seconds = parts.next().map_or(Some(0), number)?;
    (parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60)
        .then_some(hours * 3600 + minutes * 60 + seconds)
}

fn number(digits: &str) -> Option<i64> {
    (digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}

/// Days since 1970 of `YYYY-MM-DD`; none for a day that does not exist.
fn days(date: &str) -> Option<i64> {
    let bytes = date.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' || !date.is_ascii() {
        return None;
    }
    let year = number(&date[..2])? * 100 + number(&date[2..4])?;
    let (month, day) = (number(&date[5..7])?, number(&date[8..])?);
    let since = days_from_civil(year, month, day);
    (civil(since) == (year, month, day)).then_some(since)
}

/// Counts in eras of 400 years that begin in March, so that the leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, utc) in [
            ("2026-12-05 09:30", "2026-12-05 09:30:00"),
            ("2026-12-05T09:30:00Z", "2026-12-05 09:30:00"),
            ("2026-12-05T09:30:00.123Z", "2026-12-05 09:30:00"),
            ("2026-12-05T00:30:00+02:00", "2026-12-04 22:30:00"),
            ("2024-02-29T23:30:00-0130", "2024-03-01 01:00:00"),
            ("1969-12-31 23:59:59", "1969-12-31 23:59:59"),
        ] {
            assert_eq!(to_utc(text).as_deref(), Some(utc), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "2026-12-05",
            "2026-02-30 10:00",
            "2026-12-05 25:00",
            "05.12.2026 10:00",
            "2026-12-05 10",
            "tomorrow 10:00",
            "２０２６-12-05 10:00",
        ] {
            assert_eq!(to_utc(text), None, "{text}");
        }
        assert!(is_date("2024-02-29") && !is_date("2023-02-29") && !is_date("31/12/2026"));
    }
}
