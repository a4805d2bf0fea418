//! Which transport serves a call, and the words under which an answer says so.

use portcullis_sdk::{Call, Failure, Kind};
use schemars::JsonSchema;
use serde::Serialize;

use crate::v8::{self, State};

/// A transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Transport {
    V4_1,
    V8,
}

/// What an answer says of the transport.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Via {
    /// Which API of the CRM served this: `v4_1` or `v8`.
    pub(crate) via: Transport,
    /// Why V8 did not serve it although it is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) via_note: Option<String>,
}

impl Via {
    pub(crate) fn v8() -> Self {
        Self {
            via: Transport::V8,
            via_note: None,
        }
    }

    pub(crate) fn v4_1() -> Self {
        Self {
            via: Transport::V4_1,
            via_note: None,
        }
    }

    pub(crate) fn is_v8(&self) -> bool {
        self.via == Transport::V8
    }
}

/// The transport for something that both can do.
pub(crate) fn choose(call: &Call<'_>) -> Result<Via, Failure> {
    Ok(match v8::state(call)? {
        State::Off => Via::v4_1(),
        State::Ready { .. } => Via::v8(),
        State::Refused(why) => Via {
            via_note: Some(why),
            ..Via::v4_1()
        },
    })
}

/// Runs a read over V8, and over v4_1 when V8 fails in a way that says nothing of the record.
pub(crate) fn read<T>(
    call: &Call<'_>,
    over_v8: impl FnOnce() -> Result<T, Failure>,
    over_v4: impl FnOnce() -> Result<T, Failure>,
) -> Result<(T, Via), Failure> {
    let via = choose(call)?;
    if !via.is_v8() {
        return Ok((over_v4()?, via));
    }
    match over_v8() {
        Ok(done) => Ok((done, via)),
        Err(failure) if matches!(failure.kind, Kind::NotFound | Kind::Forbidden) => Err(failure),
        Err(failure) => {
            let via_note = Some(v8::pause(call, &failure));
            Ok((
                over_v4()?,
                Via {
                    via_note,
                    ..Via::v4_1()
                },
            ))
        }
    }
}

/// Runs a write over V8, and over v4_1 only when nothing was sent.
pub(crate) fn write<T>(
    call: &Call<'_>,
    via: &mut Via,
    over_v8: impl FnOnce() -> Result<T, Failure>,
    over_v4: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    if !via.is_v8() {
        return over_v4();
    }
    match over_v8() {
        Err(failure) if was_not_sent(&failure) => {
            *via = Via {
                via_note: Some(v8::pause(call, &failure)),
                ..Via::v4_1()
            };
            over_v4()
        }
        other => other,
    }
}

/// No credential, no connection: the request itself never left. A refused token is checked before
/// anything else is done.
fn was_not_sent(failure: &Failure) -> bool {
    matches!(failure.kind, Kind::AuthNeeded | Kind::Unavailable)
        && failure.outcome != Some(portcullis_sdk::Outcome::MayHaveHappened)
}
