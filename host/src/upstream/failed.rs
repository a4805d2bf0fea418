//! Why there is no answer, and whether the CRM can have acted.
//!
//! Mirrors `error` of the WIT interface `http`. A detail is written for a plugin's author: it holds
//! neither a secret nor an address. It must not know where a failure is reported.

use std::time::Duration;

/// How far a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// No byte of it left the host.
    NotSent,
    /// It was sent, wholly or in part, and no answer came.
    MaybeSent,
    /// The CRM answered, and the answer could not be used.
    Answered,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The slot has no credential in the operator's file.
    CredentialMissing,
    /// The CRM refused the credential before, and requests are held back.
    CredentialRejected,
    /// The CRM met faults before, and requests are held back.
    CircuitOpen,
    /// The call's time is used up.
    BudgetSpent,
    /// The request's or the answer's body is over its limit.
    TooLarge,
    /// No answer in time.
    Timeout,
    /// The name resolved to an address that the connection must not reach.
    AddressBlocked,
    /// No connection.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// What came back is not HTTP, or broke off.
    Protocol,
    /// The request breaks a rule of the interface.
    InvalidRequest,
}

/// A request without a usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Failed {
    /// What went wrong.
    pub reason: Reason,
    /// Whether the CRM can have acted.
    pub stage: Stage,
    /// For a plugin's author.
    pub detail: String,
    /// When it may work again.
    pub retry_after: Option<Duration>,
}

impl Failed {
    pub(super) fn new(reason: Reason, stage: Stage, detail: impl Into<String>) -> Self {
        Self {
            reason,
            stage,
            detail: detail.into(),
            retry_after: None,
        }
    }

    pub(super) fn not_sent(reason: Reason, detail: impl Into<String>) -> Self {
        Self::new(reason, Stage::NotSent, detail)
    }

    pub(super) fn invalid(error: impl std::fmt::Display) -> Self {
        Self::not_sent(Reason::InvalidRequest, error.to_string())
    }
}
