//! Synthetic records in BottleCRM's shapes, as heavy as the real ones, and short forms.

use portcullis_bottlecrm::plugin;
use portcullis_sdk::{
    Failure,
    testing::{self, Exchange, Harness},
};
use serde_json::{Value, json};

pub(crate) const ID: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const OTHER: &str = "22222222-2222-4222-8222-222222222222";
pub(crate) const TAG: &str = "33333333-3333-4333-8333-333333333333";
pub(crate) const PAGE: &str =
    "\n<!doctype html>\n<html lang=\"en\"><head><title>Server Error (500)</title></head></html>";
/// A minute after the harness's clock, and a day before it.
pub(crate) const NOW: &str = "2026-11-20T10:00:30.154301Z";
pub(crate) const YESTERDAY: &str = "2026-11-19T10:00:00.000000Z";

pub(crate) fn crm() -> Harness {
    Harness::new(plugin())
}

pub(crate) fn failed(result: Result<Value, Failure>) -> Failure {
    result.expect_err("the call fails")
}

pub(crate) fn page(exchange: Exchange, status: u16) -> Exchange {
    exchange.reply_bytes(status, "text/html", PAGE)
}

/// An id that belongs to a number.
pub(crate) fn id(number: usize) -> String {
    format!("{number:08x}-0000-4000-8000-{number:012x}")
}

pub(crate) fn profile(number: usize) -> Value {
    json!({
        "id": id(9000 + number),
        "user_details": {"email": format!("member{number}@crm.example"), "id": id(8000 + number), "name": format!("Member {number}"), "is_active": true, "profile_pic": null, "last_login": null},
        "role": if number == 0 { "ADMIN" } else { "USER" }, "address": null, "has_marketing_access": true, "has_sales_access": true,
        "phone": "+1 555-555-0194", "date_of_joining": null, "is_active": true, "created_at": "2026-11-20T09:10:33.029638Z"
    })
}

pub(crate) fn user() -> Value {
    json!({"id": id(8000), "email": "member0@crm.example", "name": "Member 0", "profile_pic": null})
}

pub(crate) fn tag(name: &str) -> Value {
    json!({"id": TAG, "name": name, "slug": name.to_lowercase(), "color": "blue", "description": "", "is_active": true, "created_at": "2026-11-20T09:10:33.637150Z"})
}

pub(crate) fn org() -> Value {
    json!({"id": id(1), "name": "Example Organisation"})
}

fn words(number: usize) -> String {
    format!(
        "Longish text number {number} about what was said, planned and left open, as people write it."
    )
}

pub(crate) fn contact(number: usize) -> Value {
    json!({
        "id": id(3000 + number), "first_name": "Ada", "last_name": format!("Example{number}"), "email": format!("ada.example{number}@customer.example"),
        "phone": "+1 555-555-0131", "organization": null, "title": "Head of Purchasing", "department": "Purchasing", "do_not_call": false, "linkedin_url": null,
        "address_line": "1 Road, Suite 2", "city": "Townsville", "state": "CA", "postcode": "90000", "country": "US",
        "assigned_to": [profile(1)], "teams": [team(1)], "tags": [tag("Champion")], "description": words(number), "created_by": id(8000),
        "created_at": YESTERDAY, "updated_at": YESTERDAY, "is_active": true, "org": org(),
        "account": id(2000), "account_detail": {"id": id(2000), "name": "Customer 0 Incorporated"}, "linked_accounts": [{"id": id(2000), "name": "Customer 0 Incorporated"}], "custom_fields": {}
    })
}

pub(crate) fn team(number: usize) -> Value {
    json!({"id": id(7000 + number), "name": format!("Team {number}"), "description": "Works on everything that comes in", "users": [profile(0), profile(1), profile(2)], "created_at": YESTERDAY, "created_by": user()})
}

pub(crate) fn account(number: usize) -> Value {
    let contacts: Vec<Value> = (0..3).map(contact).collect();
    json!({
        "id": id(2000 + number), "name": format!("Customer {number} Incorporated"), "email": format!("sales@customer{number}.example"), "phone": "+1 555-555-0141",
        "website": format!("https://www.customer{number}.example"), "industry": "SOFTWARE", "number_of_employees": 50, "annual_revenue": "2798193.00", "currency": "USD",
        "address_line": "1 Road", "city": "Townsville", "state": "NC", "postcode": "85757", "country": "US", "country_display": "United States",
        "assigned_to": [profile(1)], "teams": [], "contacts": contacts, "tags": [tag("Key account")], "description": words(number),
        "cases": [{"id": id(1), "name": "A case"}], "tasks": [], "opportunities": [], "rollups": null, "created_by": user(), "created_at": YESTERDAY,
        "is_active": true, "org": org(), "custom_fields": {}
    })
}

