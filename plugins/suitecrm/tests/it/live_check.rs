//! The self-test: what it says of address, PHP, login, session, role and V8.

use portcullis_sdk::{
    Reason, Stage,
    testing::{self, Exchange, Harness},
};
use portcullis_suitecrm::plugin;
use serde_json::{Value, json};

use crate::fixtures::{USER, broken, crm, current_user, modules, numbered, server, v4};

fn findings(harness: &Harness) -> Vec<(String, String, String)> {
    let answer = harness.invoke("live_check", json!({})).unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            (
                text(finding, "level"),
                text(finding, "subject"),
                format!(
                    "{} {}",
                    text(finding, "message"),
                    text(finding, "suggestion")
                ),
            )
        })
        .collect()
}

fn me(times: usize) -> Exchange {
    v4("get_user_id", json!([])).reply(200, USER).times(times)
}

#[test]
fn a_sound_connection_has_no_complaint() {
    let found = findings(&crm().expect(server()).expect(me(3)).expect(modules()));
    let subjects: Vec<_> = found
        .iter()
        .map(|(level, subject, _)| (level.as_str(), subject.as_str()))
        .collect();
    assert_eq!(
        subjects,
        [
            ("ok", "address"),
            ("ok", "login"),
            ("ok", "address check"),
            ("ok", "role"),
            ("ok", "V8")
        ]
    );
    assert!(found[0].2.contains("7.14.6") && found[3].2.contains("Cases: view"));
}

#[test]
fn a_wrong_address_is_told_from_php_and_from_the_password() {
    let anonymous = || testing::post("service/v4_1/rest.php").form("method", "get_server_info");
    for (exchange, words) in [
        (
            anonymous().reply_bytes(200, "text/html", "<html>portal</html>"),
            "HTML page",
        ),
        (anonymous().reply_bytes(404, "text/html", "gone"), "legacy"),
        (anonymous().reply_bytes(500, "text/html", ""), "PHP"),
        (
            anonymous().fail(Reason::Connect, Stage::NotSent),
            "could not be reached",
        ),
    ] {
        let found = findings(&crm().expect(exchange));
        assert_eq!(
            (found.len(), found[0].0.as_str(), found[0].1.as_str()),
            (1, "error", "address")
        );
        assert!(found[0].2.contains(words), "{}", found[0].2);
    }
    for (exchange, subject) in [
        (anonymous().reply_bytes(302, "", ""), "redirect"),
        (anonymous().reply_bytes(403, "text/html", "<html>"), "proxy"),
        (anonymous().reply_bytes(429, "", ""), "limit"),
        (anonymous().reply_bytes(503, "", ""), "maintenance"),
    ] {
        let found = findings(&crm().expect(exchange));
        assert_eq!(
            (found.len(), found[0].0.as_str(), found[0].1.as_str()),
            (1, "error", subject)
        );
    }
    let found = findings(
        &crm()
            .expect(server())
            .expect(numbered(v4("get_user_id", json!([])), 10)),
    );
    assert_eq!(
        (found[1].0.as_str(), found[1].1.as_str()),
        ("error", "login")
    );
    assert!(found[1].2.contains("LDAP"));
    let found = findings(
        &crm()
            .expect(server())
            .expect(broken(v4("get_user_id", json!([])))),
    );
    assert!(found[1].2.contains("PHP error log"));
}

#[test]
fn a_session_that_dies_is_the_address_check() {
    let found = findings(
        &crm()
            .expect(server())
            .expect(me(2))
            .expect(numbered(v4("get_user_id", json!([])), 11))
            .expect(modules()),
    );
    let finding = found
        .iter()
        .find(|(_, subject, _)| subject == "address check")
        .unwrap();
    assert_eq!(finding.0, "error");
    assert!(finding.2.contains("verify_client_ip"));
}

#[test]
fn two_users_are_named() {
    let harness = Harness::new(plugin())
        .expect(server())
        .expect(me(5))
        .expect(modules())
        .expect(current_user("1", "admin").times(2));
    let found = findings(&harness);
    let (level, _, message) = found.last().unwrap();
    assert_eq!(level, "warn");
    assert!(
        message.contains("admin") && message.contains(USER),
        "{message}"
    );
}
