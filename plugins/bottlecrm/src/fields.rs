//! What a field holds and what may be done with it; the tables of the entities' fields.
//!
//! From the CRM's own behaviour; its published schema leaves some of them out, see `schema`.

use crate::choices::{self, Choices};

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

const fn once(name: &'static str, kind: Kind, why: &'static str) -> Field {
    Field {
        name,
        kind,
        write: Write::Once(why),
    }
}

const fn never(name: &'static str, kind: Kind, instead: &'static str) -> Field {
    Field {
        name,
        kind,
        write: Write::Never(instead),
    }
}

const ASSIGNED: Field = may("assigned_to", Kind::Many(Link::Person));
const TEAMS: Field = may("teams", Kind::Many(Link::Team));
const CONTACTS: Field = may("contacts", Kind::Many(Link::Contact));
const TAGS: Field = may("tags", Kind::Many(Link::Tag));
const CUSTOM: Field = may("custom_fields", Kind::Custom);
const EMAIL: Field = may("email", Kind::Email);
const PHONE: Field = may("phone", Kind::Phone);
const CURRENCY: Field = may("currency", Kind::Choice(choices::CURRENCY));
const INDUSTRY: Field = may("industry", Kind::Choice(choices::INDUSTRY));
const ADDRESS: Field = may("address_line", Kind::Text(255));
const CITY: Field = may("city", Kind::Text(255));
const STATE: Field = may("state", Kind::Text(255));
const POSTCODE: Field = may("postcode", Kind::Text(64));
const COUNTRY: Field = may("country", Kind::Country);
const DESCRIPTION: Field = may("description", Kind::Text(0));
const ACTIVE: Field = may("is_active", Kind::Bool);
const PERCENT: Kind = Kind::Whole(0, 100);

pub(crate) const LEADS: &[Field] = &[
    may("title", Kind::Text(255)),
    may("salutation", Kind::Text(64)),
    may("first_name", Kind::Text(255)),
    may("last_name", Kind::Text(255)),
    EMAIL,
    PHONE,
    may("job_title", Kind::Text(255)),
    may("company_name", Kind::Text(255)),
    may("website", Kind::Text(255)),
    may("linkedin_url", Kind::Url),
    may("status", Kind::Choice(choices::LEAD_STATUS)),
    may("source", Kind::Choice(choices::LEAD_SOURCE)),
    INDUSTRY,
    may("rating", Kind::Choice(choices::RATING)),
    may("opportunity_amount", Kind::Decimal),
    CURRENCY,
    may("probability", PERCENT),
    may("close_date", Kind::Date),
    ADDRESS,
    CITY,
    STATE,
    POSTCODE,
    COUNTRY,
    may("last_contacted", Kind::Date),
    may("next_follow_up", Kind::Date),
    DESCRIPTION,
    ACTIVE,
    TAGS,
    CONTACTS,
    TEAMS,
    ASSIGNED,
    CUSTOM,
];

pub(crate) const CONTACTS_FIELDS: &[Field] = &[
    must("first_name", Kind::Text(255)),
    must("last_name", Kind::Text(255)),
    EMAIL,
    PHONE,
    may("organization", Kind::Text(255)),
    may("title", Kind::Text(255)),
    may("department", Kind::Text(255)),
    may("do_not_call", Kind::Bool),
    may("linkedin_url", Kind::Url),
    ADDRESS,
    CITY,
    STATE,
    POSTCODE,
    COUNTRY,
    DESCRIPTION,
    may("account", Kind::One(Link::Account)),
    ACTIVE,
    TAGS,
    TEAMS,
    ASSIGNED,
    CUSTOM,
];

pub(crate) const ACCOUNTS: &[Field] = &[
    must("name", Kind::Text(255)),
    EMAIL,
    PHONE,
    may("website", Kind::Url),
    INDUSTRY,
    may("number_of_employees", Kind::Whole(0, 2_147_483_647)),
    may("annual_revenue", Kind::Decimal),
    CURRENCY,
    ADDRESS,
    CITY,
    STATE,
    POSTCODE,
    COUNTRY,
    DESCRIPTION,
    ACTIVE,
    CONTACTS,
    TAGS,
    TEAMS,
    ASSIGNED,
    CUSTOM,
];

pub(crate) const OPPORTUNITIES: &[Field] = &[
    must("name", Kind::Text(255)),
    may("account", Kind::One(Link::Account)),
    may("stage", Kind::Choice(choices::STAGE)),
    may("opportunity_type", Kind::Choice(choices::OPPORTUNITY_TYPE)),
    CURRENCY,
    may("amount", Kind::Decimal),
    may("probability", PERCENT),
    may("closed_on", Kind::Date),
    may("lead_source", Kind::Choice(choices::DEAL_SOURCE)),
    DESCRIPTION,
    ACTIVE,
    CONTACTS,
    TAGS,
    TEAMS,
    ASSIGNED,
    CUSTOM,
];

pub(crate) const TASKS: &[Field] = &[
    must("title", Kind::Text(200)),
    must("status", Kind::Choice(choices::TASK_STATUS)),
    must("priority", Kind::Choice(choices::TASK_PRIORITY)),
    may("due_date", Kind::Date),
    DESCRIPTION,
    may("account", Kind::One(Link::Account)),
    may("opportunity", Kind::One(Link::Opportunity)),
    may("case", Kind::One(Link::Case)),
    may("lead", Kind::One(Link::Lead)),
    CONTACTS,
    TEAMS,
    ASSIGNED,
    TAGS,
    CUSTOM,
];

