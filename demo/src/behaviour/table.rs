//! The form of the table.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::saved::Saved;

/// Cases that share what was set up for them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name, in order of the API's parts.
    pub name: String,
    /// What every request of the group has unless its step says otherwise.
    #[serde(default)]
    pub common: Common,
    /// Values without which none of its cases can run.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Records its cases use.
    #[serde(default)]
    pub setup: Vec<Step>,
    /// Its cases, each on its own but for the setup.
    pub cases: Vec<Case>,
}

/// Parts of a request that the steps of a group share.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// Verb and path.
    #[serde(default)]
    pub send: String,
    /// Headers; a step's header of the same name wins, and null there takes it away.
    #[serde(default)]
    pub headers: Map<String, Value>,
    /// Fields of every form; a step's field of the same name wins, and null there takes it away.
    #[serde(default)]
    pub form: Map<String, Value>,
    /// The content type of bodies, where it is neither JSON nor a form.
    pub kind: Option<String>,
    /// Where answers keep their rows, if not where the CRM's others do.
    pub rows: Option<String>,
    /// Where a row keeps its name, if not where the CRM's others do.
    pub row_name: Option<String>,
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
    /// Values it cannot run without: what the target knows, was learned or saved.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Requests in order.
    pub steps: Vec<Step>,
}

impl Case {
    /// Why it cannot run with what is known, if so.
    pub(crate) fn unmet(&self, saved: &Saved) -> Option<String> {
        let on = saved.get("pipelines").is_some();
        if self.pipelines.is_some_and(|wanted| wanted != on) {
            return Some(format!("pipelines are {}", if on { "on" } else { "off" }));
        }
        if self.needs_address && saved.get("from").is_none() {
            return Some("the user has no e-mail address".to_owned());
        }
        missing(&self.needs, saved)
    }
}

impl Group {
    /// Why none of its cases can run with what is known, if so.
    pub(crate) fn unmet(&self, saved: &Saved) -> Option<String> {
        missing(&self.needs, saved)
    }
}

fn missing(needs: &[String], saved: &Saved) -> Option<String> {
    let name = needs.iter().find(|name| saved.get(name).is_none())?;
    Some(format!("there is no {name} here"))
}

/// One request and what is expected of the answer. `{{name}}` stands for a saved value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Verb and path below the CRM's base, for example `GET Account`; empty for the group's own.
    #[serde(default)]
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
    /// Fields of a form instead of a body, on top of the group's; nested values go as JSON.
    pub form: Option<Map<String, Value>>,
    /// A body as it stands, instead of `body`.
    pub raw: Option<String>,
    /// The content type, where it is neither JSON nor a form; `none` for no header.
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
    /// A part of the body read as text.
    pub text: Option<String>,
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
    /// Values to keep, by JSON pointer: texts, and numbers and truth values as texts.
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

/// Reads the files of a table, one group each.
pub(crate) fn read(files: &[&str]) -> Result<Vec<Group>, serde_json::Error> {
    files
        .iter()
        .map(|text| serde_json::from_str(text))
        .collect()
}
