//! The entities: where each is, how its answers are built, what a list shows of it.
//!
//! Tables alone; nothing here sends or judges.

use portcullis_sdk::{Failure, code, text};
use serde_json::Value;

use crate::{
    fields::{self, Field},
    filters::{self, Filter},
};

/// How a record is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Patch,
    /// A PUT that changes only what it names.
    Put,
    /// Not at all; the text says what there is instead.
    None(&'static str),
}

/// Where a list keeps its rows, and their number beside them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    /// Keys from the outside in; empty when the answer is the list.
    pub(crate) at: &'static [&'static str],
    /// The key of the number, in the object that holds the rows.
    pub(crate) count: Option<&'static str>,
}

/// A board, whose cards are far smaller than the rows of the list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Board {
    /// The key of a column's cards.
    pub(crate) cards: &'static str,
    /// The key of the number of all cards.
    pub(crate) total: &'static str,
    /// Filters that it honours.
    pub(crate) filters: &'static [&'static str],
    /// Fields that a card has.
    pub(crate) fields: &'static [&'static str],
    /// The filter whose values are the columns.
    pub(crate) column: &'static str,
}

/// One entity.
#[derive(Debug)]
pub(crate) struct Entity {
    /// Its name in arguments.
    pub(crate) name: &'static str,
    /// One of them.
    pub(crate) one: &'static str,
    /// Segments below the base.
    pub(crate) path: &'static [&'static str],
    /// The key of the record in a detail answer.
    pub(crate) nest: Option<&'static str>,
    /// What a person calls a record by.
    pub(crate) titles: &'static [&'static str],
    /// Where the rows of a list are; a second place follows the first in one list.
    pub(crate) rows: &'static [Rows],
    /// Pairs that every list request carries.
    pub(crate) lean: &'static [(&'static str, &'static str)],
    /// Whether the CRM pages; otherwise the plugin does.
    pub(crate) paged: bool,
    pub(crate) board: Option<Board>,
    /// What a row of `crm_search` shows.
    pub(crate) row: &'static [&'static str],
    pub(crate) fields: &'static [Field],
    pub(crate) filters: &'static [Filter],
    /// Fields that can only be read.
    pub(crate) reads: &'static [&'static str],
    pub(crate) create: Result<(), &'static str>,
    pub(crate) update: Verb,
    pub(crate) delete: Result<(), &'static str>,
    /// Whether a record can be read by its id.
    pub(crate) get: Result<(), &'static str>,
    /// What the CRM calls it in its custom fields.
    pub(crate) model: Option<&'static str>,
    /// Its component in the CRM's schema.
    pub(crate) component: Option<&'static str>,
}

impl Entity {
    /// Segments of a record's address.
    pub(crate) fn record(&self, id: &str) -> Vec<String> {
        let mut path = self.list();
        path.push(id.to_owned());
        path
    }

    /// Segments of something below a record.
    pub(crate) fn below(&self, id: &str, rest: &[&str]) -> Vec<String> {
        let mut path = self.record(id);
        path.extend(rest.iter().map(|&part| part.to_owned()));
        path
    }

    /// Segments of the list.
    pub(crate) fn list(&self) -> Vec<String> {
        self.path.iter().map(|&part| part.to_owned()).collect()
    }

    /// The field of a name.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// What a record is called: the first title that it has.
    pub(crate) fn title_of(&self, record: &serde_json::Map<String, Value>) -> String {
        let words: Vec<&str> = match self.name {
            "leads" | "contacts" => ["first_name", "last_name"]
                .iter()
                .filter_map(|key| record.get(*key)?.as_str())
                .filter(|word| !word.is_empty())
                .collect(),
            _ => Vec::new(),
        };
        if !words.is_empty() {
            return words.join(" ");
        }
        self.titles
            .iter()
            .filter_map(|key| record.get(*key)?.as_str())
            .find(|text| !text.is_empty())
            .unwrap_or(self.one)
            .to_owned()
    }
}

/// The entity of a name, or the nearest ones.
///
/// # Errors
/// There is none of that name.
pub(crate) fn find(name: &str) -> Result<&'static Entity, Failure> {
    let lower = name.trim().to_lowercase();
    ALL.iter()
        .find(|entity| entity.name == lower || entity.one == lower)
        .ok_or_else(|| {
            let names = ALL.iter().map(|entity| entity.name);
            Failure::bad_input(
                code::INVALID_ENTITY_TYPE,
                format!(
                    "there is no entity {name}; known are {}",
                    join(names.clone())
                ),
            )
            .at("/entity")
            .suggest_some(text::did_you_mean(name, names))
        })
}

