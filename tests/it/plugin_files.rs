//! Files of the plugin folder: which are taken, why others are not, and that a file which is no
//! good never takes the place of one that is.

use crate::support::host::guest_connection;
use crate::support::{Portcullis, TestHost, guests};
use portcullis_demo::espocrm::FULL_KEY;
use serde_json::json;

const NOWHERE: &str = "http://127.0.0.1:9";

fn notebook() -> String {
    format!(
        "[server]\nplugins = \"PLUGINS\"\n{}",
        guest_connection("notebook", "")
    )
}

/// A host whose folder holds the good guest as `notebook.wasm`.
async fn good() -> TestHost {
    let file = guests::bytes("good_one");
    TestHost::with_files(&notebook(), NOWHERE, &[("notebook.wasm", &file)])
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

async fn says(host: &TestHost) -> String {
    let said = host
        .call("guest_say", json!({}))
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    said["version"].as_str().unwrap_or_default().to_owned()
}

async fn look_again(host: &TestHost) {
    host.host
        .app
        .registry
        .look_again()
        .await
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Puts bytes in the place of the good file: they are refused with these words, and what was good
/// still serves.
async fn refused(bytes: &[u8], words: &[&str]) {
    let host = good().await;
    std::fs::write(host.plugins().join("notebook.wasm"), bytes).expect("the folder is ours");
    look_again(&host).await;
    let why = host.rejected();
    assert_eq!(why.len(), 1, "{why:?}");
    for words in words {
        assert!(why[0].contains(words), "`{words}` is not in: {}", why[0]);
    }
    assert_eq!(says(&host).await, "one");
}

#[tokio::test]
async fn files_that_are_no_components_are_refused() {
    let whole = guests::bytes("good_one");
    for (bytes, words) in [
        (&b""[..], "the file is empty"),
        (&whole[..whole.len() / 2], "is no WebAssembly component"),
        (&whole[..20], "is no WebAssembly component"),
        (b"\0asm\x01\0\0\0", "core WebAssembly module"),
        (b"#!/bin/sh\n", "is no WebAssembly component"),
        (&[0xff; 4096], "is no WebAssembly component"),
    ] {
        refused(bytes, &[words]).await;
    }
}

#[tokio::test]
async fn guests_that_are_refused_never_take_the_place_of_a_good_one() {
    for (guest, words) in [
        ("wrong_world", "speaks 0.1"),
        ("sockets", "imports wasi:sockets/"),
        ("trap_in_describe", "its `describe` failed"),
        ("duplicate_tool", "two tools are called `say`"),
        ("bad_schema", "`input_schema`"),
        ("unsafe_route", "POST"),
        ("wrong_abi", "says ABI 0.9"),
    ] {
        refused(&guests::bytes(guest), &[words]).await;
    }
}

#[tokio::test]
pub async fn good_one() {
    let host = good().await;
    assert_eq!(says(&host).await, "one");
    assert_eq!(host.listed(), ["guest_say"]);
    assert_eq!(host.rejected(), Vec::<String>::new());
}

#[tokio::test]
async fn good_two_is_taken_back_by_good_one() {
    let second = guests::bytes("good_two");
    let host = TestHost::with_files(&notebook(), NOWHERE, &[("notebook.wasm", &second)])
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(host.listed(), ["guest_say", "guest_shout"]);
    std::fs::write(
        host.plugins().join("notebook.wasm"),
        guests::bytes("good_one"),
    )
    .expect("the folder is ours");
    look_again(&host).await;
    assert_eq!(host.listed(), ["guest_say"]);
}

#[tokio::test]
async fn of_two_files_of_one_plugin_the_one_that_serves_stays() {
    for (first, second) in [("a.wasm", "b.wasm"), ("b.wasm", "a.wasm")] {
        let bytes = guests::bytes("good_two");
        let host = TestHost::with_files(&notebook(), NOWHERE, &[(first, &bytes)])
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        std::fs::write(host.plugins().join(second), guests::bytes("good_one"))
            .expect("the folder is ours");
        look_again(&host).await;
        assert_eq!(says(&host).await, "two", "{second} came later");
        let rejected = host.snapshot().rejected.clone();
        assert!(
            rejected.len() == 1
                && rejected[0].path.ends_with(second)
                && rejected[0].why.contains(first),
            "{rejected:?}"
        );
        std::fs::remove_file(host.plugins().join(first)).expect("it is there");
        look_again(&host).await;
        assert_eq!(says(&host).await, "one", "the other takes over");
    }
}

#[tokio::test]
async fn the_list_of_plugins_names_each_file_and_its_reason() {
    let mut home = Portcullis::new()
        .config(&notebook().replace("PLUGINS", "plugins"), NOWHERE)
        .variable("CRM_KEY", FULL_KEY);
    let broken = [
        ("empty", Vec::new(), "the file is empty"),
        (
            "core",
            b"\0asm\x01\0\0\0".to_vec(),
            "core WebAssembly module",
        ),
        (
            "lying",
            guests::bytes("duplicate_tool"),
            "two tools are called `say`",
        ),
        ("older", guests::bytes("wrong_world"), "0.2.0"),
        (
            "second",
            guests::bytes("good_two"),
            "is already served from",
        ),
    ];
    home = home.file("plugins/notebook.wasm", &guests::bytes("good_one"));
    for (name, bytes, _) in &broken {
        home = home.file(&format!("plugins/{name}.wasm"), bytes);
    }
    let ran = home.run(&["plugin", "list"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.out.contains("notebook 0.1.0")
            && ran.out.contains("espocrm")
            && ran.out.contains("from embedded"),
        "{}",
        ran.out
    );
    for (name, _, words) in &broken {
        let told = ran
            .out
            .split(&format!("{name}.wasm\n"))
            .nth(1)
            .unwrap_or_else(|| panic!("no {name} in {}", ran.out));
        assert!(
            told.lines().next().is_some_and(|line| line.contains(words)),
            "{name}: {}",
            ran.out
        );
    }
}
