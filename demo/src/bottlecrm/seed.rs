//! About 200 records that make the CRM look used. All are invented; the same ones every time, with
//! days relative to the clock.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::dates::{day_of, days_from, moment};
use super::schema;
use super::seed_people::{Org, People, earlier};
use super::session::object;
use super::store::{Making, Store};
use super::{input, money, rules};

const COMPANIES: [&str; 25] = [
    "Alder & Finch",
    "Bluestone Bikes",
    "Cobalt Kitchens",
    "Dovetail Joinery",
    "Ember Lighting",
    "Fernhill Dairy",
    "Granite Fitness",
    "Harbour Foods",
    "Ivory Dental",
    "Juniper Textiles",
    "Kestrel Optics",
    "Lantern Books",
    "Maple Transit",
    "Northgate Tools",
    "Orchard Audio",
    "Pebble Toys",
    "Quarry Glass",
    "Redwood Legal",
    "Saffron Catering",
    "Tidal Surveys",
    "Umber Paints",
    "Velvet Interiors",
    "Willow Clinics",
    "Yarrow Pharma",
    "Zephyr Sails",
];
const FIRST: [&str; 10] = [
    "Ada", "Bruno", "Clara", "Dimitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas",
];
const LAST: [&str; 9] = [
    "Abbott", "Berger", "Castillo", "Dubois", "Eriksen", "Fontana", "Gruber", "Haddad", "Ivanov",
];
const CITIES: [(&str, &str, &str); 5] = [
    ("Springfield", "IL", "US"),
    ("Leeds", "", "GB"),
    ("Lyon", "", "FR"),
    ("Graz", "", "AT"),
    ("Porto", "", "PT"),
];
const TEXTS: [&str; 4] = [
    "Met at the spring fair and asked for a price list.",
    "Uses a competitor until the end of the year; call again in autumn.",
    "Wants two sites equipped first and the others later if that goes well.",
    "Long-standing customer who pays on time and recommends us.",
];

/// Plants the records of both organisations.
pub(crate) fn plant(store: &mut Store, people: &People, now: Timestamp) {
    let mut first = Garden {
        store,
        org: &people.first,
        now,
    };
    first.definitions();
    let accounts = first.accounts(25);
    let contacts = first.contacts(30, &accounts);
    first.leads(40);
    let deals = first.deals(27, &accounts, &contacts);
    let cases = first.cases(24, &accounts, &contacts);
    first.tasks(30, &accounts, &deals, &cases);
    let products = first.products();
    first.invoices(18, &accounts, &products);
    first.solutions();
    first.goals();
    let mut second = Garden {
        store,
        org: &people.second,
        now,
    };
    let accounts = second.accounts(2);
    let contacts = second.contacts(2, &accounts);
    second.leads(3);
    let deals = second.deals(2, &accounts, &contacts);
    let cases = second.cases(1, &accounts, &contacts);
    second.tasks(1, &accounts, &deals, &cases);
    second.invoices(1, &accounts, &[]);
}

struct Garden<'a> {
    store: &'a mut Store,
    org: &'a Org,
    now: Timestamp,
}

/// The nth of some, over and over.
fn nth<T>(all: &[T], n: usize) -> &T {
    &all[n % all.len()]
}

