//! Words and lengths: nearest names for messages, cutting that says so.

use serde::Serialize;

/// The names that look most like `wanted`, best first: those that differ in case or in a few
/// letters, or that contain it.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(f64, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let inside = wanted.len() > 2
                && (lower.contains(&wanted) || wanted.contains(&lower) && lower.len() > 2);
            let score = strsim::jaro_winkler(&wanted, &lower).max(if inside { 0.85 } else { 0.0 });
            (score >= 0.8).then_some((score, name))
        })
        .collect();
    scored.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(right.1)));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

/// `did you mean a, b or c?`; none without a near name.
pub fn did_you_mean<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = nearest(wanted, names);
    let (last, rest) = near.split_last()?;
    Some(if rest.is_empty() {
        format!("did you mean {last}?")
    } else {
        format!("did you mean {} or {last}?", rest.join(", "))
    })
}

/// Cuts a text after so many characters; whether it was cut.
pub fn cut(text: &mut String, characters: usize) -> bool {
    match text.char_indices().nth(characters) {
        Some((at, _)) => {
            text.truncate(at);
            text.push('…');
            true
        }
        None => false,
    }
}

/// How many bytes a value takes as compact JSON.
pub fn json_len<T: Serialize + ?Sized>(value: &T) -> usize {
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}
