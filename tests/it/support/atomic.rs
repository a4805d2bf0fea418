//! The demo's Supabase project on a free port, and the connections to it that the tests use.

use portcullis_demo::Running;
use portcullis_demo::atomic::{AtomicCrm, Options, Person};
use portcullis_demo::fault::{Faults, faulty};

use super::TestHost;

/// Everything, as the sales representative, signed in by password.
pub const AS_REP: &str = r#"
[connections.desk]
plugin = "atomic"
url = "URL"
prefix = ""
secrets.publishable_key = "env:ATOMIC_KEY"
secrets.email = "env:ATOMIC_EMAIL"
secrets.password = "env:ATOMIC_PASSWORD"
allow = ["read", "write", "destructive"]
limits.rate_per_second = 10000
limits.rate_burst = 100000
"#;

/// Everything, as whoever calls.
pub const AS_CALLER: &str = r#"
[connections.desk]
plugin = "atomic"
url = "URL"
prefix = ""
identity = "forward"
secrets.publishable_key = "env:ATOMIC_KEY"
allow = ["read", "write", "destructive"]
limits.rate_per_second = 10000
limits.rate_burst = 100000
"#;

/// A project that answers.
pub struct Atomic {
    pub memory: AtomicCrm,
    pub faults: Faults,
    running: Running,
}

impl Atomic {
    /// Starts one with the usual records.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// Starts one that is set up in another way.
    pub async fn start_with(options: Options) -> Self {
        let (memory, faults) = (AtomicCrm::new(options), Faults::new());
        let running = Running::start(faulty(memory.router(), &faults))
            .await
            .expect("a free port");
        Self {
            memory,
            faults,
            running,
        }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// A host that acts as the sales representative.
    pub async fn as_rep(&self) -> TestHost {
        TestHost::with(AS_REP, &self.url()).await
    }

    /// An access token of somebody.
    pub fn token(&self, person: Person) -> String {
        self.memory.access_token(&self.url(), person)
    }

    /// A row that is there.
    pub fn row(&self, table: &str, id: i64) -> serde_json::Value {
        self.memory
            .record(table, id)
            .unwrap_or_else(|| panic!("there is no row {id} in {table}"))
    }

    /// How many requests that change something arrived at the project's data.
    pub fn changes(&self) -> usize {
        let seen = self.memory.requests();
        let changes = seen
            .iter()
            .filter(|seen| seen.method != "GET" && seen.path.starts_with("/rest/"));
        changes.count()
    }
}
