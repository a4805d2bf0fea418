//! What the fuzz targets in `tests/fuzz` need of this module: what becomes of a stranger's bytes.
//!
//! Owns no rule of its own; each function calls what a request passes, in the same order. It must not
//! send anything, and nothing of the host may use it.

use std::collections::BTreeSet;

use portcullis_manifest::{Headers, Place};
use url::Url;
use zeroize::Zeroizing;

use super::base::Root;
use super::credential::{Placement, Secret, Secrets};
use super::headers::HeaderRules;
use crate::policy::segment;

/// The URL of a request below a base.
///
/// # Errors
/// Why there is none.
pub fn url(
    base: &Url,
    slash: bool,
    path: &[String],
    query: &[(String, String)],
) -> Result<Url, String> {
    segment::check_path(path).map_err(|error| error.to_string())?;
    let root = Root::new(base.clone(), slash);
    root.join(&segment::encode_path(path), query)
        .map_err(|error| error.to_string())
}

/// A guest's headers as they are sent, where a manifest opens `declared` and the host reserves some.
///
/// # Errors
/// The manifest asks too much, or the guest does.
pub fn headers(
    declared: &Headers,
    reserved: &[&str],
    given: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, String> {
    let reserved: BTreeSet<_> = reserved.iter().map(|name| (*name).to_owned()).collect();
    let rules = HeaderRules::new(declared, &reserved).map_err(|error| error.to_string())?;
    rules.check(given).map_err(|error| error.to_string())
}

/// What of a request a placement changes.
#[derive(Debug, PartialEq, Eq)]
pub struct Placed {
    /// A header to add.
    pub header: Option<(String, String)>,
    /// The body instead of the guest's.
    pub body: Option<Vec<u8>>,
}

/// A token put where a manifest says, with these secrets for the text around it; nothing where the
/// place cannot take this token.
///
/// # Errors
/// The place is none, or the guest did not leave it empty.
pub fn place(
    place: &Place,
    secrets: &[(&str, &str)],
    token: &str,
    headers: &[(String, String)],
    body: Option<&[u8]>,
) -> Result<Option<Placed>, String> {
    let secret = |(name, value): &(&str, &str)| {
        let value = Zeroizing::new((*value).to_owned());
        ((*name).to_owned(), Secret { value, scrub: true })
    };
    let secrets: Secrets = secrets.iter().map(secret).collect();
    let placement = Placement::parse(place, &secrets).map_err(|error| error.to_string())?;
    placement
        .check(headers, body)
        .map_err(|error| error.to_string())?;
    if !placement.takes(token) {
        return Ok(None);
    }
    let placed = placement
        .put(token, headers, body)
        .map_err(|error| error.to_string())?;
    Ok(Some(Placed {
        header: placed
            .header
            .map(|header| (header.name.to_string(), header.value.to_string())),
        body: placed.body,
    }))
}
