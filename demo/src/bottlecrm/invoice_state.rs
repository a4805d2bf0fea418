//! What happens to an invoice: sent, paid, cancelled, copied, printed, or made from a deal or time.

use serde_json::{Map, Value, json};

use super::FromOpportunity;
use super::answer::{Answer, Body, Reply};
use super::invoices::{self, answer, fresh, remember, total};
use super::route::{Handler, Route, is_uuid};
use super::session::{Session, Wish, missing, object};
use super::{lines, money, payments};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/invoices/{}/send/",
        on: &[("POST", send as Handler)],
    },
    Route {
        path: "api/invoices/{}/mark-paid/",
        on: &[("POST", mark_paid)],
    },
    Route {
        path: "api/invoices/{}/cancel/",
        on: &[("POST", cancel)],
    },
    Route {
        path: "api/invoices/{}/duplicate/",
        on: &[("POST", duplicate)],
    },
    Route {
        path: "api/invoices/{}/pdf/",
        on: &[("GET", pdf)],
    },
    Route {
        path: "api/invoices/from-opportunity/{}/",
        on: &[("POST", from_opportunity)],
    },
    Route {
        path: "api/invoices/from-time-entries/",
        on: &[("POST", from_time)],
    },
];

/// Sends again and sends empty ones as readily; only paid and cancelled ones are refused.
fn send(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    let status = session
        .reach("invoices", &id, Wish::Change)?
        .text("status")
        .to_owned();
    if matches!(status.as_str(), "Paid" | "Cancelled") {
        let text = format!("Cannot send a {} invoice", status.to_lowercase());
        return Err(Reply::message(400, text));
    }
    let now = session.stamp();
    session.change("invoices", &id, |one| {
        if status == "Draft" {
            one.set("status", "Sent");
        }
        one.set("sent_at", now);
    });
    remember(session, &id, "Invoice sent.");
    Ok(Reply::done("Invoice sent successfully"))
}

fn mark_paid(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    let one = session.reach("invoices", &id, Wish::Change)?;
    let due = money::stored(&one.value("amount_due"));
    if matches!(one.text("status"), "Paid" | "Cancelled") {
        let text = format!("Invoice is already {}", one.text("status").to_lowercase());
        return Err(Reply::message(400, text));
    }
    let (body, _) = session.call.payload()?;
    let amount = body.get("amount").and_then(money::cents).unwrap_or(due);
    if amount > due {
        return Err(payments::too_much(due));
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let day = text("payment_date").unwrap_or_else(|| session.today().to_string());
    let method = text("payment_method").unwrap_or_else(|| "OTHER".into());
    payments::book(
        session,
        &id,
        amount,
        object(json!({"payment_date": day, "payment_method": method})),
    );
    answer(session, 200, "Payment recorded successfully", &id)
}

fn cancel(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    let one = session.reach("invoices", &id, Wish::Change)?;
    if one.text("status") == "Cancelled" {
        return Err(Reply::message(400, "Invoice is already cancelled"));
    }
    session.change("invoices", &id, |one| one.set("status", "Cancelled"));
    remember(session, &id, "Invoice cancelled.");
    answer(session, 200, "Invoice cancelled successfully", &id)
}

fn duplicate(session: &mut Session<'_>) -> Answer {
    let one = session
        .reach("invoices", &session.ids[0].clone(), Wish::Change)?
        .clone();
    let usual = fresh(session);
    let mut data = one.data.clone();
    for field in [
        "invoice_number",
        "status",
        "issue_date",
        "due_date",
        "sent_at",
        "paid_at",
        "amount_paid",
    ] {
        if let Some(value) = usual.get(field) {
            data.insert(field.to_owned(), value.clone());
        }
    }
    let title = format!("Copy of {}", one.text("invoice_title"));
    data.insert("invoice_title".into(), json!(title));
    let id = session.make("invoices", data);
    copy_lines(session, &one.id, &id);
    total(session, &id);
    remember(session, &id, "Invoice created.");
    answer(session, 201, "Invoice duplicated successfully", &id)
}

/// Gives an invoice the lines of another record.
pub(crate) fn copy_lines(session: &mut Session<'_>, from: &str, to: &str) {
    let Some(of) = session.get("invoices", to).cloned() else {
        return;
    };
    for line in session.view().lines(from) {
        lines::make(session, &of, &line);
    }
}

fn pdf(session: &mut Session<'_>) -> Answer {
    let one = session.reach("invoices", &session.ids[0].clone(), Wish::Read)?;
    let number = one.text("invoice_number");
    let text = format!(
        "%PDF-1.4\n% {number}, {} due\n%%EOF\n",
        one.text("amount_due")
    );
    Ok(Reply {
        status: 200,
        body: Body::File {
            kind: "application/pdf",
            name: format!("Invoice_{number}.pdf"),
            bytes: text.into_bytes(),
        },
    })
}

fn from_opportunity(session: &mut Session<'_>) -> Answer {
    let deal = session.get("opportunities", &session.ids[0]).cloned();
    let deal = deal.ok_or_else(|| Reply::message(404, "Opportunity not found"))?;
    let refuse = |text: &str| Err(Reply::message(400, text));
    if deal.text("stage") != "CLOSED_WON" {
        return refuse("Invoice can only be created from CLOSED_WON opportunities");
    }
    let contact = deal.ids("contacts").next().unwrap_or_default().to_owned();
    let has_lines = !session.view().lines(&deal.id).is_empty();
    if deal.text("account").is_empty() || contact.is_empty() || !has_lines {
        return refuse("Opportunity needs line items, an account and a contact");
    }
    if session.options.from_opportunity == FromOpportunity::Breaks {
        return Err(Reply::page(500));
    }
    let mut data = fresh(session);
    data.extend(object(json!({
        "invoice_title": deal.text("name"), "account_id": deal.text("account"), "contact_id": contact,
        "opportunity_id": deal.id,
    })));
    let id = session.make("invoices", data);
    copy_lines(session, &deal.id, &id);
    total(session, &id);
    remember(session, &id, "Invoice created from an opportunity.");
    answer(session, 201, "Invoice created from opportunity", &id)
}

fn from_time(session: &mut Session<'_>) -> Answer {
    let (body, _) = session.call.payload()?;
    let account = body
        .get("account_id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if account.is_empty() {
        return Err(Reply::message(400, "account_id is required."));
    }
    let Some(account) = session
        .get("accounts", account)
        .filter(|_| is_uuid(account))
        .cloned()
    else {
        return Err(missing("accounts"));
    };
    let ids: Vec<&str> = body
        .get("entry_ids")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let entries: Vec<Map<String, Value>> = ids
        .iter()
        .filter_map(|id| session.get("time_entries", id))
        .map(|entry| {
            object(json!({
                "name": entry.text("description"), "quantity": "1", "unit_price": entry.value("hourly_rate"),
            }))
        })
        .collect();
    if entries.is_empty() {
        return Err(Reply::message(400, "entry_ids is required."));
    }
    let contact = session
        .view()
        .all("contacts")
        .find(|one| one.text("account") == account.id);
    let contact = contact.map(|one| one.id.clone());
    let mut data = fresh(session);
    data.extend(object(json!({
        "invoice_title": format!("Time for {}", account.text("name")), "account_id": account.id, "contact_id": contact,
    })));
    let id = session.make("invoices", data);
    let lines = Map::from_iter([("line_items".to_owned(), json!(entries))]);
    invoices::add_lines(session, "invoices", &id, &lines);
    total(session, &id);
    answer(session, 201, "Invoice created from time entries", &id)
}
