//! What the routes let a hostile plugin send: nothing but the record, the attributes and the other
//! records of the arguments.

use portcullis_sdk::{
    Method::{Delete, Post, Put},
    testing::json_request,
};
use serde_json::json;

use crate::fixtures::crm;

#[test]
fn writes_are_bound_to_the_arguments() {
    let data = json!({"entityType": "Account", "id": "a1", "data": {"name": "A"}});
    let mail = json!({"entityType": "Email", "id": "a1", "data": {"name": "A"}});
    let one = json!({"entityType": "Account", "id": "a1", "link": "contacts", "foreignId": "c1"});
    let two = json!({"entityType": "Account", "id": "a1", "link": "contacts", "foreignIds": ["c1", "c2"]});
    let note = json!({"entityType": "Account", "id": "a1", "text": "hi"});
    let post = |id: &str, text: &str| json!({"type": "Post", "parentType": "Account", "parentId": id, "post": text});
    for (tool, arguments, method, path, body, allowed) in [
        (
            "create",
            &data,
            Post,
            "Account",
            json!({"name": "B", "assignedUserId": "u"}),
            true,
        ),
        (
            "create",
            &data,
            Post,
            "Account",
            json!({"name": "B", "teamsIds": []}),
            false,
        ),
        (
            "update",
            &data,
            Put,
            "Account/a1",
            json!({"name": "B"}),
            true,
        ),
        (
            "update",
            &data,
            Put,
            "Account/a1",
            json!({"assignedUserId": "u"}),
            false,
        ),
        (
            "update",
            &data,
            Put,
            "Email/a1",
            json!({"name": "B"}),
            false,
        ),
        ("update", &mail, Put, "Email/a1", json!({"name": "B"}), true),
        (
            "update",
            &mail,
            Put,
            "Email/a1",
            json!({"status": "Sending"}),
            false,
        ),
        (
            "link",
            &one,
            Post,
            "Account/a1/contacts",
            json!({"id": "c1"}),
            true,
        ),
        (
            "link",
            &one,
            Post,
            "Account/a1/contacts",
            json!({"id": "c2"}),
            false,
        ),
        (
            "link",
            &two,
            Post,
            "Account/a1/contacts",
            json!({"ids": ["c2", "c1"]}),
            true,
        ),
        (
            "link",
            &two,
            Post,
            "Account/a1/contacts",
            json!({"id": "c2"}),
            true,
        ),
        (
            "link",
            &two,
            Post,
            "Account/a1/contacts",
            json!({"ids": ["c1", "c3"]}),
            false,
        ),
        (
            "link",
            &two,
            Post,
            "Account/a1/contacts",
            json!({"massRelate": true, "where": []}),
            false,
        ),
        (
            "link",
            &two,
            Post,
            "Account/a1/cases",
            json!({"ids": ["c1"]}),
            false,
        ),
        (
            "unlink",
            &two,
            Delete,
            "Account/a1/contacts",
            json!({"ids": ["c1"]}),
            true,
        ),
        (
            "unlink",
            &two,
            Delete,
            "Account/a1/contacts",
            json!({"ids": ["c3"]}),
            false,
        ),
        (
            "unlink",
            &two,
            Delete,
            "Account/a1/contacts",
            json!({}),
            false,
        ),
        ("add_note", &note, Post, "Note", post("a1", "hi"), true),
        ("add_note", &note, Post, "Note", post("a2", "hi"), false),
        ("add_note", &note, Post, "Note", post("a1", "ho"), false),
    ] {
        let request = json_request(method, path, &[], Some(&body));
        assert_eq!(
            crm().lets(tool, arguments, &request),
            allowed,
            "{tool} {path} {body}"
        );
        let request = json_request(method, path, &[("x", "y")], Some(&body));
        assert!(
            !crm().lets(tool, arguments, &request),
            "{tool} {path} with a query"
        );
    }
}
