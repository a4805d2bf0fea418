//! Files that are wrong, each with the message that its operator reads.
//!
//! Owns the table of bad inputs; the messages of one kind of value are tested beside that kind.

use proptest::prelude::*;

use super::tests::{PATH, config, env, problems};
use super::{Config, example};

/// A right connection, for problems elsewhere; lines 1 to 3.
const SALES: &str = "[connections.sales]\nplugin = 'espocrm'\nurl = 'https://crm.example.com'\n";

/// Text that has exactly one error: what follows `SALES` (from line 4 on), and the message without
/// its beginning `portcullis.toml:4: connections.sales.`.
const IN_A_CONNECTION: &[(&str, &str)] = &[
    // Keys.
    ("plug = 1", "plug: unknown key; did you mean `plugin`?"),
    (
        "timeout_ms = 1",
        "timeout_ms: unknown key; known here: `plugin`, `url`, `prefix`, `auth`, `identity`, `issuer`, `secrets`, `allow`, `tools`, `confirm`, `tls_verify`, `allow_addresses`, `limits`, `settings`",
    ),
    ("\"a\\nb\" = 1", "a\\nb: unknown key; known here"),
    // Words.
    (
        "prefix = 'Sales'",
        "prefix: must begin with a lower-case letter",
    ),
    (
        "prefix = 'a234567890123456789012345'",
        "prefix: must begin with a lower-case letter and hold lower-case letters, digits and underscores, at most 24",
    ),
    (
        "prefix = 1",
        "prefix: must be text in quotes, not a whole number",
    ),
    (
        "auth = true",
        "auth: must be the name of an alternative in quotes, or a table of them by credential, not true or false",
    ),
    (
        "auth.v4 = 1",
        "auth.v4: must be the name of an alternative in quotes, not a whole number",
    ),
    (
        "auth = {}",
        "auth: names no credential; take it out, and the first alternative whose secrets are set is used",
    ),
    (
        "identity = 'forwards'",
        "identity: unknown value `forwards`; did you mean `forward`?",
    ),
    (
        "identity = 'caller'",
        "identity: unknown value `caller`; known here: `service`, `forward`",
    ),
    (
        "confirm = 'humans'",
        "confirm: unknown value `humans`; did you mean `human`?",
    ),
    (
        "confirm = false",
        "confirm: must be text in quotes, not true or false",
    ),
    (
        "tls_verify = 'no'",
        "tls_verify: must be `true` or `false`, not text",
    ),
    (
        "tls_verify = 0",
        "tls_verify: must be `true` or `false`, not a whole number",
    ),
    // Lists.
    (
        "allow = ['wirte']",
        "allow: unknown effect `wirte`; did you mean `write`?",
    ),
    (
        "allow = ['read', 'Write']",
        "allow: unknown effect `Write`; did you mean `write`?",
    ),
    (
        "allow = ['everything']",
        "allow: unknown effect `everything`; known here: `read`, `write`, `destructive`, `outward`",
    ),
    (
        "allow = 'read'",
        "allow: must be a list of texts, e.g. `allow = [\"read\", \"write\"]`, not text",
    ),
    (
        "allow = [1]",
        "allow: must be a list of texts, e.g. `allow = [\"read\", \"write\"]`, not a whole number",
    ),
    ("allow = []", "allow: names no effect"),
    ("tools = []", "tools: names no tool"),
    ("tools = ['Get']", "tools: `Get` is no pattern"),
    ("tools = ['*', '!']", "tools: `!` is no pattern"),
    (
        "tools = ['!mass_*']",
        "tools: leaves out before anything is in; put `\"*\"` in front of it",
    ),
    ("tools = { get = true }", "tools: must be a list of texts"),
    (
        "allow_addresses = ['169.254.1.1']",
        "allow_addresses: must be an address with a port",
    ),
    (
        "allow_addresses = ['metadata.example.com:80']",
        "allow_addresses: must be an address with a port",
    ),
    // Secrets.
    (
        "secrets.api_key = 'hunter2'",
        "secrets.api_key: a secret does not stand here; set a variable and write `\"env:NAME\"`, or put it into a file of mode 600 and write `\"file:PATH\"`",
    ),
    (
        "secrets.api_key = ['hunter2']",
        "secrets.api_key: must be a reference, `\"env:NAME\"` or `\"file:PATH\"`, not a list",
    ),
    (
        "secrets.api_key = 'env:MISSING'",
        "secrets.api_key: variable `MISSING` is not set; set it for the process that runs portcullis",
    ),
    (
        "secrets.api_key = 'env:EMPTY'",
        "secrets.api_key: variable `EMPTY` is empty",
    ),
    (
        "secrets.api_key = 'env:'",
        "secrets.api_key: `env:` wants the name of a variable",
    ),
    (
        "secrets.api_key = 'file:missing'",
        "secrets.api_key: file `missing` cannot be read: ",
    ),
    (
        "secrets.api_key = 'file:/'",
        "secrets.api_key: `/` is no file",
    ),
    (
        "secrets = 'env:KEY'",
        "secrets: must be a table, e.g. `[connections.sales.secrets]`, not text",
    ),
    // Limits.
    (
        "limits.timeout_ms = 0",
        "limits.timeout_ms: must be a whole number of milliseconds from 100 to 600000, not 0",
    ),
    (
        "limits.timeout_ms = -1",
        "limits.timeout_ms: must be a whole number of milliseconds from 100 to 600000, not -1",
    ),
    (
        "limits.timeout_ms = 9223372036854775807",
        "limits.timeout_ms: must be a whole number of milliseconds from 100 to 600000, not 9223372036854775807",
    ),
    (
        "limits.timeout_ms = '30s'",
        "limits.timeout_ms: must be a whole number of milliseconds from 100 to 600000, not text",
    ),
    (
        "limits.timeout_ms = 1.5",
        "limits.timeout_ms: must be a whole number of milliseconds from 100 to 600000, not a number with a fraction",
    ),
    (
        "limits.memory_bytes = 65536",
        "limits.memory_bytes: must be a whole number of bytes from 1048576 (1 MiB) to 268435456 (256 MiB), not 65536",
    ),
    (
        "limits.timeout = 1",
        "limits.timeout: unknown key; did you mean `timeout_ms`?",
    ),
    (
        "limits = 5",
        "limits: must be a table, e.g. `[connections.sales.limits]`, not a whole number",
    ),
    // Settings.
    (
        "settings = []",
        "settings: must be a table, e.g. `[connections.sales.settings]`, not a list",
    ),
    (
        "settings.rate = inf",
        "settings.rate: `inf` is no number that JSON knows",
    ),
];

