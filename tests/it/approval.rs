//! Plugins of the folder and `portcullis.lock`: what is pinned when it is seen first, what reloads,
//! what waits, and that the approval of a person is taken up by the host that runs.

use std::path::PathBuf;

use portcullis::call::{self, Request, Scope};
use portcullis::caller::Caller;
use portcullis::input::Input;
use portcullis::policy::Principal;
use portcullis::registry::{LOCK_FILE, Lock, RegistryError};
use portcullis::runtime::digest;
use serde_json::{Value, json};

use crate::support::host::guest_connection;
use crate::support::wait::until;
use crate::support::{Stub, TestHost, approve, guests, with_section};

const NOWHERE: &str = "http://127.0.0.1:9";

fn notebook(server: &str) -> String {
    format!(
        "[server]\nplugins = \"PLUGINS\"\n{server}\n{}",
        guest_connection("notebook", "")
    )
}

/// A host that serves, with a file in its folder.
async fn served(server: &str, bytes: &[u8]) -> TestHost {
    let files = [("notebook.wasm", bytes)];
    let mut host = TestHost::with_files(&notebook(server), NOWHERE, &files)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    host.serve().await;
    host
}

fn lock_path(host: &TestHost) -> PathBuf {
    host.folder.path().join(LOCK_FILE)
}

fn lock(host: &TestHost) -> Lock {
    Lock::read(&lock_path(host)).unwrap_or_else(|error| panic!("{error}"))
}

