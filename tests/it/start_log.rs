//! What `serve` says on standard error when it starts: everything that an operator has to know, each
//! thing once, and hardly a line when all is well.

use crate::policy::connection;
use crate::support::{Era, Portcullis, Stdio, guests};
use portcullis_demo::espocrm::FULL_KEY;

const NOWHERE: &str = "http://127.0.0.1:9";

/// Starts a server and waits until it listens.
async fn started(home: Portcullis) -> Stdio {
    let server = Stdio::spawn(home, &["serve", "--http", "127.0.0.1:0"], Era::Stateless);
    server.logs("listening on http://127.0.0.1:").await;
    server
}

fn lines<'l>(log: &'l str, words: &str) -> Vec<&'l str> {
    log.lines().filter(|line| line.contains(words)).collect()
}

#[tokio::test]
async fn a_healthy_start_is_short() {
    let home = Portcullis::new()
        .config(&connection("read"), NOWHERE)
        .variable("CRM_KEY", FULL_KEY);
    let log = started(home).await.log();
    assert!(lines(&log, "WARN").is_empty(), "{log}");
    assert!(log.lines().count() <= 3, "{log}");
}

#[tokio::test]
async fn a_start_tells_what_does_not_work_and_what_was_not_taken() {
    let of =
        |name: &str, text: String| text.replace("connections.crm", &format!("connections.{name}"));
    let config = [
        "[server]\nplugins = \"plugins\"\n".to_owned(),
        of("waits", connection("read").replace("espocrm", "notepad")),
        of(
            "lacks",
            connection("read").replace("secrets.api_key = \"env:CRM_KEY\"\n", ""),
        ),
        of("short", connection("read").replace("CRM_KEY", "SHORT_KEY")),
        of(
            "idle",
            format!("{}tools = [\"serch\"]\n", connection("read")),
        ),
    ];
    let home = Portcullis::new()
        .config(&config.concat(), NOWHERE)
        .variable("CRM_KEY", FULL_KEY)
        .variable("SHORT_KEY", "short")
        .file("plugins/a.wasm", &guests::bytes("good_one"))
        .file("plugins/b.wasm", &guests::bytes("good_two"))
        .file("plugins/broken.wasm", b"no component");
    let log = started(home).await.log();
    for words in [
        "no plugin `notepad` yet",
        "`secrets.api_key` not set; calls that need it will say so",
        "is shorter than 8 characters",
        "`serch` fits no tool of the plugin `espocrm`; did you mean `search`?",
        "is no WebAssembly component",
    ] {
        let said = lines(&log, words);
        assert_eq!(said.len(), 1, "{words}: {log}");
        assert!(said[0].contains("WARN"), "{}", said[0]);
    }
    let twice = lines(&log, "is already served from");
    assert_eq!(twice.len(), 1, "{log}");
    assert!(
        twice[0].contains("a.wasm") && twice[0].contains("b.wasm"),
        "{log}"
    );
    assert_eq!(lines(&log, "plugin serves").len(), 1, "{log}");
}

#[tokio::test]
async fn a_file_that_is_refused_later_is_told_once() {
    let config = format!("[server]\nplugins = \"plugins\"\n{}", connection("read"));
    let home = Portcullis::new()
        .config(&config, NOWHERE)
        .variable("CRM_KEY", FULL_KEY)
        .file("plugins/readme", b"");
    let file = home.folder.path().join("plugins/broken.wasm");
    let server = started(home).await;
    // The watcher may not have begun yet; its first look takes up what came before.
    std::fs::write(&file, b"no component").expect("the folder is ours");
    server.logs("broken.wasm").await;
    std::fs::write(file.with_file_name("later.wasm"), b"").expect("the folder is ours");
    server.logs("later.wasm").await;
    let log = server.log();
    assert_eq!(lines(&log, "broken.wasm").len(), 1, "{log}");
}

#[tokio::test]
async fn without_room_for_a_pool_instances_are_allocated_on_demand() {
    let crm = crate::support::Crm::start().await;
    let home = Portcullis::new()
        .config(&connection("read"), &crm.url())
        .variable("CRM_KEY", FULL_KEY)
        .address_space(ROOM_FOR_A_FEW);
    let mut server = Stdio::start(home, &["serve", "--stdio"], Era::Stateless).await;
    let found = server
        .call(
            "crm_search",
            serde_json::json!({"entityType": "Account", "limit": 1}),
        )
        .await;
    assert_ne!(found["isError"], true, "{found}");
    server.logs("instances are allocated on demand").await;
}

/// In KiB: for a few instances, and for none of the pool's hundreds.
const ROOM_FOR_A_FEW: u64 = 16 << 20;
