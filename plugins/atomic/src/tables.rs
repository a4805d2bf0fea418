//! What the CRM's tables hold. Source: the CRM's schema of June 2026.
//!
//! Tables alone; see `entity` for what they mean.

use crate::{
    choices::Choice,
    entity::{Entity, Field, Kind},
};

const DATABASE: Kind = Kind::Fixed("the database sets it");
const FILES: Kind =
    Kind::Fixed("files are attached in the CRM's pages; these tools do not upload any");

const fn has(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: false,
    }
}

const fn needs(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: true,
    }
}

const COMPANIES: Entity = Entity {
    name: "companies",
    one: "company",
    view: "companies_summary",
    derived: &["nb_deals", "nb_contacts"],
    row: "id,name,sector,size,website,phone_number,city,country,sales_id,created_at,nb_contacts,nb_deals",
    beside: "",
    order: "name.asc,id.asc",
    words: &["name", "website", "city", "description", "phone_number"],
    fields: &[
        needs("name", Kind::Text),
        has("sector", Kind::Choice(Choice::Sector)),
        has("size", Kind::Size),
        has("linkedin_url", Kind::Website),
        has("website", Kind::Website),
        has("phone_number", Kind::Text),
        has("address", Kind::Text),
        has("zipcode", Kind::Text),
        has("city", Kind::Text),
        has("state_abbr", Kind::Text),
        has("country", Kind::Text),
        has("description", Kind::Text),
        has("revenue", Kind::Text),
        has("tax_identifier", Kind::Text),
        has("logo", Kind::Object),
        has("context_links", Kind::Urls),
        has("sales_id", Kind::Link("sales")),
        has("created_at", DATABASE),
    ],
    page: Some("companies"),
    writable: Ok(()),
};

const CONTACTS: Entity = Entity {
    name: "contacts",
    one: "contact",
    view: "contacts_summary",
    derived: &["email_fts", "phone_fts", "company_name", "nb_tasks"],
    row: "id,first_name,last_name,title,company_id,company_name,status,email_jsonb,phone_jsonb,tags,last_seen,sales_id,nb_tasks",
    beside: "",
    order: "last_seen.desc.nullslast,id.asc",
    words: &[
        "first_name",
        "last_name",
        "title",
        "company_name",
        "email_fts",
        "phone_fts",
        "background",
    ],
    fields: &[
        has("first_name", Kind::Text),
        has("last_name", Kind::Text),
        has("gender", Kind::Choice(Choice::Gender)),
        has("title", Kind::Text),
        has("background", Kind::Text),
        has("status", Kind::Choice(Choice::Status)),
        has("linkedin_url", Kind::Website),
        has("avatar", Kind::Object),
        has("first_seen", Kind::Time),
        has("last_seen", Kind::Time),
        has("has_newsletter", Kind::Flag),
        has("tags", Kind::Tags),
        has("company_id", Kind::Link("companies")),
        has("sales_id", Kind::Link("sales")),
        has("email_jsonb", Kind::Emails),
        has("phone_jsonb", Kind::Phones),
    ],
    page: Some("contacts"),
    writable: Ok(()),
};

const DEALS: Entity = Entity {
    name: "deals",
    one: "deal",
    view: "deals",
    derived: &[],
    row: "id,name,company_id,contact_ids,category,stage,amount,expected_closing_date,archived_at,sales_id,index,created_at,updated_at,companies(id,name)",
    beside: "companies(id,name)",
    order: "created_at.desc,id.asc",
    words: &["name", "description", "category"],
    fields: &[
        needs("name", Kind::Text),
        has("company_id", Kind::Link("companies")),
        has("contact_ids", Kind::Links("contacts")),
        has("category", Kind::Choice(Choice::Category)),
        needs("stage", Kind::Choice(Choice::Stage)),
        has("description", Kind::Text),
        has("amount", Kind::Amount),
        has("created_at", DATABASE),
        has("updated_at", Kind::Fixed("every change sets it")),
        has("archived_at", Kind::Fixed("archive_deal sets it")),
        has("expected_closing_date", Kind::Date),
        has("sales_id", Kind::Link("sales")),
        has(
            "index",
            Kind::Fixed("move_deal sets the place in the stage"),
        ),
    ],
    page: Some("deals"),
    writable: Ok(()),
};

