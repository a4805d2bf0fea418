//! A parsed clause.

/// A condition or a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Null,
    Number(f64),
    Text(String),
    /// A column, with the table or alias in front of it if there is one.
    Column(Option<String>, String),
    /// A function by its name in lower case.
    Call(String, Vec<Self>),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Compare(Box<Self>, Comparison, Box<Self>),
    Like(Box<Self>, Box<Self>),
    In(Box<Self>, Vec<Self>),
    Between(Box<Self>, Box<Self>, Box<Self>),
    IsNull(Box<Self>),
    /// `x IN (SELECT column FROM email_addr_bean_rel … JOIN email_addresses … WHERE …)`.
    InAddresses(Box<Self>, Box<Addresses>),
}

/// An operator between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The one sub-select that is of use: records by their e-mail addresses.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Addresses {
    /// What it selects.
    pub(crate) column: Expression,
    /// Alias and table.
    pub(crate) tables: Vec<(String, String)>,
    /// The conditions of its joins and its own.
    pub(crate) conditions: Vec<Expression>,
}
