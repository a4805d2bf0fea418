//! The lines of deals and invoices, and the sums that follow from them.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Reply};
use super::dates::moment;
use super::money;
use super::route::{Handler, Route};
use super::session::{Session, Wish, missing, object};
use super::store::Record;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/invoices/{}/line-items/",
        on: &[("GET", list as Handler), ("POST", add)],
    },
    Route {
        path: "api/invoices/{}/line-items/{}/",
        on: &[("PUT", update), ("DELETE", delete)],
    },
    Route {
        path: "api/opportunities/{}/line-items/",
        on: &[("GET", list), ("POST", add)],
    },
    Route {
        path: "api/opportunities/{}/line-items/{}/",
        on: &[("PUT", update), ("DELETE", delete)],
    },
];

/// A line as it is printed.
pub(crate) fn shown(line: &Record) -> Map<String, Value> {
    let price = money::text(money::stored(&line.value("unit_price")));
    let currency = line.text("currency");
    let mut row = Map::new();
    row.insert("id".into(), json!(line.id));
    for field in FIELDS {
        row.insert((*field).to_owned(), line.value(field));
    }
    row.insert(
        "formatted_unit_price".into(),
        json!(format!("{currency} {price}")),
    );
    row.insert(
        "formatted_total".into(),
        json!(format!("{currency} {}", line.text("total"))),
    );
    if line.text("of_kind") == "opportunities" {
        row.shift_remove("tax_rate");
        row.shift_remove("tax_amount");
        row.insert("created_at".into(), json!(moment(line.created)));
        row.insert("updated_at".into(), json!(moment(line.updated)));
    }
    row
}

const FIELDS: &[&str] = &[
    "product",
    "name",
    "description",
    "quantity",
    "unit_price",
    "discount_type",
    "discount_value",
    "discount_amount",
    "tax_rate",
    "tax_amount",
    "subtotal",
    "total",
    "order",
];

/// A discount in hundredths.
pub(crate) fn discount(amount: i64, kind: &str, value: i64) -> i64 {
    match kind {
        "PERCENTAGE" => money::percent(amount, value),
        "FIXED" => value.min(amount),
        _ => 0,
    }
}

/// Reads a line of a body on top of what it had, and computes its sums.
pub(crate) fn read(
    session: &Session<'_>,
    body: &Map<String, Value>,
    mut line: Map<String, Value>,
) -> Map<String, Value> {
    for (field, usual) in [
        ("name", json!("")),
        ("description", json!("")),
        ("quantity", json!("1.00")),
        ("unit_price", json!("0.00")),
        ("discount_type", json!("")),
        ("discount_value", json!("0.00")),
        ("tax_rate", json!("0.00")),
        ("order", json!(0)),
    ] {
        let given = body.get(field).filter(|value| !value.is_null()).cloned();
        let old = line.get(field).cloned();
        line.insert(field.to_owned(), given.or(old).unwrap_or(usual));
    }
    let product = body
        .get("product")
        .or(body.get("product_id"))
        .and_then(Value::as_str);
    if let Some(product) = product.and_then(|id| session.get("products", id)) {
        line.insert("product".into(), json!(product.id));
        if line["name"] == "" {
            line.insert("name".into(), product.value("name"));
        }
        if !body.contains_key("unit_price") {
            line.insert("unit_price".into(), product.value("price"));
        }
    }
    line.entry("product").or_insert(Value::Null);
    compute(&mut line);
    line
}

