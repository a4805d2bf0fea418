//! Comments and files on the six entities, and the files' contents.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Body, Faulty, Reply};
use super::dates::moment;
use super::request::File;
use super::route::Route;
use super::schema;
use super::session::{Session, Wish, object};
use super::store::Record;
use super::view::{View, name};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/<classic>/comment/{}/",
        on: &[("PUT", replace), ("PATCH", edit), ("DELETE", remove)],
    },
    // The CRM's schema names no PATCH here.
    Route {
        path: "api/invoices/comments/{}/",
        on: &[("PUT", replace), ("DELETE", remove)],
    },
    Route {
        path: "api/<classic>/attachment/{}/",
        on: &[("DELETE", remove_file)],
    },
    Route {
        path: "api/attachments/{}/download/",
        on: &[("GET", download)],
    },
];

/// `POST` on a record: a comment, a file, both, or nothing at all, which is a success too.
pub(crate) fn add(session: &mut Session<'_>) -> Answer {
    let entity = session.entity(&session.kind.clone())?;
    let id = session.ids[0].clone();
    if entity.name == "leads" && session.get("leads", &id).is_none() {
        return Err(Reply::page(500));
    }
    let record = session.reach(&entity.name, &id, Wish::Change)?.clone();
    let (body, files) = session.call.payload()?;
    let text = body
        .get("comment")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !text.trim().is_empty() {
        let internal = entity.name == "cases" && is_true(body.get("is_internal"));
        write(session, &record, text, internal);
        session.note("COMMENT", &entity.words.model, &id, &name(&record));
        if entity.name == "cases" && !internal && record.text("first_response_at").is_empty() {
            let now = session.stamp();
            session.change("cases", &id, |case| case.set("first_response_at", now));
        }
    }
    let field = format!("{}_attachment", entity.words.label.to_lowercase());
    for file in files.iter().filter(|file| file.field == field) {
        attach(session, &record, file);
    }
    let view = session.view();
    let mut answer = Map::new();
    answer.insert(entity.words.object.clone(), view.row(&record));
    answer.insert("attachments".into(), self::files(view, &id));
    answer.insert("comments".into(), shown(view, &record, false));
    if entity.name == "cases" {
        answer.insert("internal_notes".into(), shown(view, &record, true));
    }
    Ok(Reply::ok(Value::Object(answer)))
}

fn is_true(value: Option<&Value>) -> bool {
    value.is_some_and(|value| *value == true || *value == "true")
}

/// Stores a comment and gives its id.
pub(crate) fn write(session: &mut Session<'_>, on: &Record, text: &str, internal: bool) -> String {
    let kind =
        schema::find(&on.kind).map_or_else(String::new, |one| one.words.label.to_lowercase());
    let data = json!({
        "on": on.id, "content_type": kind, "comment": text, "is_internal": internal,
        "profile": session.who.profile,
    });
    session.make("comments", object(data))
}

/// Stores a file and gives its id.
pub(crate) fn attach(session: &mut Session<'_>, on: &Record, file: &File) -> String {
    let kind =
        schema::find(&on.kind).map_or_else(String::new, |one| one.words.label.to_lowercase());
    let data = json!({
        "on": on.id, "content_type": kind, "file_name": file.name, "content": hex::encode(&file.bytes),
    });
    session.make("attachments", object(data))
}

/// A record's comments, newest first: those that a customer may see, or the internal ones.
pub(crate) fn shown(view: View<'_>, on: &Record, internal: bool) -> Value {
    let all = view.store.newest(view.org, "comments").into_iter();
    all.filter(|one| one.text("on") == on.id && one.is("is_internal") == internal)
        .map(|one| comment(view, one))
        .collect()
}

/// A comment; those on leads have less.
pub(crate) fn comment(view: View<'_>, one: &Record) -> Value {
    let author = view.get("profiles", one.text("profile"));
    let email = author.map(|author| author.text("email"));
    let mut shown = json!({
        "id": one.id, "comment": one.text("comment"), "commented_on": moment(one.created),
        "commented_by": {"id": one.text("profile"), "user_details": {"email": email, "profile_pic": null}},
    });
    if one.text("content_type") != "lead" {
        shown["content_type"] = one.value("content_type");
        shown["object_id"] = one.value("on");
        shown["org"] = json!(one.org);
        shown["is_internal"] = json!(one.is("is_internal"));
    }
    shown
}

/// A record's files, newest first.
pub(crate) fn files(view: View<'_>, on: &str) -> Value {
    let all = view.store.newest(view.org, "attachments").into_iter();
    all.filter(|one| one.text("on") == on).map(file).collect()
}

pub(crate) fn file(one: &Record) -> Value {
    json!({
        "id": one.id, "created_by": one.by, "file_name": one.text("file_name"), "created_at": moment(one.created),
        "file_path": format!("/media/attachments/{}", one.text("file_name")),
        "content_type": one.value("content_type"), "object_id": one.value("on"), "org": one.org,
    })
}

fn edit(session: &mut Session<'_>) -> Answer {
    rewrite(session, "Comment Updated")
}

fn replace(session: &mut Session<'_>) -> Answer {
    rewrite(session, "Comment Submitted")
}

fn rewrite(session: &mut Session<'_>, done: &str) -> Answer {
    let id = own_comment(session)?;
    let (body, _) = session.call.payload()?;
    let text = body
        .get("comment")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if text.is_empty() {
        let mut faults = Faulty::default();
        faults.add("comment", "This field may not be blank.");
        faults.refuse()?;
    }
    session.change("comments", &id, |one| one.set("comment", text));
    Ok(Reply::done(done))
}

fn remove(session: &mut Session<'_>) -> Answer {
    let id = own_comment(session)?;
    session.store.remove(&id);
    Ok(Reply::done("Comment Deleted Successfully"))
}

/// The comment of the path, for its author or an administrator.
fn own_comment(session: &Session<'_>) -> Result<String, Reply> {
    let one = session
        .get("comments", &session.ids[0])
        .ok_or_else(|| Reply::detail(404, "No such Comment."))?;
    if session.who.is_admin || one.text("profile") == session.who.profile {
        return Ok(one.id.clone());
    }
    Err(Reply::errors(
        403,
        match session.kind.as_str() {
            "leads" => "You don't have permission to perform this action",
            _ => "You don't have permission to edit this Comment",
        },
    ))
}

fn remove_file(session: &mut Session<'_>) -> Answer {
    let one = session
        .get("attachments", &session.ids[0])
        .ok_or_else(|| Reply::detail(404, "No Attachments matches the given query."))?;
    if !session.who.is_admin && !session.owns(one) {
        return Err(Reply::errors(
            403,
            "You don't have permission to delete this Attachment",
        ));
    }
    let id = one.id.clone();
    session.store.remove(&id);
    Ok(Reply::done("Attachment Deleted Successfully"))
}

fn download(session: &mut Session<'_>) -> Answer {
    let one = session
        .get("attachments", &session.ids[0])
        .ok_or_else(|| Reply::detail(404, "No Attachments matches the given query."))?;
    Ok(Reply {
        status: 200,
        body: Body::File {
            kind: "application/octet-stream",
            name: one.text("file_name").to_owned(),
            bytes: hex::decode(one.text("content")).unwrap_or_default(),
        },
    })
}
