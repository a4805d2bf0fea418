//! The self-test: what it says of the way to the CRM, the key, the role, the sender and the zone.

use portcullis_sdk::testing::{Exchange, Harness, get};
use serde_json::{Value, json};

use crate::fixtures::{app_user, crm, me, scopes, scopes_with_pipelines};

/// Level, subject, and message with suggestion of each finding.
type Found = Vec<(String, String, String)>;

fn check(harness: &Harness, tools: &[&str]) -> Found {
    let answer = harness
        .invoke("live_check", json!({"tools": tools}))
        .expect("the self-test answers");
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = answer["findings"].as_array().expect("findings");
    findings
        .iter()
        .map(|finding| {
            let said = ["message", "suggestion"].map(|key| text(finding, key));
            (
                text(finding, "level"),
                text(finding, "subject"),
                said.join(" "),
            )
        })
        .collect()
}

fn subjects(found: &Found) -> Vec<(&str, &str)> {
    found
        .iter()
        .map(|(level, subject, _)| (level.as_str(), subject.as_str()))
        .collect()
}

fn settings() -> Exchange {
    get("Settings").reply(200, json!({"applicationName": "EspoCRM"}))
}

/// A CRM in which the robot's `App/user` was changed.
fn with_user(change: impl Fn(&mut Value)) -> Harness {
    let mut user = app_user();
    change(&mut user);
    crm()
        .expect(settings())
        .expect(get("App/user").reply(200, user))
        .expect(scopes())
}

#[test]
fn a_sound_connection_is_told_so() {
    let harness = crm()
        .setting("time_zone", "UTC")
        .expect(settings())
        .expect(me())
        .expect(scopes_with_pipelines());
    let every = [
        "create",
        "update",
        "link",
        "delete",
        "add_note",
        "draft_email",
    ];
    let found = check(&harness, &every);
    assert_eq!(
        subjects(&found),
        [
            ("ok", "address"),
            ("ok", "credential"),
            ("ok", "role"),
            ("ok", "sender"),
            ("warn", "time zone"),
            ("ok", "pipelines"),
            ("ok", "version")
        ]
    );
    assert_eq!(harness.requests()[0].credential, None);
    assert!(
        found
            .iter()
            .all(|(.., said)| !said.contains("a-session-token"))
    );
}

#[test]
fn a_wrong_address_and_what_stands_before_the_crm_are_told_apart() {
    for (exchange, subject, words) in [
        (
            get("Settings").reply_bytes(404, "text/html", "<html>"),
            "address",
            "no EspoCRM API (HTTP 404)",
        ),
        (
            get("Settings").reply_bytes(200, "text/html", "<html>"),
            "address",
            "no EspoCRM API",
        ),
        (
            get("Settings").reply_bytes(403, "text/html", ""),
            "lock-out",
            "ten failed logins",
        ),
        (
            get("Settings").reply_bytes(403, "text/html", "<html>blocked"),
            "proxy",
            "web firewall",
        ),
        (
            get("Settings").reply_bytes(302, "", ""),
            "redirect",
            "HTTP 302",
        ),
        (
            get("Settings").reply_bytes(500, "", ""),
            "fault",
            "HTTP 500",
        ),
        (
            get("Settings")
                .reply_bytes(429, "", "")
                .with("retry-after", "60"),
            "limit",
            "wait 60 s",
        ),
        (
            get("Settings")
                .reply_bytes(503, "", "")
                .with("retry-after", "300"),
            "maintenance",
            "wait 300 s",
        ),
    ] {
        let found = check(&crm().expect(exchange), &[]);
        assert_eq!(subjects(&found), [("error", subject)]);
        assert!(found[0].2.contains(words), "{}", found[0].2);
    }
}

#[test]
fn a_refused_key_is_the_credential() {
    let key = crm()
        .expect(settings())
        .expect(get("App/user").reply_bytes(401, "text/html", ""));
    assert_eq!(
        subjects(&check(&key, &[])),
        [("ok", "address"), ("error", "credential")]
    );
}

#[test]
fn a_listed_tool_that_the_role_never_allows_is_an_error() {
    let read_only = |user: &mut Value| {
        let level =
            json!({"create": "no", "read": "all", "edit": "no", "delete": "no", "stream": "no"});
        // What every user may do with things of their own is no help to a tool.
        let own =
            json!({"create": "yes", "read": "own", "edit": "own", "delete": "own", "stream": "no"});
        user["acl"]["table"] = json!({"Account": level, "Lead": level, "EmailFilter": own, "Note": own, "Stream": true});
    };
    let every = [
        "search",
        "create",
        "update",
        "link",
        "unlink",
        "update_kanban",
        "delete",
        "add_note",
        "draft_email",
    ];
    let said: Vec<_> = check(&with_user(read_only), &every)
        .into_iter()
        .filter(|(level, ..)| level == "error")
        .map(|(_, subject, said)| {
            (
                subject,
                said.split(';').next().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    assert!(
        said.iter().all(|(subject, _)| subject == "rights"),
        "{said:?}"
    );
    for (at, words) in [
        "does not allow create on any entity type, so `create` will fail",
        "does not allow edit on any entity type, so `update`, `link`, `unlink`, `update_kanban` will fail",
        "does not allow delete on any entity type, so `delete` will fail",
        "does not allow stream on any entity type, so `add_note` will fail",
        "does not allow create on Email, so `draft_email` will fail",
    ]
    .into_iter()
    .enumerate()
    {
        assert!(said[at].1.contains(words), "{said:?}");
    }
    assert_eq!(said.len(), 5);

    let reads = check(&with_user(read_only), &["search", "get"]);
    assert!(reads.iter().all(|(level, ..)| level == "ok"), "{reads:?}");
}

#[test]
fn a_right_on_one_entity_type_is_enough() {
    let own_type = |user: &mut Value| {
        user["acl"]["table"] = json!({
            "Account": {"create": "no", "read": "all", "edit": "no", "delete": "no", "stream": "no"},
            "CGarden": {"create": "yes", "read": "all", "edit": "own", "delete": "no", "stream": "no"},
        });
    };
    let found = check(&with_user(own_type), &["create", "update", "delete"]);
    let errors: Vec<_> = found
        .iter()
        .filter(|(level, ..)| level == "error")
        .collect();
    assert_eq!(errors.len(), 1, "{found:?}");
    assert!(errors[0].2.contains("so `delete` will fail"), "{errors:?}");
}

#[test]
fn a_role_that_reads_nothing_is_an_error() {
    let found = check(
        &with_user(|user| user["acl"]["table"] = json!({})),
        &["search"],
    );
    assert_eq!(subjects(&found)[2], ("error", "role"));
}

#[test]
fn a_missing_sender_matters_to_drafts_alone() {
    let without = |user: &mut Value| {
        user["user"] = json!({"id": "1", "userName": "robot", "emailAddress": null, "userEmailAddressList": []});
    };
    let sender = |found: &Found| {
        let found = found.iter().find(|(_, subject, _)| subject == "sender");
        found.map(|(level, _, said)| (level.clone(), said.clone()))
    };
    let (level, said) = sender(&check(&with_user(without), &["draft_email"])).unwrap();
    assert_eq!(level, "warn");
    assert!(said.contains("draft_email fails"), "{said}");
    assert_eq!(sender(&check(&with_user(without), &["search"])), None);
    let foreign = with_user(without).setting("sender_address", "desk@crm.example");
    let (level, said) = sender(&check(&foreign, &["draft_email"])).unwrap();
    assert_eq!(level, "warn");
    assert!(said.contains("none of the API user's own"), "{said}");
}
