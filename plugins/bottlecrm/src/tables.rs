//! The fields of each entity that can be written, or that callers try to write.
//!
//! From the CRM's own behaviour; its published schema leaves some of them out, see `schema`.

use crate::{
    choices,
    fields::{Field, Kind, Link, may, must, never, once},
};

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
    may("template_id", Kind::Id),
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
