//! `crm_create`: checked first, an id and an echo afterwards, and the truth about halves.

use portcullis_sdk::{
    Outcome, Reason, Stage,
    testing::{Exchange, get, patch, post},
};
use serde_json::{Value, json};

use crate::fixtures::{
    ID, NOW, OTHER, TAG, YESTERDAY, board, contact, crm, directory, extras, failed, id, invoice,
    lead, no_extras, page, profile, schema, tag, tags, task,
};

#[expect(
    clippy::needless_pass_by_value,
    reason = "a literal reads better at the call site"
)]
fn with(mut record: Value, changes: Value) -> Value {
    let map = record.as_object_mut().expect("an object");
    map.extend(changes.as_object().expect("an object").clone());
    record
}

fn leads(rows: &[Value]) -> Value {
    json!({"open_leads": {"leads_count": rows.len(), "open_leads": rows}, "close_leads": {"leads_count": 0, "close_leads": []}})
}

/// The CRM's search over everything, with leads of these ids.
fn hits(word: &str, ids: &[String]) -> Exchange {
    let hit = |id| json!({"type": "lead", "id": id, "title": "Grace Sample", "subtitle": ""});
    let hits: Vec<Value> = ids.iter().map(hit).collect();
    get("api/search")
        .query("q", word)
        .reply(200, json!({"query": word, "results": hits}))
}

fn detail_of_lead(lead: &Value) -> Exchange {
    let id = lead["id"].as_str().expect("an id");
    get(&format!("api/leads/{id}")).reply(200, json!({"lead_obj": lead, "comments": []}))
}

fn lead_made() -> Exchange {
    let answer = json!({"error": false, "message": "Lead Created Successfully"});
    post("api/leads").reply(200, answer)
}

fn grace(number: usize, created: &str, email: &str) -> Value {
    with(
        lead(number),
        json!({"first_name": "Grace", "last_name": "Sample", "email": email, "opportunity_amount": "5.00", "created_at": created}),
    )
}

fn sent_grace() -> Value {
    json!({"first_name": "Grace", "last_name": "Sample", "email": "grace@prospect.example", "opportunity_amount": "5"})
}

#[test]
fn a_lead_gets_its_id_from_a_small_search() {
    let mine = grace(7, NOW, "grace@prospect.example");
    let other = grace(5, NOW, "other.grace@prospect.example");
    let crm = crm()
        .expect(no_extras("Lead"))
        .expect(lead_made().body(sent_grace()))
        .expect(hits("grace@prospect.example", &[id(1005), id(1007)]))
        .expect(detail_of_lead(&other))
        .expect(detail_of_lead(&mine));
    let made = crm
        .invoke(
            "crm_create",
            json!({"entity": "leads", "data": sent_grace()}),
        )
        .unwrap();
    assert_eq!(made["id"], id(1007), "the one that has what was sent");
    assert_eq!(made["record"]["email"], "grace@prospect.example");
    assert_eq!(made["record"]["opportunity_amount"], "5.00");
    assert!(made.get("stored_differently").is_none(), "{made}");
}

#[test]
fn a_lead_that_the_search_does_not_show_is_found_in_the_list() {
    let mine = grace(7, NOW, "grace@prospect.example");
    let refused = json!({"detail": "This token is not scoped for read access to search."});
    let stranger = grace(4, YESTERDAY, "grace@prospect.example");
    for (search, details) in [
        (hits("grace@prospect.example", &[]), vec![]),
        (get("api/search").reply(403, refused), vec![]),
        (page(get("api/search"), 500), vec![]),
        // What is older than the call is not believed on a hit's word.
        (
            hits("grace@prospect.example", &[id(1004)]),
            vec![detail_of_lead(&stranger)],
        ),
        // More than a few are not read one by one.
        (
            hits("grace@prospect.example", &[1, 2, 3, 4].map(id)),
            vec![],
        ),
    ] {
        let rows = [
            grace(5, NOW, "other.grace@prospect.example"),
            grace(6, YESTERDAY, "grace@prospect.example"),
            mine.clone(),
        ];
        let crm = crm()
            .expect(no_extras("Lead"))
            .expect(lead_made())
            .expect(search)
            .expect_all(details)
            .expect(
                get("api/leads")
                    .query("email", "grace@prospect.example")
                    .query("created_at__gte", "2026-11-19")
                    .reply(200, leads(&rows)),
            )
            .expect(detail_of_lead(&mine));
        let made = crm
            .invoke(
                "crm_create",
                json!({"entity": "leads", "data": sent_grace()}),
            )
            .unwrap();
        assert_eq!(made["id"], id(1007), "the newest that equals what was sent");
    }
}

