//! The tool `crm_describe`: what can be read, created and changed of an entity, and filtered by.

use portcullis_sdk::{Call, Failure, Kind as FailureKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    access, actions,
    crm::Record,
    directory,
    entity::{self, Entity, Verb},
    fields::{Field, Kind, Link, Write},
    filters::Takes,
    schema::{self, Fields},
    tables,
};

/// Lists of values that are longer are described in words.
const MOST_VALUES: usize = 60;

/// Describes an entity: which fields can be read, created and changed, what is required, what each
/// takes with its closed lists of values, the organisation's own fields, the filters of crm_search
/// that the CRM honours, and the actions of crm_action.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DescribeArgs {
    /// The entity.
    #[schemars(extend("enum" = entity::NAMES))]
    entity: String,
}

/// What an entity is.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Description {
    entity: &'static str,
    /// Fields that crm_search and crm_get show.
    readable: Vec<String>,
    /// Fields that crm_create takes.
    creatable: Vec<String>,
    /// Those of them without which it fails.
    required: Vec<String>,
    /// Fields that crm_update takes.
    updatable: Vec<String>,
    /// Field → what it takes.
    fields: Record,
    /// The organisation's own fields, written as `custom_fields: {key: value}`.
    custom_fields: Vec<Value>,
    /// Filter of crm_search → what it takes.
    filters: Record,
    /// Actions of crm_action.
    actions: Vec<&'static str>,
    /// Whether and how it is deleted, and other particulars.
    notes: Vec<String>,
}

pub(crate) fn describe(call: &Call<'_>, args: &DescribeArgs) -> Result<Description, Failure> {
    of(call, &args.entity)
}

/// Describes the entity of a name.
pub(crate) fn of(call: &Call<'_>, name: &str) -> Result<Description, Failure> {
    let entity = entity::find(name)?;
    access::check(call, entity)?;
    let mut notes = notes(entity);
    let published = if entity.fields.is_empty() {
        None
    } else {
        schema::of(call, entity)?
    };
    if published.is_none() && !entity.fields.is_empty() {
        notes.push("this token may not read the CRM's schema, so fields and values are those that this plugin knows".to_owned());
    }
    let (custom_fields, filterable) = custom(call, entity, &mut notes)?;
    let mut filters = filters(entity);
    for key in filterable {
        filters.insert(format!("cf_{key}"), "the custom field's value".into());
    }
    let writable = entity.create.is_ok();
    Ok(Description {
        entity: entity.name,
        readable: readable(entity, published.as_ref()),
        creatable: names(
            entity,
            published.as_ref(),
            |field| writable && field.creatable(),
            |known| known.create,
        ),
        required: names(
            entity,
            None,
            |field| writable && field.write == Write::Required,
            |_| false,
        ),
        updatable: names(entity, published.as_ref(), Field::updatable, |known| {
            known.update
        }),
        fields: described(entity, published.as_ref()),
        custom_fields,
        filters,
        actions: actions::of(entity),
        notes,
    })
}

fn readable(entity: &Entity, published: Option<&Fields>) -> Vec<String> {
    let mut names: Vec<String> = access::readable(entity)
        .into_iter()
        .map(str::to_owned)
        .collect();
    for name in published.into_iter().flat_map(Fields::keys) {
        if !names.contains(name) && !matches!(name.as_str(), "org" | "kanban_order" | "is_sample") {
            names.push(name.clone());
        }
    }
    names
}

fn names(
    entity: &Entity,
    published: Option<&Fields>,
    own: impl Fn(&Field) -> bool,
    theirs: impl Fn(&schema::Published) -> bool,
) -> Vec<String> {
    let mut names: Vec<String> = entity
        .fields
        .iter()
        .filter(|field| own(field))
        .map(|field| field.name.to_owned())
        .collect();
    for (name, field) in published.into_iter().flatten() {
        if theirs(field) && entity.field(name).is_none() {
            names.push(name.clone());
        }
    }
    names
}

fn described(entity: &Entity, published: Option<&Fields>) -> Record {
    let mut all: Record = entity
        .fields
        .iter()
        .map(|field| {
            let theirs = published.and_then(|fields| fields.get(field.name));
            let values = theirs
                .map(|theirs| theirs.values.as_slice())
                .unwrap_or_default();
            let mut shown = takes(field.kind, values);
            if let (Write::Once(why) | Write::Never(why), Some(map)) =
                (field.write, shown.as_object_mut())
            {
                map.insert("note".to_owned(), why.into());
            }
            (field.name.to_owned(), shown)
        })
        .collect();
    for (name, field) in published.into_iter().flatten() {
        if !all.contains_key(name) && (field.create || field.update) {
            let mut shown = json!({"type": field.kind});
            if !field.values.is_empty() {
                shown["values"] = json!(field.values);
            }
            all.insert(name.clone(), shown);
        }
    }
    all
}

