//! Which connections a client reaches where it connected, and what its callers have to prove there.
//!
//! It reads snapshots alone; it must not know how anything is proved.

use std::sync::Arc;

use crate::identity::Issuer;
use crate::registry::{Connection, Shared, Snapshot, Waiting};

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
}

impl Scope {
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
                Shared::Service => return Some(Proof::Nothing),
                Shared::Forward => snapshot.shared_issuer().ok()?,
                Shared::Nobody => return None,
            },
            Self::Connection(name) => {
                let connection = snapshot.connection(name)?;
                if !connection.forwards() {
                    return Some(Proof::Nothing);
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
        let is_signed = |scope: &Self| matches!(scope.proof(snapshot), Some(Proof::Signed(_)));
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
