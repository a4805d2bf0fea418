//! What a route asks of a request beyond its method and path, one function per matcher.
//!
//! Owns the comparison of placeholders, fields and pointers with what the manifest allows. It must
//! not know which route it works for, nor say a word about the values it compared.

use std::cell::OnceCell;

use portcullis_manifest::{Method, Route};
use serde_json::Value;

use super::body::{self, BodyError, FORM, Form, JSON};
use super::json::{self, JsonError};
use super::pattern::Bindings;
use super::route::Asked;

/// The first matcher of a route that does not hold. Names manifest terms alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Miss {
    /// Another path.
    #[error("its path differs")]
    Path,
    /// The path, with another method.
    #[error("its method is {}", .0.as_str())]
    Method(Method),
    /// `credential`.
    #[error("`credential`: the request has to use the slot `{0}`")]
    Credential(String),
    /// `not`.
    #[error("`not`: the segment `{{{0}}}` has a refused value")]
    Not(String),
    /// `same`.
    #[error("`same`: the segment `{{{placeholder}}}` differs from the argument `{argument}`")]
    Same {
        /// The placeholder.
        placeholder: String,
        /// The pointer into the arguments.
        argument: String,
    },
    /// The body cannot be looked at.
    #[error("{0}")]
    Body(#[from] BodyError),
    /// Query pairs beside a form matcher.
    #[error("`form`: no query pair is allowed beside a form")]
    Query,
    /// `form`, the field is missing or stands several times.
    #[error("`form`: the field `{0}` has to stand exactly once")]
    Field(String),
    /// `form`, the value.
    #[error("`form`: the field `{0}` has a value that is not allowed")]
    Form(String),
    /// `form_same`, the field's JSON cannot be read.
    #[error("`form_same`: the field `{field}` cannot be read: {error}")]
    FieldJson {
        /// The field.
        field: String,
        /// Why.
        error: JsonError,
    },
    /// `form_same`, the values.
    #[error(
        "`form_same`: `{pointer}` of the field `{field}` differs from the argument `{argument}`"
    )]
    FormSame {
        /// The field.
        field: String,
        /// The pointer into its JSON.
        pointer: String,
        /// The pointer into the arguments.
        argument: String,
    },
    /// `json`.
    #[error("`json`: `{0}` is missing or has a value that is not allowed")]
    Json(String),
    /// `absent`.
    #[error("`absent`: the body must hold nothing at `{0}`")]
    Absent(String),
}

impl Miss {
    /// How far the request came, for choosing the closest route; higher is closer.
    pub(super) const fn closeness(&self) -> u8 {
        match self {
            Self::Path => 0,
            Self::Method(_) => 1,
            Self::Credential(_) => 2,
            Self::Not(_) => 3,
            Self::Same { .. } => 4,
            Self::Body(_) | Self::Query => 5,
            Self::Field(_) | Self::Json(_) => 6,
            Self::Form(_) | Self::Absent(_) | Self::FieldJson { .. } => 7,
            Self::FormSame { .. } => 8,
        }
    }
}

/// A body as it goes on, replaced by what was read from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their content type.
    pub content_type: &'static str,
}

/// The request's body, read at most once for all routes.
pub(super) struct Bodies<'a> {
    asked: &'a Asked<'a>,
    form: OnceCell<Result<Form, BodyError>>,
    json: OnceCell<Result<Value, BodyError>>,
}

impl<'a> Bodies<'a> {
    pub(super) fn of(asked: &'a Asked<'a>) -> Self {
        Self {
            asked,
            form: OnceCell::new(),
            json: OnceCell::new(),
        }
    }

