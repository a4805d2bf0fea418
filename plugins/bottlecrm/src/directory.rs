//! Who and what there is in the organisation: people, teams, tags, and its own fields. Kept for a
//! few minutes, read anew before something is called unknown.

use std::time::Duration;

use portcullis_sdk::{Call, Failure, path};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{crm, errors::About, fields::Link, settings::Settings};

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) email: String,
}

/// A field that the organisation added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Extra {
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) label: String,
    pub(crate) field_type: String,
    #[serde(default)]
    pub(crate) options: Option<Vec<Choice>>,
    #[serde(default)]
    pub(crate) is_required: bool,
    #[serde(default)]
    pub(crate) is_filterable: bool,
}

/// One choice of a drop-down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) label: String,
}

impl Extra {
    pub(crate) fn values(&self) -> Vec<&str> {
        self.options
            .iter()
            .flatten()
            .map(|choice| choice.value.as_str())
            .collect()
    }
}

/// Whether what is kept may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    Kept,
    Fresh,
}

/// People, teams or tags.
pub(crate) fn entries(call: &Call<'_>, link: Link, age: Age) -> Result<Vec<Entry>, Failure> {
    let key = link.entity();
    if age == Age::Kept
        && let Some(kept) = call.cache().get(key)
    {
        return Ok(kept);
    }
    match link {
        Link::Tag => tags(call),
        Link::Team => Ok(people_and_teams(call)?.1),
        _ => Ok(people_and_teams(call)?.0),
    }
}

/// The profile behind the token.
pub(crate) fn me(call: &Call<'_>) -> Result<Entry, Failure> {
    if let Some(kept) = call.cache().get("me") {
        return Ok(kept);
    }
    let answer = crm::object(&crm::send(
        call.http().get(path!["api", "profile"]),
        &About::reading("profile"),
    )?)?;
    let profile = answer.get("user_obj").cloned().unwrap_or_default();
    let entry = person(&profile)
        .ok_or_else(|| Failure::upstream("the CRM does not tell whose token it is"))?;
    keep(call, "me", &entry)?;
    Ok(entry)
}

/// The organisation's own fields of a model.
pub(crate) fn extras(call: &Call<'_>, model: &str) -> Result<Vec<Extra>, Failure> {
    let key = format!("custom_fields.{model}");
    if let Some(kept) = call.cache().get(&key) {
        return Ok(kept);
    }
    let ask = call
        .http()
        .get(path!["api", "custom-fields"])
        .query("target_model", model)
        .query("active_only", "true");
    let answer = crm::object(&crm::send(ask, &About::reading("custom field"))?)?;
    let found: Vec<Extra> = list(answer.get("definitions"))
        .filter_map(|item| Extra::deserialize(item).ok())
        .collect();
    keep(call, &key, &found)?;
    Ok(found)
}

fn people_and_teams(call: &Call<'_>) -> Result<(Vec<Entry>, Vec<Entry>), Failure> {
    let ask = call
        .http()
        .get(path!["api", "users", "get-teams-and-users"]);
    let answer = crm::object(&crm::send(ask, &About::reading("people"))?)?;
    let people: Vec<Entry> = list(answer.get("profiles")).filter_map(person).collect();
    let teams: Vec<Entry> = list(answer.get("teams")).filter_map(named).collect();
    keep(call, Link::Person.entity(), &people)?;
    keep(call, Link::Team.entity(), &teams)?;
    Ok((people, teams))
}

fn tags(call: &Call<'_>) -> Result<Vec<Entry>, Failure> {
    let ask = call.http().get(path!["api", "tags"]);
    let answer = crm::object(&crm::send(ask, &About::reading("tags"))?)?;
    let tags: Vec<Entry> = list(answer.get("tags")).filter_map(named).collect();
    keep(call, Link::Tag.entity(), &tags)?;
    Ok(tags)
}

fn keep<T: Serialize>(call: &Call<'_>, key: &str, value: &T) -> Result<(), Failure> {
    let seconds = Settings::of(call)?.directory_ttl_s.max(1);
    call.cache()
        .put(key, value, Duration::from_secs(seconds.into()));
    Ok(())
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn person(profile: &Value) -> Option<Entry> {
    let user = profile.get("user_details")?;
    let text = |key: &str| user.get(key).and_then(Value::as_str).unwrap_or_default();
    Some(Entry {
        id: profile.get("id")?.as_str()?.to_owned(),
        name: text("name").to_owned(),
        email: text("email").to_owned(),
    })
}

fn named(item: &Value) -> Option<Entry> {
    Some(Entry {
        id: item.get("id")?.as_str()?.to_owned(),
        name: item.get("name")?.as_str()?.to_owned(),
        email: String::new(),
    })
}
