//! One value: checked against what its field holds, names resolved to ids.

use portcullis_sdk::{Call, Failure, code, datetime, text};
use serde_json::{Value, json};

use crate::{
    choices::Choices,
    crm::Record,
    directory::{self, Extra},
    entity::Entity,
    fields::{Field, Kind, Write},
    flaws, ids, resolve, schema, tables,
};

/// Where a value stands, for messages.
pub(crate) struct Place<'a> {
    pub(crate) entity: &'static Entity,
    pub(crate) name: &'a str,
    pub(crate) at: &'a str,
}

impl Place<'_> {
    fn wrong(&self, takes: &str, value: &Value) -> Failure {
        let mut shown = value.to_string();
        text::cut(&mut shown, 80);
        Failure::bad_input(
            code::INVALID_FIELD_VALUE,
            format!("{} takes {takes}, not {shown}", self.name),
        )
        .at(self.at)
    }
}

/// A value, checked against its kind and with names resolved.
pub(crate) fn checked(
    call: &Call<'_>,
    place: &Place<'_>,
    kind: Kind,
    value: &Value,
) -> Result<Value, Failure> {
    let said = value.as_str();
    let fits = |yes: bool, takes: &str| {
        if yes {
            Ok(value.clone())
        } else {
            Err(place.wrong(takes, value))
        }
    };
    match kind {
        Kind::Text(most) => fits(
            said.is_some_and(|text| most == 0 || text.chars().count() <= most),
            &if most == 0 {
                "a text".to_owned()
            } else {
                format!("a text of at most {most} characters")
            },
        ),
        Kind::Email => fits(
            said.is_some_and(|text| text.is_empty() || is_email(text)),
            "an e-mail address",
        ),
        Kind::Phone => fits(
            said.is_some_and(|text| text.is_empty() || is_phone(text)),
            "a phone number: 7 to 25 digits, blanks and -().+",
        ),
        Kind::Url => fits(
            said.is_some_and(|text| {
                text.is_empty()
                    || ["http://", "https://"]
                        .iter()
                        .any(|start| text.starts_with(start))
            }),
            "an address that begins with https:// or http://",
        ),
        Kind::Date => fits(said.is_some_and(datetime::is_date), "a day, YYYY-MM-DD"),
        Kind::DateTime => fits(
            said.is_some_and(ids::is_moment),
            "a moment with its zone, e.g. 2026-11-20T09:00:00Z",
        ),
        Kind::Decimal => fits(is_decimal(value), "a decimal number"),
        Kind::Whole(least, most) => fits(
            value
                .as_i64()
                .is_some_and(|number| (least..=most).contains(&number)),
            &format!("a whole number from {least} to {most}"),
        ),
        Kind::Bool => fits(value.is_boolean(), "true or false"),
        Kind::Choice(choices) => choice(call, place, choices, value),
        Kind::Country => fits(
            said.is_some_and(|text| {
                text.is_empty()
                    || text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
            }),
            "a country as two capital letters, e.g. DE",
        ),
        Kind::One(link) => {
            let word = resolve::word(value, place.at)?;
            Ok(resolve::one(call, link, &word, place.at)?.into())
        }
        Kind::Many(link) => Ok(resolve::many(call, link, value, place.at)?.into()),
        Kind::Lines => lines(call, place, value),
        Kind::Id => fits(said.is_some_and(ids::is_uuid), "an id, a UUID"),
        Kind::Ids => fits(
            value.as_array().is_some_and(|items| {
                items
                    .iter()
                    .all(|item| item.as_str().is_some_and(ids::is_uuid))
            }),
            "a list of ids, UUIDs",
        ),
        Kind::Custom => custom(call, place, value),
    }
}

/// What clears a field.
pub(crate) fn empty(kind: Kind) -> Value {
    match kind {
        Kind::Many(_) | Kind::Lines => json!([]),
        Kind::Custom => json!({}),
        _ => Value::Null,
    }
}

fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else {
        return false;
    };
    let labels = domain.split('.').all(|label| !label.is_empty());
    !name.is_empty()
        && domain.contains('.')
        && labels
        && !domain.contains('@')
        && !text.contains(char::is_whitespace)
}

fn is_phone(text: &str) -> bool {
    (7..=25).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_whitespace() || "-().+".contains(c))
}

fn is_decimal(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
            let all =
                |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            all(whole) && all(part)
        }
        _ => false,
    }
}

