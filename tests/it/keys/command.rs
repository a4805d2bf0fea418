//! `portcullis key`, as it is typed.

use serde_json::Value;

use crate::support::{Portcullis, text};

const CONFIG: &str = r#"
[server]
auth = "keys"
state = "state.sqlite3"
[connections.sales]
plugin = "espocrm"
url = "https://crm.example.com"
secrets.api_key = "env:NOT_IN_THIS_SHELL"
[connections.own]
plugin = "bottlecrm"
url = "https://crm.example.com"
identity = "forward"
"#;

fn shell() -> Portcullis {
    Portcullis::new().config(CONFIG, "")
}

#[tokio::test]
async fn a_key_is_printed_once_and_kept_as_a_hash() {
    let shell = shell();
    let issue = [
        "key",
        "issue",
        "ada-laptop",
        "--expires",
        "90d",
        "--connections",
        "sales",
        "--allow",
        "read",
        "--tools",
        "*,!delete",
        "--rate",
        "60",
    ];
    let issued = shell.run(&issue).await;
    assert_eq!(issued.code, Some(0), "{issued:?}");
    let key = issued.out.trim_end();
    assert!(
        key.starts_with("pcl_") && key.len() == 64,
        "the key alone: {key}"
    );
    assert!(!issued.err.contains(key), "{}", issued.err);
    for part in [
        "key `ada-laptop` (id ",
        "good until 20",
        "the connections sales, read tools, tools that fit *, !delete, 60 calls per minute",
        "not shown again",
    ] {
        assert!(issued.err.contains(part), "{part}: {}", issued.err);
    }
    let file = std::fs::read(shell.folder.path().join("state.sqlite3")).expect("it is made");
    for secret in [&key[15..], "ada-laptop"] {
        let found = file
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "the file holds `{secret}` in clear");
    }
    let listed = shell.run(&["key", "list", "--json"]).await;
    assert!(!listed.out.contains(&key[15..]));
    let listed: Value = serde_json::from_str(&listed.out).expect("JSON");
    assert_eq!(text(&listed, "/keys/0/name"), "ada-laptop");
    assert_eq!(text(&listed, "/keys/0/state"), "good");
    assert_eq!(listed["keys"][0]["last_used"], Value::Null);
    let again = shell.run(&issue).await;
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(
        again.err.contains("there is a key `ada-laptop` already"),
        "{again:?}"
    );
    let revoked = shell.run(&["key", "revoke", "ada-laptop"]).await;
    assert_eq!(revoked.code, Some(0), "{revoked:?}");
    let listed = shell.run(&["key", "list"]).await;
    assert!(listed.out.starts_with("no key; "), "{listed:?}");
    let listed = shell.run(&["key", "list", "--all"]).await;
    assert!(listed.out.contains("revoked, never used"), "{listed:?}");
}

#[tokio::test]
async fn what_is_typed_wrongly_says_how() {
    let shell = shell();
    for (arguments, code, told) in [
        (&["key", "issue", "a"][..], 2, "--expires <WHEN>"),
        (
            &["key", "issue", "a", "--expires", "soon"],
            2,
            "write a time such as `12h`",
        ),
        (
            &["key", "issue", "a", "--expires", "2020-01-01"],
            2,
            "would have ended",
        ),
        (
            &[
                "key",
                "issue",
                "a",
                "--expires",
                "1d",
                "--connections",
                "slaes",
            ],
            2,
            "has no connection `slaes`; did you mean `sales`?",
        ),
        (
            &[
                "key",
                "issue",
                "a",
                "--expires",
                "1d",
                "--connections",
                "own",
            ],
            2,
            "`own` acts with its callers' own tokens",
        ),
        (
            &["key", "issue", "a", "--expires", "1d", "--allow", "wirte"],
            2,
            "did you mean `write`?",
        ),
        (
            &["key", "issue", "a", "--expires", "1d", "--tools", "!x"],
            2,
            "put \"*\" in front",
        ),
        (
            &["key", "issue", "ada@example.com", "--expires", "1d"],
            2,
            "is no name for a key",
        ),
        (
            &["key", "revoke", "nobody"],
            1,
            "no key with the name or id `nobody`",
        ),
    ] {
        let ran = shell.run(arguments).await;
        assert_eq!(ran.code, Some(code), "{arguments:?} {ran:?}");
        assert!(ran.err.contains(told), "{arguments:?} {}", ran.err);
        assert!(ran.out.is_empty(), "{ran:?}");
    }
    let memory = CONFIG.replace(
        "auth = \"keys\"\nstate = \"state.sqlite3\"",
        "state = \"memory\"",
    );
    let ran = Portcullis::new()
        .config(&memory, "")
        .run(&["key", "list"])
        .await;
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("kept in `server.state`"), "{ran:?}");
}

#[tokio::test]
async fn a_configuration_that_demands_no_keys_is_said() {
    let open = CONFIG.replace("auth = \"keys\"\n", "");
    let shell = Portcullis::new().config(&open, "");
    let ran = shell
        .run(&["key", "issue", "a", "--expires", "never"])
        .await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("demands no keys yet"), "{ran:?}");
}

#[tokio::test]
async fn check_says_whether_somebody_can_come_in() {
    let config = CONFIG.replace("env:NOT_IN_THIS_SHELL", "env:KEY");
    let shell = Portcullis::new()
        .config(&config, "")
        .variable("KEY", "0123456789");
    let told = shell.run(&["check"]).await;
    assert!(
        told.out
            .contains("warning API keys are taken over HTTP, and none is good"),
        "{told:?}"
    );
    shell
        .run(&["key", "issue", "a", "--expires", "never"])
        .await;
    let told = shell.run(&["check"]).await;
    assert!(
        told.out
            .contains("ok      API keys are taken over HTTP; 1 is good"),
        "{told:?}"
    );
}
