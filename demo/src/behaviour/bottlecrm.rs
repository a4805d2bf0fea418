//! BottleCRM's table: its files, who is calling, and the in-memory CRM's tokens.

use serde_json::Value;

use super::dialect::Dialect;
use super::saved::Saved;
use super::table::{Group, read};
use super::target::{Answer, Ask, Headers, Target};
use crate::bottlecrm::{
    ADMIN_JWT, ADMIN_TOKEN, EXPIRED_TOKEN, LEADS_READ_TOKEN, ORG_API_KEY, ORG2_TOKEN,
    REVOKED_TOKEN, USER_TOKEN, USER2_TOKEN,
};

/// BottleCRM; paths are below the installation's root.
#[derive(Clone, Copy, Debug)]
pub struct BottleTable;

/// Collections whose records can be deleted.
const DELETABLE: [&str; 6] = [
    "api/leads/",
    "api/contacts/",
    "api/accounts/",
    "api/opportunities/",
    "api/tasks/",
    "api/cases/",
];

impl Dialect for BottleTable {
    fn groups(&self) -> Result<Vec<Group>, serde_json::Error> {
        read(&[
            include_str!("bottlecrm/01_auth.json"),
            include_str!("bottlecrm/02_protocol.json"),
            include_str!("bottlecrm/03_leads.json"),
            include_str!("bottlecrm/04_contacts.json"),
            include_str!("bottlecrm/05_accounts.json"),
            include_str!("bottlecrm/06_opportunities.json"),
            include_str!("bottlecrm/07_tasks.json"),
            include_str!("bottlecrm/08_cases.json"),
            include_str!("bottlecrm/09_solutions.json"),
            include_str!("bottlecrm/10_invoices.json"),
            include_str!("bottlecrm/11_lookups.json"),
            include_str!("bottlecrm/12_half_writes.json"),
            include_str!("bottlecrm/13_convert.json"),
            include_str!("bottlecrm/14_boards.json"),
            include_str!("bottlecrm/15_organisations.json"),
        ])
    }

    fn rows(&self) -> &'static str {
        "/results"
    }

    /// Finds out who is calling.
    async fn learn<T: Target>(&self, target: &T, saved: &mut Saved) -> Result<(), String> {
        let mut ask = Ask {
            method: "GET".into(),
            path: "api/profile/".into(),
            ..Ask::default()
        };
        ask.headers = target
            .credentials("full", &ask, saved)
            .ok_or("no full user")?;
        let answer = target.send(ask).await?;
        let body = answer.json().filter(|_| answer.status == 200);
        let me =
            &body.ok_or_else(|| format!("api/profile/ answered {}", answer.status))?["user_obj"];
        saved.set("me", text(&me["id"]));
        saved.set("user", text(&me["user_details"]["id"]));
        saved.set("none", "00000000-0000-4000-8000-000000000000");
        saved.set("long", "n".repeat(65));
        Ok(())
    }

    /// A record that a write names, or that a look at one or at a list shows to be this run's.
    fn undo(&self, ask: &Ask, answer: &Answer, saved: &Saved) -> Option<Ask> {
        let run = saved.get("run")?;
        let body = answer.json().filter(|_| answer.status < 300)?;
        let list = DELETABLE.iter().find(|path| ask.path.starts_with(*path))?;
        let rest = &ask.path[list.len()..];
        let path = match (ask.method.as_str(), rest) {
            ("POST", "") => format!("{list}{}/", body["id"].as_str()?),
            ("GET", "") => format!("{list}{}/", only_row(&body, run)?),
            ("GET", id) if is_own(&body, run) && id.len() == 37 => ask.path.clone(),
            _ => return None,
        };
        Some(Ask {
            method: "DELETE".into(),
            path,
            ..Ask::default()
        })
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The id of a list's only row when it carries the run's word.
fn only_row<'a>(body: &'a Value, run: &str) -> Option<&'a str> {
    let places = [
        "/open_leads/open_leads",
        "/close_leads/close_leads",
        "/tasks",
    ];
    let mut rows = places
        .iter()
        .filter_map(|place| body.pointer(place)?.as_array())
        .flatten();
    let first = rows.next()?;
    let own = rows.next().is_none() && first.to_string().contains(run);
    first["id"].as_str().filter(|_| own)
}

/// Whether a record's own names carry the run's word.
fn is_own(body: &Value, run: &str) -> bool {
    let objects = [
        "account_obj",
        "contact_obj",
        "opportunity_obj",
        "lead_obj",
        "task_obj",
        "cases_obj",
    ];
    let names = ["name", "title", "first_name", "last_name", "email"];
    objects.iter().any(|object| {
        let object = &body[object];
        names.iter().any(|name| text(&object[name]).contains(run))
    })
}

/// The in-memory CRM's tokens by the names the table gives them.
pub(super) fn demo_credentials(who: &str, _ask: &Ask, _saved: &Saved) -> Option<Headers> {
    let bearer = |token: &str| vec![("authorization".to_owned(), format!("Bearer {token}"))];
    let token = |token: &str| vec![("token".to_owned(), token.to_owned())];
    Some(match who {
        "full" => bearer(ADMIN_TOKEN),
        "user" => bearer(USER_TOKEN),
        "user2" => bearer(USER2_TOKEN),
        "org2" => bearer(ORG2_TOKEN),
        "leads_reader" => bearer(LEADS_READ_TOKEN),
        "expired" => bearer(EXPIRED_TOKEN),
        "revoked" => bearer(REVOKED_TOKEN),
        "session" => bearer(ADMIN_JWT),
        "org_key" => token(ORG_API_KEY),
        "org_key_as_bearer" => bearer(ORG_API_KEY),
        "in_token_header" => token(ADMIN_TOKEN),
        "stranger" => bearer("bcrm_pat_nobody-knows-this-one"),
        "small_scheme" => vec![("authorization".to_owned(), format!("bearer {ADMIN_TOKEN}"))],
        "nobody" => Vec::new(),
        _ => return None,
    })
}
