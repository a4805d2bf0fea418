//! PostgREST: a path and a verb to a read, a write or a function, and its headers.

use serde_json::Value;

use super::answer::{Answer, Body, Reply};
use super::form::{self, Accepted};
use super::people::{self, Role};
use super::policy::Policy;
use super::prefer::{Prefer, Return};
use super::read::Look;
use super::request::Call;
use super::schema::{self, Relation};
use super::select::{self, Node};
use super::store::{Row, Store, id_of};
use super::write::{Writing, Written};
use super::{Inner, Inside, PUBLISHABLE_KEY, function};

/// Parameters of a write that are no filters.
const OF_WRITES: [&str; 2] = ["columns", "on_conflict"];

/// Answers what is asked below `/rest/v1/`.
pub(crate) fn answer(crm: &Inner, inside: &mut Inside, call: &Call, path: &str) -> Answer {
    let policy = Policy {
        role: role(crm, call)?,
        own_tasks: crm.options.own_tasks,
    };
    let schema = match call.method.as_str() {
        "GET" | "HEAD" => call.header("accept-profile"),
        _ => call.header("content-profile"),
    };
    if schema.is_some_and(|schema| schema != "public") {
        let message = "The schema must be one of the following: public";
        return Err(Reply::refused("PGRST106", message));
    }
    let accepted = Accepted::of(call)?;
    let prefer = Prefer::read(call.header("prefer").unwrap_or_default())?;
    let parts: Vec<&str> = path.split('/').collect();
    let request = Request {
        crm,
        call,
        policy,
        prefer,
        accepted,
    };
    match parts.as_slice() {
        [""] => {
            let message = "Access to schema is forbidden";
            let hint =
                "Accessing the schema via the Data API is only allowed using a secret API key.";
            Err(Reply::gateway(401, message, hint))
        }
        ["rpc", name] => request.function(inside, name),
        [name] => {
            let relation = schema::find(name).ok_or_else(|| {
                Reply::refused(
                    "42P01",
                    format!("relation \"public.{name}\" does not exist"),
                )
            })?;
            request.relation(inside, relation)
        }
        _ => Err(Reply::json(404, Value::Object(Row::new()))),
    }
}

/// Whom the database takes the request for.
fn role(crm: &Inner, call: &Call) -> Result<Role, Reply> {
    let Some(bearer) = call.bearer().filter(|bearer| *bearer != PUBLISHABLE_KEY) else {
        return Ok(Role::Anon);
    };
    let claims = crm.key.claims(bearer, crm.options.clock.now());
    let claims = claims.map_err(Reply::bad_token)?;
    match claims["role"].as_str() {
        None | Some("anon") => Ok(Role::Anon),
        Some("authenticated") => {
            let person = people::find(claims["sub"].as_str().unwrap_or_default());
            Ok(Role::Authenticated(person))
        }
        Some(other) => {
            let message = format!("role \"{other}\" does not exist");
            Err(Reply::refused("22023", message))
        }
    }
}

struct Request<'a> {
    crm: &'a Inner,
    call: &'a Call,
    policy: Policy,
    prefer: Prefer,
    accepted: Accepted,
}

