//! A text without its escapes: what a reader of percent-encoding, of JSON, or of HTML makes of it.
//!
//! Owns one pass that decodes every escape of one scheme where it stands, however its digits are written
//! and whether or not the character needed one, and the way back from a place in the result to the place
//! in the text. The schemes stay apart, since what is plain in one may look like an escape of another.
//! It must not know what is looked for.

/// Longer than every escape: `&#x10FFFF;`, or two of JSON for one character.
const LONGEST: usize = 12;

/// How characters are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// `%2F`.
    Percent,
    /// `\u002f`, `\/`.
    Json,
    /// `\u002f` alone: behind a backslash that nobody doubled, a reader of JSON misses it.
    Unit,
    /// `&#47;`, `&amp;`.
    Html,
}

impl Scheme {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Percent, Self::Json, Self::Unit, Self::Html];

    /// What each escape begins with.
    fn mark(self) -> u8 {
        match self {
            Self::Percent => b'%',
            Self::Json | Self::Unit => b'\\',
            Self::Html => b'&',
        }
    }

    /// The escape that a text begins with, and its length.
    fn escape(self, text: &[u8]) -> Option<(Decoded, usize)> {
        match (self, text) {
            (Self::Percent, [_, high, low, ..]) => {
                Some((Decoded::Byte([digit(*high)? << 4 | digit(*low)?]), 3))
            }
            (Self::Json | Self::Unit, [_, b'u', ..]) => unicode(text),
            (Self::Json, [_, letter, ..]) => short(*letter).map(|c| (Decoded::of(c), 2)),
            (Self::Html, _) => entity(text),
            _ => None,
        }
    }
}

/// A text with its escapes decoded.
pub(super) struct Unescaped {
    /// What it says.
    pub(super) text: Vec<u8>,
    /// Behind each escape: the place in `text`, and that in the original.
    behind: Vec<(usize, usize)>,
}

impl Unescaped {
    /// Decodes a text; none if it holds no escape.
    pub(super) fn of(scheme: Scheme, original: &[u8]) -> Option<Self> {
        let mark = scheme.mark();
        let mut found = Self {
            text: Vec::new(),
            behind: Vec::new(),
        };
        let (mut at, mut copied) = (0, 0);
        while let Some(next) = original[at..].iter().position(|byte| *byte == mark) {
            at += next;
            let Some((decoded, length)) = scheme.escape(&original[at..]) else {
                at += 1;
                continue;
            };
            found.text.extend_from_slice(&original[copied..at]);
            found.text.extend_from_slice(decoded.bytes());
            at += length;
            copied = at;
            found.behind.push((found.text.len(), at));
        }
        if found.behind.is_empty() {
            return None;
        }
        found.text.extend_from_slice(&original[copied..]);
        Some(found)
    }

    /// The place in the original of a place in the text, each between two characters.
    pub(super) fn origin(&self, at: usize) -> usize {
        let before = self.behind.partition_point(|(text, _)| *text <= at);
        match before.checked_sub(1).map(|last| self.behind[last]) {
            Some((text, original)) => original + (at - text),
            None => at,
        }
    }
}

/// One character, or one byte of one.
enum Decoded {
    Byte([u8; 1]),
    Char([u8; 4], usize),
}

impl Decoded {
    fn of(c: char) -> Self {
        let mut bytes = [0; 4];
        let length = c.encode_utf8(&mut bytes).len();
        Self::Char(bytes, length)
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Byte(byte) => byte,
            Self::Char(bytes, length) => &bytes[..*length],
        }
    }
}

/// `\u00e4`, or a pair of them.
fn unicode(text: &[u8]) -> Option<(Decoded, usize)> {
    let unit = |text: &[u8]| -> Option<u16> {
        let digits = text.strip_prefix(b"\\u")?.get(..4)?;
        digits
            .iter()
            .try_fold(0, |unit, byte| Some(unit << 4 | u16::from(digit(*byte)?)))
    };
    let first = unit(text)?;
    let second = unit(&text[6..]);
    let units = [first, second.unwrap_or_default()];
    match char::decode_utf16(units).next()? {
        Ok(c) => Some((Decoded::of(c), 6 * c.len_utf16())),
        Err(_) => None,
    }
}

fn short(letter: u8) -> Option<char> {
    Some(match letter {
        b'"' | b'\\' | b'/' => letter.into(),
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        _ => return None,
    })
}

/// `&#39;`, `&#x27;`, and the five names that every writer knows.
fn entity(text: &[u8]) -> Option<(Decoded, usize)> {
    let end = text.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&text[1..end]).ok()?;
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((Decoded::of(c), end + 1))
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_where_they_stand() {
        for (original, text) in [
            ("%41%4a%4Ab", "AJJb"),
            ("%c3%A4", "ä"),
            ("\\u00e4\\u00E4\\u0041", "ääA"),
            ("\\ud83d\\ude00!", "😀!"),
            ("\\/\\\"\\\\\\n", "/\"\\\n"),
            ("&amp;&#39;&#x27;&#X41;&apos;", "&''A'"),
            ("a%2", "none"),
            ("100% &unknown; &; \\x \\u12", "none"),
            ("\\ud83d", "none"),
            ("&#x110000;&#99999999999;", "none"),
            ("", "none"),
        ] {
            let read = |scheme: &Scheme| Unescaped::of(*scheme, original.as_bytes());
            let mut found = Scheme::ALL.iter().filter_map(read);
            let told = found.next().map_or("none".into(), |found| {
                String::from_utf8_lossy(&found.text).into_owned()
            });
            assert_eq!(told, text, "{original}");
        }
    }

    #[test]
    fn what_is_plain_in_one_scheme_stays() {
        let found = Unescaped::of(Scheme::Html, b"\\n%41&lt;").unwrap();
        assert_eq!(found.text, b"\\n%41<");
        let found = Unescaped::of(Scheme::Unit, b"C:\\\\u0041\\n").unwrap();
        assert_eq!(found.text, b"C:\\A\\n");
    }

    #[test]
    fn every_place_has_an_origin() {
        let original = "a\\u0041\\u00e4b\\/";
        let found = Unescaped::of(Scheme::Json, original.as_bytes()).unwrap();
        assert_eq!(found.text, "aAäb/".as_bytes());
        for (at, origin) in [(0, 0), (1, 1), (2, 7), (4, 13), (5, 14), (6, 16)] {
            assert_eq!(found.origin(at), origin, "{at}");
        }
    }
}
