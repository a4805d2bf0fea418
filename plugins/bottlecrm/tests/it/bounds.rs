//! What the routes let a hostile plugin send: nothing but the entity, the record and the members of
//! the arguments.

use portcullis_sdk::{
    Method::{self, Delete, Patch, Post, Put},
    testing::json_request,
};
use serde_json::{Value, json};

use crate::fixtures::crm;

const ID: &str = "48a75441-e205-4717-b1cb-aef1d27d33ad";

fn lets(tool: &str, arguments: &Value, method: Method, path: &str, body: Option<&Value>) -> bool {
    let request = json_request(method, &path.replace("ID", ID), &[], body);
    crm().lets(tool, arguments, &request)
}

#[test]
fn a_create_makes_what_was_named_and_changes_nothing_else() {
    let account = json!({"entity": "accounts", "data": {"name": "A", "tags": ["vip"]}});
    for (method, path, body, allowed) in [
        (Post, "api/accounts", json!({"name": "A"}), true),
        (
            Post,
            "api/accounts",
            json!({"name": "A", "assigned_to": []}),
            false,
        ),
        (Post, "api/leads", json!({"name": "A"}), false),
        // Which account gets tags is known only once it is made; see the test of creates.
        (Patch, "api/accounts/ID", json!({"tags": []}), false),
        (Patch, "api/accounts/ID", json!({"name": "B"}), false),
    ] {
        let found = lets("crm_create", &account, method, path, Some(&body));
        assert_eq!(found, allowed, "{path} {body}");
    }
    let request = json_request(
        Post,
        "api/accounts",
        &[("x", "y")],
        Some(&json!({"name": "A"})),
    );
    assert!(!crm().lets("crm_create", &account, &request));
}

#[test]
fn updates_and_deletions_reach_their_record_of_their_entity() {
    let contact = json!({"entity": "contacts", "id": ID, "data": {"first_name": "A"}});
    let lead = json!({"entity": "leads", "id": ID, "data": {"status": "closed"}});
    for (tool, arguments, method, path, body, allowed) in [
        (
            "crm_update",
            &contact,
            Patch,
            "api/contacts/ID",
            Some(json!({"first_name": "B"})),
            true,
        ),
        (
            "crm_update",
            &contact,
            Patch,
            "api/contacts/ID",
            Some(json!({"email": "B"})),
            false,
        ),
        (
            "crm_update",
            &contact,
            Patch,
            "api/contacts/1",
            Some(json!({"first_name": "B"})),
            false,
        ),
        (
            "crm_update",
            &contact,
            Patch,
            "api/leads/ID",
            Some(json!({"first_name": "B"})),
            false,
        ),
        (
            "crm_update",
            &lead,
            Patch,
            "api/leads/ID",
            Some(json!({"status": "closed"})),
            true,
        ),
        (
            "crm_update",
            &lead,
            Patch,
            "api/leads/ID",
            Some(json!({"status": "converted"})),
            false,
        ),
        (
            "crm_update",
            &contact,
            Put,
            "api/contacts/ID",
            Some(json!({"first_name": "B"})),
            false,
        ),
        (
            "crm_delete",
            &contact,
            Delete,
            "api/contacts/ID",
            None,
            true,
        ),
        ("crm_delete", &contact, Delete, "api/leads/ID", None, false),
        (
            "crm_delete",
            &contact,
            Delete,
            "api/contacts/1",
            None,
            false,
        ),
    ] {
        let found = lets(tool, arguments, method, path, body.as_ref());
        assert_eq!(found, allowed, "{tool} {path} {body:?}");
    }
}

#[test]
fn an_action_is_of_its_entity_with_its_parameters() {
    let act = |entity: &str, action: &str, params: Value| json!({"entity": entity, "id": ID, "action": action, "params": params});
    let pay = act(
        "invoices",
        "pay",
        json!({"amount": "10.00", "payment_method": "CASH"}),
    );
    let note = act("leads", "comment", json!({"comment": "hi"}));
    let send = act("invoices", "send", json!({}));
    let moved = act("leads", "move", json!({"status": "closed"}));
    let hours = act("invoices", "from_time_entries", json!({"entry_ids": ["a"]}));
    for (arguments, method, path, body, allowed) in [
        (
            &pay,
            Post,
            "api/invoices/ID/payments",
            json!({"amount": "10.00"}),
            true,
        ),
        (
            &pay,
            Post,
            "api/invoices/ID/payments",
            json!({"amount": "99.00"}),
            false,
        ),
        (
            &pay,
            Post,
            "api/invoices/ID/payments",
            json!({"amount": "10.00", "notes": "x"}),
            false,
        ),
        (&note, Post, "api/leads/ID", json!({"comment": "hi"}), true),
        (
            &note,
            Post,
            "api/contacts/ID",
            json!({"comment": "hi"}),
            false,
        ),
        (
            &note,
            Post,
            "api/leads/ID",
            json!({"lead_attachment": "x"}),
            false,
        ),
        (&send, Post, "api/invoices/ID/send", json!({}), true),
        (
            &send,
            Post,
            "api/invoices/ID/send",
            json!({"to": "x"}),
            false,
        ),
        (
            &send,
            Post,
            "api/invoices/estimates/ID/send",
            json!({}),
            false,
        ),
        (
            &moved,
            Patch,
            "api/leads/ID/move",
            json!({"status": "closed"}),
            true,
        ),
        (
            &moved,
            Patch,
            "api/leads/ID/move",
            json!({"status": "converted"}),
            false,
        ),
        (
            &moved,
            Patch,
            "api/tasks/ID/move",
            json!({"status": "Completed"}),
            false,
        ),
        (
            &moved,
            Patch,
            "api/leads/ID/move",
            json!({"assigned_to": []}),
            false,
        ),
        (
            &hours,
            Post,
            "api/invoices/from-time-entries",
            json!({"account_id": ID, "entry_ids": ["a"]}),
            true,
        ),
        (
            &hours,
            Post,
            "api/invoices/from-time-entries",
            json!({"account_id": ID, "entry_ids": ["b"]}),
            false,
        ),
    ] {
        let found = lets("crm_action", arguments, method, path, Some(&body));
        assert_eq!(found, allowed, "{path} {body}");
    }
}
