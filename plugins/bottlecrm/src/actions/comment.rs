//! Comments: on records, on invoices, and notes on a case that the customer does not see.

use portcullis_sdk::{
    Effect, Failure, Method, Outcome, Route, RouteExt, code, delete as delete_route, patch, post,
    put,
};
use serde_json::{Value, json};

use super::{Action, Asked, not_applied, unseen, what};
use crate::{
    crm::{self, Record},
    fields::{Field, Kind, may, must},
    shape,
};

const ON: &[&str] = &["leads", "contacts", "accounts", "opportunities", "tasks"];
const ALL: &[&str] = &[
    "leads",
    "contacts",
    "accounts",
    "opportunities",
    "tasks",
    "cases",
    "invoices",
];

const TEXT: Field = must("comment", Kind::Text(10_000));
const COMMENT_ID: Field = must("comment_id", Kind::Id);

pub(super) static ACTIONS: &[Action] = &[
    Action {
        name: "comment",
        also: Some("add_comment"),
        entities: ON,
        effect: Effect::Write,
        irreversible: false,
        about: "adds a comment",
        params: &[TEXT],
        run: add,
        preview: None,
        routes: add_routes,
    },
    Action {
        name: "comment",
        also: Some("add_comment"),
        entities: &["cases"],
        effect: Effect::Write,
        irreversible: false,
        about: "adds a comment; with is_internal a note that only members see",
        params: &[TEXT, may("is_internal", Kind::Bool)],
        run: add,
        preview: None,
        routes: || vec![post("api/cases/{id}").same("id", "/id")],
    },
    Action {
        name: "comment",
        also: Some("add_comment"),
        entities: &["invoices"],
        effect: Effect::Write,
        irreversible: false,
        about: "adds a comment",
        params: &[TEXT],
        run: add_to_invoice,
        preview: None,
        routes: || vec![post("api/invoices/{id}/comments").same("id", "/id")],
    },
    Action {
        name: "edit_comment",
        also: None,
        entities: ALL,
        effect: Effect::Write,
        irreversible: false,
        about: "changes the text of a comment; for its author and administrators",
        params: &[COMMENT_ID, TEXT],
        run: edit,
        preview: None,
        routes: || routes_below(|name| if name == "invoices" { put } else { patch }),
    },
    Action {
        name: "delete_comment",
        also: None,
        entities: ALL,
        effect: Effect::Destructive,
        irreversible: true,
        about: "deletes a comment; for its author and administrators",
        params: &[COMMENT_ID],
        run: delete,
        preview: Some(delete_preview),
        routes: || routes_below(|_| delete_route),
    },
];

fn add_routes() -> Vec<Route> {
    ON.iter()
        .map(|name| post(&format!("api/{name}/{{id}}")).same("id", "/id"))
        .collect()
}

fn routes_below(verb: fn(&str) -> fn(&str) -> Route) -> Vec<Route> {
    ALL.iter()
        .map(|name| {
            let path = format!("api/{name}/{}/{{comment}}", word(name));
            verb(name)(&path).same("comment", "/params/comment_id")
        })
        .collect()
}

/// Under which word an entity has its comments.
fn word(entity: &str) -> &'static str {
    if entity == "invoices" {
        "comments"
    } else {
        "comment"
    }
}

/// The CRM answers 200 to an empty comment and stores nothing, and 500 for a lead that it does not
/// know; so both are looked at first.
fn add(asked: &Asked<'_>) -> Result<Record, Failure> {
    let text = said(asked)?;
    if asked.entity.name == "leads" {
        asked.record()?;
    }
    let path = asked.entity.record(asked.id);
    let ask = asked.call.http().post(path).json(&asked.body());
    let answer = crm::object(&crm::send(ask, &asked.about())?)?;
    let key = if asked.params.get("is_internal") == Some(&Value::Bool(true)) {
        "internal_notes"
    } else {
        "comments"
    };
    let stored = [key, "comments"]
        .iter()
        .filter_map(|key| answer.get(*key)?.as_array())
        .flatten()
        .filter_map(Value::as_object)
        .find(|comment| crm::text(comment, "comment").trim() == text);
    match stored {
        Some(comment) => Ok([("comment".to_owned(), shape::comment(comment))]
            .into_iter()
            .collect()),
        None => Err(Failure::upstream(
            "the CRM accepted the comment but does not show it among the record's comments",
        )
        .with_code(code::NOT_APPLIED)
        .outcome(Outcome::MayHaveHappened)
        .suggest("look at the record with crm_get before commenting again")),
    }
}

