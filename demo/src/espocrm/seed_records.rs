//! The records of the invented company, from short tables and the present day.

use jiff::ToSpan;
use serde_json::{Value, json};

use super::seed::Planter;
use crate::clock::stamp;
use crate::invented::{CITIES, FIRMS, FIRST, LAST};

const TRADES: [(&str, &str); 3] = [
    ("Foods", "Food & Beverage"),
    ("Systems", "Software"),
    ("Freight", "Transportation"),
];
const TITLES: [&str; 5] = [
    "Managing Director",
    "Head of Purchasing",
    "Operations Manager",
    "Engineer",
    "Accountant",
];
const ACCOUNT_TYPES: [&str; 4] = ["Customer", "Partner", "Reseller", "Investor"];
const LEAD_STATUS: [&str; 5] = ["New", "Assigned", "In Process", "Recycled", "Dead"];
const LEAD_SOURCES: [&str; 5] = ["Web Site", "Call", "Email", "Partner", "Campaign"];
const STAGES: [&str; 6] = [
    "Prospecting",
    "Qualification",
    "Proposal",
    "Negotiation",
    "Closed Won",
    "Closed Lost",
];
const TASKS: [&str; 5] = [
    "Send the offer to",
    "Call back",
    "Prepare a demo for",
    "Check the contract of",
    "Invoice",
];
const TASK_STATUS: [&str; 5] = [
    "Not Started",
    "Started",
    "Completed",
    "Canceled",
    "Deferred",
];
const PRIORITIES: [&str; 4] = ["Low", "Normal", "High", "Urgent"];
const CASE_STATUS: [&str; 4] = ["New", "Assigned", "Pending", "Closed"];

impl Planter<'_, '_> {
    pub(crate) fn records(&mut self) {
        let accounts: Vec<String> = (0..30).map(|n| self.account(n)).collect();
        let contacts: Vec<String> = (0..40).map(|n| self.contact(n, &accounts)).collect();
        let leads: Vec<String> = (0..30).map(|n| self.lead(n)).collect();
        let deals: Vec<String> = (0..30)
            .map(|n| self.deal(n, &accounts, &contacts))
            .collect();
        for n in 0..25 {
            self.task(n, &accounts, &deals, &leads);
        }
        for n in 0..15 {
            self.meeting(n, &accounts, &contacts);
            self.call(n, &contacts);
        }
        for n in 0..12 {
            self.case(n, &accounts, &contacts);
        }
        self.rest(&accounts, &contacts);
        self.age();
    }

    fn account(&mut self, n: usize) -> String {
        let (trade, industry) = TRADES[n / FIRMS.len()];
        let firm = FIRMS[n % FIRMS.len()];
        let host = format!("{}-{}.example", firm.to_lowercase(), trade.to_lowercase());
        self.add("Account", &json!({
            "name": format!("{firm} {trade}"), "website": format!("https://{host}"), "emailAddress": format!("office@{host}"),
            "phoneNumber": format!("+120255510{n:02}"), "type": ACCOUNT_TYPES[n % 4], "industry": industry,
            "billingAddressCity": CITIES[n % 3], "billingAddressCountry": "Exampleland",
            "description": format!("{trade} since {}.", 1960 + n), "assignedUserId": self.owner(n),
        }))
    }

    fn contact(&mut self, n: usize, accounts: &[String]) -> String {
        let (first, last) = (FIRST[n % FIRST.len()], LAST[(n / 4) % LAST.len()]);
        self.add("Contact", &json!({
            "firstName": first, "lastName": format!("{last}"), "title": TITLES[n % 5], "accountId": accounts[n % accounts.len()],
            "emailAddress": format!("{}.{}{n}@mail.example", first.to_lowercase(), last.to_lowercase()),
            "phoneNumber": format!("+130355520{n:02}"), "doNotCall": n % 13 == 12, "assignedUserId": self.owner(n),
        }))
    }

    fn lead(&mut self, n: usize) -> String {
        let (first, last) = (FIRST[(n + 3) % FIRST.len()], LAST[(n + 5) % LAST.len()]);
        self.add("Lead", &json!({
            "firstName": first, "lastName": format!("{last}-Lead"), "status": LEAD_STATUS[n % 5], "source": LEAD_SOURCES[(n / 2) % 5],
            "accountName": format!("{last} & Daughters"), "emailAddress": format!("lead{n}@prospect.example"),
            "opportunityAmount": 500 + n * 250, "assignedUserId": self.owner(n),
        }))
    }

    fn deal(&mut self, n: usize, accounts: &[String], contacts: &[String]) -> String {
        let account = n % accounts.len();
        let id = self.add("Opportunity", &json!({
            "name": format!("{} order {:02}", FIRMS[account % FIRMS.len()], n + 1), "stage": STAGES[n % 6],
            "amount": 1500.0 + 2750.5 * n as f64, "closeDate": self.day(10 * n as i64 - 120), "accountId": accounts[account],
            "contactsIds": [contacts[account]], "leadSource": LEAD_SOURCES[n % 5], "assignedUserId": self.owner(n),
        }));
        self.put_on_stage(&id, STAGES[n % 6]);
        id
    }

