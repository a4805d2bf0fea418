//! Estimates: offers that can be sent and turned into an invoice once.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Reply};
use super::dates::{days_from, moment};
use super::input::{self, Extent};
use super::invoices::{self, add_lines, fit, sums, whole};
use super::listing::visible;
use super::route::{Handler, Route};
use super::schema::is_choice;
use super::session::{Session, Wish, object};
use super::store::Record;
use super::{catalogue, filters, invoice_state, lines, money, view};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/invoices/estimates/",
        on: &[("GET", list as Handler), ("POST", create)],
    },
    Route {
        path: "api/invoices/estimates/{}/",
        on: &[("GET", read), ("PUT", update), ("DELETE", delete)],
    },
    Route {
        path: "api/invoices/estimates/{}/send/",
        on: &[("POST", send)],
    },
    Route {
        path: "api/invoices/estimates/{}/convert/",
        on: &[("POST", convert)],
    },
];

fn row(session: &Session<'_>, one: &Record) -> Value {
    let view = session.view();
    let named = |kind: &str, field: &str| view.get(kind, one.text(field)).map(view::name);
    json!({
        "id": one.id, "estimate_number": one.text("estimate_number"), "title": one.text("title"),
        "status": one.text("status"), "account": one.value("account_id"), "account_name": named("accounts", "account_id"),
        "contact": one.value("contact_id"), "contact_name": named("contacts", "contact_id"),
        "client_name": one.text("client_name"), "issue_date": one.value("issue_date"),
        "expiry_date": one.value("expiry_date"), "total_amount": one.value("total_amount"),
        "currency": one.text("currency"), "created_at": moment(one.created),
    })
}

fn list(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("estimates")?;
    let found = filters::passing(session, entity, visible(session, "estimates"))?;
    let rows: Vec<Value> = found.into_iter().map(|one| row(session, one)).collect();
    Ok(Reply::ok(Value::Object(session.paginated(&rows))))
}

fn total(session: &mut Session<'_>, id: &str) {
    let Some(one) = session.get("estimates", id) else {
        return;
    };
    let sums = sums(session, one);
    session.change("estimates", id, |one| {
        one.set("subtotal", money::text(sums.lines));
        one.set("discount_amount", money::text(sums.discount));
        one.set("tax_amount", money::text(sums.tax));
        one.set("total_amount", money::text(sums.whole));
    });
}

fn answer(session: &Session<'_>, status: u16, message: &str, id: &str) -> Answer {
    let entity = session.entity("estimates")?;
    let one = session
        .get("estimates", id)
        .map(|one| whole(session, entity, one));
    Ok(Reply::json(
        status,
        json!({"error": false, "message": message, "estimate": one}),
    ))
}

fn create(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("estimates")?;
    let (body, _) = session.call.payload()?;
    let (given, mut faults) = input::read(session, entity, &body, Extent::Whole);
    fit(session, &given, &mut faults);
    let status = body
        .get("status")
        .and_then(Value::as_str)
        .unwrap_or("Draft")
        .to_owned();
    if !is_choice("EstimateStatusEnum", &status) {
        faults.add("status", format!("\"{status}\" is not a valid choice."));
    }
    faults.refuse()?;
    let today = session.today();
    let day = today.strftime("%Y%m%d").to_string();
    let number = session.store.all(&session.who.org, "estimates").count() + 1;
    let mut data =
        object(json!({"estimate_number": format!("EST-{day}-{number:04}"), "status": status}));
    data.extend(input::defaults(entity));
    data.extend(object(json!({
        "client_country": "", "client_email": "", "discount_type": "", "discount_value": "0.00", "tax_rate": "0.00",
        "currency": "USD", "issue_date": today.to_string(), "expiry_date": days_from(today, 30).to_string(),
        "sent_at": null, "accepted_at": null, "declined_at": null, "converted_to_invoice": null,
        "public_link_enabled": true, "custom_fields": {}, "assigned_to": [], "teams": [],
    })));
    data.extend(given);
    let id = session.make("estimates", data);
    add_lines(session, "estimates", &id, &body);
    total(session, &id);
    answer(session, 201, &entity.words.created, &id)
}

fn read(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("estimates")?;
    let one = session.reach("estimates", &session.ids[0].clone(), Wish::Read)?;
    let definitions = catalogue::definitions(session.view(), "Estimate");
    Ok(Reply::ok(json!({
        "estimate": whole(session, entity, one), "custom_field_definitions": definitions,
    })))
}

/// A status in the body is ignored here.
fn update(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("estimates")?;
    let id = session.ids[0].clone();
    session.reach("estimates", &id, Wish::Change)?;
    let (body, _) = session.call.payload()?;
    let (given, faults) = input::read(session, entity, &body, Extent::Partial);
    faults.refuse()?;
    session.change("estimates", &id, |one| one.data.extend(given));
    add_lines(session, "estimates", &id, &body);
    total(session, &id);
    answer(session, 200, &entity.words.updated, &id)
}

fn delete(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("estimates")?;
    let id = session
        .reach("estimates", &session.ids[0].clone(), Wish::Delete)?
        .id
        .clone();
    lines::clear(session, &id);
    session.store.remove(&id);
    Ok(Reply::done(&entity.words.deleted))
}

fn send(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    session.reach("estimates", &id, Wish::Change)?;
    let now = session.stamp();
    session.change("estimates", &id, |one| {
        if one.text("status") == "Draft" {
            one.set("status", "Sent");
        }
        one.set("sent_at", now);
    });
    Ok(Reply::done("Estimate sent successfully"))
}

fn convert(session: &mut Session<'_>) -> Answer {
    let one = session
        .reach("estimates", &session.ids[0].clone(), Wish::Change)?
        .clone();
    if !one.value("converted_to_invoice").is_null() {
        return Err(Reply::message(400, "Estimate already converted to invoice"));
    }
    let mut data: Map<String, Value> = invoices::fresh(session);
    for field in [
        "account_id",
        "contact_id",
        "opportunity_id",
        "client_name",
        "client_email",
        "client_phone",
        "discount_type",
        "discount_value",
        "tax_rate",
        "currency",
        "notes",
        "terms",
    ] {
        data.insert(field.to_owned(), one.value(field));
    }
    data.insert("invoice_title".into(), one.value("title"));
    let id = session.make("invoices", data);
    invoice_state::copy_lines(session, &one.id, &id);
    invoices::total(session, &id);
    session.change("estimates", &one.id, |one| {
        one.set("converted_to_invoice", id.as_str());
        one.set("status", "Accepted");
    });
    invoices::remember(session, &id, "Invoice created from an estimate.");
    invoices::answer(session, 201, "Estimate converted to invoice", &id)
}
