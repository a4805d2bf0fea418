//! Payments on invoices; together they decide whether an invoice is paid.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Faulty, Reply};
use super::dates::{self, moment};
use super::invoices::{remember, row, total};
use super::money;
use super::route::{Handler, Route};
use super::schema::is_choice;
use super::session::{Session, Wish};
use super::store::Record;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/invoices/{}/payments/",
        on: &[("GET", list as Handler), ("POST", create)],
    },
    Route {
        path: "api/invoices/{}/payments/{}/",
        on: &[("DELETE", delete)],
    },
];

fn shown(one: &Record) -> Value {
    json!({
        "id": one.id, "invoice": one.text("invoice"), "amount": one.value("amount"), "payment_date": one.value("payment_date"),
        "payment_method": one.value("payment_method"), "reference_number": one.text("reference_number"),
        "notes": one.text("notes"), "created_at": moment(one.created),
    })
}

/// The payments of an invoice, newest first.
pub(crate) fn of(session: &Session<'_>, invoice: &str) -> Value {
    let all = session
        .store
        .newest(&session.who.org, "payments")
        .into_iter();
    all.filter(|one| one.text("invoice") == invoice)
        .map(shown)
        .collect()
}

/// What was paid on an invoice, in hundredths.
pub(crate) fn sum(session: &Session<'_>, invoice: &str) -> i64 {
    let all = session.store.all(&session.who.org, "payments");
    all.filter(|one| one.text("invoice") == invoice)
        .map(|one| money::stored(&one.value("amount")))
        .sum()
}

/// The refusal of more than is due.
pub(crate) fn too_much(due: i64) -> Reply {
    let text = format!(
        "Payment amount exceeds the amount due ({}).",
        money::text(due)
    );
    Reply::field("amount", text)
}

/// Stores a payment and what follows from it for the invoice.
pub(crate) fn book(
    session: &mut Session<'_>,
    invoice: &str,
    amount: i64,
    mut data: Map<String, Value>,
) -> String {
    data.insert("invoice".into(), json!(invoice));
    data.insert("amount".into(), json!(money::text(amount)));
    let id = session.make("payments", data);
    settle(session, invoice);
    remember(session, invoice, "Payment recorded.");
    id
}

fn settle(session: &mut Session<'_>, invoice: &str) {
    total(session, invoice);
    let now = session.stamp();
    session.change("invoices", invoice, |one| {
        let (due, paid) = (
            money::stored(&one.value("amount_due")),
            money::stored(&one.value("amount_paid")),
        );
        if due <= 0 {
            one.set("status", "Paid");
            one.set("paid_at", now);
        } else if paid > 0 {
            one.set("status", "Partially_Paid");
            one.set("paid_at", Value::Null);
        } else if one.text("status") != "Draft" {
            one.set("status", "Sent");
            one.set("paid_at", Value::Null);
        }
    });
}

fn list(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    session.reach("invoices", &id, Wish::Read)?;
    Ok(Reply::ok(of(session, &id)))
}

fn create(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    let due = money::stored(
        &session
            .reach("invoices", &id, Wish::Change)?
            .value("amount_due"),
    );
    let (body, _) = session.call.payload()?;
    let mut faults = Faulty::default();
    for field in ["amount", "payment_date", "payment_method"] {
        if body.get(field).is_none_or(Value::is_null) {
            faults.add(field, "This field is required.");
        }
    }
    faults.refuse()?;
    let mut faults = Faulty::default();
    let amount = body.get("amount").and_then(money::cents);
    if amount.is_none() {
        faults.add("amount", "A valid number is required.");
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if dates::parse(text("payment_date")).is_none() {
        faults.add(
            "payment_date",
            "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.",
        );
    }
    if !is_choice("PaymentMethodEnum", text("payment_method")) {
        faults.add(
            "payment_method",
            format!("\"{}\" is not a valid choice.", text("payment_method")),
        );
    }
    faults.refuse()?;
    let amount = amount.unwrap_or(0);
    if amount > due {
        return Err(too_much(due));
    }
    let kept = [
        "payment_date",
        "payment_method",
        "reference_number",
        "notes",
    ];
    let data = kept
        .iter()
        .map(|name| ((*name).to_owned(), json!(text(name))))
        .collect();
    let made = book(session, &id, amount, data);
    let payment = session.get("payments", &made).map(shown);
    let invoice = session.get("invoices", &id).map(|one| row(session, one));
    Ok(Reply::json(
        201,
        json!({"error": false, "message": "Payment recorded", "payment": payment, "invoice": invoice}),
    ))
}

fn delete(session: &mut Session<'_>) -> Answer {
    let (id, payment) = (session.ids[0].clone(), session.ids[1].clone());
    session.reach("invoices", &id, Wish::Change)?;
    let own = session
        .get("payments", &payment)
        .filter(|one| one.text("invoice") == id);
    if own.is_none() {
        return Err(Reply::message(404, "Payment not found"));
    }
    session.store.remove(&payment);
    settle(session, &id);
    Ok(Reply::done("Payment deleted"))
}
