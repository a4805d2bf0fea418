//! The tool `merge_contacts`: one contact becomes part of another, by the CRM's own function.

use portcullis_sdk::{Call, Failure, Outcome, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    delete, entity,
    errors::About,
    rest::{self, Record},
};

/// Merges two contacts: tasks, notes and deals of the loser go to the winner, addresses, numbers and
/// tags are joined, the winner's own values stay, and the loser is deleted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeArgs {
    /// The contact that goes.
    #[schemars(range(min = 1))]
    loser_id: u64,
    /// The contact that stays.
    #[schemars(range(min = 1))]
    winner_id: u64,
}

/// The contact that stayed.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Merged {
    winner_id: u64,
    deleted: u64,
    /// The contact as it is now; absent where this user may not see it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Record>,
}

/// Both contacts, and what changes hands.
#[derive(Serialize)]
pub(crate) struct Preview {
    summary: String,
    loser: Record,
    winner: Record,
    moves: Record,
}

pub(crate) fn preview(call: &Call<'_>, args: &MergeArgs) -> Result<Preview, Failure> {
    check(args)?;
    let contacts = entity::find("contacts")?;
    let loser = one(call, args.loser_id, "/loser_id")?;
    let winner = one(call, args.winner_id, "/winner_id")?;
    let moves = delete::dependents(call, contacts, args.loser_id)?;
    Ok(Preview {
        summary: format!(
            "The contact `{}` ({}) would become part of `{}` ({}) and be deleted. This cannot be undone.",
            contacts.title(&loser),
            args.loser_id,
            contacts.title(&winner),
            args.winner_id
        ),
        loser,
        winner,
        moves,
    })
}

pub(crate) fn merge(call: &Call<'_>, args: &MergeArgs) -> Result<Merged, Failure> {
    check(args)?;
    let body = json!({"loser_id": args.loser_id, "winner_id": args.winner_id});
    let about = About {
        what: "contacts",
        action: "merge",
        entity: None,
        at: "",
    };
    let response = rest::function(call, "merge_contacts").json(&body).send()?;
    if response.status == 400 && says_absent(&response.value().unwrap_or_default()) {
        one(call, args.loser_id, "/loser_id")?;
        one(call, args.winner_id, "/winner_id")?;
    }
    rest::accept(response, &about)?;
    outcome(call, args)
}

/// The function runs with the caller's rights, so a policy can keep the loser from being deleted
/// without an error.
fn outcome(call: &Call<'_>, args: &MergeArgs) -> Result<Merged, Failure> {
    let contacts = entity::find("contacts")?;
    let ask = rest::table(call, contacts.view)
        .query("select", "*")
        .query("id", rest::among(&[args.loser_id, args.winner_id]));
    let rows = rest::rows(ask, &About::of(contacts, "read")).map_err(|failure| {
        failure
            .outcome(Outcome::MayHaveHappened)
            .retryable_if(false)
            .suggest("the merge was accepted; look at both contacts with get_record")
    })?;
    let is = |row: &Record, id: u64| rest::id_of(row) == Some(id);
    if rows.iter().any(|row| is(row, args.loser_id)) {
        return Err(Failure::forbidden(
            code::PARTIAL,
            format!(
                "contact {} is still there after the merge: a policy of the database may keep it from being deleted, while its tasks, notes and deals may have gone to {}",
                args.loser_id, args.winner_id
            ),
        )
        .at("/loser_id")
        .outcome(Outcome::PartlyDone)
        .suggest("look at both contacts with get_record"));
    }
    Ok(Merged {
        winner_id: args.winner_id,
        deleted: args.loser_id,
        record: rows.into_iter().find(|row| is(row, args.winner_id)),
    })
}

fn says_absent(body: &serde_json::Value) -> bool {
    body.get("code").and_then(serde_json::Value::as_str) == Some("P0001")
}

fn one(call: &Call<'_>, id: u64, at: &str) -> Result<Record, Failure> {
    rest::one_at(call, entity::find("contacts")?, id, at)
}

fn check(args: &MergeArgs) -> Result<(), Failure> {
    if args.loser_id == args.winner_id {
        return Err(Failure::bad_input(
            code::INVALID_ARGUMENT,
            "a contact cannot be merged with itself",
        )
        .at("/loser_id"));
    }
    Ok(())
}
