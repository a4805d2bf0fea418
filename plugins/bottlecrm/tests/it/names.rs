//! Names instead of ids: found, not found, and fitting several.

use portcullis_sdk::testing::{get, patch};
use serde_json::{Value, json};

use crate::fixtures::{ID, OTHER, contact, crm, directory, failed, id, list, tags};

#[expect(
    clippy::needless_pass_by_value,
    reason = "a literal reads better at the call site"
)]
fn assign(who: Value) -> Value {
    json!({"entity": "cases", "id": ID, "data": {"assigned_to": who}})
}

#[test]
fn people_are_found_by_address_name_id_and_as_me() {
    for (who, found) in [
        (json!("member1@crm.example"), 9001),
        (json!(["Member 2"]), 9002),
        (json!([id(9000)]), 9000),
        (json!([{"id": id(9002)}]), 9002),
        (json!("me"), 9001),
    ] {
        let crm = crm()
            .expect(
                patch(&format!("api/cases/{ID}"))
                    .body(json!({"assigned_to": [id(found)]}))
                    .reply(200, json!({"error": false})),
            )
            .expect(get(&format!("api/cases/{ID}")).reply(
                200,
                json!({"cases_obj": {"id": ID, "assigned_to": [{"id": id(found)}]}}),
            ));
        let crm = if who == "me" {
            crm.expect(
                get("api/profile").reply(200, json!({"user_obj": crate::fixtures::profile(1)})),
            )
        } else {
            crm.expect(directory())
        };
        crm.invoke("crm_update", assign(who.clone()))
            .unwrap_or_else(|failure| panic!("{who}: {failure:?}"));
    }
}

#[test]
fn a_name_that_fits_several_lists_them() {
    let crm = crm().expect(directory().times(2));
    let failure = failed(crm.invoke("crm_update", assign(json!("member 1"))));
    assert_eq!(
        (&*failure.code, failure.fields.clone()),
        ("AMBIGUOUS_NAME", vec!["/data/assigned_to".to_owned()])
    );
    let candidates = &failure.details.as_ref().unwrap()["candidates"];
    assert_eq!(
        (
            candidates[0]["also"].as_str(),
            candidates[1]["also"].as_str()
        ),
        (Some("member1@crm.example"), Some("member4@crm.example"))
    );
}

#[test]
fn an_unknown_person_is_looked_for_anew_and_refused() {
    for who in [json!("membr2@crm.example"), json!([OTHER])] {
        let crm = crm().expect(directory().times(2));
        let failure = failed(crm.invoke("crm_update", assign(who.clone())));
        assert!(failure.message.contains("no person"), "{failure:?}");
        let near = failure.suggestion.as_deref().unwrap();
        assert!(
            who.is_array() || near.contains("member2@crm.example"),
            "{near}"
        );
        assert!(
            crm.requests()
                .iter()
                .all(|request| request.method == portcullis_sdk::Method::Get)
        );
    }
}

#[test]
fn tags_are_found_by_name_and_never_made() {
    let crm = crm()
        .expect(tags().times(2))
        .expect(
            patch(&format!("api/leads/{ID}"))
                .body(json!({"tags": [crate::fixtures::TAG]}))
                .reply(200, json!({"error": false})),
        )
        .expect(get(&format!("api/leads/{ID}")).reply(
            200,
            json!({"lead_obj": {"id": ID, "tags": [crate::fixtures::tag("Key account")]}}),
        ));
    crm.invoke(
        "crm_update",
        json!({"entity": "leads", "id": ID, "data": {"tags": ["KEY ACCOUNT"]}}),
    )
    .unwrap();
    let failure = failed(crm.invoke(
        "crm_update",
        json!({"entity": "leads", "id": ID, "data": {"tags": ["Key acount"]}}),
    ));
    assert!(
        failure
            .suggestion
            .as_deref()
            .unwrap()
            .contains("Key account")
    );
}

fn hits(kind: &str, titles: &[&str]) -> Value {
    let hit = |(n, title): (usize, &&str)| json!({"type": kind, "id": id(2000 + n), "title": title, "subtitle": format!("mail{n}@x.example")});
    json!({"query": "x", "results": titles.iter().enumerate().map(hit).collect::<Vec<_>>()})
}

#[test]
fn an_account_is_found_by_its_whole_name() {
    let update = |name: &str| json!({"entity": "contacts", "id": ID, "data": {"account": name}});
    let crm = crm()
        .expect(
            get("api/search")
                .query("q", "acme")
                .reply(200, hits("account", &["Acme", "Acme Holding"])),
        )
        .expect(
            patch(&format!("api/contacts/{ID}"))
                .body(json!({"account": id(2000)}))
                .reply(200, json!({"error": false})),
        )
        .expect(
            get(&format!("api/contacts/{ID}"))
                .reply(200, json!({"contact_obj": {"id": ID, "account": id(2000)}})),
        );
    crm.invoke("crm_update", update("acme")).unwrap();
    for (titles, code, more) in [
        (
            vec!["Acme North", "Acme South"],
            "INVALID_FIELD_VALUE",
            "similar",
        ),
        (vec!["Acme", "ACME"], "AMBIGUOUS_NAME", "candidates"),
    ] {
        let crm = self::crm().expect(get("api/search").reply(200, hits("account", &titles)));
        let failure = failed(crm.invoke("crm_update", update("Acme")));
        assert_eq!(&*failure.code, code);
        assert_eq!(
            failure.details.as_ref().unwrap()[more]
                .as_array()
                .unwrap()
                .len(),
            2
        );
    }
}

