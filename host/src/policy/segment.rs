//! Path segments: which a guest may send, and how they are written into a URL.
//!
//! Owns the rule that a segment can never change the path's shape, whatever a server decodes, and
//! the percent-encoding that goes with it. It must not know routes, tools or hosts.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The longest raw segment, in bytes: ids, entity names and function names are far below, and a
/// request line has to stay under the 8 KiB that common servers accept.
pub const LONGEST_SEGMENT: usize = 512;

/// The most segments below a base; no CRM's API nests deeper than ten.
pub const MOST_SEGMENTS: usize = 32;

/// The longest encoded path below a base, in bytes; see [`LONGEST_SEGMENT`].
pub const LONGEST_PATH: usize = 4096;

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Why a path is refused. Says nothing of the segment's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// The empty text, which would double a slash.
    #[error("is empty")]
    Empty,
    /// `.` or `..`.
    #[error("is a dot segment")]
    Dot,
    /// A slash or a backslash.
    #[error("holds a slash or a backslash")]
    Slash,
    /// A control character.
    #[error("holds a control character")]
    Control,
    /// A percent sign that begins an encoded form of one of the above, or of a percent sign.
    #[error("holds a percent-encoded dot, slash, backslash, percent sign or control character")]
    Encoded,
    /// Longer than [`LONGEST_SEGMENT`].
    #[error("is longer than {LONGEST_SEGMENT} bytes")]
    TooLong,
}

/// Why a whole path is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// One segment breaks the rule.
    #[error("path segment {number} {error}")]
    Segment {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        error: SegmentError,
    },
    /// More than [`MOST_SEGMENTS`].
    #[error("the path has more than {MOST_SEGMENTS} segments")]
    TooMany,
    /// Longer than [`LONGEST_PATH`] when it is encoded.
    #[error("the encoded path is longer than {LONGEST_PATH} bytes")]
    TooLong,
}

/// Checks one raw segment.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(segment: &str) -> Result<(), SegmentError> {
    match segment {
        "" => Err(SegmentError::Empty),
        "." | ".." => Err(SegmentError::Dot),
        // What stands behind a semicolon is a parameter to some servers, and then gone.
        _ if segment.starts_with(".;") || segment.starts_with("..;") => Err(SegmentError::Dot),
        _ if segment.len() > LONGEST_SEGMENT => Err(SegmentError::TooLong),
        _ if segment.contains(['/', '\\']) => Err(SegmentError::Slash),
        _ if segment.chars().any(char::is_control) => Err(SegmentError::Control),
        _ if holds_encoded_form(segment.as_bytes()) => Err(SegmentError::Encoded),
        _ => Ok(()),
    }
}

/// Checks a whole raw path. Its last segment alone may be empty, which writes a trailing slash;
/// only a route whose pattern ends in a slash matches such a path.
///
/// # Errors
/// The first segment that breaks a rule, or the path's own size.
pub fn check_path(path: &[String]) -> Result<(), PathError> {
    if path.len() > MOST_SEGMENTS {
        return Err(PathError::TooMany);
    }
    for (at, segment) in path.iter().enumerate() {
        let slash = segment.is_empty() && at > 0 && at + 1 == path.len();
        if !slash {
            let number = at + 1;
            check(segment).map_err(|error| PathError::Segment { number, error })?;
        }
    }
    if encode_path(path).len() > LONGEST_PATH {
        return Err(PathError::TooLong);
    }
    Ok(())
}

/// Writes raw segments as they stand in a URL, joined by slashes, without a leading one.
#[must_use]
pub fn encode_path(path: &[String]) -> String {
    let mut text = String::with_capacity(path.iter().map(|s| s.len() + 1).sum());
    for (at, segment) in path.iter().enumerate() {
        if at > 0 {
            text.push('/');
        }
        text.extend(utf8_percent_encode(segment, ENCODED));
    }
    text
}

/// Writes one raw segment, or one part of a query, as it stands in a URL.
pub fn encode(raw: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(raw, ENCODED)
}

/// Whether a server that decodes once more than it should would see something that [`check`]
/// refuses. `%c0` and `%c1` begin overlong forms of ASCII, `%u` an old vendor's form.
fn holds_encoded_form(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(at, byte)| {
        *byte == b'%'
            && match (bytes.get(at + 1), bytes.get(at + 2)) {
                (Some(b'u' | b'U'), _) => true,
                (Some(high), Some(low)) => is_dangerous(*high, *low),
                _ => false,
            }
    })
}

