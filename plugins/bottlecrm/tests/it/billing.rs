//! Actions on invoices and estimates: what is shown first, what is refused, what is stored.

use portcullis_sdk::{
    Method, Outcome,
    testing::{get, post},
};
use serde_json::{Value, json};

use crate::fixtures::{ID, NOW, OTHER, YESTERDAY, act, crm, failed, id, invoice, page, show};

#[test]
fn an_invoice_without_lines_is_not_sent() {
    let path = format!("api/invoices/{ID}");
    for (status, lines, word) in [
        ("Draft", 0, "no lines"),
        ("Paid", 1, "Paid"),
        ("Cancelled", 1, "Cancelled"),
    ] {
        let crm = crm().expect(
            get(&path)
                .reply(200, json!({"invoice": invoice(status, lines)}))
                .times(2),
        );
        assert!(
            failed(show(&crm, "invoices", "send", json!({})))
                .message
                .contains(word)
        );
        let failure = failed(act(&crm, "invoices", "send", json!({})));
        assert_eq!(failure.outcome, Some(Outcome::NotDone));
        assert!(
            crm.requests()
                .iter()
                .all(|request| request.method == Method::Get)
        );
    }
}

#[test]
fn sending_shows_who_gets_what_and_warns_of_a_second_time() {
    let path = format!("api/invoices/{ID}");
    let mut sent = invoice("Sent", 2);
    sent["sent_at"] = YESTERDAY.into();
    let crm = crm()
        .expect(
            get(&path)
                .reply(200, json!({"invoice": invoice("Draft", 2)}))
                .times(2),
        )
        .expect(get(&path).reply(200, json!({"invoice": sent})))
        .expect(post(&format!("{path}/send")).reply(
            200,
            json!({"error": false, "message": "Invoice sent successfully"}),
        ));
    let shown = show(&crm, "invoices", "send", json!({})).unwrap();
    assert_eq!(
        (shown["recipient"].as_str(), shown["lines"].as_u64()),
        (Some("ada.example1@customer.example"), Some(2))
    );
    assert!(shown["summary"].as_str().unwrap().contains("209.00 USD"));
    assert!(shown.get("warnings").is_none());
    assert_eq!(
        act(&crm, "invoices", "send", json!({})).unwrap()["result"],
        json!({"message": "Invoice sent successfully", "status": "Sent", "sent_at": YESTERDAY})
    );
    let crm = self::crm().expect(get(&path).reply(200, json!({"invoice": sent})));
    let again = show(&crm, "invoices", "send", json!({})).unwrap();
    assert!(
        again["warnings"][0].as_str().unwrap().contains("once more"),
        "{again}"
    );
}

#[test]
fn an_estimate_is_sent_and_becomes_an_invoice() {
    let path = format!("api/invoices/estimates/{ID}");
    let estimate = |status: &str, converted: Value| {
        let mut estimate = invoice(status, 1);
        estimate["converted_to_invoice"] = converted;
        json!({"estimate": estimate})
    };
    let crm = crm()
        .expect(
            get(&path)
                .reply(200, estimate("Draft", Value::Null))
                .times(2),
        )
        .expect(
            get(&path)
                .reply(200, estimate("Sent", Value::Null))
                .times(3),
        )
        .expect(post(&format!("{path}/send")).reply(200, json!({"error": false})))
        .expect(
            post(&format!("{path}/convert"))
                .reply(201, json!({"error": false, "invoice": invoice("Draft", 1)})),
        );
    show(&crm, "estimates", "send", json!({})).unwrap();
    act(&crm, "estimates", "send", json!({})).unwrap();
    show(&crm, "estimates", "convert", json!({})).unwrap();
    let done = act(&crm, "estimates", "convert", json!({})).unwrap();
    assert_eq!(
        done["result"]["invoice"]["invoice_number"],
        "INV-20261120-0001"
    );
    assert!(!done.to_string().contains("opens-the-portal"));
    let crm = self::crm().expect(get(&path).reply(200, estimate("Sent", json!(OTHER))));
    assert!(
        failed(show(&crm, "estimates", "convert", json!({})))
            .message
            .contains("already")
    );
}

