//! `crm_action`: one tool whose effect follows from its arguments, decided by the host.

use serde_json::{Value, json};

use super::{done, refused};
use crate::support::bottle::AS_ADMIN;
use crate::support::{Bottle, Era, Portcullis, Stdio, TestHost, list, text};
use portcullis_demo::bottlecrm::ADMIN_TOKEN;

fn action(entity: &str, id: &str, name: &str, params: &Value) -> Value {
    json!({"entity": entity, "id": id, "action": name, "params": params})
}

/// How many requests were no reads.
fn changes(crm: &Bottle) -> usize {
    let seen = crm.memory.requests();
    seen.iter().filter(|seen| seen.method != "GET").count()
}

/// A lead that nothing keeps from being converted.
async fn lead(host: &TestHost) -> String {
    let data = json!({"first_name": "Kim", "last_name": "Kestrel", "title": "Kim Kestrel", "email": "kim@mail.example"});
    let made = done(host, "crm_create", json!({"entity": "leads", "data": data})).await;
    text(&made, "/id").to_owned()
}

/// An invoice with a line and somebody to send it to.
async fn invoice(crm: &Bottle, host: &TestHost) -> String {
    let data = json!({
        "invoice_title": "For the test", "account_id": crm.first("accounts"), "contact_id": crm.first("contacts"),
        "client_name": "A Client", "client_email": "client@mail.example",
        "line_items": [{"name": "Hours", "quantity": 2, "unit_price": "50.00"}],
    });
    let made = done(
        host,
        "crm_create",
        json!({"entity": "invoices", "data": data}),
    )
    .await;
    text(&made, "/id").to_owned()
}

#[tokio::test]
async fn a_comment_runs_at_once() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    for name in ["comment", "add_comment"] {
        for entity in ["leads", "accounts", "cases", "tasks", "invoices"] {
            let words = format!("{name} on {entity}");
            let arguments = action(entity, &crm.first(entity), name, &json!({"comment": words}));
            done(&host, "crm_action", arguments).await;
            let record = json!({"entity": entity, "id": crm.first(entity)});
            let read = done(&host, "crm_get", record).await;
            assert!(read.to_string().contains(&words), "{words}: {read}");
        }
    }
}

#[tokio::test]
async fn converting_and_sending_need_the_confirmation() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    let (lead, invoice) = (lead(&host).await, invoice(&crm, &host).await);
    for (entity, id, name) in [("leads", &lead, "convert"), ("invoices", &invoice, "send")] {
        let before = changes(&crm);
        let arguments = action(entity, id, name, &json!({}));
        let shown = refused(&host, "crm_action", arguments.clone()).await;
        assert!(shown["confirmation_token"].is_string(), "{name}: {shown}");
        assert!(
            !text(&shown, "/preview/summary").is_empty(),
            "{name}: {shown}"
        );
        assert_eq!(changes(&crm), before, "{name}: a preview changes nothing");
        let mut confirmed = arguments.clone();
        confirmed["confirmation_token"] = shown["confirmation_token"].clone();
        let mut other = confirmed.clone();
        other["action"] = json!(if name == "send" { "cancel" } else { "move" });
        let token = host.call("crm_action", other).await;
        assert!(
            token.is_err(),
            "{name}: the token is for this action alone: {token:?}"
        );
        done(&host, "crm_action", confirmed).await;
        assert!(changes(&crm) > before, "{name}");
    }
    let converted = crm.memory.record(&lead).expect("it stays");
    assert_eq!(converted["status"], "converted", "{converted}");
    let sent = crm.memory.record(&invoice).expect("it stays");
    assert_eq!(sent["status"], "Sent", "{sent}");
}

#[tokio::test]
async fn an_invoice_without_lines_is_not_sent() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    let data = json!({"invoice_title": "Empty", "account_id": crm.first("accounts"), "contact_id": crm.first("contacts"), "client_name": "A Client", "client_email": "client@mail.example"});
    let made = done(
        &host,
        "crm_create",
        json!({"entity": "invoices", "data": data}),
    )
    .await;
    let before = changes(&crm);
    let arguments = action("invoices", text(&made, "/id"), "send", &json!({}));
    let error = refused(&host, "crm_action", arguments).await;
    assert_eq!(error["error"]["code"], "NOT_POSSIBLE_NOW", "{error}");
    assert!(error.get("confirmation_token").is_none(), "{error}");
    assert_eq!(changes(&crm), before);
}

#[tokio::test]
async fn what_the_operator_left_out_is_refused_with_the_line_that_allows_it() {
    let crm = Bottle::start().await;
    let config = AS_ADMIN.replace(", \"destructive\", \"outward\"", "");
    let host = TestHost::with(&config, &crm.url()).await;
    assert!(host.listed().contains(&"crm_action".to_owned()));
    assert!(!host.listed().contains(&"crm_delete".to_owned()));
    let lead = crm.first("leads");
    done(
        &host,
        "crm_action",
        action("leads", &lead, "comment", &json!({"comment": "Allowed."})),
    )
    .await;
    let before = crm.memory.requests().len();
    for (entity, id, name, effect) in [
        ("leads", &lead, "convert", "destructive"),
        ("invoices", &crm.first("invoices"), "send", "outward"),
        ("invoices", &crm.first("invoices"), "cancel", "destructive"),
    ] {
        let error = refused(&host, "crm_action", action(entity, id, name, &json!({}))).await;
        assert_eq!(error["error"]["outcome"], "not-done", "{error}");
        let message = text(&error, "/error/message");
        assert!(
            message.contains(name) && message.contains(effect),
            "{message}"
        );
    }
    assert_eq!(
        crm.memory.requests().len(),
        before,
        "the CRM hears nothing of it"
    );
}

#[tokio::test]
async fn the_log_tells_the_operator_the_line() {
    let crm = Bottle::start().await;
    let config = AS_ADMIN.replace(", \"destructive\", \"outward\"", "");
    let home = Portcullis::new()
        .config(&config, &crm.url())
        .variable("BOTTLE_TOKEN", ADMIN_TOKEN);
    let arguments = action("leads", &crm.first("leads"), "convert", &json!({}));
    let mut stdio = Stdio::start(home, &[], Era::Handshake).await;
    stdio.call("crm_action", arguments).await;
    stdio
        .logs("[connections.desk] allow = [\"read\", \"write\", \"destructive\"]")
        .await;
    assert!(!stdio.log().contains(ADMIN_TOKEN), "{}", stdio.log());
}

#[tokio::test]
async fn the_list_of_actions_tells_what_each_takes_and_does() {
    let crm = Bottle::start().await;
    let host = crm.as_admin().await;
    let listed = done(&host, "list_actions", json!({})).await;
    let of = |name: &str| {
        let actions = list(&listed["actions"]).iter();
        actions
            .filter(|action| action["action"] == name)
            .map(|action| text(action, "/effect").to_owned())
            .collect::<Vec<_>>()
    };
    assert!(of("comment").iter().all(|effect| effect == "write") && !of("comment").is_empty());
    assert!(of("convert").iter().all(|effect| effect == "destructive"));
    assert!(of("send").iter().all(|effect| effect == "outward") && !of("send").is_empty());
    assert!(crm.memory.requests().is_empty());
}
