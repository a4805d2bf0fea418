//! Resources: what policy allows of reading one, and the permit that its reading takes.
//!
//! A grant and a permit of their own kind, so that neither can ever run a tool. It must not know what a
//! resource holds.

use std::sync::Arc;

use portcullis_manifest::{Effect, Resource, Tool};

use super::denial::Denial;
use super::grant::{Grant, GrantError, Rule};
use super::mandate::Mandate;
use super::permit::{beyond, open};
use super::principal::Principal;
use super::route::RouteSet;
use crate::names::{ConnectionName, ToolName};

/// One resource on one connection, with the verdict on it.
#[derive(Debug, Clone)]
pub struct ResourceGrant(Grant);

/// The right to read a resource once.
#[derive(Debug)]
pub struct ReadPermit {
    name: ToolName,
    routes: Arc<RouteSet>,
}

impl ResourceGrant {
    /// The manifest's resource, as far as the operator's rule lets it.
    ///
    /// # Errors
    /// Its name or one of its routes is malformed.
    pub fn meet(
        connection: &ConnectionName,
        resource: &Resource,
        rule: &Arc<Rule>,
    ) -> Result<Self, GrantError> {
        Grant::meet(connection, &as_tool(resource), rule).map(Self)
    }

    /// Whether it may be read. One that can send nothing holds nothing of the CRM and always may; the
    /// others are judged like a tool of their name that reads.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.routes.is_empty() || self.0.is_open()
    }

    /// Whether a caller may read it; one that they may not is not listed for them.
    #[must_use]
    pub fn is_open_to(&self, mandate: &Mandate) -> bool {
        if self.0.routes.is_empty() {
            mandate.reaches(self.0.connection.as_str())
        } else {
            self.0.is_open_to(mandate)
        }
    }
}

/// Decides on one reading.
///
/// # Errors
/// The operator's file does not allow it, or the caller's mandate.
pub fn authorize_read(principal: &Principal, grant: &ResourceGrant) -> Result<ReadPermit, Denial> {
    if !grant.is_open() {
        open(principal, &grant.0)?;
    }
    let mandate = principal.mandate().filter(|m| !grant.is_open_to(m));
    if let Some(layer) = mandate.and_then(|mandate| beyond(mandate, &grant.0)) {
        return Err(Denial::new(layer, principal, &grant.0));
    }
    Ok(ReadPermit {
        name: grant.0.tool.clone(),
        routes: Arc::clone(&grant.0.routes),
    })
}

impl ReadPermit {
    /// The resource, as its plugin names it.
    #[must_use]
    pub fn name(&self) -> &ToolName {
        &self.name
    }

    /// What its reading may send.
    #[must_use]
    pub fn routes(&self) -> &Arc<RouteSet> {
        &self.routes
    }
}

/// A tool of the same name that reads and has the same routes: one rule for both.
fn as_tool(resource: &Resource) -> Tool {
    Tool {
        name: resource.name.clone(),
        title: resource.title.clone(),
        description: String::new(),
        effect: Effect::Read,
        idempotent: true,
        aliases: Vec::new(),
        input_schema: serde_json::Value::Null,
        output_schema: serde_json::Value::Null,
        routes: resource.routes.clone(),
        preview_routes: Vec::new(),
        cases: Vec::new(),
        meta: serde_json::Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::filter::ToolFilter;
    use super::super::grant::ConfirmRule;
    use super::super::mandate::Bearer;
    use super::*;

    fn grant(allow: &[Effect], tools: &[&str], routes: &serde_json::Value) -> ResourceGrant {
        let rule = Rule {
            allow: allow.iter().copied().collect(),
            tools: ToolFilter::parse(tools).unwrap(),
            confirm: ConfirmRule::Any,
        };
        let resource = serde_json::from_value(json!({
            "name": "note", "uri": "notes://{connection}/{id}", "title": "", "description": "",
            "mime_type": "text/plain", "routes": routes,
        }));
        let connection = ConnectionName::new("sales").unwrap();
        ResourceGrant::meet(&connection, &resource.unwrap(), &Arc::new(rule)).unwrap()
    }

    #[test]
    fn a_resource_is_allowed_like_a_tool_that_reads() {
        let reads = json!([{"method": "GET", "path": "notes/{id}"}]);
        let nothing = json!([]);
        for (allow, tools, routes, opened) in [
            (&[Effect::Read][..], &["*"][..], &reads, true),
            (&[Effect::Write], &["*"], &reads, false),
            (&[Effect::Read], &["*", "!note"], &reads, false),
            (&[Effect::Read], &["get"], &reads, false),
            (&[Effect::Read], &["note"], &reads, true),
            (&[], &["get"], &nothing, true),
        ] {
            let grant = grant(allow, tools, routes);
            assert_eq!(grant.is_open(), opened, "{allow:?} {tools:?}");
            let permit = authorize_read(&Principal::stdio(), &grant);
            assert_eq!(permit.is_ok(), opened, "{allow:?} {tools:?}");
        }
    }

    #[test]
    fn a_mandate_narrows_what_is_read() {
        let (reads, nothing) = (json!([{"method": "GET", "path": "notes/{id}"}]), json!([]));
        let only = |connection: &str, effects: &[Effect], tools: &[&str]| Mandate {
            connections: Some([ConnectionName::new(connection).unwrap()].into()),
            effects: Some(effects.iter().copied().collect()),
            tools: ToolFilter::parse(tools).unwrap(),
            ..Mandate::everything(Bearer::Key)
        };
        for (routes, mandate, opened) in [
            (&reads, only("sales", &[Effect::Read], &["*"]), true),
            (&reads, only("other", &[Effect::Read], &["*"]), false),
            (&reads, only("sales", &[Effect::Write], &["*"]), false),
            (&reads, only("sales", &[Effect::Read], &["get"]), false),
            (&nothing, only("sales", &[], &["get"]), true),
            (&nothing, only("other", &[Effect::Read], &["*"]), false),
        ] {
            let grant = grant(&[Effect::Read], &["*"], routes);
            assert_eq!(grant.is_open_to(&mandate), opened, "{mandate:?}");
            let caller = Principal::named("key", "a").within(Arc::new(mandate));
            let permit = authorize_read(&caller, &grant);
            assert_eq!(permit.is_ok(), opened, "{routes} {:?}", caller.mandate());
        }
    }
}
