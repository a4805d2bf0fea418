//! The tool `list_entity_types`: which entity types there are, and what the role may do with them.

use portcullis_sdk::{Ask, Call, Failure, Page, Response, path};
use schemars::JsonSchema;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};

use crate::{
    crm,
    errors::About,
    identity::{self, Identity},
    metadata::{self, Scope, Scopes},
    routes::CLOSED,
    settings::Settings,
    table::Table,
};

/// Entity types that hold no business objects and are still worth reading.
const ALSO: &[&str] = &["User", "Team", "EmailTemplate", "Note"];

/// Lists the entity types that this user sees, with their label, their status field, whether notes
/// can be added (`stream`), and what the role allows.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoArgs {}

pub(crate) fn list(call: &Call<'_>, _: &NoArgs) -> Result<Page, Failure> {
    let settings = Settings::of(call)?;
    fetch_missing(call)?;
    let (scopes, user, labels) = (
        metadata::scopes(call)?,
        identity::identity(call)?,
        labels(call),
    );
    let records = listed(&scopes, &settings)
        .into_iter()
        .filter_map(|name| Some(entry(name, scopes.get(name)?, &user, &labels)))
        .collect();
    Ok(Page::all(records))
}

/// The names of those that `list` lists.
pub(crate) fn names(call: &Call<'_>) -> Result<Vec<String>, Failure> {
    let scopes = metadata::scopes(call)?;
    let names = listed(&scopes, &Settings::of(call)?);
    Ok(names.into_iter().map(str::to_owned).collect())
}

/// The label of an entity type, if labels were read before.
pub(crate) fn label(call: &Call<'_>, name: &str) -> Option<String> {
    labels(call).get(name).cloned()
}

fn listed<'s>(scopes: &'s Scopes, settings: &Settings) -> Vec<&'s str> {
    let mut names: Vec<&str> = scopes
        .iter()
        .filter(|(name, scope)| is_listed(name, scope, settings))
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    names
}

fn is_listed(name: &str, scope: &Scope, settings: &Settings) -> bool {
    (scope.object || ALSO.contains(&name)) && !CLOSED.contains(&name) && settings.allows(name)
}

fn entry(name: &str, scope: &Scope, user: &Identity, labels: &Table<String>) -> Map<String, Value> {
    let mut entry = Map::new();
    entry.insert("name".to_owned(), name.into());
    entry.insert(
        "label".to_owned(),
        labels.get(name).map_or(name, String::as_str).into(),
    );
    entry.insert("custom".to_owned(), scope.custom.into());
    entry.insert("stream".to_owned(), scope.stream.into());
    if let Some(module) = &scope.module {
        entry.insert("module".to_owned(), module.as_str().into());
    }
    if let Some(field) = &scope.status_field {
        entry.insert("status_field".to_owned(), field.as_str().into());
    }
    if scope.pipelines {
        entry.insert("pipelines".to_owned(), true.into());
    }
    if let Some(rights) = user.rights.get(name) {
        entry.insert("rights".to_owned(), rights.clone());
    }
    entry
}

/// Reads at once what is not at hand. Labels are a comfort: without them the names serve.
fn fetch_missing(call: &Call<'_>) -> Result<(), Failure> {
    let ask = |key: &str, segments: Vec<String>, name: &str, value: &str| -> Option<Ask<'_>> {
        metadata::recall::<IgnoredAny>(call, key)
            .is_none()
            .then(|| {
                let ask = call.http().get(segments);
                if name.is_empty() {
                    ask
                } else {
                    ask.query(name, value)
                }
            })
    };
    let wanted = [
        ask("scopes", path!["Metadata"], "key", "scopes"),
        ask("me", path!["App", "user"], "", ""),
        ask("labels", path!["I18n"], "default", "true"),
    ];
    let missing = [0, 1, 2].map(|index| wanted[index].is_some());
    let mut answers = call
        .http()
        .send_all(wanted.into_iter().flatten().collect())
        .into_iter();
    for (index, _) in missing.iter().enumerate().filter(|(_, missing)| **missing) {
        let Some(answer) = answers.next() else { break };
        store(call, index, answer)?;
    }
    Ok(())
}

fn store(call: &Call<'_>, index: usize, answer: Result<Response, Failure>) -> Result<(), Failure> {
    let about = About::reading(["Metadata", "App/user", "I18n"][index]);
    match index {
        0 => metadata::keep_scopes(call, &crm::accept(call, answer?, &about)?.decode()?).map(drop),
        1 => identity::keep(call, &crm::accept(call, answer?, &about)?.decode()?).map(drop),
        _ => {
            let body = answer
                .ok()
                .filter(Response::is_success)
                .and_then(|response| response.value())
                .unwrap_or_default();
            let labels = Table::of(&body["Global"]["scopeNames"], |label| {
                label.as_str().unwrap_or_default().to_owned()
            });
            metadata::keep(call, "labels", &labels, metadata::ttl(call)?);
            Ok(())
        }
    }
}

fn labels(call: &Call<'_>) -> Table<String> {
    metadata::recall(call, "labels").unwrap_or_default()
}