const TASKS: Entity = Entity {
    name: "tasks",
    one: "task",
    view: "tasks",
    derived: &[],
    row: "id,type,text,due_date,done_date,contact_id,sales_id,contacts(id,first_name,last_name)",
    beside: "contacts(id,first_name,last_name)",
    order: "due_date.asc.nullslast,id.asc",
    words: &["text"],
    fields: &[
        needs("contact_id", Kind::Link("contacts")),
        has("type", Kind::Choice(Choice::TaskType)),
        has("text", Kind::Text),
        has("due_date", Kind::Time),
        has("done_date", Kind::Time),
        has("sales_id", Kind::Link("sales")),
    ],
    page: None,
    writable: Ok(()),
};

const CONTACT_NOTES: Entity = Entity {
    name: "contact_notes",
    one: "contact note",
    view: "contact_notes",
    derived: &[],
    row: "id,contact_id,text,date,status,sales_id,attachments,contacts(id,first_name,last_name)",
    beside: "contacts(id,first_name,last_name)",
    order: "date.desc.nullslast,id.desc",
    words: &["text"],
    fields: &[
        needs("contact_id", Kind::Link("contacts")),
        needs("text", Kind::Text),
        has("date", Kind::Time),
        has("status", Kind::Choice(Choice::Status)),
        has("sales_id", Kind::Link("sales")),
        has("attachments", FILES),
    ],
    page: None,
    writable: Ok(()),
};

const DEAL_NOTES: Entity = Entity {
    name: "deal_notes",
    one: "deal note",
    view: "deal_notes",
    derived: &[],
    row: "id,deal_id,type,text,date,sales_id,attachments,deals(id,name)",
    beside: "deals(id,name)",
    order: "date.desc.nullslast,id.desc",
    words: &["text"],
    fields: &[
        needs("deal_id", Kind::Link("deals")),
        has("type", Kind::Text),
        needs("text", Kind::Text),
        has("date", Kind::Time),
        has("sales_id", Kind::Link("sales")),
        has("attachments", FILES),
    ],
    page: None,
    writable: Ok(()),
};

const TAGS: Entity = Entity {
    name: "tags",
    one: "tag",
    view: "tags",
    derived: &[],
    row: "id,name,color",
    beside: "",
    order: "name.asc,id.asc",
    words: &["name"],
    fields: &[needs("name", Kind::Text), needs("color", Kind::Text)],
    page: None,
    writable: Ok(()),
};

const SALES: Entity = Entity {
    name: "sales",
    one: "sales person",
    view: "sales",
    derived: &[],
    row: "id,first_name,last_name,email,administrator,disabled",
    beside: "",
    order: "id.asc",
    words: &["first_name", "last_name", "email"],
    fields: &[
        has("first_name", Kind::Text),
        has("last_name", Kind::Text),
        has("email", Kind::Text),
        has("administrator", Kind::Flag),
        has("user_id", DATABASE),
        has("avatar", Kind::Object),
        has("disabled", Kind::Flag),
    ],
    page: None,
    writable: Err(
        "users are added and changed by an administrator in the CRM's pages; the database refuses it here",
    ),
};

/// All entities.
pub(crate) static ALL: &[Entity] = &[
    CONTACTS,
    COMPANIES,
    DEALS,
    TASKS,
    CONTACT_NOTES,
    DEAL_NOTES,
    TAGS,
    SALES,
];

/// Names for the schema of arguments.
pub(crate) const NAMES: &[&str] = &[
    "contacts",
    "companies",
    "deals",
    "tasks",
    "contact_notes",
    "deal_notes",
    "tags",
    "sales",
];
