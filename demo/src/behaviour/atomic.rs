//! Atomic CRM's table: its files, who is calling, how rows are unmade, and the in-memory project's users.
//!
//! Paths are those of a Supabase project. The values that a target knows say what its cases may
//! lean on: `v12` for the wording of PostgREST 12, `no_sql` where the functions for SQL are not
//! installed, `own_tasks` where tasks are their owner's alone and `shared_tasks` where they are not,
//! `ordinary` where `full` is no administrator, `colleague` where there is a second user who is one.

use serde_json::{Value, json};

use super::dialect::Dialect;
use super::saved::Saved;
use super::table::{Group, read};
use super::target::{Answer, Ask, Headers, Target};
use crate::atomic::{ADMIN, AtomicCrm, PUBLISHABLE_KEY, REP};

/// Atomic CRM; paths are below the project's root.
#[derive(Clone, Copy, Debug)]
pub struct AtomicTable;

/// Tables whose rows can be deleted.
const DELETABLE: [&str; 7] = [
    "rest/v1/companies",
    "rest/v1/contacts",
    "rest/v1/contact_notes",
    "rest/v1/deals",
    "rest/v1/deal_notes",
    "rest/v1/tasks",
    "rest/v1/tags",
];

impl AtomicTable {
    /// The headers that make a request somebody's; the publishable key and the tokens are saved values.
    #[must_use]
    pub fn credentials(who: &str, saved: &Saved) -> Option<Headers> {
        let key = (
            "apikey".to_owned(),
            saved.get("key").unwrap_or_default().to_owned(),
        );
        let bearer = |token: &str| {
            let value = format!("Bearer {token}");
            Some(vec![key.clone(), ("authorization".to_owned(), value)])
        };
        match who {
            "full" => bearer(saved.get("token").unwrap_or_default()),
            "colleague" => bearer(saved.get("colleague")?),
            "expired" => bearer(saved.get("expired")?),
            "forged" => bearer(&forged(saved.get("token").unwrap_or_default())),
            "garbage" => bearer("not.a.jwt"),
            "nobody" => Some(vec![key]),
            "keyless" => Some(Vec::new()),
            _ => None,
        }
    }
}

/// The token with another signature.
fn forged(token: &str) -> String {
    let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
    format!("{signed}.{}", "A".repeat(86))
}

impl Dialect for AtomicTable {
    fn groups(&self) -> Result<Vec<Group>, serde_json::Error> {
        read(&[
            include_str!("atomic/01_sign_in.json"),
            include_str!("atomic/02_gateway.json"),
            include_str!("atomic/03_tokens.json"),
            include_str!("atomic/04_lists.json"),
            include_str!("atomic/05_filters.json"),
            include_str!("atomic/06_select.json"),
            include_str!("atomic/07_insert.json"),
            include_str!("atomic/08_change.json"),
            include_str!("atomic/09_delete.json"),
            include_str!("atomic/10_triggers.json"),
            include_str!("atomic/11_views.json"),
            include_str!("atomic/12_functions.json"),
            include_str!("atomic/13_rules.json"),
            include_str!("atomic/14_protocol.json"),
        ])
    }

    fn rows(&self) -> &'static str {
        ""
    }

    /// Signs in, unless the target brings tokens of its own.
    async fn learn<T: Target>(&self, target: &T, saved: &mut Saved) -> Result<(), String> {
        if saved.get("token").is_some() {
            return Ok(());
        }
        let (token, user) = signed_in(target, saved, "email", "password").await?;
        saved.set("token", token);
        saved.set("user_id", user);
        if saved.get("colleague_email").is_some() {
            let (token, _) =
                signed_in(target, saved, "colleague_email", "colleague_password").await?;
            saved.set("colleague", token);
        }
        Ok(())
    }

    /// What an insert shows is this run's; so is a row of a list that carries the run's word.
    fn undo(&self, ask: &Ask, answer: &Answer, saved: &Saved) -> Option<Ask> {
        let run = saved.get("run")?;
        let body = answer.json().filter(|_| answer.status < 300)?;
        let path = DELETABLE.iter().find(|path| ask.path == **path)?;
        let is_own = |row: &&Value| match ask.method.as_str() {
            "POST" => true,
            "GET" => row.to_string().contains(run),
            _ => false,
        };
        let rows = body.as_array()?.iter().filter(is_own);
        let ids: Vec<String> = rows
            .filter_map(|row| Some(row.get("id")?.to_string()))
            .collect();
        (!ids.is_empty()).then(|| Ask {
            method: "DELETE".into(),
            path: (*path).to_owned(),
            query: format!("id=in.({})", ids.join(",")),
            ..Ask::default()
        })
    }
}

/// An access token and the user's id.
async fn signed_in<T: Target>(
    target: &T,
    saved: &Saved,
    email: &str,
    password: &str,
) -> Result<(String, String), String> {
    let value = |name: &str| saved.get(name).unwrap_or_default().to_owned();
    let mut ask = Ask {
        method: "POST".into(),
        path: "auth/v1/token".into(),
        query: "grant_type=password".into(),
        body: json!({"email": value(email), "password": value(password)})
            .to_string()
            .into_bytes(),
        ..Ask::default()
    };
    ask.headers = target
        .credentials("nobody", &ask, saved)
        .unwrap_or_default();
    ask.headers
        .push(("content-type".into(), "application/json".into()));
    let answer = target.send(ask).await?;
    let body = answer.json().unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    text(&body["access_token"])
        .zip(text(&body["user"]["id"]))
        .ok_or_else(|| format!("the sign-in answered {}", answer.status))
}

/// The in-memory project's users and properties by the names the table gives them.
pub(super) fn demo_values(crm: &AtomicCrm) -> Vec<(String, String)> {
    let tasks = if crm.has_own_tasks() {
        "own_tasks"
    } else {
        "shared_tasks"
    };
    [
        ("key", PUBLISHABLE_KEY),
        ("email", REP.email),
        ("password", REP.password),
        ("colleague_email", ADMIN.email),
        ("colleague_password", ADMIN.password),
        ("expired", &crm.expired_token("http://localhost", REP)),
        (tasks, "yes"),
        ("gateway", "yes"),
        ("v12", "yes"),
        ("no_sql", "yes"),
        ("ordinary", "yes"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The same, for requests.
pub(super) fn demo_credentials(who: &str, _ask: &Ask, saved: &Saved) -> Option<Headers> {
    AtomicTable::credentials(who, saved)
}