#[test]
fn a_lead_without_a_name_is_the_newest_that_has_its_values() {
    let row = |number, rating: &str, created: &str| {
        with(
            lead(number),
            json!({"first_name": null, "last_name": null, "email": null, "rating": rating, "created_at": created}),
        )
    };
    let rows = [
        row(1, "HOT", YESTERDAY),
        row(2, "HOT", NOW),
        row(3, "COLD", NOW),
    ];
    let crm = crm()
        .expect(no_extras("Lead"))
        .expect(lead_made())
        .expect(
            get("api/leads")
                .query("created_at__gte", "2026-11-19")
                .reply(200, leads(&rows)),
        )
        .expect(detail_of_lead(&rows[1]));
    let data = json!({"rating": "HOT"});
    let made = crm
        .invoke("crm_create", json!({"entity": "leads", "data": data}))
        .unwrap();
    assert_eq!(made["id"], id(1002));
}

#[test]
fn a_create_whose_id_cannot_be_learned_is_no_quiet_success() {
    let refused = json!({"detail": "This token is not scoped for read access to leads."});
    let many: Vec<Value> = (0..100).map(lead).collect();
    let crowd = json!({"open_leads": {"leads_count": 900, "open_leads": many}, "close_leads": {"leads_count": 0, "close_leads": []}});
    for (list, word) in [
        (get("api/leads").reply(403, refused), "not scoped"),
        (get("api/leads").reply(200, leads(&[])), "none with these"),
        (
            get("api/leads").reply(200, crowd).times(3),
            "looked through",
        ),
    ] {
        let crm = crm()
            .expect(no_extras("Lead"))
            .expect(lead_made())
            .expect(hits("grace@prospect.example", &[]))
            .expect(list);
        let failure = failed(crm.invoke(
            "crm_create",
            json!({"entity": "leads", "data": sent_grace()}),
        ));
        assert_eq!(
            (&*failure.code, failure.outcome),
            ("PARTIAL", Some(Outcome::PartlyDone))
        );
        assert!(failure.message.contains(word), "{failure}");
        let details = failure.details.as_ref().unwrap();
        assert_eq!(details["sent"]["email"], "grace@prospect.example");
        let next = failure.suggestion.as_deref().unwrap();
        assert!(next.contains("do not create it again"));
    }
}

#[test]
fn a_create_that_cannot_be_read_back_names_its_id() {
    let refused = json!({"detail": "This token is not scoped for read access to contacts."});
    let crm = crm()
        .expect(no_extras("Contact"))
        .expect(post("api/contacts").reply(200, json!({"error": false, "id": ID})))
        .expect(get(&format!("api/contacts/{ID}")).reply(403, refused));
    let data = json!({"first_name": "Ada", "last_name": "New"});
    let failure = failed(crm.invoke("crm_create", json!({"entity": "contacts", "data": data})));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("PARTIAL", Some(Outcome::PartlyDone))
    );
    assert_eq!(failure.details.as_ref().unwrap()["id"], ID);
}

