//! The routes of one tool, compiled: does this request match one of them?
//!
//! Owns the decision that every request of a guest has to pass. It must not know connections,
//! URLs or credentials' values, and it never says what the request held.

use std::collections::BTreeSet;

use portcullis_manifest::{Method, Route};

use super::form;
use super::known::{self, Known};
use super::matcher::{self, Bodies, Canonical, Miss};
use super::pattern::{Pattern, PatternError};
use super::query;
use super::segment::{self, PathError};

/// One request as the guest asked for it, before anything was encoded.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method.
    pub method: Method,
    /// Raw segments below the base.
    pub path: &'a [String],
    /// Raw pairs.
    pub query: &'a [(String, String)],
    /// The guest's headers; the content type is read from them.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: Option<&'a [u8]>,
    /// The credential slot.
    pub credential: Option<&'a str>,
}

/// A request that may be forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed<'r> {
    /// The route that it matched, by its place in the manifest.
    pub route: usize,
    /// That route for a log, e.g. `POST {entity}`: no value of the request.
    pub description: &'r str,
    /// Whether the CRM may be different afterwards: neither GET nor HEAD nor a POST that the
    /// manifest declares `safe`.
    pub state_changing: bool,
    /// Where its answer holds what later requests of the call may name, if it succeeds.
    pub teaches: &'r [String],
    /// What to send instead of the guest's body and content type, where a matcher looked at them.
    pub body: Option<Canonical>,
}

/// Why a request may not be forwarded. Holds no value of the arguments or the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No request at all may carry such a path.
    #[error("{0}")]
    Path(#[from] PathError),
    /// A body that servers may or may not read.
    #[error("a {} request carries no body", .0.as_str())]
    Body(Method),
    /// The tool may send nothing.
    #[error("this tool declares no route")]
    NoRoute,
    /// No route of the tool matches.
    #[error("no route of this tool allows the request; the closest is `{closest}`: {miss}")]
    NoMatch {
        /// The closest route, method and pattern.
        closest: String,
        /// Its first matcher that does not hold.
        miss: Miss,
    },
}

impl Refused {
    /// Whether the request breaks a rule of the interface, as opposed to a limit of the tool.
    #[must_use]
    pub const fn is_invalid(&self) -> bool {
        matches!(self, Self::Path(_) | Self::Body(_))
    }
}

/// A route that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path `{path}`: {error}")]
pub struct RouteError {
    /// The route's place, from 0.
    pub route: usize,
    /// The pattern as written.
    pub path: String,
    /// What is wrong with it.
    pub error: PatternError,
}

/// The routes of one tool, or of its preview.
#[derive(Debug, Default)]
pub struct RouteSet {
    routes: Vec<Compiled>,
    /// Pointers into answers that some route names.
    taught: Vec<String>,
}

#[derive(Debug)]
struct Compiled {
    pattern: Pattern,
    description: String,
    route: Route,
}

impl RouteSet {
    /// Compiles the routes of a manifest.
    ///
    /// # Errors
    /// The first pattern that is none; `judge` finds all of them.
    pub fn compile(routes: &[Route]) -> Result<Self, RouteError> {
        let compile = |(at, route)| Compiled::new(at, route);
        let compiled = routes.iter().enumerate().map(compile);
        let taught: BTreeSet<_> = routes
            .iter()
            .flat_map(sources)
            .filter_map(|(_, source)| known::made(source))
            .collect();
        Ok(Self {
            routes: compiled.collect::<Result<_, _>>()?,
            taught: taught.into_iter().map(str::to_owned).collect(),
        })
    }

