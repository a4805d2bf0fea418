//! The command line: what each command prints, where, and its exit code.
//!
//! Snapshots hold the whole output with the folder's path taken out; `INSTA_UPDATE=always` writes
//! them anew.

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::policy::connection;
use crate::support::{Crm, Portcullis, Ran, guests, list, text};
use portcullis_demo::espocrm::{FULL_KEY, NO_ADDRESS_KEY, READ_ONLY_KEY};
use portcullis_demo::fault::Fault;

/// Compares with `tests/snapshots/<name>.snap`.
pub fn snapshot(name: &str, ran: &Ran) {
    let code = ran
        .code
        .map_or("a signal".to_owned(), |code| code.to_string());
    let shown = format!(
        "exit {code}\n-- standard output --\n{}\n-- standard error --\n{}",
        ran.out, ran.err
    );
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

#[tokio::test]
async fn every_command_has_help() {
    for command in [
        &[][..],
        &["serve"],
        &["demo"],
        &["check"],
        &["tools"],
        &["call"],
        &["key"],
        &["key", "issue"],
        &["key", "list"],
        &["key", "revoke"],
        &["plugin"],
        &["plugin", "list"],
        &["plugin", "sql"],
        &["config"],
        &["config", "example"],
        &["completions"],
    ] {
        let arguments: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        let ran = Portcullis::new().run(&arguments).await;
        snapshot(&format!("help_{}", command.join("_")), &ran);
    }
}

#[tokio::test]
async fn wrong_usage_is_told_with_the_way_out() {
    for (name, arguments) in [
        ("unknown_command", &["serv"][..]),
        ("unknown_option", &["tools", "--jsn"]),
        (
            "two_ways_to_listen",
            &["serve", "--stdio", "--http", "127.0.0.1:0"],
        ),
        ("no_address", &["serve", "--http", "here"]),
        ("no_tool", &["call"]),
        (
            "demo_beyond_this_machine",
            &["demo", "--http", "0.0.0.0:8787"],
        ),
        ("config_without_effect", &["demo", "--config", "mine.toml"]),
    ] {
        let ran = Portcullis::new().run(arguments).await;
        assert_eq!(ran.code, Some(2), "{name}: {ran:?}");
        snapshot(&format!("usage_{name}"), &ran);
    }
}

#[tokio::test]
async fn the_version_names_the_contract_and_what_the_binary_carries() {
    let short = Portcullis::new().run(&["-V"]).await;
    assert_eq!(
        short.out,
        format!("portcullis {}\n", env!("CARGO_PKG_VERSION"))
    );
    let long = Portcullis::new().run(&["--version"]).await;
    for words in [
        "portcullis:plugin@0.1",
        "2026-07-28",
        "2025-11-25",
        "espocrm",
    ] {
        assert!(long.out.contains(words), "{}", long.out);
    }
}

#[tokio::test]
async fn the_example_is_the_file_of_the_repository() {
    let ran = Portcullis::new().run(&["config", "example"]).await;
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.out, include_str!("../../portcullis.example.toml"));
}

#[tokio::test]
async fn shells_complete() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = Portcullis::new().run(&["completions", shell]).await;
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{shell}");
        assert!(
            ran.out.contains("portcullis") && ran.out.contains("completions"),
            "{shell}"
        );
    }
}

/// A good connection over nobody.
const NOWHERE: &str = "http://127.0.0.1:9";