/// Whole files that have exactly one error, and all that is said.
const WHOLE: &[(&str, &str)] = &[
    // Connections.
    (
        "[connections.Sales]\nplugin = 'a'\nurl = 'https://a.example.com'",
        "portcullis.toml:1: connections.Sales: `Sales` is no connection name; a lower-case letter",
    ),
    (
        "[connections.'sales eu']\nplugin = 'a'\nurl = 'https://a.example.com'",
        "portcullis.toml:1: connections.sales eu: `sales eu` is no connection name",
    ),
    (
        "[connections.a]\nplugin = 'Espo'\nurl = 'https://a.example.com'",
        "portcullis.toml:2: connections.a.plugin: `Espo` is no plugin name",
    ),
    (
        "[connections.a]\nurl = 'https://a.example.com'",
        "portcullis.toml:1: connections.a.plugin: is missing; add e.g. `plugin = \"espocrm\"`",
    ),
    (
        "[connections.a]\nplugin = 'a'",
        "portcullis.toml:1: connections.a.url: is missing; add e.g. `url = \"https://crm.example.com\"`",
    ),
    (
        "[connections.a]\nplugin = 'a'\nurl = 'crm.example.com'",
        "portcullis.toml:3: connections.a.url: is no URL (relative URL without a base); write e.g. `https://crm.example.com`",
    ),
    (
        "[connections.a]\nplugin = 'a'\nurl = 'ftp://crm.example.com'",
        "portcullis.toml:3: connections.a.url: has the scheme `ftp`",
    ),
    (
        "[connections.a]\nplugin = 'a'\nurl = 'https://hunter2@crm.example.com'",
        "portcullis.toml:3: connections.a.url: holds a user name or a password",
    ),
    (
        "[connections.a]\nplugin = 'a'\nurl = 'https://crm.example.com/?key=hunter2'",
        "portcullis.toml:3: connections.a.url: has a query",
    ),
    (
        "[connections.a]\nplugin = 'a'\nurl = 'https://crm.example.com/#hunter2'",
        "portcullis.toml:3: connections.a.url: has a fragment",
    ),
    (
        "[connections.a]\nplugin = 'a'\nurl = 7",
        "portcullis.toml:3: connections.a.url: must be text in quotes",
    ),
    (
        "[connections]\nsales = 'espocrm'",
        "portcullis.toml:2: connections.sales: must be a table, e.g. `[connections.sales]`, not text",
    ),
    (
        "[[connections]]\nplugin = 'a'",
        "portcullis.toml:1: connections: must be a table, e.g. `[connections]`, not a list",
    ),
    // The server.
    (
        "[sever]\nhttp = '127.0.0.1:1'",
        "portcullis.toml:1: sever: unknown key; did you mean `server`?",
    ),
    ("server = 'x'", "portcullis.toml:1: server: must be a table"),
    (
        "[server]\nport = 80",
        "portcullis.toml:2: server.port: unknown key; known here: `http`",
    ),
    (
        "[server]\nhttp = 8787",
        "portcullis.toml:2: server.http: must be text in quotes",
    ),
    (
        "[server]\nhttp = 'localhost:8787'",
        "portcullis.toml:2: server.http: must be an address with a port, e.g. `127.0.0.1:8787` or `[::1]:8787`",
    ),
    (
        "[server]\nhttp = '127.0.0.1'",
        "portcullis.toml:2: server.http: must be an address with a port",
    ),
    (
        "[server]\nhttp = '0.0.0.0:8787'\n[connections.a]\nplugin = 'a'\nurl = 'https://a.example.com'",
        "portcullis.toml:2: server.http: listens beyond this machine, where whoever reaches the port would act with the account of `a`",
    ),
    (
        "[server]\nhttp = '[::]:8787'\nauth = 'none'\n[connections.a]\nplugin = 'a'\nurl = 'https://a.example.com'",
        "portcullis.toml:2: server.http: listens beyond this machine",
    ),
    (
        "[server]\npath = 'mcp'",
        "portcullis.toml:2: server.path: must be a path of names",
    ),
    (
        "[server]\npublic_url = 'mcp.example.com'",
        "portcullis.toml:2: server.public_url: is no URL",
    ),
    (
        "[server]\nallowed_hosts = ['https://mcp.example.com']",
        "portcullis.toml:2: server.allowed_hosts: must be a host",
    ),
    (
        "[server]\nallowed_origins = ['app.example.com']",
        "portcullis.toml:2: server.allowed_origins: must be an origin",
    ),
    (
        "[server]\nplugins = ''",
        "portcullis.toml:2: server.plugins: is empty; write a path",
    ),
    (
        "[server.limits]\nsessions = 0",
        "portcullis.toml:2: server.limits.sessions: must be a whole number of sessions from 1 to 100000, not 0",
    ),
    (
        "[server.limits]\ntimeout_ms = 1000",
        "portcullis.toml:2: server.limits.timeout_ms: unknown key",
    ),
    (
        "[server.log]\nlevel = 'verbose'",
        "portcullis.toml:2: server.log.level: unknown level `verbose`; known here: `off`, `error`",
    ),
    (
        "[server.log]\nlevel = 'inof'",
        "portcullis.toml:2: server.log.level: unknown level `inof`; did you mean `info`?",
    ),
    (
        "[server.log]\njson = 'yes'",
        "portcullis.toml:2: server.log.json: must be `true` or `false`",
    ),
    // No TOML.
    ("[server\n", "portcullis.toml:1:8: TOML: unclosed table"),
    ("[server]\nhttp = \n", "portcullis.toml:2:8: TOML: "),
    (
        "[server]\nhttp = '1'\nhttp = '2'",
        "portcullis.toml:3:1: a key `http` stands already on line 2",
    ),
    (
        "[connections.a]\n[connections.a]",
        "portcullis.toml:2:14: a connection named `a` stands already on line 1; keep one of them, or rename one",
    ),
];