#[test]
fn a_page_in_place_of_an_answer_creates_nothing() {
    let crm = crm()
        .expect(page(post("api/invoices/products"), 200))
        .expect(get("api/invoices/products").reply(200, json!({"count": 0, "results": []})));
    let data = json!({"name": "Seat"});
    let failure = failed(crm.invoke("crm_create", json!({"entity": "products", "data": data})));
    assert_eq!(failure.outcome, Some(Outcome::NotDone), "{failure}");
}

#[test]
fn every_create_answers_with_an_id() {
    let goal = json!({"id": ID, "name": "Quarter", "goal_type": "REVENUE", "target_value": "1000.00", "period_type": "CUSTOM", "period_start": "2026-11-20", "period_end": "2026-12-20", "created_at": NOW});
    let sent = json!({"name": "Quarter", "goal_type": "REVENUE", "target_value": "1000", "period_type": "CUSTOM", "period_start": "2026-11-20", "period_end": "2026-12-20"});
    let crm = crm()
        .expect(post("api/opportunities/goals").reply(201, json!({"error": false, "message": "Goal Created Successfully"})))
        .expect(get("api/opportunities/goals").query("search", "Quarter").reply(200, json!({"goals": [goal], "goals_count": 1})))
        .expect(get(&format!("api/opportunities/goals/{ID}")).reply(200, goal.clone()))
        .expect(post("api/tags").reply(201, json!({"error": false, "tag": tag("Key account")})))
        .expect(post("api/cases/solutions").reply(201, json!({"id": ID, "title": "t", "description": "d", "status": "draft", "created_at": NOW})))
        .expect(post("api/invoices/products").reply(201, json!({"error": false, "product": {"id": ID, "name": "Seat", "price": "10.00"}})))
        .expect(no_extras("Estimate"))
        .expect(post("api/invoices/estimates").reply(201, json!({"error": false, "estimate": {"id": ID, "title": "E", "status": "Draft", "account": {"id": OTHER}, "contact": {"id": OTHER}}})))
        .expect(no_extras("Case"))
        .expect(post("api/cases").reply(200, json!({"error": false, "id": ID, "cases_obj": {"id": ID, "name": "c", "status": "New", "priority": "Low", "created_at": NOW}})))
        .expect(no_extras("Opportunity"))
        .expect(post("api/opportunities").reply(200, json!({"error": false, "id": ID})))
        .expect(get(&format!("api/opportunities/{ID}")).reply(200, json!({"opportunity_obj": {"id": ID, "name": "d", "created_at": NOW}})));
    for (entity, data, made) in [
        ("goals", sent, ID),
        ("tags", json!({"name": "Key account"}), TAG),
        ("solutions", json!({"title": "t", "description": "d"}), ID),
        ("products", json!({"name": "Seat", "price": "10"}), ID),
        (
            "estimates",
            json!({"title": "E", "account_id": OTHER, "contact_id": OTHER}),
            ID,
        ),
        (
            "cases",
            json!({"name": "c", "status": "New", "priority": "Low"}),
            ID,
        ),
        ("opportunities", json!({"name": "d"}), ID),
    ] {
        let done = crm
            .invoke("crm_create", json!({"entity": entity, "data": data}))
            .unwrap();
        assert_eq!(done["id"], made, "{entity}");
        let told = data.as_object().unwrap().keys().all(|key| {
            let stored = key.strip_suffix("_id").unwrap_or(key);
            !done["record"][stored].is_null()
        });
        assert!(told, "{entity}: {done}");
    }
}