pub(crate) fn lead(number: usize) -> Value {
    json!({
        "id": id(1000 + number), "title": format!("Enquiry number {number} from the website"), "salutation": null, "first_name": "Grace", "last_name": format!("Sample{number}"),
        "email": format!("grace.sample{number}@prospect.example"), "phone": "+1 555-555-0131", "job_title": "Director of Engineering", "website": "https://www.prospect.example", "linkedin_url": null,
        "status": "assigned", "source": "public relations", "industry": "SOFTWARE", "rating": "WARM", "opportunity_amount": "461405.00", "currency": "USD", "probability": 49,
        "close_date": "2027-02-14", "address_line": "3730 Circle, Suite 178", "city": "Townsville", "state": "MN", "postcode": "12337", "country": "US",
        "assigned_to": [profile(1), profile(2)], "teams": [team(1)], "last_contacted": null, "next_follow_up": "2026-12-01", "description": words(number),
        "contacts": [contact(number)], "tags": [tag("Warm")], "created_by": user(), "created_at": YESTERDAY, "updated_at": YESTERDAY, "is_active": true, "is_sample": false,
        "company_name": format!("Prospect {number} Limited"), "stage": null, "kanban_order": "0.000000", "custom_fields": {}
    })
}

pub(crate) fn deal(number: usize) -> Value {
    json!({
        "id": id(4000 + number), "name": format!("Renewal and extension number {number} for the whole group"), "account": account(number), "stage": "QUALIFICATION", "opportunity_type": "UPSELL",
        "currency": "USD", "amount": "170626.00", "amount_source": "MANUAL", "probability": 26, "closed_on": "2027-03-06", "lead_source": "OTHER", "contacts": [contact(1), contact(2)],
        "line_items": [], "line_items_total": 0, "assigned_to": [profile(1), profile(2)], "teams": [team(1)], "closed_by": null, "tags": [tag("Key account")], "description": words(number),
        "created_by": user(), "created_at": YESTERDAY, "is_active": true, "org": org(), "created_on_arrow": "1 day ago", "stage_changed_at": YESTERDAY, "days_in_stage": 12,
        "aging_status": "yellow", "custom_fields": {}
    })
}

pub(crate) fn task(number: usize) -> Value {
    json!({
        "id": id(5000 + number), "title": format!("Call back about the offer number {number}"), "status": "In Progress", "priority": "Medium", "due_date": "2026-12-09",
        "account": {"id": id(2001), "name": "Customer 1 Incorporated"}, "opportunity": null, "case": null, "lead": null,
        "assigned_to": [profile(1), profile(2)], "tags": [tag("Phone")], "created_at": YESTERDAY
    })
}

pub(crate) fn ticket(number: usize) -> Value {
    json!({
        "id": id(6000 + number), "name": format!("Export fails for long names, report {number}"), "status": "New", "priority": "High", "case_type": "Question", "closed_on": null,
        "description": words(number), "created_by": user(), "created_at": YESTERDAY, "is_active": true, "account": account(number), "contacts": [contact(1)], "teams": [team(1)],
        "assigned_to": [profile(1)], "tags": [], "org": org(), "custom_fields": {}, "escalation_count": 0, "last_escalation_fired_at": null, "sla_first_response_hours": 4,
        "sla_resolution_hours": 24, "first_response_at": null, "resolved_at": null, "is_sla_first_response_breached": false, "is_sla_resolution_breached": true,
        "parent": null, "is_problem": false, "parent_summary": null, "child_count": 0, "time_summary": {"total_minutes": 0}
    })
}

pub(crate) fn invoice_row(number: usize) -> Value {
    json!({
        "id": id(100 + number), "invoice_number": format!("INV-20261120-{number:04}"), "invoice_title": format!("Services in month {number} for the whole group"), "status": "Sent",
        "account": id(2001), "account_name": "Customer 1 Incorporated", "contact": id(3001), "contact_name": "Ada Example1", "client_name": "Ada Example1",
        "client_email": "ada.example1@customer.example", "issue_date": "2026-11-20", "due_date": "2026-12-20", "total_amount": "19284.50", "amount_due": "19284.50", "amount_paid": "0.00",
        "currency": "USD", "is_overdue": false, "line_items_count": 3, "created_at": YESTERDAY
    })
}

