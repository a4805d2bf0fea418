//! `portcullis plugin inspect`, `approve` and `list` as a person types them, and what the other commands
//! say of plugins that wait.

use portcullis_demo::espocrm::FULL_KEY;
use serde_json::Value;

use crate::support::host::guest_connection;
use crate::support::{Portcullis, guests, with_section};

const NOWHERE: &str = "http://127.0.0.1:9";

/// A folder with a configuration and one plugin file.
fn home(server: &str, file: &str, bytes: &[u8]) -> Portcullis {
    let config = format!(
        "[server]\nplugins = \"plugins\"\n{server}\n{}",
        guest_connection("notebook", "")
    );
    Portcullis::new()
        .config(&config, NOWHERE)
        .variable("CRM_KEY", FULL_KEY)
        .file(&format!("plugins/{file}"), bytes)
}

/// The same after the first version was pinned by a call.
async fn with_first(server: &str) -> Portcullis {
    let home = home("", "notebook.wasm", &guests::bytes("good_one"));
    let ran = home.run(&["call", "guest_say"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let lock = std::fs::read_to_string(home.folder.path().join("portcullis.lock"));
    assert!(lock.is_ok_and(|lock| lock.contains("[plugin.notebook]")));
    let config = home.folder.path().join("portcullis.toml");
    let text = std::fs::read_to_string(&config).expect("it is there");
    let text = text.replace("[server]", &format!("[server]\n{server}"));
    std::fs::write(config, text).expect("the folder is ours");
    home
}

#[tokio::test]
async fn commands_that_look_write_nothing() {
    let home = home("", "notebook.wasm", &guests::bytes("good_one"));
    for command in [
        &["check"][..],
        &["tools"],
        &["plugin", "list"],
        &["plugin", "inspect", "notebook"],
    ] {
        let ran = home.run(command).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let lock = home.folder.path().join("portcullis.lock");
        assert!(!lock.exists(), "{command:?}");
    }
    let list = home.run(&["plugin", "list"]).await;
    assert!(
        list.out
            .contains("pinned in portcullis.lock once the host serves"),
        "{list:?}"
    );
}

#[tokio::test]
async fn a_plugin_that_waits_is_told_by_every_command() {
    let home = with_first("")
        .await
        .file("plugins/notebook.wasm", &guests::bytes("good_two"));
    let check = home.run(&["check"]).await;
    assert_eq!(check.code, Some(1), "{check:?}");
    for words in [
        "connections.guest.plugin: has no tools: `notebook` asks for more than was approved",
        "`portcullis plugin approve notebook`",
    ] {
        assert!(check.out.contains(words), "`{words}` is not in {check:?}");
    }
    let list = home.run(&["plugin", "list"]).await;
    assert!(
        list.out.contains("does not serve: waits for approval"),
        "{list:?}"
    );
    let call = home.run(&["call", "guest_say"]).await;
    assert_eq!(call.code, Some(1), "{call:?}");
    assert!(call.out.contains("WAITS_FOR_APPROVAL"), "{call:?}");
    let approved = home.run(&["plugin", "approve", "notebook", "--yes"]).await;
    assert_eq!(approved.code, Some(0), "{approved:?}");
    assert_eq!(home.run(&["check"]).await.code, Some(0));
    let list = home.run(&["plugin", "list"]).await;
    assert!(list.out.contains("approved in portcullis.lock"), "{list:?}");
}

#[tokio::test]
async fn approving_shows_the_difference_and_wants_an_answer() {
    let home = with_first("")
        .await
        .file("plugins/notebook.wasm", &guests::bytes("newly_safe"));
    let lock = home.folder.path().join("portcullis.lock");
    let before = std::fs::read_to_string(&lock).expect("it is there");
    let ran = home.run(&["plugin", "approve", "notebook"]).await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("--yes approves without asking"), "{ran:?}");
    assert_eq!(std::fs::read_to_string(&lock).expect("it is there"), before);
    let shown = ran.out.replace(&digest("newly_safe"), "<new>");
    let shown = shown.replace(&digest("good_one"), "<old>");
    insta::assert_snapshot!(shown, @r##"
    notebook 0.1.0  <folder>/plugins/notebook.wasm
    sha256:<new>

    Approved was version 0.1.0, sha256:<old>.
    Beyond that it asks for:
      + the tool `say` may send `POST search {"safe":"it only searches"}`, which is said to change nothing, because: it only searches
    "##);
    let again = home.run(&["plugin", "approve", "notebook", "--yes"]).await;
    assert_eq!(again.code, Some(0), "{again:?}");
    let third = home.run(&["plugin", "approve", "notebook"]).await;
    assert_eq!(third.code, Some(0), "{third:?}");
    assert!(third.out.contains("is approved as it is"), "{third:?}");
}

#[tokio::test]
async fn what_cannot_be_approved_is_said() {
    let two = with_section(&guests::bytes("good_one"), "other");
    let home = home("", "notebook.wasm", &guests::bytes("good_one"))
        .file("plugins/copy.wasm", &two)
        .file("plugins/broken.wasm", b"");
    for (id, words) in [
        (
            "notes",
            &[
                "no file of",
                "it holds notebook",
                "broken.wasm is refused: the file is empty",
            ][..],
        ),
        ("espocrm", &["is a part of it and needs no approval"]),
        ("notebook", &["several files hold `notebook`", "copy.wasm"]),
    ] {
        let ran = home.run(&["plugin", "approve", id, "--yes"]).await;
        assert_eq!(ran.code, Some(2), "{ran:?}");
        for words in words {
            assert!(ran.err.contains(words), "`{words}` is not in {ran:?}");
        }
    }
    let ran = Portcullis::new()
        .run(&["plugin", "approve", "notebook"])
        .await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(
        ran.err.contains("no plugin folder is configured"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn a_plugin_is_shown_before_it_is_given_anything() {
    let home = home("", "notebook.wasm", &guests::bytes("newly_safe"));
    let by_id = home.run(&["plugin", "inspect", "notebook"]).await;
    assert_eq!(by_id.code, Some(0), "{by_id:?}");
    let by_path = home
        .run(&["plugin", "inspect", "plugins/notebook.wasm"])
        .await;
    assert_eq!(by_path.out, by_id.out.replace("<folder>/", ""));
    let size = guests::bytes("newly_safe").len().to_string();
    let shown = by_path.out.replace(&digest("newly_safe"), "<digest>");
    // What the language's runtime imports is its own affair.
    let (imports, shown): (Vec<&str>, Vec<&str>) = shown
        .lines()
        .partition(|line| line.starts_with("  imports "));
    assert!(
        imports[0].contains("portcullis:plugin/types, wasi:"),
        "{imports:?}"
    );
    insta::assert_snapshot!(shown.join("\n").replace(&size, "<size>"), @r##"
    notebook 0.1.0  A guest of the tests
      from        plugins/notebook.wasm
      digest      sha256:<digest>
      size        <size> bytes
      approval    none in portcullis.lock
      signature   none is asked for
      world       portcullis:plugin@0.1
      exports     portcullis:plugin/plugin
      secrets     key
      credential  default: {"header":"x-key","name":"key","needs":["key"],"recipe":"header","value":"{key}"}
      headers     none
        seen      none

    tool say (read)
        POST search {"safe":"it only searches"}
            SAFE, says the plugin: it only searches

    limits of a connection, unless its table `limits` says otherwise
        timeout_ms 30000, memory_bytes 67108864, cpu_ms 2000, host_bytes 16777216, upstream_calls 64, request_bytes 4194304, response_bytes 8388608, output_bytes 4194304, log_lines 100, concurrent_calls 8, rate_per_second 20, rate_burst 40, breaker_threshold 5, breaker_reset_ms 60000
    "##);
}

#[tokio::test]
async fn a_plugin_is_shown_for_scripts() {
    let home = with_first("")
        .await
        .file("plugins/notebook.wasm", &guests::bytes("good_two"));
    let ran = home.run(&["plugin", "inspect", "notebook", "--json"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let shown: Value = serde_json::from_str(&ran.out).expect("JSON");
    let shown = &shown["plugins"][0];
    assert_eq!(shown["approval"], "asks for more than was approved");
    assert_eq!(shown["differences"][0]["widens"], true);
    assert_eq!(shown["asks"]["tools"]["shout"]["effect"], "read");
    assert_eq!(shown["digest"], digest("good_two"));
    let embedded = home.run(&["plugin", "inspect", "espocrm", "--json"]).await;
    let shown: Value = serde_json::from_str(&embedded.out).expect("JSON");
    assert_eq!(
        shown["plugins"][0]["approval"],
        "part of this program, needs none"
    );
}

#[tokio::test]
async fn what_would_be_refused_is_shown_with_the_reason() {
    for (guest, words) in [
        ("sockets", "wasi:sockets/"),
        ("trap_in_describe", "its `describe` failed"),
        ("duplicate_tool", "two tools are called `say`"),
    ] {
        let home = Portcullis::new().file("mine.wasm", &guests::bytes(guest));
        let ran = home.run(&["plugin", "inspect", "mine.wasm"]).await;
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(
            ran.out.contains(words) && ran.out.contains(&digest(guest)),
            "{ran:?}"
        );
        let ran = home
            .run(&["plugin", "inspect", "mine.wasm", "--json"])
            .await;
        let shown: Value = serde_json::from_str(&ran.out).expect("JSON");
        let why = shown["plugins"][0]["refused"].as_str().unwrap_or_default();
        assert!(why.contains(words), "{shown}");
    }
    let ran = Portcullis::new()
        .run(&["plugin", "inspect", "mine.wasm"])
        .await;
    assert!(
        ran.code == Some(2) && ran.err.contains("cannot be read"),
        "{ran:?}"
    );
    let ran = Portcullis::new().run(&["plugin", "inspect", "mine"]).await;
    assert!(
        ran.code == Some(2) && ran.err.contains("there is no plugin `mine`"),
        "{ran:?}"
    );
}

fn digest(guest: &str) -> String {
    let digest = portcullis::runtime::digest(&guests::bytes(guest));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