/// Names with commas.
pub(crate) fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// Names of entities, for the schema of arguments.
pub(crate) const NAMES: &[&str] = &[
    "leads",
    "contacts",
    "accounts",
    "opportunities",
    "tasks",
    "cases",
    "invoices",
    "solutions",
    "estimates",
    "products",
    "people",
    "teams",
    "tags",
    "custom_fields",
    "goals",
    "documents",
    "time_entries",
    "approvals",
    "activities",
    "today",
    "everything",
];

const RESULTS: &[Rows] = &[Rows {
    at: &["results"],
    count: Some("count"),
}];

/// Lists whose own search is not known to work are read whole and searched here.
const WHOLE: &[(&str, &str)] = &[("limit", "500")];

const NOTHING: Entity = Entity {
    name: "",
    one: "",
    path: &[],
    nest: None,
    titles: &["name", "title"],
    rows: RESULTS,
    lean: &[],
    paged: true,
    board: None,
    row: &[],
    fields: &[],
    filters: &[],
    reads: &["id", "created_at"],
    create: Err("the CRM offers no way to create one through its API that this tool uses"),
    update: Verb::None("the CRM offers no way to change one"),
    delete: Err("the CRM offers no way to delete one"),
    get: Err("find it with crm_search"),
    model: None,
    component: None,
};

