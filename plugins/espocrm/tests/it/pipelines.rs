//! EspoCRM 10 with pipelines: a record moves by its stage, and a closed board is told by stage.

use portcullis_sdk::testing::{Exchange, Harness, get, put};
use serde_json::{Value, json};

use crate::fixtures::{ID, OTHER, THIRD, crm, me, scopes_with_pipelines};

const PIPELINE: &str = "5a0000000000000aa";
const MEET: &str = "5a0000000000000b1";
const OFFER: &str = "5a0000000000000b2";

/// A record that was moved to Offer.
fn moved() -> Harness {
    let record = |stage: &str, id: &str| json!({"id": ID, "stage": stage, "pipelineId": PIPELINE, "pipelineStageId": id});
    let path = format!("Opportunity/{ID}");
    crm()
        .expect(scopes_with_pipelines())
        .expect(get(&path).reply(200, record("Open", MEET)))
        .expect(me())
        .expect(
            put(&path)
                .body(json!({"pipelineStageId": OFFER}))
                .reply(200, record("Offer", OFFER)),
        )
}

fn board() -> Exchange {
    get("Kanban/Opportunity").query("where[0][value]", PIPELINE)
}

fn closed(exchange: Exchange) -> Exchange {
    exchange
        .reply_bytes(403, "text/html", "")
        .with("x-status-reason", "")
}

fn list() -> Exchange {
    get("Opportunity")
        .query_json(
            ("searchParams", "/where"),
            json!([{"type": "equals", "attribute": "pipelineId", "value": PIPELINE}]),
        )
        .query_json(
            ("searchParams", "/select"),
            json!(["id", "name", "pipelineStageId"]),
        )
}

fn deal(id: &str, stage: &str) -> Value {
    json!({"id": id, "name": format!("Deal {id}"), "pipelineStageId": stage, "amount": 5})
}

fn shown(id: &str) -> Value {
    let url = format!("https://crm.example.com/#Opportunity/view/{id}");
    json!({"id": id, "name": format!("Deal {id}"), "url": url})
}

/// What became of a position.
fn placed(harness: &Harness) -> Value {
    let arguments = json!({"entityType": "Opportunity", "id": ID, "group": "Offer", "position": 0});
    let mut result = harness
        .invoke("update_kanban", arguments)
        .expect("the record moves");
    assert_eq!(result["status"], "Offer");
    result["position"].take()
}

#[test]
fn trap_19_with_pipelines_a_record_moves_by_its_stage() {
    let columns = json!({"groups": [{"name": MEET, "list": [{"id": THIRD}]}, {"name": OFFER, "list": [{"id": OTHER}, {"id": ID}]}]});
    let harness = moved().expect(board().reply(200, columns)).expect(
        put("Kanban/order")
            .body(json!({"entityType": "Opportunity", "group": OFFER, "ids": [ID, OTHER]}))
            .reply(200, json!(true)),
    );
    let position = placed(&harness);
    assert_eq!(position["applied"], true);
    assert_eq!(position.get("by_stage"), None);
}

#[test]
fn trap_19_a_closed_board_is_told_by_stage() {
    let found =
        json!({"total": 3, "list": [deal(OTHER, OFFER), deal(THIRD, "gone"), deal(ID, OFFER)]});
    let order = || put("Kanban/order");
    for refusals in [
        vec![closed(board())],
        vec![board().reply(200, json!({"groups": []})), closed(order())],
    ] {
        let harness = moved()
            .expect_all(refusals)
            .expect(list().reply(200, found.clone()));
        let position = placed(&harness);
        assert_eq!(position["applied"], false);
        let note = position["note"].as_str().unwrap();
        assert!(
            note.contains("administrators only") && note.contains("by_stage"),
            "{note}"
        );
        assert_eq!(
            position["by_stage"],
            json!({
                "pipeline": "Main",
                "total": 3,
                "stages": [
                    {"stage": "Meet", "records": []},
                    {"stage": "Offer", "records": [shown(OTHER), shown(ID)]},
                    {"stage": null, "records": [shown(THIRD)]},
                ],
            })
        );
    }
}

#[test]
fn what_of_a_pipeline_is_not_listed_is_told() {
    let answer = json!({"total": 80, "list": [deal(ID, OFFER)]});
    let harness = moved().expect(closed(board())).expect(
        list()
            .query_json(("searchParams", "/maxSize"), json!(50))
            .reply(200, answer.clone()),
    );
    let cut = placed(&harness)["by_stage"]["truncated"].take();
    assert!(cut.as_str().unwrap().contains(PIPELINE), "{cut}");

    // The operator allows fewer in one list.
    let harness = moved()
        .setting("max_limit", 7)
        .expect(closed(board()))
        .expect(
            list()
                .query_json(("searchParams", "/maxSize"), json!(7))
                .reply(200, answer),
        );
    placed(&harness);
}

#[test]
fn a_pipeline_that_cannot_be_listed_either_is_told_and_the_move_stands() {
    let harness = moved()
        .expect(closed(board()))
        .expect(list().reply_bytes(500, "", ""));
    let position = placed(&harness);
    let note = position["note"].as_str().unwrap();
    assert!(
        note.contains("the record did move") && note.contains("could not be listed either"),
        "{note}"
    );
    assert_eq!(position.get("by_stage"), None);
}

#[test]
fn another_fault_of_the_board_is_no_closed_board() {
    let harness = moved().expect(board().reply_bytes(500, "", ""));
    let position = placed(&harness);
    let note = position["note"].as_str().unwrap();
    assert!(!note.contains("administrators"), "{note}");
    assert_eq!(position.get("by_stage"), None);
}
