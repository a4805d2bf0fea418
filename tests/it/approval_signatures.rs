//! `server.plugin_keys`: a file of the plugin folder serves with a signature of one of the keys beside it,
//! and not without.
//!
//! The tests sign with keys of their own in minisign's format, whose private halves are 32 equal bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis_demo::espocrm::FULL_KEY;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;

use crate::support::host::guest_connection;
use crate::support::wait::until;
use crate::support::{Portcullis, TestHost, guests, with_section};

const NOWHERE: &str = "http://127.0.0.1:9";

const ID: &[u8; 8] = b"PORTCULL";

struct Key(Ed25519KeyPair);

impl Key {
    fn of(byte: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[byte; 32]);
        Self(pair.expect("32 bytes are a seed"))
    }

    /// As minisign prints it.
    fn public(&self) -> String {
        STANDARD.encode([b"Ed", &ID[..], self.0.public_key().as_ref()].concat())
    }

    /// The file that minisign would write.
    fn sign(&self, bytes: &[u8]) -> String {
        let signature = self.0.sign(bytes);
        let comment = "version 1 of acme";
        let of_both = self
            .0
            .sign(&[signature.as_ref(), comment.as_bytes()].concat());
        let first = STANDARD.encode([b"Ed", &ID[..], signature.as_ref()].concat());
        let second = STANDARD.encode(of_both.as_ref());
        format!("untrusted comment: acme\n{first}\ntrusted comment: {comment}\n{second}\n")
    }
}

fn config(key: &Key) -> String {
    format!(
        "[server]\nplugins = \"plugins\"\nplugin_keys = [\"{}\"]\n{}",
        key.public(),
        guest_connection("notebook", "")
    )
}

#[tokio::test]
async fn without_a_signature_a_file_is_refused_and_with_one_it_serves() {
    let (key, bytes) = (Key::of(1), guests::bytes("good_one"));
    let files = [("notebook.wasm", bytes.as_slice())];
    let mut host = TestHost::with_files(&config(&key), NOWHERE, &files)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let why = host.rejected().join("\n");
    assert!(
        why.contains("is not signed: there is no ") && why.contains("notebook.wasm.minisig"),
        "{why}"
    );
    assert!(host.snapshot().candidates.is_empty());
    host.serve().await;
    let signature = host.plugins().join("notebook.wasm.minisig");
    std::fs::write(&signature, Key::of(2).sign(&bytes)).expect("the folder is ours");
    until("the wrong key to be told", async || {
        host.rejected()
            .join("")
            .contains("is not one of these bytes by a key of")
    })
    .await;
    std::fs::write(&signature, key.sign(&bytes)).expect("the folder is ours");
    until("it to serve", async || host.listed() == ["guest_say"]).await;
    let plugin = host.snapshot().plugins["notebook"].signed.clone();
    assert_eq!(plugin.expect("it is signed").comment, "version 1 of acme");
    // Other bytes under the old signature: what was good stays.
    let other = with_section(&bytes, "by somebody else");
    std::fs::write(host.plugins().join("notebook.wasm"), &other).expect("the folder is ours");
    until("the other bytes to be refused", async || {
        host.rejected().join("").contains("still serves")
    })
    .await;
    let said = host.call("guest_say", json!({})).await;
    assert_eq!(said, Ok(json!({"version": "one"})));
    // A key that is not trusted any more takes along what it signed.
    host.rewrite(&config(&Key::of(2)), NOWHERE);
    until("nothing to serve", async || host.listed().is_empty()).await;
}

#[tokio::test]
async fn a_signature_is_shown_before_a_plugin_is_put_into_the_folder() {
    let (key, bytes) = (Key::of(1), guests::bytes("good_one"));
    let home = Portcullis::new()
        .config(&config(&key), NOWHERE)
        .variable("CRM_KEY", FULL_KEY)
        .file("plugins/notebook.wasm", &bytes)
        .file("plugins/notebook.wasm.minisig", key.sign(&bytes).as_bytes())
        .file("unsigned.wasm", &bytes);
    let ran = home.run(&["plugin", "inspect", "notebook"]).await;
    let words = format!("by {} (version 1 of acme)", key.public());
    assert!(ran.code == Some(0) && ran.out.contains(&words), "{ran:?}");
    let ran = home.run(&["plugin", "inspect", "unsigned.wasm"]).await;
    let words = "the file would be refused: it is not signed";
    assert!(ran.code == Some(3) && ran.out.contains(words), "{ran:?}");
}
