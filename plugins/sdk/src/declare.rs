//! Short forms for declaring a manifest and its routes.
//!
//! Plain data in, plain data out; what makes a manifest acceptable is the host's judgement.

use portcullis_manifest::{
    ABI, Base, Case, Credential, Effect, EnvRule, Explained, ExplainedBody, Headers,
    MANIFEST_REVISION, Manifest, Method, Pairs, Recipe, Route, Secret,
};
use schemars::JsonSchema;
use serde_json::Value;

use crate::schema;

/// A manifest without anything but its identity.
pub fn manifest(id: &str, version: &str, summary: &str) -> Manifest {
    Manifest {
        manifest: MANIFEST_REVISION,
        id: id.to_owned(),
        version: version.to_owned(),
        abi: ABI.to_owned(),
        summary: summary.to_owned(),
        base: Base::default(),
        headers: Headers::default(),
        settings: None,
        secrets: Default::default(),
        env: Default::default(),
        env_prefix: String::new(),
        entities: None,
        credentials: Default::default(),
        live_check: None,
        explained: Vec::new(),
        sql: None,
        tools: Vec::new(),
        resources: Vec::new(),
        prompts: Vec::new(),
    }
}

/// Adds to a [`Manifest`].
pub trait ManifestExt {
    /// Takes the first suffix that fits off the operator's URL and appends a path.
    #[must_use]
    fn base(self, strip: &[&str], append: &str) -> Self;
    /// Headers that requests may carry, in lower case.
    #[must_use]
    fn sends(self, headers: &[&str]) -> Self;
    /// Headers of answers that are wanted, in lower case.
    #[must_use]
    fn receives(self, headers: &[&str]) -> Self;
    /// The connection's settings: the schema of a struct.
    #[must_use]
    fn settings<S: JsonSchema>(self) -> Self;
    /// A secret that the operator may configure.
    #[must_use]
    fn secret(self, name: &str, title: &str) -> Self;
    /// An environment variable of the program that the plugin replaces.
    #[must_use]
    fn env(self, variable: &str, set: &str) -> Self;
    /// One that holds a whole number in another unit.
    #[must_use]
    fn env_times(self, variable: &str, set: &str, times: u64) -> Self;
    /// One with a rule of more parts, such as a default.
    #[must_use]
    fn env_rule(self, variable: &str, rule: EnvRule) -> Self;
    /// An answer of status 5xx that a request can cause by what it asks for, so that it says nothing of
    /// the CRM's health.
    #[must_use]
    fn explained(self, status: u16, body: ExplainedBody) -> Self;
    /// A credential slot with its alternatives; the first whose needs are set is used.
    #[must_use]
    fn credential(self, slot: &str, alternatives: Vec<Credential>) -> Self;
    /// A secret that goes with every request as a bearer token: [`ManifestExt::secret`], and the slot
    /// `default` with [`Recipe::Bearer`] alone.
    #[must_use]
    fn bearer(self, secret: &str, title: &str) -> Self;
}

impl ManifestExt for Manifest {
    fn base(mut self, strip: &[&str], append: &str) -> Self {
        self.base.strip = owned(strip);
        append.clone_into(&mut self.base.append);
        self
    }

    fn sends(mut self, headers: &[&str]) -> Self {
        self.headers.send = owned(headers);
        self
    }

    fn receives(mut self, headers: &[&str]) -> Self {
        self.headers.receive = owned(headers);
        self
    }

    fn settings<S: JsonSchema>(mut self) -> Self {
        self.settings = Some(schema::input_schema(S::json_schema));
        self
    }

    fn secret(mut self, name: &str, title: &str) -> Self {
        self.secrets.insert(
            name.to_owned(),
            Secret {
                title: title.to_owned(),
                scrub: true,
            },
        );
        self
    }

    fn env(self, variable: &str, set: &str) -> Self {
        self.env_rule(variable, EnvRule::of(set))
    }

    fn env_times(self, variable: &str, set: &str, times: u64) -> Self {
        let rule = EnvRule {
            times: Some(times),
            ..EnvRule::of(set)
        };
        self.env_rule(variable, rule)
    }

