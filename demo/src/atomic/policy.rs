//! The rules for rows: who sees, adds, changes and removes which.
//!
//! As the CRM ships them: signed-in users do everything but with `sales` and `configuration`; nobody
//! else sees a row. An operator who tightened them is imitated for tasks alone.

use super::answer::Reply;
use super::people::Role;
use super::store::{Row, number};

/// What is done to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    See,
    Change,
    Remove,
}

/// The rules in force for one request.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) role: Role,
    /// Whether tasks are their owner's alone.
    pub(crate) own_tasks: bool,
}

impl Policy {
    /// Whether the caller may do it to a row that is there; what they may not, touches no row.
    pub(crate) fn allows(&self, deed: Deed, table: &str, row: &Row) -> bool {
        if self.role == Role::Anon {
            return false;
        }
        match (table, deed) {
            ("sales", deed) => deed == Deed::See,
            ("configuration", Deed::Change) => self.is_admin(),
            ("configuration", deed) => deed == Deed::See,
            ("tasks", _) => self.owns(row),
            _ => true,
        }
    }

    /// Whether a row may be stored as it is now.
    pub(crate) fn admit(&self, table: &str, row: &Row) -> Result<(), Reply> {
        let admitted = self.role != Role::Anon
            && match table {
                "sales" => false,
                "configuration" => self.is_admin(),
                "tasks" => self.owns(row),
                _ => true,
            };
        if admitted {
            return Ok(());
        }
        let message = format!("new row violates row-level security policy for table \"{table}\"");
        Err(self.forbidden(message))
    }

    /// 42501 is 401 for nobody and 403 for somebody.
    pub(crate) fn forbidden(&self, message: String) -> Reply {
        let refused = Reply::refused("42501", message);
        if self.role == Role::Anon {
            let refused = Reply {
                status: 401,
                ..refused
            };
            return refused.header("www-authenticate", "Bearer");
        }
        refused
    }

    fn is_admin(&self) -> bool {
        self.role
            .person()
            .is_some_and(|person| person.administrator)
    }

    fn owns(&self, row: &Row) -> bool {
        let own = self.role.person().map(|person| person.sales_id);
        !self.own_tasks || (own.is_some() && number(row, "sales_id") == own)
    }
}
