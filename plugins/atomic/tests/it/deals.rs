//! Moving and archiving deals.

use portcullis_sdk::testing::{patch, post};
use serde_json::{Value, json};

use crate::fixtures::{NOW, configured, crm, deal, failed, one, table};

fn column(stage: &str, rows: Value) -> portcullis_sdk::testing::Exchange {
    table("deals")
        .query("stage", format!("eq.{stage}"))
        .reply(200, rows)
}

fn placed(id: u64, index: u64) -> portcullis_sdk::testing::Exchange {
    patch("rest/v1/deals")
        .query("id", format!("eq.{id}"))
        .body(json!({"index": index}))
        .reply(200, json!([{"id": id}]))
}

#[test]
fn a_move_renumbers_both_columns() {
    let crm = crm()
        .expect(configured())
        .expect(one("deals", 5).reply(200, json!([deal(5, "opportunity", 1)])))
        .expect(column(
            "won",
            json!([{"id": 1, "index": 0}, {"id": 2, "index": 1}]),
        ))
        .expect(
            patch("rest/v1/deals")
                .query("id", "eq.5")
                .body(json!({"stage": "won", "index": 1, "updated_at": NOW}))
                .reply(200, json!([deal(5, "won", 1)])),
        )
        .expect(placed(2, 2))
        .expect(column(
            "opportunity",
            json!([{"id": 4, "index": 0}, {"id": 6, "index": 2}]),
        ))
        .expect(placed(6, 1));
    let moved = crm
        .invoke("move_deal", json!({"id": 5, "stage": "Won", "position": 1}))
        .unwrap();
    assert_eq!(
        (&moved["from"], &moved["stage"]),
        (&json!("opportunity"), &json!("won"))
    );
    assert!(moved.get("warnings").is_none(), "{moved}");
}

/// Deals 10 to 59 with a number each.
fn full(index: impl Fn(u64) -> Value) -> Value {
    let deals = (10..60).map(|id| json!({"id": id, "index": index(id)}));
    deals.collect()
}

#[test]
fn in_a_full_column_the_deal_alone_gets_the_number_of_its_place() {
    let numbered = || full(|id| json!(id));
    for (rows, position, index) in [
        (full(|_| json!(0)), 0, -1),
        (full(|id| json!(id as i64 - 40)), 0, -31),
        (numbered(), 0, 9),
        (numbered(), 50, 60),
        (numbered(), 999, 60),
        (full(|id| json!(id * 2)), 3, 25),
        (full(|_| json!(null)), 0, 0),
        (
            full(|id| if id < 13 { json!(id) } else { json!(null) }),
            3,
            13,
        ),
    ] {
        let crm = crm()
            .expect(configured())
            .expect(one("deals", 5).reply(200, json!([deal(5, "won", 1)])))
            .expect(column("won", rows))
            .expect(
                patch("rest/v1/deals")
                    .query("id", "eq.5")
                    .body(json!({"stage": "won", "index": index, "updated_at": NOW}))
                    .reply(200, json!([deal(5, "won", 0)])),
            );
        let moved = crm
            .invoke(
                "move_deal",
                json!({"id": 5, "stage": "won", "position": position}),
            )
            .unwrap();
        assert!(moved.get("warnings").is_none(), "{moved}");
    }
}

#[test]
fn a_place_without_a_free_number_is_told() {
    for (rows, position, index) in [
        (full(|id| json!(id)), 3, 13),
        (full(|_| json!(0)), 3, 1),
        (full(|_| json!(null)), 3, 0),
        (full(|_| json!(i16::MIN)), 0, i16::MIN),
    ] {
        let crm = crm()
            .expect(configured())
            .expect(one("deals", 5).reply(200, json!([deal(5, "won", 1)])))
            .expect(column("won", rows))
            .expect(
                patch("rest/v1/deals")
                    .query("id", "eq.5")
                    .body(json!({"stage": "won", "index": index, "updated_at": NOW}))
                    .reply(200, json!([deal(5, "won", 0)])),
            );
        let moved = crm
            .invoke(
                "move_deal",
                json!({"id": 5, "stage": "won", "position": position}),
            )
            .unwrap();
        let warning = moved["warnings"][0].as_str().unwrap();
        assert!(warning.contains("no number is free"), "{warning}");
    }
}