    /// How many routes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.routes.len()
    }

    /// Whether nothing may be sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// Decides on one request of a call of which this is known. One route of which every matcher
    /// holds suffices; the first such route counts.
    ///
    /// # Errors
    /// The path is one that no request may have, or no route matches.
    pub fn check(&self, asked: &Asked<'_>, known: &Known<'_>) -> Result<Passed<'_>, Refused> {
        segment::check_path(asked.path)?;
        if matches!(asked.method, Method::Get | Method::Head)
            && asked.body.is_some_and(|b| !b.is_empty())
        {
            return Err(Refused::Body(asked.method));
        }
        let bodies = Bodies::of(asked);
        let mut closest: Option<(&Compiled, Miss)> = None;
        for (at, route) in self.routes.iter().enumerate() {
            match route.check(asked, &bodies, known) {
                Ok(body) => return Ok(self.passed(at, route, body)),
                Err(miss) if is_closer(&miss, closest.as_ref()) => closest = Some((route, miss)),
                Err(_) => {}
            }
        }
        Err(refused(closest))
    }

    fn passed<'r>(&'r self, at: usize, route: &'r Compiled, body: Option<Canonical>) -> Passed<'r> {
        let state_changing = is_state_changing(&route.route);
        let made = state_changing && route.route.method == Method::Post;
        Passed {
            route: at,
            description: &route.description,
            state_changing,
            teaches: if made { &self.taught } else { &[] },
            body,
        }
    }
}

/// The sources of a route, each with the matcher that names it.
pub(super) fn sources(route: &Route) -> impl Iterator<Item = (&'static str, &str)> {
    let same = route.same.values().map(|s| ("same", s));
    let json_same = route.json_same.values().map(|s| ("json_same", s));
    let form_same = route.form_same.values().flatten();
    let form_same = form_same.map(|(_, s)| ("form_same", s));
    let pairs = route.form_pairs.values().flatten();
    let pairs = pairs.flat_map(|(_, pairs)| pairs.same.values().chain(pairs.among.values()));
    let pairs = pairs.map(|s| ("form_pairs", s));
    let queries = route.query.iter().flat_map(|query| query.is.values());
    let queries = queries.flatten().flat_map(|allowed| {
        let sources = query::sources(allowed).unwrap_or_default();
        sources.into_iter().map(|s| ("query", s))
    });
    same.chain(json_same)
        .chain(form_same)
        .chain(pairs)
        .map(|(matcher, source)| (matcher, source.as_str()))
        .chain(queries)
}

fn is_closer(miss: &Miss, than: Option<&(&Compiled, Miss)>) -> bool {
    than.is_none_or(|(_, other)| miss.closeness() > other.closeness())
}

fn refused(closest: Option<(&Compiled, Miss)>) -> Refused {
    closest.map_or(Refused::NoRoute, |(route, miss)| Refused::NoMatch {
        closest: route.description.clone(),
        miss,
    })
}

impl Compiled {
    fn new(at: usize, route: &Route) -> Result<Self, RouteError> {
        let pattern = Pattern::parse(&route.path).map_err(|error| RouteError {
            route: at,
            path: route.path.clone(),
            error,
        })?;
        Ok(Self {
            pattern,
            description: describe(route),
            route: route.clone(),
        })
    }

    fn check(
        &self,
        asked: &Asked<'_>,
        bodies: &Bodies<'_>,
        known: &Known<'_>,
    ) -> Result<Option<Canonical>, Miss> {
        let route = &self.route;
        let bound = self.pattern.matches(asked.path).ok_or(Miss::Path)?;
        if route.method != asked.method {
            return Err(Miss::Method(route.method));
        }
        matcher::when(route, known.arguments)?;
        matcher::credential(route, asked.credential)?;
        matcher::placeholders(route, &bound, known)?;
        if let Some(rule) = &route.query {
            query::check(rule, asked.query, known)?;
        }
        let form = route
            .looks_at_form()
            .then(|| form::check(route, bodies, known));
        let json = route
            .looks_at_json()
            .then(|| matcher::json(route, bodies, known));
        Ok(form.transpose()?.or(json.transpose()?))
    }
}

/// A route for messages, e.g. `POST {entity}`.
pub(super) fn describe(route: &Route) -> String {
    format!("{} {}", route.method.as_str(), route.path)
}

fn is_state_changing(route: &Route) -> bool {
    match route.method {
        Method::Get | Method::Head => false,
        Method::Post => route.safe.is_none(),
        Method::Put | Method::Patch | Method::Delete => true,
    }
}

#[cfg(test)]
mod tests;
