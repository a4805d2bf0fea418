//! Every form of a secret goes, and nothing else.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const SECRET: &str = "p/ä\"s&<'w=+1?";

fn scrubbed(secret: &str, body: &str) -> String {
    let scrubber = Scrubber::new([secret]).unwrap();
    String::from_utf8(scrubber.body(body.into())).unwrap()
}

#[test]
fn every_form_goes() {
    for body in [
        SECRET.to_owned(),
        json!({ "echo": SECRET }).to_string(),
        r#"{"php":"p\/\u00e4\"s&<'w=+1?"}"#.to_owned(),
        "q=p%2F%C3%A4%22s%26%3C%27w%3D%2B1%3F".to_owned(),
        "q=p%2f%c3%a4%22s%26%3c%27w%3d%2b1%3f".to_owned(),
        "q=p%2F%C3%A4%22s%26%3C'w%3D%2B1%3F".to_owned(),
        "<b>p/ä&quot;s&amp;&lt;&#039;w=+1?</b>".to_owned(),
        "<b>p/ä&#34;s&amp;&lt;&#39;w=+1?</b>".to_owned(),
        "<b>p/ä\"s&amp;&lt;'w=+1?</b>".to_owned(),
        format!("<{}>", hex::encode(SECRET)),
        format!("<{}>", hex::encode_upper(SECRET)),
        format!("Basic {}", STANDARD.encode(SECRET)),
        r#"{"go":"p/ä\"s\u0026\u003c'w=+1?"}"#.to_owned(),
        r#"{"net":"p/\u00E4\u0022s\u0026\u003C\u0027w=\u002B1?"}"#.to_owned(),
        r#"{"java":"p/\u00E4\"s&<'w=+1?"}"#.to_owned(),
        r#"{"page":"p\/ä&quot;s&amp;&lt;&#039;w=+1?"}"#.to_owned(),
        "<b>p/&#228;&quot;s&amp;&lt;&apos;w=+1?</b>".to_owned(),
        "<b>p&#x2F;ä&quot;s&amp;&lt;&#x27;w&#x3D;+1?</b>".to_owned(),
        "/p/%C3%A4%22s%26%3C%27w%3D%2B1%3F".to_owned(),
        "/p%2F%C3%A4%22s&%3C'w=+1%3F".to_owned(),
        format!(
            "q={}",
            form_urlencoded::byte_serialize(STANDARD.encode(SECRET).as_bytes()).collect::<String>()
        ),
    ] {
        let clean = scrubbed(SECRET, &body);
        assert!(clean.contains(REDACTED), "{body} -> {clean}");
        assert!(
            !clean.contains("%3D") && !clean.contains("w="),
            "{body} -> {clean}"
        );
    }
}

#[test]
fn a_token_that_is_percent_encoded_is_known_decoded_too() {
    for body in [
        "sid=eyJpdiI6%3D%2Babc",
        "eyJpdiI6=+abc",
        "eyJpdiI6%3d%2babc",
        "eyJpdiI6=\\u002Babc",
    ] {
        assert!(
            scrubbed("eyJpdiI6%3D%2Babc", body).contains(REDACTED),
            "{body}"
        );
    }
    // What is decoded is too short to be looked for.
    assert_eq!(scrubbed("%61%62%63", "abc"), "abc");
}

/// A usual token, the longest usual password, and what each of them costs in memory.
#[test]
fn the_search_stays_small() {
    let size = |value: &str| Scrubber::new([value]).unwrap().bytes() >> 10;
    assert!(size(&"0123456789abcdef".repeat(2)) < 200);
    assert!(size(SECRET) < 400, "{}", size(SECRET));
}

#[test]
fn short_values_and_other_text_stay() {
    assert_eq!(scrubbed("1234567", "id 1234567"), "id 1234567");
    assert_eq!(scrubbed("12345678", "id 12345678."), "id [redacted].");
    assert_eq!(
        scrubbed("hunter2hunter2", "hunter2 hunter2"),
        "hunter2 hunter2"
    );
    assert_eq!(Scrubber::new([]).unwrap().text("text".to_owned()), "text");
}

#[test]
fn json_stays_json() {
    for (secret, body, wanted) in [
        (
            "12345678",
            r#"{"a":9912345678,"b":"x12345678"}"#,
            r#"{"a":"[redacted]","b":"x[redacted]"}"#,
        ),
        (
            "nabcdefgh",
            r#"{"a":"\nabcdefgh"}"#,
            r#"{"a":"\nabcdefgh"}"#,
        ),
        (
            "\":\"hidden",
            r#"{"a":"hidden","b":1.50}"#,
            r#"{"a":"hidden","b":1.50}"#,
        ),
        (
            "hunter2hunter2",
            r#"{"hunter2hunter2":[null,true]}"#,
            r#"{"[redacted]":[null,true]}"#,
        ),
    ] {
        assert_eq!(scrubbed(secret, body), wanted);
    }
}