async fn pinned(host: &TestHost, bytes: &[u8]) {
    let wanted = format!("sha256:{}", hex(&digest(bytes)));
    until("the file to be pinned", async || {
        let lock = lock(host);
        let mut pins = lock.pins.iter();
        pins.any(|(id, pin)| id.as_str() == "notebook" && pin.digest == wanted)
    })
    .await;
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn put(host: &TestHost, bytes: &[u8]) {
    std::fs::write(host.plugins().join("notebook.wasm"), bytes).expect("the folder is ours");
}

async fn says(host: &TestHost) -> Value {
    let said = host.call("guest_say", json!({})).await;
    said.unwrap_or_else(|error| panic!("{error}"))["version"].clone()
}

/// Waits until the present file is told to wait, and tells why.
async fn waits(host: &TestHost) -> String {
    until("the file to wait", async || {
        !host.snapshot().candidates.is_empty()
    })
    .await;
    host.rejected().join("\n")
}

async fn lists(host: &TestHost, tools: &[&str]) {
    until("the tools to be listed", async || host.listed() == tools).await;
}

#[tokio::test]
async fn what_is_seen_first_is_pinned_once_a_connection_names_it() {
    let good = guests::bytes("good_one");
    let host = served("", &good).await;
    pinned(&host, &good).await;
    let text = std::fs::read_to_string(lock_path(&host)).expect("it is there");
    assert!(text.contains("tools.say"), "{text}");
    std::fs::write(host.plugins().join("other.wasm"), guests::bytes("spin"))
        .expect("the folder is ours");
    until("the other plugin to be seen", async || {
        host.snapshot().plugins.len() > 1 && host.snapshot().plugins.contains_key("spin")
    })
    .await;
    assert_eq!(lock(&host).pins.len(), 1, "no connection names it");
}

#[tokio::test]
async fn a_file_that_takes_the_place_of_an_embedded_plugin_is_pinned_as_that() {
    let embedded = portcullis::registry::embedded().iter();
    let espocrm = embedded.clone().find(|plugin| plugin.name == "espocrm");
    let espocrm = with_section(espocrm.expect("it is embedded").wasm, "ours");
    let stub = Stub::ok().await;
    let config = "[server]\nplugins = \"PLUGINS\"\n[connections.crm]\nplugin = \"espocrm\"\nurl = \"URL\"\nsecrets.api_key = \"env:CRM_KEY\"\n";
    let files = [("mine.wasm", espocrm.as_slice())];
    let mut host = TestHost::with_files(config, &stub.url(), &files)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    host.serve().await;
    until("it to be pinned", async || lock_path(&host).exists()).await;
    assert!(lock(&host).pins["espocrm"].replaces_embedded);
}

#[tokio::test]
async fn another_file_that_asks_for_the_same_reloads_and_is_pinned() {
    let host = served("", &guests::bytes("good_one")).await;
    pinned(&host, &guests::bytes("good_one")).await;
    let rebuilt = with_section(&guests::bytes("good_one"), "built again");
    put(&host, &rebuilt);
    pinned(&host, &rebuilt).await;
    assert_eq!(host.rejected(), Vec::<String>::new());
    assert_eq!(says(&host).await, "one");
}

/// The first version serves while the second, which asks for more, waits for approval.
#[tokio::test]
pub async fn good_two() {
    let (one, two) = (guests::bytes("good_one"), guests::bytes("good_two"));
    let host = served("", &one).await;
    pinned(&host, &one).await;
    put(&host, &two);
    let why = waits(&host).await;
    for words in [
        "asks for more than was approved: the tool `shout`, which only reads",
        "`portcullis plugin approve notebook`",
        "what this file held before still serves",
    ] {
        assert!(why.contains(words), "`{words}` is not in: {why}");
    }
    assert_eq!((says(&host).await, host.listed().len()), (json!("one"), 1));
    pinned(&host, &one).await;
    let ran = approve(&host, &["notebook", "--yes"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.out.contains("+ the tool `shout`, which only reads"),
        "{ran:?}"
    );
    lists(&host, &["guest_say", "guest_shout"]).await;
    assert_eq!(says(&host).await, "two");
    pinned(&host, &two).await;
    put(&host, &one);
    lists(&host, &["guest_say"]).await;
    pinned(&host, &one).await;
}

/// A further request that is said to be harmless waits, and its reason is shown.
#[tokio::test]
pub async fn newly_safe() {
    let host = served("", &guests::bytes("good_one")).await;
    put(&host, &guests::bytes("newly_safe"));
    waits(&host).await;
    assert_eq!(says(&host).await, "one");
    let ran = approve(&host, &["notebook", "--yes"]).await;
    let words = "which is said to change nothing, because: it only searches";
    assert!(ran.code == Some(0) && ran.out.contains(words), "{ran:?}");
    until("it to serve", async || says(&host).await == "safe").await;
}

#[tokio::test]
async fn at_a_start_a_plugin_that_asks_for_more_has_no_tools_and_calls_say_the_way_out() {
    let first = served("", &guests::bytes("good_one")).await;
    pinned(&first, &guests::bytes("good_one")).await;
    let lock = std::fs::read_to_string(lock_path(&first)).expect("it is there");
    let two = guests::bytes("good_two");
    let files = [
        ("notebook.wasm", two.as_slice()),
        ("../portcullis.lock", lock.as_bytes()),
    ];
    let mut host = TestHost::with_files(&notebook(""), NOWHERE, &files)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(host.listed(), Vec::<String>::new());
    let error = host
        .call("guest_shout", json!({}))
        .await
        .expect_err("it waits");
    assert_eq!(error["error"]["code"], "WAITS_FOR_APPROVAL", "{error}");
    let suggestion = error["error"]["suggestion"].as_str().unwrap_or_default();
    assert!(
        suggestion.contains("`portcullis plugin approve notebook`"),
        "{error}"
    );
    let unknown = Request {
        name: "guest_whisper".to_owned(),
        arguments: serde_json::Map::new(),
        caller: Caller::known(Principal::stdio()),
        scope: Scope::All,
        watcher: None,
        input: Input::default(),
        audience: None,
    };
    assert!(
        call::call(&host.host.app, unknown).await.is_err(),
        "no tool of the plugin"
    );
    let elsewhere = Request {
        name: "guest_shout".to_owned(),
        arguments: serde_json::Map::new(),
        caller: Caller::known(Principal::stdio()),
        scope: Scope::Connection("other".to_owned()),
        watcher: None,
        input: Input::default(),
        audience: None,
    };
    assert!(
        call::call(&host.host.app, elsewhere).await.is_err(),
        "of another endpoint"
    );
    host.serve().await;
    approve(&host, &["notebook", "-y"]).await;
    lists(&host, &["guest_say", "guest_shout"]).await;
}

#[tokio::test]
async fn when_approval_is_required_every_new_file_waits() {
    let one = guests::bytes("good_one");
    let host = served("approval = \"required\"", &one).await;
    let why = waits(&host).await;
    assert!(why.contains("was never approved"), "{why}");
    assert_eq!(host.listed(), Vec::<String>::new());
    assert!(!lock_path(&host).exists());
    approve(&host, &["notebook", "--yes"]).await;
    lists(&host, &["guest_say"]).await;
    put(&host, &with_section(&one, "built again"));
    let why = waits(&host).await;
    assert!(why.contains("another file than the approved one"), "{why}");
    assert_eq!(says(&host).await, "one", "the approved one stays");
    let ran = approve(&host, &["notebook", "--yes"]).await;
    assert!(
        ran.out.contains("It asks for the same as before."),
        "{ran:?}"
    );
    until("nothing to wait", async || host.rejected().is_empty()).await;
}

#[tokio::test]
async fn what_is_no_longer_approved_ceases_to_serve() {
    let host = served("approval = \"required\"", &guests::bytes("good_one")).await;
    waits(&host).await;
    approve(&host, &["notebook", "--yes"]).await;
    lists(&host, &["guest_say"]).await;
    std::fs::remove_file(lock_path(&host)).expect("it is there");
    lists(&host, &[]).await;
}

#[tokio::test]
async fn a_lock_that_is_not_understood_stops_a_start_and_changes_nothing_in_a_host_that_runs() {
    let good = guests::bytes("good_one");
    let host = served("", &good).await;
    pinned(&host, &good).await;
    let text = std::fs::read_to_string(lock_path(&host)).expect("it is there");
    let conflict = text.replace("lock = 1", "lock = 1\n<<<<<<< theirs");
    std::fs::write(lock_path(&host), &conflict).expect("the folder is ours");
    put(&host, &guests::bytes("good_two"));
    let look = host.host.app.registry.look_again().await;
    let Err(RegistryError::Lock(error)) = look else {
        panic!("it was understood")
    };
    assert!(error.to_string().contains("portcullis.lock:6: "), "{error}");
    assert_eq!(says(&host).await, "one");
    let files = [
        ("notebook.wasm", good.as_slice()),
        ("../portcullis.lock", conflict.as_bytes()),
    ];
    let started = TestHost::with_files(&notebook(""), NOWHERE, &files).await;
    let error = started.err().expect("it does not start").to_string();
    assert!(error.contains("portcullis.lock:6: "), "{error}");
    let ran = approve(&host, &["notebook", "--yes"]).await;
    assert!(
        ran.code == Some(3) && ran.err.contains("portcullis.lock:6: "),
        "{ran:?}"
    );
    let kept = std::fs::read_to_string(lock_path(&host)).expect("it is there");
    assert_eq!(kept, conflict, "nobody replaces it");
}

/// Two hosts with files of their own and one lock: neither undoes the other's pin for ever.
#[tokio::test]
async fn hosts_that_share_a_lock_come_to_rest() {
    let one = guests::bytes("good_one");
    let host = served("", &one).await;
    pinned(&host, &one).await;
    let other = with_section(&one, "of another host");
    let theirs = std::fs::read_to_string(lock_path(&host)).expect("it is there");
    let theirs = theirs.replace(&hex(&digest(&one)), &hex(&digest(&other)));
    std::fs::write(lock_path(&host), &theirs).expect("the folder is ours");
    for _ in 0..3 {
        let look = host.host.app.registry.look_again().await;
        look.unwrap_or_else(|error| panic!("{error}"));
    }
    let kept = std::fs::read_to_string(lock_path(&host)).expect("it is there");
    assert_eq!(kept, theirs);
    assert_eq!(says(&host).await, "one", "it asks for what was approved");
}

/// While hosts are upgraded one after the other, the first pins what the last does not serve yet.
#[tokio::test]
async fn a_plugin_that_serves_goes_on_while_another_host_pins_one_that_asks_for_less() {
    let (one, two) = (guests::bytes("good_one"), guests::bytes("good_two"));
    let host = served("", &two).await;
    pinned(&host, &two).await;
    let other = served("", &one).await;
    pinned(&other, &one).await;
    std::fs::copy(lock_path(&other), lock_path(&host)).expect("the folder is ours");
    let look = host.host.app.registry.look_again().await;
    look.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(host.rejected(), Vec::<String>::new());
    assert_eq!(says(&host).await, "two");
}

/// Nothing that a client can reach writes the lock but what was judged already.
#[test]
fn the_lock_is_written_by_the_command_and_by_what_was_judged_alone() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut writers, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path).is_ok_and(|t| t.contains("Lock::update(")) {
                let name = path.strip_prefix(&root).expect("below");
                writers.push(name.to_string_lossy().into_owned());
            }
        }
    }
    writers.sort();
    assert_eq!(
        writers,
        [
            "cli/plugin/approve.rs",
            "registry/lock/tests.rs",
            "registry/pins.rs"
        ]
    );
}

