//! A call that policy refuses: which layer, what was asked, and the line that would allow it.
//!
//! Owns the two texts, one for the model and one for the operator's log. It must not know
//! arguments, answers or transports.

use std::sync::Arc;

use portcullis_manifest::Effect;

use super::grant::{Grant, Rule};
use super::mandate::{Bearer, scope};
use super::principal::Principal;
use crate::names::{ConnectionName, ToolName};

/// Who refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// `allow` does not hold the tool's effect.
    Effects,
    /// `tools` leaves the tool out.
    Tools,
    /// The tool needs a confirmation and there is no evidence of one.
    Confirmation,
    /// There is evidence, of a way that `confirm = "human"` does not accept.
    HumanConfirmation,
    /// There is evidence for another tool, connection or caller.
    OtherConfirmation,
    /// The caller's key or token is for other connections.
    CallersConnections,
    /// It is for other tools.
    CallersTools,
    /// It is for other effects.
    CallersEffects,
}

/// A refused call. `Display` is the text for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{principal} may not call `{tool}` on `{connection}`: {}", self.log_reason())]
pub struct Denial {
    layer: Layer,
    principal: Principal,
    connection: ConnectionName,
    tool: ToolName,
    effect: Effect,
    case: Option<Arc<str>>,
    rule: Arc<Rule>,
}

impl Denial {
    pub(super) fn new(layer: Layer, principal: &Principal, grant: &Grant) -> Self {
        Self {
            layer,
            principal: principal.clone(),
            connection: grant.connection.clone(),
            tool: grant.tool.clone(),
            effect: grant.effect,
            case: grant.case.clone(),
            rule: Arc::clone(&grant.rule),
        }
    }

    /// Who refused.
    #[must_use]
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// The section and lines of `portcullis.toml` that would allow the call, where one would.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        let line = match self.layer {
            Layer::Effects if !self.rule.tools.matches(self.tool.as_str()) => {
                format!("{}, {}", self.allow_line(), self.tools_line())
            }
            Layer::Effects => self.allow_line(),
            Layer::Tools => self.tools_line(),
            Layer::HumanConfirmation => "confirm = \"token\"".to_owned(),
            Layer::Confirmation | Layer::OtherConfirmation => return None,
            Layer::CallersConnections | Layer::CallersTools | Layer::CallersEffects => {
                return self.other_mandate();
            }
        };
        Some(format!("[connections.{}] {line}", self.connection))
    }

    /// The text for the model: which rule, in plain words.
    #[must_use]
    pub fn for_model(&self) -> String {
        let Self {
            tool, connection, ..
        } = self;
        let effect = self.effect.as_str();
        match self.layer {
            Layer::Effects => {
                let what = match &self.case {
                    None => format!("it is a {effect} tool"),
                    Some(case) => format!("{case} it is a {effect} tool"),
                };
                let allowed = self.allowed_words();
                format!(
                    "the operator of this server does not allow `{tool}` on `{connection}`: {what}, and {allowed} allowed there"
                )
            }
            Layer::Tools => {
                format!("the operator of this server has not enabled `{tool}` on `{connection}`")
            }
            Layer::Confirmation => format!(
                "`{tool}` is a {effect} tool and runs only after its preview has been confirmed"
            ),
            Layer::HumanConfirmation => format!(
                "on `{connection}`, a {effect} tool runs only after a person has agreed; the client has to support elicitation"
            ),
            Layer::OtherConfirmation => {
                format!("the confirmation was given for another call than this one of `{tool}`")
            }
            Layer::CallersConnections => {
                format!("{} of this call is not for `{connection}`", self.bearer())
            }
            Layer::CallersTools => format!("{} of this call is not for `{tool}`", self.bearer()),
            Layer::CallersEffects => {
                let lacks = match self.principal.mandate().map(|mandate| mandate.bearer) {
                    Some(Bearer::Token) => format!(" (scope `{}`)", scope(self.effect)),
                    _ => String::new(),
                };
                format!(
                    "{} of this call is not for {effect} tools{lacks}, which `{tool}` is",
                    self.bearer()
                )
            }
        }
    }

    /// What the caller brought, in words.
    fn bearer(&self) -> &'static str {
        let mandate = self.principal.mandate();
        match mandate.map(|mandate| mandate.bearer) {
            Some(Bearer::Token) => "the access token",
            Some(Bearer::Key) | None => "the API key",
        }
    }

    /// What would have to be brought instead.
    fn other_mandate(&self) -> Option<String> {
        let mandate = self.principal.mandate()?;
        let effect = self.effect.as_str();
        Some(match (mandate.bearer, self.layer) {
            (Bearer::Token, _) => format!("a token with the scope `{}`", scope(self.effect)),
            (Bearer::Key, Layer::CallersConnections) => {
                format!(
                    "a key issued with `--connections {}`, or without",
                    self.connection
                )
            }
            (Bearer::Key, Layer::CallersTools) => {
                let tools = mandate.tools.written_with(self.tool.as_str());
                format!("a key issued with these `--tools`: {tools}")
            }
            (Bearer::Key, _) => {
                let given = mandate.effects.iter().flatten().map(|e| e.as_str());
                let all: Vec<_> = given.chain([effect]).collect();
                format!("a key issued with `--allow {}`", all.join(","))
            }
        })
    }

    fn log_reason(&self) -> String {
        let effect = self.effect.as_str();
        let reason = match self.layer {
            Layer::Effects => {
                let case = self.case.as_deref().map(|case| format!("{case} "));
                let (case, allowed) = (case.unwrap_or_default(), self.allowed_words());
                format!("{case}it is {effect}, and {allowed} allowed")
            }
            Layer::Tools => "`tools` leaves it out".to_owned(),
            Layer::Confirmation => format!("it is {effect} and was not confirmed"),
            Layer::HumanConfirmation => {
                "`confirm = \"human\"` accepts a person's answer alone".to_owned()
            }
            Layer::OtherConfirmation => "the confirmation belongs to another call".to_owned(),
            Layer::CallersConnections => format!("{} is for other connections", self.bearer()),
            Layer::CallersTools => format!("{} is for other tools", self.bearer()),
            Layer::CallersEffects => {
                format!("it is {effect}, and {} is for other effects", self.bearer())
            }
        };
        match self.remedy() {
            Some(line) => format!("{reason}; this would allow it: {line}"),
            None => reason,
        }
    }

    fn allowed_words(&self) -> String {
        let allowed: Vec<_> = self.rule.allow.iter().map(|e| e.as_str()).collect();
        match allowed.as_slice() {
            [] => "nothing is".to_owned(),
            [one] => format!("only {one} is"),
            more => format!("only {} are", more.join(", ")),
        }
    }

    fn allow_line(&self) -> String {
        let mut allow = self.rule.allow.clone();
        allow.insert(self.effect);
        let words: Vec<_> = allow
            .iter()
            .map(|e| format!("\"{}\"", e.as_str()))
            .collect();
        format!("allow = [{}]", words.join(", "))
    }

    fn tools_line(&self) -> String {
        self.rule.tools.written_with(self.tool.as_str())
    }
}
