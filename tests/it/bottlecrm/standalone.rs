//! The binary with nothing but the variables of the program that it replaces.

use serde_json::json;

use crate::support::{Bottle, Era, HttpMcp, Portcullis, Stdio, list, text};
use portcullis_demo::bottlecrm::{ADMIN_TOKEN, REVOKED_TOKEN, USER_TOKEN};

fn home(crm: &Bottle) -> Portcullis {
    Portcullis::new().variable("BCRM_BASE_URL", &crm.url())
}

const NAMES: [&str; 8] = [
    "crm_action",
    "crm_create",
    "crm_delete",
    "crm_describe",
    "crm_get",
    "crm_search",
    "crm_update",
    "list_actions",
];

#[tokio::test]
async fn address_and_token_make_a_session_with_the_plain_names() {
    let crm = Bottle::start().await;
    for era in Era::BOTH {
        let home = home(&crm).variable("BCRM_TOKEN", ADMIN_TOKEN);
        let mut stdio = Stdio::start(home, &[], era).await;
        let listed = stdio.request("tools/list", json!({})).await;
        let tools = list(&listed["result"]["tools"]).iter();
        let mut names: Vec<&str> = tools.map(|tool| text(tool, "/name")).collect();
        names.sort_unstable();
        assert_eq!(names, NAMES);
        let found = stdio
            .call("crm_search", json!({"entity": "leads", "limit": 2}))
            .await;
        assert_eq!(
            list(&found["structuredContent"]["records"]).len(),
            2,
            "{found}"
        );
        stdio.hang_up();
        assert_eq!(stdio.exit_code().await, Some(0), "{}", stdio.log());
        assert!(!stdio.log().contains(ADMIN_TOKEN), "{}", stdio.log());
    }
}

#[tokio::test]
async fn http_serves_each_caller_with_their_own_token() {
    let crm = Bottle::start().await;
    let home = home(&crm)
        .variable("BCRM_TRANSPORT", "http")
        .variable("BCRM_PORT", "0")
        .variable("BCRM_PATH", "/desk");
    let process = Stdio::spawn(home, &[], Era::Stateless);
    process.logs("listening on http://").await;
    let log = process.log();
    let address = log
        .split("listening on http://")
        .nth(1)
        .and_then(|rest| rest.split('/').next())
        .expect("an address");
    let address = address.parse().expect("an address");
    for (bearer, who) in [(ADMIN_TOKEN, "admin"), (USER_TOKEN, "user")] {
        crm.memory.forget_requests();
        let client = HttpMcp::connect_as(address, Era::Stateless, "/desk", bearer).await;
        let found = client.call("crm_search", json!({"entity": "leads"})).await;
        assert_ne!(found["isError"], true, "{found}");
        assert!(
            crm.memory
                .callers()
                .iter()
                .all(|caller| *caller == Some(who))
        );
    }
    let stranger = HttpMcp::stranger(address, Era::Stateless, "/desk");
    assert_eq!(stranger.send("tools/list", json!({})).await.status, 401);
}

#[tokio::test]
async fn what_is_missing_or_too_much_ends_it_with_one_line() {
    let crm = Bottle::start().await;
    let url = crm.url();
    for (variables, words) in [
        (&[("BCRM_TOKEN", ADMIN_TOKEN)][..], "BCRM_BASE_URL"),
        (&[("BCRM_BASE_URL", url.as_str())], "BCRM_TOKEN"),
        (
            &[
                ("BCRM_BASE_URL", url.as_str()),
                ("BCRM_TRANSPORT", "http"),
                ("BCRM_TOKEN", ADMIN_TOKEN),
            ],
            "BCRM_TOKEN",
        ),
        (
            &[
                ("BCRM_BASE_URL", url.as_str()),
                ("BCRM_TRANSPORT", "sse"),
                ("BCRM_TOKEN", ADMIN_TOKEN),
            ],
            "BCRM_TRANSPORT",
        ),
        (
            &[
                ("BCRM_BASE_URL", url.as_str()),
                ("BCRM_TRANSPORT", "http"),
                ("BCRM_PORT", "many"),
            ],
            "BCRM_PORT",
        ),
    ] {
        let home = variables
            .iter()
            .fold(Portcullis::new(), |home, (name, value)| {
                home.variable(name, value)
            });
        let ran = home.run(&[]).await;
        assert_eq!(ran.code, Some(3), "{words}: {ran:?}");
        assert!(ran.out.is_empty(), "{words}: {ran:?}");
        let lines: Vec<&str> = ran
            .err
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        assert_eq!(lines.len(), 1, "{words}: {ran:?}");
        assert!(lines[0].contains(words), "{words}: {ran:?}");
        assert!(!ran.err.contains(ADMIN_TOKEN), "{words}: {ran:?}");
    }
    assert!(crm.memory.requests().is_empty());
}

#[tokio::test]
async fn a_live_check_tells_a_bad_token_from_a_bad_address() {
    let crm = Bottle::start().await;
    let good = home(&crm).variable("BCRM_TOKEN", ADMIN_TOKEN);
    let ran = good.run(&["check", "--live"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for (url, token, words) in [
        (crm.url(), REVOKED_TOKEN, "token"),
        (format!("{}/nowhere", crm.url()), ADMIN_TOKEN, "address"),
        ("http://127.0.0.1:9".to_owned(), ADMIN_TOKEN, "127.0.0.1:9"),
    ] {
        let home = Portcullis::new()
            .variable("BCRM_BASE_URL", &url)
            .variable("BCRM_TOKEN", token);
        let ran = home.run(&["check", "--live"]).await;
        assert_eq!(ran.code, Some(1), "{url}: {ran:?}");
        assert!(
            ran.out.contains("error") && ran.out.contains(words),
            "{url}: {ran:?}"
        );
        assert!(
            !ran.out.contains(token) && !ran.err.contains(token),
            "{url}: {ran:?}"
        );
    }
    let requests = crm.memory.requests();
    assert!(requests.iter().all(|seen| seen.method == "GET"));
}
