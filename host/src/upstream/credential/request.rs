//! The host's own requests: a login, a logout, a token request.
//!
//! Owns how a manifest's template becomes a request, with the secrets in it. It must not know who
//! sends it, nor what the answer means.

use percent_encoding::percent_decode_str;
use portcullis_manifest::{LoginRequest, Method};
use serde_json::{Map, Value};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::SecretHeader;
use super::secrets::Secrets;
use super::template::{Template, TemplateError};
use crate::policy::{FORM, JSON, segment};

/// A request as the client sends it below the base. Nothing of it may be printed.
pub(in crate::upstream) struct Asked {
    pub(in crate::upstream) method: Method,
    /// Raw segments.
    pub(in crate::upstream) path: Vec<String>,
    pub(in crate::upstream) query: Vec<(String, String)>,
    /// What signs it, beside the body.
    pub(in crate::upstream) headers: Vec<SecretHeader>,
    /// The media type and the body.
    pub(in crate::upstream) body: Option<Content>,
}

/// A media type and a body of it.
pub(in crate::upstream) type Content = (&'static str, Zeroizing<Vec<u8>>);

/// What came back, before anything is removed from it.
pub(in crate::upstream) struct Reply {
    pub(in crate::upstream) status: u16,
    /// Names in lower case.
    pub(in crate::upstream) headers: Vec<(String, String)>,
    pub(in crate::upstream) body: Vec<u8>,
}

impl Reply {
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Where a request goes: a path below the base, with the pairs behind its question mark.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(String, String)>,
}

impl Target {
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let trimmed = path.trim_matches('/').split('/');
        let segments: Vec<_> = trimmed.map(decode).collect();
        segment::check_path(&segments).map_err(|error| TemplateError::Path {
            path: text.to_owned(),
            error,
        })?;
        Ok(Self {
            path: segments,
            query: form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        })
    }
}

/// A manifest's template of a request.
pub(super) struct Draft {
    method: Method,
    target: Target,
    body: Body,
}

enum Body {
    None,
    Form {
        fields: Vec<(String, Template)>,
        json: Vec<(String, Node)>,
    },
    Json(Node),
}

/// JSON of which the strings are texts of a recipe.
enum Node {
    Fixed(Value),
    Text(Template),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Draft {
    /// Reads a template.
    ///
    /// # Errors
    /// It cannot become a request.
    pub(super) fn parse(request: &LoginRequest) -> Result<Self, TemplateError> {
        Ok(Self {
            method: request.method,
            target: Target::parse(&request.path)?,
            body: Body::parse(request)?,
        })
    }

    /// Puts the secrets in, and the token where there is one.
    ///
    /// # Errors
    /// A secret is not set.
    pub(super) fn fill(
        &self,
        secrets: &Secrets,
        token: Option<&str>,
    ) -> Result<Asked, TemplateError> {
        Ok(Asked {
            method: self.method,
            path: self.target.path.clone(),
            query: self.target.query.clone(),
            headers: Vec::new(),
            body: self.body.fill(secrets, token)?,
        })
    }

    /// The digests of secrets that it holds.
    pub(super) fn digests(&self, secrets: &Secrets) -> Vec<Zeroizing<String>> {
        let mut texts = Vec::new();
        match &self.body {
            Body::None => {}
            Body::Json(node) => node.texts(&mut texts),
            Body::Form { fields, json } => {
                texts.extend(fields.iter().map(|(_, text)| text));
                json.iter().for_each(|(_, node)| node.texts(&mut texts));
            }
        }
        texts
            .iter()
            .flat_map(|text| text.digests(secrets))
            .collect()
    }
}

impl Body {
    fn parse(request: &LoginRequest) -> Result<Self, TemplateError> {
        let is_form = !request.form.is_empty() || !request.form_json.is_empty();
        match &request.json {
            Some(_) if is_form => Err(TemplateError::Bodies),
            Some(json) => Ok(Self::Json(Node::parse(json)?)),
            None if is_form => Ok(Self::Form {
                fields: parse_each(&request.form, |text| Template::parse(text))?,
                json: parse_each(&request.form_json, Node::parse)?,
            }),
            None => Ok(Self::None),
        }
    }

    fn fill(
        &self,
        secrets: &Secrets,
        token: Option<&str>,
    ) -> Result<Option<Content>, TemplateError> {
        Ok(match self {
            Self::None => None,
            Self::Json(node) => {
                let text = node.fill(secrets, token)?.to_string();
                Some((JSON, Zeroizing::new(text.into_bytes())))
            }
            Self::Form { fields, json } => {
                let mut pairs = form_urlencoded::Serializer::new(String::new());
                for (name, text) in fields {
                    pairs.append_pair(name, &text.expand(secrets, token)?);
                }
                for (name, node) in json {
                    pairs.append_pair(name, &node.fill(secrets, token)?.to_string());
                }
                Some((FORM, Zeroizing::new(pairs.finish().into_bytes())))
            }
        })
    }
}

impl Node {
    fn parse(value: &Value) -> Result<Self, TemplateError> {
        Ok(match value {
            Value::String(text) => Self::Text(Template::parse(text)?),
            Value::Array(items) => {
                let nodes: Result<_, _> = items.iter().map(Self::parse).collect();
                Self::List(nodes?)
            }
            Value::Object(members) => Self::Object(parse_each(members, Self::parse)?),
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Fixed(value.clone()),
        })
    }

