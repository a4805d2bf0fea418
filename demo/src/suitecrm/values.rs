//! What becomes of text and dates on their way in and out.
//!
//! Tags vanish on the way in, and so do letters that need four bytes; the echo of a write is
//! escaped; reads are decoded except for quotes inside long text. A date that is not of the one
//! accepted form is stored as empty, silently.

use jiff::civil::{Date, DateTime};

use super::schema::Field;

/// A value as the database keeps it.
pub(crate) fn stored(field: &Field, sent: &str) -> String {
    match field.kind.as_str() {
        "datetime" => datetime(sent),
        "date" => date(sent),
        _ => narrow(&without_tags(sent)),
    }
}

/// A value as a read shows it.
pub(crate) fn shown(field: &Field, kept: &str) -> String {
    if field.kind == "text" {
        kept.replace('\'', "&#039;").replace('"', "&quot;")
    } else {
        kept.to_owned()
    }
}

/// A value as the answer to a write repeats it: the ampersand is escaped twice.
pub(crate) fn echoed(sent: &str) -> String {
    let mut echo = String::with_capacity(sent.len());
    for letter in without_tags(sent).chars() {
        match letter {
            '&' => echo.push_str("&amp;amp;"),
            '\'' => echo.push_str("&#039;"),
            '"' => echo.push_str("&quot;"),
            'ä' => echo.push_str("&auml;"),
            'ö' => echo.push_str("&ouml;"),
            'ü' => echo.push_str("&uuml;"),
            'é' => echo.push_str("&eacute;"),
            'è' => echo.push_str("&egrave;"),
            'ß' => echo.push_str("&szlig;"),
            other => echo.push(other),
        }
    }
    echo
}

/// `YYYY-MM-DD HH:MM:SS`, or a day alone, which becomes its midnight; else empty.
pub(crate) fn datetime(sent: &str) -> String {
    if sent.len() == 10 {
        let day = date(sent);
        return if day.is_empty() {
            day
        } else {
            format!("{day} 00:00:00")
        };
    }
    moment(sent).map_or_else(String::new, |_| sent.to_owned())
}

/// `YYYY-MM-DD`, else empty.
pub(crate) fn date(sent: &str) -> String {
    Date::strptime("%Y-%m-%d", sent)
        .ok()
        .filter(|_| sent.len() == 10)
        .map_or_else(String::new, |_| sent.to_owned())
}

pub(crate) fn moment(text: &str) -> Option<DateTime> {
    DateTime::strptime("%Y-%m-%d %H:%M:%S", text)
        .ok()
        .filter(|_| text.len() == 19)
}

/// V8's form of a moment: with an offset, cut to the minute.
pub(crate) fn iso(text: &str) -> String {
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day}T{minute}:00+00:00"),
        _ => text.to_owned(),
    }
}

/// V8 takes a moment with an offset or in the database's form.
pub(crate) fn from_iso(text: &str) -> String {
    text.parse::<jiff::Timestamp>()
        .map_or_else(|_| text.to_owned(), crate::clock::stamp)
}

fn without_tags(text: &str) -> String {
    let mut left = text;
    let mut kept = String::with_capacity(text.len());
    while let Some(open) = left.find('<') {
        let inside = &left[open + 1..];
        let is_tag = inside.starts_with(|next: char| next.is_ascii_alphabetic() || next == '/');
        match inside.find('>').filter(|_| is_tag) {
            Some(close) => {
                kept.push_str(&left[..open]);
                left = &inside[close + 1..];
            }
            None => {
                kept.push_str(&left[..=open]);
                left = inside;
            }
        }
    }
    kept.push_str(left);
    kept
}

/// The tables keep three bytes of a letter at most.
fn narrow(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.len_utf8() > 3 {
            kept.push_str("????");
        } else {
            kept.push(letter);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_another_form_vanish() {
        let cases = [
            ("2026-11-20 09:00:00", "2026-11-20 09:00:00"),
            ("2026-11-20", "2026-11-20 00:00:00"),
            ("2026-11-20T09:00:00Z", ""),
            ("tomorrow", ""),
            ("20.11.2026", ""),
            ("2026-13-40", ""),
            ("", ""),
        ];
        for (sent, kept) in cases {
            assert_eq!(datetime(sent), kept, "{sent}");
        }
    }

    #[test]
    fn tags_vanish_and_comparisons_stay() {
        assert_eq!(without_tags("A <b>bold</b> <Ltd>"), "A bold ");
        assert_eq!(without_tags("1 < 2 > 0"), "1 < 2 > 0");
    }

    #[test]
    fn the_echo_is_escaped_twice() {
        assert_eq!(echoed("Salt & \"Sons\""), "Salt &amp;amp; &quot;Sons&quot;");
    }

    #[test]
    fn iso_is_cut_to_the_minute() {
        assert_eq!(iso("2026-11-20 11:49:52"), "2026-11-20T11:49:00+00:00");
        assert_eq!(from_iso("2026-11-20T12:00:00+02:00"), "2026-11-20 10:00:00");
    }
}
