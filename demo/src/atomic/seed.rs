//! About 200 records that make the CRM look used. All are invented; the same ones every time, with
//! days relative to the clock.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::kind::shown;
use super::people;
use super::schema::{self, Usual};
use super::store::{Row, Store};
use crate::invented::{CITIES, FIRMS, FIRST, LAST};

const TRADES: [(&str, &str); 3] = [
    ("Foods", "consumer-staples"),
    ("Systems", "information-technology"),
    ("Freight", "industrials"),
];
const SIZES: [i64; 5] = [1, 10, 50, 250, 500];
const TITLES: [&str; 5] = [
    "Managing Director",
    "Head of Purchasing",
    "Operations Manager",
    "Engineer",
    "Accountant",
];
const GENDERS: [&str; 3] = ["female", "male", "nonbinary"];
const STATUSES: [&str; 4] = ["cold", "warm", "hot", "in-contract"];
const STAGES: [&str; 6] = [
    "opportunity",
    "proposal-sent",
    "in-negociation",
    "won",
    "lost",
    "delayed",
];
const CATEGORIES: [&str; 4] = [
    "ui-design",
    "website-design",
    "print-project",
    "copywriting",
];
const TASKS: [(&str, &str); 5] = [
    ("call", "Call back about the offer"),
    ("email", "Send the price list"),
    ("demo", "Show the new release"),
    ("follow-up", "Ask what the board decided"),
    ("meeting", "Walk through the contract"),
];
const TAGS: [(&str, &str); 5] = [
    ("vip", "#eddcd2"),
    ("newsletter", "#fde2e4"),
    ("fair", "#c5dedd"),
    ("partner", "#dbe7e4"),
    ("on hold", "#f0efeb"),
];
const NOTES: [&str; 4] = [
    "Met at the spring fair and asked for a price list.",
    "Uses a competitor until the end of the year; call again in autumn.",
    "Wants two sites equipped first and the others later if that goes well.",
    "Long-standing customer who pays on time and recommends us.",
];

/// A database with its users, its configuration and, if wanted, the records of the invented company.
pub(crate) fn planted(now: Timestamp, records: bool) -> Store {
    let mut planter = Planter {
        store: Store::default(),
        now,
        board: BTreeMap::new(),
    };
    planter.people();
    if records {
        planter.records();
    }
    planter.store
}

struct Planter {
    store: Store,
    now: Timestamp,
    /// How many deals each stage has.
    board: BTreeMap<&'static str, i64>,
}

impl Planter {
    fn people(&mut self) {
        for person in people::ALL {
            self.add("sales", json!({
                "first_name": person.first_name, "last_name": person.last_name, "email": person.email,
                "administrator": person.administrator, "user_id": person.user_id,
            }));
        }
        let config = json!({"title": "Demo desk", "currency": "EUR"});
        self.add("configuration", json!({"id": 1, "config": config}));
        self.add(
            "favicons_excluded_domains",
            json!({"domain": "mail.example"}),
        );
    }

    fn records(&mut self) {
        for (name, color) in TAGS {
            self.add("tags", json!({"name": name, "color": color}));
        }
        for n in 0..25 {
            self.company(n);
        }
        for n in 0..40 {
            self.contact(n);
        }
        for n in 0..30 {
            self.deal(n);
        }
        for n in 0..40 {
            self.task(n);
        }
        for n in 0..30 {
            self.notes(n);
        }
    }

    fn company(&mut self, n: i64) {
        let (trade, sector) = nth(&TRADES, n / 10);
        let firm = nth(&FIRMS, n);
        let host = format!("{}-{}.example", firm.to_lowercase(), trade.to_lowercase());
        self.add("companies", json!({
            "name": format!("{firm} {trade}"), "sector": sector, "size": nth(&SIZES, n), "website": format!("https://{host}"),
            "phone_number": format!("+1 202 555 10{n:02}"), "city": nth(&CITIES, n), "country": "Exampleland",
            "description": format!("{trade} since {}.", 1960 + n), "revenue": format!("{} M", 1 + n),
            "tax_identifier": format!("EX{:06}", 1000 + n * 7), "sales_id": owner(n), "created_at": self.ago(200 - n),
        }));
    }

