//! Records as the API prints them: people, tags, and the rows of the six common entities.
//!
//! Rows nest whole accounts and contacts; that is what makes the real lists heavy, and it is kept.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::dates::{self, day_of, days_between, moment};
use super::money;
use super::schema::{self, Entity, Kind};
use super::session::object;
use super::store::{Record, Store};

/// The records of one organisation, to be printed.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) store: &'a Store,
    pub(crate) org: &'a str,
    pub(crate) now: Timestamp,
}

/// Days after which a deal in a stage is late, as the real one's defaults.
pub(crate) const EXPECTED_DAYS: [(&str, i64); 4] = [
    ("PROSPECTING", 14),
    ("QUALIFICATION", 14),
    ("PROPOSAL", 10),
    ("NEGOTIATION", 10),
];

impl<'a> View<'a> {
    pub(crate) fn get(self, kind: &str, id: &str) -> Option<&'a Record> {
        self.store.get(self.org, kind, id)
    }

    /// A record that is to be printed although its list may not show it.
    pub(crate) fn all(self, kind: &'a str) -> impl Iterator<Item = &'a Record> + use<'a> {
        self.store
            .all(self.org, kind)
            .filter(|record| !record.is("deleted"))
    }

    pub(crate) fn organisation(&self) -> Value {
        let name = self.get("orgs", self.org).map(|org| org.text("name"));
        json!({"id": self.org, "name": name})
    }

    /// A person as assignments print them.
    pub(crate) fn profile(&self, id: &str) -> Value {
        self.get("profiles", id).map_or(Value::Null, profile)
    }

    /// A person by their user id, as authors are printed.
    pub(crate) fn user(&self, id: &str) -> Value {
        let found = self.all("profiles").find(|one| one.text("user_id") == id);
        found.map_or(Value::Null, |one| {
            json!({"id": id, "email": one.text("email"), "name": one.text("name"), "profile_pic": null})
        })
    }

    pub(crate) fn team(&self, id: &str) -> Value {
        let Some(team) = self.get("teams", id) else {
            return Value::Null;
        };
        let users: Vec<Value> = team.ids("users").map(|id| self.profile(id)).collect();
        json!({
            "id": team.id, "name": team.text("name"), "description": team.text("description"), "users": users,
            "created_at": moment(team.created), "created_by": self.user(&team.by),
        })
    }

    pub(crate) fn tag(&self, id: &str) -> Value {
        self.get("tags", id).map_or(Value::Null, tag)
    }

    /// `{id, name}` of a record, or null.
    pub(crate) fn brief(&self, kind: &str, id: &str) -> Value {
        let found = self.get(kind, id);
        found.map_or(
            Value::Null,
            |record| json!({"id": id, "name": name(record)}),
        )
    }

    fn list(&self, record: &Record, field: &str, of: &str) -> Vec<Value> {
        let one = |id: &str| match of {
            "profiles" => self.profile(id),
            "teams" => self.team(id),
            "tags" => self.tag(id),
            _ => self
                .get("contacts", id)
                .map_or(Value::Null, |one| self.contact(one)),
        };
        let shown = record.ids(field).map(one);
        shown.filter(|value| !value.is_null()).collect()
    }

    /// A record of one of the six as a list has it; tasks are whole here.
    pub(crate) fn row(&self, record: &Record) -> Value {
        match record.kind.as_str() {
            "contacts" => self.contact(record),
            "accounts" => self.account(record, true),
            "opportunities" => self.opportunity(record),
            "cases" => self.case(record),
            "tasks" => self.task(record),
            _ => self.lead(record),
        }
    }

    /// What the table says of a record, and who made it.
    fn fields(&self, entity: &Entity, record: &Record) -> Map<String, Value> {
        let mut row = Map::new();
        row.insert("id".into(), json!(record.id));
        for field in &entity.fields {
            let value = match &field.kind {
                Kind::List(of) => json!(self.list(record, &field.name, of)),
                _ => record.value(&field.name),
            };
            row.insert(field.name.clone(), value);
        }
        row.insert("created_by".into(), self.user(&record.by));
        row.insert("created_at".into(), json!(moment(record.created)));
        row.insert("custom_fields".into(), custom(record));
        row
    }

    fn base(&self, record: &Record) -> Map<String, Value> {
        schema::find(&record.kind).map_or_else(Map::new, |entity| self.fields(entity, record))
    }

    fn lead(&self, record: &Record) -> Value {
        let mut row = self.base(record);
        row.insert("updated_at".into(), json!(moment(record.updated)));
        row.insert("is_sample".into(), json!(false));
        row.insert("stage".into(), record.value("stage"));
        row.insert("kanban_order".into(), order(record));
        Value::Object(row)
    }

    fn contact(&self, record: &Record) -> Value {
        let mut row = self.base(record);
        let account = record.text("account");
        let linked: Vec<Value> = self
            .all("accounts")
            .filter(|one| one.holds("contacts", &record.id) || one.id == account)
            .map(|one| self.brief("accounts", &one.id))
            .collect();
        row.insert("tags".into(), json!(record.ids("tags").collect::<Vec<_>>()));
        row.insert("created_by".into(), json!(record.by));
        row.insert("updated_at".into(), json!(moment(record.updated)));
        row.insert("org".into(), self.organisation());
        row.insert("account_detail".into(), self.brief("accounts", account));
        row.insert("linked_accounts".into(), json!(linked));
        Value::Object(row)
    }

    /// With its figures in an account's own rows, without them where it is nested.
    pub(crate) fn account(&self, record: &Record, own: bool) -> Value {
        let mut row = self.base(record);
        let of_account = |kind: &'a str| {
            let id = record.id.clone();
            self.all(kind).filter(move |one| one.text("account") == id)
        };
        let country = record.text("country");
        let display = (!country.is_empty()).then(|| schema::label("CountryEnum", country));
        let cases: Vec<Value> = of_account("cases")
            .map(|one| json!({"id": one.id, "name": one.text("name")}))
            .collect();
        let tasks: Vec<Value> = of_account("tasks")
            .map(|one| json!({"id": one.id, "title": one.text("title")}))
            .collect();
        let deals: Vec<Value> = of_account("opportunities")
            .map(|one| {
                let amount = one.value("amount");
                let amount = if amount.is_null() { json!("0") } else { amount };
                json!({"id": one.id, "name": one.text("name"), "stage": one.text("stage"), "amount": amount})
            })
            .collect();
        row.insert("country_display".into(), json!(display));
        row.insert("cases".into(), json!(cases));
        row.insert("tasks".into(), json!(tasks));
        row.insert("opportunities".into(), json!(deals));
        row.insert(
            "rollups".into(),
            if own {
                self.figures(record)
            } else {
                Value::Null
            },
        );
        row.insert("org".into(), self.organisation());
        Value::Object(row)
    }

    fn figures(&self, account: &Record) -> Value {
        let deals: Vec<&Record> = self
            .all("opportunities")
            .filter(|deal| deal.text("account") == account.id)
            .collect();
        let sum = |deals: &[&&Record]| {
            money::number(
                deals
                    .iter()
                    .map(|deal| money::stored(&deal.value("amount")))
                    .sum(),
            )
        };
        let won: Vec<&&Record> = deals
            .iter()
            .filter(|deal| deal.text("stage") == "CLOSED_WON")
            .collect();
        let open: Vec<&&Record> = deals
            .iter()
            .filter(|deal| !deal.text("stage").starts_with("CLOSED"))
            .collect();
        let today = day_of(self.now).to_string();
        let overdue: i64 = self
            .all("invoices")
            .filter(|one| {
                one.text("account_id") == account.id
                    && is_unpaid(one)
                    && one.text("due_date") < today.as_str()
            })
            .map(|one| money::stored(&one.value("amount_due")))
            .sum();
        let tickets = self
            .all("cases")
            .filter(|case| case.text("account") == account.id && is_open_case(case))
            .count();
        let first = won.iter().map(|deal| deal.text("closed_on")).min();
        json!({
            "won_amount": sum(&won), "won_count": won.len(), "open_pipeline": sum(&open), "open_deal_count": open.len(),
            "overdue_amount": money::number(overdue), "open_tickets": tickets, "first_won_on": first,
        })
    }

    fn nested_account(&self, record: &Record) -> Value {
        let found = self.get("accounts", record.text("account"));
        found.map_or(Value::Null, |account| self.account(account, false))
    }

    fn opportunity(&self, record: &Record) -> Value {
        let mut row = self.base(record);
        let lines: Vec<Value> = self
            .lines(&record.id)
            .into_iter()
            .map(Value::Object)
            .collect();
        let total: i64 = lines.iter().map(|line| money::stored(&line["total"])).sum();
        let source = if lines.is_empty() {
            "MANUAL"
        } else {
            "CALCULATED"
        };
        row.insert("account".into(), self.nested_account(record));
        row.insert("amount_source".into(), json!(source));
        row.insert("line_items_total".into(), json!(money::number(total)));
        row.insert("line_items".into(), json!(lines));
        row.insert("closed_by".into(), Value::Null);
        row.insert("org".into(), self.organisation());
        row.insert("created_on_arrow".into(), json!("just now"));
        row.insert("stage_changed_at".into(), record.value("stage_changed_at"));
        row.insert("days_in_stage".into(), json!(self.days_in_stage(record)));
        row.insert("aging_status".into(), json!(self.ageing(record)));
        Value::Object(row)
    }

    pub(crate) fn days_in_stage(&self, record: &Record) -> i64 {
        let since = dates::parse_moment(record.text("stage_changed_at")).unwrap_or(record.created);
        days_between(day_of(since), day_of(self.now))
    }

    /// `red` is what `rotten=true` finds.
    pub(crate) fn ageing(&self, record: &Record) -> &'static str {
        let stage = record.text("stage");
        let expected = EXPECTED_DAYS.iter().find(|(name, _)| *name == stage);
        match expected {
            Some((_, days)) if self.days_in_stage(record) > *days => "red",
            _ => "green",
        }
    }

    /// The lines of a deal, an invoice or an estimate, in their order.
    pub(crate) fn lines(&self, of: &str) -> Vec<Map<String, Value>> {
        let mut found: Vec<&Record> = self
            .all("lines")
            .filter(|line| line.text("of") == of)
            .collect();
        found.sort_by_key(|line| line.order);
        found.into_iter().map(super::lines::shown).collect()
    }

    fn case(&self, record: &Record) -> Value {
        let mut row = self.base(record);
        row.insert("account".into(), self.nested_account(record));
        row.insert("org".into(), self.organisation());
        let parent = self.get("cases", record.text("parent")).map(case_brief);
        let children = self
            .all("cases")
            .filter(|one| one.text("parent") == record.id)
            .count();
        let hours = |hours: i64| {
            let at = record
                .created
                .checked_add(jiff::SignedDuration::from_hours(hours));
            json!(moment(at.unwrap_or(record.created)))
        };
        let more = json!({
            "escalation_count": 0, "last_escalation_fired_at": null, "sla_first_response_hours": 24,
            "sla_resolution_hours": 72, "first_response_at": record.value("first_response_at"),
            "resolved_at": record.value("resolved_at"), "sla_paused_at": null,
            "first_response_sla_deadline": hours(120), "resolution_sla_deadline": hours(312),
            "is_sla_first_response_breached": self.is_late(record, 120),
            "is_sla_resolution_breached": self.is_late(record, 312),
            "parent_summary": parent, "child_count": children,
            "time_summary": super::time::summary(*self, &record.id),
        });
        row.extend(object(more));
        Value::Object(row)
    }

    /// Whether a case is open longer than so many hours.
    pub(crate) fn is_late(&self, case: &Record, hours: i64) -> bool {
        is_open_case(case) && (self.now.as_second() - case.created.as_second()) > hours * 3600
    }

    fn task(&self, record: &Record) -> Value {
        let mut row = self.base(record);
        for (field, kind) in PARENTS {
            row.insert(field.into(), self.brief(kind, record.text(field)));
        }
        Value::Object(row)
    }
}

