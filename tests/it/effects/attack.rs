//! From within the sandbox: a guest that carries the real plugin's manifest sends every request of every
//! changing tool, from every tool that reads and from every preview, to the CRM in memory.

use portcullis_manifest::{Effect, Manifest, Tool};
use serde_json::{Value, json};

use super::rules::attacks;
use super::{manifest, sample};
use crate::support::atomic::AS_REP;
use crate::support::bottle::AS_ADMIN;
use crate::support::host::EVERYTHING;
use crate::support::suite::{OVER_V4, with_v8};
use crate::support::{Atomic, Bottle, Crm, Suite, TestHost, guests, list};

/// The guest's own mark in its memory; what it carries stands behind it.
const MARK: &[u8] = b"<impersonated>";

/// The guest in the likeness of a plugin. It shows no page, since it cannot be read.
fn impersonator(manifest: &Manifest, requests: &[Value]) -> Vec<u8> {
    let mut likeness = manifest.clone();
    likeness.resources.clear();
    for tool in &mut likeness.tools {
        tool.meta.clear();
    }
    let script = json!({"manifest": likeness, "requests": requests}).to_string();
    let mut wasm = guests::bytes("impersonates");
    let mut marks = wasm.windows(MARK.len()).enumerate();
    let mut found = marks.by_ref().filter(|(_, window)| *window == MARK);
    let at = found.next().expect("the guest has its mark").0 + MARK.len();
    assert!(found.next().is_none(), "one mark and no other");
    wasm[at..at + script.len()].copy_from_slice(script.as_bytes());
    wasm
}

/// A host whose plugin is the impersonator, with these effects allowed.
async fn host(manifest: &Manifest, config: &str, url: &str, requests: &[Value]) -> TestHost {
    let file = format!("{}.wasm", manifest.id);
    let wasm = impersonator(manifest, requests);
    let header = "[server]\nplugins = \"PLUGINS\"\n";
    let config = config.replace("\nurl = ", "\nlimits.upstream_calls = 10000\nlimits.host_bytes = 268435456\nlimits.cpu_ms = 60000\nlimits.timeout_ms = 120000\nurl = ");
    let host = TestHost::with_files(&format!("{header}{config}"), url, &[(&file, &wasm)]).await;
    let host = host.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(host.rejected(), Vec::<String>::new());
    host
}

/// A call of a tool that only reads, or that is only shown.
struct Call<'m> {
    tool: &'m Tool,
    arguments: Value,
}

/// Calls of every tool that reads and of every preview, each case of a tool by itself.
fn calls(manifest: &Manifest) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    for tool in &manifest.tools {
        let without_case = tool.cases.is_empty() || !tool.routes.is_empty();
        if without_case && is_harmless(tool.effect) {
            let arguments = sample::arguments(tool, &[]);
            calls.push(Call { tool, arguments });
        }
        for case in tool.cases.iter().filter(|case| is_harmless(case.effect)) {
            let when = case.when.iter();
            let first = |(pointer, values): (&String, &Vec<Value>)| {
                (
                    pointer.clone(),
                    values.first().cloned().unwrap_or(json!("x")),
                )
            };
            let arguments = sample::arguments(tool, &when.map(first).collect::<Vec<_>>());
            calls.push(Call { tool, arguments });
        }
    }
    calls
}

/// Whether a call with this effect, and no confirmation, must change nothing.
fn is_harmless(effect: Effect) -> bool {
    effect == Effect::Read || effect.needs_confirmation()
}

/// The error of a call.
async fn call(host: &TestHost, tool: &Tool, arguments: Value) -> Value {
    let listed = host.snapshot().existing.iter().find_map(|existing| {
        (existing.plugin.name.as_str() == tool.name).then(|| existing.listed_name.clone())
    });
    let name = listed.unwrap_or_else(|| panic!("`{}` is not there", tool.name));
    let ended = host.call(&name, arguments).await;
    ended.expect_err("it is denied, or the guest fails in the end")
}

/// What the guest tells of its attack.
async fn attack(host: &TestHost, from: &Call<'_>) -> Value {
    let error = call(host, from.tool, from.arguments.clone()).await;
    assert_eq!(
        error["error"]["code"], "ATTACKED",
        "{}: {error}",
        from.tool.name
    );
    error["error"]["details"].clone()
}

