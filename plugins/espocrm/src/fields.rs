//! Which attributes a field has: `account` is sent as `accountId`, `amount` also has
//! `amountCurrency`.
//!
//! Pure knowledge of EspoCRM's field types; it asks nobody.

use portcullis_sdk::text;

use crate::metadata::{Defs, Field};

/// What an attribute is to its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The value itself.
    Value,
    /// The id of the one linked record.
    Id,
    /// The ids of the linked records.
    Ids,
    /// The entity type of a parent.
    Type,
    /// The currency of an amount.
    Currency,
    /// The date of a field that holds a date or a date-time.
    DateOnly,
    /// Structured addresses or numbers.
    Data,
    /// Attributes of the relation, by id.
    Columns,
    /// What the CRM computes: names of linked records, converted amounts.
    Shown,
}

/// An attribute and the field it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute<'d> {
    pub(crate) field: &'d str,
    pub(crate) def: &'d Field,
    pub(crate) part: Part,
}

impl Attribute<'_> {
    /// Whether a write to it has no effect.
    pub(crate) fn is_read_only(&self) -> bool {
        self.def.read_only
            || self.part == Part::Shown
            || matches!(
                self.def.kind.as_str(),
                "foreign" | "autoincrement" | "number" | "currencyConverted" | "personName" | "map"
            )
    }
}

/// The suffixes of a field type's attributes; the empty one is the value itself.
pub(crate) fn parts(kind: &str) -> &'static [(&'static str, Part)] {
    match kind {
        "link" | "linkOne" | "file" | "image" => &[("Id", Part::Id), ("Name", Part::Shown)],
        "linkParent" => &[
            ("Type", Part::Type),
            ("Id", Part::Id),
            ("Name", Part::Shown),
        ],
        "linkMultiple" => &[
            ("Ids", Part::Ids),
            ("Names", Part::Shown),
            ("Columns", Part::Columns),
        ],
        "attachmentMultiple" => &[
            ("Ids", Part::Ids),
            ("Names", Part::Shown),
            ("Types", Part::Shown),
        ],
        "currency" => &[
            ("", Part::Value),
            ("Currency", Part::Currency),
            ("Converted", Part::Shown),
        ],
        "datetimeOptional" => &[("", Part::Value), ("Date", Part::DateOnly)],
        "email" | "phone" => &[("", Part::Value), ("Data", Part::Data)],
        "address" | "map" => &[],
        _ => &[("", Part::Value)],
    }
}

impl Defs {
    /// The attribute of a name.
    pub(crate) fn attribute(&self, name: &str) -> Option<Attribute<'_>> {
        (0..=name.len())
            .rev()
            .filter(|&at| name.is_char_boundary(at))
            .find_map(|at| {
                let (field, suffix) = name.split_at(at);
                let (field, def) = self.fields.entry(field)?;
                let (_, part) = parts(&def.kind)
                    .iter()
                    .find(|(known, _)| *known == suffix)?;
                Some(Attribute {
                    field,
                    def,
                    part: *part,
                })
            })
    }

    /// The names of all attributes.
    pub(crate) fn attribute_names(&self) -> Vec<String> {
        let mut names = vec!["id".to_owned()];
        for (name, field) in self.fields.iter() {
            names.extend(
                parts(&field.kind)
                    .iter()
                    .map(|(suffix, _)| format!("{name}{suffix}")),
            );
        }
        names
    }

    /// `did you mean …?` for a name that is no attribute; a link field's name leads to its id.
    pub(crate) fn suggest(&self, name: &str) -> Option<String> {
        if let Some(field) = self.fields.get(name) {
            let names: Vec<_> = parts(&field.kind)
                .iter()
                .map(|(suffix, _)| format!("{name}{suffix}"))
                .collect();
            if !names.is_empty() {
                return Some(format!("{name} is sent as {}", names.join(", ")));
            }
            let inner: Vec<_> = self
                .fields
                .keys()
                .filter(|key| key.starts_with(name) && *key != name)
                .collect();
            return (!inner.is_empty()).then(|| format!("{name} is sent as {}", inner.join(", ")));
        }
        let names = self.attribute_names();
        text::did_you_mean(name, names.iter().map(String::as_str))
    }
}