/// A value of a closed list. The tables may be older than the CRM, so its schema is asked before a
/// value is refused.
fn choice(
    call: &Call<'_>,
    place: &Place<'_>,
    choices: Choices,
    value: &Value,
) -> Result<Value, Failure> {
    let Some(said) = value.as_str() else {
        return Err(place.wrong(
            &format!("one of {}", crate::entity::join(choices.iter().copied())),
            value,
        ));
    };
    if said.is_empty() || choices.contains(&said) {
        return Ok(value.clone());
    }
    let published = match place.at.starts_with("/data/") {
        true => schema::choices(call, place.entity, place.name)?,
        false => Vec::new(),
    };
    if published.iter().any(|known| known == said) {
        return Ok(value.clone());
    }
    let known: Vec<&str> = if published.is_empty() {
        choices.to_vec()
    } else {
        published.iter().map(String::as_str).collect()
    };
    let list = crate::entity::join(known.iter().copied());
    Err(place
        .wrong(&format!("one of {list}"), value)
        .suggest_some(text::did_you_mean(said, known)))
}

fn lines(call: &Call<'_>, place: &Place<'_>, value: &Value) -> Result<Value, Failure> {
    let Some(items) = value.as_array() else {
        return Err(place.wrong("a list of lines", value));
    };
    let mut lines = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let at = format!("{}/{index}", place.at);
        let Some(line) = item
            .as_object()
            .filter(|line| line.contains_key("name") || line.contains_key("product"))
        else {
            return Err(Place { at: &at, ..*place }.wrong("a line with a name or a product", item));
        };
        lines.push(Value::Object(parts(
            call,
            place.entity,
            tables::LINE,
            line,
            &at,
        )?));
    }
    Ok(Value::Array(lines))
}

/// The fields of something within the data, or of an action's parameters.
pub(crate) fn parts(
    call: &Call<'_>,
    entity: &'static Entity,
    known: &[Field],
    given: &Record,
    at: &str,
) -> Result<Record, Failure> {
    let mut body = Record::new();
    let mut flaws = Vec::new();
    for (name, value) in given {
        let at = format!("{at}/{name}");
        let Some(field) = known.iter().find(|field| field.name == name) else {
            let names = known.iter().map(|field| field.name);
            flaws.push(
                Failure::bad_input(
                    code::INVALID_FIELD,
                    format!(
                        "{name} is not known here; known are {}",
                        crate::entity::join(names.clone())
                    ),
                )
                .at(&at)
                .suggest_some(text::did_you_mean(name, names)),
            );
            continue;
        };
        let place = Place {
            entity,
            name,
            at: &at,
        };
        if value.is_null() {
            body.insert(name.clone(), Value::Null);
            continue;
        }
        match checked(call, &place, field.kind, value) {
            Ok(value) => drop(body.insert(name.clone(), value)),
            Err(flaw) => flaws.push(flaw),
        }
    }
    let absent = known
        .iter()
        .filter(|field| field.write == Write::Required && !given.contains_key(field.name));
    flaws.extend(absent.map(|field| {
        Failure::bad_input(
            code::MISSING_REQUIRED_FIELD,
            format!("{} is required", field.name),
        )
        .at(format!("{at}/{}", field.name))
    }));
    flaws::all_at_once(flaws)?;
    Ok(body)
}

/// The organisation's own fields. A token that may not read their definitions leaves the check to
/// the CRM.
fn custom(call: &Call<'_>, place: &Place<'_>, value: &Value) -> Result<Value, Failure> {
    let Some(values) = value.as_object() else {
        return Err(place.wrong("an object of the organisation's own fields", value));
    };
    let Some(extras) = directory::known_extras(call, place.entity)? else {
        return Ok(value.clone());
    };
    for (key, value) in values {
        let at = format!("{}/{key}", place.at);
        let Some(extra) = extras.iter().find(|extra| extra.key == *key) else {
            let keys = extras.iter().map(|extra| extra.key.as_str());
            return Err(Failure::bad_input(
                code::INVALID_FIELD,
                format!("there is no custom field {key} on {}", place.entity.name),
            )
            .at(at)
            .suggest_some(text::did_you_mean(key, keys)));
        };
        let place = Place {
            entity: place.entity,
            name: key,
            at: &at,
        };
        extra_value(&place, extra, value)?;
    }
    Ok(value.clone())
}

fn extra_value(place: &Place<'_>, extra: &Extra, value: &Value) -> Result<(), Failure> {
    if value.is_null() {
        return Ok(());
    }
    let said = value.as_str();
    let (fits, takes) = match extra.field_type.as_str() {
        "number" => (is_decimal(value), "a number".to_owned()),
        "date" => (
            said.is_some_and(datetime::is_date),
            "a day, YYYY-MM-DD".to_owned(),
        ),
        "checkbox" => (value.is_boolean(), "true or false".to_owned()),
        "dropdown" => {
            let known = extra.values();
            (
                said.is_some_and(|text| known.contains(&text)),
                format!("one of {}", known.join(", ")),
            )
        }
        _ => (said.is_some(), "a text".to_owned()),
    };
    if fits {
        return Ok(());
    }
    let near = said.and_then(|text| text::did_you_mean(text, extra.values()));
    Err(place.wrong(&takes, value).suggest_some(near))
}