pub(crate) fn invoice(status: &str, lines: usize) -> Value {
    let line = json!({"id": id(5), "product": null, "name": "Work", "description": "", "quantity": "2.00", "unit_price": "100.00", "total": "200.00", "formatted_total": "USD 200.00", "order": 0});
    json!({
        "id": ID, "invoice_number": "INV-20261120-0001", "invoice_title": "Services", "status": status, "account": account(1), "contact": contact(1), "opportunity": null,
        "client_name": "Ada Example1", "client_email": "ada.example1@customer.example", "subtotal": "200.00", "total_amount": "209.00", "currency": "USD", "amount_paid": "0.00",
        "amount_due": "209.00", "sent_at": null, "public_token": "a-token-that-opens-the-portal", "public_link_enabled": true, "public_url": "/portal/invoice/a-token-that-opens-the-portal",
        "notes": "", "line_items": vec![line; lines], "payments": [], "assigned_to": [], "teams": [], "created_by": user(), "created_at": NOW, "updated_at": NOW, "org": org(), "custom_fields": {}
    })
}

/// The list of an entity: `rows` rows of `total`, with the catalogues that the CRM wraps them in.
pub(crate) fn list(entity: &str, rows: usize, total: usize) -> Value {
    let made = |of: fn(usize) -> Value| (0..rows).map(of).collect::<Vec<_>>();
    let many = |of: fn(usize) -> Value| (0..30).map(of).collect::<Vec<_>>();
    let countries: Vec<Value> = (0..246)
        .map(|n| json!([format!("{n:02}"), "A country"]))
        .collect();
    match entity {
        "leads" => json!({
            "per_page": 10, "page_number": 1, "open_leads": {"leads_count": total, "open_leads": made(lead), "offset": 3},
            "totals": {"count": total, "unworked_over_a_week": 0}, "close_leads": {"leads_count": 0, "close_leads": [], "offset": 0},
            "contacts": many(contact), "tags": [], "users": [], "countries": countries
        }),
        "contacts" => json!({
            "active_count": total, "inactive_count": 0, "count": total, "results": made(contact), "contacts_count": total, "offset": 15,
            "contact_obj_list": made(contact), "countries": countries
        }),
        "accounts" => json!({
            "active_accounts": {"offset": 3, "open_accounts": made(account), "open_accounts_count": total}, "contacts": many(contact),
            "closed_accounts": {"offset": 0, "close_accounts": [], "close_accounts_count": 0}, "leads": many(lead), "teams": [team(1)], "countries": countries
        }),
        "opportunities" => json!({
            "totals": {"count": total, "amount_sum": 13564779.5, "weighted_sum": 7041011.125, "stalled_count": 0}, "opportunities_count": total, "offset": 5,
            "opportunities": made(deal), "accounts_list": many(account), "contacts_list": many(contact)
        }),
        "tasks" => {
            json!({"totals": {"count": total, "open": 19}, "tasks_count": total, "offset": 20, "tasks": made(task), "users": []})
        }
        "cases" => {
            json!({"open_count": 21, "urgent_count": 7, "awaiting_first_reply": 21, "cases_count": total, "offset": 22, "cases": made(ticket), "users": []})
        }
        "invoices" => {
            json!({"count": total, "next": "http://crm.example/api/invoices/?limit=20&offset=20", "previous": null, "results": made(invoice_row), "totals": {"count": total, "outstanding": "188317.92"}})
        }
        "solutions" => {
            let solution = |n: usize| json!({"id": id(n), "title": format!("How to export long names, part {n}"), "description": words(n).repeat(40), "status": "draft", "is_published": false, "org": org(), "case_count": 2, "author": "member1", "created_at": YESTERDAY, "updated_at": YESTERDAY, "created_by": id(8000), "updated_by": id(8000)});
            json!({"count": total, "next": null, "previous": null, "results": (0..rows).map(solution).collect::<Vec<_>>(), "totals": {"count": total, "published": 0}})
        }
        other => panic!("no list of {other}"),
    }
}

