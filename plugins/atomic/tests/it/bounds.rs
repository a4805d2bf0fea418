//! What the routes let a hostile plugin send: nothing but the row, the columns and the statement of
//! the arguments.

use portcullis_sdk::{
    Method::{self, Delete, Patch, Post},
    testing::json_request,
};
use serde_json::{Value, json};

use crate::fixtures::crm;

type Sent<'a> = (Method, &'a str, &'a [(&'a str, &'a str)], Option<Value>);

fn assert_lets(tool: &str, arguments: &Value, sent: Sent<'_>, allowed: bool) {
    let (method, path, query, body) = sent;
    let request = json_request(method, path, query, body.as_ref());
    assert_eq!(
        crm().lets(tool, arguments, &request),
        allowed,
        "{tool} {} {path} {query:?} {body:?}",
        method.as_str()
    );
}

const ROW: &[(&str, &str)] = &[("id", "eq.7")];

#[test]
fn a_change_reaches_its_row() {
    let update =
        json!({"entity": "contacts", "id": 7, "data": {"title": "x", "email": "a@b.example"}});
    let (contacts, title) = ("rest/v1/contacts", || Some(json!({"title": "y"})));
    for (sent, allowed) in [
        ((Patch, contacts, ROW, title()), true),
        (
            (Patch, contacts, ROW, Some(json!({"email_jsonb": []}))),
            true,
        ),
        ((Patch, contacts, ROW, Some(json!({"sales_id": 1}))), false),
        ((Patch, contacts, ROW, Some(json!({"id": 8}))), false),
        ((Patch, contacts, &[], title()), false),
        ((Patch, contacts, &[("id", "gt.0")], title()), false),
        ((Patch, contacts, &[("id", "eq.8")], title()), false),
        (
            (
                Patch,
                contacts,
                &[("id", "eq.7"), ("or", "(id.gt.0)")],
                title(),
            ),
            false,
        ),
        (
            (
                Patch,
                contacts,
                &[("id", "eq.7"), ("columns", "sales_id")],
                title(),
            ),
            false,
        ),
        ((Patch, "rest/v1/companies", ROW, title()), false),
        ((Post, contacts, &[], title()), false),
        ((Delete, contacts, ROW, None), false),
    ] {
        assert_lets("update_record", &update, sent, allowed);
    }
    let delete = json!({"entity": "deals", "id": 7});
    let (id, deals) = (("select", "id"), "rest/v1/deals");
    for (sent, allowed) in [
        ((Delete, deals, &[("id", "eq.7"), id][..], None), true),
        ((Delete, deals, &[("id", "eq.8"), id], None), false),
        ((Delete, deals, &[("id", "eq.7"), id, id], None), false),
        ((Delete, deals, &[id], None), false),
        (
            (Delete, "rest/v1/contacts", &[("id", "eq.7"), id], None),
            false,
        ),
    ] {
        assert_lets("delete_record", &delete, sent, allowed);
    }
}

#[test]
fn a_new_row_is_no_change_of_another() {
    let note = json!({"entity": "contact_notes", "data": {"contact_id": 7, "text": "x"}});
    let notes = "rest/v1/contact_notes";
    let text = || Some(json!({"text": "x", "status": "warm"}));
    let seen = || Some(json!({"last_seen": "2026-01-01T00:00:00Z"}));
    for (sent, allowed) in [
        ((Post, notes, &[][..], text()), true),
        (
            (Post, notes, &[], Some(json!({"id": 3, "text": "x"}))),
            false,
        ),
        ((Post, notes, &[], Some(json!([{"text": "x"}]))), false),
        ((Post, notes, &[("on_conflict", "id")], text()), false),
        (
            (Post, "rest/v1/tags", &[], Some(json!({"color": "x"}))),
            false,
        ),
        ((Patch, "rest/v1/contacts", ROW, seen()), true),
        (
            (Patch, "rest/v1/contacts", &[("id", "eq.8")], seen()),
            false,
        ),
        (
            (Patch, "rest/v1/contacts", ROW, Some(json!({"title": "x"}))),
            false,
        ),
        (
            (Patch, "rest/v1/deals", ROW, Some(json!({"index": 1}))),
            false,
        ),
    ] {
        assert_lets("create_record", &note, sent, allowed);
    }
}

