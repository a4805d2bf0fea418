//! The headers of a guest's request.
//!
//! An input is the manifest's list on the first line, separated by blanks, then one `name:value` a line.

use std::collections::BTreeMap;

use portcullis::upstream::fuzzing;
use portcullis_manifest::Headers;

use super::{first_line, kind};
use crate::{Seen, Target};

pub(crate) const TARGET: Target = Target {
    name: "headers",
    about: "headers: only those that are open, each once, none that breaks a line or is the host's own",
    run,
    words: &[
        "host:",
        "authorization:",
        "cookie:",
        "accept-encoding:",
        "content-type:",
        "prefer:",
        "x-forwarded-for",
        "transfer-encoding:chunked",
        "\r",
        "\0",
        "\u{a0}",
        "x_api_key",
        "Prefer",
        "proxy-",
        "\t",
    ],
};

const RESERVED: [&str; 2] = ["x-api-key", "x-constant"];

/// What no guest sets, whatever its manifest says.
const NEVER: [&str; 12] = [
    "host",
    "authorization",
    "cookie",
    "accept-encoding",
    "content-length",
    "transfer-encoding",
    "connection",
    "x-http-method-override",
    "x-forwarded-for",
    "proxy-authorization",
    "x-api-key",
    "user-agent",
];

fn run(bytes: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(bytes);
    let (open, rest) = first_line(&text);
    let declared = Headers {
        send: open.split_whitespace().map(str::to_owned).collect(),
        receive: Vec::new(),
        constant: BTreeMap::new(),
    };
    let given: Vec<(String, String)> = rest
        .split('\n')
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let sent = match fuzzing::headers(&declared, &RESERVED, given.clone()) {
        Ok(sent) => sent,
        Err(error) => return kind(&error),
    };
    assert_eq!(sent.len(), given.len(), "nothing is left out in silence");
    for (at, (name, value)) in sent.iter().enumerate() {
        assert_eq!(
            (&given[at].0.to_ascii_lowercase(), &given[at].1),
            (name, value)
        );
        assert!(!NEVER.contains(&name.as_str()), "{name} is sent");
        let open =
            declared.send.contains(name) || ["accept", "content-type"].contains(&name.as_str());
        assert!(open, "{name} is sent and is not open");
        assert!(
            sent[..at].iter().all(|(other, _)| other != name),
            "{name} twice"
        );
        name.parse::<http::HeaderName>()
            .expect("the client takes the name");
        let taken: http::HeaderValue = value.parse().expect("the client takes the value");
        assert_eq!(taken.to_str().ok(), Some(value.as_str()));
    }
    format!("{} headers", sent.len())
}
