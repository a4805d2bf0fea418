//! The records of the invented company, from short tables and the present day.

use super::seed::Planter;
use super::users::{ADMIN_ID, RESTRICTED_ID, SALES_ID};
use crate::invented::{CITIES, FIRMS, FIRST, LAST};

const TRADES: [(&str, &str); 3] = [
    ("Foods", "Food & Beverage"),
    ("Systems", "Technology"),
    ("Freight", "Transportation"),
];
const TITLES: [&str; 4] = [
    "Managing Director",
    "Head of Purchasing",
    "Engineer",
    "Accountant",
];
const TYPES: [&str; 4] = ["Customer", "Partner", "Reseller", "Investor"];
const LEAD_STATUS: [&str; 5] = ["New", "Assigned", "In Process", "Recycled", "Dead"];
const SOURCES: [&str; 4] = ["Web Site", "Cold Call", "Email", "Trade Show"];
const STAGES: [(&str, &str); 6] = [
    ("Prospecting", "10"),
    ("Qualification", "20"),
    ("Proposal/Price Quote", "65"),
    ("Negotiation/Review", "80"),
    ("Closed Won", "100"),
    ("Closed Lost", "0"),
];
const TASKS: [&str; 4] = [
    "Send the offer to",
    "Call back",
    "Prepare a demo for",
    "Check the contract of",
];
const TASK_STATUS: [&str; 4] = ["Not Started", "In Progress", "Completed", "Deferred"];
const CASE_STATUS: [(&str, &str); 3] = [
    ("Open_New", "Open"),
    ("Open_Assigned", "Open"),
    ("Closed_Closed", "Closed"),
];
const OWNERS: [&str; 3] = [SALES_ID, RESTRICTED_ID, ADMIN_ID];

