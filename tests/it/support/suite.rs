//! The demo's SuiteCRM on a free port, and the connections to it that the tests use.

use portcullis_demo::Running;
use portcullis_demo::fault::{Faults, faulty};
use portcullis_demo::suitecrm::{Options, SuiteCrm};

use super::TestHost;

/// The connection, without a V8 client.
pub const OVER_V4: &str = r#"
[server.limits]
rate_per_second = 100000
rate_burst = 1000000
[connections.suite]
plugin = "suitecrm"
url = "URL"
secrets.username = "env:SUITE_USER"
secrets.password = "env:SUITE_PASSWORD"
allow = ["read", "write", "destructive"]
limits.rate_per_second = 10000
limits.rate_burst = 100000
limits.concurrent_calls = 64
"#;

/// A password that nobody has.
pub const WRONG_PASSWORD: &str = "not-the-harbour-password";

/// A CRM that answers.
pub struct Suite {
    pub memory: SuiteCrm,
    pub faults: Faults,
    running: Running,
}

impl Suite {
    /// Starts one with the usual records.
    pub async fn start() -> Self {
        Self::installed_at("").await
    }

    /// Starts one below a path.
    pub async fn installed_at(base: &str) -> Self {
        let options = Options {
            base: base.to_owned(),
            ..Options::default()
        };
        let (memory, faults) = (SuiteCrm::new(options), Faults::new());
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

    /// The first record of a module.
    pub fn first(&self, module: &str) -> String {
        let mut ids = self.memory.ids(module).into_iter();
        ids.next()
            .unwrap_or_else(|| panic!("no record of {module} is seeded"))
    }

    /// A host that uses v4_1 alone.
    pub async fn over_v4(&self) -> TestHost {
        TestHost::with(OVER_V4, &self.url()).await
    }

    /// A host with a V8 client beside.
    pub async fn over_v8(&self) -> TestHost {
        TestHost::with(&with_v8(OVER_V4), &self.url()).await
    }
}

/// A configuration with a V8 client.
pub fn with_v8(config: &str) -> String {
    config.replace(
        "allow =",
        "secrets.client_id = \"env:SUITE_CLIENT\"\nsecrets.client_secret = \"env:SUITE_SECRET\"\nallow =",
    )
}
