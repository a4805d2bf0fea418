//! What a list was asked for: bracket-encoded parameters or one JSON text.
//!
//! Brackets are read as PHP reads them, so that `where[][type]=…` falls apart here as it does
//! there, and a text where a list is expected is dropped without a word.

use serde_json::{Map, Value};

use super::errors::Refusal;
use super::request::Call;
use crate::pairs::pairs;

/// The parts of a search, not yet checked against an entity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    pub(crate) filter: Vec<Value>,
    pub(crate) select: Option<Vec<String>>,
    pub(crate) order_by: Option<String>,
    pub(crate) order: Option<String>,
    pub(crate) max_size: Option<i64>,
    pub(crate) offset: i64,
    pub(crate) text: Option<String>,
    pub(crate) primary: Option<String>,
    pub(crate) bools: Vec<String>,
    pub(crate) no_total: bool,
}

/// Reads the search of a call.
pub(crate) fn search_of(call: &Call) -> Result<Search, Refusal> {
    let params = decode(&call.query);
    let mut search = match params.get("searchParams").and_then(Value::as_str) {
        Some(text) => from_json(text)?,
        None => from_params(&params)?,
    };
    search.no_total |= call.header_is_true("x-no-total");
    Ok(search)
}

fn from_json(text: &str) -> Result<Search, Refusal> {
    let Ok(Value::Object(map)) = serde_json::from_str::<Value>(text) else {
        return Err(Refusal::because(400, "Invalid search params JSON."));
    };
    from_object(&map)
}

/// A search from JSON, where numbers must be numbers.
pub(crate) fn from_object(map: &Map<String, Value>) -> Result<Search, Refusal> {
    let mut search = common(map);
    search.max_size = integer(map, "maxSize")?;
    search.offset = integer(map, "offset")?.unwrap_or(0);
    if let Some(Value::Array(names)) = map.get("select") {
        search.select = Some(strings(names));
    }
    check(search)
}

fn integer(map: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refusal> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| Refusal::because(400, format!("{name} must be integer."))),
    }
}

fn from_params(map: &Map<String, Value>) -> Result<Search, Refusal> {
    let text = |name: &str| map.get(name).and_then(Value::as_str);
    let number = |name: &str| text(name).map(|text| text.trim().parse::<i64>().unwrap_or(0));
    let mut search = common(map);
    search.max_size = number("maxSize");
    search.offset = number("offset").unwrap_or(0);
    search.select = text("attributeSelect")
        .or(text("select"))
        .map(|list| list.split(',').map(str::to_owned).collect());
    if let Some(q) = text("q") {
        search.text = Some(q.to_owned());
        search.no_total = true;
    }
    check(search)
}

fn common(map: &Map<String, Value>) -> Search {
    let text = |name: &str| {
        map.get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let list = |name: &str| map.get(name).and_then(Value::as_array).cloned();
    Search {
        filter: list("whereGroup")
            .or_else(|| list("where"))
            .unwrap_or_default(),
        order_by: text("orderBy"),
        order: text("order"),
        text: text("textFilter"),
        primary: text("primaryFilter"),
        bools: list("boolFilterList")
            .map(|names| strings(&names))
            .unwrap_or_default(),
        ..Search::default()
    }
}

/// Checks that need no entity; a negative page breaks the server.
fn check(search: Search) -> Result<Search, Refusal> {
    let words = ["asc", "desc"];
    if search
        .order
        .as_ref()
        .is_some_and(|order| !words.contains(&order.to_lowercase().as_str()))
    {
        return Err(Refusal::because(400, "order value is bad."));
    }
    if search.max_size.is_some_and(|size| size < 0) || search.offset < 0 {
        return Err(Refusal::bare(500));
    }
    Ok(search)
}

fn strings(values: &[Value]) -> Vec<String> {
    values
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// A query as nested values.
pub(crate) fn decode(query: &str) -> Map<String, Value> {
    let mut root = Node::default();
    for (key, value) in pairs(query) {
        root.insert(&keys(&key), value);
    }
    match root.into_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// `a[b][]` as `a`, `b`, ``.
fn keys(name: &str) -> Vec<&str> {
    let (first, rest) = name.find('[').map_or((name, ""), |at| name.split_at(at));
    let inner = rest
        .split('[')
        .skip(1)
        .map(|part| part.trim_end_matches(']'));
    std::iter::once(first).chain(inner).collect()
}

#[derive(Debug, Default)]
struct Node {
    leaf: Option<String>,
    children: Vec<(String, Node)>,
}

impl Node {
    fn insert(&mut self, path: &[&str], value: String) {
        let Some((first, rest)) = path.split_first() else {
            self.leaf = Some(value);
            return;
        };
        let key = if first.is_empty() {
            self.children.len().to_string()
        } else {
            (*first).to_owned()
        };
        let at = self
            .children
            .iter()
            .position(|(name, _)| *name == key)
            .unwrap_or_else(|| {
                self.children.push((key, Self::default()));
                self.children.len() - 1
            });
        self.children[at].1.insert(rest, value);
    }

    fn into_value(self) -> Value {
        if self.children.is_empty() {
            return self.leaf.map_or(Value::Null, Value::String);
        }
        let is_list = self
            .children
            .iter()
            .enumerate()
            .all(|(at, (key, _))| *key == at.to_string());
        let children = self
            .children
            .into_iter()
            .map(|(key, node)| (key, node.into_value()));
        if is_list && children.len() > 0 {
            return children.map(|(_, value)| value).collect();
        }
        Value::Object(children.collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::decode;

    #[test]
    fn brackets_nest_as_in_php() {
        let cases = [
            (
                "where[0][type]=in&where[0][value][]=a&where[0][value][]=b",
                json!({"where": [{"type": "in", "value": ["a", "b"]}]}),
            ),
            (
                "where%5B0%5D%5Btype%5D=isNull",
                json!({"where": [{"type": "isNull"}]}),
            ),
            (
                "where[][type]=equals&where[][value]=x",
                json!({"where": [{"type": "equals"}, {"value": "x"}]}),
            ),
            (
                "where=[{}]&select=id,name",
                json!({"where": "[{}]", "select": "id,name"}),
            ),
        ];
        for (query, expected) in cases {
            assert_eq!(
                serde_json::Value::Object(decode(query)),
                expected,
                "{query}"
            );
        }
    }
}
