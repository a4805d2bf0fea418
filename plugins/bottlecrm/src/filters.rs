//! The filters that the CRM's lists really honour, per entity. It ignores others without a word
//! and then answers everything, so they are refused here.

use crate::{
    choices::{self, Choices},
    fields::Link,
};

/// What a filter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    Text,
    Date,
    Number,
    /// `true` or `false`.
    Bool,
    /// `true`; otherwise it is left out.
    Flag,
    /// One of these.
    One(Choices),
    /// One or several of these.
    Several(Choices),
    /// Records, by id or name.
    Records(Link),
    /// One record, by id or name.
    Record(Link),
}

/// One filter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
}

const fn f(name: &'static str, takes: Takes) -> Filter {
    Filter { name, takes }
}

const ASSIGNED: Filter = f("assigned_to", Takes::Records(Link::Person));
const TAGGED: Filter = f("tags", Takes::Records(Link::Tag));
const CREATED_FROM: Filter = f("created_at__gte", Takes::Date);
const CREATED_TO: Filter = f("created_at__lte", Takes::Date);
const ACCOUNT: Filter = f("account", Takes::Record(Link::Account));

const CASE_ORDER: Choices = &[
    "created_at",
    "-created_at",
    "priority",
    "-priority",
    "id",
    "-id",
    "name",
    "-name",
];
const INVOICE_ORDER: Choices = &[
    "created_at",
    "-created_at",
    "due_date",
    "-due_date",
    "issue_date",
    "-issue_date",
    "total_amount",
    "-total_amount",
    "status",
    "-status",
];
/// Without `converted`, which no list ever shows.
const LISTED_STATUS: Choices = &["assigned", "in process", "recycled", "closed"];

pub(crate) const LEADS: &[Filter] = &[
    f("name", Takes::Text),
    f("salutation", Takes::Text),
    f("email", Takes::Text),
    f("city", Takes::Text),
    f("source", Takes::One(choices::LEAD_SOURCE)),
    f("rating", Takes::One(choices::RATING)),
    f("status", Takes::Several(LISTED_STATUS)),
    ASSIGNED,
    TAGGED,
    CREATED_FROM,
    CREATED_TO,
    f("close_date__gte", Takes::Date),
    f("close_date__lte", Takes::Date),
    f("next_follow_up", Takes::Date),
];

pub(crate) const CONTACTS: &[Filter] = &[
    f("name", Takes::Text),
    f("city", Takes::Text),
    f("phone", Takes::Text),
    f("email", Takes::Text),
    ASSIGNED,
    TAGGED,
    f("is_active", Takes::Bool),
    CREATED_FROM,
    CREATED_TO,
];

pub(crate) const ACCOUNTS: &[Filter] = &[
    f("name", Takes::Text),
    f("city", Takes::Text),
    f("industry", Takes::Text),
    ASSIGNED,
    TAGGED,
    CREATED_FROM,
    CREATED_TO,
];

pub(crate) const OPPORTUNITIES: &[Filter] = &[
    f("name", Takes::Text),
    ACCOUNT,
    f("stage", Takes::Several(choices::STAGE)),
    f("lead_source", Takes::One(choices::DEAL_SOURCE)),
    ASSIGNED,
    TAGGED,
    CREATED_FROM,
    CREATED_TO,
    f("closed_on__gte", Takes::Date),
    f("closed_on__lte", Takes::Date),
    f("amount__gte", Takes::Number),
    f("amount__lte", Takes::Number),
    f("open", Takes::Flag),
    f("rotten", Takes::Flag),
];

pub(crate) const TASKS: &[Filter] = &[
    f("title", Takes::Text),
    f("status", Takes::Several(choices::TASK_STATUS)),
    f("priority", Takes::One(choices::TASK_PRIORITY)),
    ASSIGNED,
    TAGGED,
    f("due_date__gte", Takes::Date),
    f("due_date__lte", Takes::Date),
    CREATED_FROM,
    CREATED_TO,
    ACCOUNT,
    f("opportunity", Takes::Record(Link::Opportunity)),
    f("case", Takes::Record(Link::Case)),
    f("lead", Takes::Record(Link::Lead)),
];

pub(crate) const CASES: &[Filter] = &[
    f("name", Takes::Text),
    f("status", Takes::Several(choices::CASE_STATUS)),
    f("priority", Takes::One(choices::CASE_PRIORITY)),
    ACCOUNT,
    f("case_type", Takes::One(choices::CASE_TYPE)),
    ASSIGNED,
    TAGGED,
    CREATED_FROM,
    CREATED_TO,
    f("sla_breached", Takes::Flag),
    f("include_deleted", Takes::Flag),
    f("show_merged", Takes::Flag),
    f("ordering", Takes::One(CASE_ORDER)),
];

pub(crate) const INVOICES: &[Filter] = &[
    f("status", Takes::One(choices::INVOICE_STATUS)),
    ACCOUNT,
    f("contact", Takes::Record(Link::Contact)),
    f("opportunity", Takes::Record(Link::Opportunity)),
    f("assigned_to", Takes::Record(Link::Person)),
    f("created_by", Takes::Record(Link::Person)),
    f("issue_date_gte", Takes::Date),
    f("issue_date_lte", Takes::Date),
    f("due_date_gte", Takes::Date),
    f("due_date_lte", Takes::Date),
    f("sort", Takes::One(INVOICE_ORDER)),
];

pub(crate) const SOLUTIONS: &[Filter] = &[
    f("status", Takes::One(choices::SOLUTION_STATUS)),
    f("is_published", Takes::Bool),
];

pub(crate) const TAGS: &[Filter] = &[f("name", Takes::Text), f("include_archived", Takes::Flag)];

pub(crate) const CUSTOM_FIELDS: &[Filter] = &[
    f("target_model", Takes::Text),
    f("active_only", Takes::Flag),
];

pub(crate) const GOALS: &[Filter] = &[
    f("active", Takes::Bool),
    f("current", Takes::Flag),
    f("period_type", Takes::One(choices::PERIOD)),
];

pub(crate) const TIME_ENTRIES: &[Filter] = &[f("case", Takes::Record(Link::Case))];

pub(crate) const APPROVALS: &[Filter] = &[
    f("state", Takes::One(choices::APPROVAL_STATE)),
    f("case", Takes::Record(Link::Case)),
    f("mine", Takes::Flag),
];

pub(crate) const ACTIVITIES: &[Filter] = &[f("entity_type", Takes::Text)];
