//! Values of columns: reading what is written and what a filter says, comparing, showing as text.
//!
//! A stored value is the JSON that PostgREST answers. Every refusal is the database's own.

use std::cmp::Ordering;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};
use serde_json::{Value, json};

use super::answer::Reply;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    BigInt,
    Integer,
    SmallInt,
    Text,
    /// Text that is compared without regard to case.
    Citext,
    Bool,
    Time,
    Date,
    Uuid,
    Json,
    Jsonb,
    /// `bigint[]`.
    Numbers,
    /// `jsonb[]`.
    Objects,
}

impl Kind {
    /// The database's name of it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BigInt => "bigint",
            Self::Integer => "integer",
            Self::SmallInt => "smallint",
            Self::Text => "text",
            Self::Citext => "extensions.citext",
            Self::Bool => "boolean",
            Self::Time => "timestamp with time zone",
            Self::Date => "date",
            Self::Uuid => "uuid",
            Self::Json => "json",
            Self::Jsonb => "jsonb",
            Self::Numbers => "bigint[]",
            Self::Objects => "jsonb[]",
        }
    }

    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Citext)
    }

    /// A value of a body as the column stores it.
    pub(crate) fn read(self, value: &Value) -> Result<Value, Reply> {
        match (self, value) {
            (_, Value::Null) => Ok(Value::Null),
            (Self::Json | Self::Jsonb, value) => Ok(value.clone()),
            (Self::Numbers, Value::Array(items)) => {
                items.iter().map(|item| Self::BigInt.read(item)).collect()
            }
            (Self::Objects, Value::Array(_)) => Ok(value.clone()),
            (Self::Numbers | Self::Objects, Value::String(text)) => self.literal(text),
            (Self::Numbers | Self::Objects, _) => {
                Err(Reply::refused("22P02", "expected JSON array"))
            }
            (_, Value::String(text)) => self.literal(text),
            (_, other) => self.literal(&other.to_string()),
        }
    }

    /// A text of the query string as the column's type.
    pub(crate) fn literal(self, text: &str) -> Result<Value, Reply> {
        match self {
            Self::Text | Self::Citext => Ok(text.into()),
            Self::BigInt => self.whole(text, i64::MIN, i64::MAX),
            Self::Integer => self.whole(text, i32::MIN.into(), i32::MAX.into()),
            Self::SmallInt => self.whole(text, i16::MIN.into(), i16::MAX.into()),
            Self::Bool => truth(text).map(Value::from).ok_or_else(|| self.bad(text)),
            Self::Uuid if is_uuid(text) => Ok(text.to_lowercase().into()),
            Self::Uuid => Err(self.bad(text)),
            Self::Time => self.time(text),
            Self::Date => {
                let time = self.time(text)?;
                let day = time.as_str().and_then(|time| time.get(..10));
                Ok(json!(day))
            }
            Self::Json | Self::Jsonb => serde_json::from_str(text).map_err(|_| {
                Reply::refused("22P02", "invalid input syntax for type json")
                    .details(format!("Token \"{text}\" is invalid."))
            }),
            Self::Numbers => numbers(text),
            Self::Objects => Err(malformed(text)),
        }
    }

    fn whole(self, text: &str, least: i64, most: i64) -> Result<Value, Reply> {
        let digits = text.trim().trim_start_matches(['+', '-']);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.bad(text));
        }
        let value = text.trim().trim_start_matches('+').parse::<i64>().ok();
        let value = value.filter(|value| (least..=most).contains(value));
        value.map(Value::from).ok_or_else(|| {
            let message = format!("value \"{text}\" is out of range for type {}", self.name());
            Reply::refused("22003", message)
        })
    }

    fn time(self, text: &str) -> Result<Value, Reply> {
        if let Some(time) = moment(text) {
            return Ok(shown(time).into());
        }
        let like_a_day = text.len() >= 8
            && text.starts_with(|first: char| first.is_ascii_digit())
            && text.matches('-').count() >= 2
            && !text.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'T' | 'Z'));
        if like_a_day {
            let message = format!("date/time field value out of range: \"{text}\"");
            return Err(Reply::refused("22008", message));
        }
        let message = format!("invalid input syntax for type {}: \"{text}\"", self.name());
        Err(Reply::refused("22007", message))
    }

    fn bad(self, text: &str) -> Reply {
        let message = format!("invalid input syntax for type {}: \"{text}\"", self.name());
        Reply::refused("22P02", message)
    }

    /// The order of two values; `None` where one is null.
    pub(crate) fn compare(self, left: &Value, right: &Value) -> Option<Ordering> {
        if left.is_null() || right.is_null() {
            return None;
        }
        let texts = (left.as_str().unwrap_or(""), right.as_str().unwrap_or(""));
        Some(match self {
            Self::BigInt | Self::Integer | Self::SmallInt => left.as_i64().cmp(&right.as_i64()),
            Self::Bool => left.as_bool().cmp(&right.as_bool()),
            Self::Time => moment(texts.0).cmp(&moment(texts.1)),
            Self::Citext => texts.0.to_lowercase().cmp(&texts.1.to_lowercase()),
            Self::Text | Self::Date | Self::Uuid => texts.0.cmp(texts.1),
            _ => text_of(left).cmp(&text_of(right)),
        })
    }
}

