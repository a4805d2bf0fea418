//! Articles of the knowledge base: everybody reads, the author writes, an administrator publishes.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::dates::moment;
use super::filters;
use super::input::{self, Extent};
use super::listing::visible;
use super::route::{Handler, Route};
use super::session::{Session, Wish};
use super::store::Record;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/cases/solutions/",
        on: &[("GET", list as Handler), ("POST", create)],
    },
    Route {
        path: "api/cases/solutions/{}/",
        on: &[
            ("GET", read),
            ("PUT", update),
            ("PATCH", update),
            ("DELETE", delete),
        ],
    },
    Route {
        path: "api/cases/solutions/{}/publish/",
        on: &[("POST", publish)],
    },
    Route {
        path: "api/cases/solutions/{}/unpublish/",
        on: &[("POST", unpublish)],
    },
];

/// An article as lists and writes print it.
pub(crate) fn shown(session: &Session<'_>, one: &Record) -> Value {
    let view = session.view();
    let cases = view
        .all("cases")
        .filter(|case| case.holds("solutions", &one.id))
        .count();
    json!({
        "id": one.id, "title": one.text("title"), "description": one.text("description"), "status": one.text("status"),
        "is_published": one.is("is_published"), "org": view.organisation(), "case_count": cases,
        "author": view.user(&one.by)["name"], "created_at": moment(one.created), "updated_at": moment(one.updated),
        "created_by": one.by, "updated_by": one.by,
    })
}

fn answer(session: &Session<'_>, status: u16, id: &str) -> Answer {
    let one = session.get("solutions", id).map(|one| shown(session, one));
    Ok(Reply::json(status, json!(one)))
}

fn list(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("solutions")?;
    let all = visible(session, "solutions");
    let count = |status: &str| {
        all.iter()
            .filter(|one| one.text("status") == status)
            .count()
    };
    let published = all.iter().filter(|one| one.is("is_published")).count();
    let waiting = all
        .iter()
        .filter(|one| one.text("status") == "approved" && !one.is("is_published"))
        .count();
    let totals = json!({
        "count": all.len(), "published": published, "draft": count("draft"), "reviewed": count("reviewed"),
        "approved_unpublished": waiting,
    });
    let found = filters::passing(session, entity, all)?;
    let rows: Vec<Value> = found.into_iter().map(|one| shown(session, one)).collect();
    let mut body = session.paginated(&rows);
    body.insert("totals".into(), totals);
    Ok(Reply::ok(Value::Object(body)))
}

fn create(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("solutions")?;
    let (body, _) = session.call.payload()?;
    let (given, faults) = input::read(session, entity, &body, Extent::Whole);
    faults.refuse_bare()?;
    guard(session, &given)?;
    let mut whole = input::defaults(entity);
    whole.insert("status".into(), json!("draft"));
    whole.extend(given);
    let id = session.make("solutions", whole);
    answer(session, 201, &id)
}

fn guard(session: &Session<'_>, given: &serde_json::Map<String, Value>) -> Result<(), Reply> {
    let decides = given
        .get("status")
        .is_some_and(|status| status == "approved")
        || given.get("is_published") == Some(&Value::Bool(true));
    if decides && !session.who.is_admin {
        let text = "Only an admin can approve or publish a knowledge-base article.";
        return Err(Reply::detail(403, text));
    }
    Ok(())
}

fn read(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    let one = session.reach("solutions", &id, Wish::Read)?;
    let mut body = shown(session, one);
    let view = session.view();
    let cases = view
        .all("cases")
        .filter(|case| case.holds("solutions", &id));
    body["linked_cases"] = cases.map(|case| view.brief("cases", &case.id)).collect();
    Ok(Reply::ok(body))
}

fn update(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("solutions")?;
    let id = own(session)?;
    let (body, _) = session.call.payload()?;
    let (given, faults) = input::read(session, entity, &body, Extent::Partial);
    faults.refuse_bare()?;
    guard(session, &given)?;
    session.change("solutions", &id, |one| one.data.extend(given));
    answer(session, 200, &id)
}

/// The article of the path, for its author or an administrator.
fn own(session: &Session<'_>) -> Result<String, Reply> {
    Ok(session
        .reach("solutions", &session.ids[0], Wish::Delete)?
        .id
        .clone())
}

fn delete(session: &mut Session<'_>) -> Answer {
    let id = own(session)?;
    session.store.remove(&id);
    Ok(Reply::nothing())
}

fn publish(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::plain(403, "Only admins can publish solutions"))?;
    let id = own(session)?;
    let approved = session
        .get("solutions", &id)
        .is_some_and(|one| one.text("status") == "approved");
    if !approved {
        let text = "Only approved solutions can be published. Please approve it first.";
        return Err(Reply::plain(400, text));
    }
    session.change("solutions", &id, |one| one.set("is_published", true));
    answer(session, 200, &id)
}

fn unpublish(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::plain(403, "Only admins can publish solutions"))?;
    let id = own(session)?;
    session.change("solutions", &id, |one| one.set("is_published", false));
    answer(session, 200, &id)
}