/// What a task can belong to: its field and the kind of record.
pub(crate) const PARENTS: [(&str, &str); 4] = [
    ("account", "accounts"),
    ("opportunity", "opportunities"),
    ("case", "cases"),
    ("lead", "leads"),
];

/// A person with their role.
pub(crate) fn profile(record: &Record) -> Value {
    json!({
        "id": record.id,
        "user_details": {
            "email": record.text("email"), "id": record.text("user_id"), "name": record.text("name"),
            "is_active": record.is("is_active"), "profile_pic": null, "last_login": null,
        },
        "role": record.text("role"), "address": null,
        "has_marketing_access": record.is("has_marketing_access"), "has_sales_access": record.is("has_sales_access"),
        "phone": record.value("phone"), "date_of_joining": record.value("date_of_joining"),
        "is_active": record.is("is_active"), "created_at": moment(record.created),
    })
}

pub(crate) fn tag(record: &Record) -> Value {
    json!({
        "id": record.id, "name": record.text("name"), "slug": record.text("slug"), "color": record.text("color"),
        "description": record.text("description"), "is_active": record.is("is_active"),
        "created_at": moment(record.created),
    })
}

pub(crate) fn case_brief(record: &Record) -> Value {
    json!({"id": record.id, "name": record.text("name"), "status": record.text("status")})
}

pub(crate) fn custom(record: &Record) -> Value {
    let fields = record.value("custom_fields");
    if fields.is_null() { json!({}) } else { fields }
}

/// What a record is called.
pub(crate) fn name(record: &Record) -> String {
    match record.kind.as_str() {
        "leads" | "contacts" => {
            let (first, last) = (record.text("first_name"), record.text("last_name"));
            format!("{first} {last}").trim().to_owned()
        }
        "tasks" | "solutions" | "estimates" => record.text("title").to_owned(),
        "invoices" => record.text("invoice_title").to_owned(),
        _ => record.text("name").to_owned(),
    }
}

/// The place on the board.
pub(crate) fn order(record: &Record) -> Value {
    let own = record.value("kanban_order");
    if own.is_null() {
        json!("0.000000")
    } else {
        own
    }
}

pub(crate) fn is_open_case(case: &Record) -> bool {
    !matches!(case.text("status"), "Closed" | "Rejected" | "Duplicate")
}

pub(crate) fn is_unpaid(invoice: &Record) -> bool {
    !matches!(invoice.text("status"), "Draft" | "Paid" | "Cancelled")
}
