//! How long a default page is of everything that surrounds the eight entities, from rows as heavy
//! as the CRM's.

use serde_json::{Value, json};

use crate::fixtures::{NOW, OTHER, YESTERDAY, crm, id, org, profile, tag, team, user};

/// An entity, the segments of its list, and a row of it.
type Kind = (&'static str, &'static str, fn(usize) -> Value);

const KINDS: [Kind; 13] = [
    ("estimates", "api/invoices/estimates", estimate),
    ("products", "api/invoices/products", product),
    ("people", "api/users/get-teams-and-users", profile),
    ("teams", "api/users/get-teams-and-users", team),
    ("tags", "api/tags", labelled),
    ("custom_fields", "api/custom-fields", definition),
    ("goals", "api/opportunities/goals", goal),
    ("documents", "api/documents", document),
    ("time_entries", "api/time-entries/unbilled", entry),
    ("approvals", "api/cases/approvals", approval),
    ("activities", "api/activities", activity),
    ("today", "api/dashboard/today", due),
    ("everything", "api/search", hit),
];

fn estimate(n: usize) -> Value {
    json!({"id": id(n), "estimate_number": format!("EST-20261120-{n:04}"), "title": format!("Offer number {n} for the whole group"), "status": "Accepted", "account": OTHER, "account_name": "Customer 1 Incorporated", "contact": OTHER, "contact_name": "Ada Example1", "opportunity": null, "converted_to_invoice": OTHER, "client_name": "Ada Example1", "issue_date": "2026-11-20", "expiry_date": "2026-12-20", "total_amount": "19284.50", "currency": "USD", "is_expired": false, "created_at": NOW})
}

fn product(n: usize) -> Value {
    json!({"id": id(n), "name": format!("Integration and training package {n}"), "description": "What is in it, in two or three sentences that nobody reads in a list.", "sku": format!("SKU-{n:06}"), "price": "8873.00", "currency": "USD", "category": "Integration", "is_active": true, "used_on": 6, "created_at": NOW, "updated_at": NOW})
}

fn labelled(n: usize) -> Value {
    let mut tag = tag(&format!("Key account number {n}"));
    tag["usage"] = json!({"accounts": 12, "leads": 10, "opportunities": 10, "cases": 3, "contacts": 4, "tasks": 5, "api_settings": 0});
    tag
}

fn definition(n: usize) -> Value {
    json!({"id": id(n), "target_model": "Opportunity", "key": format!("delivery_terms_{n}"), "label": "Terms of delivery", "field_type": "dropdown", "options": [{"value": "ex_works", "label": "Ex works"}, {"value": "delivered", "label": "Delivered"}], "is_required": false, "is_filterable": true, "display_order": n, "is_active": true, "created_at": NOW, "updated_at": NOW, "records_missing_value": 54})
}

fn goal(n: usize) -> Value {
    json!({"id": id(n), "name": format!("New business in quarter {n}"), "goal_type": "REVENUE", "target_value": "100000.00", "period_type": "QUARTERLY", "period_start": "2026-10-01", "period_end": "2026-12-31", "assigned_to": OTHER, "assigned_to_detail": profile(1), "team": OTHER, "team_detail": team(1), "is_active": true, "milestone_50_notified": false, "milestone_90_notified": false, "milestone_100_notified": false, "org": OTHER, "created_at": YESTERDAY, "updated_at": NOW, "progress_value": 50123.5, "progress_percent": 50, "status": "on_track"})
}

fn document(n: usize) -> Value {
    json!({"id": id(n), "title": format!("Contract number {n}, signed.pdf"), "document_file": "/media/docs/1795171552/contract.pdf", "status": "active", "shared_to": [profile(1), profile(2)], "teams": [team(1)], "size_bytes": 170_517, "created_at": NOW, "created_by": user(), "org": org()})
}

