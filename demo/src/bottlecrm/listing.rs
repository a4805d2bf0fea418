//! The lists of the six common entities, each in its own shape and with all its dead weight.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Reply};
use super::dates::day_of;
use super::money;
use super::route::{Handler, Route};
use super::session::{Session, object};
use super::store::Record;
use super::view::is_open_case;
use super::{catalogue, dates, filters, record};

pub(crate) const ROUTES: &[Route] = &[Route {
    path: "api/<classic>/",
    on: &[("GET", list), ("POST", record::create as Handler)],
}];

fn list(session: &mut Session<'_>) -> Answer {
    let entity = session.entity(&session.kind.clone())?;
    let found = filters::passing(session, entity, visible(session, &entity.name))?;
    let body = match entity.name.as_str() {
        "leads" => leads(session, &found),
        "contacts" => contacts(session, &found),
        "accounts" => accounts(session, &found),
        "opportunities" => opportunities(session, &found),
        "tasks" => tasks(session, &found),
        _ => cases(session, &found),
    };
    Ok(Reply::ok(body))
}

/// What the caller sees of an entity, in the order of its list.
pub(crate) fn visible<'a>(session: &'a Session<'_>, kind: &str) -> Vec<&'a Record> {
    let by_age = matches!(
        kind,
        "contacts" | "cases" | "invoices" | "solutions" | "estimates"
    );
    let mut all: Vec<&Record> = if by_age {
        session.store.newest(&session.who.org, kind)
    } else {
        let own = session.store.newest(&session.who.org, kind);
        let mut own: Vec<&Record> = own;
        own.sort_by(|one, other| other.id.cmp(&one.id));
        own
    };
    let flag = |name: &str| session.call.param(name) == Some("true");
    let (deleted, merged) = (
        flag("include_deleted") && session.who.is_admin,
        flag("show_merged"),
    );
    all.retain(|one| {
        let gone = one.is("deleted") && !deleted || !one.text("merged_into").is_empty() && !merged;
        !gone && (kind == "solutions" || session.sees(one))
    });
    all
}

/// A page's rows, and the number that the real one calls the next offset. That number counts ids
/// up to the last one shown, which says nothing where the list is sorted by age.
fn page(session: &Session<'_>, found: &[&Record]) -> (Vec<Value>, Value) {
    let (limit, offset) = session.page();
    let shown: Vec<&&Record> = found.iter().skip(offset).take(limit).collect();
    let view = session.view();
    let rows = shown.iter().map(|one| view.row(one)).collect();
    let next = match shown.last() {
        None => json!(0),
        Some(_) if offset + limit >= found.len() => Value::Null,
        Some(last) => json!(found.iter().filter(|one| one.id >= last.id).count()),
    };
    (rows, next)
}

/// The page number, which is one whatever is asked, as `per_page` is ten.
fn cosmetics(body: &mut Map<String, Value>) {
    body.insert("per_page".into(), json!(10));
    body.insert("page_number".into(), json!(1));
}

fn leads(session: &Session<'_>, found: &[&Record]) -> Value {
    let view = session.view();
    let half = |closed: bool| -> Vec<&Record> {
        let fits = |lead: &&&Record| match lead.text("status") {
            "converted" => false,
            status => (status == "closed") == closed,
        };
        found.iter().filter(fits).copied().collect()
    };
    let (open, closed) = (half(false), half(true));
    let ((rows, next), (closed_rows, closed_next)) = (page(session, &open), page(session, &closed));
    let week_ago = dates::days_from(session.today(), -7);
    let idle = open
        .iter()
        .filter(|lead| day_of(lead.updated) < week_ago)
        .count();
    let mut body = Map::new();
    cosmetics(&mut body);
    body.extend(object(json!({
        "open_leads": {"leads_count": open.len(), "open_leads": rows, "offset": next},
        "totals": {"count": open.len(), "unworked_over_a_week": idle},
        "close_leads": {"leads_count": closed.len(), "close_leads": closed_rows, "offset": closed_next},
        "contacts": catalogue::contact_names(view),
        "status": catalogue::choices("LeadStatusEnum"), "source": catalogue::choices("SourceEnum"),
        "tags": catalogue::tags(view), "users": catalogue::people(view),
        "countries": catalogue::choices("CountryEnum"), "industries": catalogue::choices("IndustryEnum"),
    })));
    Value::Object(body)
}

fn contacts(session: &Session<'_>, found: &[&Record]) -> Value {
    let (view, (rows, next)) = (session.view(), page(session, found));
    let active = found.iter().filter(|one| one.is("is_active")).count();
    let mut body = object(json!({"active_count": active, "inactive_count": found.len() - active}));
    cosmetics(&mut body);
    body.extend(object(json!({
        "count": found.len(), "results": rows, "contacts_count": found.len(), "offset": next,
        "contact_obj_list": rows, "countries": catalogue::choices("CountryEnum"),
        "users": catalogue::people(view),
    })));
    Value::Object(body)
}

fn accounts(session: &Session<'_>, found: &[&Record]) -> Value {
    let view = session.view();
    let half = |active: bool| -> Vec<&Record> {
        let fits = |one: &&&Record| one.is("is_active") == active;
        found.iter().filter(fits).copied().collect()
    };
    let (open, closed) = (half(true), half(false));
    let ((rows, next), (closed_rows, closed_next)) = (page(session, &open), page(session, &closed));
    let mut body = Map::new();
    cosmetics(&mut body);
    body.extend(object(json!({
        "active_accounts": {"offset": next, "open_accounts": rows, "open_accounts_count": open.len()},
        "contacts": catalogue::contact_names(view),
        "closed_accounts": {"offset": closed_next, "close_accounts": closed_rows, "close_accounts_count": closed.len()},
        "teams": catalogue::teams(view), "countries": catalogue::choices("CountryEnum"),
        "industries": catalogue::choices("IndustryEnum"), "tags": catalogue::tags(view),
        "users": catalogue::people(view), "leads": catalogue::leads(view), "status": ["active", "inactive"],
    })));
    Value::Object(body)
}