/// The host as it is when no connection names the plugin.
fn unnamed(server: &str) -> String {
    format!("[server]\nplugins = \"PLUGINS\"\n{server}\n")
}

#[tokio::test]
async fn what_nobody_named_was_not_approved_by_being_there() {
    for server in ["", "approval = \"required\""] {
        let host = served(server, &guests::bytes("good_one")).await;
        if !server.is_empty() {
            waits(&host).await;
            approve(&host, &["notebook", "--yes"]).await;
        }
        pinned(&host, &guests::bytes("good_one")).await;
        lists(&host, &["guest_say"]).await;
        host.reconfigure(&unnamed(server), NOWHERE).await;
        put(&host, &guests::bytes("good_two"));
        let is_seen = async || {
            let plugins = host.snapshot().plugins.clone();
            plugins
                .get("notebook")
                .is_some_and(|plugin| plugin.compiled.digest == digest(&guests::bytes("good_two")))
        };
        until("the file to be seen", is_seen).await;
        host.reconfigure(&notebook(server), NOWHERE).await;
        let why = waits(&host).await;
        assert!(why.contains("asks for more than was approved"), "{why}");
        assert_eq!(host.listed(), Vec::<String>::new());
        let error = host
            .call("guest_shout", json!({}))
            .await
            .expect_err("it waits");
        assert_eq!(error["error"]["code"], "WAITS_FOR_APPROVAL", "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_in_the_folder_holds_nobody_up() {
    let host = served("", &guests::bytes("good_one")).await;
    let pipe = host.plugins().join("pipe.wasm");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo is there").success());
    put(
        &host,
        &with_section(&guests::bytes("good_one"), "built again"),
    );
    pinned(
        &host,
        &with_section(&guests::bytes("good_one"), "built again"),
    )
    .await;
    let refused = host.rejected().join("\n");
    assert!(refused.contains("it is no regular file"), "{refused}");
}