    fn env_rule(mut self, variable: &str, rule: EnvRule) -> Self {
        self.env.insert(variable.to_owned(), rule);
        self
    }

    fn explained(mut self, status: u16, body: ExplainedBody) -> Self {
        self.explained.push(Explained {
            status: vec![status],
            body,
        });
        self
    }

    fn credential(mut self, slot: &str, alternatives: Vec<Credential>) -> Self {
        self.credentials.insert(slot.to_owned(), alternatives);
        self
    }

    fn bearer(self, secret: &str, title: &str) -> Self {
        let recipe = Recipe::Bearer {
            value: format!("{{{secret}}}"),
        };
        self.secret(secret, title)
            .credential("default", vec![alternative(secret, &[secret], recipe)])
    }
}

/// One alternative of a credential slot.
pub fn alternative(name: &str, needs: &[&str], recipe: Recipe) -> Credential {
    Credential {
        name: name.to_owned(),
        needs: owned(needs),
        recipe,
        expired: Vec::new(),
        refused_means_not_done: false,
    }
}

/// A route of any method; `{name}` in the path matches one segment.
pub fn route(method: Method, path: &str) -> Route {
    Route::new(method, path)
}

/// A GET route.
pub fn get(path: &str) -> Route {
    route(Method::Get, path)
}

/// A POST route.
pub fn post(path: &str) -> Route {
    route(Method::Post, path)
}

/// A PUT route.
pub fn put(path: &str) -> Route {
    route(Method::Put, path)
}

/// A PATCH route.
pub fn patch(path: &str) -> Route {
    route(Method::Patch, path)
}

/// A DELETE route.
pub fn delete(path: &str) -> Route {
    route(Method::Delete, path)
}

/// A case of a tool: where the argument at a pointer holds one of these values, the tool has this
/// effect and these routes.
pub fn case(pointer: &str, values: &[&str], effect: Effect, routes: Vec<Route>) -> Case {
    let values = values.iter().map(|&value| value.into()).collect();
    Case {
        when: [(pointer.to_owned(), values)].into(),
        effect,
        routes,
        preview_routes: Vec::new(),
    }
}

/// Adds matchers to a [`Route`]; all of them have to hold.
///
/// A source is a JSON pointer into the arguments, with `*` for any element of a list, or `made:` and a
/// pointer into the answer to an earlier POST of the call.
pub trait RouteExt {
    /// Only calls whose argument at a JSON pointer is one of these have the route.
    #[must_use]
    fn when<V: Into<Value>>(self, pointer: &str, values: impl IntoIterator<Item = V>) -> Self;
    /// Only calls that give the argument at a JSON pointer have the route.
    #[must_use]
    fn given(self, pointer: &str) -> Self;
    /// A placeholder equals a source.
    #[must_use]
    fn same(self, placeholder: &str, source: &str) -> Self;
    /// The query has this key once, with one of these values, in which `{/id}` stands for a source and
    /// `{#}` for any whole number; and no key that the route does not name.
    #[must_use]
    fn query(self, key: &str, values: &[&str]) -> Self;
    /// The query has no key but those that the route names, and these with any value.
    #[must_use]
    fn query_free(self, keys: &[&str]) -> Self;
    /// A placeholder is none of these, whatever their case.
    #[must_use]
    fn not(self, placeholder: &str, values: &[&str]) -> Self;
    /// The JSON body holds one of these values at a pointer.
    #[must_use]
    fn json<V: Into<Value>>(self, pointer: &str, values: impl IntoIterator<Item = V>) -> Self;
    /// The JSON body holds at a pointer what a source holds.
    #[must_use]
    fn json_same(self, pointer: &str, source: &str) -> Self;
    /// The object at a pointer into the JSON body has no members but these; one that begins with `/`
    /// stands for the members of an object in the arguments.
    #[must_use]
    fn only(self, pointer: &str, members: &[&str]) -> Self;
    /// The JSON body holds nothing at a pointer.
    #[must_use]
    fn absent(self, pointer: &str) -> Self;
    /// A form field has one of these values.
    #[must_use]
    fn form(self, field: &str, values: &[&str]) -> Self;
    /// The JSON in a form field holds one of these values at a pointer.
    #[must_use]
    fn form_json<V: Into<Value>>(
        self,
        field: &str,
        pointer: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Self;
    /// The object at a pointer into the JSON in a form field has no members but these, as in
    /// [`RouteExt::only`].
    #[must_use]
    fn form_only(self, field: &str, pointer: &str, members: &[&str]) -> Self;
    /// The JSON in a form field holds at a pointer what a source holds.
    #[must_use]
    fn form_same(self, field: &str, pointer: &str, source: &str) -> Self;
    /// The JSON in a form field holds at a pointer a list of pairs that this rule allows.
    #[must_use]
    fn form_pairs(self, field: &str, pointer: &str, pairs: Pairs) -> Self;
    /// Why a POST changes nothing.
    #[must_use]
    fn safe(self, reason: &str) -> Self;
    /// The only credential slot that the request may use.
    #[must_use]
    fn credential(self, slot: &str) -> Self;
}

impl RouteExt for Route {
    fn when<V: Into<Value>>(mut self, pointer: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.when.insert(pointer.to_owned(), all(values));
        self
    }

