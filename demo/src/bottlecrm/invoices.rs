//! Invoices: the list, the whole, making and changing them. There is no deleting and no `PATCH`.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::answer::{Answer, Faulty, Reply};
use super::dates::{days_from, moment};
use super::input::{self, Extent};
use super::listing::visible;
use super::record::is_overdue;
use super::route::{Handler, Route};
use super::schema::Entity;
use super::session::{Session, Wish, object};
use super::store::Record;
use super::view::is_unpaid;
use super::{catalogue, comments, filters, lines, money, view};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/invoices/",
        on: &[("GET", list as Handler), ("POST", create)],
    },
    Route {
        path: "api/invoices/{}/",
        on: &[("GET", read), ("PUT", update)],
    },
    Route {
        path: "api/invoices/{}/comments/",
        on: &[("POST", comment)],
    },
    Route {
        path: "api/invoices/{}/attachments/",
        on: &[("POST", attach)],
    },
];

/// An invoice as the list prints it; these rows are lean.
pub(crate) fn row(session: &Session<'_>, one: &Record) -> Value {
    let view = session.view();
    let named = |kind: &str, field: &str| view.get(kind, one.text(field)).map(view::name);
    json!({
        "id": one.id, "invoice_number": one.text("invoice_number"), "invoice_title": one.text("invoice_title"),
        "status": one.text("status"), "account": one.value("account_id"), "account_name": named("accounts", "account_id"),
        "contact": one.value("contact_id"), "contact_name": named("contacts", "contact_id"),
        "client_name": one.text("client_name"), "client_email": one.text("client_email"), "issue_date": one.value("issue_date"),
        "due_date": one.value("due_date"), "total_amount": one.value("total_amount"), "amount_due": one.value("amount_due"),
        "amount_paid": one.value("amount_paid"), "currency": one.text("currency"),
        "is_overdue": is_overdue(one, &session.today().to_string()), "line_items_count": view.lines(&one.id).len(),
        "created_at": moment(one.created),
    })
}

/// An invoice or an estimate in full, with its secret link.
pub(crate) fn whole(session: &Session<'_>, entity: &Entity, one: &Record) -> Value {
    let view = session.view();
    let mut body = Map::new();
    body.insert("id".into(), json!(one.id));
    for (name, value) in &one.data {
        body.insert(name.clone(), value.clone());
    }
    for field in ["account_id", "contact_id", "opportunity_id", "template_id"] {
        body.shift_remove(field);
    }
    let nested =
        |kind: &str, field: &str| view.get(kind, one.text(field)).map(|found| view.row(found));
    let account = view
        .get("accounts", one.text("account_id"))
        .map(|found| view.account(found, false));
    body.insert("account".into(), json!(account));
    body.insert("contact".into(), json!(nested("contacts", "contact_id")));
    let deal = view.get("opportunities", one.text("opportunity_id")).map(|deal| {
        json!({
            "id": deal.id, "name": deal.text("name"), "stage": deal.text("stage"), "amount": deal.value("amount"),
            "currency": deal.value("currency"),
        })
    });
    body.insert("opportunity".into(), json!(deal));
    let lines: Vec<Value> = view.lines(&one.id).into_iter().map(Value::Object).collect();
    body.insert("line_items".into(), json!(lines));
    if entity.name == "invoices" {
        body.insert("payments".into(), super::payments::of(session, &one.id));
        body.insert(
            "is_overdue".into(),
            json!(is_overdue(one, &session.today().to_string())),
        );
    }
    let token = secret(&one.id);
    let kind = entity.words.label.to_lowercase();
    body.insert(
        "public_url".into(),
        json!(format!("/portal/{kind}/{token}/")),
    );
    body.insert("public_token".into(), json!(token));
    body.insert("created_at".into(), json!(moment(one.created)));
    body.insert("updated_at".into(), json!(moment(one.updated)));
    body.insert("created_by".into(), view.user(&one.by));
    body.insert("org".into(), view.organisation());
    Value::Object(body)
}

/// Whoever has it reads the document without a login; the same for an id every time.
fn secret(id: &str) -> String {
    let digest = hex::encode(Sha256::digest(format!("portal {id}")));
    digest.get(..43).unwrap_or_default().to_owned()
}

fn list(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("invoices")?;
    let all = visible(session, "invoices");
    let totals = totals(session, &all);
    let mut found = filters::passing(session, entity, all)?;
    let sort = session.call.param("sort").unwrap_or_default();
    let (field, backwards) = sort
        .strip_prefix('-')
        .map_or((sort, false), |rest| (rest, true));
    match field {
        "total_amount" => found.sort_by_key(|one| money::stored(&one.value(field))),
        "due_date" | "issue_date" | "status" => {
            found.sort_by(|one, other| one.text(field).cmp(other.text(field)));
        }
        "created_at" => found.sort_by_key(|one| one.order),
        _ => {}
    }
    if backwards
        && matches!(
            field,
            "total_amount" | "due_date" | "issue_date" | "status" | "created_at"
        )
    {
        found.reverse();
    }
    let rows: Vec<Value> = found.into_iter().map(|one| row(session, one)).collect();
    let mut body = session.paginated(&rows);
    body.insert("totals".into(), totals);
    Ok(Reply::ok(Value::Object(body)))
}

