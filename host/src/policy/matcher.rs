//! What a route asks of a request beyond its method and path, one function per matcher.
//!
//! Owns the comparison of placeholders, fields and pointers with what the manifest allows. It must
//! not know which route it works for, nor say a word about the values it compared.

use std::cell::OnceCell;

use portcullis_manifest::{Method, Route};
use serde_json::Value;

use super::body::{self, BodyError, FORM, Form, JSON, JSON_API};
use super::form::PairsFlaw;
use super::json::{self, JsonError};
use super::known::{Known, every};
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
    /// `when`.
    #[error("`when`: a call with this argument `{0}` has no such route")]
    When(String),
    /// `credential`.
    #[error("`credential`: the request has to use the slot `{0}`")]
    Credential(String),
    /// `not`.
    #[error("`not`: the segment `{{{0}}}` has a refused value")]
    Not(String),
    /// `same`.
    #[error("`same`: the segment `{{{placeholder}}}` differs from the argument `{from}`")]
    Same {
        /// The placeholder.
        placeholder: String,
        /// The source.
        from: String,
    },
    /// `query`, a key that the route does not name.
    #[error("`query`: it holds a key other than those that the route names")]
    QueryOther,
    /// `query`, a key is missing or stands several times.
    #[error("`query`: the key `{0}` has to stand exactly once")]
    QueryKey(String),
    /// `query`, the value.
    #[error("`query`: the key `{0}` has a value that is not allowed")]
    QueryValue(String),
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
    /// The JSON of a form's field cannot be read.
    #[error("the field `{field}` cannot be read: {error}")]
    FieldJson {
        /// The field.
        field: String,
        /// Why.
        error: JsonError,
    },
    /// `form_json`.
    #[error(
        "`form_json`: `{pointer}` of the field `{field}` is missing or has a value that is not allowed"
    )]
    FormJson {
        /// The field.
        field: String,
        /// The pointer into its JSON.
        pointer: String,
    },
    /// `form_only`.
    #[error(
        "`form_only`: `{pointer}` of the field `{field}` has to be an object of no members but those that the route names"
    )]
    FormOnly {
        /// The field.
        field: String,
        /// The pointer into its JSON.
        pointer: String,
    },
    /// `form_same`, the values.
    #[error("`form_same`: `{pointer}` of the field `{field}` differs from the argument `{from}`")]
    FormSame {
        /// The field.
        field: String,
        /// The pointer into its JSON.
        pointer: String,
        /// The source.
        from: String,
    },
    /// `form_pairs`, the list is none, or holds what it may not.
    #[error("`form_pairs`: `{pointer}` of the field `{field}` {flaw}")]
    FormPairs {
        /// The field.
        field: String,
        /// The pointer into its JSON.
        pointer: String,
        /// What is wrong.
        flaw: PairsFlaw,
    },
    /// `json`.
    #[error("`json`: `{0}` is missing or has a value that is not allowed")]
    Json(String),
    /// `json_same`.
    #[error("`json_same`: `{pointer}` of the body differs from the argument `{from}`")]
    JsonSame {
        /// The pointer into the body.
        pointer: String,
        /// The source.
        from: String,
    },
    /// `only`.
    #[error("`only`: the body{} has to be an object of no members but those that the route names", below(.0))]
    Only(String),
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
            Self::When(_) => 2,
            Self::Credential(_) => 3,
            Self::Not(_) => 4,
            Self::Same { .. } => 5,
            Self::QueryOther | Self::QueryKey(_) | Self::QueryValue(_) => 6,
            Self::Body(_) | Self::Query => 7,
            Self::Field(_) | Self::Json(_) => 8,
            Self::Form(_) | Self::Absent(_) | Self::Only(_) | Self::FieldJson { .. } => 9,
            Self::FormJson { .. }
            | Self::FormOnly { .. }
            | Self::FormSame { .. }
            | Self::FormPairs { .. }
            | Self::JsonSame { .. } => 10,
        }
    }
}

