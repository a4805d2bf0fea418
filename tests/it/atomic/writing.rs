//! Tools that change something: what they say they did can be seen in the project, and what takes
//! other rows with it asks first.

use serde_json::{Value, json};

use super::{done, number, refused};
use crate::support::{Atomic, TestHost, list, text};
use portcullis_demo::atomic::REP;
use portcullis_demo::fault::Fault;

async fn started() -> (Atomic, TestHost) {
    let crm = Atomic::start().await;
    let host = crm.as_rep().await;
    (crm, host)
}

async fn made(host: &TestHost, entity: &str, data: Value) -> i64 {
    let arguments = json!({"entity": entity, "data": data});
    number(&done(host, "create_record", arguments).await["id"])
}

/// Runs a call that asks first: the preview, and the answer to the call that repeats it.
async fn confirmed(crm: &Atomic, host: &TestHost, tool: &str, arguments: Value) -> (Value, Value) {
    let before = crm.changes();
    let shown = refused(host, tool, arguments.clone()).await;
    assert!(shown["confirmation_token"].is_string(), "{tool}: {shown}");
    assert_eq!(crm.changes(), before, "{tool}: a preview changes nothing");
    let mut confirmed = arguments;
    confirmed["confirmation_token"] = shown["confirmation_token"].clone();
    let answer = done(host, tool, confirmed.clone()).await;
    let after = crm.changes();
    refused(host, tool, confirmed).await;
    assert_eq!(crm.changes(), after, "{tool}: a token is good once");
    (shown, answer)
}

#[tokio::test]
async fn a_contact_is_created_read_changed_and_deleted() {
    let (crm, host) = started().await;
    let data = json!({"first_name": "Robin", "last_name": "Rivers", "email": "Robin@Mail.example", "company_id": 3, "tags": ["vip"]});
    let id = made(&host, "contacts", data).await;
    let stored = crm.row("contacts", id);
    assert_eq!(stored["email_jsonb"][0]["email"], "robin@mail.example");
    assert_eq!(
        (&stored["tags"], &stored["sales_id"]),
        (&json!([1]), &json!(REP.sales_id))
    );
    assert!(
        stored["first_seen"].is_string() && stored["last_seen"].is_string(),
        "{stored}"
    );
    let change =
        json!({"entity": "contacts", "id": id, "data": {"status": "hot", "title": "Buyer"}});
    let changed = done(&host, "update_record", change).await;
    assert_eq!(changed["record"]["status"], "hot", "{changed}");
    assert_eq!(crm.row("contacts", id)["title"], "Buyer");
    let (shown, gone) = confirmed(
        &crm,
        &host,
        "delete_record",
        json!({"entity": "contacts", "id": id}),
    )
    .await;
    assert!(
        text(&shown, "/preview/summary").contains("would be deleted"),
        "{shown}"
    );
    assert_eq!(
        (number(&gone["deleted"]), crm.memory.record("contacts", id)),
        (id, None)
    );
}

#[tokio::test]
async fn a_company_is_deleted_with_everything_that_was_counted() {
    let (crm, host) = started().await;
    let of = |table: &str| {
        let rows = crm
            .memory
            .ids(table)
            .into_iter()
            .map(|id| crm.row(table, id));
        rows.filter(|row| row["company_id"] == 1).count()
    };
    let (contacts, deals) = (of("contacts"), of("deals"));
    assert!(contacts > 0 && deals > 0);
    let (shown, _) = confirmed(
        &crm,
        &host,
        "delete_record",
        json!({"entity": "companies", "id": 1}),
    )
    .await;
    let counted = &shown["preview"]["dependents"];
    assert_eq!(
        (&counted["contacts"], &counted["deals"]),
        (&json!(contacts), &json!(deals)),
        "{shown}"
    );
    assert_eq!((of("contacts"), of("deals")), (0, 0));
}

