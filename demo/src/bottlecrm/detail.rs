//! One record of the six with its companions, and what its page carries along.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Reply};
use super::catalogue;
use super::comments;
use super::session::{Session, Wish, object};
use super::store::Record;
use super::view::PARENTS;

/// `GET` on a record.
pub(crate) fn read(session: &mut Session<'_>) -> Answer {
    let entity = session.entity(&session.kind.clone())?;
    let id = session.ids[0].clone();
    let record = session.reach(&entity.name, &id, Wish::Read)?.clone();
    let into = record.text("merged_into");
    if !into.is_empty() && session.call.param("show_merged") != Some("true") {
        return Ok(Reply::ok(json!({
            "redirect_to": into, "merged_into": into,
            "source_case_id": record.id, "source_case_name": record.text("name"),
        })));
    }
    let view = session.view();
    let mut body = Map::new();
    body.insert(entity.words.object.clone(), view.row(&record));
    body.insert("attachments".into(), comments::files(view, &record.id));
    body.insert("comments".into(), comments::shown(view, &record, false));
    body.insert(
        "custom_field_definitions".into(),
        catalogue::definitions(view, &entity.words.model),
    );
    body.insert("users_mention".into(), catalogue::mentions(view));
    body.extend(object(companions(session, &record)));
    Ok(Reply::ok(Value::Object(body)))
}

fn companions(session: &Session<'_>, record: &Record) -> Value {
    match record.kind.as_str() {
        "leads" => lead(session, record),
        "contacts" => contact(session, record),
        "accounts" => account(session, record),
        "opportunities" => opportunity(session, record),
        "tasks" => task(session, record),
        _ => case(session, record),
    }
}

fn assigned(session: &Session<'_>, record: &Record, id: &str, name: &str) -> Value {
    let people = record
        .ids("assigned_to")
        .filter_map(|one| session.get("profiles", one));
    people
        .map(|one| {
            let own = if id == "id" {
                one.id.as_str()
            } else {
                one.text(id)
            };
            json!({"id": own, name: one.text("email")})
        })
        .collect()
}

fn lead(session: &Session<'_>, record: &Record) -> Value {
    let view = session.view();
    json!({
        "assigned_data": assigned(session, record, "id", "name"), "users": catalogue::profiles(view),
        "users_excluding_team": catalogue::profiles(view), "source": catalogue::choices("SourceEnum"),
        "status": catalogue::choices("LeadStatusEnum"), "teams": catalogue::teams(view),
        "countries": catalogue::choices("CountryEnum"),
    })
}

fn contact(session: &Session<'_>, record: &Record) -> Value {
    let view = session.view();
    let mut address = Map::new();
    for field in ["address_line", "city", "state", "postcode", "country"] {
        address.insert(field.to_owned(), record.value(field));
    }
    let names = |kind: &'static str, most: usize| -> Vec<Value> {
        let linked = view
            .all(kind)
            .filter(|one| one.holds("contacts", &record.id));
        linked
            .take(most)
            .map(|one| view.brief(kind, &one.id))
            .collect()
    };
    let account = record.text("account");
    let colleagues: Vec<Value> = view
        .all("contacts")
        .filter(|one| !account.is_empty() && one.text("account") == account && one.id != record.id)
        .take(8)
        .map(|one| view.brief("contacts", &one.id))
        .collect();
    json!({
        "address_obj": address, "countries": catalogue::choices("CountryEnum"),
        "assigned_data": assigned(session, record, "user_id", "name"), "tasks": names("tasks", 100),
        "opportunities": names("opportunities", 10), "cases": names("cases", 10), "colleagues": colleagues,
    })
}

fn account(session: &Session<'_>, record: &Record) -> Value {
    let view = session.view();
    let rows = |kind: &'static str| -> Vec<Value> {
        let own = view
            .all(kind)
            .filter(|one| one.text("account") == record.id);
        own.map(|one| view.row(one)).collect()
    };
    let linked = record
        .ids("contacts")
        .filter_map(|id| view.get("contacts", id));
    let invoices: Vec<Value> = view
        .all("invoices")
        .filter(|one| one.text("account_id") == record.id)
        .map(|one| super::invoices::row(session, one))
        .collect();
    json!({
        "contacts": linked.map(|one| view.row(one)).collect::<Vec<_>>(), "opportunity_list": rows("opportunities"),
        "users": catalogue::profiles(view), "cases": rows("cases"), "teams": catalogue::teams(view),
        "stages": catalogue::choices("StageEnum"), "sources": catalogue::choices("LeadSourceEnum"),
        "countries": catalogue::choices("CountryEnum"), "currencies": catalogue::choices("CurrencyEnum"),
        "case_types": catalogue::choices("CaseTypeEnum"), "case_priority": catalogue::choices("CasePriorityEnum"),
        "case_status": catalogue::choices("CaseStatusEnum"), "comment_permission": true, "tasks": rows("tasks"),
        "invoices": invoices, "emails": [], "leads": catalogue::leads(view), "status": ["active", "inactive"],
    })
}

fn opportunity(session: &Session<'_>, record: &Record) -> Value {
    let view = session.view();
    let contacts = record
        .ids("contacts")
        .filter_map(|id| view.get("contacts", id));
    json!({
        "contacts": contacts.map(|one| view.row(one)).collect::<Vec<_>>(), "users": catalogue::profiles(view),
        "stage": catalogue::choices("StageEnum"), "lead_source": catalogue::choices("LeadSourceEnum"),
        "currency": catalogue::choices("CurrencyEnum"), "comment_permission": true,
    })
}

fn task(session: &Session<'_>, record: &Record) -> Value {
    let view = session.view();
    json!({
        "assigned_data": assigned(session, record, "id", "user__email"), "users": catalogue::profiles(view),
        "users_excluding_team": catalogue::profiles(view), "teams": catalogue::teams(view),
    })
}

fn case(session: &Session<'_>, record: &Record) -> Value {
    let view = session.view();
    let contacts = record
        .ids("contacts")
        .filter_map(|id| view.get("contacts", id));
    let solutions = record
        .ids("solutions")
        .filter_map(|id| view.get("solutions", id));
    let merged: Vec<Value> = view
        .all("cases")
        .filter(|one| one.text("merged_into") == record.id)
        .map(|one| view.brief("cases", &one.id))
        .collect();
    json!({
        "internal_notes": comments::shown(view, record, true),
        "contacts": contacts.map(|one| view.row(one)).collect::<Vec<_>>(),
        "solutions": solutions.map(|one| super::solutions::shown(session, one)).collect::<Vec<_>>(),
        "activities": super::activities::of(session, &record.id, 20), "email_messages": [],
        "merged_from_cases": merged, "status": catalogue::choices("CaseStatusEnum"),
        "priority": catalogue::choices("CasePriorityEnum"), "type_of_case": catalogue::choices("CaseTypeEnum"),
        "comment_permission": true,
    })
}

/// What a task belongs to, as its card on the board names it.
pub(crate) fn related(session: &Session<'_>, task: &Record) -> Value {
    let view = session.view();
    let found = PARENTS
        .iter()
        .find(|(field, _)| !task.text(field).is_empty());
    found.map_or(Value::Null, |(field, kind)| {
        let mut brief = view.brief(kind, task.text(field));
        brief["type"] = json!(field);
        brief
    })
}
