//! From what a caller calls a record to its id: people by e-mail or name, tags, teams and records
//! by name. A name that fits several is an error that lists them.

use portcullis_sdk::{Call, Failure, Kind, Outcome, code, path, text};
use serde_json::{Value, json};

use crate::{
    crm,
    directory::{self, Age, Entry},
    entity,
    errors::About,
    fields::Link,
    ids, lists, shape,
};

/// The CRM's search shows at most so many of each kind.
const SEARCH_SHOWS: usize = 6;
/// How many candidates an error lists.
const LISTED: usize = 8;

/// The ids of what a list of ids and names means.
///
/// # Errors
/// One of them is unknown or fits several; the pointer is `at`.
pub(crate) fn many(
    call: &Call<'_>,
    link: Link,
    value: &Value,
    at: &str,
) -> Result<Vec<String>, Failure> {
    let words: Vec<String> = match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| word(item, &format!("{at}/{index}")))
            .collect::<Result<_, _>>()?,
        one => vec![word(one, at)?],
    };
    let mut found: Vec<String> = Vec::new();
    for word in words {
        let id = one(call, link, &word, at)?;
        if !found.contains(&id) {
            found.push(id);
        }
    }
    check_listed(call, link, &found, at)?;
    Ok(found)
}

/// The id of what one id or name means. An id of a record is taken as it is, since the CRM checks
/// it; people, teams and tags have to be in the directory, since the CRM drops unknown ones.
pub(crate) fn one(call: &Call<'_>, link: Link, word: &str, at: &str) -> Result<String, Failure> {
    let word = word.trim();
    match link {
        Link::Person if word.eq_ignore_ascii_case("me") => Ok(directory::me(call)?.id),
        Link::Person | Link::Team | Link::Tag => in_directory(call, link, word, at),
        _ if ids::is_uuid(word) => Ok(word.to_lowercase()),
        _ => by_title(call, link, word, at),
    }
}

/// A reference as a caller writes it: a text, or an object with an id.
pub(crate) fn word(value: &Value, at: &str) -> Result<String, Failure> {
    let text = match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(map) => map.get("id").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    text.filter(|text| !text.trim().is_empty()).ok_or_else(|| {
        Failure::bad_input(
            code::INVALID_FIELD_VALUE,
            format!("{at}: an id or a name is wanted, not {value}"),
        )
        .at(at)
    })
}

fn in_directory(call: &Call<'_>, link: Link, word: &str, at: &str) -> Result<String, Failure> {
    let kept = directory::entries(call, link, Age::Kept)?;
    let hits = fitting(&kept, word);
    if let [only] = hits.as_slice() {
        return Ok(only.id.clone());
    }
    let fresh = directory::entries(call, link, Age::Fresh)?;
    match fitting(&fresh, word).as_slice() {
        [only] => Ok(only.id.clone()),
        [] => Err(unknown(link, word, at)
            .suggest_some(near(&fresh, word))
            .suggest_more(link)),
        several => Err(ambiguous(link, word, at, several)),
    }
}

/// Entries of an id, else of an e-mail address, else of a name.
fn fitting<'e>(entries: &'e [Entry], word: &str) -> Vec<&'e Entry> {
    let by = |of: fn(&Entry) -> &str| -> Vec<&Entry> {
        entries
            .iter()
            .filter(|entry| of(entry).to_lowercase() == word.to_lowercase())
            .collect()
    };
    [
        by(|entry| &entry.id),
        by(|entry| &entry.email),
        by(|entry| &entry.name),
    ]
    .into_iter()
    .find(|hits| !hits.is_empty())
    .unwrap_or_default()
}

fn near(entries: &[Entry], word: &str) -> Option<String> {
    let words = entries
        .iter()
        .flat_map(|entry| [entry.email.as_str(), entry.name.as_str()])
        .filter(|word| !word.is_empty());
    text::did_you_mean(word, words)
}

