//! The CRM's tables as its database has them: columns, defaults, references, views.
//!
//! Declarations alone. Values are `kind`'s business, what a view holds is `views`'.

use super::kind::Kind;

/// What a new row gets where nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usual {
    Null,
    /// The moment of the statement.
    Now,
    Text(&'static str),
    No,
    One,
    EmptyObject,
}

/// One column.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) usual: Usual,
}

/// A foreign key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) column: &'static str,
    pub(crate) table: &'static str,
    /// Whether rows go with what they refer to.
    pub(crate) cascade: bool,
}

/// A table or a view.
#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
    pub(crate) keys: &'static [Key],
    /// What a view is made with, which keeps it from being written; `None` for tables.
    pub(crate) view: Option<&'static str>,
}

impl Relation {
    pub(crate) fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether new rows get the caller as their owner.
    pub(crate) fn is_owned(&self) -> bool {
        self.view.is_none() && self.name != "sales" && self.column("sales_id").is_some()
    }
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        required: false,
        usual: Usual::Null,
    }
}

const fn needed(name: &'static str, kind: Kind) -> Column {
    with(name, kind, Usual::Null)
}

const fn with(name: &'static str, kind: Kind, usual: Usual) -> Column {
    Column {
        name,
        kind,
        required: true,
        usual,
    }
}

const fn key(column: &'static str, table: &'static str) -> Key {
    Key {
        column,
        table,
        cascade: false,
    }
}

const fn cascading(column: &'static str, table: &'static str) -> Key {
    Key {
        column,
        table,
        cascade: true,
    }
}

macro_rules! company_columns {
    ($($more:expr),*) => {
        &[
            needed("id", Kind::BigInt),
            needed("name", Kind::Text),
            column("sector", Kind::Text),
            column("size", Kind::SmallInt),
            column("linkedin_url", Kind::Text),
            column("website", Kind::Citext),
            column("phone_number", Kind::Text),
            column("address", Kind::Text),
            column("zipcode", Kind::Text),
            column("city", Kind::Text),
            column("state_abbr", Kind::Text),
            column("country", Kind::Text),
            column("description", Kind::Text),
            column("revenue", Kind::Text),
            column("tax_identifier", Kind::Text),
            column("logo", Kind::Jsonb),
            column("context_links", Kind::Json),
            column("sales_id", Kind::BigInt),
            with("created_at", Kind::Time, Usual::Now),
            $($more),*
        ]
    };
}

macro_rules! contact_columns {
    ($($more:expr),*) => {
        &[
            needed("id", Kind::BigInt),
            column("first_name", Kind::Text),
            column("last_name", Kind::Text),
            column("gender", Kind::Text),
            column("title", Kind::Text),
            column("background", Kind::Text),
            column("status", Kind::Text),
            column("linkedin_url", Kind::Text),
            column("avatar", Kind::Jsonb),
            column("first_seen", Kind::Time),
            column("last_seen", Kind::Time),
            column("has_newsletter", Kind::Bool),
            column("tags", Kind::Numbers),
            column("company_id", Kind::BigInt),
            column("sales_id", Kind::BigInt),
            column("email_jsonb", Kind::Jsonb),
            column("phone_jsonb", Kind::Jsonb),
            $($more),*
        ]
    };
}

