//! The tool `tag_contact`, and tags by name.

use portcullis_sdk::{Call, Failure, Outcome, code, text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    entity,
    errors::About,
    rest::{self, Record},
    values, write,
};

/// The colours that the CRM offers for tags.
const PALETTE: &[&str] = &[
    "#eddcd2", "#fff1e6", "#fde2e4", "#fad2e1", "#c5dedd", "#dbe7e4", "#f0efeb", "#d6e2e9",
    "#bcd4e6", "#99c1de",
];

/// Adds tags to a contact and removes tags from it, by name. A tag that does not exist is created.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagArgs {
    /// The contact's id.
    #[schemars(range(min = 1))]
    id: u64,
    /// Names of tags to add.
    #[serde(default)]
    #[schemars(length(max = 20), inner(length(min = 1, max = 100)))]
    add: Vec<String>,
    /// Names of tags to remove.
    #[serde(default)]
    #[schemars(length(max = 20), inner(length(min = 1, max = 100)))]
    remove: Vec<String>,
}

/// The contact's tags now.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Tagged {
    id: u64,
    /// Names.
    tags: Vec<String>,
    /// Tags that did not exist before.
    created: Vec<String>,
    /// Names to remove that the contact did not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_there: Vec<String>,
}

pub(crate) fn tag(call: &Call<'_>, args: &TagArgs) -> Result<Tagged, Failure> {
    if args.add.is_empty() && args.remove.is_empty() {
        return Err(
            Failure::bad_input(code::INVALID_ARGUMENT, "there is no tag to add or remove")
                .at("/add"),
        );
    }
    let contacts = entity::find("contacts")?;
    let contact = rest::one(call, contacts, args.id)?;
    let before: Vec<u64> = contact
        .get("tags")
        .and_then(|tags| values::ids(tags, "").ok())
        .unwrap_or_default();
    let mut known = all(call)?;
    let mut now = before.clone();
    let mut not_there = Vec::new();
    for name in &args.remove {
        let found = named(&known, name).filter(|id| now.contains(id));
        match found {
            Some(id) => now.retain(|tag| *tag != id),
            None => not_there.push(name.clone()),
        }
    }
    let mut created = Vec::new();
    for name in &args.add {
        let id = match named(&known, name) {
            Some(id) => id,
            None => {
                let tag =
                    new(call, name, known.len()).map_err(|failure| partly(failure, &created))?;
                let id =
                    rest::id_of(&tag).ok_or_else(|| Failure::upstream("the new tag has no id"))?;
                known.push(tag);
                created.push(name.trim().to_owned());
                id
            }
        };
        if !now.contains(&id) {
            now.push(id);
        }
    }
    if now != before {
        let body: Record = [("tags".to_owned(), json!(now))].into_iter().collect();
        write::change(call, contacts, args.id, &body)
            .map_err(|failure| partly(failure, &created))?;
    }
    Ok(Tagged {
        id: args.id,
        tags: now.iter().map(|id| name_of(&known, *id)).collect(),
        created,
        not_there,
    })
}

/// A failure after tags were created.
fn partly(failure: Failure, created: &[String]) -> Failure {
    if created.is_empty() || failure.outcome == Some(Outcome::MayHaveHappened) {
        return failure;
    }
    failure
        .outcome(Outcome::PartlyDone)
        .details(json!({"created_tags": created}))
}

/// All tags; of two with one name the older counts.
pub(crate) fn all(call: &Call<'_>) -> Result<Vec<Record>, Failure> {
    let ask = rest::table(call, "tags")
        .query("select", "id,name,color")
        .query("order", "id.asc");
    rest::rows(ask, &About::reading("tags"))
}

/// Tags of a contact, given by id or by name; all have to exist.
pub(crate) fn ids(call: &Call<'_>, value: &Value, at: &str) -> Result<Vec<u64>, Failure> {
    let Some(items) = value.as_array() else {
        return Err(values::wrong(at, "a list of tags is wanted".to_owned()));
    };
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let known = all(call)?;
    let mut ids = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let at = format!("{at}/{index}");
        let found = match item {
            Value::String(name) => named(&known, name),
            value => {
                let id = values::id(value, &at)?;
                known
                    .iter()
                    .any(|tag| rest::id_of(tag) == Some(id))
                    .then_some(id)
            }
        };
        let id = found.ok_or_else(|| unknown(&known, item, &at))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// The next colour of the palette.
pub(crate) fn color(tags: usize) -> &'static str {
    PALETTE[tags % PALETTE.len()]
}

fn unknown(known: &[Record], item: &Value, at: &str) -> Failure {
    let names: Vec<&str> = known
        .iter()
        .filter_map(|tag| tag.get("name")?.as_str())
        .collect();
    let near = item
        .as_str()
        .and_then(|name| text::did_you_mean(name, names.iter().copied()));
    Failure::bad_input(code::INVALID_LINK, format!("there is no tag {item}"))
        .at(at)
        .suggest("tag_contact creates tags that do not exist")
        .suggest_some(near)
}

fn named(known: &[Record], name: &str) -> Option<u64> {
    let wanted = name.trim().to_lowercase();
    let found = known.iter().find(|tag| {
        tag.get("name")
            .and_then(Value::as_str)
            .is_some_and(|name| name.trim().to_lowercase() == wanted)
    });
    rest::id_of(found?)
}

fn name_of(known: &[Record], id: u64) -> String {
    known
        .iter()
        .find(|tag| rest::id_of(tag) == Some(id))
        .and_then(|tag| tag.get("name")?.as_str())
        .map_or_else(
            || format!("tag {id}, which no longer exists"),
            str::to_owned,
        )
}

fn new(call: &Call<'_>, name: &str, known: usize) -> Result<Record, Failure> {
    let row: Record = [
        ("name".to_owned(), json!(name.trim())),
        ("color".to_owned(), json!(color(known))),
    ]
    .into_iter()
    .collect();
    write::insert(call, entity::find("tags")?, &row)
}