impl Planter<'_> {
    /// About two hundred of them.
    pub(super) fn records(&mut self) {
        let accounts: Vec<String> = (0..30).map(|n| self.account(n)).collect();
        let contacts: Vec<String> = (0..40).map(|n| self.contact(n, &accounts)).collect();
        let leads: Vec<String> = (0..24).map(|n| self.lead(n)).collect();
        let deals: Vec<String> = (0..30).map(|n| self.deal(n, &accounts)).collect();
        let cases: Vec<String> = (0..12).map(|n| self.case(n, &accounts)).collect();
        for n in 0..15 {
            self.call(n, &accounts, &contacts);
            self.meeting(n, &accounts, &contacts);
        }
        for n in 0..20 {
            self.task(n, &accounts, &deals, &contacts);
        }
        for n in 0..10 {
            self.note(n, &accounts, &contacts);
        }
        self.links(&deals, &cases, &contacts, &leads);
    }

    fn account(&mut self, n: usize) -> String {
        let (trade, industry) = TRADES[n / FIRMS.len()];
        let firm = FIRMS[n % FIRMS.len()];
        let host = format!("{}-{}.example", firm.to_lowercase(), trade.to_lowercase());
        let id = (n == 7).then_some("import_fenwick_0007");
        self.add(
            "Accounts",
            id,
            &[
                ("name", format!("{firm} {trade}")),
                ("account_type", TYPES[n % 4].into()),
                ("industry", industry.into()),
                ("annual_revenue", format!("{}", 250_000 + n * 10_000)),
                ("phone_office", format!("+120255510{n:02}")),
                ("website", format!("https://{host}")),
                ("email1", format!("office@{host}")),
                ("billing_address_city", CITIES[n % 3].into()),
                ("billing_address_country", "Exampleland".into()),
                ("description", format!("{trade} since {}.", 1960 + n)),
                ("assigned_user_id", OWNERS[n % 3].into()),
            ],
        )
    }

    fn contact(&mut self, n: usize, accounts: &[String]) -> String {
        let (first, last) = (FIRST[n % FIRST.len()], LAST[(n / 4) % LAST.len()]);
        let id = (n == 11).then_some("1042");
        self.add(
            "Contacts",
            id,
            &[
                ("first_name", first.into()),
                ("last_name", last.into()),
                ("title", TITLES[n % 4].into()),
                ("account_id", accounts[n % accounts.len()].clone()),
                (
                    "email1",
                    format!(
                        "{}.{}{n}@mail.example",
                        first.to_lowercase(),
                        last.to_lowercase()
                    ),
                ),
                ("phone_work", format!("+130355520{n:02}")),
                ("lead_source", SOURCES[n % 4].into()),
                ("assigned_user_id", OWNERS[n % 3].into()),
            ],
        )
    }

    fn lead(&mut self, n: usize) -> String {
        let (first, last) = (FIRST[(n + 3) % FIRST.len()], LAST[(n + 5) % LAST.len()]);
        self.add(
            "Leads",
            None,
            &[
                ("first_name", first.into()),
                ("last_name", format!("{last}-Lead")),
                ("status", LEAD_STATUS[n % 5].into()),
                ("lead_source", SOURCES[(n / 2) % 4].into()),
                ("account_name", format!("{last} & Daughters")),
                ("email1", format!("lead{n}@prospect.example")),
                ("opportunity_amount", format!("{}", 500 + n * 250)),
                ("assigned_user_id", OWNERS[n % 3].into()),
            ],
        )
    }

    fn deal(&mut self, n: usize, accounts: &[String]) -> String {
        let (stage, probability) = STAGES[n % STAGES.len()];
        let amount = format!("{}.000000", 1000 + n * 750);
        self.add(
            "Opportunities",
            None,
            &[
                (
                    "name",
                    format!(
                        "{} {}",
                        FIRMS[n % FIRMS.len()],
                        ["renewal", "expansion", "pilot"][n % 3]
                    ),
                ),
                ("account_id", accounts[n % accounts.len()].clone()),
                ("sales_stage", stage.into()),
                ("probability", probability.into()),
                ("amount", amount.clone()),
                ("amount_usdollar", amount),
                ("currency_id", "-99".into()),
                (
                    "date_closed",
                    self.day(i64::try_from(n).unwrap_or(0) * 4 - 20),
                ),
                ("opportunity_type", "New Business".into()),
                ("lead_source", SOURCES[n % 4].into()),
                ("assigned_user_id", OWNERS[n % 3].into()),
            ],
        )
    }

    fn case(&mut self, n: usize, accounts: &[String]) -> String {
        let (status, state) = CASE_STATUS[n % 3];
        self.add(
            "Cases",
            None,
            &[
                (
                    "name",
                    format!(
                        "{} does not start",
                        ["Printer", "Scale", "Gate", "Pump"][n % 4]
                    ),
                ),
                ("account_id", accounts[(n * 2) % accounts.len()].clone()),
                ("status", status.into()),
                ("state", state.into()),
                ("priority", ["P1", "P2", "P3"][n % 3].into()),
                ("type", "Product".into()),
                ("description", "Reported by telephone.".into()),
                ("assigned_user_id", OWNERS[n % 3].into()),
            ],
        )
    }

    fn call(&mut self, n: usize, accounts: &[String], contacts: &[String]) {
        let days = i64::try_from(n).unwrap_or(0) - 7;
        let id = self.add(
            "Calls",
            None,
            &[
                (
                    "name",
                    format!(
                        "Call about {}",
                        ["prices", "delivery", "the contract"][n % 3]
                    ),
                ),
                ("status", if days < 0 { "Held" } else { "Planned" }.into()),
                ("direction", ["Outbound", "Inbound"][n % 2].into()),
                ("date_start", self.hour(days, 9)),
                ("duration_hours", "0".into()),
                ("duration_minutes", "30".into()),
                ("parent_type", "Accounts".into()),
                // The first five accounts keep no activities, so that they can be deleted quietly.
                ("parent_id", accounts[5 + n % 20].clone()),
                ("assigned_user_id", OWNERS[n % 3].into()),
            ],
        );
        self.link("Calls", &id, "contacts", &contacts[n]);
    }

    fn meeting(&mut self, n: usize, accounts: &[String], contacts: &[String]) {
        let days = i64::try_from(n).unwrap_or(0) - 4;
        let id = self.add(
            "Meetings",
            None,
            &[
                ("name", format!("Visit at {}", CITIES[n % 3])),
                ("status", if days < 0 { "Held" } else { "Planned" }.into()),
                ("location", CITIES[n % 3].into()),
                ("date_start", self.hour(days, 14)),
                ("duration_hours", "1".into()),
                ("duration_minutes", "0".into()),
                ("parent_type", "Accounts".into()),
                ("parent_id", accounts[5 + n % 20].clone()),
                ("assigned_user_id", OWNERS[n % 3].into()),
            ],
        );
        self.link("Meetings", &id, "contacts", &contacts[n + 15]);
    }

    fn task(&mut self, n: usize, accounts: &[String], deals: &[String], contacts: &[String]) {
        let firm = FIRMS[n % FIRMS.len()];
        let (kind, parent) = if n.is_multiple_of(2) {
            ("Accounts", accounts[5 + n % 20].clone())
        } else {
            ("Opportunities", deals[n].clone())
        };
        self.add(
            "Tasks",
            None,
            &[
                ("name", format!("{} {firm}", TASKS[n % 4])),
                ("status", TASK_STATUS[n % 4].into()),
                ("priority", ["High", "Medium", "Low"][n % 3].into()),
                ("date_due", self.hour(i64::try_from(n).unwrap_or(0) - 5, 16)),
                ("parent_type", kind.into()),
                ("parent_id", parent),
                ("contact_id", contacts[n].clone()),
                ("assigned_user_id", OWNERS[n % 3].into()),
            ],
        );
    }

    fn note(&mut self, n: usize, accounts: &[String], contacts: &[String]) {
        self.add(
            "Notes",
            None,
            &[
                ("name", format!("Minutes {}", n + 1)),
                (
                    "description",
                    "They said \"soon\" and meant next year.".into(),
                ),
                ("parent_type", "Accounts".into()),
                ("parent_id", accounts[5 + n].clone()),
                ("contact_id", contacts[n].clone()),
                ("assigned_user_id", OWNERS[n % 3].into()),
            ],
        );
    }

    fn links(&mut self, deals: &[String], cases: &[String], contacts: &[String], leads: &[String]) {
        for (n, deal) in deals.iter().enumerate() {
            self.link("Opportunities", deal, "contacts", &contacts[n]);
        }
        for (n, case) in cases.iter().enumerate() {
            self.link("Cases", case, "contacts", &contacts[n * 2]);
        }
        let first_call = self
            .work
            .store
            .rows("Calls")
            .next()
            .map(|row| row.text("id").to_owned());
        if let (Some(call), Some(lead)) = (first_call, leads.first()) {
            self.link("Calls", &call, "leads", lead);
        }
    }
}
