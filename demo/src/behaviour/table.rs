//! The form of the table.

use serde::Deserialize;
use serde_json::{Map, Value};

/// Cases that share what was set up for them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name, in order of the API's parts.
    pub name: String,
    /// Records its cases use.
    #[serde(default)]
    pub setup: Vec<Step>,
    /// Its cases, each on its own but for the setup.
    pub cases: Vec<Case>,
}

/// One behaviour.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique within its group.
    pub name: String,
    /// Why it cannot run against a real installation.
    pub demo_only: Option<String>,
    /// Runs only where pipelines are on, or only where they are off.
    pub pipelines: Option<bool>,
    /// Whether the calling user needs an e-mail address of its own.
    #[serde(default)]
    pub needs_address: bool,
    /// Requests in order.
    pub steps: Vec<Step>,
}

/// One request and what is expected of the answer. `{{name}}` stands for a saved value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Verb and path below the API, for example `GET Account`.
    pub send: String,
    /// Who sends it: `full`, `reader`, `own`, `admin`, `nobody` and so on.
    #[serde(default = "full", rename = "as")]
    pub who: String,
    /// Parameters; nested values are written in brackets.
    #[serde(default)]
    pub query: Map<String, Value>,
    /// The query as it stands, instead of `query`.
    pub raw_query: Option<String>,
    /// Filters on top of "the name begins with this run's word", as indexed brackets.
    pub filter: Option<Vec<Value>>,
    /// Further headers.
    #[serde(default)]
    pub headers: Map<String, Value>,
    /// A JSON body.
    pub body: Option<Value>,
    /// A body as it stands, instead of `body`.
    pub raw: Option<String>,
    /// The content type, where it is not JSON.
    pub kind: Option<String>,
    /// Sends the same so many times; the last answer counts.
    #[serde(default = "once")]
    pub times: u32,

    /// The status expected.
    #[serde(default = "ok")]
    pub status: u16,
    /// The reason header: a text, or null when there must be none. A reason printed twice counts once.
    #[serde(default, deserialize_with = "present")]
    pub reason: Option<Value>,
    /// What the body contains: objects by their keys, lists element by element.
    #[serde(default, deserialize_with = "present")]
    pub has: Option<Value>,
    /// Keys the body, or the first row of a list, must not have.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// The body is empty.
    #[serde(default)]
    pub blank: bool,
    /// The content type is `text/html`.
    #[serde(default)]
    pub html: bool,
    /// Names of the rows in order.
    pub names: Option<Vec<String>>,
    /// Number of rows.
    pub rows: Option<usize>,
    /// Headers of the answer; null for absent ones.
    #[serde(default)]
    pub answer_headers: Map<String, Value>,
    /// Values to keep, by JSON pointer.
    #[serde(default)]
    pub save: Map<String, Value>,
}

fn full() -> String {
    "full".to_owned()
}

fn once() -> u32 {
    1
}

fn ok() -> u16 {
    200
}

/// Tells a null that is there from a key that is not.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// EspoCRM's table.
///
/// # Errors
/// When a file of the table is not of its form; the tests hold that none is.
pub fn espocrm() -> Result<Vec<Group>, serde_json::Error> {
    [
        include_str!("espocrm/01_auth.json"),
        include_str!("espocrm/02_discovery.json"),
        include_str!("espocrm/03_list.json"),
        include_str!("espocrm/04_read.json"),
        include_str!("espocrm/05_create.json"),
        include_str!("espocrm/06_update.json"),
        include_str!("espocrm/07_links.json"),
        include_str!("espocrm/08_notes.json"),
        include_str!("espocrm/09_kanban.json"),
        include_str!("espocrm/10_email.json"),
        include_str!("espocrm/14_delete.json"),
        include_str!("espocrm/15_protocol.json"),
        include_str!("espocrm/16_lockout.json"),
        include_str!("espocrm/17_traps.json"),
        include_str!("espocrm/18_pipelines.json"),
    ]
    .into_iter()
    .map(serde_json::from_str)
    .collect()
}
