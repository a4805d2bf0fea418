//! The tool `server_info`: which CRM this is, as whom it is used, over which transports.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    identity,
    routes::V8,
    rpc,
    v8::{self, State},
};

/// Tells the CRM's version, the user that the tools act as, which APIs serve them, and whether the
/// host's circuit breaker is closed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InfoArgs {}

/// The connection.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Info {
    /// The operator's name for the connection.
    connection: String,
    /// The CRM's address.
    url: String,
    suitecrm_version: Option<String>,
    /// The CRM's clock, in UTC.
    time: Option<String>,
    /// Id of the user that the tools act as; null while the CRM is left alone.
    user_id: Option<String>,
    transports: Transports,
    #[serde(skip_serializing_if = "Option::is_none")]
    circuit_breaker: Option<BreakerState>,
}

#[derive(Serialize, JsonSchema)]
struct Transports {
    /// `ok`, or why it is not asked.
    v4_1: String,
    /// `ok`, `not configured`, or why it is not used.
    v8: String,
}

#[derive(Serialize, JsonSchema)]
struct BreakerState {
    /// `closed`, `open` or `half-open`.
    state: String,
    /// Faults in a row.
    failures: u32,
}

/// While the circuit breaker is open, nothing can be asked, and its state is what one wants to know.
pub(crate) fn server_info(call: &Call<'_>, _: &InfoArgs) -> Result<Info, Failure> {
    let breaker = call.connection().breaker.as_ref();
    if breaker.is_some_and(|breaker| breaker.state == "open") {
        let left_alone = "not asked: the circuit breaker is open".to_owned();
        let transports = Transports {
            v8: left_alone.clone(),
            v4_1: left_alone,
        };
        return Ok(info(call, transports));
    }
    let server = rpc::server_info(call)?;
    let user_id = identity::user_id(call)?;
    let transports = Transports {
        v4_1: "ok".to_owned(),
        v8: about_v8(call)?,
    };
    Ok(Info {
        suitecrm_version: version(&server),
        time: server["gmt_time"].as_str().and_then(crate::rows::iso),
        user_id: Some(user_id),
        ..info(call, transports)
    })
}

/// What is known without asking the CRM.
fn info(call: &Call<'_>, transports: Transports) -> Info {
    let connection = call.connection();
    Info {
        connection: connection.name.clone(),
        url: connection.url.clone(),
        suitecrm_version: None,
        time: None,
        user_id: None,
        transports,
        circuit_breaker: connection.breaker.as_ref().map(|breaker| BreakerState {
            state: breaker.state.clone(),
            failures: breaker.failures,
        }),
    }
}

fn about_v8(call: &Call<'_>) -> Result<String, Failure> {
    let configured = call.connection().credentials.iter().any(|slot| slot == V8);
    Ok(match v8::state(call)? {
        State::Off if configured => "not used without v4_1".to_owned(),
        State::Off => "not configured".to_owned(),
        State::Ready { .. } => "ok".to_owned(),
        State::Refused(why) => why,
    })
}

/// `version` is that of the program which SuiteCRM came from.
pub(crate) fn version(server: &serde_json::Value) -> Option<String> {
    server["suitecrm_version"].as_str().map(str::to_owned)
}
