//! The tool `find_duplicates`: contacts or companies that look like one.

use std::collections::BTreeMap;

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{rest::Record, whole};

/// Fewer digits are an extension, which many share.
const SHORTEST_PHONE: usize = 7;

/// Finds contacts with the same e-mail address, telephone number, or name within a company, or
/// companies with the same name, website or tax number. Merge contacts with merge_contacts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DuplicatesArgs {
    /// Which records.
    #[schemars(extend("enum" = ["contacts", "companies"]))]
    entity: String,
    /// How many groups to show.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 100))]
    limit: usize,
}

fn twenty() -> usize {
    20
}

/// What looks alike.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Duplicates {
    groups: Vec<Group>,
    /// How many groups there are in all.
    total: usize,
    /// How many records were compared.
    compared: usize,
    /// What was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
}

/// Records that share something.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Group {
    /// email, phone, name, website or tax_identifier.
    same: &'static str,
    value: String,
    records: Vec<Record>,
}

pub(crate) fn find(call: &Call<'_>, args: &DuplicatesArgs) -> Result<Duplicates, Failure> {
    let contacts = args.entity == "contacts";
    let (table, select) = if contacts {
        (
            "contacts",
            "id,first_name,last_name,company_id,email_jsonb,phone_jsonb,last_seen",
        )
    } else {
        ("companies", "id,name,website,tax_identifier,city")
    };
    let read = whole::read(call, table, select, &[])?;
    let keys: fn(&Record) -> Vec<(&'static str, String)> =
        if contacts { contact_keys } else { company_keys };
    let mut by_key: BTreeMap<(&'static str, String), Vec<usize>> = BTreeMap::new();
    for (index, row) in read.rows.iter().enumerate() {
        for key in keys(row) {
            let found = by_key.entry(key).or_default();
            if found.last() != Some(&index) {
                found.push(index);
            }
        }
    }
    let alike: Vec<_> = by_key
        .into_iter()
        .filter(|(_, rows)| rows.len() > 1)
        .collect();
    let total = alike.len();
    let mut truncated = read.cut();
    if total > args.limit {
        let more = format!("{} of {total} groups are shown; raise limit", args.limit);
        truncated = Some(truncated.map_or(more.clone(), |cut| format!("{cut}. {more}")));
    }
    let groups = alike
        .into_iter()
        .take(args.limit)
        .map(|((same, value), rows)| Group {
            same,
            value,
            records: rows.into_iter().map(|row| read.rows[row].clone()).collect(),
        })
        .collect();
    Ok(Duplicates {
        groups,
        total,
        compared: read.rows.len(),
        truncated,
    })
}

fn contact_keys(row: &Record) -> Vec<(&'static str, String)> {
    let mut keys = Vec::new();
    for address in inner(row, "email_jsonb", "email") {
        keys.push(("email", address.trim().to_lowercase()));
    }
    for number in inner(row, "phone_jsonb", "number") {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        if digits.len() >= SHORTEST_PHONE {
            keys.push(("phone", digits));
        }
    }
    let name = format!("{} {}", word(row, "first_name"), word(row, "last_name"));
    let name = plain(&name);
    if let Some(company) = row.get("company_id").and_then(Value::as_u64)
        && !name.is_empty()
    {
        keys.push(("name", format!("{name} (company {company})")));
    }
    keys
}

fn company_keys(row: &Record) -> Vec<(&'static str, String)> {
    let website = word(row, "website").to_lowercase();
    let host = website
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_start_matches("www.")
        .split('/')
        .next()
        .unwrap_or_default();
    [
        ("name", plain(word(row, "name"))),
        ("website", host.to_owned()),
        ("tax_identifier", plain(word(row, "tax_identifier"))),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .collect()
}

fn inner<'r>(row: &'r Record, list: &str, key: &'r str) -> impl Iterator<Item = &'r str> {
    let items = row.get(list).and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(move |item| item.get(key)?.as_str())
}

fn word<'r>(row: &'r Record, key: &str) -> &'r str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Lower case, single blanks, no dots and commas.
fn plain(text: &str) -> String {
    let letters: String = text
        .to_lowercase()
        .chars()
        .map(|c| {
            if matches!(c, '.' | ',' | '-' | '_') {
                ' '
            } else {
                c
            }
        })
        .collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}
