//! The demo's BottleCRM on a free port, and the connections to it that the tests use.

use portcullis_demo::Running;
use portcullis_demo::bottlecrm::{BottleCrm, Options};
use portcullis_demo::fault::{Faults, faulty};

use super::TestHost;

/// Everything, as the administrator.
pub const AS_ADMIN: &str = r#"
[connections.desk]
plugin = "bottlecrm"
url = "URL"
prefix = ""
secrets.token = "env:BOTTLE_TOKEN"
allow = ["read", "write", "destructive", "outward"]
limits.rate_per_second = 10000
limits.rate_burst = 100000
"#;

/// Everything, as whoever calls.
pub const AS_CALLER: &str = r#"
[connections.desk]
plugin = "bottlecrm"
url = "URL"
prefix = ""
identity = "forward"
allow = ["read", "write", "destructive"]
limits.rate_per_second = 10000
limits.rate_burst = 100000
"#;

/// A CRM that answers.
pub struct Bottle {
    pub memory: BottleCrm,
    pub faults: Faults,
    running: Running,
}

impl Bottle {
    /// Starts one with the usual records.
    pub async fn start() -> Self {
        let (memory, faults) = (BottleCrm::new(Options::default()), Faults::new());
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

    /// The first record of a kind.
    pub fn first(&self, kind: &str) -> String {
        let mut ids = self.memory.ids(kind).into_iter();
        ids.next()
            .unwrap_or_else(|| panic!("no record of {kind} is seeded"))
    }

    /// A host that acts as the administrator.
    pub async fn as_admin(&self) -> TestHost {
        TestHost::with(AS_ADMIN, &self.url()).await
    }
}
