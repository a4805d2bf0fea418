//! The one sub-select SuiteCRM lets through that is of use: records by their e-mail addresses.

use super::Wrong;
use super::evaluate::{Columns, holds, value};
use super::expression::Addresses;

/// What the sub-select on addresses gives.
pub(super) fn selected(addresses: &Addresses, columns: &dyn Columns) -> Result<Vec<String>, Wrong> {
    const KNOWN: [&str; 2] = ["email_addr_bean_rel", "email_addresses"];
    if addresses
        .tables
        .iter()
        .any(|(_, table)| !KNOWN.contains(&table.as_str()))
    {
        return Err(Wrong);
    }
    let mut found = Vec::new();
    for values in columns.addresses() {
        let row = AddressRow {
            tables: &addresses.tables,
            values: &values,
        };
        let mut all = true;
        for condition in &addresses.conditions {
            all &= holds(condition, &row)?;
        }
        if all {
            found.push(value(&addresses.column, &row)?.text());
        }
    }
    Ok(found)
}

struct AddressRow<'a> {
    tables: &'a [(String, String)],
    values: &'a [(String, String)],
}

impl Columns for AddressRow<'_> {
    fn column(&self, alias: Option<&str>, name: &str) -> Result<Option<String>, Wrong> {
        let mut tables = self
            .tables
            .iter()
            .filter(|(own, _)| alias.is_none_or(|alias| alias == own));
        let found: Vec<&String> = tables
            .by_ref()
            .filter_map(|(_, table)| {
                let full = format!("{table}.{name}");
                self.values
                    .iter()
                    .find(|(own, _)| *own == full)
                    .map(|(_, value)| value)
            })
            .collect();
        match found.as_slice() {
            [value] => Ok(Some((*value).clone())),
            _ => Err(Wrong),
        }
    }

    fn addresses(&self) -> Vec<Vec<(String, String)>> {
        Vec::new()
    }
}