#[test]
fn a_deal_that_the_crm_half_made_is_found_on_its_board() {
    let mut board = board("opportunities", 1, 1);
    board["columns"][0]["items"][0]["name"] = "Renewal".into();
    board["columns"][0]["items"][0]["created_at"] = NOW.into();
    let crm = crm()
        .expect(no_extras("Opportunity"))
        .expect(page(post("api/opportunities"), 500))
        .expect(
            get("api/search")
                .query("q", "Renewal")
                .reply(200, json!({"results": []})),
        )
        .expect(
            get("api/opportunities/kanban")
                .query("search", "Renewal")
                .reply(200, board),
        );
    let data = json!({"name": "Renewal", "probability": 0});
    let failure = failed(crm.invoke(
        "crm_create",
        json!({"entity": "opportunities", "data": data}),
    ));
    assert_eq!(failure.outcome, Some(Outcome::PartlyDone));
    assert_eq!(failure.details.as_ref().unwrap()["id"], id(4000));
}

#[test]
fn a_task_gets_its_id_too() {
    let sent = json!({"title": "Call back", "status": "New", "priority": "Low"});
    let row = with(
        task(3),
        json!({"title": "Call back", "status": "New", "priority": "Low", "created_at": NOW}),
    );
    let crm = crm()
        .expect(no_extras("Task"))
        .expect(post("api/tasks").reply(
            200,
            json!({"error": false, "message": "Task Created Successfully"}),
        ))
        .expect(
            get("api/tasks")
                .query("title", "Call back")
                .query("slim", "true")
                .reply(200, json!({"tasks_count": 1, "tasks": [row]})),
        )
        .expect(get(&format!("api/tasks/{}", id(5003))).reply(200, json!({"task_obj": row})));
    let made = crm
        .invoke("crm_create", json!({"entity": "tasks", "data": sent}))
        .unwrap();
    assert_eq!(made["id"], id(5003));
}

#[test]
fn tags_of_an_account_follow_by_their_ids() {
    let stored = json!({"id": ID, "name": "New Customer", "tags": [tag("Key account")], "assigned_to": [profile(1)], "created_at": NOW});
    let crm = crm()
        .expect(tags())
        .expect(directory())
        .expect(no_extras("Account"))
        .expect(
            post("api/accounts")
                .body(json!({"name": "New Customer", "assigned_to": [id(9001)]}))
                .reply(
                    200,
                    json!({"error": false, "message": "Account Created Successfully", "id": ID}),
                ),
        )
        .expect(
            patch(&format!("api/accounts/{ID}"))
                .body(json!({"tags": [TAG]}))
                .reply(200, json!({"error": false})),
        )
        .expect(get(&format!("api/accounts/{ID}")).reply(200, json!({"account_obj": stored})));
    let data = json!({"name": "New Customer", "tags": ["key account"], "assigned_to": "member1@crm.example"});
    let made = crm
        .invoke("crm_create", json!({"entity": "accounts", "data": data}))
        .unwrap();
    assert_eq!(
        made["record"]["tags"],
        json!([{"id": TAG, "name": "Key account"}])
    );
    assert_eq!(
        made["record"]["assigned_to"][0]["email"],
        "member1@crm.example"
    );
}

#[test]
fn tags_that_fail_after_the_create_are_told_with_the_id() {
    let crm = crm()
        .expect(tags())
        .expect(no_extras("Account"))
        .expect(post("api/accounts").reply(200, json!({"error": false, "id": ID})))
        .expect(page(patch(&format!("api/accounts/{ID}")), 500));
    let failure = failed(crm.invoke(
        "crm_create",
        json!({"entity": "accounts", "data": {"name": "New Customer", "tags": [TAG]}}),
    ));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("PARTIAL", Some(Outcome::PartlyDone))
    );
    assert_eq!(failure.details.as_ref().unwrap()["id"], ID);
}