impl Garden<'_> {
    fn day(&self, days: i64) -> String {
        days_from(day_of(self.now), days).to_string()
    }

    /// A record on top of its entity's defaults, made so many days ago.
    fn add(&mut self, kind: &str, age: i64, values: Value) -> String {
        let mut data = schema::find(kind).map_or_else(Map::new, input::defaults);
        data.extend(object(values));
        let making = Making {
            org: &self.org.org,
            by: &self.org.admin.user,
            at: earlier(self.now, age),
        };
        self.store.make(&making, kind, data)
    }

    /// Whose the nth record is: one person, or two now and then.
    fn people(&self, n: usize) -> Vec<&str> {
        let mut people = vec![nth(&self.org.users, n).profile.as_str()];
        if n.is_multiple_of(3) {
            people.push(&self.org.admin.profile);
        }
        people
    }

    fn team(&self, n: usize) -> Vec<&str> {
        vec![nth(&self.org.teams, n).as_str()]
    }

    fn tags(&self, n: usize) -> Vec<&str> {
        vec![
            nth(&self.org.tags, n).as_str(),
            nth(&self.org.tags, n + 3).as_str(),
        ]
    }

    fn definitions(&mut self) {
        let options =
            json!([{"value": "gold", "label": "Gold"}, {"value": "silver", "label": "Silver"}]);
        let own = [
            ("Lead", "tier", "Tier", "dropdown", options),
            ("Account", "region", "Region", "text", json!([])),
            ("Case", "serial", "Serial number", "text", json!([])),
        ];
        for (model, key, label, kind, options) in own {
            let data = json!({
                "target_model": model, "key": key, "label": label, "field_type": kind, "options": options,
                "is_required": false, "is_filterable": true, "display_order": 0, "is_active": true,
            });
            self.add("custom_fields", 40, data);
        }
    }

    fn accounts(&mut self, count: usize) -> Vec<String> {
        let industries = schema::choices("IndustryEnum");
        (0..count)
            .map(|n| {
                let name = nth(&COMPANIES, n);
                let domain = name.to_lowercase().replace([' ', '&'], "");
                let (city, state, country) = nth(&CITIES, n);
                let data = json!({
                    "name": name, "email": format!("office@{domain}.example"), "phone": format!("+1 202-555-01{n:02}"),
                    "website": format!("https://www.{domain}.example"), "industry": nth(industries, n * 7)[0],
                    "number_of_employees": 5 + n * 17, "annual_revenue": money::text(12_500_000 + n as i64 * 3_100_000),
                    "currency": "USD", "address_line": format!("{} Market Street", 10 + n * 3), "city": city, "state": state,
                    "postcode": format!("{:05}", 10_000 + n * 137), "country": country, "description": nth(&TEXTS, n),
                    "assigned_to": self.people(n), "teams": self.team(n), "tags": self.tags(n),
                });
                self.add("accounts", 50 - n as i64, data)
            })
            .collect()
    }

    fn contacts(&mut self, count: usize, accounts: &[String]) -> Vec<String> {
        let ids: Vec<String> = (0..count)
            .map(|n| {
                let (first, last) = (nth(&FIRST, n), nth(&LAST, n * 2));
                let (city, state, country) = nth(&CITIES, n);
                let data = json!({
                    "first_name": first, "last_name": last,
                    "email": format!("{}.{}{n}@contact.example", first.to_lowercase(), last.to_lowercase()),
                    "phone": format!("+1 303-555-01{n:02}"), "organization": nth(&COMPANIES, n), "title": "Head of Purchasing",
                    "department": "Purchasing", "address_line": format!("{} Mill Lane", 3 + n), "city": city, "state": state,
                    "postcode": format!("{:05}", 20_000 + n * 91), "country": country, "account": nth(accounts, n),
                    "assigned_to": self.people(n + 1), "teams": self.team(n), "tags": self.tags(n + 1),
                });
                self.add("contacts", 48 - n as i64, data)
            })
            .collect();
        for (n, account) in accounts.iter().enumerate() {
            let own: Vec<&String> = ids.iter().skip(n).step_by(accounts.len()).collect();
            if let Some(account) = self.store.get_mut(&self.org.org, "accounts", account) {
                account.set("contacts", json!(own));
            }
        }
        ids
    }

    fn leads(&mut self, count: usize) {
        let (sources, industries) = (
            schema::choices("SourceEnum"),
            schema::choices("IndustryEnum"),
        );
        for n in 0..count {
            let (first, last) = (nth(&FIRST, n * 3 + 1), nth(&LAST, n));
            let status = match n % 10 {
                0 => "closed",
                1 => "recycled",
                2 | 3 => "in process",
                4 if n < 10 => "converted",
                _ => "assigned",
            };
            let (city, state, country) = nth(&CITIES, n + 2);
            let data = json!({
                "title": format!("{} inquiry", nth(&COMPANIES, n * 3)), "salutation": "Ms", "first_name": first, "last_name": last,
                "email": format!("{}.{}{n}@lead.example", first.to_lowercase(), last.to_lowercase()),
                "phone": format!("+1 404-555-01{n:02}"), "job_title": "Operations Manager", "website": "https://www.lead.example",
                "status": status, "source": nth(sources, n)[0], "industry": nth(industries, n * 5)[0],
                "rating": nth(&["HOT", "WARM", "COLD"], n), "opportunity_amount": money::text(450_000 + n as i64 * 82_500),
                "currency": "USD", "probability": 10 + n % 80, "close_date": self.day(20 + n as i64), "city": city,
                "address_line": format!("{} Station Road", 7 + n), "state": state, "postcode": format!("{:05}", 30_000 + n * 53),
                "country": country, "next_follow_up": self.day(n as i64 % 9 - 2), "description": nth(&TEXTS, n + 1),
                "company_name": format!("{} Group", nth(&COMPANIES, n * 3)), "was_converted": status == "converted",
                "assigned_to": self.people(n), "teams": self.team(n + 1), "tags": self.tags(n + 2),
                "custom_fields": {"tier": nth(&["gold", "silver"], n)},
            });
            self.add("leads", 30 - n as i64 % 28, data);
        }
    }

    fn deals(&mut self, count: usize, accounts: &[String], contacts: &[String]) -> Vec<String> {
        let stages = schema::choices("StageEnum");
        (0..count)
            .map(|n| {
                let stage = nth(stages, n)[0].as_str().unwrap_or_default();
                let closed = if stage.starts_with("CLOSED") { -3 - n as i64 % 20 } else { 10 + n as i64 * 2 };
                let data = json!({
                    "name": format!("{} framework {}", nth(&COMPANIES, n), 1 + n / 25), "account": nth(accounts, n), "stage": stage,
                    "opportunity_type": "NEW_BUSINESS", "currency": "USD", "amount": money::text(900_000 + n as i64 * 241_300),
                    "probability": rules::usual_probability(stage), "closed_on": self.day(closed), "lead_source": "PARTNER",
                    "description": nth(&TEXTS, n + 2), "contacts": [nth(contacts, n), nth(contacts, n + accounts.len())],
                    "assigned_to": self.people(n), "teams": self.team(n), "tags": self.tags(n),
                    "stage_changed_at": moment(earlier(self.now, n as i64)),
                });
                self.add("opportunities", 28 - n as i64 % 28, data)
            })
            .collect()
    }

    fn cases(&mut self, count: usize, accounts: &[String], contacts: &[String]) -> Vec<String> {
        let subjects = [
            "Delivery is late",
            "Invoice shows the wrong address",
            "Login does not work",
            "Spare part needed",
        ];
        (0..count)
            .map(|n| {
                let status = *nth(&["New", "Assigned", "Pending", "Closed", "New", "Assigned"], n);
                let closed = (status == "Closed").then(|| self.day(-1));
                let data = json!({
                    "name": format!("{} ({})", nth(&subjects, n), 1001 + n), "status": status,
                    "priority": nth(&["Low", "Normal", "High", "Urgent"], n),
                    "case_type": nth(&["Question", "Incident", "Problem"], n), "closed_on": closed,
                    "description": nth(&TEXTS, n), "account": nth(accounts, n), "contacts": [nth(contacts, n)],
                    "assigned_to": self.people(n + 1), "teams": self.team(n), "tags": self.tags(n + 4),
                });
                self.add("cases", 24 - n as i64 % 24, data)
            })
            .collect()
    }

    fn tasks(&mut self, count: usize, accounts: &[String], deals: &[String], cases: &[String]) {
        let titles = [
            "Send the contract",
            "Call back",
            "Prepare a demo",
            "Check the address",
            "Ask for references",
        ];
        for n in 0..count {
            let mut data = json!({
                "title": format!("{} ({})", nth(&titles, n), n + 1), "status": nth(&["New", "In Progress", "Completed"], n),
                "priority": nth(&["Low", "Medium", "High"], n), "due_date": self.day(n as i64 - 4),
                "description": nth(&TEXTS, n + 3), "assigned_to": self.people(n), "teams": self.team(n), "tags": self.tags(n),
            });
            let (field, id) = match n % 3 {
                0 => ("account", nth(accounts, n)),
                1 => ("opportunity", nth(deals, n)),
                _ => ("case", nth(cases, n)),
            };
            data[field] = json!(id);
            self.add("tasks", 20 - n as i64 % 20, data);
        }
    }

    fn products(&mut self) -> Vec<String> {
        let names = [
            "Installation",
            "Training day",
            "Support, one year",
            "Sensor",
            "Gateway",
            "Audit",
            "Licence",
            "Repair",
        ];
        let all = names.iter().enumerate();
        all.map(|(n, name)| {
            let data = json!({
                "name": name, "description": "As in the price list.", "sku": format!("BW-{:03}", n + 1),
                "price": money::text(9_900 + n as i64 * 12_500), "currency": "USD", "category": "Services",
            });
            self.add("products", 45, data)
        })
        .collect()
    }

    fn invoices(&mut self, count: usize, accounts: &[String], products: &[String]) {
        for n in 0..count {
            let account = nth(accounts, n).clone();
            let contact = self
                .store
                .get(&self.org.org, "accounts", &account)
                .and_then(|one| one.ids("contacts").next().map(str::to_owned));
            let status = *nth(&["Draft", "Sent", "Paid", "Sent", "Overdue"], n);
            let whole = 50_000 + n as i64 * 21_700;
            let paid = if status == "Paid" { whole } else { 0 };
            let age = 40 - n as i64 * 2;
            let (number, day) = (n + 1, day_of(earlier(self.now, age)));
            let (issued, due) = (
                day.to_string(),
                days_from(day, 30 - (n as i64 % 4) * 10).to_string(),
            );
            let data = json!({
                "invoice_number": format!("INV-{}-{number:04}", day.strftime("%Y%m%d")), "status": status,
                "invoice_title": format!("Delivery {number}"), "account_id": account, "contact_id": contact,
                "client_name": nth(&COMPANIES, n), "client_email": "accounts@client.example", "currency": "USD",
                "issue_date": issued, "due_date": due, "payment_terms": "NET_30", "subtotal": money::text(whole),
                "discount_type": "", "discount_value": "0.00", "discount_amount": "0.00", "tax_rate": "0.00",
                "tax_amount": "0.00", "shipping_amount": "0.00", "total_amount": money::text(whole),
                "amount_paid": money::text(paid), "amount_due": money::text(whole - paid), "custom_fields": {},
                "paid_at": (paid > 0).then(|| self.day(-2)), "assigned_to": self.people(n), "teams": [],
            });
            let id = self.add("invoices", age, data);
            let product = (!products.is_empty()).then(|| nth(products, n));
            let line = json!({
                "of": id, "of_kind": "invoices", "currency": "USD", "product": product, "name": "Delivery as agreed",
                "description": "", "quantity": "1.00", "unit_price": money::text(whole), "discount_type": "",
                "discount_value": "0.00", "discount_amount": "0.00", "tax_rate": "0.00", "tax_amount": "0.00",
                "subtotal": money::text(whole), "total": money::text(whole), "order": 0,
            });
            self.add("lines", age, line);
            if paid > 0 {
                let data = json!({
                    "invoice": id, "amount": money::text(paid), "payment_date": self.day(-2), "payment_method": "BANK_TRANSFER",
                });
                self.add("payments", 2, data);
            }
        }
    }

    fn solutions(&mut self) {
        let all = [
            (
                "Resetting a gateway",
                "Hold the button for ten seconds.",
                "approved",
                true,
            ),
            (
                "Changing the billing address",
                "Write to accounts before the 20th.",
                "approved",
                false,
            ),
            (
                "Sensor shows no reading",
                "Check the battery, then the distance.",
                "draft",
                false,
            ),
        ];
        for (title, text, status, published) in all {
            let data = json!({"title": title, "description": text, "status": status, "is_published": published});
            self.add("solutions", 15, data);
        }
    }

    fn goals(&mut self) {
        for (n, name) in ["Monthly revenue", "New customers"].into_iter().enumerate() {
            let data = json!({
                "name": name, "goal_type": nth(&["REVENUE", "DEALS_CLOSED"], n), "target_value": "50000.00",
                "period_type": "MONTHLY", "period_start": self.day(-15), "period_end": self.day(15),
                "assigned_to": nth(&self.org.users, n).profile,
            });
            self.add("goals", 14, data);
        }
    }
}
