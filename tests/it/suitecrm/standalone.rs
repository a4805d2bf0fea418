//! The binary with nothing but the variables of the program that it replaces.

use serde_json::json;

use super::sessions::MD5_OF_WRONG;
use crate::support::suite::{OVER_V4, WRONG_PASSWORD, with_v8};
use crate::support::{Era, Portcullis, Ran, Stdio, Suite, TestHost, list, text};
use portcullis_demo::fault::Fault;
use portcullis_demo::suitecrm::{
    ADMIN_PASSWORD, ADMIN_PASSWORD_MD5, ADMIN_USER, CLIENT_ID, CLIENT_SECRET, SALES_PASSWORD,
    SALES_USER,
};

/// The three variables.
fn home(url: &str) -> Portcullis {
    Portcullis::new()
        .variable("SUITECRM_ENDPOINT", url)
        .variable("SUITECRM_USERNAME", ADMIN_USER)
        .variable("SUITECRM_PASSWORD", ADMIN_PASSWORD)
}

async fn names(home: &Portcullis, more: &[&str]) -> Vec<String> {
    let arguments: Vec<&str> = ["tools", "--json"].iter().chain(more).copied().collect();
    let ran = home.run(&arguments).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let tools: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let tools = list(&tools["tools"]).iter();
    tools.map(|tool| text(tool, "/name").to_owned()).collect()
}

#[tokio::test]
async fn address_user_and_password_make_a_session() {
    let suite = Suite::start().await;
    for era in Era::BOTH {
        let mut stdio = Stdio::start(home(&suite.url()), &[], era).await;
        let listed = stdio.request("tools/list", json!({})).await;
        let tools = list(&listed["result"]["tools"]);
        assert_eq!(tools.len(), 24);
        assert!(
            tools
                .iter()
                .all(|tool| text(tool, "/name").starts_with("suitecrm_"))
        );
        let found = stdio
            .call(
                "suitecrm_search",
                json!({"module": "Accounts", "max_results": 2}),
            )
            .await;
        assert_eq!(found["structuredContent"]["result_count"], 2, "{found}");
        assert_eq!(found["structuredContent"]["via"], "v4_1", "{found}");
        stdio.hang_up();
        assert_eq!(stdio.exit_code().await, Some(0), "{}", stdio.log());
        assert_eq!(suite.memory.open_sessions(), 0, "it signed out");
        for secret in [ADMIN_PASSWORD, ADMIN_PASSWORD_MD5] {
            assert!(!stdio.log().contains(secret), "{}", stdio.log());
        }
    }
}

#[tokio::test]
async fn a_v8_client_beside_them_is_used() {
    let suite = Suite::start().await;
    let home = home(&format!("{}/service/v4_1/rest.php", suite.url()))
        .variable("SUITECRM_V8_CLIENT_ID", CLIENT_ID)
        .variable("SUITECRM_V8_CLIENT_SECRET", CLIENT_SECRET);
    let arguments = json!({"module": "Accounts", "id": suite.first("Accounts")}).to_string();
    let ran = home.run(&["call", "suitecrm_get", &arguments]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("\"via\": \"v8\""), "{ran:?}");
    assert_eq!(suite.memory.open_sessions(), 0, "it signed out");
}