    fn contact(&mut self, n: i64) {
        let (first, last) = (nth(&FIRST, n), nth(&LAST, n / 4));
        // The last one is the first one again, entered by somebody else.
        let address = if n == 39 { 0 } else { n };
        let email = format!(
            "{}.{address}@mail.example",
            nth(&FIRST, address).to_lowercase()
        );
        let tags = if n % 3 == 0 {
            json!([1 + n % 5])
        } else {
            json!([])
        };
        self.add("contacts", json!({
            "first_name": first, "last_name": last, "gender": nth(&GENDERS, n), "title": nth(&TITLES, n),
            "background": nth(&NOTES, n), "status": nth(&STATUSES, n), "avatar": {}, "tags": tags, "company_id": 1 + n % 25,
            "first_seen": self.ago(120 - n), "last_seen": self.ago(60 - n), "has_newsletter": n % 4 == 0, "sales_id": owner(n),
            "email_jsonb": [{"email": email, "type": "Work"}],
            "phone_jsonb": [{"number": format!("+1 303 555 20{n:02}"), "type": "Work"}],
        }));
    }

    fn deal(&mut self, n: i64) {
        let stage = *nth(&STAGES, n);
        let archived = (n % 15 == 14).then(|| self.ago(3));
        let index = if archived.is_none() {
            let column = self.board.entry(stage).or_default();
            *column += 1;
            json!(*column - 1)
        } else {
            Value::Null
        };
        let company = 1 + n % 25;
        self.add("deals", json!({
            "name": format!("{} order {:02}", nth(&FIRMS, n), n + 1), "company_id": company, "contact_ids": [company],
            "category": nth(&CATEGORIES, n), "stage": stage, "description": nth(&NOTES, n + 1), "amount": 1500 + 2750 * n,
            "created_at": self.ago(90 - n), "updated_at": self.ago(30 - n.min(30)), "archived_at": archived,
            "expected_closing_date": self.day(7 * n - 60), "sales_id": owner(n), "index": index,
        }));
    }

    fn task(&mut self, n: i64) {
        let (kind, words) = nth(&TASKS, n);
        let done = (n % 4 == 3).then(|| self.ago(1));
        self.add("tasks", json!({
            "contact_id": 1 + n % 39, "type": kind, "text": words, "due_date": self.ago(10 - n), "done_date": done,
            "sales_id": owner(n),
        }));
    }

    fn notes(&mut self, n: i64) {
        self.add("contact_notes", json!({
            "contact_id": 1 + n % 40, "text": nth(&NOTES, n), "date": self.ago(80 - n), "status": nth(&STATUSES, n), "sales_id": owner(n),
        }));
        if n % 2 == 0 {
            self.add("deal_notes", json!({
                "deal_id": 1 + n % 30, "type": "none", "text": nth(&NOTES, n + 2), "date": self.ago(40 - n), "sales_id": owner(n),
            }));
        }
    }

    /// A row on top of its table's defaults.
    fn add(&mut self, table: &str, values: Value) {
        let Some(relation) = schema::find(table) else {
            return;
        };
        let mut row = Row::new();
        for column in relation.columns {
            let usual = match column.usual {
                Usual::Null | Usual::EmptyObject | Usual::One => Value::Null,
                Usual::Now => shown(self.now).into(),
                Usual::Text(text) => text.into(),
                Usual::No => false.into(),
            };
            row.insert(column.name.into(), usual);
        }
        row.insert("id".into(), json!(self.store.next_id(relation.name)));
        row.extend(object(values));
        self.store.put(relation.name, row);
    }

    /// So many days before now; fewer than none lie ahead.
    fn ago(&self, days: i64) -> String {
        let away = SignedDuration::from_hours(24 * days);
        shown(self.now.checked_sub(away).unwrap_or(self.now))
    }

    /// A day so many days ahead.
    fn day(&self, days: i64) -> String {
        self.ago(-days)[..10].to_owned()
    }
}

/// The nth of some, over and over.
fn nth<T>(all: &[T], n: i64) -> &T {
    &all[usize::try_from(n).unwrap_or_default() % all.len()]
}

fn owner(n: i64) -> i64 {
    1 + n % 2
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
