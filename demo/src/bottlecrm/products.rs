//! Products: what lines refer to.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::dates::moment;
use super::filters;
use super::input::{self, Extent};
use super::route::{Handler, Route};
use super::session::{Session, missing};
use super::store::Record;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/invoices/products/",
        on: &[("GET", list as Handler), ("POST", create)],
    },
    Route {
        path: "api/invoices/products/{}/",
        on: &[("GET", read), ("PUT", update), ("DELETE", delete)],
    },
];

/// A product with the number of lines that use it.
pub(crate) fn shown(session: &Session<'_>, one: &Record) -> Value {
    let lines = session.view().all("lines");
    let used = lines.filter(|line| line.text("product") == one.id).count();
    json!({
        "id": one.id, "name": one.text("name"), "description": one.value("description"), "sku": one.value("sku"),
        "price": one.value("price"), "currency": one.value("currency"), "category": one.value("category"),
        "is_active": one.is("is_active"), "used_on": used, "created_at": moment(one.created),
        "updated_at": moment(one.updated),
    })
}

fn list(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("products")?;
    let mut all: Vec<&Record> = session.store.all(&session.who.org, "products").collect();
    all.sort_by(|one, other| one.text("name").cmp(other.text("name")));
    let found = filters::passing(session, entity, all)?;
    let rows: Vec<Value> = found.into_iter().map(|one| shown(session, one)).collect();
    Ok(Reply::ok(Value::Object(session.paginated(&rows))))
}

fn answer(session: &Session<'_>, status: u16, message: &str, id: &str) -> Answer {
    let one = session.get("products", id).map(|one| shown(session, one));
    Ok(Reply::json(
        status,
        json!({"error": false, "message": message, "product": one}),
    ))
}

fn create(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("products")?;
    let (body, _) = session.call.payload()?;
    let (given, faults) = input::read(session, entity, &body, Extent::Whole);
    faults.refuse()?;
    let mut data = input::defaults(entity);
    data.insert("price".into(), json!("0.00"));
    data.insert("currency".into(), json!("USD"));
    data.extend(given);
    let id = session.make("products", data);
    answer(session, 201, &entity.words.created, &id)
}

fn own(session: &Session<'_>) -> Result<String, Reply> {
    let found = session.get("products", &session.ids[0]);
    found
        .map(|one| one.id.clone())
        .ok_or_else(|| missing("products"))
}

fn read(session: &mut Session<'_>) -> Answer {
    let id = own(session)?;
    Ok(Reply::ok(json!(
        session.get("products", &id).map(|one| shown(session, one))
    )))
}

fn update(session: &mut Session<'_>) -> Answer {
    let entity = session.entity("products")?;
    let id = own(session)?;
    let (body, _) = session.call.payload()?;
    let (given, faults) = input::read(session, entity, &body, Extent::Partial);
    faults.refuse()?;
    session.change("products", &id, |one| one.data.extend(given));
    answer(session, 200, &entity.words.updated, &id)
}

fn delete(session: &mut Session<'_>) -> Answer {
    let id = own(session)?;
    session.store.remove(&id);
    Ok(Reply::done("Product deleted"))
}