#[test]
fn a_member_that_the_crm_dropped_is_no_success() {
    let stored = with(
        contact(9),
        json!({"id": ID, "first_name": "Ada", "last_name": "New", "assigned_to": []}),
    );
    let crm = crm()
        .expect(directory())
        .expect(no_extras("Contact"))
        .expect(post("api/contacts").reply(200, json!({"error": false, "id": ID})))
        .expect(get(&format!("api/contacts/{ID}")).reply(200, json!({"contact_obj": stored})));
    let data =
        json!({"first_name": "Ada", "last_name": "New", "assigned_to": ["member2@crm.example"]});
    let failure = failed(crm.invoke("crm_create", json!({"entity": "contacts", "data": data})));
    assert_eq!(
        (&*failure.code, failure.outcome),
        ("PARTIAL", Some(Outcome::PartlyDone))
    );
    let details = failure.details.as_ref().unwrap();
    assert_eq!(
        (
            details["id"].as_str(),
            details["stored_differently"]["assigned_to"]["stored"].clone()
        ),
        (Some(ID), json!([]))
    );
}

#[test]
fn an_error_after_the_record_was_stored_names_the_record() {
    for answer in [400, 500] {
        let row = with(
            lead(3),
            json!({"first_name": "Part", "created_at": NOW, "assigned_to": []}),
        );
        let posted = post("api/leads");
        let posted = match answer {
            400 => posted.reply(400, json!({"assigned_to": ["'nope' is not a valid id."]})),
            _ => page(posted, 500),
        };
        let crm = crm()
            .expect(no_extras("Lead"))
            .expect(directory())
            .expect(posted)
            .expect(hits("Part", &[]))
            .expect(
                get("api/leads")
                    .query("search", "Part")
                    .reply(200, leads(&[row])),
            );
        let data = json!({"first_name": "Part", "assigned_to": [id(9001)]});
        let failure = failed(crm.invoke("crm_create", json!({"entity": "leads", "data": data})));
        assert_eq!(
            (&*failure.code, failure.outcome),
            ("PARTIAL", Some(Outcome::PartlyDone)),
            "{answer}"
        );
        assert_eq!(failure.details.as_ref().unwrap()["id"], id(1003));
        assert!(
            failure
                .suggestion
                .as_deref()
                .unwrap()
                .contains("do not create it again")
        );
        assert!(!failure.message.contains('<'), "{}", failure.message);
    }
}

#[test]
fn an_error_that_stored_nothing_says_so() {
    let old = with(
        lead(3),
        json!({"first_name": "Part", "created_at": YESTERDAY}),
    );
    let crm = crm()
        .expect(no_extras("Lead"))
        .expect(page(post("api/leads"), 500))
        .expect(hits("Part", &[]))
        .expect(get("api/leads").reply(200, leads(&[old])));
    let failure = failed(crm.invoke(
        "crm_create",
        json!({"entity": "leads", "data": {"first_name": "Part"}}),
    ));
    assert_eq!(failure.outcome, Some(Outcome::NotDone));
}

#[test]
fn a_lost_answer_is_looked_into() {
    let crm = crm()
        .expect(no_extras("Lead"))
        .expect(post("api/leads").fail(Reason::Timeout, Stage::MaybeSent))
        .expect(hits("Part", &[]))
        .expect(get("api/leads").reply(200, leads(&[])));
    let failure = failed(crm.invoke(
        "crm_create",
        json!({"entity": "leads", "data": {"first_name": "Part"}}),
    ));
    assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened));
    assert!(!failure.retryable);
}

#[test]
fn an_invoice_that_lost_the_race_for_its_number_can_be_tried_again() {
    let crm = crm()
        .expect(no_extras("Invoice"))
        .expect(page(post("api/invoices"), 500))
        .expect(
            get("api/invoices")
                .query("search", "Services")
                .reply(200, json!({"count": 0, "results": []})),
        );
    let data = json!({"invoice_title": "Services", "account_id": ID, "contact_id": OTHER});
    let failure = failed(crm.invoke("crm_create", json!({"entity": "invoices", "data": data})));
    assert_eq!(
        (failure.outcome, failure.retryable),
        (Some(Outcome::NotDone), true)
    );
    assert!(
        failure
            .suggestion
            .as_deref()
            .unwrap()
            .contains("one invoice at a time")
    );
}

