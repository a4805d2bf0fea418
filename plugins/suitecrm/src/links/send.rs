//! Changing links, over the transport that serves it, and reading what became of them.

use portcullis_sdk::{Call, Failure, Kind, Outcome, code, path};
use serde_json::{Value, json};

use super::plan::Plan;
use crate::{
    planned, rpc, v8,
    via::{self, Via},
};

/// V8 takes one id per request; more than this go over v4_1 in one.
const MOST_OVER_V8: usize = 10;

/// What happens to links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Link,
    Unlink,
}

impl Act {
    fn word(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Unlink => "unlink",
        }
    }
}

pub(super) fn transport(call: &Call<'_>, plan: &Plan<'_>, todo: &[String]) -> Result<Via, Failure> {
    if plan.other.is_none() || todo.len() > MOST_OVER_V8 {
        return Ok(Via::v4_1());
    }
    via::choose(call)
}

/// What would be sent for these ids.
pub(super) fn planned(plan: &Plan<'_>, act: Act, ids: &[String], via: &Via) -> Vec<Value> {
    if ids.is_empty() {
        return Vec::new();
    }
    if !via.is_v8() {
        return vec![planned::v4("set_relationship", &arguments(plan, act, ids))];
    }
    ids.iter()
        .map(|id| match act {
            Act::Link => planned::v8("POST", &link_path(plan), Some(&identifier(plan, id))),
            Act::Unlink => planned::v8("DELETE", &related_path(plan, id), None),
        })
        .collect()
}

/// Changes links and answers with those that are there afterwards.
pub(super) fn carry_out(
    call: &Call<'_>,
    plan: &Plan<'_>,
    act: Act,
    ids: &[String],
    via: &mut Via,
) -> Result<Vec<String>, Failure> {
    let sent = via::write(
        call,
        via,
        || over_v8(call, plan, act, ids),
        || over_v4(call, plan, act, ids),
    );
    match sent {
        Ok(()) => {}
        // Whether it happened is read below.
        Err(failure) if rpc::open(&failure) => {
            let Ok(after) = plan.linked_now(call) else {
                return Err(failure);
            };
            // Nothing changed yet; without an answer the CRM may still be at work.
            let changed = ids
                .iter()
                .any(|id| after.contains(id) == (act == Act::Link));
            return if changed { Ok(after) } else { Err(failure) };
        }
        Err(failure) => return Err(failure),
    }
    plan.linked_now(call).map_err(|failure| {
        failure
            .outcome(Outcome::MayHaveHappened)
            .suggest("the CRM accepted the change, and the links could not be read afterwards")
    })
}

fn over_v4(call: &Call<'_>, plan: &Plan<'_>, act: Act, ids: &[String]) -> Result<(), Failure> {
    let module = &plan.args.module;
    rpc::change(call, "set_relationship", module, arguments(plan, act, ids)).map(drop)
}

/// One request per id. A refusal of one is found out by reading the links, unless it is of the
/// first, after which nothing was changed.
fn over_v8(call: &Call<'_>, plan: &Plan<'_>, act: Act, ids: &[String]) -> Result<(), Failure> {
    for (index, id) in ids.iter().enumerate() {
        let ask = match act {
            Act::Link => v8::post(call, link_path(plan), &identifier(plan, id)),
            Act::Unlink => v8::delete(call, related_path(plan, id)),
        };
        let result = ask
            .send()
            .and_then(|response| v8::accept(&response, &plan.args.module));
        match result {
            Err(failure) if index == 0 => return Err(failure),
            _ => {}
        }
    }
    Ok(())
}

fn arguments(plan: &Plan<'_>, act: Act, ids: &[String]) -> Vec<Value> {
    let args = plan.args;
    vec![
        json!(args.module),
        json!(args.id),
        json!(args.link_field),
        json!(ids),
        json!([]),
        json!(u8::from(act == Act::Unlink)),
    ]
}

fn link_path(plan: &Plan<'_>) -> Vec<String> {
    let args = plan.args;
    path![
        "Api",
        "V8",
        "module",
        args.module,
        args.id,
        "relationships",
        args.link_field
    ]
}

fn related_path(plan: &Plan<'_>, id: &str) -> Vec<String> {
    let mut path = link_path(plan);
    path.push(id.to_owned());
    path
}

/// What V8 takes for a record.
fn identifier(plan: &Plan<'_>, id: &str) -> Value {
    let module = plan.other.as_ref().map_or("", |other| other.name.as_str());
    json!({"type": module, "id": id})
}

/// A change of which nothing is there was not made.
pub(super) fn refuse_if_none(
    plan: &Plan<'_>,
    act: Act,
    done: &[String],
    failed: &[String],
) -> Result<(), Failure> {
    if !done.is_empty() || failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Kind::UpstreamFault,
        code::NOT_APPLIED,
        format!(
            "the CRM answered without an error and did not {} {}",
            act.word(),
            failed.join(", ")
        ),
    )
    .suggest("the link may be of the kind that holds one record; write its id with update instead")
    .suggest_some(plan.unchecked(failed))
    .details(json!({"failed": Value::from(failed)}))
    .outcome(Outcome::NotDone))
}