    fn form(&self) -> Result<&Form, BodyError> {
        let read = || Form::read(self.bytes(FORM)?);
        self.form.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    fn json(&self) -> Result<&Value, BodyError> {
        let read = || Ok(json::read(self.bytes(JSON)?)?);
        self.json.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    fn bytes(&self, media_type: &'static str) -> Result<&'a [u8], BodyError> {
        let bytes = self.asked.body.ok_or(BodyError::Missing)?;
        body::check_media_type(self.asked.headers, media_type)?;
        Ok(bytes)
    }
}

/// `credential`.
pub(super) fn credential(route: &Route, given: Option<&str>) -> Result<(), Miss> {
    match &route.credential {
        Some(slot) if given != Some(slot) => Err(Miss::Credential(slot.clone())),
        _ => Ok(()),
    }
}

/// `not` and `same`.
pub(super) fn placeholders(
    route: &Route,
    bound: &Bindings<'_>,
    arguments: &Value,
) -> Result<(), Miss> {
    for (name, refused) in &route.not {
        let segment = bound.get(name).ok_or_else(|| Miss::Not(name.clone()))?;
        if refused.iter().any(|r| r.eq_ignore_ascii_case(segment)) {
            return Err(Miss::Not(name.clone()));
        }
    }
    for (name, pointer) in &route.same {
        if !is_segment_of(bound.get(name), arguments.pointer(pointer)) {
            return Err(Miss::Same {
                placeholder: name.clone(),
                argument: pointer.clone(),
            });
        }
    }
    Ok(())
}

/// `form` and `form_same`; answers the body as it goes on.
pub(super) fn form(
    route: &Route,
    bodies: &Bodies<'_>,
    arguments: &Value,
) -> Result<Canonical, Miss> {
    let form = bodies.form()?;
    if !bodies.asked.query.is_empty() {
        return Err(Miss::Query);
    }
    for (field, allowed) in &route.form {
        let value = once(form, field)?;
        if !allowed.iter().any(|a| a == value) {
            return Err(Miss::Form(field.clone()));
        }
    }
    let mut form = form.clone();
    for field in route.form_same.keys() {
        let canonical = form_same(route, &form, field, arguments)?;
        form.set(field, canonical);
    }
    Ok(Canonical {
        bytes: form.encode(),
        content_type: FORM,
    })
}

fn form_same(route: &Route, form: &Form, field: &str, args: &Value) -> Result<String, Miss> {
    let value = json::read(once(form, field)?.as_bytes()).map_err(|error| Miss::FieldJson {
        field: field.to_owned(),
        error,
    })?;
    for (pointer, argument) in &route.form_same[field] {
        let (sent, given) = (value.pointer(pointer), args.pointer(argument));
        if sent.is_none() || sent != given {
            return Err(Miss::FormSame {
                field: field.to_owned(),
                pointer: pointer.clone(),
                argument: argument.clone(),
            });
        }
    }
    Ok(value.to_string())
}

fn once<'f>(form: &'f Form, field: &str) -> Result<&'f str, Miss> {
    form.once(field)
        .ok_or_else(|| Miss::Field(field.to_owned()))
}

/// `json` and `absent`; answers the body as it goes on.
pub(super) fn json(route: &Route, bodies: &Bodies<'_>) -> Result<Canonical, Miss> {
    let body = bodies.json()?;
    for (pointer, allowed) in &route.json {
        let value = body.pointer(pointer);
        if !value.is_some_and(|value| allowed.contains(value)) {
            return Err(Miss::Json(pointer.clone()));
        }
    }
    match route.absent.iter().find(|p| body.pointer(p).is_some()) {
        Some(pointer) => Err(Miss::Absent(pointer.clone())),
        None => Ok(Canonical {
            bytes: body.to_string().into_bytes(),
            content_type: JSON,
        }),
    }
}

/// Whether a raw segment is the text of an argument: a string, or the digits of a number.
fn is_segment_of(segment: Option<&str>, argument: Option<&Value>) -> bool {
    match (segment, argument) {
        (Some(segment), Some(Value::String(text))) => segment == text,
        (Some(segment), Some(Value::Number(digits))) => segment == digits.to_string(),
        _ => false,
    }
}
