//! What lists and details carry along without being asked: choices, people, whole other entities.
//!
//! This is the weight of the real one's answers; nothing here depends on what was asked for.

use serde_json::{Value, json};

use super::schema;
use super::store::Record;
use super::view::{self, View};

/// Values and labels of a choice.
pub(crate) fn choices(name: &str) -> Value {
    json!(schema::choices(name))
}

/// `[{id, user__email}]`.
pub(crate) fn people(view: View<'_>) -> Value {
    let people = active(view).into_iter();
    people
        .map(|one| json!({"id": one.id, "user__email": one.text("email")}))
        .collect()
}

/// `[{user__email}]`.
pub(crate) fn mentions(view: View<'_>) -> Value {
    let people = active(view).into_iter();
    people
        .map(|one| json!({"user__email": one.text("email")}))
        .collect()
}

/// Whole people.
pub(crate) fn profiles(view: View<'_>) -> Value {
    active(view).into_iter().map(view::profile).collect()
}

fn active(view: View<'_>) -> Vec<&Record> {
    let people = view.store.newest(view.org, "profiles");
    people
        .into_iter()
        .filter(|one| one.is("is_active"))
        .collect()
}

pub(crate) fn teams(view: View<'_>) -> Value {
    view.all("teams").map(|team| view.team(&team.id)).collect()
}

pub(crate) fn tags(view: View<'_>) -> Value {
    let tags = view.all("tags").filter(|tag| tag.is("is_active"));
    tags.map(view::tag).collect()
}

/// `[{id, first_name}]` of every contact.
pub(crate) fn contact_names(view: View<'_>) -> Value {
    let contacts = view.store.newest(view.org, "contacts").into_iter();
    contacts
        .map(|one| json!({"id": one.id, "first_name": one.text("first_name")}))
        .collect()
}

/// Every account the caller may see, in full.
pub(crate) fn accounts(view: View<'_>, sees: impl Fn(&Record) -> bool) -> Value {
    let all = view.store.newest(view.org, "accounts").into_iter();
    all.filter(|one| sees(one))
        .map(|one| view.account(one, false))
        .collect()
}

/// Every contact the caller may see, in full.
pub(crate) fn contacts(view: View<'_>, sees: impl Fn(&Record) -> bool) -> Value {
    let all = view.store.newest(view.org, "contacts").into_iter();
    all.filter(|one| sees(one))
        .map(|one| view.row(one))
        .collect()
}

/// Every open lead, in full.
pub(crate) fn leads(view: View<'_>) -> Value {
    let open = view
        .all("leads")
        .filter(|lead| !matches!(lead.text("status"), "converted" | "closed"));
    open.map(|lead| view.row(lead)).collect()
}

/// The definitions of a model's custom fields.
pub(crate) fn definitions(view: View<'_>, model: &str) -> Value {
    view.all("custom_fields")
        .filter(|one| one.text("target_model") == model && one.is("is_active"))
        .map(super::custom_fields::shown)
        .collect()
}
