//! Holding an answer against what a step expects.

use serde_json::Value;

use super::table::Step;
use super::target::Answer;

/// Where rows and their names are, as JSON pointers.
#[derive(Clone, Copy)]
pub(crate) struct Places<'a> {
    pub(crate) rows: &'a str,
    pub(crate) name: &'a str,
}

/// The first thing that is not as expected.
pub(crate) fn check(step: &Step, answer: &Answer, places: Places<'_>) -> Result<(), String> {
    if answer.status != step.status {
        return Err(format!(
            "status {} instead of {}, {}",
            answer.status,
            step.status,
            describe(answer)
        ));
    }
    check_reason(step, answer)?;
    check_headers(step, answer)?;
    if step.blank && !answer.body.is_empty() {
        return Err(format!(
            "a body where none was expected: {}",
            describe(answer)
        ));
    }
    check_text(step, answer)?;
    let body = answer.json();
    if let Some(expected) = &step.has {
        let body = body
            .as_ref()
            .ok_or_else(|| format!("no JSON: {}", describe(answer)))?;
        contains(expected, body, "")?;
    }
    check_rows(step, &body.unwrap_or(Value::Null), places)
}

fn describe(answer: &Answer) -> String {
    let reason = answer.header("x-status-reason").unwrap_or("no reason");
    let body: String = String::from_utf8_lossy(&answer.body)
        .chars()
        .take(300)
        .collect();
    format!("{reason}: {body}")
}

fn check_text(step: &Step, answer: &Answer) -> Result<(), String> {
    match &step.text {
        Some(part) if !String::from_utf8_lossy(&answer.body).contains(part.as_str()) => {
            Err(format!("{part} is not in {}", describe(answer)))
        }
        _ => Ok(()),
    }
}

fn check_reason(step: &Step, answer: &Answer) -> Result<(), String> {
    let Some(expected) = &step.reason else {
        return Ok(());
    };
    let found = answer.header("x-status-reason").map(once);
    if found == expected.as_str() {
        Ok(())
    } else {
        Err(format!("reason {found:?} instead of {expected}"))
    }
}

/// A reason that was printed twice, once.
fn once(reason: &str) -> &str {
    let half = reason.len() / 2;
    let doubled = reason.len() % 2 == 1
        && reason.is_char_boundary(half)
        && reason[..half] == reason[(half + 1)..];
    if doubled && reason.as_bytes()[half] == b' ' {
        &reason[..half]
    } else {
        reason
    }
}

fn check_headers(step: &Step, answer: &Answer) -> Result<(), String> {
    let kind = answer.header("content-type").unwrap_or_default();
    if step.html != kind.starts_with("text/html") {
        return Err(format!("content type {kind}"));
    }
    for (name, expected) in &step.answer_headers {
        let found = answer.header(name);
        let fits = expected == "*" && found.is_some() || found == expected.as_str();
        if !fits {
            return Err(format!("header {name} is {found:?} instead of {expected}"));
        }
    }
    Ok(())
}

fn check_rows(step: &Step, body: &Value, places: Places<'_>) -> Result<(), String> {
    let rows = body.pointer(places.rows).and_then(Value::as_array);
    if let Some(expected) = &step.names {
        let found: Vec<&str> = rows
            .into_iter()
            .flatten()
            .filter_map(|row| row.pointer(places.name)?.as_str())
            .collect();
        if found != *expected {
            return Err(format!("rows {found:?} instead of {expected:?}"));
        }
    }
    if let Some(expected) = step
        .rows
        .filter(|expected| rows.map(Vec::len) != Some(*expected))
    {
        return Err(format!(
            "{:?} rows instead of {expected}",
            rows.map(Vec::len)
        ));
    }
    let shown = rows.and_then(|rows| rows.first()).unwrap_or(body);
    match step
        .lacks
        .iter()
        .find(|key| shown.get(key.as_str()).is_some())
    {
        Some(key) => Err(format!("{key} is there: {}", shown[key])),
        None => Ok(()),
    }
}

/// Objects contain, lists and everything else are equal; `"*"` stands for any value that is there.
fn contains(expected: &Value, found: &Value, at: &str) -> Result<(), String> {
    match (expected, found) {
        (Value::Object(wanted), Value::Object(own)) => {
            wanted.iter().try_for_each(|(key, value)| {
                let place = format!("{at}/{key}");
                own.get(key).map_or_else(
                    || Err(format!("{place} is missing in {found}")),
                    |own| contains(value, own, &place),
                )
            })
        }
        (Value::Array(wanted), Value::Array(own)) if wanted.len() == own.len() => wanted
            .iter()
            .zip(own)
            .enumerate()
            .try_for_each(|(n, (value, own))| contains(value, own, &format!("{at}/{n}"))),
        (Value::Number(wanted), Value::Number(own)) if wanted.as_f64() == own.as_f64() => Ok(()),
        (Value::String(any), found) if any == "*" && !found.is_null() => Ok(()),
        (expected, found) if expected == found => Ok(()),
        _ => Err(format!(
            "{} is {found} instead of {expected}",
            if at.is_empty() { "the body" } else { at }
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::once;

    #[test]
    fn a_reason_printed_twice_counts_once() {
        assert_eq!(once("No way. No way."), "No way.");
        assert_eq!(once("No way."), "No way.");
        assert_eq!(once(""), "");
    }
}