#[test]
fn tools_of_one_purpose_have_its_columns() {
    let (index, one) = (
        || Some(json!({"index": 1})),
        json!({"id": 7, "stage": "won"}),
    );
    for (tool, sent, allowed) in [
        (
            "complete_task",
            (Patch, "rest/v1/tasks", ROW, Some(json!({"done_date": "x"}))),
            true,
        ),
        (
            "complete_task",
            (Patch, "rest/v1/tasks", ROW, Some(json!({"sales_id": 1}))),
            false,
        ),
        (
            "complete_task",
            (Patch, "rest/v1/tasks", &[], Some(json!({"done_date": "x"}))),
            false,
        ),
        (
            "move_deal",
            (
                Patch,
                "rest/v1/deals",
                ROW,
                Some(json!({"stage": "won", "index": 0})),
            ),
            true,
        ),
        (
            "move_deal",
            (Patch, "rest/v1/deals", &[("id", "eq.8")], index()),
            true,
        ),
        (
            "move_deal",
            (Patch, "rest/v1/deals", &[("id", "gt.0")], index()),
            false,
        ),
        (
            "move_deal",
            (
                Patch,
                "rest/v1/deals",
                &[("id", "eq.8")],
                Some(json!({"stage": "won"})),
            ),
            false,
        ),
        (
            "move_deal",
            (
                Patch,
                "rest/v1/deals",
                ROW,
                Some(json!({"archived_at": null})),
            ),
            false,
        ),
        (
            "archive_deal",
            (
                Patch,
                "rest/v1/deals",
                ROW,
                Some(json!({"archived_at": null})),
            ),
            true,
        ),
        (
            "archive_deal",
            (Patch, "rest/v1/deals", ROW, Some(json!({"stage": "lost"}))),
            false,
        ),
        (
            "tag_contact",
            (Patch, "rest/v1/contacts", ROW, Some(json!({"tags": [1]}))),
            true,
        ),
        (
            "tag_contact",
            (Patch, "rest/v1/contacts", ROW, Some(json!({"title": "x"}))),
            false,
        ),
        (
            "tag_contact",
            (
                Post,
                "rest/v1/tags",
                &[],
                Some(json!({"id": 1, "name": "x"})),
            ),
            false,
        ),
    ] {
        assert_lets(tool, &one, sent, allowed);
    }
}

#[test]
fn functions_get_the_arguments_of_the_call() {
    let merge = json!({"loser_id": 1, "winner_id": 2});
    let path = "rest/v1/rpc/merge_contacts";
    let swapped = json!({"loser_id": 2, "winner_id": 1});
    assert_lets(
        "merge_contacts",
        &merge,
        (Post, path, &[], Some(merge.clone())),
        true,
    );
    assert_lets(
        "merge_contacts",
        &merge,
        (Post, path, &[], Some(swapped)),
        false,
    );
    let path = "rest/v1/rpc/crm_mcp_mutate";
    let few = json!({"sql": "s", "dry_run": false});
    let many = json!({"sql": "s", "dry_run": false, "max_rows": 500});
    let body = |sql: &str, rows: u32, dry: bool| {
        Some(json!({"sql": sql, "max_rows": rows, "dry_run": dry}))
    };
    for (arguments, body, allowed) in [
        (&few, body("s", 20, false), true),
        (&few, body("s", 500, false), false),
        (&few, body("t", 20, false), false),
        (&many, body("s", 500, false), true),
        (&many, body("s", 501, false), false),
        (&json!({"sql": "s"}), body("s", 20, false), false),
        (&json!({"sql": "s"}), body("s", 20, true), true),
    ] {
        assert_lets("mutate", arguments, (Post, path, &[], body), allowed);
    }
    let other = (Post, "rest/v1/rpc/other", &[][..], body("s", 20, false));
    assert_lets("mutate", &few, other, false);
}
