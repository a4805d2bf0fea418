//! Documents: files with a title.

use serde_json::{Value, json};

use super::answer::{Answer, Body, Faulty, Reply};
use super::catalogue;
use super::dates::moment;
use super::route::{Handler, Route};
use super::session::{Session, object};
use super::store::Record;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/documents/",
        on: &[("GET", list as Handler), ("POST", create)],
    },
    Route {
        path: "api/documents/{}/",
        on: &[("GET", read), ("DELETE", delete)],
    },
    Route {
        path: "api/documents/{}/download/",
        on: &[("GET", download)],
    },
];

fn shown(session: &Session<'_>, one: &Record) -> Value {
    let view = session.view();
    json!({
        "id": one.id, "title": one.text("title"), "document_file": format!("/media/docs/{}", one.text("file_name")),
        "status": one.text("status"), "shared_to": [], "teams": [], "size_bytes": one.text("content").len() / 2,
        "created_at": moment(one.created), "created_by": view.user(&one.by), "org": view.organisation(),
    })
}

fn visible(session: &Session<'_>, one: &Record) -> bool {
    session.who.is_admin || session.owns(one)
}

fn list(session: &mut Session<'_>) -> Answer {
    let (limit, offset) = session.page();
    let all = session.store.newest(&session.who.org, "documents");
    let half = |status: &str| {
        let own: Vec<&&Record> = all
            .iter()
            .filter(|one| one.text("status") == status && visible(session, one))
            .collect();
        let rows: Vec<Value> = own
            .iter()
            .skip(offset)
            .take(limit)
            .map(|one| shown(session, one))
            .collect();
        (own.len(), rows)
    };
    let ((active, shown), (inactive, hidden)) = (half("active"), half("inactive"));
    Ok(Reply::ok(json!({
        "search": false,
        "documents_active": {"documents_active_count": active, "documents_active": shown, "offset": null},
        "documents_inactive": {"documents_inactive_count": inactive, "documents_inactive": hidden, "offset": 0},
        "users": catalogue::profiles(session.view()),
        "status_choices": [["active", "active"], ["inactive", "inactive"]],
    })))
}

fn create(session: &mut Session<'_>) -> Answer {
    let (body, files) = session.call.payload()?;
    let title = body
        .get("title")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let file = files.iter().find(|file| file.field == "document_file");
    let mut faults = Faulty::default();
    if title.is_empty() {
        faults.add("title", "This field is required.");
    }
    if file.is_none() {
        faults.add("document_file", "No file was submitted.");
    }
    faults.refuse()?;
    let (name, content) = file.map_or_else(Default::default, |file| {
        (file.name.clone(), hex::encode(&file.bytes))
    });
    let data = json!({"title": title, "status": "active", "file_name": name, "content": content});
    session.make("documents", object(data));
    Ok(Reply::json(
        201,
        json!({"error": false, "message": "Document Created Successfully"}),
    ))
}

fn own<'a>(session: &'a Session<'_>) -> Result<&'a Record, Reply> {
    let one = session
        .get("documents", &session.ids[0])
        .ok_or_else(|| Reply::detail(404, "No Document matches the given query."))?;
    if visible(session, one) {
        return Ok(one);
    }
    Err(Reply::detail(
        403,
        "You do not have Permission to perform this action",
    ))
}

fn read(session: &mut Session<'_>) -> Answer {
    let one = own(session)?;
    Ok(Reply::ok(json!({
        "doc_obj": shown(session, one), "file_type_code": "fa fa-file-alt",
        "users": catalogue::profiles(session.view()),
    })))
}

fn delete(session: &mut Session<'_>) -> Answer {
    let id = own(session)?.id.clone();
    session.store.remove(&id);
    Ok(Reply::done("Document deleted Successfully"))
}

fn download(session: &mut Session<'_>) -> Answer {
    let one = own(session)?;
    Ok(Reply {
        status: 200,
        body: Body::File {
            kind: "application/octet-stream",
            name: one.text("file_name").to_owned(),
            bytes: hex::decode(one.text("content")).unwrap_or_default(),
        },
    })
}
