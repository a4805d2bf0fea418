//! The tools `link_records` and `unlink_records`.
//!
//! The CRM says yes to ids that do not exist and to links that are not there, and counts calls, not
//! ids, so both ends are looked at before and after. `plan` looks, `send` changes.

mod plan;
mod send;

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{fetch, via::Via};
use plan::Plan;
use send::Act;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkArgs {
    /// Module of the record, e.g. `Accounts`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    module: String,
    /// The record's id.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
    /// Link, e.g. `contacts`; see get_module_fields under `relationships`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"))]
    link_field: String,
    /// Id of the other record, or a list of them.
    related_ids: Ids,
    /// Checks both ends and says what would change and be sent, without sending it.
    #[serde(default)]
    dry_run: bool,
}

/// One id or a list.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Ids {
    /// One.
    One(#[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))] String),
    /// Several.
    Many(
        #[schemars(
            length(min = 1, max = 100),
            inner(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))
        )]
        Vec<String>,
    ),
}

impl Ids {
    /// Each id once.
    fn distinct(&self) -> Vec<String> {
        let all = match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Many(ids) => ids.as_slice(),
        };
        let mut ids: Vec<String> = Vec::new();
        for id in all {
            if !ids.contains(id) {
                ids.push(id.clone());
            }
        }
        ids
    }
}

/// What was linked.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LinkedNow {
    /// How many links this call made.
    created: usize,
    /// Ids that are linked now and were not before.
    linked: Vec<String>,
    /// Ids that were linked before.
    already_linked: Vec<String>,
    /// Ids that the CRM did not link.
    failed: Vec<String>,
    /// What a dry run would send.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    would_send: Vec<Value>,
    /// What to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(flatten)]
    via: Via,
}

/// What was unlinked.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UnlinkedNow {
    /// How many links this call removed.
    deleted: usize,
    /// Ids that were linked before and are not now.
    unlinked: Vec<String>,
    /// Ids that were not linked.
    not_linked: Vec<String>,
    /// Ids that the CRM did not unlink.
    failed: Vec<String>,
    /// What a dry run would send.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    would_send: Vec<Value>,
    /// What to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(flatten)]
    via: Via,
}

pub(crate) fn link(call: &Call<'_>, args: &LinkArgs) -> Result<LinkedNow, Failure> {
    let mut plan = Plan::new(call, args)?;
    if let Some(other) = &plan.other {
        fetch::require_all(call, other, &plan.ids, "/related_ids")?;
    }
    plan.look(call)?;
    let (already_linked, todo) = plan.split();
    let mut answer = LinkedNow {
        created: 0,
        linked: Vec::new(),
        already_linked,
        failed: Vec::new(),
        would_send: Vec::new(),
        note: None,
        via: send::transport(call, &plan, &todo)?,
    };
    if args.dry_run || todo.is_empty() {
        answer.note = Some(idle(args, "link", &todo));
        answer.would_send = send::planned(&plan, Act::Link, &todo, &answer.via);
        return Ok(answer);
    }
    let after = send::carry_out(call, &plan, Act::Link, &todo, &mut answer.via)?;
    (answer.linked, answer.failed) = todo.into_iter().partition(|id| after.contains(id));
    answer.created = answer.linked.len();
    answer.note = plan.unchecked(&answer.failed);
    send::refuse_if_none(&plan, Act::Link, &answer.linked, &answer.failed)?;
    Ok(answer)
}

pub(crate) fn unlink(call: &Call<'_>, args: &LinkArgs) -> Result<UnlinkedNow, Failure> {
    let mut plan = Plan::new(call, args)?;
    plan.look(call)?;
    let (todo, not_linked) = plan.split();
    let mut answer = UnlinkedNow {
        deleted: 0,
        unlinked: Vec::new(),
        not_linked,
        failed: Vec::new(),
        would_send: Vec::new(),
        note: None,
        via: send::transport(call, &plan, &todo)?,
    };
    if args.dry_run || todo.is_empty() {
        answer.note = Some(idle(args, "unlink", &todo));
        answer.would_send = send::planned(&plan, Act::Unlink, &todo, &answer.via);
        return Ok(answer);
    }
    let after = send::carry_out(call, &plan, Act::Unlink, &todo, &mut answer.via)?;
    (answer.failed, answer.unlinked) = todo.into_iter().partition(|id| after.contains(id));
    answer.deleted = answer.unlinked.len();
    send::refuse_if_none(&plan, Act::Unlink, &answer.unlinked, &answer.failed)?;
    Ok(answer)
}

fn idle(args: &LinkArgs, word: &str, todo: &[String]) -> String {
    match (args.dry_run, todo) {
        (false, _) => format!("there was nothing to {word}"),
        (true, []) => format!("dry run: would {word} nothing"),
        (true, todo) => format!("dry run: would {word} {}", todo.join(", ")),
    }
}