/// What a field takes, for a reader.
pub(crate) fn takes(kind: Kind, published: &[String]) -> Value {
    match kind {
        Kind::Text(0) => json!({"type": "text"}),
        Kind::Text(most) => json!({"type": "text", "max_length": most}),
        Kind::Email => json!({"type": "email"}),
        Kind::Phone => json!({"type": "phone", "format": "7 to 25 digits, blanks and -().+"}),
        Kind::Url => json!({"type": "url"}),
        Kind::Date => json!({"type": "date", "format": "YYYY-MM-DD"}),
        Kind::DateTime => json!({"type": "date-time", "format": "RFC 3339 with a zone"}),
        Kind::Decimal => json!({"type": "decimal"}),
        Kind::Whole(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Choice(choices) if published.is_empty() || published.len() > MOST_VALUES => {
            json!({"type": "choice", "values": choices})
        }
        Kind::Choice(_) => json!({"type": "choice", "values": published}),
        Kind::Country => json!({"type": "country", "format": "ISO 3166-1 alpha-2, e.g. DE"}),
        Kind::One(link) => json!({"type": "reference", "to": link.entity(), "by": by(link)}),
        Kind::Many(link) => {
            json!({"type": "list of references", "to": link.entity(), "by": by(link)})
        }
        Kind::Lines => {
            let parts: Map<String, Value> = tables::LINE
                .iter()
                .map(|field| (field.name.to_owned(), takes(field.kind, &[])))
                .collect();
            json!({"type": "list of lines; replaces all lines", "line": parts})
        }
        Kind::Id => json!({"type": "id"}),
        Kind::Ids => json!({"type": "list of ids"}),
        Kind::Custom => json!({"type": "object", "format": "key → value, see custom_fields"}),
    }
}

fn by(link: Link) -> &'static str {
    match link {
        Link::Person => "id, e-mail address, name, or \"me\"",
        Link::Contact | Link::Lead => "id, name or e-mail address",
        _ => "id or name",
    }
}

fn custom(
    call: &Call<'_>,
    entity: &Entity,
    notes: &mut Vec<String>,
) -> Result<(Vec<Value>, Vec<String>), Failure> {
    let Some(model) = entity.model else {
        return Ok(Default::default());
    };
    let extras = match directory::extras(call, model) {
        Ok(extras) => extras,
        Err(failure) if failure.kind == FailureKind::Forbidden => {
            notes.push("this token may not read the organisation's own fields".to_owned());
            return Ok(Default::default());
        }
        Err(failure) => return Err(failure),
    };
    let shown = extras.iter().map(|extra| {
        let mut shown = json!({
            "key": extra.key, "label": extra.label, "type": extra.field_type, "required": extra.is_required,
        });
        if !extra.values().is_empty() {
            shown["values"] = json!(extra.values());
        }
        shown
    });
    let filterable = extras
        .iter()
        .filter(|extra| extra.is_filterable && !entity.filters.is_empty());
    let filterable = filterable.map(|extra| extra.key.clone()).collect();
    Ok((shown.collect(), filterable))
}

fn filters(entity: &Entity) -> Record {
    entity
        .filters
        .iter()
        .map(|filter| (filter.name.to_owned(), filter_takes(filter.takes)))
        .collect()
}

fn filter_takes(takes: Takes) -> Value {
    match takes {
        Takes::Text => "text".into(),
        Takes::Date => "day, YYYY-MM-DD".into(),
        Takes::Number => "number".into(),
        Takes::Bool => "true or false".into(),
        Takes::Flag => "true".into(),
        Takes::One(values) => json!({"one of": values}),
        Takes::Several(values) => json!({"one or several of": values}),
        Takes::Records(link) => json!({"one or several": link.entity(), "by": by(link)}),
        Takes::Record(link) => json!({"one of": link.entity(), "by": by(link)}),
    }
}

fn notes(entity: &Entity) -> Vec<String> {
    let mut notes = Vec::new();
    let closed = [
        ("create", entity.create),
        ("get", entity.get),
        ("delete", entity.delete),
    ];
    for (tool, outcome) in closed {
        if let Err(instead) = outcome {
            notes.push(format!("no crm_{tool}: {instead}"));
        }
    }
    if let Verb::None(instead) = entity.update {
        notes.push(format!("no crm_update: {instead}"));
    }
    let more = match entity.name {
        "leads" => "converting a lead is crm_action convert; converted leads are in no list",
        "opportunities" => {
            "CLOSED_WON needs closed_on and amount, CLOSED_LOST needs closed_on; amount is computed once there are line items"
        }
        "cases" => "closing needs closed_on, and an approval where a rule asks for one",
        "tasks" => "at most one of account, opportunity, case and lead",
        "invoices" => {
            "the contact has to belong to the account; the number and the totals are the CRM's; line_items replaces all lines"
        }
        "accounts" => "deleting one that invoices refer to fails",
        "solutions" => "only administrators approve; publishing is crm_action publish",
        "tags" | "goals" => "only administrators create and change them",
        _ => return notes,
    };
    notes.push(more.to_owned());
    notes
}
