//! Permits: the values without which nothing of a plugin can run.
//!
//! Owns their private constructors; `authorize` and `authorize_preview` are the only ways to one.
//! It must not know the runtime that asks for them.

use std::sync::Arc;

use portcullis_manifest::Effect;

use super::denial::{Denial, Layer};
use super::grant::{ConfirmRule, Grant, Kind};
use super::mandate::Mandate;
use super::principal::Principal;
use super::route::RouteSet;
use crate::names::{ConnectionName, ToolName};

/// How a call was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A person agreed, through elicitation.
    Human,
    /// The call was repeated with the token of its preview.
    Token,
    /// The call was repeated with `confirm` after a preview of the same arguments.
    Repeated,
}

/// Evidence that one call was confirmed. Only the module that confirms calls makes it.
#[derive(Debug)]
pub struct Confirmed {
    principal: Principal,
    connection: ConnectionName,
    tool: ToolName,
    way: Way,
}

impl Confirmed {
    /// Evidence for a call of the granted tool by this caller. The confirming module has compared
    /// the arguments.
    pub(crate) fn new(principal: &Principal, grant: &Grant, way: Way) -> Self {
        Self {
            principal: principal.clone(),
            connection: grant.connection.clone(),
            tool: grant.tool.clone(),
            way,
        }
    }

    fn is_for(&self, principal: &Principal, grant: &Grant) -> bool {
        self.principal == *principal
            && self.connection == grant.connection
            && self.tool == grant.tool
    }
}

/// What is known of a call's confirmation.
#[derive(Debug)]
pub enum Confirmation {
    /// None was asked for.
    NotNeeded,
    /// It was given.
    Given(Confirmed),
}

/// The right to run `invoke` once.
#[derive(Debug)]
pub struct Permit {
    principal: Principal,
    connection: ConnectionName,
    tool: ToolName,
    effect: Effect,
    kind: Kind,
    confirmed: Option<Way>,
    routes: Arc<RouteSet>,
}

/// The right to run `preview` once, with the preview's routes open and no other.
#[derive(Debug)]
pub struct PreviewPermit {
    principal: Principal,
    connection: ConnectionName,
    tool: ToolName,
    routes: Arc<RouteSet>,
}

/// Decides on one call.
///
/// # Errors
/// The operator's file does not allow the tool, or the tool needs a confirmation that was not
/// given, or was given for another call.
pub fn authorize(
    principal: &Principal,
    grant: &Grant,
    confirmation: Confirmation,
) -> Result<Permit, Denial> {
    let denied = |layer| Denial::new(layer, principal, grant);
    open(principal, grant)?;
    let confirmed = match confirmation {
        Confirmation::NotNeeded if grant.effect.needs_confirmation() => {
            return Err(denied(Layer::Confirmation));
        }
        Confirmation::NotNeeded => None,
        Confirmation::Given(evidence) if !evidence.is_for(principal, grant) => {
            return Err(denied(Layer::OtherConfirmation));
        }
        Confirmation::Given(evidence) if !is_accepted(grant.rule.confirm, evidence.way) => {
            return Err(denied(Layer::HumanConfirmation));
        }
        Confirmation::Given(evidence) => Some(evidence.way),
    };
    Ok(Permit {
        principal: principal.clone(),
        connection: grant.connection.clone(),
        tool: grant.tool.clone(),
        effect: grant.effect,
        kind: grant.kind,
        confirmed,
        routes: Arc::clone(&grant.routes),
    })
}

/// Decides on one preview.
///
/// # Errors
/// The operator's file does not allow the tool.
pub fn authorize_preview(principal: &Principal, grant: &Grant) -> Result<PreviewPermit, Denial> {
    open(principal, grant)?;
    Ok(PreviewPermit {
        principal: principal.clone(),
        connection: grant.connection.clone(),
        tool: grant.tool.clone(),
        routes: Arc::clone(&grant.preview_routes),
    })
}

/// Whether the operator's file allows the tool at all, and the caller's mandate as well.
///
/// # Errors
/// One of them does not.
pub fn open(principal: &Principal, grant: &Grant) -> Result<(), Denial> {
    match closed(principal, grant) {
        Some(layer) => Err(Denial::new(layer, principal, grant)),
        None => Ok(()),
    }
}

/// What is in the way, the file before the caller.
fn closed(principal: &Principal, grant: &Grant) -> Option<Layer> {
    if !grant.is_open() {
        let of_file = grant.effect_allowed();
        return Some(if of_file {
            Layer::Tools
        } else {
            Layer::Effects
        });
    }
    let mandate = principal.mandate().filter(|_| grant.kind == Kind::Tool)?;
    beyond(mandate, grant)
}

/// What of a mandate is in the way.
pub(super) fn beyond(mandate: &Mandate, grant: &Grant) -> Option<Layer> {
    if !mandate.reaches(grant.connection.as_str()) {
        Some(Layer::CallersConnections)
    } else if !mandate.names(grant.tool.as_str()) {
        Some(Layer::CallersTools)
    } else if !grant.effect_given(mandate) {
        Some(Layer::CallersEffects)
    } else {
        None
    }
}

fn is_accepted(rule: ConfirmRule, way: Way) -> bool {
    rule == ConfirmRule::Any || way == Way::Human
}

impl Permit {
    /// The caller.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The connection.
    #[must_use]
    pub fn connection(&self) -> &ConnectionName {
        &self.connection
    }

    /// The tool.
    #[must_use]
    pub fn tool(&self) -> &ToolName {
        &self.tool
    }

    /// What the tool does to the world.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether this is a client's call or the plugin's self-test.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How the call was confirmed, if it was.
    #[must_use]
    pub fn confirmed(&self) -> Option<Way> {
        self.confirmed
    }