fn by_title(call: &Call<'_>, link: Link, word: &str, at: &str) -> Result<String, Failure> {
    let is_it = |entry: &&Entry| {
        entry.name.to_lowercase() == word.to_lowercase() || entry.email.eq_ignore_ascii_case(word)
    };
    // The search over everything tells no address of a person, and of a lead its title.
    let hits = match word.contains('@') {
        true => None,
        false => searched(call, link, word)?,
    };
    let found = match hits {
        Some(hits) if link != Link::Lead || hits.iter().any(|hit| is_it(&hit)) => hits,
        _ => lists::titled(call, entity::find(link.entity())?, word)?,
    };
    let exact: Vec<&Entry> = found.iter().filter(is_it).collect();
    match (exact.as_slice(), found.as_slice()) {
        ([only], _) => Ok(only.id.clone()),
        ([], []) => Err(unknown(link, word, at).suggest_more(link)),
        ([], several) => Err(unknown(link, word, at)
            .details(json!({ "similar": candidates(&several.iter().collect::<Vec<_>>()) }))
            .suggest("use the id of one of the similar ones, or the whole name")),
        (several, _) => Err(ambiguous(link, word, at, several)),
    }
}

/// What the CRM's search over everything finds of a kind; none when it may have left some out, or
/// when the token does not reach it.
pub(crate) fn searched(
    call: &Call<'_>,
    link: Link,
    word: &str,
) -> Result<Option<Vec<Entry>>, Failure> {
    let kind = match link {
        Link::Account => "account",
        Link::Contact => "contact",
        Link::Opportunity => "deal",
        Link::Lead => "lead",
        Link::Case => "ticket",
        Link::Person | Link::Team | Link::Tag | Link::Product => return Ok(None),
    };
    if word.chars().count() < 2 {
        return Ok(None);
    }
    let ask = call.http().get(path!["api", "search"]).query("q", word);
    let answer = match crm::send(ask, &About::reading("search")) {
        Ok(response) => crm::object(&response)?,
        Err(failure) if failure.kind == Kind::Forbidden => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let hits: Vec<Entry> = answer
        .get("results")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|hit| hit["type"] == kind)
        .filter_map(|hit| {
            let text = |key: &str| hit.get(key).and_then(Value::as_str).unwrap_or_default();
            Some(Entry {
                id: hit.get("id")?.as_str()?.to_owned(),
                name: text("title").to_owned(),
                email: text("subtitle").to_owned(),
            })
        })
        .collect();
    Ok((hits.len() < SEARCH_SHOWS).then_some(hits))
}

/// Records of a list field have to exist: the CRM drops those that it does not know.
fn check_listed(call: &Call<'_>, link: Link, found: &[String], at: &str) -> Result<(), Failure> {
    if link != Link::Contact {
        return Ok(());
    }
    let contacts = entity::find(link.entity())?;
    let asks = found
        .iter()
        .map(|id| call.http().get(contacts.record(id)))
        .collect();
    for (id, answer) in found.iter().zip(call.http().send_all(asks)) {
        let about = About::reading(contacts.one).id(id);
        crm::accept(answer?, &about).map_err(|failure| {
            let known = failure.code != code::RECORD_NOT_FOUND;
            if known {
                failure
            } else {
                unknown(link, id, at)
            }
        })?;
    }
    Ok(())
}

fn unknown(link: Link, word: &str, at: &str) -> Failure {
    Failure::bad_input(
        code::INVALID_FIELD_VALUE,
        format!(
            "{at}: there is no {} {word:?} in this organisation",
            link.word()
        ),
    )
    .at(at)
    .outcome(Outcome::NotDone)
}

fn ambiguous(link: Link, word: &str, at: &str, several: &[&Entry]) -> Failure {
    Failure::bad_input(
        "AMBIGUOUS_NAME",
        format!(
            "{at}: {word:?} fits {} of the {}",
            several.len(),
            link.entity()
        ),
    )
    .at(at)
    .details(json!({ "candidates": candidates(several) }))
    .suggest("use the id of the one that is meant")
}

fn candidates(entries: &[&Entry]) -> Value {
    entries
        .iter()
        .take(LISTED)
        .map(|entry| {
            let mut shown = json!({"id": entry.id, "name": entry.name, "also": entry.email});
            if shape::is_empty(&shown["also"])
                && let Some(map) = shown.as_object_mut()
            {
                map.remove("also");
            }
            shown
        })
        .collect()
}

trait SuggestMore {
    fn suggest_more(self, link: Link) -> Self;
}

impl SuggestMore for Failure {
    fn suggest_more(self, link: Link) -> Self {
        if self.suggestion.is_some() {
            return self;
        }
        self.suggest(format!(
            "crm_search with entity {} lists them",
            link.entity()
        ))
    }
}
