//! The board: its columns keep their numbers.

use portcullis_postgres_tests::{Caller, Project};
use serde_json::json;

use crate::crm::{crm, run, stored};

fn board(project: &Project) -> String {
    stored(
        project,
        "select string_agg(stage || '=' || deals, ' ' order by stage) from (
           select stage, string_agg(id || ':' || coalesce(index::text, '-'), ',' order by index, id) as deals
             from deals where archived_at is null group by stage) columns",
    )
}

fn project() -> Project {
    let project = Project::start().unwrap();
    run(
        &project,
        "insert into deals (name, stage, index, updated_at) values ('C', 'opportunity', 1, '2026-01-01'), ('D', 'opportunity', 2, '2026-01-01'), ('E', 'won', 1, '2026-01-01')",
    );
    project
}

#[test]
fn a_move_renumbers_both_columns() {
    let project = project();
    let crm = crm(&project, Caller::Rep);
    assert_eq!(board(&project), "opportunity=1:0,3:1,4:2 won=2:0,5:1");
    let moved = crm.call("move_deal", json!({"id": 3, "stage": "Won", "position": 1}));
    assert_eq!(
        (&moved["from"], &moved["stage"], moved.get("warnings")),
        (&json!("opportunity"), &json!("won"), None)
    );
    assert_eq!(board(&project), "opportunity=1:0,4:1 won=2:0,3:1,5:2");
    crm.call("move_deal", json!({"id": 4, "stage": "opportunity"}));
    assert_eq!(board(&project), "opportunity=4:0,1:1 won=2:0,3:1,5:2");
    crm.call(
        "move_deal",
        json!({"id": 4, "stage": "opportunity", "position": 99}),
    );
    assert_eq!(board(&project), "opportunity=1:0,4:1 won=2:0,3:1,5:2");
    let touched =
        "select string_agg(id::text, ' ' order by id) from deals where updated_at > '2026-02-01'";
    assert_eq!(stored(&project, touched), "1 2 3 4");
}

#[test]
fn an_archived_deal_leaves_the_board_and_comes_back_on_top() {
    let project = project();
    let crm = crm(&project, Caller::Rep);
    let gone = crm.call("archive_deal", json!({"id": 3}));
    assert_eq!(
        (&gone["archived"], &gone["unchanged"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        crm.call("archive_deal", json!({"id": 3}))["unchanged"],
        true
    );
    assert_eq!(
        crm.call("list_records", json!({"entity": "deals"}))["total"],
        4
    );
    assert_eq!(
        crm.call(
            "list_records",
            json!({"entity": "deals", "include_archived": true})
        )["total"],
        5
    );
    assert_eq!(
        crm.fails("move_deal", json!({"id": 3, "stage": "won"}))
            .fields,
        ["/id"]
    );
    crm.call("archive_deal", json!({"id": 3, "archived": false}));
    assert_eq!(board(&project), "opportunity=3:0,1:1,4:2 won=2:0,5:1");
}

#[test]
fn a_full_column_takes_a_deal_at_its_ends_without_renumbering() {
    let project = project();
    run(
        &project,
        "insert into deals (name, stage, index) select 'F' || n, 'lost', n from generate_series(0, 29) n",
    );
    let crm = crm(&project, Caller::Rep);
    let ends = "select (array_agg(id order by index, id))[1] || ' ' || (array_agg(id order by index desc, id))[1] || ' ' || min(index)
                from deals where stage = 'lost'";
    for (id, position, expected) in [(1, 0, "1 35 -1"), (3, 99, "1 3 -1"), (4, 0, "4 3 -2")] {
        let moved = crm.call(
            "move_deal",
            json!({"id": id, "stage": "lost", "position": position}),
        );
        assert!(moved.get("warnings").is_none(), "{moved}");
        assert_eq!(stored(&project, ends), expected);
    }
    let created = crm.call(
        "create_record",
        json!({"entity": "deals", "data": {"name": "New", "stage": "lost"}}),
    );
    assert_eq!(created["record"]["index"], -3);
    assert!(created.get("warnings").is_none(), "{created}");
}