/// All tables and views of the schema `public`.
pub(crate) static ALL: &[Relation] = &[
    Relation {
        name: "companies",
        columns: company_columns!(),
        keys: &[key("sales_id", "sales")],
        view: None,
    },
    Relation {
        name: "contacts",
        columns: contact_columns!(),
        keys: &[
            cascading("company_id", "companies"),
            key("sales_id", "sales"),
        ],
        view: None,
    },
    Relation {
        name: "contact_notes",
        columns: &[
            needed("id", Kind::BigInt),
            needed("contact_id", Kind::BigInt),
            column("text", Kind::Text),
            Column {
                name: "date",
                kind: Kind::Time,
                required: false,
                usual: Usual::Now,
            },
            column("status", Kind::Text),
            column("sales_id", Kind::BigInt),
            column("attachments", Kind::Objects),
        ],
        keys: &[
            cascading("contact_id", "contacts"),
            cascading("sales_id", "sales"),
        ],
        view: None,
    },
    Relation {
        name: "deals",
        columns: &[
            needed("id", Kind::BigInt),
            needed("name", Kind::Text),
            column("company_id", Kind::BigInt),
            column("contact_ids", Kind::Numbers),
            column("category", Kind::Text),
            needed("stage", Kind::Text),
            column("description", Kind::Text),
            column("amount", Kind::BigInt),
            with("created_at", Kind::Time, Usual::Now),
            with("updated_at", Kind::Time, Usual::Now),
            column("archived_at", Kind::Time),
            column("expected_closing_date", Kind::Date),
            column("sales_id", Kind::BigInt),
            column("index", Kind::SmallInt),
        ],
        keys: &[
            cascading("company_id", "companies"),
            key("sales_id", "sales"),
        ],
        view: None,
    },
    Relation {
        name: "deal_notes",
        columns: &[
            needed("id", Kind::BigInt),
            needed("deal_id", Kind::BigInt),
            column("type", Kind::Text),
            column("text", Kind::Text),
            Column {
                name: "date",
                kind: Kind::Time,
                required: false,
                usual: Usual::Now,
            },
            column("sales_id", Kind::BigInt),
            column("attachments", Kind::Objects),
        ],
        keys: &[cascading("deal_id", "deals"), key("sales_id", "sales")],
        view: None,
    },
    Relation {
        name: "tasks",
        columns: &[
            needed("id", Kind::BigInt),
            needed("contact_id", Kind::BigInt),
            column("type", Kind::Text),
            column("text", Kind::Text),
            column("due_date", Kind::Time),
            column("done_date", Kind::Time),
            column("sales_id", Kind::BigInt),
        ],
        keys: &[cascading("contact_id", "contacts")],
        view: None,
    },
    Relation {
        name: "tags",
        columns: &[
            needed("id", Kind::BigInt),
            needed("name", Kind::Text),
            needed("color", Kind::Text),
        ],
        keys: &[],
        view: None,
    },
    Relation {
        name: "sales",
        columns: &[
            needed("id", Kind::BigInt),
            with("first_name", Kind::Text, Usual::Text("Pending")),
            with("last_name", Kind::Text, Usual::Text("Pending")),
            needed("email", Kind::Citext),
            needed("administrator", Kind::Bool),
            needed("user_id", Kind::Uuid),
            column("avatar", Kind::Jsonb),
            with("disabled", Kind::Bool, Usual::No),
        ],
        keys: &[],
        view: None,
    },
    Relation {
        name: "configuration",
        columns: &[
            with("id", Kind::Integer, Usual::One),
            with("config", Kind::Jsonb, Usual::EmptyObject),
        ],
        keys: &[],
        view: None,
    },
    Relation {
        name: "favicons_excluded_domains",
        columns: &[needed("id", Kind::BigInt), needed("domain", Kind::Text)],
        keys: &[],
        view: None,
    },
    Relation {
        name: "contacts_summary",
        columns: contact_columns!(
            column("email_fts", Kind::Text),
            column("phone_fts", Kind::Text),
            column("company_name", Kind::Text),
            column("nb_tasks", Kind::BigInt)
        ),
        keys: &[key("company_id", "companies"), key("sales_id", "sales")],
        view: Some("GROUP BY"),
    },
    Relation {
        name: "companies_summary",
        columns: company_columns!(
            column("nb_deals", Kind::BigInt),
            column("nb_contacts", Kind::BigInt)
        ),
        keys: &[key("sales_id", "sales")],
        view: Some("GROUP BY"),
    },
    Relation {
        name: "activity_log",
        columns: &[
            column("id", Kind::Text),
            column("type", Kind::Text),
            column("date", Kind::Time),
            column("company_id", Kind::BigInt),
            column("sales_id", Kind::BigInt),
            column("company", Kind::Json),
            column("contact", Kind::Json),
            column("deal", Kind::Json),
            column("contact_note", Kind::Json),
            column("deal_note", Kind::Json),
        ],
        keys: &[],
        view: Some("UNION, INTERSECT, or EXCEPT"),
    },
    Relation {
        name: "init_state",
        columns: &[column("is_initialized", Kind::BigInt)],
        keys: &[],
        view: Some("aggregate functions"),
    },
];

/// The relation of a name.
pub(crate) fn find(name: &str) -> Option<&'static Relation> {
    ALL.iter().find(|relation| relation.name == name)
}