#[tokio::test]
async fn a_note_and_a_task_touch_their_contact() {
    let (crm, host) = started().await;
    let before = crm.row("contacts", 5);
    let note = made(
        &host,
        "contact_notes",
        json!({"contact_id": 5, "text": "Called.", "status": "in-contract"}),
    )
    .await;
    let after = crm.row("contacts", 5);
    assert_eq!(after["status"], "in-contract");
    assert!(
        text(&after, "/last_seen") > text(&before, "/last_seen"),
        "{before} {after}"
    );
    assert_eq!(crm.row("contact_notes", note)["sales_id"], REP.sales_id);
    let task = made(
        &host,
        "tasks",
        json!({"contact_id": 6, "text": "Write", "due_date": "2030-01-01T09:00:00Z"}),
    )
    .await;
    assert_eq!(crm.row("tasks", task)["type"], "none");
    let completed = done(&host, "complete_task", json!({"id": task})).await;
    assert_eq!(completed["already_done"], false);
    assert!(crm.row("tasks", task)["done_date"].is_string());
    assert_eq!(
        done(&host, "complete_task", json!({"id": task})).await["already_done"],
        true
    );
}

/// Numbers of the deals of a stage of the board, in its order.
fn column(crm: &Atomic, stage: &str) -> Vec<i64> {
    let rows = crm
        .memory
        .ids("deals")
        .into_iter()
        .map(|id| crm.row("deals", id));
    let shown = rows.filter(|deal| deal["stage"] == stage && deal["archived_at"].is_null());
    let mut places: Vec<(i64, i64)> = shown
        .map(|deal| (number(&deal["index"]), number(&deal["id"])))
        .collect();
    places.sort_unstable();
    let wanted: Vec<i64> = (0..).take(places.len()).collect();
    let found: Vec<i64> = places.iter().map(|(place, _)| *place).collect();
    assert_eq!(found, wanted, "the places of {stage} follow each other");
    places.into_iter().map(|(_, id)| id).collect()
}

#[tokio::test]
async fn deals_keep_the_boards_order() {
    let (crm, host) = started().await;
    let id = column(&crm, "opportunity")[1];
    let moved = done(
        &host,
        "move_deal",
        json!({"id": id, "stage": "won", "position": 2}),
    )
    .await;
    assert_eq!(
        (text(&moved, "/from"), text(&moved, "/stage")),
        ("opportunity", "won"),
        "{moved}"
    );
    assert_eq!(column(&crm, "won")[2], id);
    assert!(!column(&crm, "opportunity").contains(&id));
    let new = made(&host, "deals", json!({"name": "New", "stage": "won", "company_id": 2, "amount": 9_007_199_254_740_993_i64})).await;
    assert_eq!(
        (
            column(&crm, "won")[0],
            number(&crm.row("deals", new)["amount"])
        ),
        (new, 9_007_199_254_740_993)
    );
    done(&host, "archive_deal", json!({"id": new})).await;
    assert!(crm.row("deals", new)["archived_at"].is_string());
    let back = done(&host, "archive_deal", json!({"id": new, "archived": false})).await;
    assert_eq!(back["archived"], false, "{back}");
    assert_eq!(column(&crm, "won")[0], new);
}

#[tokio::test]
async fn tags_are_added_by_name_and_contacts_are_merged() {
    let (crm, host) = started().await;
    let tagged = done(
        &host,
        "tag_contact",
        json!({"id": 2, "add": ["VIP", "autumn"], "remove": ["fair"]}),
    )
    .await;
    assert_eq!(tagged["created"], json!(["autumn"]), "{tagged}");
    let tag = crm
        .memory
        .find("tags", "name", &json!("autumn"))
        .expect("it was created");
    assert!(list(&crm.row("contacts", 2)["tags"]).contains(&tag["id"]));
    let arguments = json!({"loser_id": 40, "winner_id": 1});
    let (shown, merged) = confirmed(&crm, &host, "merge_contacts", arguments).await;
    assert!(shown["preview"]["moves"].is_object(), "{shown}");
    assert_eq!(
        (&merged["deleted"], crm.memory.record("contacts", 40)),
        (&json!(40), None)
    );
    let addresses = crm.row("contacts", 1)["email_jsonb"].clone();
    assert_eq!(
        list(&addresses).len(),
        1,
        "one address of both: {addresses}"
    );
}

#[tokio::test]
async fn an_answer_that_is_lost_is_no_failure_of_the_write() {
    let (crm, host) = started().await;
    crm.faults.on_body("Lost tag", Fault::DropAfterRequest);
    let arguments = json!({"entity": "tags", "data": {"name": "Lost tag"}});
    let error = refused(&host, "create_record", arguments).await;
    assert_eq!(error["error"]["outcome"], "may-have-happened", "{error}");
    assert!(
        crm.memory
            .find("tags", "name", &json!("Lost tag"))
            .is_some()
    );
}