/// Every way of writing a value that R3 names, and those that servers take for the same: hex digits
/// in any case, characters escaped that need not be. Written apart from `forms`, which is judged.
fn written(secret: &str, choices: &[bool]) -> Vec<String> {
    let choice = |at: usize| choices[at % choices.len()];
    let each = |form: &dyn Fn(usize, u8) -> String| {
        let bytes = secret.bytes().enumerate();
        bytes.map(|(at, byte)| form(at, byte)).collect::<String>()
    };
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let percent = |at, byte: u8| match choice(at) {
        true => format!("%{byte:02X}"),
        false => format!("%{byte:02x}"),
    };
    let units = |text: &str, upper: bool| {
        let unit = |unit: u16| match upper {
            true => format!("\\u{unit:04X}"),
            false => format!("\\u{unit:04x}"),
        };
        text.encode_utf16().map(unit).collect::<String>()
    };
    let chars = |form: &dyn Fn(usize, char) -> String| {
        let chars = secret.chars().enumerate();
        chars.map(|(at, c)| form(at, c)).collect::<String>()
    };
    let json = Value::from(secret).to_string();
    vec![
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        json[1..json.len() - 1].replace('/', "\\/"),
        units(secret, choice(0)),
        chars(
            &|at, c| match choice(at) || matches!(c, '"' | '\\') || c.is_control() {
                true => units(&c.to_string(), choice(at + 1)),
                false => c.to_string(),
            },
        ),
        each(&|at, byte| match kept(byte) {
            true => char::from(byte).to_string(),
            false => percent(at, byte),
        }),
        each(&|at, byte| percent(at, byte)),
        each(&|at, byte| match byte {
            b' ' => "+".to_owned(),
            _ if kept(byte) => char::from(byte).to_string(),
            _ => percent(at, byte),
        }),
        form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        chars(&|at, c| match (c, choice(at)) {
            ('&', _) => "&amp;".to_owned(),
            ('<', _) => "&lt;".to_owned(),
            ('>', _) => "&gt;".to_owned(),
            ('"', true) => "&quot;".to_owned(),
            ('\'', true) => "&#39;".to_owned(),
            ('"' | '\'', false) => format!("&#x{:X};", u32::from(c)),
            _ => c.to_string(),
        }),
        chars(&|_, c| format!("&#{};", u32::from(c))),
        hex::encode(secret),
        hex::encode_upper(secret),
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ]
}

/// A text in which no form of such a secret stands, and nothing that a form could begin or end with.
const AROUND: &str = "[ .,;:!?(){}|\u{e9}\n]{0,12}";

proptest! {
    #[test]
    fn each_form_goes_and_all_else_stays_byte_for_byte(
        secret in "[a-z0-9]{2}[!-~äß€😀 ]{6,14}[a-z0-9]{2}",
        before in AROUND,
        after in AROUND,
        choices in prop::collection::vec(any::<bool>(), 7..8),
    ) {
        prop_assume!(!secret.contains("redacted"));
        let scrubber = Scrubber::new([secret.as_str()]).unwrap();
        for form in written(&secret, &choices) {
            let around = |what: &str| format!("not JSON: {before}{what}{after}");
            let body = around(&form);
            let clean = scrubber.text(body.clone());
            prop_assert_eq!(&clean, &around(REDACTED), "{}", form);
            prop_assert_eq!(scrubber.body(body.into_bytes()), clean.into_bytes());
        }
    }

    #[test]
    fn without_the_secret_nothing_changes(body in "[ -~äß]{0,80}|(%[0-9a-fA-F]{2}|&#[0-9]{2};|\\\\u00[0-9a-f]{2}){0,20}") {
        let clean = scrubbed("never-in-a-body-9000", &body);
        prop_assert_eq!(clean, body);
    }

    #[test]
    fn several_secrets_beside_each_other_all_go(
        secrets in prop::collection::vec("[a-z]{8,12}", 1..4),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        prop_assume!(!secrets.iter().any(|secret| secret.contains("redacted")));
        let scrubber = Scrubber::new(secrets.iter().map(String::as_str)).unwrap();
        let parts = order.iter().map(|at| format!("<{}>", at.get(&secrets)));
        let clean = scrubber.text(parts.collect());
        for secret in &secrets {
            prop_assert!(!clean.contains(secret.as_str()), "{}", clean);
        }
        prop_assert_eq!(clean.matches('<').count(), order.len());
    }

    #[test]
    fn base64_of_anything_around_it_does_not_give_it_away(
        before in prop::collection::vec(any::<u8>(), 0..7),
        secret in "[!-~]{8,20}",
        after in prop::collection::vec(any::<u8>(), 0..7),
    ) {
        let whole = [&before[..], secret.as_bytes(), &after[..]].concat();
        for coded in [STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
            let clean = scrubbed(&secret, &coded);
            prop_assert!(clean.contains(REDACTED), "{} {}", coded, clean);
        }
    }

    #[test]
    fn valid_json_stays_valid(secret in "[0-9a-f\\\\\"n,:{}]{8,9}", around in "\\PC{0,4}") {
        let body = json!({ "a": format!("{around}{secret}"), "b": [12345678, 1.5], "\u{1}": secret });
        let clean = scrubbed(&secret, &body.to_string());
        prop_assert!(is_json(clean.as_bytes()), "{}", clean);
        prop_assert!(!clean.contains(&secret));
    }
}