fn entry(n: usize) -> Value {
    json!({"id": id(n), "case": OTHER, "profile": profile(1), "started_at": YESTERDAY, "ended_at": NOW, "duration_minutes": 90, "description": "Looked into why the export fails for long names", "billable": true, "hourly_rate": "100.00", "currency": "USD", "invoice": null, "auto_stopped": false, "created_at": NOW, "updated_at": NOW})
}

fn approval(n: usize) -> Value {
    json!({"id": id(n), "state": "pending", "note": "Please have a look before it is closed", "reason": "", "decided_at": null, "case_summary": {"id": OTHER, "name": format!("Export fails, report {n}"), "status": "Pending", "priority": "Urgent", "account": {"id": OTHER, "name": "Customer 1 Incorporated"}}, "rule_summary": {"id": OTHER, "name": "Urgent cases", "trigger_event": "pre_close", "approver_role": "ADMIN", "approvers": []}, "requested_by": {"id": OTHER, "email": "member1@crm.example"}, "approver": null, "can_act": true, "is_own_request": false, "created_at": NOW, "updated_at": NOW})
}

fn activity(n: usize) -> Value {
    json!({"id": id(n), "user": user(), "action": "UPDATE", "action_display": "Updated", "entity_type": "Opportunity", "entity_id": OTHER, "entity_name": format!("Renewal number {n} for the whole group"), "description": "", "timestamp": NOW, "humanized_time": "0 minutes ago"})
}

fn due(n: usize) -> Value {
    json!({"id": format!("invoice-{}", id(n)), "tone": "clay", "due": "Overdue", "title": "Invoice for Customer 1 Incorporated", "detail": "$60,425 · Customer 1 Incorporated · due Aug 29", "action": "Send a reminder", "href": format!("/invoices/{}", id(n))})
}

fn hit(n: usize) -> Value {
    json!({"type": "deal", "id": id(n), "title": format!("Renewal number {n} for the whole group"), "subtitle": "Customer 1 Incorporated"})
}

/// The whole answer of a list, under the key where the CRM puts its rows.
fn answer(entity: &str, rows: &[Value]) -> Value {
    match entity {
        "time_entries" => json!(rows),
        "people" => json!({"teams": [], "profiles": rows}),
        "teams" => json!({"teams": rows, "profiles": []}),
        "tags" => json!({"tags_count": rows.len(), "tags": rows}),
        "custom_fields" => json!({"definitions": rows, "totals": {"count": rows.len()}}),
        "goals" => json!({"goals": rows, "goals_count": 45}),
        "documents" => {
            json!({"documents_active": {"documents_active_count": rows.len(), "documents_active": rows, "offset": null}, "users": []})
        }
        "approvals" => json!({"approvals": rows}),
        "activities" => json!({"error": false, "count": rows.len(), "activities": rows}),
        "today" => json!({"queue": rows, "summary": {"overdue": 4}}),
        _ => json!({"count": rows.len(), "results": rows}),
    }
}

#[test]
fn twenty_rows_of_what_surrounds_the_records_fit_ten_kilobytes_too() {
    for (entity, path, row) in KINDS {
        let many = if entity == "goals" { 20 } else { 45 };
        let rows: Vec<Value> = (0..many).map(row).collect();
        let body = answer(entity, &rows);
        let crm = crm().expect(portcullis_sdk::testing::get(path).reply(200, body));
        let query = if entity == "everything" {
            "renewal"
        } else {
            ""
        };
        let found = crm
            .invoke("crm_search", json!({"entity": entity, "query": query}))
            .unwrap();
        let size = found.to_string().len();
        assert!(size <= 10_000, "{entity}: {size} bytes");
        let shown = found["records"].as_array().unwrap().len();
        assert_eq!((shown, &found["total"]), (20, &json!(45)), "{entity}");
        assert_eq!(found["next_offset"], 20, "{entity}");
        assert!(found.get("truncated").is_none(), "{entity}: {size} bytes");
    }
}
