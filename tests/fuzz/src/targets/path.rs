//! The URL of a request: the base is the operator's, segments and query pairs are the guest's.
//!
//! An input is a base's path on the first line, then one raw segment a line; a line that begins with
//! `?` is a query pair.

use percent_encoding::percent_decode_str;
use portcullis::upstream::fuzzing;
use url::Url;

use super::{first_line, kind};
use crate::{Seen, Target};

pub(crate) const TARGET: Target = Target {
    name: "path",
    about: "segments and query pairs: the URL stays below the base and holds exactly these",
    run,
    words: &[
        "..", "%2e%2e", "%2f", "\\", "%5c", "%00", "%u002f", "%c0%ae", "?q=1\n", "#", ";", "@",
        ":", "//", "\u{ff0f}", "\u{2025}", "%25", "\u{202e}",
    ],
};

fn run(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let (base, rest) = first_line(&text);
    let mut site = Url::parse("https://crm.example:8443/").expect("it is a URL");
    site.set_path(base);
    let slash = base.ends_with('/');
    let (query, path): (Vec<&str>, Vec<&str>) =
        rest.split('\n').partition(|line| line.starts_with('?'));
    let path: Vec<String> = path.into_iter().map(str::to_owned).collect();
    let query: Vec<(String, String)> = query.iter().map(|pair| of_pair(&pair[1..])).collect();
    match fuzzing::url(&site, slash, &path, &query) {
        Ok(url) => {
            stays(&site, slash, &path, &query, &url);
            format!("{} segments, {} pairs", path.len(), query.len().min(3))
        }
        Err(error) => kind(&error),
    }
}

fn of_pair(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (name.to_owned(), value.to_owned())
}

fn stays(site: &Url, slash: bool, path: &[String], query: &[(String, String)], url: &Url) {
    // What the client sends is the text; a reader of it has to see the same.
    let read = Url::parse(url.as_str()).expect("a URL that was built can be read");
    assert_eq!(read, *url);
    assert_eq!(read.origin(), site.origin());
    assert_eq!(
        (read.username(), read.password(), read.fragment()),
        ("", None, None)
    );
    let base: Vec<&str> = site
        .path()
        .trim_end_matches('/')
        .split('/')
        .skip(1)
        .collect();
    let mut seen: Vec<&str> = read.path_segments().expect("it has a path").collect();
    if path.is_empty() && base.is_empty() && seen == [""] {
        seen.clear();
    }
    assert_eq!(
        seen.get(..base.len()),
        Some(&base[..]),
        "it left the base: {url}"
    );
    let mut below: Vec<String> = seen[base.len()..]
        .iter()
        .map(|segment| decoded(segment))
        .collect();
    if slash && !path.is_empty() && path.last().is_some_and(|last| !last.is_empty()) {
        assert_eq!(
            below.pop().as_deref(),
            Some(""),
            "no slash at the end: {url}"
        );
    }
    assert_eq!(below, path, "other segments: {url}");
    for segment in &below {
        let again = percent_decode_str(segment).decode_utf8_lossy();
        assert!(
            !again.contains(['/', '\\', '\0']) && again != "." && again != "..",
            "decoded twice it escapes: {url}"
        );
    }
    let pairs: Vec<(String, String)> = read.query_pairs().into_owned().collect();
    assert_eq!(pairs, query, "other pairs: {url}");
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment)
        .decode_utf8()
        .expect("it is UTF-8")
        .into_owned()
}