#[test]
fn an_invoice_is_echoed_without_its_secrets() {
    let crm = crm()
        .expect(no_extras("Invoice"))
        .expect(get("api/search").query("q", "customer 1 incorporated").reply(200, json!({"results": [{"type": "account", "id": id(2001), "title": "Customer 1 Incorporated", "subtitle": ""}, {"type": "deal", "id": ID, "title": "Customer 1 Incorporated", "subtitle": ""}]})))
        .expect(post("api/invoices").body(json!({"invoice_title": "Services", "account_id": id(2001), "contact_id": id(3001), "line_items": [{"name": "Work", "quantity": "2", "unit_price": "100"}]})).reply(201, json!({"error": false, "message": "Invoice created successfully", "invoice": invoice("Draft", 1)})));
    let data = json!({"invoice_title": "Services", "account_id": "customer 1 incorporated", "contact_id": id(3001), "line_items": [{"name": "Work", "quantity": "2", "unit_price": "100"}]});
    let made = crm
        .invoke("crm_create", json!({"entity": "invoices", "data": data}))
        .unwrap();
    assert_eq!(
        (
            made["id"].as_str(),
            made["record"]["invoice_number"].as_str()
        ),
        (Some(ID), Some("INV-20261120-0001"))
    );
    assert_eq!(made["record"]["account"]["name"], "Customer 1 Incorporated");
    assert!(!made.to_string().contains("opens-the-portal"), "{made}");
}

#[test]
fn all_that_is_wrong_is_told_before_anything_is_sent() {
    let crm = crm().expect(schema()).expect(extras("Lead", true));
    let data = json!({
        "email": "nope", "phone": "12", "linkedin_url": "l.example", "probability": 900, "close_date": "soon", "country": "us", "rating": "hot",
        "source": "campaign", "salry": 1, "is_active": "yes", "opportunity_amount": "1,000", "custom_fields": {"tier": "bronze"}
    });
    let failure = failed(crm.invoke("crm_create", json!({"entity": "leads", "data": data})));
    for field in [
        "email",
        "phone",
        "linkedin_url",
        "probability",
        "close_date",
        "country",
        "rating",
        "source",
        "salry",
        "is_active",
        "opportunity_amount",
        "custom_fields/tier",
    ] {
        assert!(
            failure.fields.contains(&format!("/data/{field}")),
            "{field}: {:?}",
            failure.fields
        );
    }
    assert!(
        failure.suggestion.as_deref().unwrap().contains("HOT"),
        "{failure:?}"
    );
    assert_eq!(failure.outcome, Some(Outcome::NotDone));
    assert!(
        crm.requests()
            .iter()
            .all(|request| request.method == portcullis_sdk::Method::Get)
    );
}

#[test]
fn required_fields_are_known() {
    for (entity, model, wanted) in [
        ("contacts", "Contact", vec!["/data/last_name"]),
        (
            "tasks",
            "Task",
            vec!["/data/title", "/data/status", "/data/priority"],
        ),
        (
            "invoices",
            "Invoice",
            vec![
                "/data/invoice_title",
                "/data/account_id",
                "/data/contact_id",
            ],
        ),
        (
            "accounts",
            "Account",
            vec!["/data/name", "/data/custom_fields/tier"],
        ),
    ] {
        let crm = crm().expect(extras(model, entity == "accounts"));
        let data = if entity == "contacts" {
            json!({"first_name": "A"})
        } else {
            json!({"description": "d"})
        };
        let data = if entity == "invoices" {
            json!({"notes": "n"})
        } else {
            data
        };
        let failure = failed(crm.invoke("crm_create", json!({"entity": entity, "data": data})));
        assert_eq!(failure.fields, wanted, "{entity}");
    }
}