    /// With pipelines on, the stage came from the pipeline; seeded deals are spread over all of it.
    fn put_on_stage(&mut self, id: &str, stage: &str) {
        let found = self
            .store
            .all("PipelineStage")
            .find(|row| row.text("name") == Some(stage))
            .map(|row| row.id.clone());
        if let Some(found) = found {
            self.store.edit("Opportunity", id, |deal| {
                deal.set("pipelineStageId", found);
                deal.set("stage", stage);
            });
        }
    }

    fn task(&mut self, n: usize, accounts: &[String], deals: &[String], leads: &[String]) {
        let (kind, parent) = match n % 3 {
            0 => ("Account", &accounts[n]),
            1 => ("Opportunity", &deals[n]),
            _ => ("Lead", &leads[n]),
        };
        self.add("Task", &json!({
            "name": format!("{} {}", TASKS[n % 5], FIRMS[n % 10]), "status": TASK_STATUS[n % 5],
            "priority": PRIORITIES[n % 4], "dateEnd": self.hour(n as i64 - 12, 15), "parentType": kind, "parentId": parent,
            "assignedUserId": self.owner(n),
        }));
    }

    fn meeting(&mut self, n: usize, accounts: &[String], contacts: &[String]) {
        let day = 2 * n as i64 - 14;
        self.add("Meeting", &json!({
            "name": format!("Review with {}", FIRMS[n % 10]), "status": if day < 0 { "Held" } else { "Planned" },
            "dateStart": self.hour(day, 9), "dateEnd": self.hour(day, 10), "parentType": "Account", "parentId": accounts[n],
            "contactsIds": [contacts[n]], "assignedUserId": self.owner(n),
        }));
    }

    fn call(&mut self, n: usize, contacts: &[String]) {
        let day = 2 * n as i64 - 15;
        self.add("Call", &json!({
            "name": format!("Call {}", FIRST[n % 8]), "status": if day < 0 { "Held" } else { "Planned" },
            "direction": if n.is_multiple_of(2) { "Outbound" } else { "Inbound" }, "dateStart": self.hour(day, 11), "dateEnd": self.hour(day, 12),
            "parentType": "Contact", "parentId": contacts[n], "contactsIds": [contacts[n]], "assignedUserId": self.owner(n),
        }));
    }

    fn case(&mut self, n: usize, accounts: &[String], contacts: &[String]) {
        self.add("Case", &json!({
            "name": format!("Delivery {:03} is late", 100 + n), "status": CASE_STATUS[n % 4], "priority": PRIORITIES[(n + 1) % 4],
            "type": "Incident", "accountId": accounts[n], "contactsIds": [contacts[n]], "assignedUserId": self.owner(n),
        }));
    }

    /// A few of what is there only to be seen.
    fn rest(&mut self, accounts: &[String], contacts: &[String]) {
        self.add(
            "Campaign",
            &json!({"name": "Spring letters", "status": "Active", "type": "Email"}),
        );
        self.add("TargetList", &json!({"name": "Newsletter readers"}));
        self.add("TargetList", &json!({"name": "Fair visitors"}));
        for (n, (name, phase, tags)) in [
            ("Warehouse move", "Build", json!(["internal"])),
            ("Web shop", "Live", json!(["billable", "pilot"])),
            ("Fleet renewal", "Idea", Value::Null),
        ]
        .into_iter()
        .enumerate()
        {
            self.add("CProject", &json!({"name": name, "phase": phase, "tags": tags, "budget": 10_000 * (n + 1), "accountId": accounts[n], "assignedUserId": self.owner(n)}));
        }
        self.add("Email", &json!({
            "name": "Question about the invoice", "status": "Archived", "from": "priya.aldous0@mail.example", "to": "nora@crm.example",
            "body": "<p>Could you send the invoice again?</p>", "dateSent": self.hour(-2, 8), "parentType": "Contact", "parentId": contacts[0],
        }));
    }

    /// Spreads the records over the last weeks, the oldest first.
    fn age(&mut self) {
        for entity in [
            "Account",
            "Contact",
            "Lead",
            "Opportunity",
            "Task",
            "Meeting",
            "Call",
            "Case",
            "CProject",
        ] {
            let ids: Vec<String> = self
                .store
                .all(entity)
                .map(|record| record.id.clone())
                .collect();
            for (n, id) in ids.iter().enumerate() {
                let hours = 3 * (ids.len() - n) as i64;
                let at = stamp(self.now.checked_sub(hours.hours()).unwrap_or(self.now));
                self.store.edit(entity, id, |record| {
                    record.set("createdAt", at.clone());
                    record.set("modifiedAt", at);
                });
            }
        }
    }
}
