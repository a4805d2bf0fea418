//! HTML entities in what the CRM stored: quotes inside long texts come back as `&#039;` and
//! `&quot;`. They are decoded once, so that `&amp;lt;` becomes `&lt;` and no tag.

/// Decodes the entities that the CRM writes; others stay as they are.
pub(crate) fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match rest
            .find(';')
            .filter(|end| *end <= 8)
            .and_then(|end| Some((named(&rest[1..end])?, end)))
        {
            Some((character, end)) => {
                out.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn named(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(number).filter(|character| *character != '\0')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn decodes_once_and_leaves_the_rest() {
        for (stored, shown) in [
            ("a &amp; b", "a & b"),
            ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
            ("it&#039;s &quot;so&quot;", "it's \"so\""),
            ("&#x41;&#66;", "AB"),
            ("R&D; & &unknown; &", "R&D; & &unknown; &"),
            ("ü &amp", "ü &amp"),
        ] {
            assert_eq!(decode(stored), shown, "{stored}");
        }
    }
}
