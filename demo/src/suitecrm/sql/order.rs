//! The order of a list: known columns sort, everything else is passed over, as SuiteCRM does.

/// One column of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) column: String,
    pub(crate) descending: bool,
}

/// Reads `accounts.name ASC, date_entered DESC`.
pub(crate) fn order(text: &str, table: &str) -> Vec<Order> {
    text.split(',')
        .filter_map(|part| {
            let mut words = part.split_whitespace();
            let name = words.next()?.to_ascii_lowercase();
            let column = match name.split_once('.') {
                Some((own, column)) if own == table || own == format!("{table}_cstm") => column,
                Some(_) => return None,
                None => &name,
            };
            Some(Order {
                column: column.to_owned(),
                descending: words
                    .next()
                    .is_some_and(|word| word.eq_ignore_ascii_case("desc")),
            })
        })
        .collect()
}
