//! The host's configuration: a user's, but for the rates and the number of calls at a time, which
//! are there to hold back what is measured here.

use std::net::SocketAddr;

use portcullis_demo::{bottlecrm, espocrm, suitecrm};

use crate::crms::{BOTTLECRM, ESPOCRM, SUITECRM};

/// What the host finds in its environment.
pub(crate) const ENVIRONMENT: &[(&str, &str)] = &[
    ("PORTCULLIS_BENCH_ESPOCRM_KEY", espocrm::FULL_KEY),
    ("PORTCULLIS_BENCH_SUITECRM_USER", suitecrm::ADMIN_USER),
    (
        "PORTCULLIS_BENCH_SUITECRM_PASSWORD",
        suitecrm::ADMIN_PASSWORD,
    ),
    ("PORTCULLIS_BENCH_BOTTLECRM_TOKEN", bottlecrm::ADMIN_TOKEN),
];

const LIMITS: &str = "limits.concurrent_calls = 64
limits.rate_per_second = 10_000
limits.rate_burst = 100_000
";

/// One connection for each CRM of the stub.
pub(crate) fn text(stub: SocketAddr) -> String {
    format!(
        r#"[server]
cache = "cache"
limits.rate_per_second = 100_000
limits.rate_burst = 1_000_000

[connections.espo]
plugin = "espocrm"
url = "http://{stub}{ESPOCRM}"
secrets.api_key = "env:PORTCULLIS_BENCH_ESPOCRM_KEY"
{LIMITS}
[connections.suite]
plugin = "suitecrm"
url = "http://{stub}{SUITECRM}"
secrets.username = "env:PORTCULLIS_BENCH_SUITECRM_USER"
secrets.password = "env:PORTCULLIS_BENCH_SUITECRM_PASSWORD"
{LIMITS}
[connections.bottle]
plugin = "bottlecrm"
url = "http://{stub}{BOTTLECRM}"
secrets.token = "env:PORTCULLIS_BENCH_BOTTLECRM_TOKEN"
allow = ["read", "write", "destructive"]
{LIMITS}"#
    )
}