#[test]
fn a_search_that_may_have_left_some_out_is_not_believed() {
    let many = ["Acme 1", "Acme 2", "Acme 3", "Acme 4", "Acme 5", "Acme 6"];
    let mut accounts = list("accounts", 3, 3);
    accounts["active_accounts"]["open_accounts"][1]["name"] = "Acme".into();
    let crm = crm()
        .expect(get("api/search").reply(200, hits("account", &many)))
        .expect(
            get("api/accounts")
                .query("search", "Acme")
                .reply(200, accounts),
        )
        .expect(
            patch(&format!("api/contacts/{ID}"))
                .body(json!({"account": id(2001)}))
                .reply(200, json!({"error": false})),
        )
        .expect(
            get(&format!("api/contacts/{ID}"))
                .reply(200, json!({"contact_obj": {"id": ID, "account": id(2001)}})),
        );
    crm.invoke(
        "crm_update",
        json!({"entity": "contacts", "id": ID, "data": {"account": "Acme"}}),
    )
    .unwrap();
}

#[test]
fn a_token_that_may_not_search_everything_still_finds_names() {
    let crm = crm()
        .expect(get("api/search").reply(
            403,
            json!({"detail": "This token is not scoped for read access to search."}),
        ))
        .expect(
            get("api/contacts")
                .query("search", "Ada Example1")
                .reply(200, json!({"count": 1, "results": [contact(1)]})),
        )
        .expect(
            patch(&format!("api/cases/{ID}"))
                .body(json!({"contacts": [id(3001)]}))
                .reply(200, json!({"error": false})),
        )
        .expect(
            get(&format!("api/contacts/{}", id(3001)))
                .reply(200, json!({"contact_obj": contact(1)})),
        )
        .expect(get(&format!("api/cases/{ID}")).reply(
            200,
            json!({"cases_obj": {"id": ID, "contacts": [contact(1)]}}),
        ));
    crm.invoke(
        "crm_update",
        json!({"entity": "cases", "id": ID, "data": {"contacts": ["Ada Example1"]}}),
    )
    .unwrap();
}

#[test]
fn contacts_of_a_list_have_to_exist() {
    let crm = crm().expect(get(&format!("api/contacts/{OTHER}")).reply(
        404,
        json!({"detail": "No Contact matches the given query."}),
    ));
    let failure = failed(crm.invoke(
        "crm_update",
        json!({"entity": "cases", "id": ID, "data": {"contacts": [OTHER]}}),
    ));
    assert_eq!(failure.fields, ["/data/contacts"]);
    assert!(failure.message.contains(OTHER));
}

#[test]
fn a_person_of_the_crm_is_found_by_address_although_the_search_tells_none() {
    let mut rows = list("contacts", 3, 3);
    rows["results"][1]["email"] = "ida@customer.example".into();
    let crm = crm()
        .expect(
            get("api/contacts")
                .query("search", "ida@customer.example")
                .reply(200, rows),
        )
        .expect(get(&format!("api/contacts/{}", id(3001))).reply(200, json!({"contact_obj": {}})))
        .expect(
            patch(&format!("api/accounts/{ID}"))
                .body(json!({"contacts": [id(3001)]}))
                .reply(200, json!({"error": false})),
        )
        .expect(get(&format!("api/accounts/{ID}")).reply(
            200,
            json!({"account_obj": {"id": ID, "contacts": [{"id": id(3001)}]}}),
        ));
    crm.invoke(
        "crm_update",
        json!({"entity": "accounts", "id": ID, "data": {"contacts": "ida@customer.example"}}),
    )
    .unwrap();
}

#[test]
fn a_lead_is_found_by_its_name_although_the_search_tells_its_title() {
    let crm = crm()
        .expect(get("api/search").reply(200, hits("lead", &["Enquiry from the website"])))
        .expect(
            get("api/leads")
                .query("search", "Grace Sample2")
                .reply(200, list("leads", 3, 3)),
        )
        .expect(
            patch(&format!("api/tasks/{ID}"))
                .body(json!({"lead": id(1002)}))
                .reply(200, json!({"error": false})),
        )
        .expect(get(&format!("api/tasks/{ID}")).reply(
            200,
            json!({"task_obj": {"id": ID, "lead": {"id": id(1002)}}}),
        ));
    crm.invoke(
        "crm_update",
        json!({"entity": "tasks", "id": ID, "data": {"lead": "Grace Sample2"}}),
    )
    .unwrap();
}
