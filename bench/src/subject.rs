//! What is called: a few calls of each CRM, by name, and the body that each is meant to fetch.

use anyhow::{Context, Result};
use portcullis_demo::bottlecrm::{self, BottleCrm};
use portcullis_demo::espocrm::{self, EspoCrm};
use portcullis_demo::suitecrm::{self, SuiteCrm};
use serde_json::{Value, json};

use crate::fat;
use crate::mcp::Ask;
use crate::plan::MOST_CLIENTS;

/// EspoCRM's `get`: the call that the general goals are about.
pub(crate) const GET: &str = "espo_get";
/// BottleCRM's search with a small answer.
pub(crate) const SMALL: &str = "bottle_search_small";
/// BottleCRM's search in a large list.
pub(crate) const LEADS: &str = "bottle_search_leads";
/// BottleCRM's search in the largest list.
pub(crate) const OPPORTUNITIES: &str = "bottle_search_opportunities";

/// How a server is reached, and by how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Over {
    Http(usize),
    Stdio,
}

const WAYS: &[Over] = &[Over::Http(1), Over::Http(MOST_CLIENTS)];
const ALL_WAYS: &[Over] = &[
    Over::Http(1),
    Over::Http(8),
    Over::Http(MOST_CLIENTS),
    Over::Stdio,
];

/// One call that is measured.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// Its name in the JSON report, and that of the baseline's tool.
    pub(crate) key: &'static str,
    /// For people.
    pub(crate) name: &'static str,
    pub(crate) ask: Ask,
    /// Ways in which it is called.
    pub(crate) ways: &'static [Over],
    /// About how many bytes the CRM answers with; none where it does not matter.
    pub(crate) fetches: Option<usize>,
}

/// All of them.
///
/// # Errors
/// An in-memory CRM lacks the records.
pub(crate) fn all() -> Result<Vec<Subject>> {
    let mut all = espocrm()?;
    all.extend(suitecrm()?);
    all.extend(bottlecrm()?);
    Ok(all)
}

fn espocrm() -> Result<Vec<Subject>> {
    let ids = EspoCrm::new(espocrm::Options::default()).ids("Account");
    let id = ids.first().context("no account in EspoCRM")?;
    let everywhere = |subject| Subject {
        ways: ALL_WAYS,
        ..subject
    };
    Ok(vec![
        everywhere(subject(
            GET,
            "EspoCRM get",
            "espo_get",
            json!({"entityType": "Account", "id": id}),
        )),
        everywhere(subject(
            "espo_search",
            "EspoCRM search, 20 rows",
            "espo_search",
            json!({"entityType": "Account", "limit": 20}),
        )),
    ])
}

fn suitecrm() -> Result<Vec<Subject>> {
    let ids = SuiteCrm::new(suitecrm::Options::default()).ids("Accounts");
    let id = ids.first().context("no account in SuiteCRM")?;
    Ok(vec![
        subject(
            "suite_get",
            "SuiteCRM get",
            "suite_get",
            json!({"module": "Accounts", "id": id}),
        ),
        subject(
            "suite_search",
            "SuiteCRM search, 20 rows",
            "suite_search",
            json!({"module": "Contacts", "max_results": 20}),
        ),
    ])
}

/// Reads, and writes to a record each, because the stub never forgets what it answered.
fn bottlecrm() -> Result<Vec<Subject>> {
    let ids = BottleCrm::new(bottlecrm::Options::default()).ids("leads");
    let [read, changed, told, ..] = ids.as_slice() else {
        anyhow::bail!("too few leads in BottleCRM");
    };
    let mut all = bottlecrm_reads(read);
    let person = json!({"first_name": "Robin", "last_name": "Example", "email": "robin@bench.example", "title": "Robin Example"});
    all.extend([
        subject(
            "bottle_create",
            "BottleCRM create",
            "bottle_crm_create",
            json!({"entity": "leads", "data": person}),
        ),
        subject(
            "bottle_update",
            "BottleCRM update",
            "bottle_crm_update",
            json!({"entity": "leads", "id": changed, "data": {"city": "Lisbon"}}),
        ),
        subject(
            "bottle_action",
            "BottleCRM action, a comment",
            "bottle_crm_action",
            json!({"entity": "leads", "id": told, "action": "comment", "params": {"comment": "Called; wants an offer."}}),
        ),
    ]);
    Ok(all)
}

/// The filter by day is one that boards do not know, so that the lists themselves are fetched.
fn bottlecrm_reads(lead: &str) -> Vec<Subject> {
    let list = |entity| json!({"entity": entity, "filters": {"created_at__gte": "2000-01-01"}});
    let fetching = |bytes, subject| Subject {
        fetches: Some(bytes),
        ..subject
    };
    vec![
        subject(
            "bottle_list_actions",
            "BottleCRM list_actions, no request",
            "bottle_list_actions",
            json!({}),
        ),
        subject(
            SMALL,
            "BottleCRM search, small body",
            "bottle_crm_search",
            json!({"entity": "solutions", "limit": 1}),
        ),
        fetching(
            fat::LEADS,
            subject(
                LEADS,
                "BottleCRM search, 105 kB list",
                "bottle_crm_search",
                list("leads"),
            ),
        ),
        fetching(
            fat::OPPORTUNITIES,
            subject(
                OPPORTUNITIES,
                "BottleCRM search, 533 kB list",
                "bottle_crm_search",
                list("opportunities"),
            ),
        ),
        fetching(
            fat::LEAD,
            subject(
                "bottle_get",
                "BottleCRM get, 13 kB",
                "bottle_crm_get",
                json!({"entity": "leads", "id": lead}),
            ),
        ),
        fetching(
            fat::SCHEMA,
            subject(
                "bottle_describe",
                "BottleCRM describe, 969 kB schema",
                "bottle_crm_describe",
                json!({"entity": "leads"}),
            ),
        ),
    ]
}

const fn subject(
    key: &'static str,
    name: &'static str,
    tool: &'static str,
    arguments: Value,
) -> Subject {
    Subject {
        key,
        name,
        ask: Ask { tool, arguments },
        ways: WAYS,
        fetches: None,
    }
}

impl Subject {
    /// The same call of the baseline, whose tools are named after the calls.
    pub(crate) fn of_baseline(&self) -> Ask {
        Ask {
            tool: self.key,
            arguments: self.ask.arguments.clone(),
        }
    }
}

impl Over {
    /// For people.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Http(1) => "1 client".to_owned(),
            Self::Http(count) => format!("{count} clients"),
            Self::Stdio => "stdio".to_owned(),
        }
    }
}
