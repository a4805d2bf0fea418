//! Choosing and ordering records, whoever asks.

use std::cmp::Ordering;

use super::reply::Failure;
use super::schema::Module;
use super::sql::{self, Columns, Expression, Order, Wrong};
use super::store::{Row, Store, address_id};
use super::work::Work;

/// The longest a call is made to wait by `sleep` in its clause; the real one has no such end.
const LONGEST_SLEEP: f64 = 2.0;

/// What a list is made of.
pub(crate) struct Wanted<'a> {
    pub(crate) clause: &'a str,
    pub(crate) order: &'a str,
    /// Deleted records too.
    pub(crate) deleted: bool,
    /// Only what is assigned to the caller.
    pub(crate) own: bool,
}

impl Work<'_> {
    /// The ids of the records wanted, in order. What SuiteCRM refuses to pass on is "Access
    /// Denied", what its database refuses a database failure.
    pub(crate) fn select(
        &mut self,
        module: &Module,
        wanted: &Wanted<'_>,
    ) -> Result<Vec<String>, Failure> {
        if sql::refused(wanted.clause) || sql::refused(wanted.order) {
            return Err(Failure::Denied);
        }
        let clause = sql::parse(wanted.clause).map_err(|Wrong| Failure::Database)?;
        let mut rows = Vec::new();
        let mut looked_at = 0_u32;
        for row in self.store.rows(&module.name) {
            let visible = wanted.deleted || !row.is_deleted();
            if !visible || wanted.own && row.text("assigned_user_id") != self.user.id {
                continue;
            }
            looked_at += 1;
            if holds(clause.as_ref(), self.store, module, row)? {
                rows.push(row);
            }
        }
        if looked_at == 0 {
            // The database finds a wrong column without any row.
            holds(clause.as_ref(), self.store, module, &Row::default())?;
        }
        sort(
            self.store,
            module,
            &mut rows,
            &sql::order(wanted.order, &module.table),
        );
        let ids = rows
            .into_iter()
            .map(|row| row.text("id").to_owned())
            .collect();
        // Once for the page and once for the count.
        let seconds = clause.as_ref().map_or(0.0, sql::seconds_of_sleep);
        self.slept += (seconds * f64::from(looked_at) * 2.0).clamp(0.0, LONGEST_SLEEP);
        Ok(ids)
    }

    /// Whether a row fits a clause of its module.
    pub(crate) fn fits(&self, module: &Module, row: &Row, clause: &str) -> Result<bool, Failure> {
        if sql::refused(clause) {
            return Err(Failure::Denied);
        }
        let clause = sql::parse(clause).map_err(|Wrong| Failure::Database)?;
        holds(clause.as_ref(), self.store, module, row)
    }
}

fn holds(
    clause: Option<&Expression>,
    store: &Store,
    module: &Module,
    row: &Row,
) -> Result<bool, Failure> {
    let columns = RowColumns { store, module, row };
    clause.map_or(Ok(true), |clause| {
        sql::holds(clause, &columns).map_err(|Wrong| Failure::Database)
    })
}

/// Sorts by the columns that exist; equal rows stay in the order of their ids.
pub(crate) fn sort(store: &Store, module: &Module, rows: &mut [&Row], orders: &[Order]) {
    let known: Vec<&Order> = orders
        .iter()
        .filter(|order| module.field(&order.column).is_some())
        .collect();
    rows.sort_by(|left, right| {
        known.iter().fold(Ordering::Equal, |found, order| {
            found.then_with(|| {
                let key = |row| store.read(module, row, &order.column).to_lowercase();
                let by_column = compare(&key(left), &key(right));
                if order.descending {
                    by_column.reverse()
                } else {
                    by_column
                }
            })
        })
    });
}

/// Numbers by their value, everything else as text.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(left), Ok(right)) => left.total_cmp(&right),
        _ => left.cmp(right),
    }
}

/// The columns of a list's query: the module's table, its custom table, and what is joined to them.
struct RowColumns<'a> {
    store: &'a Store,
    module: &'a Module,
    row: &'a Row,
}

impl Columns for RowColumns<'_> {
    fn column(&self, table: Option<&str>, name: &str) -> Result<Option<String>, Wrong> {
        let field = self
            .module
            .field(name)
            .filter(|field| !field.nondb)
            .ok_or(Wrong)?;
        let fits = match table {
            Some(table) if field.is_custom() => table == format!("{}_cstm", self.module.table),
            Some(table) => table == self.module.table,
            None => !is_joined(self.module, name),
        };
        if fits {
            Ok(self.row.get(name).map(str::to_owned))
        } else {
            Err(Wrong)
        }
    }

    fn addresses(&self) -> Vec<Vec<(String, String)>> {
        let mut joined = Vec::new();
        for row in self.store.rows(&self.module.name) {
            let address = row.text("email1");
            if !address.is_empty() {
                joined.push(address_row(self.module, row, address));
            }
        }
        joined
    }
}

/// Lists join users, and accounts with other accounts; what both have must be qualified.
fn is_joined(module: &Module, name: &str) -> bool {
    const USERS: [&str; 18] = [
        "id",
        "name",
        "user_name",
        "first_name",
        "last_name",
        "is_admin",
        "description",
        "date_entered",
        "date_modified",
        "modified_user_id",
        "created_by",
        "title",
        "department",
        "phone_home",
        "phone_mobile",
        "phone_work",
        "status",
        "deleted",
    ];
    module.name == "Accounts" || USERS.contains(&name)
}

fn address_row(module: &Module, row: &Row, address: &str) -> Vec<(String, String)> {
    let id = address_id(address);
    let values = [
        ("email_addr_bean_rel.id", format!("rel-{}", row.text("id"))),
        ("email_addr_bean_rel.bean_id", row.text("id").to_owned()),
        ("email_addr_bean_rel.bean_module", module.name.clone()),
        ("email_addr_bean_rel.email_address_id", id.clone()),
        ("email_addr_bean_rel.primary_address", "1".to_owned()),
        (
            "email_addr_bean_rel.deleted",
            String::from(if row.is_deleted() { "1" } else { "0" }),
        ),
        ("email_addresses.id", id),
        ("email_addresses.email_address", address.to_owned()),
        ("email_addresses.email_address_caps", address.to_uppercase()),
        ("email_addresses.opt_out", "0".to_owned()),
        ("email_addresses.invalid_email", "0".to_owned()),
        ("email_addresses.deleted", "0".to_owned()),
    ];
    values.map(|(name, value)| (name.to_owned(), value)).into()
}
