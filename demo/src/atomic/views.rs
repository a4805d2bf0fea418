//! What the views hold, made of the rows that the caller may see.

use serde_json::{Value, json};

use super::policy::{Deed, Policy};
use super::schema::Relation;
use super::store::{Row, Store, id_of, number, text};

/// The rows of a table or view that a caller sees.
pub(crate) fn rows(store: &Store, policy: &Policy, relation: &Relation) -> Vec<Row> {
    let look = Look { store, policy };
    match relation.name {
        "contacts_summary" => look.contacts(),
        "companies_summary" => look.companies(),
        "activity_log" => look.activities(),
        // Made for before anyone has signed in, hence with its owner's rights.
        "init_state" => {
            let known = store.rows("sales").take(1).count();
            vec![object(json!({"is_initialized": known}))]
        }
        table => look.table(table).cloned().collect(),
    }
}

struct Look<'a> {
    store: &'a Store,
    policy: &'a Policy,
}

impl<'a> Look<'a> {
    fn table(&self, table: &str) -> impl Iterator<Item = &'a Row> {
        let policy = self.policy;
        let name = table.to_owned();
        self.store
            .rows(table)
            .filter(move |row| policy.allows(Deed::See, &name, row))
    }

    fn of(&self, table: &str, column: &str, id: Option<i64>) -> impl Iterator<Item = &'a Row> {
        let column = column.to_owned();
        self.table(table)
            .filter(move |row| id.is_some() && number(row, &column) == id)
    }

    fn contacts(&self) -> Vec<Row> {
        let summary = |contact: &Row| {
            let company = self
                .of("companies", "id", number(contact, "company_id"))
                .next();
            let tasks = self.of("tasks", "contact_id", id_of(contact));
            let open = tasks.filter(|task| task["done_date"].is_null()).count();
            let mut row = contact.clone();
            row.insert("email_fts".into(), flat(contact, "email_jsonb", "email"));
            row.insert("phone_fts".into(), flat(contact, "phone_jsonb", "number"));
            row.insert(
                "company_name".into(),
                json!(company.map(|it| text(it, "name"))),
            );
            row.insert("nb_tasks".into(), json!(open));
            row
        };
        self.table("contacts").map(summary).collect()
    }

    fn companies(&self) -> Vec<Row> {
        let summary = |company: &Row| {
            let mut row = company.clone();
            for (name, table) in [("nb_deals", "deals"), ("nb_contacts", "contacts")] {
                let count = self.of(table, "company_id", id_of(company)).count();
                row.insert(name.into(), json!(count));
            }
            row
        };
        self.table("companies").map(summary).collect()
    }

    fn activities(&self) -> Vec<Row> {
        let mut all = Vec::new();
        for company in self.table("companies") {
            all.push(activity(
                "company",
                "company",
                company,
                "created_at",
                id_of(company),
            ));
        }
        for contact in self.table("contacts") {
            let company = number(contact, "company_id");
            all.push(activity(
                "contact",
                "contact",
                contact,
                "first_seen",
                company,
            ));
        }
        for note in self.table("contact_notes") {
            let of = self.of("contacts", "id", number(note, "contact_id")).next();
            let company = of.and_then(|it| number(it, "company_id"));
            all.push(activity(
                "contactNote",
                "contact_note",
                note,
                "date",
                company,
            ));
        }
        for deal in self.table("deals") {
            let company = number(deal, "company_id");
            all.push(activity("deal", "deal", deal, "created_at", company));
        }
        for note in self.table("deal_notes") {
            let of = self.of("deals", "id", number(note, "deal_id")).next();
            let company = of.and_then(|it| number(it, "company_id"));
            all.push(activity("dealNote", "deal_note", note, "date", company));
        }
        all
    }
}

fn activity(kind: &str, place: &str, row: &Row, date: &str, company: Option<i64>) -> Row {
    let id = id_of(row).unwrap_or_default();
    let mut activity = object(json!({
        "id": format!("{kind}.{id}.created"), "type": format!("{kind}.created"), "date": row[date],
        "company_id": company, "sales_id": row["sales_id"],
        "company": null, "contact": null, "deal": null, "contact_note": null, "deal_note": null,
    }));
    activity.insert(place.into(), Value::Object(row.clone()));
    activity
}

/// The texts of a list of objects as the text of a JSON list, blanks and all.
fn flat(row: &Row, list: &str, key: &str) -> Value {
    let Some(items) = row.get(list).and_then(Value::as_array) else {
        return Value::Null;
    };
    let texts: Vec<String> = items
        .iter()
        .filter_map(|item| Some(item.get(key)?.to_string()))
        .collect();
    format!("[{}]", texts.join(", ")).into()
}

fn object(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}