/// A board of deals, leads or cases: all cards in two columns.
pub(crate) fn board(entity: &str, cards: usize, total: usize) -> Value {
    let (key, count, sum) = match entity {
        "leads" => ("leads", "lead_count", "total_leads"),
        "opportunities" => ("items", "item_count", "total_items"),
        _ => ("cases", "case_count", "total_cases"),
    };
    let card = |n: usize| {
        let created = format!("2026-11-{:02}T10:00:00.000000Z", 1 + n % 28);
        match entity {
            "leads" => {
                json!({"id": id(1000 + n), "title": "Enquiry", "full_name": format!("Grace Sample{n}"), "company_name": "Prospect Limited", "email": "grace@prospect.example", "rating": "WARM", "opportunity_amount": "1.00", "currency": "USD", "status": if n % 2 == 0 {"assigned"} else {"closed"}, "stage": null, "kanban_order": "0", "next_follow_up": null, "is_follow_up_overdue": false, "assigned_to": [profile(1)], "created_at": created})
            }
            "opportunities" => {
                json!({"id": id(4000 + n), "name": format!("Renewal number {n} for the whole group"), "stage": if n % 2 == 0 {"PROPOSAL"} else {"CLOSED_WON"}, "amount": "575979.00", "opportunity_amount": "575979.00", "currency": "USD", "probability": 8, "closed_on": "2027-01-28", "kanban_order": "0", "account": {"id": id(2001), "name": "Customer 1 Incorporated"}, "assigned_to": [profile(1), profile(2)], "days_in_stage": 3, "aging_status": "green", "created_at": created})
            }
            _ => {
                json!({"id": id(6000 + n), "name": format!("Export fails, report {n}"), "status": if n % 2 == 0 {"New"} else {"Closed"}, "priority": "High", "case_type": "Question", "stage": null, "kanban_order": "0", "account_name": "Customer 1 Incorporated", "assigned_to": [profile(1)], "is_sla_breached": false, "escalation_count": 0, "created_at": created})
            }
        }
    };
    let column = |odd: usize| {
        let mine: Vec<Value> = (0..cards).filter(|n| n % 2 == odd).map(card).collect();
        json!({"id": "a", "name": "A", "order": 1, "color": "#fff", "stage_type": "open", "is_status_column": true, "wip_limit": null, count: mine.len(), key: mine})
    };
    json!({"mode": "status", "pipeline": null, "columns": [column(0), column(1)], sum: total})
}

pub(crate) fn directory() -> Exchange {
    let mut namesake = profile(4);
    namesake["user_details"]["name"] = "Member 1".into();
    testing::get("api/users/get-teams-and-users").reply(
        200,
        json!({"teams": [team(1)], "profiles": [profile(0), profile(1), profile(2), namesake]}),
    )
}

pub(crate) fn tags() -> Exchange {
    testing::get("api/tags").reply(
        200,
        json!({"tags_count": 1, "tags": [tag("Key account")], "totals": {"count": 1}}),
    )
}

/// The organisation's own fields of a model: a required drop-down where there is one.
pub(crate) fn extras(model: &str, required: bool) -> Exchange {
    let definitions = json!([{"id": id(6), "target_model": model, "key": "tier", "label": "Tier", "field_type": "dropdown", "options": [{"value": "gold", "label": "Gold"}, {"value": "silver", "label": "Silver"}], "is_required": required, "is_filterable": true, "display_order": 0, "is_active": true}]);
    testing::get("api/custom-fields")
        .query("target_model", model)
        .reply(
            200,
            json!({"definitions": definitions, "totals": {"count": 1}}),
        )
}

pub(crate) fn no_extras(model: &str) -> Exchange {
    testing::get("api/custom-fields")
        .query("target_model", model)
        .reply(200, json!({"definitions": [], "totals": {"count": 0}}))
}

/// The CRM's schema, as far as it matters, with the ways in which it says things.
pub(crate) fn schema() -> Exchange {
    testing::get("schema").query("format", "json").reply(
        200,
        json!({
            "openapi": "3.0.3", "info": {},
            "paths": {
                "/api/leads/": {
                    "get": {"parameters": [{"name": "org", "in": "header"}]},
                    "post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/LeadCreate"}}}}}
                },
                "/api/leads/{id}/": {
                    "post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/LeadCreate"}}}}},
                    "patch": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/PatchedLead"}}}}}
                },
                "/api/invoices/": {"post": {}}
            },
            "components": {"schemas": {
                "SourceEnum": {"enum": ["call", "email", "chat"], "type": "string"},
                "BlankEnum": {"enum": [""]}, "NullEnum": {"enum": [null]},
                "Lead": {"type": "object", "required": ["id", "tags"], "properties": {
                    "id": {"type": "string", "format": "uuid", "readOnly": true},
                    "source": {"nullable": true, "oneOf": [{"$ref": "#/components/schemas/SourceEnum"}, {"$ref": "#/components/schemas/BlankEnum"}, {"$ref": "#/components/schemas/NullEnum"}]},
                    "score": {"type": "integer", "readOnly": true}, "lead_comments": {"type": "array"}
                }},
                "LeadCreate": {"type": "object", "properties": {"source": {"$ref": "#/components/schemas/SourceEnum"}, "region": {"type": "string"}}},
                "PatchedLead": {"type": "object", "properties": {"region": {"type": "string"}, "comment": {"type": "string"}}}
            }}
        }),
    )
}
