//! Finding tools by words.
//!
//! A word counts most in a tool's name, then in its title, its arguments and the values they take, and
//! least in its description. It must not know what tools do.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::effect;
use crate::registry::{Connection, Guide, Tool};

/// How many tools an answer shows unless it is asked for more.
const FEW: usize = 5;
/// The most that it shows.
pub const MOST: usize = 50;
/// Words that every sentence has.
const EMPTY: [&str; 22] = [
    "a", "all", "an", "and", "by", "can", "do", "for", "from", "how", "i", "in", "is", "it", "my",
    "of", "on", "or", "the", "to", "with", "what",
];

/// What to find.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Find {
    #[serde(default)]
    query: String,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    offset: usize,
}

/// The tools that fit best, with what each is for and what it takes.
pub fn find(asked: &Find, tools: &[&Tool], connection: &Connection) -> Value {
    let words = words(&asked.query);
    let meaningful: Vec<&String> = words
        .iter()
        .filter(|word| !EMPTY.contains(&word.as_str()))
        .collect();
    let mut fitting: Vec<(u32, &Tool)> = tools
        .iter()
        .map(|tool| (fit(tool, &meaningful), *tool))
        .filter(|(fit, _)| meaningful.is_empty() || *fit > 0)
        .collect();
    // Stable, so that tools that fit alike stay in the manifest's order.
    fitting.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
    let (total, limit) = (fitting.len(), asked.limit.unwrap_or(FEW).clamp(1, MOST));
    let shown: Vec<Value> = fitting
        .iter()
        .skip(asked.offset)
        .take(limit)
        .map(|(_, tool)| brief(tool))
        .collect();
    let end = asked.offset.saturating_add(shown.len());
    let has_more = !shown.is_empty() && end < total;
    let mut found = json!({
        "tools": shown,
        "total": total,
        "has_more": has_more,
        "next_offset": has_more.then_some(end),
        "next": format!(
            "{} shows what a tool takes, {} runs it",
            Guide::Describe.listed_name(connection),
            Guide::Run.listed_name(connection)
        ),
    });
    if total == 0 {
        let names: Vec<&str> = tools.iter().map(|tool| tool.plugin.name.as_str()).collect();
        found["names"] = json!(names);
    }
    found
}

fn brief(tool: &Tool) -> Value {
    let declared = tool.plugin.declared();
    json!({
        "name": declared.name,
        "title": declared.title,
        "effect": effect(tool),
        "about": sentence(&declared.description),
        "arguments": arguments(&tool.plugin.listed_input),
    })
}

/// The first sentence.
fn sentence(text: &str) -> &str {
    let text = text.trim();
    match text.split_once(". ") {
        Some((first, _)) => first,
        None => text.trim_end_matches('.'),
    }
}

/// Names, those that may be left out with a question mark.
fn arguments(schema: &Map<String, Value>) -> String {
    let required = schema.get("required").and_then(Value::as_array);
    let needed = |name: &str| required.is_some_and(|list| list.iter().any(|known| known == name));
    let names = properties(schema).map(|(name, _)| match needed(name) {
        true => name.to_owned(),
        false => format!("{name}?"),
    });
    names.collect::<Vec<_>>().join(", ")
}

fn properties(schema: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let named = properties.into_iter().flatten();
    named.map(|(name, schema)| (name.as_str(), schema))
}

/// How well a tool fits: a tool that has more of the words comes before one that has a word more often.
fn fit(tool: &Tool, wanted: &[&String]) -> u32 {
    let declared = tool.plugin.declared();
    let mut values = Vec::new();
    let mut names = Vec::new();
    for (name, schema) in properties(&tool.plugin.listed_input) {
        names.extend(words(name));
        let listed = schema.get("enum").and_then(Value::as_array);
        let texts = listed.into_iter().flatten().filter_map(Value::as_str);
        values.extend(texts.flat_map(words));
    }
    let places = [
        (8, words(&declared.name)),
        (5, words(&declared.title)),
        (3, names),
        (3, values),
        (1, words(&declared.description)),
    ];
    let of_word = |word: &&String| -> u32 {
        let best = |(weight, found): &(u32, Vec<String>)| {
            let close = found.iter().map(|other| likeness(word, other)).max();
            weight * close.unwrap_or(0)
        };
        places.iter().map(best).sum()
    };
    let each: Vec<u32> = wanted.iter().map(of_word).collect();
    let met = each.iter().filter(|fit| **fit > 0).count();
    u32::try_from(met).unwrap_or(0) * 100 + each.iter().sum::<u32>()
}

/// 2 for the same word, 1 for one that begins with the other, as `deal` and `deals`.
fn likeness(one: &str, other: &str) -> u32 {
    let (short, long) = if one.len() < other.len() {
        (one, other)
    } else {
        (other, one)
    };
    if one == other {
        2
    } else {
        u32::from(short.len() >= 3 && long.starts_with(short))
    }
}

/// Lower-case words; `camelCase` is two.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in text.chars() {
        let joins = c.is_alphanumeric() && !(lower && c.is_uppercase());
        if !joins && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_names_and_sentences() {
        assert_eq!(words("entityType"), ["entity", "type"]);
        assert_eq!(words("get_record"), ["get", "record"]);
        assert_eq!(
            words("Finds e-mails, über 2!"),
            ["finds", "e", "mails", "über", "2"]
        );
        assert!(words(" -_").is_empty());
    }

    #[test]
    fn like_words() {
        for (one, other, likeness) in [
            ("deal", "deal", 2),
            ("deals", "deal", 1),
            ("deal", "deals", 1),
            ("up", "update", 0),
            ("lead", "deal", 0),
        ] {
            assert_eq!(super::likeness(one, other), likeness, "{one} {other}");
        }
    }

    #[test]
    fn first_sentences() {
        assert_eq!(sentence("Reads one record. All of it."), "Reads one record");
        assert_eq!(sentence("Reads one record."), "Reads one record");
        assert_eq!(sentence("Reads v1.2 records"), "Reads v1.2 records");
    }
}
