//! What is secret stays in the host: with every recipe, against a guest that tells all it sees and
//! searches its own memory, and a CRM that echoes all it gets in every form.

mod crm;
mod files;
pub mod guest;
mod logs;
mod needles;
mod printed;

use std::path::Path;

use crate::support::guests;

/// The secrets of the tests by their names, with everything in them that a writer escapes.
const SECRETS: [(&str, &str); 7] = [
    ("password", "pä/ss+w\"o<r>d&'=1%~*"),
    ("key", "k3y/with+odd=chars\"<&>'`~*!"),
    ("id", "1d-0f-the-k3y"),
    ("fixed", "f1xed/for+ever=\\n\"<&'"),
    ("client_id", "cl1ent+id/of=tests"),
    ("client_secret", "cl1ent s3cret/+=\"<&'ü"),
    ("refresh_token", "r3fresh/zero+0=\"<&'"),
];

/// No secret.
const USER: &str = "admin-of-the-tests";

/// A caller's own token.
const TOKEN: &str = "pat_own~0123456789/abc+DEF==";

/// What the CRM echoes beside its secrets and a guest may have.
const CANARY: &str = "c4nary-that-may-be-seen";

/// The slots of the guest `dumps`, one for each recipe and each way to get and to place a token.
const SLOTS: [&str; 13] = [
    "header",
    "digest",
    "bearer",
    "basic",
    "basic_digest",
    "hmac",
    "login_json",
    "login_cookie",
    "login_header",
    "login_form",
    "oauth_password",
    "oauth_client",
    "oauth_refresh",
];

/// The variable that holds a secret.
fn variable(secret: &str) -> String {
    format!("DUMP_{}", secret.to_ascii_uppercase())
}

/// A connection `guest` with every secret.
fn connection(more: &str) -> String {
    let secrets: String = SECRETS
        .iter()
        .map(|(name, _)| format!("secrets.{name} = \"env:{}\"\n", variable(name)))
        .collect();
    format!(
        "[connections.guest]\nplugin = \"dumps\"\nurl = \"URL\"\nsecrets.username = \"env:DUMP_USER\"\n{secrets}allow = [\"read\", \"write\"]\nlimits.rate_burst = 1000\nlimits.upstream_calls = 200\nlimits.cpu_ms = 20000\n{more}\n"
    )
}

/// The value of a variable of [`connection`].
fn value(name: &str) -> Option<&'static str> {
    if name == "DUMP_USER" {
        return Some(USER);
    }
    let secret = SECRETS.iter().find(|(secret, _)| variable(secret) == name);
    secret.map(|(_, value)| *value)
}

/// The guest's file.
fn file() -> (&'static str, Vec<u8>) {
    ("dumps.wasm", guests::bytes("dumps"))
}

/// Every file below a folder.
fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.path() {
            path if path.is_dir() => files_below(&path),
            path => vec![path],
        })
        .collect()
}
