//! The known name that a misspelt one probably meant.
//!
//! Owns how near is near enough; it must not know what the names are for.

use super::problem::shown;

/// Similarity (Jaro-Winkler, 0 to 1) from which a name is suggested: `wirte` and `write` have 0.95,
/// `timeout` and `timeout_ms` 0.94, names that only share a letter or two stay below 0.7.
const NEAR: f64 = 0.84;

/// The nearest of the known names, where one is near.
pub(super) fn nearest<'k>(given: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|name| (strsim::jaro_winkler(given, name), *name))
        .filter(|(similarity, _)| *similarity >= NEAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// The end of a message about an unknown name: the nearest one, or all of them.
pub(super) fn instead(given: &str, known: &[&str]) -> String {
    match nearest(given, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("known here: {}", listed(known)),
    }
}

/// What a word stands for among a few.
pub(super) fn choose<T: Copy>(what: &str, given: &str, choices: &[(&str, T)]) -> Result<T, String> {
    if let Some((_, choice)) = choices.iter().find(|(word, _)| *word == given) {
        return Ok(*choice);
    }
    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
    Err(format!(
        "unknown {what} `{}`; {}",
        shown(given),
        instead(given, &words)
    ))
}

fn listed(known: &[&str]) -> String {
    known
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions() {
        let known = ["read", "write", "timeout_ms", "plugin", "prefix"];
        for (given, expected) in [
            ("wirte", Some("write")),
            ("Write", Some("write")),
            ("timeout", Some("timeout_ms")),
            ("plug_in", Some("plugin")),
            ("prefx", Some("prefix")),
            ("banana", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, &known), expected, "{given}");
        }
    }

    #[test]
    fn without_a_near_name_all_are_listed() {
        assert_eq!(instead("zzz", &["a", "b"]), "known here: `a`, `b`");
    }
}
