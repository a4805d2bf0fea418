//! Everything that the built program writes, at the level `trace` and in both forms of its log.

use serde_json::json;

use super::crm::Crm;
use super::guest::arguments;
use super::{CANARY, SECRETS, SLOTS, TOKEN, USER, connection, file, needles, variable};
use crate::support::{Era, Portcullis, Stdio};

/// What a caller sends, which is personal, and no business of a log.
const PERSONAL: &str = "ada-of-the-tests@example.com";

/// The program with every secret in its environment, and `trace` in its file.
fn program(crm: &Crm, server: &str, more: &str) -> Portcullis {
    let (name, bytes) = file();
    let config = format!(
        "[server]\nplugins = \"plugins\"\n{server}\n{}",
        connection(more)
    );
    let mut program = Portcullis::new()
        .config(&config, &crm.stub.url())
        .file(&format!("plugins/{name}"), &bytes)
        .variable("DUMP_USER", USER)
        .variable("OWN_TOKEN", TOKEN)
        .variable("RUST_LOG", "trace")
        .variable("RUST_BACKTRACE", "full");
    for (name, value) in SECRETS {
        program = program.variable(&variable(name), value);
    }
    program
}

fn log(json: bool) -> String {
    format!("log.level = \"trace\"\nlog.json = {json}")
}

fn needles(crm: &Crm) -> Vec<String> {
    let all = [Crm::foreseen(), crm.gave_away(), crm.signatures()].concat();
    needles::of(all.iter().map(String::as_str).chain([TOKEN]))
}

#[tokio::test]
async fn a_log_at_trace_holds_no_secret_and_nothing_of_the_arguments() {
    for json in [false, true] {
        for era in Era::BOTH {
            let crm = Crm::start().await;
            let mut client = Stdio::start(program(&crm, &log(json), ""), &["serve"], era).await;
            for slot in SLOTS
                .iter()
                .step_by(if era == Era::Stateless { 1 } else { 5 })
            {
                let mut arguments = arguments(slot, &[]);
                arguments["about"] = json!(PERSONAL);
                let told = client.call("guest_dump", arguments).await;
                assert_ne!(told["isError"], true, "{slot}: {told}");
                needles::assert_absent(&needles(&crm), slot, told.to_string().as_bytes());
            }
            client.hang_up();
            client.exit_code().await;
            let log = client.log();
            assert!(
                log.contains("TRACE") && log.contains(CANARY),
                "it is at trace"
            );
            needles::assert_absent(&needles(&crm), "the log", log.as_bytes());
            needles::assert_absent(&[PERSONAL.to_owned()], "the log", log.as_bytes());
        }
    }
}

#[tokio::test]
async fn over_http_neither_does_it_hold_a_callers_token() {
    use crate::support::HttpMcp;
    let crm = Crm::start().await;
    let program = program(&crm, &log(false), "identity = \"forward\"");
    let mut server = Stdio::spawn(program, &["serve", "--http", "127.0.0.1:0"], Era::Stateless);
    let address = server.listens().await;
    let needles = needles(&crm);
    for era in Era::BOTH {
        let client = HttpMcp::stranger(address, era, "/mcp/guest").bearing(Some(TOKEN));
        let mut arguments = arguments("header", &[]);
        arguments["about"] = json!(PERSONAL);
        let params = json!({"name": "guest_dump", "arguments": arguments});
        let answer = client.send("tools/call", params).await;
        needles::assert_absent(&needles, "the answer", answer.body.as_bytes());
    }
    server.terminate();
    server.exit_code().await;
    let log = server.log();
    assert!(log.contains("TRACE"), "it is at trace");
    needles::assert_absent(&needles, "the log", log.as_bytes());
    needles::assert_absent(&[PERSONAL.to_owned()], "the log", log.as_bytes());
}

/// Commands for a person: what they print and what they log, also when the CRM is gone or refuses.
#[tokio::test]
async fn no_command_prints_a_secret() {
    let crm = Crm::start().await;
    let one = arguments("oauth_refresh", &[]).to_string();
    for commands in [
        &["check"][..],
        &["check", "--live"],
        &["plugin", "list"],
        &["tools"],
        &["tools", "--json"],
        &["call", "guest_dump", &one],
        &["call", "guest_dump", "{\"slot\": 1, \"ask\": 2}"],
        &["call", "guest_dump", "no JSON"],
        &["call", "guest_nothing", "{}"],
    ] {
        for more in ["", "auth = \"nonsense\"", "url = \"http://127.0.0.1:1\""] {
            let program = program(&crm, &log(false), "");
            let program = match more.strip_prefix("url = ") {
                Some(url) => {
                    let config = program.folder.path().join("portcullis.toml");
                    let text = std::fs::read_to_string(&config).expect("it was written");
                    let text = text.replace(&format!("\"{}\"", crm.stub.url()), url);
                    program.file("portcullis.toml", text.as_bytes())
                }
                None => self::program(&crm, &log(false), more),
            };
            let ran = program.run(commands).await;
            let all = format!("{}\n{}", ran.out, ran.err);
            needles::assert_absent(&needles(&crm), &commands.join(" "), all.as_bytes());
            assert!(!all.contains("panicked"), "{commands:?}: {all}");
        }
    }
}