#[tokio::test]
async fn a_v8_client_that_was_left_out_is_no_warning_and_half_of_one_is() {
    let home = || home("http://127.0.0.1:9");
    let ran = home().run(&["check"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.out.contains("credential v4: session, v8: not set up"),
        "{ran:?}"
    );
    let said = format!("{}{}", ran.out, ran.err);
    assert!(
        !said.contains("not set;") && !said.contains("warning"),
        "{ran:?}"
    );
    let half = home().variable("SUITECRM_V8_CLIENT_ID", CLIENT_ID);
    let ran = half.run(&["check"]).await;
    assert!(
        ran.out
            .contains("`SUITECRM_V8_CLIENT_SECRET` not set, so the credential `v8` is not used"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn a_v8_client_that_was_chosen_is_missed() {
    for auth in ["auth = 'client_credentials'", "auth.v8 = 'password'"] {
        let config = OVER_V4.replace("allow =", &format!("{auth}\nallow ="));
        let home = Portcullis::new()
            .config(&config, "http://127.0.0.1:9")
            .variable("SUITE_USER", ADMIN_USER)
            .variable("SUITE_PASSWORD", ADMIN_PASSWORD);
        let ran = home.run(&["check"]).await;
        assert!(
            ran.out.contains("`secrets.client_id` and `secrets.client_secret` not set, so the credential `v8` is not used"),
            "{auth}: {ran:?}"
        );
    }
}

/// A configuration with `auth`, checked.
async fn checked(auth: &str) -> Ran {
    let config = with_v8(OVER_V4).replace("allow =", &format!("{auth}\nallow ="));
    let home = Portcullis::new()
        .config(&config, "http://127.0.0.1:9")
        .variable("SUITE_USER", ADMIN_USER)
        .variable("SUITE_PASSWORD", ADMIN_PASSWORD)
        .variable("SUITE_CLIENT", CLIENT_ID)
        .variable("SUITE_SECRET", CLIENT_SECRET);
    home.run(&["check"]).await
}

#[tokio::test]
async fn auth_is_chosen_for_each_credential() {
    for (auth, used) in [
        ("", "v4: session, v8: password"),
        ("auth = 'plain'", "v4: plain, v8: password"),
        (
            "auth = 'client_credentials'",
            "v4: session, v8: client_credentials",
        ),
        (
            "auth = { v4 = 'plain', v8 = 'client_credentials' }",
            "v4: plain, v8: client_credentials",
        ),
        (
            "auth.v8 = 'client_credentials'",
            "v4: session, v8: client_credentials",
        ),
    ] {
        let ran = checked(auth).await;
        assert_eq!(ran.code, Some(0), "{auth}: {ran:?}");
        assert!(ran.out.contains(used), "{auth}: {ran:?}");
    }
    for (auth, key, words) in [
        (
            "auth.v9 = 'plain'",
            "connections.suite.auth.v9",
            "`auth` names the credential `v9`, which the plugin does not have; there are v4, v8",
        ),
        (
            "auth = { v4 = 'password' }",
            "connections.suite.auth.v4",
            "`auth` is `password` for the credential `v4`, which has no such alternative; there are plain, session",
        ),
        (
            "auth = 'ldap'",
            "connections.suite.auth",
            "there are client_credentials, password, plain, session",
        ),
        (
            "auth = ['plain']",
            "connections.suite.auth",
            "must be the name of an alternative in quotes, or a table of them by credential, not a list",
        ),
    ] {
        let ran = checked(auth).await;
        assert_eq!(ran.code, Some(3), "{auth}: {ran:?}");
        let said = format!("{}{}", ran.out, ran.err);
        assert!(
            said.contains(key) && said.contains(words),
            "{auth}: {ran:?}"
        );
    }
}

#[tokio::test]
async fn both_credentials_sign_with_what_was_chosen() {
    let suite = Suite::start().await;
    let chosen = "auth = { v4 = 'plain', v8 = 'client_credentials' }\nallow =";
    let config = with_v8(OVER_V4)
        .replace("SUITE_CLIENT", "SUITE_MACHINE")
        .replace("SUITE_SECRET", "SUITE_MACHINE_SECRET")
        .replace("allow =", chosen);
    let host = TestHost::with(&config, &suite.url()).await;
    let account = super::of("Accounts", &suite.first("Accounts"));
    let got = super::done(&host, "suite_get", account).await;
    assert_eq!(got["via"], "v8", "{got}");
    let counted = super::done(&host, "suite_count", json!({"module": "Accounts"})).await;
    assert!(counted["count"].as_u64() > Some(0), "{counted}");
}

#[tokio::test]
async fn code_and_prefix_change_the_names() {
    for (variable, value, prefix) in [
        ("SUITECRM_CODE", "north", "suitecrm_north_"),
        ("SUITECRM_PREFIX", "sales", "sales_"),
    ] {
        let home = home("http://127.0.0.1:9").variable(variable, value);
        let names = names(&home, &[]).await;
        assert_eq!(names.len(), 24, "{variable}");
        assert!(
            names.iter().all(|name| name.starts_with(prefix)),
            "{variable}: {names:?}"
        );
    }
}

#[tokio::test]
async fn a_file_of_entities_makes_a_connection_of_each() {
    let (north, south) = (Suite::start().await, Suite::start().await);
    let entities = json!({
        "north": {"label": "North", "endpoint": north.url(), "tls_skip": true, "port": 3101, "group": "a"},
        "south": {"label": "South", "endpoint": format!("{}/service/v4_1/rest.php", south.url())},
    });
    let home = Portcullis::new()
        .file("entities.json", entities.to_string().as_bytes())
        .variable("SUITECRM_USERNAME", ADMIN_USER)
        .variable("SUITECRM_PASSWORD", ADMIN_PASSWORD)
        .variable("SUITECRM_SOUTH_USERNAME", SALES_USER)
        .variable("SUITECRM_SOUTH_PASSWORD", SALES_PASSWORD);
    let mut stdio = Stdio::start(
        home,
        &["serve", "--stdio", "--entities", "entities.json"],
        Era::Handshake,
    )
    .await;
    let listed = stdio.request("tools/list", json!({})).await;
    let tools = list(&listed["result"]["tools"]).iter();
    let names: Vec<&str> = tools.map(|tool| text(tool, "/name")).collect();
    assert_eq!(names.len(), 48, "{names:?}");
    for (code, user) in [("north", "1"), ("south", "seed_milo_id")] {
        let info = stdio
            .call(&format!("suitecrm_{code}_server_info"), json!({}))
            .await;
        assert_eq!(info["structuredContent"]["user_id"], user, "{code}: {info}");
    }
    assert_eq!(
        (north.memory.called("login"), south.memory.called("login")),
        (1, 1)
    );
}

#[tokio::test]
async fn switching_the_certificate_check_off_is_said_aloud() {
    let home = home("https://crm.example.com").variable("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    let ran = home.run(&["check"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let said = format!("{}{}", ran.out, ran.err);
    assert!(
        said.contains("NODE_TLS_REJECT_UNAUTHORIZED: is off"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn what_is_missing_is_named_in_one_line() {
    for (left_out, words) in [
        ("SUITECRM_ENDPOINT", "SUITECRM_ENDPOINT"),
        ("SUITECRM_USERNAME", "SUITECRM_USERNAME"),
        ("SUITECRM_PASSWORD", "SUITECRM_PASSWORD"),
    ] {
        let all = [
            ("SUITECRM_ENDPOINT", "http://127.0.0.1:9"),
            ("SUITECRM_USERNAME", ADMIN_USER),
            ("SUITECRM_PASSWORD", ADMIN_PASSWORD),
        ];
        let home = all
            .iter()
            .filter(|(name, _)| *name != left_out)
            .fold(Portcullis::new(), |home, (name, value)| {
                home.variable(name, value)
            });
        let ran = home.run(&["check"]).await;
        let said = format!("{}{}", ran.out, ran.err);
        assert!(said.contains(words), "{left_out}: {ran:?}");
        assert!(!said.contains(ADMIN_PASSWORD), "{ran:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_stands_in_no_log_and_no_answer() {
    // V8 answers a wrong password with the password.
    for config in [OVER_V4.to_owned(), with_v8(OVER_V4)] {
        let suite = Suite::start().await;
        let config = format!("[server.log]\nlevel = \"trace\"\n{config}");
        let home = Portcullis::new()
            .config(&config, &suite.url())
            .variable("SUITE_USER", ADMIN_USER)
            .variable("SUITE_PASSWORD", WRONG_PASSWORD)
            .variable("SUITE_CLIENT", CLIENT_ID)
            .variable("SUITE_SECRET", CLIENT_SECRET);
        let arguments = json!({"module": "Accounts", "id": suite.first("Accounts")}).to_string();
        let ran = home.run(&["call", "suite_get", &arguments]).await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.out.contains("AUTH_FAILED"), "{ran:?}");
        assert!(!ran.err.is_empty(), "the log was kept: {ran:?}");
        for secret in [WRONG_PASSWORD, MD5_OF_WRONG] {
            assert!(
                !ran.out.contains(secret) && !ran.err.contains(secret),
                "{ran:?}"
            );
        }
        assert_eq!(suite.memory.called("login"), 1);
    }
}

#[tokio::test]
async fn a_live_check_tells_a_wrong_password_from_a_wrong_path() {
    let suite = Suite::start().await;
    let ran = home(&suite.url()).run(&["check", "--live"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.out.contains("SuiteCRM 7.14.6") && ran.out.contains("id 1"),
        "{ran:?}"
    );
    let wrong = home(&suite.url()).variable("SUITECRM_PASSWORD", WRONG_PASSWORD);
    let wrong = wrong.run(&["check", "--live"]).await;
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(
        wrong.out.contains("login") && wrong.out.contains("password"),
        "{wrong:?}"
    );
    assert!(!wrong.out.contains(WRONG_PASSWORD), "{wrong:?}");
    let lost = home(&format!("{}/nowhere", suite.url()));
    let lost = lost.run(&["check", "--live"]).await;
    assert_eq!(lost.code, Some(1), "{lost:?}");
    assert!(lost.out.contains("no API was found"), "{lost:?}");
    assert_eq!(suite.memory.open_sessions(), 0, "each signed out");
    assert_eq!(super::writes(&suite), 0);
}

#[tokio::test]
async fn a_live_check_tells_a_login_that_php_breaks_off_from_a_wrong_password() {
    let suite = Suite::start().await;
    suite.faults.on_body("method=login&", Fault::Empty(500));
    let ran = home(&suite.url()).run(&["check", "--live"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("PHP error log"), "{ran:?}");
    assert!(!ran.out.contains("LDAP"), "{ran:?}");
}

#[tokio::test]
async fn a_live_check_names_both_users() {
    let suite = Suite::start().await;
    suite.memory.set_v8_user(Some(SALES_USER));
    let home = home(&suite.url())
        .variable("SUITECRM_V8_CLIENT_ID", CLIENT_ID)
        .variable("SUITECRM_V8_CLIENT_SECRET", CLIENT_SECRET);
    let ran = home.run(&["check", "--live"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.out.contains("user with id 1") && ran.out.contains(SALES_USER),
        "{ran:?}"
    );
}
