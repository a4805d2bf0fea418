//! One resource: its declaration gives address, schema, argument reading and dispatch.

use portcullis_manifest::{self as manifest, Route};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    args,
    call::Call,
    complete::{Completion, Completions, Offer},
    failure::Failure,
    schema::{self, Builder},
};

/// The media type of a page that a client shows with a tool's result (MCP Apps).
pub const PAGE: &str = "text/html;profile=mcp-app";

/// What a resource holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// A text.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl From<String> for Contents {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Contents {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<u8>> for Contents {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

type Read = Box<dyn Fn(&Call<'_>, &Value) -> Result<Contents, Failure>>;
type Routes = fn() -> Vec<Route>;
type Meta = fn() -> Map<String, Value>;

/// Something that clients can read by its address. A plugin with resources is exported with
/// `export!(plugin, resources)`.
pub struct Resource {
    name: &'static str,
    uri: &'static str,
    title: &'static str,
    about: Option<&'static str>,
    mime_type: &'static str,
    read: Read,
    input: Option<Builder>,
    routes: Routes,
    meta: Meta,
    completions: Completions,
}

impl Resource {
    /// A resource with one address, `<scheme>://{connection}/<segments>`.
    pub fn at<O, F>(
        name: &'static str,
        uri: &'static str,
        title: &'static str,
        mime_type: &'static str,
        read: F,
    ) -> Self
    where
        O: Into<Contents>,
        F: Fn(&Call<'_>) -> Result<O, Failure> + 'static,
    {
        Self::new((name, uri, title, mime_type), None, move |call, _| {
            read(call).map(Into::into)
        })
    }

    /// Resources whose address has more placeholders than `{connection}`; the argument struct has a
    /// text for each.
    pub fn template<A, O, F>(
        name: &'static str,
        uri: &'static str,
        title: &'static str,
        mime_type: &'static str,
        read: F,
    ) -> Self
    where
        A: DeserializeOwned + JsonSchema + 'static,
        O: Into<Contents>,
        F: Fn(&Call<'_>, &A) -> Result<O, Failure> + 'static,
    {
        let input: Builder = A::json_schema;
        Self::new(
            (name, uri, title, mime_type),
            Some(input),
            move |call, arguments| read(call, &args::read(arguments)?).map(Into::into),
        )
    }

    fn new<F>(
        (name, uri, title, mime_type): (&'static str, &'static str, &'static str, &'static str),
        input: Option<Builder>,
        read: F,
    ) -> Self
    where
        F: Fn(&Call<'_>, &Value) -> Result<Contents, Failure> + 'static,
    {
        Self {
            name,
            uri,
            title,
            about: None,
            mime_type,
            read: Box::new(read),
            input,
            routes: Vec::new,
            meta: Map::new,
            completions: Completions::default(),
        }
    }

    /// What it holds, for a model; instead of the argument struct's doc comment, or of the title.
    #[must_use]
    pub fn about(mut self, text: &'static str) -> Self {
        self.about = Some(text);
        self
    }

    /// What reading it may send.
    #[must_use]
    pub fn routes(mut self, routes: Routes) -> Self {
        self.routes = routes;
        self
    }

    /// Offers values for placeholders of the address; `routes` is what finding them may send. The plugin
    /// is then exported with the word `completion` as well.
    #[must_use]
    pub fn completes(
        mut self,
        placeholders: &'static [&'static str],
        routes: Routes,
        offer: Offer,
    ) -> Self {
        let completion = Completion::new(placeholders, routes, offer);
        self.completions.push(completion);
        self
    }

    pub(crate) fn completions(&self) -> &Completions {
        &self.completions
    }

    /// What MCP tells as its `_meta`.
    #[must_use]
    pub fn meta(mut self, meta: Meta) -> Self {
        self.meta = meta;
        self
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn read(&self, call: &Call<'_>, arguments: &Value) -> Result<Contents, Failure> {
        (self.read)(call, arguments)
    }

    pub(crate) fn describe(&self) -> manifest::Resource {
        let mut input_schema = self.input.map(schema::input_schema);
        let doc = input_schema.as_mut().and_then(schema::take_doc);
        let about = self.about.map(str::to_owned).or(doc);
        manifest::Resource {
            name: self.name.to_owned(),
            uri: self.uri.to_owned(),
            title: self.title.to_owned(),
            description: about.unwrap_or_else(|| self.title.to_owned()),
            mime_type: self.mime_type.to_owned(),
            input_schema,
            meta: (self.meta)(),
            completes: self.completions.describe(),
            routes: (self.routes)(),
        }
    }
}