#[tokio::test]
async fn bad_configurations_are_told_whole_with_key_and_line() {
    let good = connection("read");
    for (name, text) in [
        (
            "unknown_key",
            format!("[server]\nhtpp = \"127.0.0.1:1\"\n{good}limit.timeout_ms = 1\n"),
        ),
        (
            "wrong_type",
            good.replace("[\"read\"]", "\"read\"")
                .replace("url = \"URL\"", "url = 7"),
        ),
        (
            "missing_secret",
            good.replace("CRM_KEY", "NO_SUCH_VARIABLE"),
        ),
        (
            "literal_secret",
            good.replace("env:CRM_KEY", "a-key-in-the-file"),
        ),
        (
            "unreadable_secret_file",
            good.replace("env:CRM_KEY", "file:no/such/file"),
        ),
        ("open_secret_file", good.replace("env:CRM_KEY", "file:open")),
        ("unknown_secret", good.replace("api_key", "api_kye")),
        (
            "unknown_setting",
            format!("{good}settings.time_zoen = \"UTC\"\n"),
        ),
        (
            "unknown_time_zone",
            format!("{good}settings.time_zone = \"Mars/X\"\n"),
        ),
        (
            "everything_at_once",
            format!(
                "{}settings.foo = 1\nbar = 2\nsettings.max_limit = 0\n",
                good.replace("api_key =", "zzz =")
            ),
        ),
        ("absent_plugin", good.replace("espocrm", "espocm")),
        ("duplicate_connection", format!("{good}{good}")),
        (
            "colliding_tools",
            format!(
                "{good}prefix = \"\"\n{}prefix = \"\"\n",
                good.replace("connections.crm", "connections.other")
            ),
        ),
        (
            "url_with_credentials",
            good.replace("URL", "http://me:secret@127.0.0.1"),
        ),
        (
            "url_with_query",
            good.replace("URL", "http://127.0.0.1/?a=b"),
        ),
        (
            "url_of_wrong_scheme",
            good.replace("URL", "ftp://127.0.0.1"),
        ),
        (
            "limits_out_of_range",
            format!("{good}limits.timeout_ms = 5\nlimits.memory_bytes = -1\n"),
        ),
        (
            "remote_listener",
            format!("[server]\nhttp = \"0.0.0.0:8787\"\n{good}"),
        ),
        ("no_toml", "[connections.crm\n".to_owned()),
        (
            "absent_folder",
            format!("[server]\nplugins = \"nowhere\"\n{good}"),
        ),
    ] {
        let home = Portcullis::new()
            .config(&text, NOWHERE)
            .file("open", b"a-secret-in-a-file")
            .readable_by_all("open")
            .variable("CRM_KEY", FULL_KEY);
        let ran = home.run(&["check"]).await;
        assert_eq!(ran.code, Some(3), "{name}: {ran:?}");
        assert!(
            !ran.err.contains("me:secret")
                && !ran.err.contains("a-secret")
                && !ran.err.contains("a-key-in"),
            "{name}: {ran:?}"
        );
        snapshot(&format!("config_{name}"), &ran);
    }
}

#[tokio::test]
async fn what_works_with_a_warning_says_so() {
    let good = connection("read");
    for (name, code, text) in [
        ("plain", 0, good.clone()),
        (
            "waits_for_its_plugin",
            1,
            format!(
                "[server]\nplugins = \"plugins\"\n{}",
                good.replace("espocrm", "notebook")
            ),
        ),
        (
            "waits_beside_one_that_works",
            0,
            format!(
                "[server]\nplugins = \"plugins\"\n{good}{}",
                good.replace("espocrm", "notebook")
                    .replace("connections.crm", "connections.notes")
            ),
        ),
        (
            "pattern_without_a_tool",
            0,
            format!("{good}tools = [\"search\", \"serch\", \"crm_get\", \"!zzz*\"]\n"),
        ),
        (
            "plain_http_beyond_this_machine",
            0,
            good.replace("URL", "http://crm.example.com"),
        ),
        (
            "without_a_secret",
            1,
            good.replace("secrets.api_key = \"env:CRM_KEY\"\n", ""),
        ),
        ("short_secret", 0, good.replace("CRM_KEY", "SHORT_KEY")),
    ] {
        let home = Portcullis::new()
            .config(&text, NOWHERE)
            .file("plugins/readme", b"")
            .variable("CRM_KEY", FULL_KEY)
            .variable("SHORT_KEY", "short");
        let ran = home.run(&["check"]).await;
        assert_eq!(ran.code, Some(code), "{name}: {ran:?}");
        snapshot(&format!("check_{name}"), &ran);
    }
}

#[tokio::test]
async fn without_any_configuration_it_says_where_it_looked() {
    let ran = Portcullis::new().run(&["check"]).await;
    assert_eq!(ran.code, Some(1), "nothing works: {ran:?}");
    snapshot("check_nothing", &ran);
    let address = Portcullis::new().variable("ESPOCRM_URL", NOWHERE);
    let ran = address.run(&["check"]).await;
    assert_eq!(ran.code, Some(1), "every call would fail: {ran:?}");
    snapshot("check_address_alone", &ran);
    let wrong = address
        .variable("ESPOCRM_TIMEOUT_SECS", "abc")
        .variable("SERVER_MAX_LIMIT", "0");
    let ran = wrong.run(&["check"]).await;
    assert_eq!(ran.code, Some(3), "{ran:?}");
    snapshot("check_wrong_variables", &ran);
    let ran = Portcullis::new()
        .run(&["check", "--config", "absent.toml"])
        .await;
    assert_eq!(ran.code, Some(3), "{ran:?}");
    snapshot("check_absent_file", &ran);
}