/// The only error; warnings beside it do not count.
fn only(text: &str) -> String {
    let mut lines = problems(text);
    if lines.len() > 1 {
        let count = lines.pop().unwrap();
        assert!(
            count.starts_with("1 problem,"),
            "{text}\n{lines:#?}\n{count}"
        );
    }
    lines.retain(|line| !line.starts_with("warning: "));
    lines.pop().unwrap()
}

#[test]
fn each_says_what_is_wrong_and_where() {
    for (more, expected) in IN_A_CONNECTION {
        let message = only(&format!("{SALES}{more}\n"));
        let expected = format!("portcullis.toml:4: connections.sales.{expected}");
        assert!(
            message.starts_with(&expected),
            "{more}\n   got {message}\nwanted {expected}"
        );
    }
    for (text, expected) in WHOLE {
        let message = only(text);
        assert!(
            message.starts_with(expected),
            "{text}\n   got {message}\nwanted {expected}"
        );
    }
}

#[test]
fn no_message_repeats_what_may_be_a_secret() {
    let all = IN_A_CONNECTION
        .iter()
        .map(|(more, _)| format!("{SALES}{more}\n"));
    for text in all.chain(WHOLE.iter().map(|(text, _)| (*text).to_owned())) {
        assert!(!problems(&text).join("\n").contains("hunter2"), "{text}");
    }
}

