//! Which connections a client reaches where it connected, and what its callers have to prove there.
//!
//! It reads snapshots alone; it must not know how anything is proved.

use std::sync::Arc;

use crate::identity::Issuer;
use crate::policy::{self, Bearer, EFFECTS, Principal};
pub use crate::registry::Unproved;
use crate::registry::{Authority, Connection, Door, Shared, Snapshot, Waiting};

/// Which connections a client reaches where it connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of them: on this machine, over stdio or by the command line.
    All,
    /// Those of the endpoint without a name.
    Shared,
    /// One, by its name.
    Connection(String),
}

/// How callers of an endpoint prove who they are.
#[derive(Clone)]
pub enum Proof {
    /// Not at all: they act as the operator's accounts.
    Nothing,
    /// By their own token, which the CRM judges.
    OwnToken,
    /// By their own token, which this issuer signed.
    Signed(Arc<Issuer>),
    /// By an API key of this host, or a token of its own authorization server.
    Door(Arc<Door>),
}

impl Proof {
    /// Who signs the tokens that are taken, where the host knows.
    #[must_use]
    pub fn issuer(&self) -> Option<&Arc<Issuer>> {
        match self {
            Self::Signed(issuer) => Some(issuer),
            Self::Door(_) => self.authority().map(Authority::issuer),
            Self::Nothing | Self::OwnToken => None,
        }
    }

    /// The scope without which a token is for nothing here.
    #[must_use]
    pub fn least_scope(&self) -> Option<&'static str> {
        self.authority().and_then(Authority::least_scope)
    }

    fn authority(&self) -> Option<&Authority> {
        match self {
            Self::Door(door) => door.authority(),
            _ => None,
        }
    }
}

impl Scope {
    /// The scopes that a token needs for a tool, where the caller's lacks one: those that it has, as far as
    /// they mean something here, and that of the tool.
    #[must_use]
    pub fn lacking(
        &self,
        snapshot: &Snapshot,
        caller: &Principal,
        tool: &str,
    ) -> Option<Vec<&'static str>> {
        let mandate = caller.mandate()?;
        let tool = snapshot.find(tool)?;
        let grant = &tool.grant;
        let concerns = mandate.bearer == Bearer::Token
            && self.covers(snapshot, &tool.connection)
            && grant.is_open()
            && !grant.is_open_to(mandate);
        let needed = |effect| mandate.allows(effect) || effect == grant.effect();
        let needed = EFFECTS.into_iter().filter(|effect| needed(*effect));
        concerns.then(|| needed.map(policy::scope).collect())
    }

    /// Whether a connection is reached.
    #[must_use]
    pub fn covers(&self, snapshot: &Snapshot, connection: &Connection) -> bool {
        match self {
            Self::All => true,
            Self::Shared => snapshot.shared.covers(&connection.config),
            Self::Connection(name) => connection.config.name.as_str() == name,
        }
    }

    /// Whether a connection is reached that has no tools yet.
    #[must_use]
    pub fn covers_waiting(&self, snapshot: &Snapshot, waiting: &Waiting) -> bool {
        match self {
            Self::All => true,
            Self::Shared => snapshot.shared.covers(&waiting.config),
            Self::Connection(name) => waiting.config.name.as_str() == name,
        }
    }

    /// What its callers have to prove; nothing where there is no such endpoint.
    #[must_use]
    pub fn proof(&self, snapshot: &Snapshot) -> Option<Proof> {
        let issuer = match self {
            Self::All => return Some(Proof::Nothing),
            Self::Shared => match snapshot.shared {
                Shared::Service => return Some(of_accounts(snapshot)),
                Shared::Forward => snapshot.shared_issuer().ok()?,
                Shared::Nobody => return None,
            },
            Self::Connection(name) => {
                let connection = snapshot.connection(name)?;
                if !connection.forwards() {
                    return Some(of_accounts(snapshot));
                }
                connection.issuer.as_ref()
            }
        };
        Some(match issuer {
            Some(issuer) => Proof::Signed(Arc::clone(issuer)),
            None => Proof::OwnToken,
        })
    }

    /// The one endpoint whose callers are judged by their token's issuer: that without a name, or the
    /// only connection that has one.
    #[must_use]
    pub fn only_signed(snapshot: &Snapshot) -> Option<Self> {
        let is_signed = |scope: &Self| {
            let proof = scope.proof(snapshot);
            proof.is_some_and(|proof| proof.issuer().is_some())
        };
        if is_signed(&Self::Shared) {
            return Some(Self::Shared);
        }
        let names = snapshot.connections.iter();
        let mut signed = names
            .map(|connection| Self::Connection(connection.config.name.to_string()))
            .filter(is_signed);
        signed.next().filter(|_| signed.next().is_none())
    }
}

/// What callers prove who would act as the operator's accounts.
fn of_accounts(snapshot: &Snapshot) -> Proof {
    match &snapshot.door {
        Some(door) => Proof::Door(Arc::clone(door)),
        None => Proof::Nothing,
    }
}
