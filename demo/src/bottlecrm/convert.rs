//! Turning a lead into an account, a contact and a deal. It cannot be undone.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Reply};
use super::input;
use super::rules;
use super::session::{Session, object};
use super::store::Record;
use super::view::name;

/// Whether a body asks for it, in either of the two ways.
pub(crate) fn is_asked(body: &Map<String, Value>) -> bool {
    body.get("status")
        .is_some_and(|status| status == "converted")
        || body.get("is_converted").is_some_and(|value| *value == true)
}

/// Refuses a lead that was converted before or has no address.
pub(crate) fn allow(lead: &Record) -> Result<(), Reply> {
    if lead.is("was_converted") {
        return Err(Reply::field(
            "status",
            "This lead is already converted. Converting it again would create a second opportunity \
             against the same account.",
        ));
    }
    if lead.text("email").is_empty() {
        return Err(Reply::field(
            "email",
            "This lead needs an email address before it can be converted. The contact record is \
             created from it.",
        ));
    }
    Ok(())
}

/// Converts a stored lead; an account of the same name and a contact of the same address are used.
pub(crate) fn convert(session: &mut Session<'_>, id: &str) -> Answer {
    let Some(lead) = session.get("leads", id).cloned() else {
        return Err(super::session::missing("leads"));
    };
    let account = account(session, &lead);
    let contact = contact(session, &lead, &account);
    session.change("accounts", &account, |record| {
        if !record.holds("contacts", &contact)
            && let Some(Value::Array(list)) = record.data.get_mut("contacts")
        {
            list.push(json!(contact));
        }
    });
    let deal = deal(session, &lead, &account, &contact);
    move_notes(session, id, &account);
    session.change("leads", id, |record| {
        record.set("status", "converted");
        record.set("was_converted", true);
        record.set("converted_account", account.as_str());
    });
    session.note("CONVERT", "Lead", id, &name(&lead));
    Ok(Reply::ok(json!({
        "error": false, "message": "Lead Converted Successfully", "account_id": account,
        "contact_id": contact, "opportunity_id": deal,
    })))
}

fn company(lead: &Record) -> String {
    match lead.text("company_name") {
        "" => name(lead),
        company => company.to_owned(),
    }
}

fn copied(lead: &Record, fields: &[&str]) -> Map<String, Value> {
    let pair = |field: &&str| ((*field).to_owned(), lead.value(field));
    fields.iter().map(pair).collect()
}

const SHARED: &[&str] = &[
    "email",
    "phone",
    "address_line",
    "city",
    "state",
    "postcode",
    "country",
    "description",
    "assigned_to",
    "teams",
    "tags",
];

fn account(session: &mut Session<'_>, lead: &Record) -> String {
    let wanted = company(lead);
    let known = session
        .store
        .all(&session.who.org, "accounts")
        .find(|one| one.text("name").to_lowercase() == wanted.to_lowercase());
    if let Some(known) = known {
        return known.id.clone();
    }
    let mut data = fresh("accounts");
    data.extend(copied(lead, SHARED));
    data.extend(object(
        json!({"name": wanted, "industry": lead.value("industry")}),
    ));
    session.make("accounts", data)
}

fn contact(session: &mut Session<'_>, lead: &Record, account: &str) -> String {
    let email = lead.text("email").to_lowercase();
    let known = session
        .store
        .all(&session.who.org, "contacts")
        .find(|one| one.text("email").to_lowercase() == email);
    if let Some(known) = known {
        return known.id.clone();
    }
    let mut data = fresh("contacts");
    data.extend(copied(lead, SHARED));
    data.extend(copied(lead, &["first_name", "last_name", "linkedin_url"]));
    data.extend(object(json!({
        "title": lead.value("job_title"), "organization": lead.value("company_name"), "account": account,
    })));
    session.make("contacts", data)
}

fn deal(session: &mut Session<'_>, lead: &Record, account: &str, contact: &str) -> String {
    let stage = "QUALIFICATION";
    let given = lead
        .value("probability")
        .as_i64()
        .filter(|number| *number > 0);
    let probability = given.unwrap_or_else(|| i64::from(rules::usual_probability(stage)));
    let mut data = fresh("opportunities");
    data.extend(copied(
        lead,
        &["assigned_to", "teams", "tags", "description"],
    ));
    data.extend(object(json!({
        "name": format!("{} - {}", company(lead), name(lead)), "account": account, "stage": stage,
        "amount": lead.value("opportunity_amount"), "probability": probability, "contacts": [contact],
        "closed_on": lead.value("close_date"), "lead_source": lead.value("source"),
        "stage_changed_at": session.stamp(),
    })));
    session.make("opportunities", data)
}

fn fresh(kind: &str) -> Map<String, Value> {
    super::schema::find(kind).map_or_else(Map::new, input::defaults)
}

/// Comments and files go with the account.
fn move_notes(session: &mut Session<'_>, from: &str, to: &str) {
    for kind in ["comments", "attachments"] {
        let ids: Vec<String> = session
            .store
            .all(&session.who.org, kind)
            .filter(|one| one.text("on") == from)
            .map(|one| one.id.clone())
            .collect();
        for id in ids {
            session.change(kind, &id, |one| {
                one.set("on", to);
                one.set("content_type", "account");
            });
        }
    }
}