fn add_to_invoice(asked: &Asked<'_>) -> Result<Record, Failure> {
    said(asked)?;
    asked.send(Method::Post, &["comments"], Some(&asked.body()))
}

fn said<'a>(asked: &'a Asked<'_>) -> Result<&'a str, Failure> {
    let text = asked.text("comment").unwrap_or_default().trim();
    if text.is_empty() {
        return Err(
            Failure::bad_input(code::MISSING_REQUIRED_FIELD, "the comment is empty")
                .at("/params/comment"),
        );
    }
    Ok(text)
}

/// Comments of invoices know no PATCH. The answer is a sentence, so the comment is read back.
fn edit(asked: &Asked<'_>) -> Result<Record, Failure> {
    let text = said(asked)?;
    let method = match asked.entity.name {
        "invoices" => Method::Put,
        _ => Method::Patch,
    };
    asked.send_to(method, address(asked), Some(&json!({"comment": text})))?;
    let detail = read_back(asked, "changed the comment")?;
    match find(asked, &detail) {
        Some(comment) if crm::text(comment, "comment").trim() == text => {
            Ok([("comment".to_owned(), shape::comment(comment))]
                .into_iter()
                .collect())
        }
        Some(_) => Err(not_applied(asked, "changed the comment, but its text is the old one")),
        None => Err(not_applied(
            asked,
            "changed the comment, but this record does not show it; it may belong to another record",
        )
        .outcome(Outcome::MayHaveHappened)),
    }
}

fn delete(asked: &Asked<'_>) -> Result<Record, Failure> {
    present(asked)?;
    let answer = asked.send_to(Method::Delete, address(asked), None)?;
    let detail = read_back(asked, "deleted the comment")?;
    match find(asked, &detail) {
        None => Ok(answer),
        Some(_) => Err(not_applied(
            asked,
            "deleted the comment, but it is still there",
        )),
    }
}

fn delete_preview(asked: &Asked<'_>) -> Result<Value, Failure> {
    let (record, comment) = present(asked)?;
    let mut preview = what(
        asked,
        "The comment would be deleted. This cannot be undone.".to_owned(),
        &record,
        &[],
    );
    preview["comment"] = comment;
    Ok(preview)
}

/// The record and the comment, which has to be one of its own.
fn present(asked: &Asked<'_>) -> Result<(Record, Value), Failure> {
    let detail = crm::detail(asked.call, asked.entity, asked.id)?;
    let comment = find(asked, &detail).map(shape::comment).ok_or_else(|| {
        Failure::not_found(
            code::RECORD_NOT_FOUND,
            format!("this {} has no such comment", asked.entity.one),
        )
        .at("/params/comment_id")
        .outcome(Outcome::NotDone)
    })?;
    Ok((crm::nested(asked.entity, detail)?, comment))
}

fn find<'d>(asked: &Asked<'_>, detail: &'d Record) -> Option<&'d Record> {
    let wanted = asked.text("comment_id").unwrap_or_default();
    ["comments", "internal_notes"]
        .iter()
        .filter_map(|key| detail.get(*key)?.as_array())
        .flatten()
        .filter_map(Value::as_object)
        .find(|comment| crm::text(comment, "id").eq_ignore_ascii_case(wanted))
}

fn read_back(asked: &Asked<'_>, done: &str) -> Result<Record, Failure> {
    crm::detail(asked.call, asked.entity, asked.id).map_err(|failure| unseen(asked, done, &failure))
}

fn address(asked: &Asked<'_>) -> Vec<String> {
    let mut path = asked.entity.list();
    path.push(word(asked.entity.name).to_owned());
    path.push(asked.text("comment_id").unwrap_or_default().to_owned());
    path
}
