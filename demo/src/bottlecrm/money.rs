//! Amounts in hundredths, from and to the texts of the API.

use serde_json::Value;

/// Hundredths of a number or a decimal text; `None` when it is neither.
pub(crate) fn cents(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or((1, text.as_str()), |rest| (-1, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && part.is_empty() || !numeric(whole) || !numeric(part) {
        return None;
    }
    let whole: i64 = format!("0{whole}").parse().ok()?;
    let part: i64 = format!("{part:0<2}").get(..2)?.parse().ok()?;
    Some(sign * (whole.checked_mul(100)? + part))
}

/// Hundredths of a stored value, 0 for none.
pub(crate) fn stored(value: &Value) -> i64 {
    cents(value).unwrap_or(0)
}

/// `1234.50`.
pub(crate) fn text(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// As a number, the way aggregates print it.
pub(crate) fn number(cents: i64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "amounts of a demo are far below 2^53"
    )]
    let whole = cents as f64;
    whole / 100.0
}

/// A percentage of an amount, in hundredths of both.
pub(crate) fn percent(amount: i64, hundredths: i64) -> i64 {
    (amount * hundredths + 5_000) / 10_000
}

#[cfg(test)]
mod tests {
    use super::{cents, percent, text};
    use serde_json::json;

    #[test]
    fn texts_and_numbers() {
        assert_eq!(cents(&json!("12.5")), Some(1250));
        assert_eq!(cents(&json!(7)), Some(700));
        assert_eq!(cents(&json!("-0.01")), Some(-1));
        assert_eq!(cents(&json!("12,5")), None);
        assert_eq!(cents(&json!("")), None);
        assert_eq!(text(-105), "-1.05");
        assert_eq!(percent(19_000, 1000), 1900);
    }
}