/// A place in the body, for messages.
fn below(pointer: &str) -> String {
    if pointer.is_empty() {
        String::new()
    } else {
        format!(" at `{pointer}`")
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
    json: OnceCell<Result<Json, BodyError>>,
}

/// A JSON body with the media type that it came under.
struct Json {
    value: Value,
    media_type: &'static str,
}

impl<'a> Bodies<'a> {
    pub(super) fn of(asked: &'a Asked<'a>) -> Self {
        Self {
            asked,
            form: OnceCell::new(),
            json: OnceCell::new(),
        }
    }

    pub(super) fn form(&self) -> Result<&Form, BodyError> {
        let read = || Form::read(self.bytes(&[FORM])?.0);
        self.form.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Whether the request has query pairs.
    pub(super) fn beside_query(&self) -> bool {
        !self.asked.query.is_empty()
    }

    fn json(&self) -> Result<&Json, BodyError> {
        let read = || {
            let (bytes, media_type) = self.bytes(&[JSON, JSON_API])?;
            let value = json::read(bytes)?;
            Ok(Json { value, media_type })
        };
        self.json.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    fn bytes(
        &self,
        wanted: &'static [&'static str],
    ) -> Result<(&'a [u8], &'static str), BodyError> {
        let bytes = self.asked.body.ok_or(BodyError::Missing)?;
        Ok((bytes, body::media_type(self.asked.headers, wanted)?))
    }
}

/// `when`.
pub(super) fn when(route: &Route, arguments: &Value) -> Result<(), Miss> {
    match route.unmet(arguments) {
        Some(pointer) => Err(Miss::When(pointer.to_owned())),
        None => Ok(()),
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
    known: &Known<'_>,
) -> Result<(), Miss> {
    for (name, refused) in &route.not {
        let segment = bound.get(name).ok_or_else(|| Miss::Not(name.clone()))?;
        if refused.iter().any(|r| r.eq_ignore_ascii_case(segment)) {
            return Err(Miss::Not(name.clone()));
        }
    }
    for (name, source) in &route.same {
        let segment = bound.get(name);
        if !segment.is_some_and(|segment| known.has_text(source, segment)) {
            return Err(Miss::Same {
                placeholder: name.clone(),
                from: source.clone(),
            });
        }
    }
    Ok(())
}

/// `json`, `json_same`, `only` and `absent`; answers the body as it goes on.
pub(super) fn json(
    route: &Route,
    bodies: &Bodies<'_>,
    known: &Known<'_>,
) -> Result<Canonical, Miss> {
    let Json {
        value: body,
        media_type,
    } = bodies.json()?;
    for (pointer, allowed) in &route.json {
        let value = body.pointer(pointer);
        if !value.is_some_and(|value| allowed.contains(value)) {
            return Err(Miss::Json(pointer.clone()));
        }
    }
    for (pointer, source) in &route.json_same {
        let is_known = |sent: &&Value| known.has(source, sent);
        if !every(body, pointer).is_some_and(|sent| sent.iter().all(is_known)) {
            return Err(Miss::JsonSame {
                pointer: pointer.clone(),
                from: source.clone(),
            });
        }
    }
    let is_open =
        |(pointer, names): &(&String, &Vec<String>)| !known.has_only(body, pointer, names);
    if let Some((pointer, _)) = route.only.iter().find(is_open) {
        return Err(Miss::Only(pointer.clone()));
    }
    match route.absent.iter().find(|p| !is_absent(body, p)) {
        Some(pointer) => Err(Miss::Absent(pointer.clone())),
        None => Ok(Canonical {
            bytes: body.to_string().into_bytes(),
            content_type: media_type,
        }),
    }
}

/// Whether a body holds nothing at a pointer. Where an object was meant and a list stands, some servers
/// take its elements one by one, so that a list is no way to leave a member out.
fn is_absent(body: &Value, pointer: &str) -> bool {
    let mut value = body;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let member = match value {
            Value::Object(members) => members.get(&token),
            Value::Array(_) if token.parse::<usize>().is_err() => return false,
            Value::Array(elements) => token.parse::<usize>().ok().and_then(|at| elements.get(at)),
            _ => None,
        };
        match member {
            Some(member) => value = member,
            None => return true,
        }
    }
    false
}
