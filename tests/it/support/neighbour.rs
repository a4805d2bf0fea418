//! A hostile guest beside a well-behaved plugin on one host, so that a test of a sin sees three things
//! in a few lines: how the sin ends, that the neighbour's calls all work meanwhile, and that the next
//! caller of the same plugin finds nothing of it.

use futures::future::join;
use portcullis::policy::Principal;
use serde_json::{Value, json};

use super::host::guest_connection;
use super::{Stub, TestHost, guests, in_time};

/// Calls that the neighbour makes while a guest sins.
pub const CALLS: usize = 20;

/// Where nobody listens.
pub const NOWHERE: &str = "http://127.0.0.1:9";

/// Room for a guest that sins as often as it can, so that no rate ends the test before the sin does.
const ROOM: &str = "limits.rate_per_second = 10000\nlimits.rate_burst = 100000";

/// A host with a guest called `guest` and its neighbour, each with a CRM of its own.
pub struct Street {
    pub host: TestHost,
    crm: Stub,
}

impl Street {
    /// A guest of this name, with lines for its connection, over a CRM.
    pub async fn of(guest: &str, more: &str, url: &str) -> Self {
        let connection = guest_connection(guest, &format!("{ROOM}\n{more}"));
        Self::with(guest, &connection, url).await
    }

    /// A guest of this name behind a connection `guest` of one's own.
    pub async fn with(guest: &str, connection: &str, url: &str) -> Self {
        let street = Self::before(connection, url, &[(guest, guests::bytes(guest))]).await;
        assert_eq!(
            street.host.rejected(),
            Vec::<String>::new(),
            "{guest} is taken"
        );
        street
    }

    /// A neighbour whose street a guest is about to enter: its file is not there yet.
    pub async fn empty(guest: &str) -> Self {
        Self::before(&guest_connection(guest, ""), NOWHERE, &[]).await
    }

    async fn before(connection: &str, url: &str, files: &[(&str, Vec<u8>)]) -> Self {
        let crm = Stub::ok().await;
        let neighbour = guest_connection("neighbour", ROOM)
            .replace("connections.guest", "connections.neighbour")
            .replace("URL", &crm.url());
        let config = format!(
            "[server]\nplugins = \"PLUGINS\"\nlimits.rate_per_second = 100000\nlimits.rate_burst = 1000000\n{connection}{neighbour}"
        );
        let mut all = vec![("neighbour.wasm".to_owned(), guests::bytes("neighbour"))];
        all.extend(
            files
                .iter()
                .map(|(name, bytes)| (format!("{name}.wasm"), bytes.clone())),
        );
        let all: Vec<(&str, &[u8])> = all
            .iter()
            .map(|(name, bytes)| (&**name, &**bytes))
            .collect();
        let host = TestHost::with_files(&config, url, &all).await;
        Self {
            host: host.unwrap_or_else(|error| panic!("{error}")),
            crm,
        }
    }

    /// What a tool of the guest answers, once or more often: it sins until the neighbour has had all
    /// its calls. Then somebody else calls the same guest, and it is as it ever was.
    pub async fn ends_of(&self, tool: &str, arguments: &Value) -> Vec<Result<Value, Value>> {
        let name = format!("guest_{tool}");
        let answers = self
            .meanwhile(async || self.host.call(&name, arguments.clone()).await)
            .await;
        let other = Principal::named("key", "somebody-else");
        let next = self
            .host
            .call_as(other, "guest_say", json!({"behave": true}));
        assert_eq!(
            in_time("the next caller", next).await,
            Ok(json!({"fine": true}))
        );
        answers
    }

    /// The errors in which every sin ended.
    pub async fn errors(&self) -> Vec<Value> {
        let ended = self.ends_of("say", &json!({})).await.into_iter();
        ended.map(|end| end.expect_err("it sins")).collect()
    }

    /// What the guest tells that it found or was told, where sinning is no error of the call.
    pub async fn told(&self) -> Vec<Value> {
        self.told_with(&json!({})).await
    }

    /// The same for arguments.
    pub async fn told_with(&self, arguments: &Value) -> Vec<Value> {
        let ended = self.ends_of("say", arguments).await.into_iter();
        let tell = |end: Result<Value, Value>| end.unwrap_or_else(|error| panic!("{error}"));
        ended.map(tell).collect()
    }

    /// Puts the guest's file into the folder while the neighbour's calls run: why it is refused.
    pub async fn refuses(&self, guest: &str) -> String {
        let file = self.host.plugins().join(format!("{guest}.wasm"));
        std::fs::write(file, guests::bytes(guest)).expect("the folder is ours");
        let look = async || self.host.host.app.registry.look_again().await;
        for seen in self.meanwhile(look).await {
            seen.unwrap_or_else(|error| panic!("{error}"));
        }
        let mut why = self.host.rejected();
        assert_eq!(why.len(), 1, "{guest} is refused once: {why:?}");
        assert_eq!(self.host.listed(), ["neighbour_say"]);
        why.remove(0)
    }

    /// Sins until the neighbour has had all its calls, each of which has to work.
    pub async fn meanwhile<T>(&self, sin: impl AsyncFn() -> T) -> Vec<T> {
        let served = std::cell::Cell::new(0);
        let neighbour = async {
            for _ in 0..CALLS {
                let call = self.host.call("neighbour_say", json!({}));
                let answer = in_time("a call of the neighbour", call).await;
                assert_eq!(answer, Ok(json!({"status": 200, "kept": "a note"})));
                served.set(served.get() + 1);
            }
        };
        let sinner = async {
            let mut ended = Vec::new();
            while ended.is_empty() || served.get() < CALLS {
                ended.push(in_time("the end of a sin", sin()).await);
            }
            ended
        };
        let before = self.crm.seen().len();
        let ((), ended) = join(neighbour, sinner).await;
        assert_eq!(served.get(), CALLS);
        assert!(self.crm.seen().len() >= before + CALLS, "its CRM was asked");
        ended
    }
}