    fn fill(&self, secrets: &Secrets, token: Option<&str>) -> Result<Value, TemplateError> {
        Ok(match self {
            Self::Fixed(value) => value.clone(),
            Self::Text(text) => Value::from(text.expand(secrets, token)?.as_str()),
            Self::List(nodes) => {
                let items: Result<_, _> = nodes.iter().map(|n| n.fill(secrets, token)).collect();
                Value::Array(items?)
            }
            Self::Object(members) => {
                let fill =
                    |(name, node): &(String, Self)| Ok((name.clone(), node.fill(secrets, token)?));
                let members: Result<Map<_, _>, TemplateError> = members.iter().map(fill).collect();
                Value::Object(members?)
            }
        })
    }

    fn texts<'n>(&'n self, found: &mut Vec<&'n Template>) {
        match self {
            Self::Fixed(_) => {}
            Self::Text(text) => found.push(text),
            Self::List(nodes) => nodes.iter().for_each(|node| node.texts(found)),
            Self::Object(members) => members.iter().for_each(|(_, node)| node.texts(found)),
        }
    }
}

fn parse_each<'v, V: 'v, T>(
    members: impl IntoIterator<Item = (&'v String, &'v V)>,
    parse: impl Fn(&'v V) -> Result<T, TemplateError>,
) -> Result<Vec<(String, T)>, TemplateError> {
    let members = members.into_iter();
    members
        .map(|(name, value)| Ok((name.clone(), parse(value)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(request: Value, secrets: &[(&str, &str)]) -> Result<Asked, TemplateError> {
        let request = serde_json::from_value(request).unwrap();
        Draft::parse(&request)?.fill(&Secrets::of(secrets), Some("t0ken"))
    }

    fn body(asked: &Asked) -> (&'static str, String) {
        let (media, body) = asked.body.as_ref().unwrap();
        (media, String::from_utf8(body.to_vec()).unwrap())
    }

    #[test]
    fn a_form_with_json_in_it() {
        let request = json!({ "method": "POST", "path": "service/v4_1/rest.php?a=b",
            "form": { "method": "login" },
            "form_json": { "rest_data": [{ "user_name": "{user}", "password": "{password|md5}" }, "{{x", [1.5, null]] } });
        let secrets = [("user", "a\"b&c"), ("password", "abc")];
        let asked = filled(request, &secrets).unwrap();
        assert_eq!(asked.path, ["service", "v4_1", "rest.php"]);
        assert_eq!(asked.query, [("a".to_owned(), "b".to_owned())]);
        let (media, body) = body(&asked);
        let fields: Vec<_> = form_urlencoded::parse(body.as_bytes()).collect();
        assert_eq!(media, FORM);
        assert_eq!(fields[0].1, "login");
        assert_eq!(
            fields[1].1,
            r#"[{"user_name":"a\"b&c","password":"900150983cd24fb0d6963f7d28e17f72"},"{x",[1.5,null]]"#
        );
    }

    #[test]
    fn json_and_the_token() {
        let request =
            json!({ "method": "POST", "path": "/logout/", "json": { "{user}": "{token}" } });
        let asked = filled(request, &[]).unwrap();
        assert_eq!(asked.path, ["logout"]);
        assert_eq!(body(&asked), (JSON, r#"{"{user}":"t0ken"}"#.to_owned()));
        let bare = filled(json!({ "method": "DELETE", "path": "session" }), &[]).unwrap();
        assert!(bare.body.is_none());
    }

    #[test]
    fn what_can_be_no_request() {
        let both = json!({ "method": "POST", "path": "l", "form": { "a": "b" }, "json": 1 });
        assert_eq!(filled(both, &[]).err(), Some(TemplateError::Bodies));
        for path in ["", "a//b", "../l", "a/%2e%2e/l"] {
            let request = json!({ "method": "POST", "path": path });
            let error = filled(request, &[]).err();
            assert!(matches!(error, Some(TemplateError::Path { .. })), "{path}");
        }
        let missing = json!({ "method": "POST", "path": "l", "json": ["{user}"] });
        assert_eq!(
            filled(missing, &[]).err(),
            Some(TemplateError::Missing("user".to_owned()))
        );
    }
}
