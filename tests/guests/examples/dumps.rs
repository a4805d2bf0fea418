//! Tells everything that it can see: answers, errors, its connection, its settings, the cache, the
//! machine; and searches its own memory for what the test is afraid of.

#![cfg(target_arch = "wasm32")]

use portcullis_guests::{Value, guest, json, manifest, request, tool};
use portcullis_sdk::bindings::portcullis::plugin::http::{Request, send, send_all};
use portcullis_sdk::bindings::portcullis::plugin::{cache, call, config, log};

/// What hides the needles from their own search; they arrive as hexadecimal digits under it.
const MASK: u8 = 0x5a;

guest! {
    manifest: every_recipe(),
    invoke: |arguments| {
        let seen = everything(&arguments);
        for level in [log::Level::Trace, log::Level::Debug, log::Level::Info, log::Level::Warn, log::Level::Error] {
            log::write(level, &seen);
        }
        cache::put("seen", seen.as_bytes(), 600_000);
        let kept = cache::get("seen").unwrap_or_default();
        let needles = needles(&arguments["needles"]);
        Ok(json!({
            "found": memory::holds(&needles),
            "pages": memory::pages(),
            "kept": kept.len(),
            "seen": seen,
        })
        .to_string())
    },
}

fn everything(arguments: &Value) -> String {
    let slot = arguments["slot"].as_str();
    let asked: Vec<Request> = arguments["ask"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|asked| Request {
            credential: slot.map(str::to_owned),
            ..request(asked)
        })
        .collect();
    let one_by_one: Vec<_> = asked.iter().map(send).collect();
    let together = send_all(&asked);
    let settings: Vec<_> = arguments["settings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| config::get(name.as_str()?))
        .collect();
    let machine: Vec<_> = std::env::vars()
        .chain(std::env::args().map(|a| (a, String::new())))
        .collect();
    let texts: Vec<String> = one_by_one
        .iter()
        .chain(&together)
        .map(|result| match result {
            Ok(answer) => format!(
                "{} {:?} {} {}",
                answer.status,
                answer.headers,
                String::from_utf8_lossy(&answer.body),
                hex(&answer.body),
            ),
            Err(error) => format!("{error:?}"),
        })
        .collect();
    format!(
        "{texts:#?}\n{}\n{settings:?}\n{machine:?}\n{:?}\n{} ms",
        config::connection(),
        cache::get("seen").map(|seen| String::from_utf8_lossy(&seen).into_owned()),
        call::remaining_ms(),
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn needles(given: &Value) -> Vec<Vec<u8>> {
    let bytes = |text: &str| {
        let digits = text.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        digits.filter_map(byte).collect()
    };
    let given = given.as_array().into_iter().flatten();
    given.filter_map(Value::as_str).map(bytes).collect()
}

/// Recipes that sign with what they have, and recipes that get a token first; each slot can be a
/// caller's own token instead.
fn every_recipe() -> Value {
    let routes: Vec<Value> = ["GET", "POST"]
        .into_iter()
        .flat_map(|method| {
            ["echo/{form}", "fail/{form}", "break"]
                .map(|path| json!({"method": method, "path": path}))
        })
        .collect();
    let mut dump = manifest("dumps", &[tool("dump", "write", &json!(routes))]);
    let secret = || json!({"title": "A secret"});
    dump["secrets"] = json!({
        "username": {"title": "A name", "scrub": false},
        "password": secret(), "key": secret(), "id": secret(), "fixed": secret(),
        "client_id": secret(), "client_secret": secret(), "refresh_token": secret(),
    });
    let receive: Vec<String> = ["raw", "json", "ascii", "percent", "html", "hex", "base64"]
        .map(|form| format!("x-{form}"))
        .into();
    dump["headers"] = json!({
        "receive": receive,
        "constant": {"x-constant": "{fixed}", "x-constant-digest": "{fixed|md5}"},
    });
    let slots: serde_json::Map<String, Value> = recipes()
        .into_iter()
        .map(|(slot, needs, mut recipe)| {
            recipe["name"] = json!("secret");
            recipe["needs"] = json!(needs);
            (
                slot.to_owned(),
                json!([recipe, {"name": "caller", "recipe": "forward"}]),
            )
        })
        .collect();
    dump["credentials"] = json!(slots);
    dump
}

type Recipe = (&'static str, &'static [&'static str], Value);

fn recipes() -> Vec<Recipe> {
    let login = |path: &str| json!({"method": "POST", "path": path, "json": {"user": "{username}", "pass": "{password}"}});
    let in_header = || json!({"header": "x-session", "value": "Session {token}"});
    let oauth = |grant: &str, client: &str| {
        json!({
            "recipe": "oauth2", "grant": grant, "refresh": true,
            "token": {"path": "token", "body": "form", "client": client},
            "place": {"header": "authorization", "value": "Bearer {token}"},
            "expired": [{"status": [401]}], "refused_means_not_done": true,
        })
    };
    vec![
        (
            "header",
            &["key"],
            json!({"recipe": "header", "header": "x-key", "value": "Token {key}"}),
        ),
        (
            "digest",
            &["key"],
            json!({"recipe": "header", "header": "x-key", "value": "{key|md5}"}),
        ),
        (
            "bearer",
            &["key"],
            json!({"recipe": "bearer", "value": "{key}"}),
        ),
        (
            "basic",
            &["username", "password"],
            json!({"recipe": "basic", "username": "{username}", "password": "{password}"}),
        ),
        (
            "basic_digest",
            &["username", "password"],
            json!({"recipe": "basic", "username": "{username}", "password": "{password|md5}"}),
        ),
        (
            "hmac",
            &["id", "key"],
            json!({"recipe": "hmac", "header": "x-hmac", "id": "{id}", "key": "{key}"}),
        ),
        (
            "login_json",
            &["username", "password"],
            json!({
                "recipe": "login", "login": login("login/json"), "capture": {"json": "/session/id"}, "place": in_header(),
            }),
        ),
        (
            "login_cookie",
            &["username", "password"],
            json!({
                "recipe": "login", "login": login("login/cookie"), "capture": {"cookie": "sid"}, "place": {"cookie": "sid"},
            }),
        ),
        (
            "login_header",
            &["username", "password"],
            json!({
                "recipe": "login",
                "login": {"method": "POST", "path": "login/header", "form": {"user": "{username}", "pass": "{password|md5}"}},
                "capture": {"header": "x-new-session"}, "place": {"cookie": "sid"},
            }),
        ),
        (
            "login_form",
            &["username", "password"],
            json!({
                "recipe": "login", "login": login("login/json"), "capture": {"json": "/session/id"},
                "place": {"form": "data", "json": "/session"},
            }),
        ),
        (
            "oauth_password",
            &["username", "password", "client_id", "client_secret"],
            oauth("password", "body"),
        ),
        (
            "oauth_client",
            &["client_id", "client_secret"],
            oauth("client_credentials", "basic"),
        ),
        (
            "oauth_refresh",
            &["refresh_token", "client_id", "client_secret"],
            oauth("refresh_token", "basic"),
        ),
        (
            "none",
            &[],
            json!({"recipe": "bearer", "value": "nothing secret"}),
        ),
    ]
}

mod memory {
    use super::MASK;

    /// How many pages of 64 KiB there are.
    pub fn pages() -> usize {
        core::arch::wasm32::memory_size::<0>()
    }

    /// The places in the list of the needles that lie anywhere in the memory.
    pub fn holds(masked: &[Vec<u8>]) -> Vec<usize> {
        let end = pages() << 16;
        let mut begins: Vec<Vec<usize>> = vec![Vec::new(); 256];
        for (place, needle) in masked.iter().enumerate() {
            if let Some(first) = needle.first() {
                begins[usize::from(*first)].push(place);
            }
        }
        let mut found = vec![false; masked.len()];
        for at in 1..end {
            for place in &begins[usize::from(byte(at) ^ MASK)] {
                let needle = &masked[*place];
                let is_here = at + needle.len() <= end
                    && (0..needle.len()).all(|n| byte(at + n) ^ MASK == needle[n]);
                found[*place] |= is_here;
            }
        }
        (0..found.len()).filter(|place| found[*place]).collect()
    }

    #[expect(
        unsafe_code,
        reason = "reads below the end of the memory, which is all there"
    )]
    fn byte(at: usize) -> u8 {
        // SAFETY: `at` is below the size of the one memory, and every byte of it can be read.
        unsafe { core::ptr::read_volatile(at as *const u8) }
    }
}
