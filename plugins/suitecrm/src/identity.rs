//! The user that v4_1 acts as, and who owns what it creates.

use portcullis_sdk::{Call, Failure};

use crate::{metadata, rpc, settings::Settings};

const KEY: &str = "user";

/// The id of the user behind the session.
pub(crate) fn user_id(call: &Call<'_>) -> Result<String, Failure> {
    if let Some(kept) = call.cache().get(KEY) {
        return Ok(kept);
    }
    let answer = rpc::read(call, "get_user_id", "", Vec::new())?;
    let id = answer
        .as_str()
        .filter(|id| !id.is_empty())
        .ok_or_else(|| rpc::unexpected("get_user_id"))?;
    call.cache().put(KEY, &id, metadata::ttl(call)?);
    Ok(id.to_owned())
}

/// Who owns a new activity when the caller names nobody; an activity without an owner is in
/// nobody's list.
pub(crate) fn default_assignee(call: &Call<'_>) -> Result<String, Failure> {
    match Settings::of(call)?.default_assignee {
        Some(id) => Ok(id),
        None => user_id(call),
    }
}
