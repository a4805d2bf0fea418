//! Tags: everybody reads them, administrators keep them; deleting one archives it.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Reply};
use super::lists::new_tag;
use super::route::{CLASSIC, Handler, Route};
use super::session::Session;
use super::store::Record;
use super::view;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/tags/",
        on: &[("GET", list as Handler), ("POST", create)],
    },
    Route {
        path: "api/tags/{}/",
        on: &[("GET", read), ("PUT", update), ("DELETE", archive)],
    },
    Route {
        path: "api/tags/{}/restore/",
        on: &[("POST", restore)],
    },
    Route {
        path: "api/tags/{}/merge/",
        on: &[("POST", merge)],
    },
];

fn uses(session: &Session<'_>, tag: &str, kind: &str) -> usize {
    let all = session.store.all(&session.who.org, kind);
    all.filter(|one| one.holds("tags", tag)).count()
}

fn list(session: &mut Session<'_>) -> Answer {
    let archived = session.call.param("include_archived") == Some("true");
    let name = session
        .call
        .param("name")
        .unwrap_or_default()
        .to_lowercase();
    let mut all: Vec<&Record> = session.store.all(&session.who.org, "tags").collect();
    all.sort_by(|one, other| one.text("name").cmp(other.text("name")));
    let active = all.iter().filter(|tag| tag.is("is_active")).count();
    let used = |tag: &Record| {
        CLASSIC
            .iter()
            .map(|kind| uses(session, &tag.id, kind))
            .sum::<usize>()
    };
    let unused = all.iter().filter(|tag| used(tag) == 0).count();
    let shown: Vec<Value> = all
        .iter()
        .filter(|tag| {
            (archived || tag.is("is_active")) && tag.text("name").to_lowercase().contains(&name)
        })
        .map(|tag| {
            let mut shown = view::tag(tag);
            let counts = CLASSIC
                .iter()
                .map(|kind| ((*kind).to_owned(), json!(uses(session, &tag.id, kind))));
            shown["usage"] = Value::Object(counts.collect::<Map<_, _>>());
            shown
        })
        .collect();
    Ok(Reply::ok(json!({
        "tags_count": shown.len(), "tags": shown, "totals": {"count": all.len(), "active": active, "unused": unused},
    })))
}

fn create(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::errors(403, "Only admins can create tags"))?;
    let (body, _) = session.call.payload()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("name").is_empty() {
        return Err(Reply::field("name", "This field is required."));
    }
    let taken = session
        .store
        .all(&session.who.org, "tags")
        .any(|tag| tag.text("name").eq_ignore_ascii_case(text("name")));
    if taken {
        return Err(Reply::field("name", "A tag with this name already exists."));
    }
    let color = match text("color") {
        "" => "blue",
        color => color,
    };
    let id = session.make("tags", new_tag(text("name"), color, text("description")));
    answer(session, 201, "Tag Created Successfully", &id)
}

fn answer(session: &Session<'_>, status: u16, message: &str, id: &str) -> Answer {
    let tag = session.get("tags", id).map(view::tag);
    Ok(Reply::json(
        status,
        json!({"error": false, "message": message, "tag": tag}),
    ))
}

fn own(session: &Session<'_>) -> Result<String, Reply> {
    let found = session.get("tags", &session.ids[0]);
    found
        .map(|one| one.id.clone())
        .ok_or_else(|| Reply::detail(404, "No Tags matches the given query."))
}

fn kept(session: &Session<'_>) -> Result<String, Reply> {
    session.admin_or(Reply::errors(403, "Only admins can update tags"))?;
    own(session)
}

fn read(session: &mut Session<'_>) -> Answer {
    let id = own(session)?;
    Ok(Reply::ok(json!({"tag": session.view().tag(&id)})))
}

fn update(session: &mut Session<'_>) -> Answer {
    let id = kept(session)?;
    let (body, _) = session.call.payload()?;
    session.change("tags", &id, |tag| {
        for field in ["name", "color", "description"] {
            if let Some(value) = body.get(field) {
                tag.set(field, value.clone());
            }
        }
    });
    answer(session, 200, "Tag Updated Successfully", &id)
}

fn archive(session: &mut Session<'_>) -> Answer {
    let id = kept(session)?;
    session.change("tags", &id, |tag| tag.set("is_active", false));
    Ok(Reply::done("Tag archived successfully"))
}

fn restore(session: &mut Session<'_>) -> Answer {
    let id = kept(session)?;
    session.change("tags", &id, |tag| tag.set("is_active", true));
    answer(session, 200, "Tag restored successfully", &id)
}

/// Moves every use to another tag and archives this one.
fn merge(session: &mut Session<'_>) -> Answer {
    let id = kept(session)?;
    let (body, _) = session.call.payload()?;
    let into = body
        .get("into")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if session.get("tags", &into).is_none() || into == id {
        return Err(Reply::field("into", "Choose another tag to merge into."));
    }
    for kind in CLASSIC {
        let users: Vec<String> = session
            .store
            .all(&session.who.org, kind)
            .filter(|one| one.holds("tags", &id))
            .map(|one| one.id.clone())
            .collect();
        for one in users {
            session.change(kind, &one, |record| {
                let others = record.ids("tags").filter(|tag| *tag != id && *tag != into);
                let mut all: Vec<String> = others.map(str::to_owned).collect();
                all.push(into.clone());
                record.set("tags", all);
            });
        }
    }
    session.change("tags", &id, |tag| tag.set("is_active", false));
    answer(session, 200, "Tags merged successfully", &into)
}