#[test]
fn a_full_column_that_a_deal_leaves_keeps_its_numbers() {
    let crm = crm()
        .expect(configured())
        .expect(one("deals", 5).reply(200, json!([deal(5, "opportunity", 0)])))
        .expect(column("won", json!([])))
        .expect(
            patch("rest/v1/deals")
                .query("id", "eq.5")
                .reply(200, json!([deal(5, "won", 0)])),
        )
        .expect(column("opportunity", full(|id| json!(id))));
    let moved = crm
        .invoke("move_deal", json!({"id": 5, "stage": "won"}))
        .unwrap();
    assert!(moved.get("warnings").is_none(), "{moved}");
}

#[test]
fn a_new_deal_goes_above_a_full_column() {
    let stored = json!([{"id": 70, "name": "New", "stage": "won", "index": -1, "contact_ids": []}]);
    let crm = crm()
        .expect(configured())
        .expect(column("won", full(|id| json!(id - 10))))
        .expect(
            post("rest/v1/deals")
                .body_at("/index", json!(-1))
                .reply(201, stored),
        );
    let created = crm
        .invoke(
            "create_record",
            json!({"entity": "deals", "data": {"name": "New", "stage": "won"}}),
        )
        .unwrap();
    assert!(created.get("warnings").is_none(), "{created}");
}

#[test]
fn an_archived_deal_is_on_no_board() {
    let mut archived = deal(5, "won", 0);
    archived["archived_at"] = json!("2026-11-01T00:00:00+00:00");
    let crm = crm()
        .expect(configured())
        .expect(one("deals", 5).reply(200, json!([archived])));
    let failure = failed(crm.invoke("move_deal", json!({"id": 5, "stage": "lost"})));
    assert!(
        failure
            .suggestion
            .as_ref()
            .unwrap()
            .contains("archive_deal")
    );
    let failure = failed(crm.invoke("move_deal", json!({"id": 5, "stage": "in-negociation"})));
    assert_eq!(failure.fields, ["/stage"]);
}

#[test]
fn archiving_is_undone_at_the_top_of_the_stage() {
    let mut archived = deal(5, "won", 3);
    archived["archived_at"] = json!("2026-11-20T10:00:00+00:00");
    let crm = crm()
        .expect(one("deals", 5).reply(200, json!([deal(5, "won", 3)])))
        .expect(
            patch("rest/v1/deals")
                .body(json!({"archived_at": NOW, "updated_at": NOW}))
                .reply(200, json!([archived])),
        )
        .expect(one("deals", 5).reply(200, json!([archived])).times(2))
        .expect(column("won", json!([{"id": 1, "index": 0}])))
        .expect(
            patch("rest/v1/deals")
                .body(json!({"archived_at": null, "index": 0, "updated_at": NOW}))
                .reply(200, json!([deal(5, "won", 0)])),
        )
        .expect(placed(1, 1));
    let done = crm.invoke("archive_deal", json!({"id": 5})).unwrap();
    assert_eq!(
        (&done["archived"], &done["unchanged"]),
        (&json!(true), &json!(false))
    );
    let done = crm.invoke("archive_deal", json!({"id": 5})).unwrap();
    assert_eq!(
        (&done["archived"], &done["unchanged"]),
        (&json!(true), &json!(true))
    );
    let done = crm
        .invoke("archive_deal", json!({"id": 5, "archived": false}))
        .unwrap();
    assert_eq!(
        (&done["archived"], &done["unchanged"]),
        (&json!(false), &json!(false))
    );
}

#[test]
fn a_fault_after_the_move_is_a_warning() {
    let crm = crm()
        .expect(configured())
        .expect(one("deals", 5).reply(200, json!([deal(5, "opportunity", 0)])))
        .expect(column("won", json!([])))
        .expect(
            patch("rest/v1/deals")
                .query("id", "eq.5")
                .reply(200, json!([deal(5, "won", 0)])),
        )
        .expect(table("deals").query("stage", "eq.opportunity").reply(
            403,
            json!({"code": "42501", "message": "no", "details": null, "hint": null}),
        ));
    let moved = crm
        .invoke("move_deal", json!({"id": 5, "stage": "won"}))
        .unwrap();
    assert_eq!(moved["stage"], "won");
    assert!(
        moved["warnings"][0]
            .as_str()
            .unwrap()
            .contains("opportunity")
    );
}
