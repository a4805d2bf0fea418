//! Methods, their arguments in order, and binding what was sent to them as PHP does.

use serde_json::{Map, Value};

use crate::suitecrm::Php;
use crate::suitecrm::reply::Failure;

/// A method: its name, and its arguments in order with a question mark behind those that may be
/// left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    arguments: &'static [&'static str],
}

const METHODS: [Method; 25] = [
    method("login", &["user_auth", "application?", "name_value_list?"]),
    method("logout", &["session"]),
    method("seamless_login", &["session"]),
    method("get_user_id", &["session"]),
    method("get_server_info", &[]),
    method("get_available_modules", &["session", "filter?"]),
    method("get_module_fields", &["session", "module_name", "fields?"]),
    method("get_module_fields_md5", &["session", "module_name"]),
    method("get_language_definition", &["session", "modules", "MD5?"]),
    method(
        "get_entry_list",
        &[
            "session",
            "module_name",
            "query?",
            "order_by?",
            "offset?",
            "select_fields?",
            "link_name_to_fields_array?",
            "max_results?",
            "deleted?",
            "favorites?",
        ],
    ),
    method(
        "get_entry",
        &[
            "session",
            "module_name",
            "id",
            "select_fields?",
            "link_name_to_fields_array?",
            "track_view?",
        ],
    ),
    method(
        "get_entries",
        &[
            "session",
            "module_name",
            "ids",
            "select_fields?",
            "link_name_to_fields_array?",
            "track_view?",
        ],
    ),
    method(
        "get_entries_count",
        &["session", "module_name", "query", "deleted?"],
    ),
    method(
        "get_relationships",
        &[
            "session",
            "module_name",
            "module_id",
            "link_field_name",
            "related_module_query?",
            "related_fields?",
            "related_module_link_name_to_fields_array?",
            "deleted?",
            "order_by?",
            "offset?",
            "limit?",
        ],
    ),
    method(
        "search_by_module",
        &[
            "session",
            "search_string",
            "modules",
            "offset",
            "max_results",
            "assigned_user_id?",
            "select_fields?",
            "unified_search_only?",
            "favorites?",
        ],
    ),
    method("get_last_viewed", &["session", "module_names"]),
    method("get_upcoming_activities", &["session"]),
    method(
        "set_entry",
        &["session", "module_name", "name_value_list", "track_view?"],
    ),
    method(
        "set_entries",
        &["session", "module_name", "name_value_lists"],
    ),
    method(
        "set_relationship",
        &[
            "session",
            "module_name",
            "module_id",
            "link_field_name",
            "related_ids",
            "name_value_list?",
            "delete?",
        ],
    ),
    method(
        "set_relationships",
        &[
            "session",
            "module_names",
            "module_ids",
            "link_field_names",
            "related_ids",
            "name_value_lists?",
            "delete_array?",
        ],
    ),
    method("set_note_attachment", &["session", "note"]),
    method("get_note_attachment", &["session", "id"]),
    method("get_document_revision", &["session", "id"]),
    method("set_document_revision", &["session", "document_revision"]),
];

const fn method(name: &'static str, arguments: &'static [&'static str]) -> Method {
    Method { name, arguments }
}

impl Method {
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        METHODS.iter().find(|method| method.name == name)
    }

    pub(crate) fn needs_session(&self) -> bool {
        !matches!(self.name, "login" | "get_server_info" | "seamless_login")
    }

    /// What a dead session is called: methods without a module speak of the login.
    pub(crate) fn without_session(&self) -> Failure {
        match self.name {
            "search_by_module"
            | "get_available_modules"
            | "get_last_viewed"
            | "get_upcoming_activities"
            | "get_language_definition" => Failure::InvalidLogin,
            _ => Failure::InvalidSession,
        }
    }
}

/// Arguments by their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments(Map<String, Value>);

/// Binds `rest_data`. A list goes by position; an object by name on PHP 8, where an unknown name
/// breaks the call, and by position on PHP 7. Anything else is no arguments.
pub(crate) fn bind(method: &Method, data: Option<&str>, php: Php) -> Result<Arguments, Failure> {
    let sent = data.and_then(|text| serde_json::from_str(text).ok());
    let bound = match (sent, php) {
        (Some(Value::Array(values)), _) => by_position(method, values),
        (Some(Value::Object(named)), Php::V7) => {
            by_position(method, named.into_iter().map(|(_, value)| value))
        }
        (Some(Value::Object(named)), Php::V8) => by_name(method, named)?,
        _ => Map::new(),
    };
    let missing = |name: &&&str| !name.ends_with('?') && !bound.contains_key(**name);
    if method.arguments.iter().any(|name| missing(&name)) {
        return Err(Failure::Crash);
    }
    Ok(Arguments(bound))
}

fn by_position(method: &Method, values: impl IntoIterator<Item = Value>) -> Map<String, Value> {
    let names = method.arguments.iter().map(|name| plain(name).to_owned());
    names.zip(values).collect()
}

fn by_name(method: &Method, named: Map<String, Value>) -> Result<Map<String, Value>, Failure> {
    let known = |name: &str| {
        // The login's second argument has had two names.
        (method.name == "login" && name == "application_name")
            || method.arguments.iter().any(|own| plain(own) == name)
    };
    if named.keys().all(|name| known(name)) {
        Ok(named)
    } else {
        Err(Failure::Crash)
    }
}

fn plain(name: &'static str) -> &'static str {
    name.trim_end_matches('?')
}

impl Arguments {
    pub(crate) fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// An argument as text, as PHP turns it into one.
    pub(crate) fn text(&self, name: &str) -> String {
        text(self.get(name))
    }

    pub(crate) fn number(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(0)
    }

    pub(crate) fn is_on(&self, name: &str) -> bool {
        !matches!(self.text(name).as_str(), "" | "0")
    }

    /// A list of texts; a single text is a list of one.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        texts(self.get(name))
    }

    /// Links to follow, each with the fields wanted.
    pub(crate) fn links(&self, name: &str) -> Vec<(String, Vec<String>)> {
        let links = self.get(name).as_array();
        let pair = |link: &Value| (text(&link["name"]), texts(&link["value"]));
        links.into_iter().flatten().map(pair).collect()
    }
}

/// A value as PHP turns it into text.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "1".to_owned(),
        Value::Null | Value::Bool(false) | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        Value::Object(items) => items.values().map(text).collect(),
        Value::Null => Vec::new(),
        single => vec![text(single)],
    }
}

/// `name_value_list` in either of its forms: a list of pairs or a plain object.
pub(crate) fn name_values(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Array(pairs) => pairs
            .iter()
            .map(|pair| (text(&pair["name"]), text(&pair["value"])))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| match value.get("value") {
                Some(inner) => (name.clone(), text(inner)),
                None => (name.clone(), text(value)),
            })
            .collect(),
        _ => Vec::new(),
    }
}
