//! What is printed with `{:?}`: a panic, an error and a log line may do so with anything.

use std::path::Path;

use portcullis::caller::{Caller, Token};
use portcullis::config::Config;

use super::{TOKEN, connection, files_below, needles, value};

#[test]
fn what_holds_secrets_prints_none() {
    let text = connection("").replace("URL", "https://crm.example.com");
    let environment = |name: &str| value(name).map(str::to_owned);
    let config = Config::from_text(&text, Path::new("t.toml"), &environment);
    let config = config.unwrap_or_else(|error| panic!("{error}"));
    let token = Token::new(TOKEN).expect("a token");
    let caller = Caller::holding(token.clone());
    let printed = format!(
        "{config:?} {config:#?} {token:?} {caller:?} {:?}",
        caller.principal()
    );
    assert!(
        printed.contains("DUMP_KEY"),
        "where a secret comes from may be said: {printed}"
    );
    let secrets = super::SECRETS.iter().map(|(_, value)| *value);
    let needles = needles::of(secrets.chain([TOKEN]));
    needles::assert_absent(&needles, "what is printed", printed.as_bytes());
}

/// A type that holds what is wiped when it is dropped has a way of printing that was thought about.
#[test]
fn no_type_with_a_secret_derives_its_printing() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut looked_at, mut careless) = (0, Vec::new());
    for path in files_below(&sources) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for derived in text.split("#[derive(").skip(1) {
            let Some((traits, rest)) = derived.split_once(")]") else {
                continue;
            };
            let end = rest.find("\n}").or_else(|| rest.find(';'));
            let body = &rest[..end.unwrap_or(rest.len())];
            looked_at += 1;
            let holds = ["Zeroizing<", "Hidden"];
            if traits.contains("Debug") && holds.iter().any(|secret| body.contains(secret)) {
                let name = body
                    .lines()
                    .find(|line| line.contains("struct") || line.contains("enum"));
                careless.push(format!(
                    "{}: {}",
                    path.display(),
                    name.unwrap_or("?").trim()
                ));
            }
        }
    }
    assert!(looked_at > 100, "the sources were found: {looked_at}");
    assert_eq!(careless, Vec::<String>::new());
}