#[tokio::test]
async fn a_broken_plugin_file_fails_the_check() {
    let config = format!("[server]\nplugins = \"plugins\"\n{}", connection("read"));
    let home = Portcullis::new()
        .config(&config, NOWHERE)
        .file("plugins/broken.wasm", b"no component")
        .variable("CRM_KEY", FULL_KEY);
    let ran = home.run(&["check"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    snapshot("check_broken_plugin", &ran);
}

#[tokio::test]
async fn a_live_check_reaches_the_crm_and_changes_nothing() {
    let crm = Crm::start().await;
    let home = Portcullis::new()
        .config(&connection("read"), &crm.url())
        .variable("CRM_KEY", FULL_KEY);
    let ran = home.run(&["check", "--live"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("reachable"), "{ran:?}");
    assert!(crm.changes().is_empty());
    for (key, url) in [
        ("wrong-key-of-the-tests", crm.url()),
        (FULL_KEY, NOWHERE.to_owned()),
    ] {
        let home = Portcullis::new()
            .config(&connection("read"), &url)
            .variable("CRM_KEY", key);
        let ran = home.run(&["check", "--live"]).await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(
            ran.out.contains("error") && !ran.out.contains(key),
            "{ran:?}"
        );
    }
}

/// One row: the key, what the connection may do, the address, words of the output.
async fn live(key: &str, allow: &str, url: &str) -> Ran {
    let home = Portcullis::new()
        .config(&connection(allow), url)
        .variable("CRM_KEY", key);
    home.run(&["check", "--live"]).await
}

#[tokio::test]
async fn a_live_check_names_what_stands_in_the_way() {
    let crm = Crm::start().await;
    let tls = crm.url().replace("http://", "https://");
    for (url, words) in [
        (
            "http://no-such-host.invalid",
            "error   connection: http://no-such-host.invalid",
        ),
        (&tls, "error   TLS: "),
    ] {
        let ran = live(FULL_KEY, "read", url).await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    for (fault, words) in [
        (Fault::Html(503), "error   maintenance: "),
        (Fault::Html(403), "error   proxy: "),
        (Fault::Empty(500), "error   fault: "),
        (Fault::Redirect(NOWHERE.into()), "error   redirect: "),
        (Fault::too_many_until("60"), "error   limit: "),
        (Fault::Html(404), "error   address: "),
    ] {
        let crm = Crm::start().await;
        crm.faults.on("/Settings", fault);
        let ran = live(FULL_KEY, "read", &crm.url()).await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
        assert!(!ran.out.contains(FULL_KEY));
    }
}

#[tokio::test]
async fn a_live_check_compares_the_role_with_the_tools() {
    let crm = Crm::start().await;
    let writes = "read\", \"write\", \"destructive";
    let ran = live(READ_ONLY_KEY, writes, &crm.url()).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for words in [
        "error   rights: the role does not allow create",
        "so `delete` will fail",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let ran = live(READ_ONLY_KEY, "read", &crm.url()).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = live(FULL_KEY, writes, &crm.url()).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = live(NO_ADDRESS_KEY, writes, &crm.url()).await;
    assert!(ran.out.contains("so draft_email fails"), "{ran:?}");
    assert!(crm.changes().is_empty());
}

/// Root reads everything, so the program runs as nobody where the tests run as root: as a copy, in a
/// folder that others may enter.
#[tokio::test]
async fn a_secret_file_without_read_permission_is_told() {
    let config = connection("read").replace("env:CRM_KEY", "file:key");
    let home = Portcullis::new()
        .config(&config, NOWHERE)
        .file("key", b"a-secret-in-a-file")
        .closed_to_everybody("key");
    let ran = home.run_without_privileges(&["check"]).await;
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(
        ran.err.contains("key` cannot be read: Permission denied") && !ran.err.contains("a-secret"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn the_environment_of_the_replaced_program_suffices() {
    let crm = Crm::start().await;
    let home = Portcullis::new()
        .variable("ESPOCRM_URL", &crm.url())
        .variable("ESPOCRM_API_KEY", FULL_KEY);
    let ran = home.run(&["tools", "--json"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let tools: Value = serde_json::from_str(&ran.out).expect("JSON");
    let names: Vec<&str> = list(&tools["tools"])
        .iter()
        .map(|tool| text(tool, "/name"))
        .collect();
    assert!(
        names.contains(&"search") && names.contains(&"delete"),
        "{names:?}"
    );
    let found = home
        .run(&["call", "search", r#"{"entityType":"Account","limit":1}"#])
        .await;
    assert_eq!(found.code, Some(0), "{found:?}");
}

#[tokio::test]
async fn a_call_prints_its_answer_and_its_exit_code_says_how_it_went() {
    let crm = Crm::start().await;
    let home = Portcullis::new()
        .config(&connection("read"), &crm.url())
        .variable("CRM_KEY", FULL_KEY);
    let good = json!({"entityType": "Account", "id": crm.first("Account")}).to_string();
    for (tool, arguments, code, out, err) in [
        ("crm_get", &*good, 0, "\"record\"", ""),
        (
            "crm_get",
            r#"{"entityType":"Account","id":"absent"}"#,
            1,
            "RECORD_NOT_FOUND",
            "",
        ),
        (
            "crm_create",
            r#"{"entityType":"Lead","data":{}}"#,
            1,
            "DENIED",
            "",
        ),
        ("crm_get", "{\"entityType\": ", 2, "", "no JSON object"),
        ("crm_get", "[1]", 2, "", "no JSON object"),
        ("crm_gte", "{}", 2, "", "did you mean `crm_get`"),
    ] {
        let ran = home.run(&["call", tool, arguments]).await;
        assert_eq!(ran.code, Some(code), "{tool} {arguments}: {ran:?}");
        assert!(
            ran.out.contains(out) && ran.err.contains(err),
            "{tool} {arguments}: {ran:?}"
        );
        assert!(
            out.is_empty() || serde_json::from_str::<Value>(&ran.out).is_ok(),
            "{ran:?}"
        );
    }
}

#[tokio::test]
async fn a_call_shows_the_preview_and_runs_when_it_may() {
    let crm = Crm::start().await;
    let home = Portcullis::new()
        .config(&connection("read\", \"destructive"), &crm.url())
        .variable("CRM_KEY", FULL_KEY);
    let arguments = json!({"entityType": "Lead", "id": crm.first("Lead")}).to_string();
    let shown = home.run(&["call", "crm_delete", &arguments]).await;
    assert_eq!(shown.code, Some(1), "{shown:?}");
    assert!(shown.out.contains("confirmation_token"), "{shown:?}");
    let done = home
        .run(&["call", "crm_delete", &arguments, "--confirm"])
        .await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(
        done.out.contains("deleted") && done.err.contains("preview"),
        "{done:?}"
    );
}

#[tokio::test]
async fn a_port_in_use_is_told_with_the_way_out() {
    let taken = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let home = Portcullis::new()
        .config(&connection("read"), NOWHERE)
        .variable("CRM_KEY", FULL_KEY);
    let ran = home.run(&["serve", "--http", &address]).await;
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(
        ran.err.contains(&address) && ran.err.contains("another program listens there"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_failure() {
    let home = Portcullis::new()
        .config(&connection("read"), NOWHERE)
        .variable("CRM_KEY", FULL_KEY);
    let mut child = home
        .command(&["tools", "--json"])
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let status = crate::support::in_time("the process to end", child.wait())
        .await
        .expect("it was started");
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn the_list_of_plugins_shows_routes_on_demand() {
    let config = format!("[server]\nplugins = \"plugins\"\n{}", connection("read"));
    let home = Portcullis::new()
        .config(&config, NOWHERE)
        .file("plugins/strays.wasm", &guests::bytes("strays"))
        .variable("CRM_KEY", FULL_KEY);
    let short = home.run(&["plugin", "list"]).await;
    assert!(
        short.out.contains("strays 0.1.0") && !short.out.contains("GET notes/{id}"),
        "{short:?}"
    );
    let long = home.run(&["plugin", "list", "--routes"]).await;
    for words in [
        "say (write)",
        "GET notes/{id}",
        "POST drafts",
        "/status",
        "delete (destructive)",
        "preview: GET",
    ] {
        assert!(long.out.contains(words), "{words}: {}", long.out);
    }
}

#[tokio::test]
async fn the_demo_walks_through_every_step_and_ends() {
    let ran = Portcullis::new()
        .run(&["demo", "--once", "--http", "127.0.0.1:0"])
        .await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("Every step worked."), "{ran:?}");
}