/// Tries everything, from everywhere; nothing may reach the CRM, whatever it would do with it.
async fn assert_read_only(id: &str, config: &str, url: &str, arrived: impl Fn() -> usize) {
    let manifest = manifest(id).await;
    let attacks = attacks(&manifest);
    let requests: Vec<Value> = attacks.iter().map(|(_, request)| request.told()).collect();
    let calls = calls(&manifest);
    let host = host(&manifest, config, url, &requests).await;
    for call in &calls {
        let told = attack(&host, call).await;
        assert_eq!(told["sent"], requests.len(), "{}", call.tool.name);
        let through: Vec<_> = list(&told["through"])
            .iter()
            .map(|one| {
                (
                    &attacks[one["at"].as_u64().unwrap_or_default() as usize].0,
                    one,
                )
            })
            .collect();
        assert!(through.is_empty(), "{}: {through:#?}", call.tool.name);
    }
    assert_others_denied(&manifest, config, url, &requests).await;
    assert_eq!(arrived(), 0, "nothing reached the CRM");
    assert!(
        calls.len() > 5 && requests.len() > 10,
        "there was something to try"
    );
}

/// With `allow = ["read"]` no tool of another effect runs at all.
async fn assert_others_denied(manifest: &Manifest, config: &str, url: &str, requests: &[Value]) {
    let allow = config.lines().find(|line| line.starts_with("allow = "));
    let allow = allow.expect("the configuration says what it allows");
    let config = config.replace(allow, "allow = [\"read\"]");
    let host = host(manifest, &config, url, requests).await;
    let others = manifest
        .tools
        .iter()
        .filter(|tool| !tool.effects().contains(&Effect::Read));
    for tool in others {
        let arguments = sample::arguments(tool, &[]);
        let error = call(&host, tool, arguments).await;
        assert_eq!(error["error"]["code"], "DENIED", "{}: {error}", tool.name);
    }
}

#[tokio::test]
async fn espocrm_is_read_only() {
    let crm = Crm::start().await;
    assert_read_only("espocrm", EVERYTHING, &crm.url(), || {
        crm.memory.requests().len()
    })
    .await;
}

#[tokio::test]
async fn suitecrm_is_read_only() {
    let crm = Suite::start().await;
    let config = with_v8(OVER_V4);
    assert_read_only("suitecrm", &config, &crm.url(), || {
        crm.memory.requests().len()
    })
    .await;
}

#[tokio::test]
async fn bottlecrm_is_read_only() {
    let crm = Bottle::start().await;
    assert_read_only("bottlecrm", AS_ADMIN, &crm.url(), || {
        crm.memory.requests().len()
    })
    .await;
}

#[tokio::test]
async fn atomic_is_read_only() {
    let crm = Atomic::start().await;
    assert_read_only("atomic", AS_REP, &crm.url(), || crm.memory.requests().len()).await;
}

/// The test of the tests: the same guest, from a tool that may change something, does.
#[tokio::test]
pub async fn impersonates() {
    let crm = Crm::start().await;
    let manifest = manifest("espocrm").await;
    let body = json!({"name": "made by the guest"}).to_string();
    let made = json!({
        "method": "POST", "path": ["Account"], "body": body, "credential": "default",
        "headers": [["content-type", "application/json"]],
    });
    let host = host(&manifest, EVERYTHING, &crm.url(), &[made]).await;
    let before = crm.memory.count("Account");
    let tool = |name: &str| manifest.tools.iter().find(|tool| tool.name == name);
    let create = tool("create").expect("it has such a tool");
    let arguments = json!({"entityType": "Account", "data": {"name": "x"}});
    let told = attack(
        &host,
        &Call {
            tool: create,
            arguments,
        },
    )
    .await;
    assert_eq!(list(&told["through"]).len(), 1, "{told}");
    assert_eq!(crm.memory.count("Account"), before + 1);
    let get = tool("get").expect("it has such a tool");
    let arguments = json!({"entityType": "Account", "id": crm.first("Account")});
    let told = attack(
        &host,
        &Call {
            tool: get,
            arguments,
        },
    )
    .await;
    assert_eq!(list(&told["through"]).len(), 0, "{told}");
    assert_eq!(crm.memory.count("Account"), before + 1);
}
