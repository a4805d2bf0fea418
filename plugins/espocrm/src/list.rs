//! Reading a list: one request with `searchParams`, and the answer as a page.
//!
//! The whole search travels as one JSON text, so types survive; web firewalls that dislike it get
//! the bracket form under the names that do not offend them.

use portcullis_sdk::{Call, Cut, Failure, Page, Response, code};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    crm::{self, Record},
    errors::About,
    selection,
    settings::{CRM_MAX_SIZE, Settings},
};

const NO_LIST: &str = "the CRM's answer is no list";

/// A search as the CRM takes it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Query {
    #[serde(rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub(crate) conditions: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) select: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<String>,
    pub(crate) max_size: u32,
    pub(crate) offset: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text_filter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) primary_filter: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) bool_filter_list: Vec<String>,
}

/// Whether the caller chose the attributes; texts are then not shortened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chosen {
    ByCaller,
    ByDefault,
}

/// As many records as wanted, unless the operator or the CRM allows fewer in one list.
pub(crate) fn at_most(settings: &Settings, wanted: u32) -> u32 {
    wanted.min(settings.max_limit).min(CRM_MAX_SIZE)
}

/// A `limit` that the CRM accepts; beyond its own limit it would refuse, below one it would fail.
pub(crate) fn limit(settings: &Settings, wanted: Option<u32>) -> Result<u32, Failure> {
    let most = at_most(settings, CRM_MAX_SIZE);
    match wanted {
        None => Ok(most.min(20)),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(_) => Err(
            Failure::bad_input(code::INVALID_ARGUMENT, format!("limit is 1 to {most}"))
                .at("/limit")
                .suggest("page with offset"),
        ),
    }
}

/// What the CRM answers with.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    list: Option<Vec<Record>>,
    #[serde(default)]
    total: Option<Value>,
}

/// Reads a list.
pub(crate) fn fetch(
    call: &Call<'_>,
    path: Vec<String>,
    query: &Query,
    about: &About<'_>,
) -> Result<Response, Failure> {
    let search = json!(query).to_string();
    let response = call
        .http()
        .get(path.clone())
        .query("searchParams", search)
        .send()?;
    let response = if response.status == 403 && response.is_page() {
        in_brackets(call, path, query)?
    } else {
        response
    };
    crm::accept(call, response, about)
}

/// The records of an answer alone.
pub(crate) fn records(response: &Response) -> Result<Vec<Record>, Failure> {
    Ok(answer(response)?.list.unwrap_or_default())
}

fn answer(response: &Response) -> Result<Answer, Failure> {
    crm::read_as(response, NO_LIST)
}

/// The answer as a page. A link that holds one record answers with that record alone.
pub(crate) fn page(
    call: &Call<'_>,
    entity: &str,
    query: &Query,
    chosen: Chosen,
    settings: &Settings,
    response: &Response,
) -> Result<Page<Record>, Failure> {
    let Answer { list, total } = answer(response)?;
    let mut page = match list {
        Some(records) => counted(records, query, total.and_then(|total| total.as_i64())),
        None => Page::all(vec![single(response)?]),
    };
    let mut cut = Cut::after(match chosen {
        Chosen::ByDefault => settings.text_limit,
        Chosen::ByCaller => u32::MAX,
    });
    for record in &mut page.records {
        tidy(call, entity, query, record, &mut cut);
    }
    let whole = match chosen {
        Chosen::ByDefault => "get with `select` answers with the whole text",
        Chosen::ByCaller => {
            "the CRM cuts them at 10,000 characters in lists; get with `select` answers with the whole text"
        }
    };
    page.say_texts(&cut, whole);
    page.fit(settings.answer_bytes as usize);
    Ok(page)
}

fn tidy(call: &Call<'_>, entity: &str, query: &Query, record: &mut Record, cut: &mut Cut) {
    if !query.select.is_empty() {
        selection::reduce(record, &query.select);
    }
    selection::cut_by_crm(record, cut);
    cut.raw(record);
    if !record.contains("url")
        && let Some(id) = record.text("id")
    {
        record.set("url", &crm::url(call, entity, &id));
    }
}

/// A negative total is no number: -1 says that more follow, -2 that this is the end.
fn counted(records: Vec<Record>, query: &Query, total: Option<i64>) -> Page<Record> {
    let offset = u64::from(query.offset);
    match total.map(u64::try_from) {
        Some(Ok(total)) => Page::counted(records, offset, total),
        Some(Err(_)) => Page::uncounted(records, offset, total == Some(-1)),
        None => {
            let full = records.len() >= query.max_size as usize;
            Page::uncounted(records, offset, full)
        }
    }
}

/// The one record of a link that holds no list.
fn single(response: &Response) -> Result<Record, Failure> {
    let record: Record = crm::read_as(response, NO_LIST)?;
    if record.contains("id") {
        Ok(record)
    } else {
        Err(Failure::upstream(NO_LIST))
    }
}

fn in_brackets(call: &Call<'_>, path: Vec<String>, query: &Query) -> Result<Response, Failure> {
    let mut pairs = vec![
        ("maxSize".to_owned(), query.max_size.to_string()),
        ("offset".to_owned(), query.offset.to_string()),
    ];
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            pairs.push((name.to_owned(), value.to_owned()));
        }
    };
    add("orderBy", query.order_by.as_deref());
    add("order", query.order.as_deref());
    add("textFilter", query.text_filter.as_deref());
    add("primaryFilter", query.primary_filter.as_deref());
    query
        .bool_filter_list
        .iter()
        .for_each(|name| add("boolFilterList[]", Some(name)));
    add(
        "attributeSelect",
        (!query.select.is_empty())
            .then(|| query.select.join(","))
            .as_deref(),
    );
    for (index, item) in query.conditions.iter().enumerate() {
        brackets(&format!("whereGroup[{index}]"), item, &mut pairs);
    }
    call.http().get(path).queries(pairs).send()
}

fn brackets(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, value)| brackets(&format!("{name}[{key}]"), value, pairs)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| brackets(&format!("{name}[{index}]"), value, pairs)),
        Value::String(text) => pairs.push((name.to_owned(), text.clone())),
        Value::Null => pairs.push((name.to_owned(), String::new())),
        other => pairs.push((name.to_owned(), other.to_string())),
    }
}
