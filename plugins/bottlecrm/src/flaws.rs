//! Several things that are wrong, told at once.

use portcullis_sdk::{Failure, Kind};
use serde_json::{Map, Value};

/// One failure of several.
pub(crate) fn all_at_once(mut flaws: Vec<Failure>) -> Result<(), Failure> {
    if flaws.len() < 2 {
        return flaws.pop().map_or(Ok(()), Err);
    }
    // A failure that is no flaw of the data, such as an unreachable CRM, speaks for itself.
    if let Some(at) = flaws.iter().position(|flaw| flaw.kind != Kind::BadInput) {
        return Err(flaws.swap_remove(at));
    }
    let message = flaws
        .iter()
        .map(|flaw| flaw.message.as_str())
        .collect::<Vec<_>>()
        .join("; ");
    let mut merged = Failure::bad_input(flaws[0].code.clone(), message);
    for field in flaws.iter().flat_map(|flaw| &flaw.fields) {
        merged = merged.at(field);
    }
    let hints: Vec<String> = flaws
        .iter()
        .filter_map(|flaw| flaw.suggestion.clone())
        .collect();
    let details: Map<String, Value> = flaws
        .iter()
        .filter_map(|flaw| Some((flaw.fields.first()?.clone(), flaw.details.clone()?)))
        .collect();
    let merged = merged.suggest_some((!hints.is_empty()).then(|| hints.join("; ")));
    Err(if details.is_empty() {
        merged
    } else {
        merged.details(Value::Object(details))
    })
}