pub(crate) const CASES: &[Field] = &[
    must("name", Kind::Text(64)),
    must("status", Kind::Choice(choices::CASE_STATUS)),
    must("priority", Kind::Choice(choices::CASE_PRIORITY)),
    may("case_type", Kind::Choice(choices::CASE_TYPE)),
    may("closed_on", Kind::Date),
    DESCRIPTION,
    ACTIVE,
    once(
        "account",
        Kind::One(Link::Account),
        "the CRM ignores another account on an existing case",
    ),
    may("parent", Kind::One(Link::Case)),
    may("is_problem", Kind::Bool),
    CONTACTS,
    TEAMS,
    ASSIGNED,
    TAGS,
    CUSTOM,
];

pub(crate) const INVOICES: &[Field] = &[
    must("invoice_title", Kind::Text(100)),
    must("account_id", Kind::One(Link::Account)),
    must("contact_id", Kind::One(Link::Contact)),
    may("opportunity_id", Kind::One(Link::Opportunity)),
    may("template_id", Kind::Text(36)),
    never(
        "status",
        Kind::Choice(choices::INVOICE_STATUS),
        "it follows from crm_action: send, mark_paid, pay, cancel",
    ),
    may("client_name", Kind::Text(255)),
    may("client_email", Kind::Email),
    may("client_phone", Kind::Text(25)),
    may("client_address_line", Kind::Text(255)),
    may("client_city", Kind::Text(100)),
    may("client_state", Kind::Text(100)),
    may("client_postcode", Kind::Text(20)),
    may("client_country", Kind::Country),
    may("billing_address_line", Kind::Text(255)),
    may("billing_city", Kind::Text(100)),
    may("billing_state", Kind::Text(100)),
    may("billing_postcode", Kind::Text(20)),
    may("billing_country", Kind::Country),
    may("discount_type", Kind::Choice(choices::DISCOUNT)),
    may("discount_value", Kind::Decimal),
    may("tax_rate", Kind::Decimal),
    may("shipping_amount", Kind::Decimal),
    CURRENCY,
    may("issue_date", Kind::Date),
    may("due_date", Kind::Date),
    may("payment_terms", Kind::Choice(choices::PAYMENT_TERMS)),
    may("reminder_enabled", Kind::Bool),
    may("reminder_days_before", Kind::Whole(0, 365)),
    may("reminder_days_after", Kind::Whole(0, 365)),
    may("reminder_frequency", Kind::Text(50)),
    may("public_link_enabled", Kind::Bool),
    may("notes", Kind::Text(0)),
    may("terms", Kind::Text(0)),
    may("billing_period", Kind::Text(100)),
    may("po_number", Kind::Text(100)),
    may("line_items", Kind::Lines),
    CUSTOM,
];

pub(crate) const ESTIMATES: &[Field] = &[
    must("title", Kind::Text(100)),
    must("account_id", Kind::One(Link::Account)),
    must("contact_id", Kind::One(Link::Contact)),
    may("opportunity_id", Kind::One(Link::Opportunity)),
    once(
        "status",
        Kind::Choice(choices::ESTIMATE_STATUS),
        "the CRM ignores it later; crm_action send changes it",
    ),
    may("client_name", Kind::Text(255)),
    may("client_email", Kind::Email),
    may("client_phone", Kind::Text(25)),
    may("discount_type", Kind::Choice(choices::DISCOUNT)),
    may("discount_value", Kind::Decimal),
    may("tax_rate", Kind::Decimal),
    CURRENCY,
    may("issue_date", Kind::Date),
    may("expiry_date", Kind::Date),
    may("notes", Kind::Text(0)),
    may("terms", Kind::Text(0)),
    may("line_items", Kind::Lines),
    CUSTOM,
];

pub(crate) const PRODUCTS: &[Field] = &[
    must("name", Kind::Text(255)),
    may("description", Kind::Text(0)),
    may("sku", Kind::Text(100)),
    may("price", Kind::Decimal),
    CURRENCY,
    may("category", Kind::Text(100)),
    ACTIVE,
];

pub(crate) const SOLUTIONS: &[Field] = &[
    must("title", Kind::Text(255)),
    must("description", Kind::Text(0)),
    may("status", Kind::Choice(choices::SOLUTION_STATUS)),
    never(
        "is_published",
        Kind::Bool,
        "crm_action publish and unpublish change it",
    ),
];

pub(crate) const TAGS_FIELDS: &[Field] = &[
    must("name", Kind::Text(100)),
    may("color", Kind::Text(20)),
    may("description", Kind::Text(0)),
];

pub(crate) const GOALS: &[Field] = &[
    must("name", Kind::Text(255)),
    must("goal_type", Kind::Choice(choices::GOAL_TYPE)),
    must("target_value", Kind::Decimal),
    must("period_type", Kind::Choice(choices::PERIOD)),
    must("period_start", Kind::Date),
    must("period_end", Kind::Date),
    may("assigned_to", Kind::One(Link::Person)),
    may("team", Kind::One(Link::Team)),
    ACTIVE,
];

/// A line of an invoice or an estimate.
pub(crate) const LINE: &[Field] = &[
    may("product", Kind::One(Link::Product)),
    may("name", Kind::Text(255)),
    may("description", Kind::Text(0)),
    may("quantity", Kind::Decimal),
    may("unit_price", Kind::Decimal),
    may("discount_type", Kind::Choice(choices::DISCOUNT)),
    may("discount_value", Kind::Decimal),
    may("tax_rate", Kind::Decimal),
    may("order", Kind::Whole(0, 32_767)),
];
