//! E-mails: drafts, whose sender must be the caller's own, and the send that cannot succeed.

use serde_json::{Map, Value, json};

use super::errors::Refusal;
use super::input::Input;
use super::router::{Reply, Session};
use super::schema::Entity;
use super::store::{Record, Store};
use super::validate::is_address;

impl Session<'_> {
    pub(crate) fn create_email(&self, entity: &Entity) -> Result<Reply, Refusal> {
        self.allow_creating(entity)?;
        let mut payload = self.call.payload()?;
        name_and_subject(&mut payload);
        let mut store = self.crm.write();
        check_recipients(&payload)?;
        let (mut record, input) = self.draft(&store, entity, &payload)?;
        check_sender(self, &store, &record, &input)?;
        self.complete_email(&mut record);
        let sends = record.text("status") == Some("Sending");
        let id = self.insert(&mut store, entity, record, &input);
        store.edit("Email", &id, |email| {
            email.set("messageId", format!("dummy:{id}"));
        });
        // Without SMTP the attempt breaks, and the record stays as if it were on its way.
        if sends {
            Err(Refusal::bare(500))
        } else {
            self.created(&store, entity, &id)
        }
    }

    fn complete_email(&self, record: &mut Record) {
        for name in ["to", "cc", "bcc", "replyTo"] {
            if record.get(name).is_null() {
                record.set(name, "");
            }
        }
        record.set("isRead", false);
        let plain = strip_tags(record.text("body").unwrap_or_default());
        record.set("bodyPlain", plain);
        if record.text("status") != Some("Draft") {
            record.set("sentById", self.user.id.clone());
        }
    }

    /// Addresses of users, contacts, leads and accounts that contain a text.
    pub(crate) fn search_addresses(&self) -> Result<Reply, Refusal> {
        let wanted = self.call.param("q").unwrap_or_default().to_lowercase();
        let store = self.crm.read();
        let view = self.view(&store);
        let mut found = Vec::new();
        for kind in ["User", "Contact", "Lead", "Account"] {
            let hits = store.all(kind).filter(|record| {
                record.text("emailAddress").is_some_and(|address| {
                    !wanted.is_empty() && address.to_lowercase().starts_with(&wanted)
                })
            });
            found.extend(hits.map(|record| {
                json!({"emailAddress": record.get("emailAddress"), "entityName": view.name_of(kind, &record.id), "entityType": kind, "entityId": record.id})
            }));
        }
        found.truncate(20);
        Ok(Value::Array(found).into())
    }
}

/// `name` and `subject` are one thing.
fn name_and_subject(payload: &mut Map<String, Value>) {
    for (from, to) in [("subject", "name"), ("name", "subject")] {
        if let (Some(value), None) = (payload.get(from).cloned(), payload.get(to)) {
            payload.insert(to.to_owned(), value);
        }
    }
}

/// Lists of addresses are separated by semicolons; the first bad one is told by its field. The
/// rules of required fields come first, as in the order of the definition.
fn check_recipients(payload: &Map<String, Value>) -> Result<(), Refusal> {
    let has = |name: &str| {
        payload
            .get(name)
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty())
    };
    if !has("name") || !has("from") {
        return Ok(());
    }
    for name in ["to", "cc", "bcc", "replyTo"] {
        let text = payload
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let is_bad = |address: &&str| !is_address(&Value::from(*address));
        if text
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .any(|part| is_bad(&part))
        {
            return Err(Refusal::invalid("Email", name, "valid"));
        }
    }
    Ok(())
}

/// The sender must be an address of the caller.
pub(crate) fn check_sender(
    session: &Session<'_>,
    store: &Store,
    email: &Record,
    input: &Input,
) -> Result<(), Refusal> {
    let Some(from) = email.text("from").filter(|_| input.has("from")) else {
        return Ok(());
    };
    let own = store
        .live("User", &session.user.id)
        .and_then(|user| user.text("emailAddress").map(str::to_owned));
    if session.user.role.admin || own.is_some_and(|own| own.eq_ignore_ascii_case(from)) {
        return Ok(());
    }
    Err(Refusal::because(403, "Not allowed 'from' address."))
}

/// Text of an HTML body.
fn strip_tags(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' if inside => inside = false,
            other if !inside => text.push(other),
            _ => {}
        }
    }
    text.trim().to_owned()
}