fn totals(session: &Session<'_>, all: &[&Record]) -> Value {
    let today = session.today();
    let (day, month) = (today.to_string(), today.to_string()[..7].to_owned());
    let sum = |field: &str, fits: &dyn Fn(&Record) -> bool| {
        let cents = all
            .iter()
            .filter(|one| fits(one))
            .map(|one| money::stored(&one.value(field)))
            .sum();
        money::text(cents)
    };
    let recent = days_from(today, -90).to_string();
    json!({
        "count": all.len(), "outstanding": sum("amount_due", &is_unpaid),
        "overdue": sum("amount_due", &|one| is_overdue(one, &day)),
        "due_this_month": sum("amount_due", &|one| is_unpaid(one) && one.text("due_date").starts_with(&month)),
        "paid_this_quarter": sum("amount_paid", &|one| one.text("paid_at") > recent.as_str()),
        "draft": sum("total_amount", &|one| one.text("status") == "Draft"),
        "action_needed": all.iter().filter(|one| one.text("status") == "Draft" || is_overdue(one, &day)).count(),
    })
}

fn read(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("invoices")?;
    let one = session
        .reach("invoices", &session.ids[0].clone(), Wish::Read)?
        .clone();
    let view = session.view();
    let history: Vec<Value> = view
        .store
        .newest(view.org, "invoice_history")
        .into_iter()
        .filter(|line| line.text("invoice") == one.id)
        .map(|line| past(session, &one, line))
        .collect();
    Ok(Reply::ok(json!({
        "invoice": whole(session, entity, &one), "attachments": comments::files(view, &one.id),
        "comments": comments::shown(view, &one, false), "history": history,
        "custom_field_definitions": catalogue::definitions(view, "Invoice"),
    })))
}

fn past(session: &Session<'_>, one: &Record, line: &Record) -> Value {
    json!({
        "id": line.id, "invoice": one.id, "invoice_title": one.text("invoice_title"),
        "invoice_number": one.text("invoice_number"), "status": line.text("status"), "client_name": one.text("client_name"),
        "client_email": one.text("client_email"), "total_amount": line.value("total_amount"),
        "amount_due": line.value("amount_due"), "currency": one.text("currency"), "due_date": one.value("due_date"),
        "details": line.text("details"), "updated_by": session.view().profile(line.text("profile")),
        "created_at": moment(line.created),
    })
}

/// Writes a line of an invoice's own history.
pub(crate) fn remember(session: &mut Session<'_>, id: &str, details: &str) {
    let Some(one) = session.get("invoices", id) else {
        return;
    };
    let line = json!({
        "invoice": id, "details": details, "status": one.text("status"), "total_amount": one.value("total_amount"),
        "amount_due": one.value("amount_due"), "profile": session.who.profile,
    });
    session.make("invoice_history", object(line));
}

/// Account and contact exist already; here they are held against each other.
pub(crate) fn fit(session: &Session<'_>, whole: &Map<String, Value>, faults: &mut Faulty) {
    let text = |field: &str| whole.get(field).and_then(Value::as_str).unwrap_or_default();
    let (account, contact) = (text("account_id"), text("contact_id"));
    let own = session
        .get("contacts", contact)
        .is_some_and(|one| one.text("account") == account);
    let linked = session
        .get("accounts", account)
        .is_some_and(|one| one.holds("contacts", contact));
    if !account.is_empty() && !contact.is_empty() && !own && !linked {
        faults.add(
            "contact_id",
            "Contact does not belong to the selected account",
        );
    }
}

fn create(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("invoices")?;
    let (body, _) = session.call.payload()?;
    let (given, mut faults) = input::read(session, entity, &body, Extent::Whole);
    fit(session, &given, &mut faults);
    faults.refuse()?;
    let mut data = fresh(session);
    data.extend(given);
    let id = session.make("invoices", data);
    add_lines(session, "invoices", &id, &body);
    total(session, &id);
    remember(session, &id, "Invoice created.");
    session.note("CREATE", "Invoice", &id, "");
    answer(session, 201, &entity.words.created, &id)
}

/// An empty draft with its number.
pub(crate) fn fresh(session: &Session<'_>) -> Map<String, Value> {
    let today = session.today();
    let mut data = Map::new();
    let day = today.strftime("%Y%m%d").to_string();
    let number = session.store.all(&session.who.org, "invoices").count() + 1;
    data.insert(
        "invoice_number".into(),
        json!(format!("INV-{day}-{number:04}")),
    );
    data.insert("status".into(), json!("Draft"));
    data.extend(super::schema::find("invoices").map_or_else(Map::new, input::defaults));
    let usual = json!({
        "billing_country": "", "client_country": "", "client_email": "", "discount_type": "", "discount_value": "0.00",
        "tax_rate": "0.00", "shipping_amount": "0.00", "currency": "USD", "issue_date": today.to_string(),
        "due_date": days_from(today, 30).to_string(), "payment_terms": "NET_30", "sent_at": null, "viewed_at": null,
        "paid_at": null, "amount_paid": "0.00", "custom_fields": {}, "assigned_to": [], "teams": [],
        "reminder_days_before": 3, "reminder_days_after": 7, "reminder_frequency": "ONCE", "reminder_count": 0,
    });
    data.extend(object(usual));
    data
}