#[test]
fn the_connection_of_the_table_is_right() {
    assert!(config(SALES).warnings.is_empty());
}

#[test]
fn all_at_once_in_the_order_of_lines() {
    let text = r#"
[server]
http = "0.0.0.0:8787"
limits.drain_ms = 1

[connections.Sales]
plugin = "espocrm"
url = "http://crm.example.com"
secrets.api_key = "hunter2"
allow = ["raed", "write", "wirte"]

[connections.support]
url = "https://user:hunter2@crm.example.com"
limits = { timeout_ms = 0, cpu = 5 }
tools = [
    "*",
    "NO",
]
[connections.support.settings]
time_zone = nan
"#;
    insta::assert_snapshot!(problems(text).join("\n"), @r#"
    portcullis.toml:3: server.http: listens beyond this machine, where whoever reaches the port would act with the account of `Sales`, `support`; write `auth = "keys"` below [server] and issue a key for every client (`portcullis key issue NAME --expires 90d`), or `issuer = "https://…"` below [server.auth] to take the access tokens of your login server, or `identity = "forward"` below [connections.Sales] and [connections.support] where each caller has a token of the CRM, or listen on `127.0.0.1`
    portcullis.toml:4: server.limits.drain_ms: must be a whole number of milliseconds from 100 to 300000, not 1
    portcullis.toml:6: connections.Sales: `Sales` is no connection name; a lower-case letter, then lower-case letters, digits and underscores, at most 24 characters
    warning: portcullis.toml:8: connections.Sales.url: is plain http beyond this machine: whoever is on the way can read the credentials; use https
    portcullis.toml:9: connections.Sales.secrets.api_key: a secret does not stand here; set a variable and write `"env:NAME"`, or put it into a file of mode 600 and write `"file:PATH"`
    portcullis.toml:10: connections.Sales.allow: unknown effect `raed`; did you mean `read`?
    portcullis.toml:10: connections.Sales.allow: unknown effect `wirte`; did you mean `write`?
    portcullis.toml:12: connections.support.plugin: is missing; add e.g. `plugin = "espocrm"`
    portcullis.toml:13: connections.support.url: holds a user name or a password; take them out and put them into `secrets`
    portcullis.toml:14: connections.support.limits.cpu: unknown key; did you mean `cpu_ms`?
    portcullis.toml:14: connections.support.limits.timeout_ms: must be a whole number of milliseconds from 100 to 600000, not 0
    portcullis.toml:17: connections.support.tools: `NO` is no pattern; write a tool's name without its prefix, where `*` stands for any characters and `!` before it leaves the tool out
    portcullis.toml:20: connections.support.settings.time_zone: `nan` is no number that JSON knows
    12 problems, 1 warning
    "#);
}

#[test]
fn a_file_that_is_not_there() {
    let missing = std::path::Path::new("/etc/portcullis/missing.toml");
    let problems = Config::from_file(missing, &|_| None)
        .unwrap_err()
        .to_string();
    assert!(
        problems.starts_with("/etc/portcullis/missing.toml: the configuration cannot be read: "),
        "{problems}"
    );
}

/// Reads without a panic, whatever comes of it.
fn read(text: &str) {
    let _ = Config::from_text(text, std::path::Path::new(PATH), &env);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}=.,#'\"a-zé0-9 \n-]{0,120}") {
        read(&text);
        read(&format!("{SALES}{text}"));
    }

    #[test]
    fn no_half_written_file_makes_it_panic(cut in any::<prop::sample::Index>(), again in any::<prop::sample::Index>()) {
        let lines: Vec<&str> = example().lines().collect();
        let half = lines[..cut.index(lines.len())].join("\n");
        read(&half);
        read(&format!("{half}\n{}", lines[again.index(lines.len())]));
    }
}