    fn given(mut self, pointer: &str) -> Self {
        self.when.insert(pointer.to_owned(), Vec::new());
        self
    }

    fn same(mut self, placeholder: &str, source: &str) -> Self {
        self.same.insert(placeholder.to_owned(), source.to_owned());
        self
    }

    fn query(mut self, key: &str, values: &[&str]) -> Self {
        let query = self.query.get_or_insert_default();
        query.is.insert(key.to_owned(), owned(values));
        self
    }

    fn query_free(mut self, keys: &[&str]) -> Self {
        let query = self.query.get_or_insert_default();
        query.free.extend(owned(keys));
        self
    }

    fn not(mut self, placeholder: &str, values: &[&str]) -> Self {
        self.not
            .entry(placeholder.to_owned())
            .or_default()
            .extend(owned(values));
        self
    }

    fn json<V: Into<Value>>(mut self, pointer: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.json.insert(pointer.to_owned(), all(values));
        self
    }

    fn json_same(mut self, pointer: &str, source: &str) -> Self {
        self.json_same.insert(pointer.to_owned(), source.to_owned());
        self
    }

    fn only(mut self, pointer: &str, members: &[&str]) -> Self {
        self.only.insert(pointer.to_owned(), owned(members));
        self
    }

    fn absent(mut self, pointer: &str) -> Self {
        self.absent.push(pointer.to_owned());
        self
    }

    fn form(mut self, field: &str, values: &[&str]) -> Self {
        self.form.insert(field.to_owned(), owned(values));
        self
    }

    fn form_json<V: Into<Value>>(
        mut self,
        field: &str,
        pointer: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let pointers = self.form_json.entry(field.to_owned()).or_default();
        pointers.insert(pointer.to_owned(), all(values));
        self
    }

    fn form_only(mut self, field: &str, pointer: &str, members: &[&str]) -> Self {
        let pointers = self.form_only.entry(field.to_owned()).or_default();
        pointers.insert(pointer.to_owned(), owned(members));
        self
    }

    fn form_same(mut self, field: &str, pointer: &str, source: &str) -> Self {
        let pointers = self.form_same.entry(field.to_owned()).or_default();
        pointers.insert(pointer.to_owned(), source.to_owned());
        self
    }

    fn form_pairs(mut self, field: &str, pointer: &str, pairs: Pairs) -> Self {
        let pointers = self.form_pairs.entry(field.to_owned()).or_default();
        pointers.insert(pointer.to_owned(), pairs);
        self
    }

    fn safe(mut self, reason: &str) -> Self {
        self.safe = Some(reason.to_owned());
        self
    }

    fn credential(mut self, slot: &str) -> Self {
        self.credential = Some(slot.to_owned());
        self
    }
}

fn all<V: Into<Value>>(values: impl IntoIterator<Item = V>) -> Vec<Value> {
    values.into_iter().map(Into::into).collect()
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|&item| item.to_owned()).collect()
}