impl Request<'_> {
    fn function(&self, inside: &mut Inside, name: &str) -> Answer {
        let reading = matches!(self.call.method.as_str(), "GET" | "HEAD");
        let arguments = if reading {
            let pairs = self.call.query.iter().cloned();
            pairs.map(|(name, value)| (name, value.into())).collect()
        } else if self.call.body.is_empty() {
            Row::new()
        } else {
            form::rows(self.call)?
                .into_iter()
                .next()
                .unwrap_or_default()
        };
        let mut copy = inside.store.clone();
        let answer = function::call(&mut copy, &self.policy, name, &arguments, reading)?;
        inside.store = copy;
        Ok(answer)
    }

    fn relation(&self, inside: &mut Inside, relation: &'static Relation) -> Answer {
        let mut node = select::read(&self.call.query, &OF_WRITES)?;
        match self.call.method.as_str() {
            "GET" | "HEAD" => {
                self.ranged(&mut node)?;
                self.read(inside, relation, &node)
            }
            "POST" | "PATCH" | "DELETE" => {
                let mut copy = inside.store.clone();
                let answer = self.write(&mut copy, relation, &node);
                // What a refused insert used up stays used up, as with a sequence.
                if answer.is_ok() {
                    inside.store = copy;
                } else {
                    inside.store.skip(&copy, relation.name);
                }
                answer
            }
            other => {
                let message = format!("Unsupported HTTP method: {other}");
                Err(Reply {
                    status: 405,
                    ..Reply::refused("PGRST117", message)
                })
            }
        }
    }

    /// The header `Range`, which narrows what `limit` and `offset` leave.
    fn ranged(&self, node: &mut Node) -> Result<(), Reply> {
        let Some((from, to)) = self
            .call
            .header("range")
            .and_then(|range| range.split_once('-'))
        else {
            return Ok(());
        };
        let from: usize = from.parse().unwrap_or(0);
        let to: Option<usize> = to.parse().ok();
        if to.is_some_and(|to| to < from) {
            let details = "The lower boundary must be lower than or equal to the upper boundary in the Range header.";
            return Err(
                Reply::refused("PGRST103", "Requested range not satisfiable").details(details),
            );
        }
        node.offset = node.offset.max(from);
        let most = to.map(|to| to + 1 - from);
        node.limit = [node.limit, most].into_iter().flatten().min();
        Ok(())
    }

    fn read(&self, inside: &Inside, relation: &Relation, node: &Node) -> Answer {
        let look = Look {
            store: &inside.store,
            policy: &self.policy,
        };
        let page = look.page(relation, node)?;
        let shown = page.rows.len();
        let total = self.prefer.count.map(|_| page.total);
        if let Some(total) = total.filter(|total| node.offset > *total) {
            let details = format!(
                "An offset of {} was requested, but there are only {total} rows.",
                node.offset
            );
            let refused = Reply::refused("PGRST103", "Requested range not satisfiable");
            return Err(self.headed(
                refused
                    .details(details)
                    .header("content-range", format!("*/{total}")),
                relation,
            ));
        }
        let status = if total.is_some_and(|total| shown < total) {
            206
        } else {
            200
        };
        let rows = self.accepted.reply(status, page.rows)?;
        let rows = rows.header("content-range", form::range(node.offset, shown, total));
        Ok(self.headed(rows, relation))
    }

    /// The headers that every answer about a relation has.
    fn headed(&self, reply: Reply, relation: &Relation) -> Reply {
        let location = format!("/{}{}", relation.name, form::canonical(&self.call.query));
        let reply = reply
            .header("content-location", location)
            .header("content-profile", "public");
        match self.prefer.applied(false, false) {
            Some(applied) => reply.header("preference-applied", applied),
            None => reply,
        }
    }

    fn write(&self, store: &mut Store, relation: &'static Relation, node: &Node) -> Answer {
        let method = self.call.method.as_str();
        let mut writing = Writing {
            store,
            policy: &self.policy,
            now: self.crm.options.clock.now(),
            relation,
        };
        let written = match method {
            "POST" => {
                let rows = form::rows(self.call)?;
                writing.insert(&rows, self.call.param("columns"), &self.prefer)?
            }
            "PATCH" => {
                let sent = form::rows(self.call)?
                    .into_iter()
                    .next()
                    .unwrap_or_default();
                self.guarded(node)?;
                writing.update(node, &sent)?
            }
            _ => {
                self.guarded(node)?;
                writing.delete(node)?
            }
        };
        self.told(store, relation, node, &written)
    }

    /// The platform refuses a change of all rows at once.
    fn guarded(&self, node: &Node) -> Result<(), Reply> {
        if !node.conditions.is_empty() {
            return Ok(());
        }
        let verb = if self.call.method == "PATCH" {
            "UPDATE"
        } else {
            "DELETE"
        };
        Err(Reply::refused(
            "21000",
            format!("{verb} requires a WHERE clause"),
        ))
    }

    /// What a write answers.
    fn told(&self, store: &Store, relation: &Relation, node: &Node, written: &Written) -> Answer {
        let is_insert = self.call.method == "POST";
        let merged = is_insert && !written.rows.is_empty() && written.new == 0;
        let look = Look {
            store,
            policy: &self.policy,
        };
        let shown = look.shown(relation, node, &written.rows)?;
        let full = self.prefer.back == Return::Representation;
        let status = match (is_insert, full) {
            (true, _) if merged => 200,
            (true, _) => 201,
            (false, true) => 200,
            (false, false) => 204,
        };
        let count = written.rows.len();
        let total = self.prefer.count.map(|_| count);
        let shown_range = if self.call.method == "PATCH" {
            count
        } else {
            0
        };
        let mut reply = if full {
            self.accepted.reply(status, shown)?
        } else {
            Reply::new(status, Body::Nothing)
        };
        if self.prefer.back == Return::HeadersOnly
            && let Some(id) = written.rows.first().and_then(id_of)
        {
            reply = reply.header("location", format!("/{}?id=eq.{id}", relation.name));
        }
        reply = reply
            .header("content-range", form::range(0, shown_range, total))
            .header("content-profile", "public");
        if let Some(applied) = self.prefer.applied(true, is_insert) {
            reply = reply.header("preference-applied", applied);
        }
        Ok(reply)
    }
}
