//! PostgREST as the tools use it: tables, counts, functions, and the writing of filters.
//!
//! Every path is fixed here; a row is always named by `id=eq.…`, so that no change goes without a
//! filter. What a refusal means is `errors`' business.

use portcullis_sdk::{Ask, Call, Failure, Response, path};
use serde_json::{Map, Value};

use crate::{
    entity::Entity,
    errors::{self, About},
};

pub(crate) type Record = Map<String, Value>;

/// A read of a table or view.
pub(crate) fn table<'c>(call: &'c Call<'_>, name: &str) -> Ask<'c> {
    call.http().get(path!["rest", "v1", name])
}

/// A call of a function.
pub(crate) fn function<'c>(call: &'c Call<'_>, name: &str) -> Ask<'c> {
    call.http().post(path!["rest", "v1", "rpc", name])
}

/// A new row; the answer holds it.
pub(crate) fn insert<'c>(call: &'c Call<'_>, table: &str, body: &Record) -> Ask<'c> {
    call.http()
        .post(path!["rest", "v1", table])
        .header("prefer", "return=representation")
        .json(body)
}

/// A change of one row; the answer holds it, or nothing where no row was changed.
pub(crate) fn change<'c>(call: &'c Call<'_>, table: &str, id: u64, body: &Record) -> Ask<'c> {
    call.http()
        .patch(path!["rest", "v1", table])
        .query("id", format!("eq.{id}"))
        .header("prefer", "return=representation")
        .json(body)
}

/// The deletion of one row; the answer holds its id, or nothing where no row was deleted.
pub(crate) fn remove<'c>(call: &'c Call<'_>, table: &str, id: u64) -> Ask<'c> {
    call.http()
        .delete(path!["rest", "v1", table])
        .query("id", format!("eq.{id}"))
        .query("select", "id")
        .header("prefer", "return=representation")
}

/// Sends a request; anything but 2xx becomes a failure that names what was asked.
pub(crate) fn send(ask: Ask<'_>, about: &About<'_>) -> Result<Response, Failure> {
    accept(ask.send()?, about)
}

/// Judges an answer. A page with a good status is no answer of the API.
pub(crate) fn accept(response: Response, about: &About<'_>) -> Result<Response, Failure> {
    if !response.is_success() {
        return Err(errors::refused(&response, about));
    }
    if response.is_page() {
        return Err(
            Failure::upstream("a page answers instead of the project's API").suggest(
                "the operator sets url to the Supabase project's URL, not to the CRM's pages",
            ),
        );
    }
    Ok(response)
}

/// The rows of an answer.
pub(crate) fn rows(ask: Ask<'_>, about: &About<'_>) -> Result<Vec<Record>, Failure> {
    send(ask, about)?.json()
}

/// Rows, and how many there are in all; an offset beyond the end is an empty page.
pub(crate) fn counted(ask: Ask<'_>, about: &About<'_>) -> Result<(Vec<Record>, u64), Failure> {
    settle_counted(ask.header("prefer", "count=exact").send()?, about)
}

/// The same of an answer that is there.
pub(crate) fn settle_counted(
    response: Response,
    about: &About<'_>,
) -> Result<(Vec<Record>, u64), Failure> {
    if response.status == 416 {
        return Ok((Vec::new(), total(&response).unwrap_or(0)));
    }
    let response = accept(response, about)?;
    let rows: Vec<Record> = response.json()?;
    let total = total(&response).ok_or_else(|| {
        Failure::upstream("the project did not count the rows although it was asked to")
    })?;
    Ok((rows, total))
}

/// `0-24/137` or `*/137`.
fn total(response: &Response) -> Option<u64> {
    let range = response.header("content-range")?;
    range.rsplit_once('/')?.1.parse().ok()
}

/// A request that counts rows: one row at most, and the number of all.
pub(crate) fn count<'c>(
    call: &'c Call<'_>,
    table: &str,
    filters: impl IntoIterator<Item = (String, String)>,
) -> Ask<'c> {
    self::table(call, table)
        .queries(filters)
        .query("limit", 1)
        .header("prefer", "count=exact")
}

/// Several counts at once.
pub(crate) fn counts(
    call: &Call<'_>,
    asks: Vec<Ask<'_>>,
    about: &About<'_>,
) -> Result<Vec<u64>, Failure> {
    call.http()
        .send_all(asks)
        .into_iter()
        .map(|answer| Ok(settle_counted(answer?, about)?.1))
        .collect()
}

/// One row of an entity, whole.
pub(crate) fn one(call: &Call<'_>, entity: &Entity, id: u64) -> Result<Record, Failure> {
    one_at(call, entity, id, "/id")
}

/// The same for an id that stands at a place of the arguments.
pub(crate) fn one_at(
    call: &Call<'_>,
    entity: &Entity,
    id: u64,
    at: &str,
) -> Result<Record, Failure> {
    let select = if entity.beside.is_empty() {
        "*".to_owned()
    } else {
        format!("*,{}", entity.beside)
    };
    let ask = table(call, entity.view)
        .query("select", select)
        .query("id", format!("eq.{id}"));
    rows(ask, &About::of(entity, "read"))?
        .into_iter()
        .next()
        .ok_or_else(|| errors::absent(entity, id, at))
}

/// The id of a row.
pub(crate) fn id_of(record: &Record) -> Option<u64> {
    record.get("id")?.as_u64()
}

/// A value within a list or a group, where commas and brackets mean something.
pub(crate) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A pattern that matches a text wherever it stands. A `*` in it stands for anything, which
/// PostgREST offers no way to prevent.
pub(crate) fn containing(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("*{escaped}*")
}

/// `in.(1,2)`.
pub(crate) fn among(ids: &[u64]) -> String {
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    format!("in.({})", ids.join(","))
}
