//! The tools `link_records` and `unlink_records`.
//!
//! The CRM says yes to ids that do not exist and to links that are not there, and counts calls, not
//! ids, so both ends are looked at before and after.

use portcullis_sdk::{Call, Failure, Kind, Outcome, code, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    columns,
    fetch::{self, Linked},
    metadata::{self, Module},
    names, related, rows, rpc, v8,
    via::{self, Via},
};

/// V8 takes one id per request; more than this go over v4_1 in one.
const MOST_OVER_V8: usize = 10;

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
    /// Checks both ends and says what would change, without changing it.
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
    /// What to know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(flatten)]
    via: Via,
}

/// Both ends of links, checked.
struct Plan<'a> {
    args: &'a LinkArgs,
    module: Module,
    /// The module behind the link, where the CRM tells.
    other: Option<Module>,
    ids: Vec<String>,
    /// Which of the ids are linked now.
    before: Vec<String>,
}

/// What happens to links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Link,
    Unlink,
}

pub(crate) fn link(call: &Call<'_>, args: &LinkArgs) -> Result<LinkedNow, Failure> {
    let plan = plan(call, args)?;
    if let Some(other) = &plan.other {
        fetch::require_all(call, other, &plan.ids, "/related_ids")?;
    }
    let (already_linked, todo) = split(&plan);
    let mut answer = LinkedNow {
        created: 0,
        linked: Vec::new(),
        already_linked,
        failed: Vec::new(),
        note: None,
        via: transport(call, &plan, &todo)?,
    };
    if args.dry_run || todo.is_empty() {
        answer.note = Some(idle(args, "link", &todo));
        return Ok(answer);
    }
    let after = carry_out(call, &plan, Act::Link, &todo, &mut answer.via)?;
    (answer.linked, answer.failed) = todo.into_iter().partition(|id| after.contains(id));
    answer.created = answer.linked.len();
    refuse_if_none(&answer.linked, &answer.failed, "link")?;
    Ok(answer)
}

pub(crate) fn unlink(call: &Call<'_>, args: &LinkArgs) -> Result<UnlinkedNow, Failure> {
    let plan = plan(call, args)?;
    let (todo, not_linked) = split(&plan);
    let mut answer = UnlinkedNow {
        deleted: 0,
        unlinked: Vec::new(),
        not_linked,
        failed: Vec::new(),
        note: None,
        via: transport(call, &plan, &todo)?,
    };
    if args.dry_run || todo.is_empty() {
        answer.note = Some(idle(args, "unlink", &todo));
        return Ok(answer);
    }
    let after = carry_out(call, &plan, Act::Unlink, &todo, &mut answer.via)?;
    (answer.failed, answer.unlinked) = todo.into_iter().partition(|id| after.contains(id));
    answer.deleted = answer.unlinked.len();
    refuse_if_none(&answer.unlinked, &answer.failed, "unlink")?;
    Ok(answer)
}

fn idle(args: &LinkArgs, word: &str, todo: &[String]) -> String {
    if args.dry_run {
        format!(
            "dry run: would {word} {}",
            if todo.is_empty() {
                "nothing".to_owned()
            } else {
                todo.join(", ")
            }
        )
    } else {
        format!("there was nothing to {word}")
    }
}

fn plan<'a>(call: &Call<'_>, args: &'a LinkArgs) -> Result<Plan<'a>, Failure> {
    names::check_writable(call, &args.module)?;
    names::check_id(&args.id, "/id")?;
    let ids = args.related_ids.distinct();
    for id in &ids {
        names::check_id(id, "/related_ids")?;
    }
    let module = metadata::module(call, &args.module)?;
    let other = match module.require_link(&args.link_field)?.module() {
        Some(name) => Some(related::open_module(call, name)?),
        None => None,
    };
    fetch::one(call, &module, &args.id, &["id".to_owned()]).map_err(|failure| failure.at("/id"))?;
    let mut plan = Plan {
        args,
        module,
        other,
        ids,
        before: Vec::new(),
    };
    plan.before = linked_now(call, &plan)?;
    Ok(plan)
}