fn opportunities(session: &Session<'_>, found: &[&Record]) -> Value {
    let (view, (rows, next)) = (session.view(), page(session, found));
    let amount = |deal: &Record| money::stored(&deal.value("amount"));
    let total: i64 = found.iter().map(|deal| amount(deal)).sum();
    let weighted: i64 = found
        .iter()
        .map(|deal| amount(deal) * deal.value("probability").as_i64().unwrap_or(0) / 100)
        .sum();
    let stalled = found
        .iter()
        .filter(|deal| view.ageing(deal) == "red")
        .count();
    let mut body = object(json!({"totals": {
        "count": found.len(), "amount_sum": money::number(total),
        "weighted_sum": money::number(weighted), "stalled_count": stalled,
    }}));
    cosmetics(&mut body);
    body.extend(object(json!({
        "opportunities_count": found.len(), "offset": next, "opportunities": rows,
        "accounts_list": catalogue::accounts(view, |one| session.sees(one)),
        "contacts_list": catalogue::contacts(view, |one| session.sees(one)),
        "tags": catalogue::tags(view), "stage": catalogue::choices("StageEnum"),
        "lead_source": catalogue::choices("LeadSourceEnum"), "currency": catalogue::choices("CurrencyEnum"),
    })));
    Value::Object(body)
}

fn tasks(session: &Session<'_>, found: &[&Record]) -> Value {
    let (view, (mut rows, next)) = (session.view(), page(session, found));
    for row in &mut rows {
        if let Value::Object(row) = row {
            for dropped in [
                "description",
                "created_by",
                "contacts",
                "teams",
                "custom_fields",
            ] {
                row.shift_remove(dropped);
            }
        }
    }
    let mut body = object(json!({
        "totals": task_totals(session, found), "tasks_count": found.len(), "offset": next, "tasks": rows,
        "status": catalogue::choices("TaskStatusEnum"), "priority": catalogue::choices("TaskPriorityEnum"),
        "users": catalogue::people(view),
    }));
    add_catalogue(session, &mut body);
    Value::Object(body)
}

fn task_totals(session: &Session<'_>, found: &[&Record]) -> Value {
    let today = session.today();
    let (day, week) = (today.to_string(), dates::days_from(today, 7).to_string());
    let open: Vec<&&Record> = found
        .iter()
        .filter(|task| task.text("status") != "Completed")
        .collect();
    let count = |fits: &dyn Fn(&str) -> bool| {
        open.iter()
            .filter(|task| fits(task.text("due_date")))
            .count()
    };
    let free = open
        .iter()
        .filter(|task| task.ids("assigned_to").next().is_none())
        .count();
    json!({
        "count": found.len(), "open": open.len(),
        "overdue": count(&|due| !due.is_empty() && due < day.as_str()),
        "due_today": count(&|due| due == day),
        "due_this_week": count(&|due| due >= day.as_str() && due <= week.as_str()),
        "no_due_date": count(&str::is_empty), "unassigned": free,
    })
}

fn cases(session: &Session<'_>, found: &[&Record]) -> Value {
    let mut sorted = found.to_vec();
    let ordering = session.call.param("ordering").unwrap_or_default();
    let (field, backwards) = ordering
        .strip_prefix('-')
        .map_or((ordering, false), |rest| (rest, true));
    if matches!(field, "created_at" | "priority" | "id" | "name") {
        let key = |case: &Record| match field {
            "created_at" => dates::moment(case.created),
            "id" => case.id.clone(),
            _ => case.text(field).to_owned(),
        };
        sorted.sort_by_key(|case| key(case));
        if backwards {
            sorted.reverse();
        }
    }
    let (view, (rows, next)) = (session.view(), page(session, &sorted));
    let open: Vec<&&Record> = found.iter().filter(|case| is_open_case(case)).collect();
    let urgent = open
        .iter()
        .filter(|case| case.text("priority") == "Urgent")
        .count();
    let waiting = open
        .iter()
        .filter(|case| case.text("first_response_at").is_empty())
        .count();
    let mut body = object(json!({
        "open_count": open.len(), "urgent_count": urgent, "awaiting_first_reply": waiting,
        "cases_count": found.len(), "offset": next, "cases": rows,
        "status": catalogue::choices("CaseStatusEnum"), "priority": catalogue::choices("CasePriorityEnum"),
        "type_of_case": catalogue::choices("CaseTypeEnum"),
    }));
    add_catalogue(session, &mut body);
    body.insert("users".into(), catalogue::people(view));
    Value::Object(body)
}

/// All accounts and contacts, unless `slim=true` spares them.
fn add_catalogue(session: &Session<'_>, body: &mut Map<String, Value>) {
    if session.call.param("slim") == Some("true") {
        return;
    }
    let view = session.view();
    let (accounts, contacts) = (
        catalogue::accounts(view, |one| session.sees(one)),
        catalogue::contacts(view, |one| session.sees(one)),
    );
    body.insert("accounts_list".into(), accounts);
    body.insert("contacts_list".into(), contacts);
}