#[test]
fn payments_are_recorded_and_too_much_is_told() {
    let path = format!("api/invoices/{ID}");
    let crm = crm()
        .expect(post(&format!("{path}/payments")).reply(400, json!({"error": true, "errors": {"amount": ["Payment amount exceeds the amount due (159.00)."]}})))
        .expect(post(&format!("{path}/mark-paid")).body(json!({})).reply(200, json!({"error": false, "invoice": invoice("Paid", 1)})));
    let params = json!({"amount": "999", "payment_date": "2026-11-20", "payment_method": "CASH"});
    let failure = failed(act(&crm, "invoices", "pay", params));
    assert!(failure.message.contains("159.00"));
    assert_eq!(failure.fields, ["/params/amount"]);
    assert_eq!(
        act(&crm, "invoices", "mark_paid", json!({})).unwrap()["result"]["invoice"]["status"],
        "Paid"
    );
    let failure = failed(act(
        &crm,
        "invoices",
        "pay",
        json!({"amount": "1", "payment_method": "cash"}),
    ));
    assert_eq!(
        failure.fields,
        ["/params/payment_method", "/params/payment_date"]
    );
}

#[test]
fn cancelling_and_copying() {
    let path = format!("api/invoices/{ID}");
    let crm = crm()
        .expect(
            get(&path)
                .reply(200, json!({"invoice": invoice("Sent", 1)}))
                .times(2),
        )
        .expect(post(&format!("{path}/cancel")).reply(
            200,
            json!({"error": false, "invoice": invoice("Cancelled", 1)}),
        ))
        .expect(
            post(&format!("{path}/duplicate"))
                .reply(201, json!({"error": false, "invoice": invoice("Draft", 1)})),
        );
    let shown = show(&crm, "invoices", "cancel", json!({})).unwrap();
    assert!(shown["warnings"][0].as_str().unwrap().contains("client"));
    assert_eq!(
        act(&crm, "invoices", "cancel", json!({})).unwrap()["result"]["invoice"]["status"],
        "Cancelled"
    );
    act(&crm, "invoices", "duplicate", json!({})).unwrap();
}

#[test]
fn an_invoice_of_a_deal_that_the_crm_fails() {
    let deal = |stage: &str, lines: usize| json!({"opportunity_obj": {"id": ID, "stage": stage, "account": {"id": id(1)}, "contacts": [{"id": id(2)}], "line_items": vec![1; lines]}});
    let path = format!("api/opportunities/{ID}");
    for (stage, lines, word) in [
        ("PROPOSAL", 1, "CLOSED_WON"),
        ("CLOSED_WON", 0, "line_items"),
    ] {
        let crm = crm().expect(get(&path).reply(200, deal(stage, lines)));
        assert!(
            failed(act(&crm, "invoices", "from_opportunity", json!({})))
                .message
                .contains(word)
        );
    }
    for (rows, outcome) in [
        (json!([]), Outcome::NotDone),
        (
            json!([{"id": OTHER, "created_at": NOW}]),
            Outcome::PartlyDone,
        ),
    ] {
        let crm = crm()
            .expect(get(&path).reply(200, deal("CLOSED_WON", 1)))
            .expect(page(
                post(&format!("api/invoices/from-opportunity/{ID}")),
                500,
            ))
            .expect(
                get("api/invoices")
                    .query("opportunity", ID)
                    .reply(200, json!({"count": 1, "results": rows})),
            );
        assert_eq!(
            failed(act(&crm, "invoices", "from_opportunity", json!({}))).outcome,
            Some(outcome)
        );
    }
}

#[test]
fn an_invoice_of_time() {
    let crm = crm().expect(
        post("api/invoices/from-time-entries")
            .body(json!({"account_id": ID, "entry_ids": [OTHER]}))
            .reply(201, json!({"error": false, "invoice": invoice("Draft", 1)})),
    );
    act(
        &crm,
        "invoices",
        "from_time_entries",
        json!({"entry_ids": [OTHER]}),
    )
    .unwrap();
    for bad in [
        json!({}),
        json!({"entry_ids": []}),
        json!({"entry_ids": ["x"]}),
    ] {
        failed(act(&crm, "invoices", "from_time_entries", bad));
    }
}

#[test]
fn an_invoice_for_nobody_is_not_sent() {
    let mut nobody = invoice("Draft", 1);
    nobody["client_email"] = "".into();
    let crm =
        crm().expect(get(&format!("api/invoices/{ID}")).reply(200, json!({"invoice": nobody})));
    let failure = failed(show(&crm, "invoices", "send", json!({})));
    assert!(failure.message.contains("client_email"), "{failure:?}");
}