/// Stores the lines of a body in place of those there were.
pub(crate) fn add_lines(
    session: &mut Session<'_>,
    kind: &str,
    id: &str,
    body: &Map<String, Value>,
) {
    let Some(given) = body.get("line_items").and_then(Value::as_array) else {
        return;
    };
    let Some(of) = session.get(kind, id).cloned() else {
        return;
    };
    lines::clear(session, id);
    for line in given.iter().filter_map(Value::as_object) {
        lines::make(session, &of, line);
    }
}

/// Computes the sums of an invoice from its lines and payments.
pub(crate) fn total(session: &mut Session<'_>, id: &str) {
    let Some(one) = session.get("invoices", id) else {
        return;
    };
    let number = |field: &str| money::stored(&one.value(field));
    let sums = sums(session, one);
    let whole = sums.whole + number("shipping_amount");
    let paid = super::payments::sum(session, id);
    session.change("invoices", id, |one| {
        one.set("subtotal", money::text(sums.lines));
        one.set("discount_amount", money::text(sums.discount));
        one.set("tax_amount", money::text(sums.tax));
        one.set("total_amount", money::text(whole));
        one.set("amount_paid", money::text(paid));
        one.set("amount_due", money::text(whole - paid));
    });
}

/// What lines, discount and tax come to.
pub(crate) struct Sums {
    pub(crate) lines: i64,
    pub(crate) discount: i64,
    pub(crate) tax: i64,
    pub(crate) whole: i64,
}

/// The sums of an invoice or an estimate.
pub(crate) fn sums(session: &Session<'_>, one: &Record) -> Sums {
    let number = |field: &str| money::stored(&one.value(field));
    let of_lines = session.view().lines(&one.id);
    let lines = of_lines
        .iter()
        .map(|line| line.get("total").map_or(0, money::stored))
        .sum();
    let discount = lines::discount(lines, one.text("discount_type"), number("discount_value"));
    let tax = money::percent(lines - discount, number("tax_rate"));
    let whole = lines - discount + tax;
    Sums {
        lines,
        discount,
        tax,
        whole,
    }
}

/// The answer of a write: what was done, and the invoice.
pub(crate) fn answer(session: &Session<'_>, status: u16, message: &str, id: &str) -> Answer {
    let entity = session.entity("invoices")?;
    let one = session
        .get("invoices", id)
        .map(|one| whole(session, entity, one));
    Ok(Reply::json(
        status,
        json!({"error": false, "message": message, "invoice": one}),
    ))
}

fn update(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("invoices")?;
    let id = session.ids[0].clone();
    let old = session.reach("invoices", &id, Wish::Change)?.clone();
    let (body, _) = session.call.payload()?;
    let (given, mut faults) = input::read(session, entity, &body, Extent::Partial);
    let mut whole = old.data.clone();
    whole.extend(given.clone());
    fit(session, &whole, &mut faults);
    faults.refuse()?;
    session.change("invoices", &id, |one| one.data.extend(given));
    add_lines(session, "invoices", &id, &body);
    total(session, &id);
    remember(session, &id, "Invoice updated.");
    answer(session, 200, &entity.words.updated, &id)
}

fn comment(session: &mut Session<'_>) -> Answer {
    let one = session
        .reach("invoices", &session.ids[0].clone(), Wish::Change)?
        .clone();
    let (body, _) = session.call.payload()?;
    let text = body
        .get("comment")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if text.is_empty() {
        return Err(Reply::message(400, "Comment text required"));
    }
    let id = comments::write(session, &one, text, false);
    let view = session.view();
    let shown = view
        .get("comments", &id)
        .map(|one| comments::comment(view, one));
    Ok(Reply::json(
        201,
        json!({"error": false, "message": "Comment added", "comment": shown}),
    ))
}

fn attach(session: &mut Session<'_>) -> Answer {
    let one = session
        .reach("invoices", &session.ids[0].clone(), Wish::Change)?
        .clone();
    if !session.call.is_form() {
        return Err(session.call.unsupported());
    }
    let (_, files) = session.call.payload()?;
    let Some(file) = files.iter().find(|file| file.field == "file") else {
        return Err(Reply::message(400, "File required"));
    };
    let id = comments::attach(session, &one, file);
    let shown = session.get("attachments", &id).map(comments::file);
    Ok(Reply::json(
        201,
        json!({"error": false, "message": "Attachment uploaded", "attachment": shown}),
    ))
}
