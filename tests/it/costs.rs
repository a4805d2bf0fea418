//! What lists and answers take of a model's context window: the table of README.md is made of what the
//! in-memory CRMs give, and is held to it. `UPDATE=1` writes it anew.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tiktoken_rs::CoreBPE;

use crate::policy::connection;
use crate::support::atomic::AS_REP;
use crate::support::bottle::AS_ADMIN;
use crate::support::host::EVERYTHING;
use crate::support::suite::OVER_V4;
use crate::support::{Atomic, Bottle, Crm, Era, HttpMcp, Portcullis, Suite, TestHost, list, text};
use portcullis_demo::espocrm::FULL_KEY;

/// What stands around the table in README.md.
const BEGIN: &str = "<!-- costs: begin -->\n";
const END: &str = "<!-- costs: end -->";

/// How far the README may be from what is measured, in hundredths: records of the in-memory CRMs have
/// dates of today.
const TOLERANCE: usize = 5;

/// A line of the table.
struct Line {
    what: String,
    bytes: usize,
    tokens: usize,
    /// What the program that is replaced takes, where it was measured.
    theirs: &'static str,
}

/// Calls of one CRM, each with the words for its line and what the replaced program takes.
struct Case<'c> {
    crm: &'c str,
    config: &'c str,
    url: String,
    list: &'static str,
    calls: Vec<(&'c str, &'c str, Value, &'static str)>,
}

fn tokens(encoding: &CoreBPE, text: &str) -> usize {
    encoding.encode_ordinary(text).len()
}

async fn tools(config: &str, url: &str) -> (TestHost, HttpMcp, Vec<Value>) {
    let mut host = TestHost::with(config, url).await;
    let client = HttpMcp::connect(host.serve().await.address, Era::Stateless).await;
    let listed = client.request("tools/list", json!({})).await;
    let tools = list(&listed["result"]["tools"]).to_vec();
    (host, client, tools)
}

/// What clients hand on to a model of each tool.
fn for_model(tools: &[Value]) -> String {
    let handed = tools.iter().map(|tool| {
        json!({"name": tool["name"], "description": tool["description"], "parameters": tool["inputSchema"]})
    });
    let handed: Vec<String> = handed.map(|tool| tool.to_string()).collect();
    handed.join("\n")
}

async fn measure(case: Case<'_>, encoding: &CoreBPE) -> Vec<Line> {
    let compact = case
        .config
        .replacen("allow =", "list = \"compact\"\nallow =", 1);
    let mut lines = Vec::new();
    let (_host, client, all) = tools(case.config, &case.url).await;
    let (_compact_host, _compact_client, few) = tools(&compact, &case.url).await;
    for (tools, words, theirs) in [(&all, "tools", case.list), (&few, "tools, compact", "")] {
        let handed = for_model(tools);
        lines.push(Line {
            what: format!("{}: {} {words}", case.crm, tools.len()),
            bytes: handed.len(),
            tokens: tokens(encoding, &handed),
            theirs,
        });
    }
    for (tool, words, arguments, theirs) in case.calls {
        let answer = client.call(tool, arguments).await;
        assert!(answer["isError"] != json!(true), "{tool}: {answer}");
        let said = text(&answer, "/content/0/text");
        let value = &answer["structuredContent"];
        let rows = value["records"].as_array().map(Vec::len);
        let count = rows.map(|rows| format!("{rows} ")).unwrap_or_default();
        lines.push(Line {
            what: format!("{}: {count}{words}", case.crm),
            bytes: said.len(),
            tokens: tokens(encoding, said),
            theirs,
        });
        if rows.is_some() {
            let json = value.to_string();
            lines.push(Line {
                what: format!("{}: the same, `text = \"json\"`", case.crm),
                bytes: json.len(),
                tokens: tokens(encoding, &json),
                theirs: "",
            });
            assert!(json.len() < 10_000, "{tool}: {} bytes", json.len());
            assert!(
                tokens(encoding, said) < tokens(encoding, &json),
                "{tool}: the table is smaller"
            );
        }
    }
    lines
}

fn row(line: &Line) -> String {
    let Line {
        what,
        bytes,
        tokens,
        theirs,
    } = line;
    let theirs = if theirs.is_empty() { "" } else { theirs };
    format!("| {what} | {bytes} | {tokens} | {theirs} |\n")
}

