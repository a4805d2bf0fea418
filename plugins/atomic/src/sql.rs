//! The tools `query` and `mutate`: a statement of the caller's, run by the functions that the
//! operator installed.
//!
//! What a statement may do is judged in the database, see `sql/atomic_query.sql`; nothing here
//! looks into its text.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{errors::About, rest};

/// Stands for a value that is another one at every run.
const DIFFERS: &str = "(another value at every run)";

/// The database takes a change that a policy leaves without a row for one that fits none.
const UNTOUCHED: &str =
    "no row is touched: none fits the condition, or a policy keeps this user from changing it";

/// Runs one SELECT (also WITH, UNION, VALUES) with the caller's own rights. Rows are lists in the
/// order of columns. At most max_rows rows, 1,000,000 bytes and 5 seconds.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryArgs {
    /// The statement, PostgreSQL's dialect, schema public.
    #[schemars(length(min = 1, max = 32768))]
    sql: String,
    /// How many rows.
    #[serde(default = "two_hundred")]
    #[schemars(range(min = 1, max = 1000))]
    max_rows: u32,
}

fn two_hundred() -> u32 {
    200
}

/// Rows.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Rows {
    /// Names in order, also when there is no row.
    columns: Vec<String>,
    /// Values in the order of columns; whole numbers are exact.
    rows: Vec<Vec<Value>>,
    row_count: u64,
    /// Whether there are more.
    truncated: bool,
    /// rows or bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated_by: Option<String>,
    /// How to get the rest, or why there is nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<String>,
}

/// Runs one INSERT, UPDATE or DELETE with RETURNING, with the caller's own rights. By default it is a
/// dry run, which shows the rows as they would be and changes nothing. At most max_rows rows are
/// touched, otherwise nothing is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MutateArgs {
    /// The statement, with RETURNING.
    #[schemars(length(min = 1, max = 32768))]
    sql: String,
    /// False makes the change; true or absent shows what it would do.
    #[serde(default = "yes")]
    dry_run: bool,
    /// How many rows may be touched.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 500))]
    max_rows: u32,
}

fn yes() -> bool {
    true
}

fn twenty() -> u32 {
    20
}

/// What a statement did, or would do.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Mutated {
    /// insert, update or delete.
    command: String,
    /// True when nothing was changed.
    dry_run: bool,
    result: Rows,
}

/// What the host shows before a change.
#[derive(Serialize)]
pub(crate) struct Preview {
    summary: String,
    result: Rows,
}

pub(crate) fn query(call: &Call<'_>, args: &QueryArgs) -> Result<Rows, Failure> {
    let ask = rest::function(call, "crm_mcp_query")
        .json(&json!({"sql": args.sql, "max_rows": args.max_rows}))
        .changes_nothing();
    let mut rows: Rows = rest::send(ask, &About::statement("read"))?.json()?;
    rows.note = note(&rows, args.max_rows);
    Ok(rows)
}

fn note(rows: &Rows, most: u32) -> Option<String> {
    let shown = rows.row_count;
    match rows.truncated_by.as_deref() {
        _ if !rows.truncated => None,
        Some("bytes") => Some(format!(
            "cut after {shown} rows, because the answer would exceed 1,000,000 bytes; select fewer columns, or go on with ORDER BY and OFFSET {shown}"
        )),
        _ if most < 1000 => Some(format!(
            "cut after {shown} rows; raise max_rows (at most 1000), or go on with ORDER BY and OFFSET {shown}"
        )),
        _ => Some(format!(
            "cut after {shown} rows; go on with ORDER BY and OFFSET {shown}"
        )),
    }
}

/// The confirmation is bound to what is shown here, and a new id or the time of day is another one at
/// every run; so the statement is tried twice, and what differs is not shown.
pub(crate) fn preview(call: &Call<'_>, args: &MutateArgs) -> Result<Preview, Failure> {
    let mut shown = run(call, args, true)?;
    let again = run(call, args, true)?;
    for (row, other) in shown.result.rows.iter_mut().zip(&again.result.rows) {
        for (value, other) in row.iter_mut().zip(other) {
            if value != other {
                *value = DIFFERS.into();
            }
        }
    }
    Ok(Preview {
        summary: format!(
            "This {} would touch {} rows; they are shown as they would be afterwards. This cannot be undone.",
            shown.command, shown.result.row_count
        ),
        result: shown.result,
    })
}

pub(crate) fn mutate(call: &Call<'_>, args: &MutateArgs) -> Result<Mutated, Failure> {
    run(call, args, args.dry_run)
}

fn run(call: &Call<'_>, args: &MutateArgs, dry_run: bool) -> Result<Mutated, Failure> {
    let body = json!({"sql": args.sql, "max_rows": args.max_rows, "dry_run": dry_run});
    let mut ask = rest::function(call, "crm_mcp_mutate").json(&body);
    if dry_run {
        ask = ask.changes_nothing();
    }
    let about = About::statement(if dry_run { "read" } else { "change" });
    let mut done: Mutated = rest::send(ask, &about)?.json()?;
    if done.dry_run != dry_run {
        return Err(Failure::upstream(
            "the installed function did not do what it was asked for: dry_run differs in its answer",
        )
        .suggest("the operator installs the functions again with `portcullis plugin sql atomic`"));
    }
    if done.result.row_count == 0 {
        done.result.note = Some(UNTOUCHED.to_owned());
    }
    Ok(done)
}