/// Ids that are linked, and those that are not.
fn split(plan: &Plan<'_>) -> (Vec<String>, Vec<String>) {
    plan.ids
        .iter()
        .cloned()
        .partition(|id| plan.before.contains(id))
}

/// Which of the ids are behind the link.
fn linked_now(call: &Call<'_>, plan: &Plan<'_>) -> Result<Vec<String>, Failure> {
    let clause = plan.other.as_ref().map(|other| {
        let ids: Vec<_> = plan.ids.iter().map(|id| columns::literal(id)).collect();
        format!("({}.id IN ({}))", other.table, ids.join(","))
    });
    let limit = if clause.is_some() { 100 } else { 1000 };
    let linked = Linked {
        id: &plan.args.id,
        link: &plan.args.link_field,
        clause: clause.unwrap_or_default(),
        fields: vec!["id".to_owned()],
        offset: 0,
        limit,
    };
    let module = &plan.module.name;
    let answer = rpc::read(
        call,
        "get_relationships",
        module,
        fetch::linked_args(module, &linked),
    )?;
    let rows = fetch::linked_rows(&answer, None)?;
    Ok(rows
        .iter()
        .map(|(record, _)| rows::text(record, "id").to_owned())
        .filter(|id| plan.ids.contains(id))
        .collect())
}

fn transport(call: &Call<'_>, plan: &Plan<'_>, todo: &[String]) -> Result<Via, Failure> {
    if plan.other.is_none() || todo.len() > MOST_OVER_V8 {
        return Ok(Via::v4_1());
    }
    via::choose(call)
}

/// Changes links and answers with those that are there afterwards.
fn carry_out(
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
            let Ok(after) = linked_now(call, plan) else {
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
    linked_now(call, plan).map_err(|failure| {
        failure
            .outcome(Outcome::MayHaveHappened)
            .suggest("the CRM accepted the change, and the links could not be read afterwards")
    })
}

fn over_v4(call: &Call<'_>, plan: &Plan<'_>, act: Act, ids: &[String]) -> Result<(), Failure> {
    let args = plan.args;
    let delete = u8::from(act == Act::Unlink);
    let arguments = vec![
        json!(args.module),
        json!(args.id),
        json!(args.link_field),
        json!(ids),
        json!([]),
        json!(delete),
    ];
    rpc::change(call, "set_relationship", &args.module, arguments).map(drop)
}

/// One request per id. A refusal of one is found out by reading the links, unless it is of the
/// first, after which nothing was changed.
fn over_v8(call: &Call<'_>, plan: &Plan<'_>, act: Act, ids: &[String]) -> Result<(), Failure> {
    let args = plan.args;
    let other = plan.other.as_ref().map_or("", |other| other.name.as_str());
    for (index, id) in ids.iter().enumerate() {
        let mut path = path![
            "Api",
            "V8",
            "module",
            args.module,
            args.id,
            "relationships",
            args.link_field
        ];
        let ask = match act {
            Act::Link => v8::post(call, path, &json!({"type": other, "id": id})),
            Act::Unlink => {
                path.push(id.clone());
                v8::delete(call, path)
            }
        };
        let result = ask
            .send()
            .and_then(|response| v8::accept(&response, &args.module));
        match result {
            Err(failure) if index == 0 => return Err(failure),
            _ => {}
        }
    }
    Ok(())
}

fn refuse_if_none(done: &[String], failed: &[String], word: &str) -> Result<(), Failure> {
    if !done.is_empty() || failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Kind::UpstreamFault,
        code::NOT_APPLIED,
        format!(
            "the CRM answered without an error and did not {word} {}",
            failed.join(", ")
        ),
    )
    .suggest("the link may be of the kind that holds one record; write its id with update instead")
    .details(json!({"failed": Value::from(failed)}))
    .outcome(Outcome::NotDone))
}