async fn lines() -> Vec<Line> {
    let encoding = tiktoken_rs::o200k_base().expect("the encoding");
    let (espo, suite) = (Crm::start().await, Suite::start().await);
    let (bottle, atomic) = (Bottle::start().await, Atomic::start().await);
    let cases = [
        Case {
            crm: "EspoCRM",
            config: EVERYTHING,
            url: espo.url(),
            list: "not measured",
            calls: vec![
                (
                    "crm_search",
                    "contacts",
                    json!({"entityType": "Contact", "limit": 20}),
                    "not measured",
                ),
                (
                    "crm_get",
                    "one account",
                    json!({"entityType": "Account", "id": espo.first("Account")}),
                    "",
                ),
                (
                    "crm_get_schema",
                    "the schema of leads",
                    json!({"entityType": "Lead"}),
                    "",
                ),
            ],
        },
        Case {
            crm: "SuiteCRM",
            config: OVER_V4,
            url: suite.url(),
            list: "7,500 bytes",
            calls: vec![
                (
                    "suite_search",
                    "accounts",
                    json!({"module": "Accounts", "max_results": 20}),
                    "1,800 to 3,500 bytes for each record, 490 tokens and more",
                ),
                (
                    "suite_get",
                    "one account",
                    json!({"module": "Accounts", "id": suite.first("Accounts")}),
                    "",
                ),
                (
                    "suite_get_module_fields",
                    "two fields of accounts",
                    json!({"module": "Accounts", "fields": ["name", "industry"]}),
                    "",
                ),
            ],
        },
        Case {
            crm: "BottleCRM",
            config: AS_ADMIN,
            url: bottle.url(),
            list: "3,588 bytes, 856 tokens",
            calls: vec![
                (
                    "crm_search",
                    "leads",
                    json!({"entity": "leads", "limit": 20}),
                    "20 leads: 97,294 bytes, 34,120 tokens, and as much again as structured content",
                ),
                (
                    "crm_search",
                    "opportunities",
                    json!({"entity": "opportunities", "limit": 20}),
                    "20 opportunities: 507,011 bytes, 183,753 tokens, and as much again",
                ),
                (
                    "crm_get",
                    "one lead",
                    json!({"entity": "leads", "id": bottle.first("leads")}),
                    "27,502 bytes on the wire",
                ),
                (
                    "crm_describe",
                    "the schema of leads",
                    json!({"entity": "leads"}),
                    "4,288 bytes on the wire",
                ),
            ],
        },
        Case {
            crm: "Atomic CRM",
            config: AS_REP,
            url: atomic.url(),
            list: "not measured",
            calls: vec![
                (
                    "list_records",
                    "contacts",
                    json!({"entity": "contacts", "limit": 20}),
                    "not measured",
                ),
                (
                    "get_record",
                    "one contact",
                    json!({"entity": "contacts", "id": 1}),
                    "",
                ),
                (
                    "get_schema",
                    "the schema of deals",
                    json!({"relation": "deals"}),
                    "",
                ),
            ],
        },
    ];
    let mut lines = Vec::new();
    for case in cases {
        lines.extend(measure(case, &encoding).await);
    }
    lines
}

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")
}

/// The numbers of a row of the README, with what they are of.
fn numbers(row: &str) -> Option<(&str, usize, usize)> {
    let mut cells = row.trim_matches('|').split('|').map(str::trim);
    let what = cells.next()?;
    Some((
        what,
        cells.next()?.parse().ok()?,
        cells.next()?.parse().ok()?,
    ))
}

#[tokio::test]
async fn the_readme_tells_what_lists_and_answers_cost() {
    let lines = lines().await;
    let text = std::fs::read_to_string(readme()).expect("README.md");
    let (before, rest) = text.split_once(BEGIN).expect("the table begins");
    let (table, after) = rest.split_once(END).expect("the table ends");
    if std::env::var_os("UPDATE").is_some() {
        let head = "| | bytes | tokens | the program that it replaces |\n|---|--:|--:|---|\n";
        let rows: String = lines.iter().map(row).collect();
        let whole = format!("{before}{BEGIN}{head}{rows}{END}{after}");
        std::fs::write(readme(), whole).expect("README.md is written");
        return;
    }
    let told: Vec<_> = table.lines().filter_map(numbers).collect();
    let close = |told: usize, found: usize| told.abs_diff(found) * 100 <= found.max(1) * TOLERANCE;
    let wrong: Vec<&str> = lines
        .iter()
        .filter(|line| {
            let same = |(what, bytes, tokens): &(&str, usize, usize)| {
                *what == line.what && close(*bytes, line.bytes) && close(*tokens, line.tokens)
            };
            !told.iter().any(same)
        })
        .map(|line| line.what.as_str())
        .collect();
    assert!(
        wrong.is_empty() && told.len() == lines.len(),
        "README.md is not what was measured for {wrong:?}; `UPDATE=1` writes the table anew"
    );
}

#[tokio::test]
async fn the_command_line_counts_lists() {
    let configured = |list: &str| {
        let more = format!("list = \"{list}\"\nallow =");
        Portcullis::new()
            .config(
                &connection("read").replacen("allow =", &more, 1),
                "http://127.0.0.1:9",
            )
            .variable("CRM_KEY", FULL_KEY)
    };
    let mut totals = Vec::new();
    for list_key in ["all", "compact"] {
        let ran = configured(list_key)
            .run(&["tools", "--cost", "--json"])
            .await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let told: Value = serde_json::from_str(&ran.out).expect("JSON");
        let one = &told["connections"][0];
        assert_eq!(
            (&told["encoding"], &one["list"]),
            (&json!("o200k_base"), &json!(list_key))
        );
        let tools = list(&one["tools"]);
        let sum: u64 = tools
            .iter()
            .filter_map(|tool| tool["model_tokens"].as_u64())
            .sum();
        assert_eq!(told["total"]["model_tokens"], sum, "{told}");
        assert!(
            tools
                .iter()
                .all(|tool| tool["bytes"].as_u64() > tool["listed_tokens"].as_u64())
        );
        totals.push((tools.len(), sum));
        assert!(one["compact"]["model_tokens"].as_u64() < one["all"]["model_tokens"].as_u64());
    }
    assert_eq!(totals[1].0, 3);
    assert!(totals[1].1 * 3 < totals[0].1, "{totals:?}");
    let table = configured("compact").run(&["tools", "--cost"]).await;
    assert!(
        table.out.contains("crm_find_tool") && table.out.contains("if all"),
        "{table:?}"
    );
    let listed = configured("compact").run(&["tools"]).await;
    assert!(
        listed
            .out
            .contains("is compact: clients are shown crm_find_tool"),
        "{listed:?}"
    );
    let both = configured("all").run(&["tools", "--cost", "--all"]).await;
    assert_eq!(both.code, Some(2), "{both:?}");
}