    /// What the tool may send.
    #[must_use]
    pub fn routes(&self) -> &Arc<RouteSet> {
        &self.routes
    }
}

impl PreviewPermit {
    /// The caller.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The connection.
    #[must_use]
    pub fn connection(&self) -> &ConnectionName {
        &self.connection
    }

    /// The tool.
    #[must_use]
    pub fn tool(&self) -> &ToolName {
        &self.tool
    }

    /// What the preview may send.
    #[must_use]
    pub fn routes(&self) -> &Arc<RouteSet> {
        &self.routes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::filter::ToolFilter;
    use super::super::grant::Rule;
    use super::super::grant::tests::{any_effect, any_rule, grant};
    use super::*;

    fn rule(allow: &[Effect], tools: &[&str], confirm: ConfirmRule) -> Rule {
        Rule {
            allow: allow.iter().copied().collect(),
            tools: ToolFilter::parse(tools).unwrap(),
            confirm,
        }
    }

    fn given(grant: &Grant, way: Way) -> Confirmation {
        Confirmation::Given(Confirmed::new(&Principal::stdio(), grant, way))
    }

    #[test]
    fn denials() {
        let read = [Effect::Read];
        let all = [
            Effect::Read,
            Effect::Write,
            Effect::Destructive,
            Effect::Outward,
        ];
        let delete = |allow: &[Effect], tools: &[&str]| {
            grant(
                "delete",
                Effect::Destructive,
                rule(allow, tools, ConfirmRule::Human),
            )
        };
        let caller = Principal::stdio();
        for (grant, confirmation, log, model) in [
            (
                delete(&read, &["*"]),
                Confirmation::NotNeeded,
                "stdio may not call `delete` on `sales`: it is destructive, and only read is allowed; this would allow it: [connections.sales] allow = [\"read\", \"destructive\"]",
                "the operator of this server does not allow `delete` on `sales`: it is a destructive tool, and only read is allowed there",
            ),
            (
                delete(&all, &["*", "!del*"]),
                Confirmation::NotNeeded,
                "stdio may not call `delete` on `sales`: `tools` leaves it out; this would allow it: [connections.sales] tools = [\"*\", \"!del*\", \"delete\"]",
                "the operator of this server has not enabled `delete` on `sales`",
            ),
            (
                delete(&[], &["get"]),
                Confirmation::NotNeeded,
                "stdio may not call `delete` on `sales`: it is destructive, and nothing is allowed; this would allow it: [connections.sales] allow = [\"destructive\"], tools = [\"get\", \"delete\"]",
                "the operator of this server does not allow `delete` on `sales`: it is a destructive tool, and nothing is allowed there",
            ),
            (
                delete(&all, &["*"]),
                Confirmation::NotNeeded,
                "stdio may not call `delete` on `sales`: it is destructive and was not confirmed",
                "`delete` is a destructive tool and runs only after its preview has been confirmed",
            ),
            (
                delete(&all, &["*"]),
                given(&delete(&all, &["*"]), Way::Token),
                "stdio may not call `delete` on `sales`: `confirm = \"human\"` accepts a person's answer alone; this would allow it: [connections.sales] confirm = \"token\"",
                "on `sales`, a destructive tool runs only after a person has agreed; the client has to support elicitation",
            ),
            (
                delete(&all, &["*"]),
                given(
                    &grant("merge", Effect::Destructive, Rule::default()),
                    Way::Human,
                ),
                "stdio may not call `delete` on `sales`: the confirmation belongs to another call",
                "the confirmation was given for another call than this one of `delete`",
            ),
        ] {
            let denial = authorize(&caller, &grant, confirmation).unwrap_err();
            assert_eq!(denial.to_string(), log);
            assert_eq!(denial.for_model(), model);
        }
    }

    #[test]
    fn evidence_of_another_caller_is_refused() {
        let all = rule(&[Effect::Outward], &["*"], ConfirmRule::Any);
        let grant = grant("send", Effect::Outward, all);
        let denial = authorize(&Principal::anonymous(), &grant, given(&grant, Way::Human));
        assert_eq!(denial.unwrap_err().layer(), Layer::OtherConfirmation);
    }

    #[test]
    fn a_preview_opens_only_its_own_routes() {
        let all = rule(&[Effect::Destructive], &["*"], ConfirmRule::Any);
        let grant = grant("delete", Effect::Destructive, all);
        let preview = authorize_preview(&Principal::stdio(), &grant).unwrap();
        assert!(Arc::ptr_eq(preview.routes(), &grant.preview_routes));
        let permit = authorize(&Principal::stdio(), &grant, given(&grant, Way::Repeated)).unwrap();
        assert!(Arc::ptr_eq(permit.routes(), &grant.routes));
        assert_eq!(permit.confirmed(), Some(Way::Repeated));
    }

    proptest! {
        #[test]
        fn no_permit_without_all_sides(
            effect in any_effect(),
            rule in any_rule(),
            way in prop::sample::select(vec![None, Some(Way::Human), Some(Way::Token), Some(Way::Repeated)]),
        ) {
            let grant = grant("ab", effect, rule.clone());
            let confirmation = way.map_or(Confirmation::NotNeeded, |way| given(&grant, way));
            let permit = authorize(&Principal::stdio(), &grant, confirmation);
            let wanted = grant.is_open()
                && (way.is_some() || !effect.needs_confirmation())
                && way.is_none_or(|way| rule.confirm == ConfirmRule::Any || way == Way::Human);
            prop_assert_eq!(permit.is_ok(), wanted);
        }
    }
}