fn is_dangerous(high: u8, low: u8) -> bool {
    let digit = |b: u8| char::from(b).to_digit(16);
    let (Some(high), Some(low)) = (digit(high), digit(low)) else {
        return false;
    };
    matches!(
        high * 16 + low,
        0x00..=0x1f | 0x25 | 0x2e | 0x2f | 0x5c | 0x7f | 0xc0 | 0xc1
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn bad_segments() {
        let long = "a".repeat(LONGEST_SEGMENT + 1);
        for (segment, error) in [
            ("", SegmentError::Empty),
            (".", SegmentError::Dot),
            ("..", SegmentError::Dot),
            ("a/b", SegmentError::Slash),
            ("/", SegmentError::Slash),
            ("../x", SegmentError::Slash),
            ("a\\b", SegmentError::Slash),
            ("..\\x", SegmentError::Slash),
            ("a\0", SegmentError::Control),
            ("a\r\nHost: x", SegmentError::Control),
            ("\t", SegmentError::Control),
            ("a\u{7f}", SegmentError::Control),
            ("a\u{85}b", SegmentError::Control),
            ("%2e", SegmentError::Encoded),
            ("%2E%2E", SegmentError::Encoded),
            (".%2e", SegmentError::Encoded),
            ("%2f", SegmentError::Encoded),
            ("a%2Fb", SegmentError::Encoded),
            ("a%5cb", SegmentError::Encoded),
            ("a%00", SegmentError::Encoded),
            ("a%0d%0a", SegmentError::Encoded),
            ("%7F", SegmentError::Encoded),
            ("%252e", SegmentError::Encoded),
            ("%c0%ae", SegmentError::Encoded),
            ("%C1%9C", SegmentError::Encoded),
            ("%u002f", SegmentError::Encoded),
            (long.as_str(), SegmentError::TooLong),
        ] {
            assert_eq!(check(segment), Err(error), "{segment:?}");
        }
    }

    #[test]
    fn good_segments() {
        for (segment, encoded) in [
            ("Account", "Account"),
            ("0192a-b_c.d~e", "0192a-b_c.d~e"),
            ("...", "..."),
            ("50%", "50%25"),
            ("100% sure", "100%25%20sure"),
            ("%zz", "%25zz"),
            ("%41", "%2541"),
            ("a?b#c", "a%3Fb%23c"),
            ("a;b=c&d", "a%3Bb%3Dc%26d"),
            ("a:b@c", "a%3Ab%40c"),
            ("é", "%C3%A9"),
        ] {
            assert_eq!(check(segment), Ok(()), "{segment:?}");
            assert_eq!(encode(segment).collect::<String>(), encoded);
        }
    }

    #[test]
    fn whole_paths() {
        let path = |text: &[&str]| text.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        assert_eq!(check_path(&[]), Ok(()));
        assert_eq!(check_path(&path(&["leads", "7", ""])), Ok(()));
        assert!(check_path(&path(&[""])).is_err());
        assert!(check_path(&path(&["", "leads"])).is_err());
        assert!(check_path(&path(&["leads", "", "7"])).is_err());
        assert!(check_path(&path(&["leads", "", ""])).is_err());
        assert_eq!(
            check_path(&vec!["a".to_owned(); 33]),
            Err(PathError::TooMany)
        );
        assert_eq!(
            check_path(&vec!["é".repeat(200); 5]),
            Err(PathError::TooLong)
        );
        assert_eq!(
            check_path(&path(&["a", ".."])).unwrap_err().to_string(),
            "path segment 2 is a dot segment"
        );
    }

    fn decoded(segment: &str) -> String {
        percent_encoding::percent_decode_str(segment)
            .decode_utf8()
            .unwrap()
            .into_owned()
    }

    proptest! {
        #[test]
        fn an_encoded_path_never_escapes(
            path in prop::collection::vec("[ -~]{1,12}|\\PC{1,8}|[.%2eEfF/\\\\]{1,6}", 1..6),
        ) {
            prop_assume!(check_path(&path).is_ok());
            let url = Url::parse(&format!("https://crm.example/sub/api/{}", encode_path(&path)));
            let url = url.unwrap();
            let seen: Vec<_> = url.path_segments().unwrap().map(decoded).collect();
            prop_assert_eq!(&seen[..2], &["sub".to_owned(), "api".to_owned()]);
            prop_assert_eq!(&seen[2..], &path[..]);
            prop_assert_eq!(url.host_str(), Some("crm.example"));
            prop_assert_eq!(url.query(), None);
            prop_assert_eq!(url.fragment(), None);
        }

        #[test]
        fn decoding_again_changes_no_shape(segment in "[.%0-9a-fA-Fu/\\\\ ]{1,10}") {
            prop_assume!(check(&segment).is_ok());
            let again = percent_encoding::percent_decode_str(&segment).decode_utf8_lossy();
            let has_bad_character = again.contains(['/', '\\', '\0']);
            prop_assert!(!has_bad_character);
            prop_assert!(again != "." && again != "..");
        }
    }
}
