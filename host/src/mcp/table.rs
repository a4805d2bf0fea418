//! A list as a table: what its rows have in common is written once.
//!
//! Line by line: what stands beside the records as `name: value`, an empty line, the names of the
//! columns, one line for each record. Cells are parted by `|` and hold JSON, but for a text that nothing
//! else can be taken for, which stands without quotes; a cell that is empty has no value at all, not
//! even null. So nothing is lost, and the structured content can be had from it again.

use serde_json::{Map, Value};

/// The member that holds the records of a list.
const RECORDS: &str = "records";

/// Bytes that most tables fit into.
const USUAL: usize = 4 << 10;

/// The table of a list; none where the value is no list of records.
pub fn written(value: &Value) -> Option<String> {
    let members = value.as_object()?;
    let records = members
        .get(RECORDS)?
        .as_array()
        .filter(|all| !all.is_empty())?;
    let records: Vec<&Map<String, Value>> = records
        .iter()
        .map(Value::as_object)
        .collect::<Option<_>>()?;
    let columns = columns(&records);
    let mut text = String::with_capacity(USUAL);
    for (name, value) in members.iter().filter(|(name, _)| *name != RECORDS) {
        cell(&mut text, name);
        text.push_str(": ");
        put(&mut text, value);
        text.push('\n');
    }
    text.push('\n');
    row(&mut text, columns.iter(), |text, name| cell(text, name));
    for record in records {
        text.push('\n');
        row(&mut text, columns.iter(), |text, name| {
            if let Some(value) = record.get(*name) {
                put(text, value);
            }
        });
    }
    Some(text)
}

/// Every name that a record has, in the order of their first appearance.
fn columns<'r>(records: &[&'r Map<String, Value>]) -> Vec<&'r str> {
    let mut columns: Vec<&str> = Vec::new();
    for record in records {
        // Most records have the same names in the same order.
        let alike = record.len() == columns.len() && record.keys().eq(columns.iter());
        if alike {
            continue;
        }
        for name in record.keys() {
            if !columns.contains(&name.as_str()) {
                columns.push(name);
            }
        }
    }
    columns
}

fn row<T>(text: &mut String, cells: impl Iterator<Item = T>, write: impl Fn(&mut String, T)) {
    for (at, value) in cells.enumerate() {
        if at > 0 {
            text.push('|');
        }
        write(text, value);
    }
}

fn put(text: &mut String, value: &Value) {
    match value {
        Value::String(plain) => cell(text, plain),
        other => {
            let start = text.len();
            text.push_str(&other.to_string());
            // Within JSON a bar can only stand in a text, where it may be written otherwise.
            if text[start..].contains('|') {
                let escaped = text[start..].replace('|', "\\u007c");
                text.truncate(start);
                text.push_str(&escaped);
            }
        }
    }
}

/// A text, in quotes where it could be taken for something else.
fn cell(text: &mut String, plain: &str) {
    if is_plain(plain) {
        text.push_str(plain);
    } else {
        let quoted = Value::from(plain).to_string();
        text.push_str(&quoted.replace('|', "\\u007c"));
    }
}

/// Whether a text is neither empty nor JSON of another kind, and holds nothing that parts cells or rows.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    let number = (first.is_ascii_digit() || *first == b'-')
        && serde_json::from_str::<serde_json::Number>(text).is_ok();
    !number
        && !matches!(first, b'"' | b'{' | b'[' | b' ')
        && *last != b' '
        && !matches!(text, "true" | "false" | "null")
        && !bytes.iter().any(|byte| *byte == b'|' || *byte < b' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value_of(cell: &str) -> Value {
        serde_json::from_str(cell).unwrap_or_else(|_| cell.into())
    }

    /// Reads a table again.
    fn read(table: &str) -> Value {
        let (head, rows) = table
            .split_once("\n\n")
            .unwrap_or_else(|| ("", table.strip_prefix('\n').expect("an empty line")));
        let mut members = Map::new();
        for line in head.lines() {
            let (name, value) = line.split_once(": ").expect("a name and a value");
            members.insert(name.to_owned(), value_of(value));
        }
        let mut rows = rows.split('\n');
        let text = |cell: &str| {
            value_of(cell)
                .as_str()
                .map_or(cell.to_owned(), str::to_owned)
        };
        let columns: Vec<String> = rows
            .next()
            .unwrap_or_default()
            .split('|')
            .map(text)
            .collect();
        let record = |row: &str| -> Value {
            let cells = row.split('|').zip(&columns);
            let full = cells.filter(|(cell, _)| !cell.is_empty());
            full.map(|(cell, name)| (name.clone(), value_of(cell)))
                .collect::<Map<_, _>>()
                .into()
        };
        members.insert(RECORDS.to_owned(), rows.map(record).collect());
        members.into()
    }

    #[test]
    fn a_list_is_a_table() {
        let list = json!({
            "records": [
                {"id": "a1", "name": "Acme | Co", "amount": 12.5, "won": true, "note": null},
                {"id": "7", "name": "", "tags": ["x|y", 2], "note": "two\nlines"},
            ],
            "total": 45, "has_more": true, "next_offset": 20,
        });
        let table = written(&list).unwrap();
        let expected = [
            "total: 45",
            "has_more: true",
            "next_offset: 20",
            "",
            "id|name|amount|won|note|tags",
            r#"a1|"Acme \u007c Co"|12.5|true|null|"#,
            r#""7"|""|||"two\nlines"|["x\u007cy",2]"#,
        ];
        assert_eq!(table, expected.join("\n"));
        assert_eq!(read(&table), list);
    }

    #[test]
    fn what_is_no_list_of_records_is_no_table() {
        for value in [
            json!({"records": []}),
            json!({"records": [1]}),
            json!({"records": {}}),
            json!({"record": {"id": 1}}),
            json!([]),
        ] {
            assert_eq!(written(&value), None, "{value}");
        }
    }

    fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[ -~|\"\\\\\n\t\u{e9}]{0,12}".prop_map(Value::from),
            prop_oneof![
                Just("true"),
                Just("-1.5e3"),
                Just("{}"),
                Just(" x"),
                Just("|"),
                Just("a, b")
            ]
            .prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-z|]{1,3}", inner, 0..3)
                    .prop_map(|map| map.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_is_lost(
            rows in prop::collection::vec(prop::collection::btree_map("[a-z| ]{1,4}", anything(), 1..5), 1..5),
            total in any::<u32>(),
        ) {
            let rows: Vec<Value> = rows
                .into_iter()
                .map(|row| row.into_iter().collect::<Map<_, _>>().into())
                .collect();
            let list = json!({"records": rows, "total": total});
            prop_assert_eq!(read(&written(&list).unwrap()), list);
        }
    }
}