#[test]
fn values_and_fields_that_only_the_schema_knows_are_let_through() {
    let sent = json!({"source": "chat", "region": "north"});
    let stored = with(
        lead(1),
        json!({"id": ID, "source": "chat", "region": "north", "created_at": NOW}),
    );
    let crm = crm()
        .expect(schema())
        .expect(no_extras("Lead"))
        .expect(
            post("api/leads")
                .body(sent.clone())
                .reply(200, json!({"error": false})),
        )
        .expect(get("api/leads").reply(200, leads(std::slice::from_ref(&stored))))
        .expect(get(&format!("api/leads/{ID}")).reply(200, json!({"lead_obj": stored})));
    let made = crm
        .invoke("crm_create", json!({"entity": "leads", "data": sent}))
        .unwrap();
    assert_eq!(made["record"]["region"], "north");
}

#[test]
fn what_is_an_action_is_no_field() {
    for (entity, data, word) in [
        ("leads", json!({"status": "converted"}), "convert"),
        ("invoices", json!({"status": "Paid"}), "mark_paid"),
        (
            "solutions",
            json!({"title": "t", "description": "d", "is_published": true}),
            "publish",
        ),
    ] {
        let crm = crm().upstream(|_| {
            Ok(portcullis_sdk::Response {
                status: 200,
                headers: Vec::new(),
                body: b"{\"definitions\": []}".to_vec(),
            })
        });
        let failure = failed(crm.invoke("crm_create", json!({"entity": entity, "data": data})));
        assert!(
            failure
                .suggestion
                .as_deref()
                .unwrap_or_default()
                .contains(word),
            "{failure:?}"
        );
    }
}

#[test]
fn a_task_has_one_parent() {
    let crm = crm().expect(no_extras("Task"));
    let data =
        json!({"title": "t", "status": "New", "priority": "Low", "account": ID, "lead": OTHER});
    let failure = failed(crm.invoke("crm_create", json!({"entity": "tasks", "data": data})));
    assert!(failure.message.contains("account, lead"), "{failure:?}");
}

#[test]
fn what_is_made_closed_needs_its_day() {
    for (entity, model, data, wanted) in [
        (
            "opportunities",
            "Opportunity",
            json!({"name": "d", "stage": "CLOSED_WON"}),
            vec!["/data/closed_on", "/data/amount"],
        ),
        (
            "opportunities",
            "Opportunity",
            json!({"name": "d", "stage": "CLOSED_LOST", "closed_on": null}),
            vec!["/data/closed_on"],
        ),
        (
            "cases",
            "Case",
            json!({"name": "c", "status": "Closed", "priority": "Low"}),
            vec!["/data/closed_on"],
        ),
    ] {
        let crm = crm().expect(no_extras(model));
        let failure = failed(crm.invoke("crm_create", json!({"entity": entity, "data": data})));
        assert_eq!(failure.fields, wanted, "{failure}");
    }
}

#[test]
fn what_the_crm_refuses_points_at_the_field() {
    let crm = crm()
        .expect(no_extras("Account"))
        .expect(post("api/accounts").reply(
            400,
            json!({"error": true, "errors": {"name": ["Account already exists with this name"]}}),
        ));
    let failure = failed(crm.invoke(
        "crm_create",
        json!({"entity": "accounts", "data": {"name": "Customer"}}),
    ));
    assert_eq!(
        (&*failure.code, failure.fields.clone()),
        ("DUPLICATE_DETECTED", vec!["/data/name".to_owned()])
    );
    assert_eq!(failure.outcome, Some(Outcome::NotDone));
}

#[test]
fn entities_without_a_create_say_what_there_is() {
    for (entity, word) in [
        ("documents", "upload"),
        ("time_entries", "start_timer"),
        ("people", "no way"),
    ] {
        let failure =
            failed(crm().invoke("crm_create", json!({"entity": entity, "data": {"a": 1}})));
        assert!(
            failure.suggestion.as_deref().unwrap().contains(word),
            "{failure:?}"
        );
    }
}
