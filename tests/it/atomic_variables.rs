//! The binary with nothing but the variables of Atomic CRM's own servers.

use serde_json::{Value, json};

use crate::support::http::Ask;
use crate::support::stub::{Arrived, json_response};
use crate::support::{Era, HttpMcp, Portcullis, Stdio, Stub, list, text};

/// What stands in `DATABASE_URL`, and nowhere else.
const PASSWORD: &str = "password-of-the-database";

async fn project() -> Stub {
    Stub::start(|arrived: &Arrived| {
        let path = arrived.path.split('?').next().unwrap_or_default();
        match path {
            "/auth/v1/token" => {
                json_response(r#"{"access_token":"access-of-a-test","expires_in":3600}"#)
            }
            "/auth/v1/.well-known/jwks.json" => json_response(r#"{"keys":[]}"#),
            _ => {
                let mut found = json_response("[]");
                let range = "*/0".parse().expect("a header");
                found.headers_mut().insert("content-range", range);
                found
            }
        }
    })
    .await
}

fn home(project: &Stub) -> Portcullis {
    Portcullis::new().variable("SUPABASE_URL", &project.url())
}

async fn listening(process: &Stdio) -> std::net::SocketAddr {
    process.logs("listening on http://").await;
    let log = process.log();
    let rest = log.split("listening on http://").nth(1);
    let address = rest.and_then(|rest| rest.split('/').next());
    let address = address.expect("an address").parse();
    address.expect("an address")
}

#[tokio::test]
async fn the_address_alone_lists_the_tools_and_a_call_names_what_is_missing() {
    let project = project().await;
    let mut stdio = Stdio::start(home(&project), &[], Era::Stateless).await;
    let listed = stdio.request("tools/list", json!({})).await;
    let tools = list(&listed["result"]["tools"]).iter();
    let names: Vec<&str> = tools.map(|tool| text(tool, "/name")).collect();
    for name in ["query", "mutate", "get_schema", "complete_task", "search"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let told = stdio
        .call("list_records", json!({"entity": "tags"}))
        .await
        .to_string();
    assert!(told.contains("SUPABASE_PUBLISHABLE_KEY"), "{told}");
    stdio.logs("SUPABASE_REFRESH_TOKEN: is not set").await;
    let keyless = home(&project)
        .variable("SUPABASE_EMAIL", "rep@crm.example")
        .variable("SUPABASE_PASSWORD", "a long enough password");
    let ran = keyless
        .run(&["call", "list_records", r#"{"entity":"tags"}"#])
        .await;
    assert!(
        ran.out
            .contains("SUPABASE_ANON_KEY` or `SUPABASE_PUBLISHABLE_KEY"),
        "{ran:?}"
    );
    assert!(project.seen().is_empty());
}

#[tokio::test]
async fn the_older_name_of_the_key_is_understood_and_the_newer_one_wins() {
    let project = project().await;
    for (variables, key) in [
        (
            &[("SUPABASE_ANON_KEY", "older-key-of-a-test")][..],
            "older-key-of-a-test",
        ),
        (
            &[
                ("SUPABASE_ANON_KEY", "older-key-of-a-test"),
                ("SUPABASE_PUBLISHABLE_KEY", "newer-key-of-a-test"),
            ],
            "newer-key-of-a-test",
        ),
    ] {
        let account = home(&project)
            .variable("SUPABASE_EMAIL", "rep@crm.example")
            .variable("SUPABASE_PASSWORD", "a long enough password");
        let home = variables
            .iter()
            .fold(account, |home, (name, value)| home.variable(name, value));
        let ran = home
            .run(&["call", "list_records", r#"{"entity":"tags"}"#])
            .await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let seen = project.seen();
        let last = seen.last().expect("it was asked");
        assert_eq!(last.header("apikey"), Some(key));
        assert_eq!(
            last.header("authorization"),
            Some("Bearer access-of-a-test")
        );
    }
}

#[tokio::test]
async fn over_http_each_caller_is_asked_for_a_token_under_the_address_of_the_variable() {
    let project = project().await;
    for (variable, argument, resource) in [
        (
            Some("https://mcp.example.com"),
            None,
            "https://mcp.example.com/mcp",
        ),
        (
            Some("https://mcp.example.com"),
            Some("--url=https://other.example.com/crm"),
            "https://other.example.com/crm/mcp",
        ),
    ] {
        let home = home(&project).variable("PORT", "0").variable(
            "DATABASE_URL",
            &format!("postgres://postgres:{PASSWORD}@db/postgres"),
        );
        let home = variable
            .into_iter()
            .fold(home, |home, url| home.variable("MCP_SERVER_URL", url));
        let arguments: Vec<&str> = ["serve", "--http"].into_iter().chain(argument).collect();
        let process = Stdio::spawn(home, &arguments, Era::Stateless);
        let address = listening(&process).await;
        let client = HttpMcp::stranger(address, Era::Stateless, "/mcp");
        let refused = client.send("tools/list", json!({})).await;
        assert_eq!(refused.status, 401);
        let challenge = refused.header("www-authenticate").unwrap_or_default();
        let origin = resource
            .trim_end_matches("/crm/mcp")
            .trim_end_matches("/mcp");
        assert!(
            challenge.contains(&format!("resource_metadata=\"{origin}")),
            "{challenge}"
        );
        let asked = Ask::new("GET", "/.well-known/oauth-protected-resource")
            .send(address)
            .await;
        let document: Value = asked.expect("an answer").json();
        assert_eq!(document["resource"], resource);
        let issuer = format!("{}/auth/v1", project.url().trim_end_matches('/'));
        assert_eq!(document["authorization_servers"], json!([issuer]));
        let log = process.log();
        assert_eq!(log.matches("DATABASE_URL: is not used").count(), 1, "{log}");
        assert!(!log.contains(PASSWORD), "{log}");
        assert!(!log.contains("SUPABASE_REFRESH_TOKEN"), "{log}");
    }
}

#[tokio::test]
async fn what_is_missing_is_named_as_far_as_the_variables_are_begun() {
    let project = project().await;
    let key = "SUPABASE_ANON_KEY: is not set, and every request to the CRM needs it; `SUPABASE_PUBLISHABLE_KEY` would do instead";
    let both = "SUPABASE_REFRESH_TOKEN: is not set, so calls to the CRM cannot authenticate; `SUPABASE_EMAIL` and `SUPABASE_PASSWORD` would do instead";
    let none = home(&project).run(&["check"]).await;
    assert_eq!(none.code, Some(1), "{none:?}");
    assert!(
        none.err.contains(key) && none.err.contains(both),
        "{none:?}"
    );
    let begun = home(&project).variable("SUPABASE_EMAIL", "rep@crm.example");
    let begun = begun.run(&["check"]).await;
    let all = format!("{}{}", begun.out, begun.err);
    assert!(all.contains("SUPABASE_PASSWORD: is not set"), "{all}");
    assert!(all.contains("`SUPABASE_PASSWORD` not set"), "{all}");
    assert!(!all.contains("SUPABASE_REFRESH_TOKEN"), "{all}");
    let listening = home(&project).variable("PORT", "0");
    let process = Stdio::spawn(listening, &["serve", "--http"], Era::Stateless);
    process.logs(key).await;
}

#[tokio::test]
async fn the_bare_command_takes_the_address_for_clients() {
    let project = project().await;
    let url = "--url=https://mcp.example.com";
    let home = || home(&project).variable("SUPABASE_PUBLISHABLE_KEY", "a-key-of-a-test");
    let listens = home().variable("PORTCULLIS_HTTP", "127.0.0.1:0");
    let process = Stdio::spawn(listens, &[url], Era::Stateless);
    let asked = Ask::new("GET", "/.well-known/oauth-protected-resource");
    let asked = asked.send(listening(&process).await).await;
    let document: Value = asked.expect("an answer").json();
    assert_eq!(document["resource"], "https://mcp.example.com/mcp");
    let mut stdio = Stdio::start(home(), &[url], Era::Stateless).await;
    stdio.logs("--url has no effect over stdio").await;
    let listed = stdio.request("tools/list", json!({})).await;
    assert!(!list(&listed["result"]["tools"]).is_empty());
    let ran = home().run(&[url, "check"]).await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
}

#[tokio::test]
async fn what_is_wrong_ends_it_with_one_line() {
    let project = project().await;
    for (variable, arguments, code, words) in [
        (
            Some(("MCP_SERVER_URL", "mcp.example.com")),
            &["serve"][..],
            3,
            "MCP_SERVER_URL: is no URL",
        ),
        (
            None,
            &["serve", "--http", "--url=ftp://a.example"],
            2,
            "--url has the scheme `ftp`",
        ),
        (
            Some(("PORT", "many")),
            &["serve", "--http"],
            3,
            "PORT: must be a port",
        ),
        (
            Some(("PORTCULLIS_STATE", "redis://cache")),
            &["serve"],
            3,
            "PORTCULLIS_STATE: a state on a server (`redis://…`) is not supported yet",
        ),
        (
            Some(("PORTCULLIS_STATE_KEY", "short")),
            &["serve"],
            3,
            "PORTCULLIS_STATE_KEY: must be 64 hexadecimal digits",
        ),
    ] {
        let home = variable
            .into_iter()
            .fold(home(&project), |home, (name, value)| {
                home.variable(name, value)
            });
        let ran = home.run(arguments).await;
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.err.contains(words), "{ran:?}");
    }
}