/// A value as `::text` shows it.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_number) && !items.is_empty() => {
            let items: Vec<String> = items.iter().map(Value::to_string).collect();
            format!("{{{}}}", items.join(","))
        }
        other => other.to_string(),
    }
}

/// A moment as PostgREST shows it, to the microsecond, without zeros at the end.
pub(crate) fn shown(at: Timestamp) -> String {
    let at = at.round(Unit::Microsecond).unwrap_or(at);
    let whole = at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S");
    let fraction = format!("{:06}", at.subsec_microsecond());
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        format!("{whole}+00:00")
    } else {
        format!("{whole}.{fraction}+00:00")
    }
}

/// A moment in the forms that clients write: with an offset, without one for UTC, or a day.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let utc = |civil: DateTime| civil.to_zoned(TimeZone::UTC).ok().map(|it| it.timestamp());
    let day = |text: &str| text.parse::<Date>().ok();
    if text.len() == 10 {
        return day(text).and_then(|day| utc(day.at(0, 0, 0, 0)));
    }
    let has_offset = text.ends_with(['Z', 'z']) || text.get(10..)?.contains(['+', '-']);
    if has_offset {
        text.parse().ok()
    } else {
        text.parse::<DateTime>().ok().and_then(utc)
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "t" | "true" | "yes" | "on" | "1" => Some(true),
        "f" | "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let sizes: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    sizes == [8, 4, 4, 4, 12]
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `{1,2}`.
fn numbers(text: &str) -> Result<Value, Reply> {
    let inner = text
        .trim()
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    let inner = inner.ok_or_else(|| malformed(text))?;
    inner
        .split(',')
        .filter(|item| !(item.is_empty() && inner.is_empty()))
        .map(|item| Kind::BigInt.literal(item))
        .collect()
}

fn malformed(text: &str) -> Reply {
    let message = format!("malformed array literal: \"{text}\"");
    Reply::refused("22P02", message)
        .details("Array value must start with \"{\" or dimension information.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_shown_in_one_way() {
        for (given, wanted) in [
            ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00+00:00"),
            (
                "2026-11-01 02:00:00.120+02:00",
                "2026-11-01T00:00:00.12+00:00",
            ),
            ("2026-11-01", "2026-11-01T00:00:00+00:00"),
            ("2026-11-01T10:00", "2026-11-01T10:00:00+00:00"),
        ] {
            assert_eq!(Kind::Time.literal(given).expect(given), wanted, "{given}");
        }
    }

    #[test]
    fn refusals_carry_the_databases_codes() {
        for (kind, text, code) in [
            (Kind::BigInt, "abc", "22P02"),
            (Kind::SmallInt, "99999", "22003"),
            (Kind::Time, "not a date", "22007"),
            (Kind::Time, "2026-13-45", "22008"),
            (Kind::Uuid, "7", "22P02"),
            (Kind::Numbers, "1", "22P02"),
            (Kind::Jsonb, "{", "22P02"),
        ] {
            let refused = kind.literal(text).expect_err(text);
            assert_eq!(refused.code(), code, "{text}");
        }
    }
}
