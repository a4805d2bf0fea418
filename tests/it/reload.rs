//! Files and configuration change under load, without a restart: a plugin is added, replaced,
//! broken, removed and overridden, connections come and go, and not one call of an unaffected
//! connection fails.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::host::{EVERYTHING, guest_connection};
use crate::support::wait::until;
use crate::support::{Crm, TestHost, guests};
use portcullis::registry::Origin;

/// Calls that never stop, and every answer that was not good.
struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    callers: JoinSet<Vec<String>>,
}

impl Load {
    fn on(host: &Arc<TestHost>, id: &str) -> Self {
        let (stop, done) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let mut callers = JoinSet::new();
        for _ in 0..3 {
            let (host, stop, done, id) = (
                Arc::clone(host),
                Arc::clone(&stop),
                Arc::clone(&done),
                id.to_owned(),
            );
            callers.spawn(async move {
                let mut failed = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let answer = host
                        .call("crm_get", json!({"entityType": "Account", "id": id}))
                        .await;
                    failed.extend(answer.err().map(|error| error.to_string()));
                    done.fetch_add(1, Ordering::Relaxed);
                }
                failed
            });
        }
        Self {
            stop,
            done,
            callers,
        }
    }

    /// Lets some calls pass.
    async fn goes_on(&self) {
        let from = self.done.load(Ordering::Relaxed);
        until("the load to go on", async || {
            self.done.load(Ordering::Relaxed) > from + 10
        })
        .await;
    }

    async fn end(mut self) -> (usize, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let mut failed = Vec::new();
        while let Some(of_one) = self.callers.join_next().await {
            failed.extend(of_one.expect("no panic"));
        }
        (self.done.load(Ordering::Relaxed), failed)
    }
}

fn config(more: &str) -> String {
    format!(
        "{EVERYTHING}\n[server]\nplugins = \"PLUGINS\"\n{}{more}",
        guest_connection("notebook", "limits.rate_burst = 1000")
    )
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("the folder is ours");
}

/// A host that watches, under load.
async fn loaded() -> (Crm, Arc<TestHost>, PathBuf, Load) {
    let crm = Crm::start().await;
    let mut host = TestHost::with(&config(""), &crm.url()).await;
    host.serve().await;
    let file = host.plugins().join("notebook.wasm");
    let host = Arc::new(host);
    let load = Load::on(&host, &crm.first("Account"));
    load.goes_on().await;
    (crm, host, file, load)
}

async fn no_call_failed(load: Load) {
    load.goes_on().await;
    let (done, failed) = load.end().await;
    assert!(
        failed.is_empty(),
        "{} of {done} calls failed: {}",
        failed.len(),
        failed[0]
    );
}

async fn lists(host: &TestHost, tool: &str, is: bool) {
    until(&format!("{tool} listed: {is}"), async || {
        host.listed().iter().any(|name| name == tool) == is
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_is_added_replaced_broken_and_removed_while_calls_run() {
    let (_crm, host, file, load) = loaded().await;
    write(&file, &guests::bytes("good_two"));
    lists(&host, "guest_shout", true).await;
    assert_eq!(
        host.call("guest_say", json!({})).await,
        Ok(json!({"version": "two"}))
    );
    write(&file, &guests::bytes("good_one"));
    lists(&host, "guest_shout", false).await;
    assert_eq!(
        host.call("guest_say", json!({})).await,
        Ok(json!({"version": "one"}))
    );
    write(&file, &guests::bytes("good_two")[..1000]);
    until("the broken file to be told", async || {
        !host.rejected().is_empty()
    })
    .await;
    assert_eq!(
        host.call("guest_say", json!({})).await,
        Ok(json!({"version": "one"})),
        "the good one stays"
    );
    std::fs::remove_file(&file).expect("it is there");
    lists(&host, "guest_say", false).await;
    assert!(host.rejected().is_empty());
    no_call_failed(load).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_takes_the_place_of_the_embedded_plugin_and_gives_it_back() {
    let (_crm, host, _, load) = loaded().await;
    let embedded = portcullis::registry::embedded()
        .iter()
        .find(|plugin| plugin.name == "espocrm")
        .expect("it is embedded");
    let file = host.plugins().join("espocrm.wasm");
    let from = |host: &TestHost| {
        let snapshot = host.snapshot();
        let plugin = snapshot
            .plugins
            .values()
            .find(|plugin| plugin.id.as_str() == "espocrm");
        plugin.map(|plugin| plugin.origin.clone())
    };
    assert_eq!(from(&host), Some(Origin::Embedded));
    write(&file, embedded.wasm);
    until("the file to serve", async || {
        from(&host) == Some(Origin::File(file.clone()))
    })
    .await;
    load.goes_on().await;
    std::fs::remove_file(&file).expect("it is there");
    until("the embedded one to serve again", async || {
        from(&host) == Some(Origin::Embedded)
    })
    .await;
    no_call_failed(load).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_come_and_go_with_the_file_and_a_bad_file_changes_nothing() {
    let (crm, host, _, load) = loaded().await;
    let second = "\n[connections.second]\nplugin = \"espocrm\"\nurl = \"URL\"\nsecrets.api_key = \"env:CRM_KEY\"\n";
    host.rewrite(&config(second), &crm.url());
    lists(&host, "second_get", true).await;
    let revision = host.snapshot().revision;
    host.rewrite(&format!("{}\nbogus = 1\n", config("")), &crm.url());
    until("the folder to be looked at again", async || {
        host.snapshot().revision > revision
    })
    .await;
    lists(&host, "second_get", true).await;
    host.rewrite(&config(""), &crm.url());
    lists(&host, "second_get", false).await;
    no_call_failed(load).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_call_keeps_the_plugin_that_it_began_with() {
    let stub = crate::support::Stub::ok().await;
    let bytes = guests::bytes("spin");
    let config = format!(
        "[server]\nplugins = \"PLUGINS\"\n{}",
        guest_connection("spin", "limits.cpu_ms = 400")
    );
    let mut host = TestHost::with_files(&config, &stub.url(), &[("spin.wasm", &bytes)])
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    host.serve().await;
    let host = Arc::new(host);
    let (caller, mut running) = (Arc::clone(&host), JoinSet::new());
    running.spawn(async move { caller.call("guest_say", json!({})).await });
    std::fs::remove_file(host.plugins().join("spin.wasm")).expect("it is there");
    lists(&host, "guest_say", false).await;
    let answer = running
        .join_next()
        .await
        .expect("one call")
        .expect("no panic")
        .expect_err("it spins");
    assert_eq!(answer["error"]["code"], "PLUGIN_LIMIT", "{answer}");
}