fn compute(line: &mut Map<String, Value>) {
    let number = |line: &Map<String, Value>, field: &str| line.get(field).map_or(0, money::stored);
    let amount = money::percent(number(line, "quantity") * 100, number(line, "unit_price"));
    let kind = line
        .get("discount_type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let off = discount(amount, kind, number(line, "discount_value"));
    let tax = money::percent(amount - off, number(line, "tax_rate"));
    let sums = [
        ("subtotal", amount),
        ("discount_amount", off),
        ("tax_amount", tax),
        ("total", amount - off + tax),
    ];
    for field in ["quantity", "unit_price", "discount_value", "tax_rate"] {
        let text = money::text(number(line, field));
        line.insert(field.to_owned(), json!(text));
    }
    for (field, cents) in sums {
        line.insert(field.to_owned(), json!(money::text(cents)));
    }
}

/// Stores a line of a record and gives its id.
pub(crate) fn make(session: &mut Session<'_>, of: &Record, body: &Map<String, Value>) -> String {
    let currency = match of.text("currency") {
        "" => "USD",
        own => own,
    };
    let head = object(json!({"of": of.id, "of_kind": of.kind, "currency": currency}));
    let line = read(session, body, head);
    session.make("lines", line)
}

/// Takes all lines from a record.
pub(crate) fn clear(session: &mut Session<'_>, of: &str) {
    let own: Vec<String> = session
        .store
        .all(&session.who.org, "lines")
        .filter(|line| line.text("of") == of)
        .map(|line| line.id.clone())
        .collect();
    for id in own {
        session.store.remove(&id);
    }
}

fn parent(session: &Session<'_>, wish: Wish) -> Result<Record, Reply> {
    session.reach(&session.kind, &session.ids[0], wish).cloned()
}

fn list(session: &mut Session<'_>) -> Answer {
    let of = parent(session, Wish::Read)?;
    let lines: Vec<Value> = session
        .view()
        .lines(&of.id)
        .into_iter()
        .map(Value::Object)
        .collect();
    if of.kind == "invoices" {
        return Ok(Reply::ok(json!(lines)));
    }
    let products = session.view().all("products");
    let products: Vec<Value> = products
        .map(|one| super::products::shown(session, one))
        .collect();
    let source = if lines.is_empty() {
        "MANUAL"
    } else {
        "CALCULATED"
    };
    Ok(Reply::ok(json!({
        "line_items": lines, "products": products, "opportunity_amount": amount(session, &of.id),
        "opportunity_amount_source": source,
    })))
}

fn amount(session: &Session<'_>, id: &str) -> f64 {
    let deal = session.get("opportunities", id);
    deal.map_or(0.0, |deal| {
        money::number(money::stored(&deal.value("amount")))
    })
}

/// Puts the sums of the lines into the record they belong to.
fn total(session: &mut Session<'_>, of: &Record) {
    if of.kind == "invoices" {
        super::invoices::total(session, &of.id);
        return;
    }
    let sum: i64 = session
        .view()
        .lines(&of.id)
        .iter()
        .map(|line| line.get("total").map_or(0, money::stored))
        .sum();
    session.change("opportunities", &of.id, |deal| {
        deal.set("amount", money::text(sum));
    });
}

fn done(session: &mut Session<'_>, of: &Record, id: &str, words: [&str; 2], status: u16) -> Answer {
    total(session, of);
    let deal = of.kind == "opportunities";
    let mut answer = json!({"error": false, "message": if deal { words[1] } else { words[0] }});
    if let Some(line) = session.get("lines", id) {
        answer["line_item"] = Value::Object(shown(line));
    }
    if deal {
        answer["opportunity_amount"] = json!(amount(session, &of.id));
    }
    Ok(Reply::json(status, answer))
}

fn add(session: &mut Session<'_>) -> Answer {
    let of = parent(session, Wish::Change)?;
    let (body, _) = session.call.payload()?;
    let id = make(session, &of, &body);
    done(
        session,
        &of,
        &id,
        ["Line item added", "Line item created successfully"],
        201,
    )
}

fn own(session: &Session<'_>, of: &Record) -> Result<Record, Reply> {
    session
        .get("lines", &session.ids[1])
        .filter(|line| line.text("of") == of.id)
        .cloned()
        .ok_or_else(|| match of.kind.as_str() {
            "invoices" => Reply::message(404, "Line item not found"),
            _ => missing("lines"),
        })
}

fn update(session: &mut Session<'_>) -> Answer {
    let of = parent(session, Wish::Change)?;
    let line = own(session, &of)?;
    let (body, _) = session.call.payload()?;
    let read = read(session, &body, line.data.clone());
    session.change("lines", &line.id, |old| old.data = read);
    done(
        session,
        &of,
        &line.id,
        ["Line item updated", "Line item updated successfully"],
        200,
    )
}

fn delete(session: &mut Session<'_>) -> Answer {
    let of = parent(session, Wish::Change)?;
    let line = own(session, &of)?;
    session.store.remove(&line.id);
    done(
        session,
        &of,
        &line.id,
        ["Line item deleted", "Line item deleted successfully"],
        200,
    )
}