pub(crate) static ALL: &[Entity] = &[
    Entity {
        name: "leads",
        one: "lead",
        path: &["api", "leads"],
        nest: Some("lead_obj"),
        titles: &["full_name", "company_name", "title", "email"],
        rows: &[
            Rows {
                at: &["open_leads", "open_leads"],
                count: Some("leads_count"),
            },
            Rows {
                at: &["close_leads", "close_leads"],
                count: Some("leads_count"),
            },
        ],
        board: Some(Board {
            cards: "leads",
            total: "total_leads",
            filters: &["assigned_to", "rating", "search", "pipeline_id", "status"],
            fields: &[
                "id",
                "title",
                "full_name",
                "company_name",
                "email",
                "rating",
                "opportunity_amount",
                "currency",
                "status",
                "next_follow_up",
                "assigned_to",
                "created_at",
            ],
            column: "status",
        }),
        row: &[
            "id",
            "full_name",
            "company_name",
            "email",
            "status",
            "rating",
            "opportunity_amount",
            "currency",
            "next_follow_up",
            "assigned_to",
            "created_at",
        ],
        fields: fields::LEADS,
        filters: filters::LEADS,
        reads: &["id", "created_by", "created_at", "updated_at", "stage"],
        create: Ok(()),
        update: Verb::Patch,
        delete: Ok(()),
        get: Ok(()),
        model: Some("Lead"),
        component: Some("Lead"),
        ..NOTHING
    },
    Entity {
        name: "contacts",
        one: "contact",
        path: &["api", "contacts"],
        nest: Some("contact_obj"),
        titles: &["email", "title"],
        row: &[
            "id",
            "first_name",
            "last_name",
            "email",
            "phone",
            "title",
            "account",
            "assigned_to",
            "created_at",
        ],
        fields: fields::CONTACTS_FIELDS,
        filters: filters::CONTACTS,
        reads: &[
            "id",
            "created_by",
            "created_at",
            "updated_at",
            "linked_accounts",
        ],
        create: Ok(()),
        update: Verb::Patch,
        delete: Ok(()),
        get: Ok(()),
        model: Some("Contact"),
        component: Some("Contact"),
        ..NOTHING
    },
    Entity {
        name: "accounts",
        one: "account",
        path: &["api", "accounts"],
        nest: Some("account_obj"),
        rows: &[
            Rows {
                at: &["active_accounts", "open_accounts"],
                count: Some("open_accounts_count"),
            },
            Rows {
                at: &["closed_accounts", "close_accounts"],
                count: Some("close_accounts_count"),
            },
        ],
        row: &[
            "id",
            "name",
            "industry",
            "city",
            "country",
            "email",
            "phone",
            "website",
            "assigned_to",
            "is_active",
        ],
        fields: fields::ACCOUNTS,
        filters: filters::ACCOUNTS,
        reads: &[
            "id",
            "created_by",
            "created_at",
            "rollups",
            "cases",
            "tasks",
            "opportunities",
        ],
        create: Ok(()),
        update: Verb::Patch,
        delete: Ok(()),
        get: Ok(()),
        model: Some("Account"),
        component: Some("Account"),
        ..NOTHING
    },
    Entity {
        name: "opportunities",
        one: "opportunity",
        path: &["api", "opportunities"],
        nest: Some("opportunity_obj"),
        rows: &[Rows {
            at: &["opportunities"],
            count: Some("opportunities_count"),
        }],
        board: Some(Board {
            cards: "items",
            total: "total_items",
            filters: &[
                "search",
                "account",
                "assigned_to",
                "tags",
                "closed_on__gte",
                "closed_on__lte",
                "stage",
            ],
            fields: &[
                "id",
                "name",
                "stage",
                "amount",
                "currency",
                "probability",
                "closed_on",
                "account",
                "assigned_to",
                "days_in_stage",
                "aging_status",
                "created_at",
            ],
            column: "stage",
        }),
        row: &[
            "id",
            "name",
            "stage",
            "amount",
            "currency",
            "probability",
            "closed_on",
            "account",
            "assigned_to",
            "days_in_stage",
            "aging_status",
        ],
        fields: fields::OPPORTUNITIES,
        filters: filters::OPPORTUNITIES,
        reads: &[
            "id",
            "amount_source",
            "line_items",
            "line_items_total",
            "closed_by",
            "stage_changed_at",
            "days_in_stage",
            "aging_status",
            "created_by",
            "created_at",
        ],
        create: Ok(()),
        update: Verb::Patch,
        delete: Ok(()),
        get: Ok(()),
        model: Some("Opportunity"),
        component: Some("Opportunity"),
        ..NOTHING
    },
    Entity {
        name: "tasks",
        one: "task",
        path: &["api", "tasks"],
        nest: Some("task_obj"),
        rows: &[Rows {
            at: &["tasks"],
            count: Some("tasks_count"),
        }],
        lean: &[("slim", "true")],
        row: &[
            "id",
            "title",
            "status",
            "priority",
            "due_date",
            "account",
            "opportunity",
            "case",
            "lead",
            "assigned_to",
        ],
        fields: fields::TASKS,
        filters: filters::TASKS,
        reads: &["id", "created_by", "created_at"],
        create: Ok(()),
        update: Verb::Patch,
        delete: Ok(()),
        get: Ok(()),
        model: Some("Task"),
        component: Some("Task"),
        ..NOTHING
    },
    Entity {
        name: "cases",
        one: "case",
        path: &["api", "cases"],
        nest: Some("cases_obj"),
        rows: &[Rows {
            at: &["cases"],
            count: Some("cases_count"),
        }],
        lean: &[("slim", "true")],
        board: Some(Board {
            cards: "cases",
            total: "total_cases",
            filters: &[
                "search",
                "account",
                "assigned_to",
                "case_type",
                "priority",
                "pipeline_id",
                "status",
            ],
            fields: &[
                "id",
                "name",
                "status",
                "priority",
                "case_type",
                "account_name",
                "assigned_to",
                "is_sla_breached",
                "escalation_count",
                "created_at",
            ],
            column: "status",
        }),
        row: &[
            "id",
            "name",
            "status",
            "priority",
            "case_type",
            "account_name",
            "assigned_to",
            "is_sla_breached",
            "created_at",
        ],
        fields: fields::CASES,
        filters: filters::CASES,
        reads: &[
            "id",
            "account_name",
            "is_sla_breached",
            "escalation_count",
            "first_response_at",
            "resolved_at",
            "child_count",
            "time_summary",
            "created_by",
            "created_at",
        ],
        create: Ok(()),
        update: Verb::Patch,
        delete: Ok(()),
        get: Ok(()),
        model: Some("Case"),
        component: Some("Case"),
        ..NOTHING
    },
    Entity {
        name: "invoices",
        one: "invoice",
        path: &["api", "invoices"],
        nest: Some("invoice"),
        titles: &["invoice_number", "invoice_title"],
        row: &[
            "id",
            "invoice_number",
            "invoice_title",
            "status",
            "account_name",
            "client_email",
            "issue_date",
            "due_date",
            "total_amount",
            "amount_due",
            "currency",
            "is_overdue",
            "line_items_count",
        ],
        fields: fields::INVOICES,
        filters: filters::INVOICES,
        reads: &[
            "id",
            "invoice_number",
            "account",
            "contact",
            "opportunity",
            "subtotal",
            "discount_amount",
            "tax_amount",
            "total_amount",
            "amount_paid",
            "amount_due",
            "is_overdue",
            "sent_at",
            "viewed_at",
            "paid_at",
            "payments",
            "assigned_to",
            "teams",
            "created_by",
            "created_at",
            "updated_at",
        ],
        create: Ok(()),
        update: Verb::Put,
        delete: Err("the CRM has no way to delete an invoice; crm_action cancel ends it"),
        get: Ok(()),
        model: Some("Invoice"),
        component: Some("Invoice"),
        ..NOTHING
    },
    Entity {
        name: "solutions",
        one: "solution",
        path: &["api", "cases", "solutions"],
        row: &[
            "id",
            "title",
            "description",
            "status",
            "is_published",
            "case_count",
            "author",
            "updated_at",
        ],
        fields: fields::SOLUTIONS,
        filters: filters::SOLUTIONS,
        reads: &[
            "id",
            "case_count",
            "author",
            "linked_cases",
            "created_at",
            "updated_at",
        ],
        create: Ok(()),
        update: Verb::Patch,
        delete: Ok(()),
        get: Ok(()),
        component: Some("Solution"),
        ..NOTHING
    },
    Entity {
        name: "estimates",
        one: "estimate",
        path: &["api", "invoices", "estimates"],
        nest: Some("estimate"),
        titles: &["estimate_number", "title"],
        row: &[
            "id",
            "estimate_number",
            "title",
            "status",
            "account_name",
            "issue_date",
            "expiry_date",
            "total_amount",
            "currency",
            "is_expired",
            "converted_to_invoice",
        ],
        fields: fields::ESTIMATES,
        lean: WHOLE,
        paged: false,
        reads: &[
            "id",
            "estimate_number",
            "account",
            "contact",
            "opportunity",
            "subtotal",
            "total_amount",
            "converted_to_invoice",
            "sent_at",
            "accepted_at",
            "declined_at",
            "is_expired",
            "created_at",
        ],
        create: Ok(()),
        update: Verb::Put,
        delete: Ok(()),
        get: Ok(()),
        model: Some("Estimate"),
        ..NOTHING
    },
    Entity {
        name: "products",
        one: "product",
        path: &["api", "invoices", "products"],
        row: &[
            "id",
            "name",
            "sku",
            "price",
            "currency",
            "category",
            "is_active",
            "used_on",
        ],
        fields: fields::PRODUCTS,
        lean: WHOLE,
        paged: false,
        reads: &["id", "used_on", "created_at", "updated_at"],
        create: Ok(()),
        update: Verb::Put,
        delete: Ok(()),
        get: Ok(()),
        component: Some("Product"),
        ..NOTHING
    },
    Entity {
        name: "people",
        one: "person",
        path: &["api", "users", "get-teams-and-users"],
        titles: &["email"],
        rows: &[Rows {
            at: &["profiles"],
            count: None,
        }],
        paged: false,
        row: &["id", "name", "email", "role", "phone", "is_active"],
        reads: &["id", "name", "email", "role", "phone", "is_active"],
        ..NOTHING
    },
    Entity {
        name: "teams",
        one: "team",
        path: &["api", "users", "get-teams-and-users"],
        rows: &[Rows {
            at: &["teams"],
            count: None,
        }],
        paged: false,
        row: &["id", "name", "description", "users"],
        reads: &["id", "name", "description", "users"],
        ..NOTHING
    },
    Entity {
        name: "tags",
        one: "tag",
        path: &["api", "tags"],
        nest: Some("tag"),
        rows: &[Rows {
            at: &["tags"],
            count: None,
        }],
        paged: false,
        row: &["id", "name", "color", "description", "is_active", "usage"],
        fields: fields::TAGS_FIELDS,
        filters: filters::TAGS,
        reads: &["id", "slug", "is_active", "usage", "created_at"],
        create: Ok(()),
        update: Verb::Put,
        delete: Ok(()),
        get: Ok(()),
        component: Some("Tags"),
        ..NOTHING
    },
    Entity {
        name: "custom_fields",
        one: "custom field",
        path: &["api", "custom-fields"],
        titles: &["label"],
        rows: &[Rows {
            at: &["definitions"],
            count: None,
        }],
        paged: false,
        row: &[
            "id",
            "target_model",
            "key",
            "label",
            "field_type",
            "options",
            "is_required",
            "is_filterable",
        ],
        filters: filters::CUSTOM_FIELDS,
        reads: &[
            "id",
            "target_model",
            "key",
            "label",
            "field_type",
            "options",
            "is_required",
            "is_filterable",
        ],
        ..NOTHING
    },
    Entity {
        name: "goals",
        one: "goal",
        path: &["api", "opportunities", "goals"],
        rows: &[Rows {
            at: &["goals"],
            count: Some("goals_count"),
        }],
        row: &[
            "id",
            "name",
            "goal_type",
            "target_value",
            "progress_value",
            "progress_percent",
            "status",
            "period_type",
            "period_start",
            "period_end",
            "assigned_to_detail",
            "team_detail",
        ],
        fields: fields::GOALS,
        filters: filters::GOALS,
        reads: &[
            "id",
            "progress_value",
            "progress_percent",
            "status",
            "created_at",
            "updated_at",
        ],
        create: Ok(()),
        update: Verb::Put,
        delete: Ok(()),
        get: Ok(()),
        ..NOTHING
    },
    Entity {
        name: "documents",
        one: "document",
        path: &["api", "documents"],
        nest: Some("doc_obj"),
        rows: &[Rows {
            at: &["documents_active", "documents_active"],
            count: Some("documents_active_count"),
        }],
        row: &[
            "id",
            "title",
            "status",
            "size_bytes",
            "shared_to",
            "teams",
            "created_by",
            "created_at",
        ],
        lean: WHOLE,
        paged: false,
        reads: &[
            "id",
            "title",
            "status",
            "size_bytes",
            "shared_to",
            "teams",
            "created_by",
            "created_at",
        ],
        create: Err(
            "a document is created by uploading a file, which this tool does not do; use the CRM's own pages",
        ),
        delete: Ok(()),
        get: Ok(()),
        ..NOTHING
    },
    Entity {
        name: "time_entries",
        one: "time entry",
        path: &["api", "time-entries"],
        titles: &["description"],
        rows: &[Rows {
            at: &[],
            count: None,
        }],
        paged: false,
        row: &[
            "id",
            "case",
            "profile",
            "started_at",
            "ended_at",
            "duration_minutes",
            "description",
            "billable",
            "hourly_rate",
            "currency",
        ],
        filters: filters::TIME_ENTRIES,
        reads: &[
            "id",
            "case",
            "profile",
            "started_at",
            "ended_at",
            "duration_minutes",
            "description",
            "billable",
            "hourly_rate",
            "currency",
            "invoice",
        ],
        create: Err("crm_action start_timer or log_time on the case records time"),
        delete: Ok(()),
        ..NOTHING
    },
    Entity {
        name: "approvals",
        one: "approval",
        path: &["api", "cases", "approvals"],
        titles: &["note"],
        rows: &[Rows {
            at: &["approvals"],
            count: None,
        }],
        paged: false,
        row: &[
            "id",
            "state",
            "note",
            "reason",
            "case_summary",
            "rule_summary",
            "requested_by",
            "approver",
            "can_act",
            "created_at",
        ],
        filters: filters::APPROVALS,
        reads: &[
            "id",
            "state",
            "note",
            "reason",
            "decided_at",
            "case_summary",
            "rule_summary",
            "requested_by",
            "approver",
            "can_act",
            "is_own_request",
        ],
        create: Err("crm_action request_approval on the case asks for one"),
        ..NOTHING
    },
    Entity {
        name: "activities",
        one: "activity",
        path: &["api", "activities"],
        titles: &["entity_name"],
        rows: &[Rows {
            at: &["activities"],
            count: None,
        }],
        paged: false,
        row: &[
            "id",
            "timestamp",
            "user",
            "action",
            "entity_type",
            "entity_id",
            "entity_name",
            "description",
        ],
        filters: filters::ACTIVITIES,
        reads: &[
            "id",
            "timestamp",
            "user",
            "action",
            "entity_type",
            "entity_id",
            "entity_name",
            "description",
        ],
        ..NOTHING
    },
    Entity {
        name: "today",
        one: "item of today",
        path: &["api", "dashboard", "today"],
        rows: &[Rows {
            at: &["queue"],
            count: None,
        }],
        paged: false,
        row: &["id", "due", "title", "detail", "action"],
        reads: &["id", "due", "title", "detail", "action"],
        ..NOTHING
    },
    Entity {
        name: "everything",
        one: "hit",
        path: &["api", "search"],
        rows: &[Rows {
            at: &["results"],
            count: None,
        }],
        paged: false,
        row: &["type", "id", "title", "subtitle"],
        reads: &["type", "id", "title", "subtitle"],
        ..NOTHING
    },
];
