//! What a write is going to send: names, types, options and dates checked against the module, and
//! brought into the form that the CRM stores. It validates nothing itself, ignores what it does not
//! know and stores a date that it cannot read as empty.

use portcullis_sdk::{Failure, code, datetime, text};
use serde_json::{Map, Value};

use crate::metadata::{Field, Module};

/// Field → the text that is sent.
pub(crate) type Data = Map<String, Value>;

/// Fields that the CRM writes itself.
const OWN: &[&str] = &[
    "id",
    "deleted",
    "new_with_id",
    "date_entered",
    "date_modified",
    "created_by",
    "modified_user_id",
    "user_hash",
];

/// Checks the fields of a new record, and that nothing required is missing.
pub(crate) fn for_create(
    module: &Module,
    fields: &Map<String, Value>,
    base: &str,
) -> Result<Data, Failure> {
    let data = for_update(module, fields, base)?;
    let missing: Vec<_> = module
        .fields()
        .filter(|field| {
            field.is_required()
                && field.is_column()
                && field.default().is_none()
                && !OWN.contains(&field.name)
                && !(module.is_person() && field.name == "name")
                && data
                    .get(field.name)
                    .is_none_or(|value| value.as_str().is_none_or(str::is_empty))
        })
        .map(|field| field.name)
        .collect();
    if missing.is_empty() {
        return Ok(data);
    }
    let failure = Failure::bad_input(
        code::MISSING_REQUIRED_FIELD,
        format!("{} needs {}", module.name, missing.join(", ")),
    )
    .suggest("get_module_fields shows types and options");
    Err(missing.iter().fold(failure, |failure, name| {
        failure.at(format!("{base}/{name}"))
    }))
}

/// Checks the fields of a change.
pub(crate) fn for_update(
    module: &Module,
    fields: &Map<String, Value>,
    base: &str,
) -> Result<Data, Failure> {
    if fields.len() > 100 {
        return Err(
            Failure::bad_input(code::INVALID_ARGUMENT, "at most 100 fields in one record").at(base),
        );
    }
    fields
        .iter()
        .map(|(name, value)| {
            let pointer = format!("{base}/{name}");
            let field = writable(module, name, &pointer)?;
            let text = convert(&field, value).map_err(|misfit| misfit.at(&field, &pointer))?;
            Ok((name.clone(), text.into()))
        })
        .collect()
}

/// Whether one of the fields holds a date-time.
pub(crate) fn has_time(module: &Module, data: &Data) -> bool {
    data.keys()
        .filter_map(|name| module.field(name))
        .any(|field| field.is_datetime())
}

fn writable<'m>(module: &'m Module, name: &str, pointer: &str) -> Result<Field<'m>, Failure> {
    let refuse = |message: String, suggestion: &str| {
        Err(Failure::bad_input(code::INVALID_FIELD, message)
            .at(pointer)
            .suggest(suggestion))
    };
    if name == "deleted" {
        return refuse("`deleted` is not written".to_owned(), "use the tool delete");
    }
    if OWN.contains(&name) {
        return refuse(
            format!("the CRM sets `{name}` itself"),
            "leave it out; update takes the record's id as `id`",
        );
    }
    let field = module.require_field(name, pointer)?;
    if module.is_person() && matches!(name, "name" | "full_name") {
        return refuse(
            format!("`{name}` is put together by the CRM"),
            "write first_name and last_name",
        );
    }
    if !field.is_column() && !field.is_email() && name != "email2" {
        return match field.id_name().filter(|id| *id != name) {
            Some(id) => refuse(
                format!("`{name}` is the name of a linked record"),
                &format!("write its id to `{id}`"),
            ),
            None => refuse(
                format!("`{name}` is not stored in the record"),
                "link_records links records",
            ),
        };
    }
    Ok(field)
}

/// Why a value does not fit.
struct Misfit {
    rule: String,
    suggestion: Option<String>,
}

impl Misfit {
    fn at(self, field: &Field<'_>, pointer: &str) -> Failure {
        Failure::bad_input(
            code::INVALID_FIELD_VALUE,
            format!("`{}` {}", field.name, self.rule),
        )
        .at(pointer)
        .suggest_some(self.suggestion)
    }
}

impl From<&str> for Misfit {
    fn from(rule: &str) -> Self {
        Self {
            rule: rule.to_owned(),
            suggestion: None,
        }
    }
}

/// A value as the CRM stores it. Null empties.
fn convert(field: &Field<'_>, value: &Value) -> Result<String, Misfit> {
    let text = match value {
        Value::Null => return Ok(String::new()),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::Array(items) if field.kind() == "multienum" => return several(field, items),
        Value::Array(_) | Value::Object(_) => {
            return Err("takes a text, a number, true or false".into());
        }
    };
    if text.is_empty() {
        return Ok(text);
    }
    match field.kind() {
        "datetime" | "datetimecombo" => datetime::to_utc(&text).ok_or_else(|| {
            "takes a date-time like 2026-12-31T09:30:00Z; without a zone it is UTC".into()
        }),
        "date" if datetime::is_date(&text) => Ok(text),
        "date" => Err("takes a date like 2026-12-31".into()),
        "bool" => match text.as_str() {
            "1" | "true" => Ok("1".to_owned()),
            "0" | "false" => Ok("0".to_owned()),
            _ => Err("takes true or false".into()),
        },
        "int" if text.parse::<i64>().is_err() => Err("takes a whole number".into()),
        "float" | "decimal" | "double" | "currency" if text.parse::<f64>().is_err() => {
            Err("takes a number, with a point and without separators".into())
        }
        "enum" | "radioenum" | "dynamicenum" | "parent_type" => option(field, text),
        "multienum" if text.starts_with('^') => Ok(text),
        "multienum" => several(field, &[Value::String(text)]),
        _ => fits(field, text),
    }
}

fn fits(field: &Field<'_>, text: String) -> Result<String, Misfit> {
    match field.max_length() {
        Some(most) if text.chars().count() > most => Err(Misfit {
            rule: format!("holds at most {most} characters"),
            suggestion: None,
        }),
        _ => Ok(text),
    }
}

/// Several options, as the CRM stores them: `^a^,^b^`.
fn several(field: &Field<'_>, items: &[Value]) -> Result<String, Misfit> {
    let keys: Vec<_> = items
        .iter()
        .map(|item| {
            let key = item.as_str().ok_or("takes a list of texts")?;
            option(field, key.to_owned()).map(|key| format!("^{key}^"))
        })
        .collect::<Result<_, Misfit>>()?;
    Ok(keys.join(","))
}

/// A key of the field's list. The CRM would store anything.
fn option(field: &Field<'_>, key: String) -> Result<String, Misfit> {
    let Some(options) = field.options().filter(|options| !options.is_empty()) else {
        return Ok(key);
    };
    if options.contains_key(&key) {
        return Ok(key);
    }
    let of_label = options.iter().find(|(_, label)| {
        label
            .as_str()
            .is_some_and(|label| label.eq_ignore_ascii_case(&key))
    });
    let keys: Vec<&str> = options
        .keys()
        .map(String::as_str)
        .filter(|key| !key.is_empty())
        .collect();
    let suggestion = of_label
        .map(|(key, label)| format!("the key of {label} is `{key}`"))
        .or_else(|| text::did_you_mean(&key, keys.iter().copied()));
    let mut listed = keys.iter().take(30).copied().collect::<Vec<_>>().join(", ");
    if keys.len() > 30 {
        listed.push_str(", …");
    }
    Err(Misfit {
        rule: format!("has no option `{key}`; it has: {listed}"),
        suggestion,
    })
}
