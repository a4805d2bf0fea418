//! What a field holds and what may be done with it.

use crate::choices::Choices;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text of at most so many characters; 0 for any length.
    Text(usize),
    Email,
    Phone,
    Url,
    /// `YYYY-MM-DD`.
    Date,
    /// RFC 3339.
    DateTime,
    /// A decimal, as text or number.
    Decimal,
    /// A whole number in a range.
    Whole(i64, i64),
    Bool,
    Choice(Choices),
    /// Two capital letters.
    Country,
    /// A record of an entity, by id or by name.
    One(Link),
    /// Records of an entity, by id or by name; the CRM drops what it does not know.
    Many(Link),
    /// Lines of an invoice or an estimate.
    Lines,
    /// The organisation's own fields.
    Custom,
    /// An id that is not looked up.
    Id,
    /// Several of them.
    Ids,
}

/// What a reference points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Person,
    Team,
    Tag,
    Account,
    Contact,
    Opportunity,
    Case,
    Lead,
    Product,
}

impl Link {
    /// The word for messages.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Team => "team",
            Self::Tag => "tag",
            Self::Account => "account",
            Self::Contact => "contact",
            Self::Opportunity => "opportunity",
            Self::Case => "case",
            Self::Lead => "lead",
            Self::Product => "product",
        }
    }

    /// The entity of `crm_search` that lists them.
    pub(crate) const fn entity(self) -> &'static str {
        match self {
            Self::Person => "people",
            Self::Team => "teams",
            Self::Tag => "tags",
            Self::Account => "accounts",
            Self::Contact => "contacts",
            Self::Opportunity => "opportunities",
            Self::Case => "cases",
            Self::Lead => "leads",
            Self::Product => "products",
        }
    }
}

/// When a field may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// Needed on create, and changeable.
    Required,
    Always,
    /// On create alone; the text says why not later.
    Once(&'static str),
    /// Never; the text says what to do instead.
    Never(&'static str),
}

/// One field that can be written, or that callers try to write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) write: Write,
}

impl Field {
    pub(crate) fn creatable(&self) -> bool {
        matches!(self.write, Write::Required | Write::Always | Write::Once(_))
    }

    pub(crate) fn updatable(&self) -> bool {
        matches!(self.write, Write::Required | Write::Always)
    }
}

pub(crate) const fn may(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        write: Write::Always,
    }
}

pub(crate) const fn must(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        write: Write::Required,
    }
}

pub(crate) const fn once(name: &'static str, kind: Kind, why: &'static str) -> Field {
    Field {
        name,
        kind,
        write: Write::Once(why),
    }
}

pub(crate) const fn never(name: &'static str, kind: Kind, instead: &'static str) -> Field {
    Field {
        name,
        kind,
        write: Write::Never(instead),
    }
}
