//! Confirmation by elicitation: the user is asked through the client, over both transports and in both
//! eras, and nothing but their clear yes lets the call through, once.

use serde_json::{Value, json};

use crate::support::host::EVERYTHING;
use crate::support::person::{Back, Wire, forms, with, yes};
use crate::support::{Crm, Era, HttpMcp, Person, Portcullis, Stdio, Stub, TestHost, in_time, text};
use portcullis_demo::espocrm::FULL_KEY;

/// A host that listens, with its CRM.
struct Place {
    crm: Crm,
    host: TestHost,
    address: std::net::SocketAddr,
}

impl Place {
    async fn start(more: &str) -> Self {
        let crm = Crm::start().await;
        let config = config(more);
        let mut host = TestHost::with(&config, &crm.url()).await;
        let address = host.serve().await.address;
        Self { crm, host, address }
    }

    async fn person(&self, era: Era) -> Person {
        self.client(era, forms()).await
    }

    async fn client(&self, era: Era, able: Value) -> Person {
        let client = HttpMcp::stranger(self.address, era, "/mcp").able_to(able);
        Person(Wire::Http(client.introduced().await))
    }

    fn lead(&self) -> Value {
        json!({"entityType": "Lead", "id": self.crm.first("Lead")})
    }

    fn deletions(&self) -> usize {
        deletions(&self.crm)
    }
}

/// `confirm` and the like stand in the connection's table, limits of the host in their own.
fn config(more: &str) -> String {
    EVERYTHING.replacen(
        "[connections.crm]",
        &format!("[connections.crm]\n{more}"),
        1,
    )
}

fn deletions(crm: &Crm) -> usize {
    let changes = crm.changes();
    changes
        .iter()
        .filter(|seen| seen.method == "DELETE")
        .count()
}

async fn on_stdio(crm: &Crm, era: Era) -> Person {
    let home = Portcullis::new()
        .config(EVERYTHING, &crm.url())
        .variable("CRM_KEY", FULL_KEY);
    let stdio = Stdio::start_able_to(home, &[], era, forms()).await;
    Person(Wire::Stdio(Box::new(stdio)))
}

/// Everything but a yes, and words of what is said of it.
fn refusals() -> [(Value, &'static str); 5] {
    [
        (json!({"action": "decline"}), "said no"),
        (json!({"action": "cancel"}), "closed the question"),
        (json!({"action": "accept"}), "no clear yes"),
        (json!({"action": "accept", "content": {}}), "no clear yes"),
        (
            json!({"action": "accept", "content": {"confirm": false}}),
            "said no",
        ),
    ]
}

async fn all_answers(person: &mut Person, crm: &Crm) {
    let arguments = json!({"entityType": "Lead", "id": crm.first("Lead")});
    for (answer, told) in refusals() {
        let question = person.call("crm_delete", &arguments).await.question();
        let error = person.answer(question, answer.clone()).await.failed();
        assert_eq!(error["error"]["code"], "DELETE_NOT_CONFIRMED", "{error}");
        assert_eq!(error["error"]["outcome"], "not-done", "{error}");
        assert!(
            text(&error, "/error/message").contains(told),
            "{answer}: {error}"
        );
        assert!(error.get("confirmation_token").is_none(), "{error}");
    }
    assert_eq!(deletions(crm), 0);
    let question = person.call("crm_delete", &arguments).await.question();
    for shown in [
        "`crm_delete`",
        "`crm`",
        "would be deleted",
        text(&arguments, "/id"),
    ] {
        assert!(question.message.contains(shown), "{}", question.message);
    }
    assert_eq!(question.form["properties"]["confirm"]["type"], "boolean");
    assert_eq!(deletions(crm), 0, "a question does nothing");
    let done = person.agree(question).await.done();
    assert_eq!(done["deleted"], arguments["id"]);
    assert_eq!(deletions(crm), 1);
}

#[tokio::test]
async fn only_a_clear_yes_lets_a_call_through_over_http() {
    for era in Era::BOTH {
        let place = Place::start("").await;
        all_answers(&mut place.person(era).await, &place.crm).await;
    }
}

#[tokio::test]
async fn only_a_clear_yes_lets_a_call_through_over_stdio() {
    for era in Era::BOTH {
        let crm = Crm::start().await;
        all_answers(&mut on_stdio(&crm, era).await, &crm).await;
    }
}

#[tokio::test]
async fn a_human_alone_is_asked_where_the_operator_wants_it() {
    for era in Era::BOTH {
        let place = Place::start("confirm = \"human\"").await;
        let (mut person, mut lead) = (place.person(era).await, place.lead());
        lead["confirm"] = json!(true);
        let question = person.call("crm_delete", &lead).await.question();
        assert_eq!(place.deletions(), 0);
        let done = person.agree(question).await.done();
        assert_eq!((&done["deleted"], place.deletions()), (&lead["id"], 1));
    }
}

#[tokio::test]
async fn without_the_capability_a_human_alone_cannot_confirm() {
    let place = Place::start("confirm = \"human\"").await;
    for able in [json!({}), json!({"elicitation": {"url": {}}})] {
        let mut modern = place.client(Era::Stateless, able.clone()).await;
        let error = modern.call("crm_delete", &place.lead()).await.refused();
        assert_eq!(error["code"], -32021, "{error}");
        let needed = json!({"elicitation": {"form": {}}});
        assert_eq!(error["data"]["requiredCapabilities"], needed, "{error}");
        let mut older = place.client(Era::Handshake, able).await;
        let error = older.call("crm_delete", &place.lead()).await.failed();
        assert_eq!(error["error"]["code"], "DELETE_NOT_CONFIRMED", "{error}");
        assert!(
            text(&error, "/error/message").contains("elicitation"),
            "{error}"
        );
    }
    assert!(
        place
            .crm
            .memory
            .requests()
            .iter()
            .all(|seen| !seen.path.contains("Lead"))
    );
}

#[tokio::test]
async fn without_the_capability_the_preview_has_a_token() {
    let place = Place::start("").await;
    for era in Era::BOTH {
        let mut client = place.client(era, json!({})).await;
        let error = client.call("crm_delete", &place.lead()).await.failed();
        assert!(error["confirmation_token"].is_string(), "{error}");
    }
}

#[tokio::test]
async fn a_token_is_taken_without_asking() {
    for era in Era::BOTH {
        let place = Place::start("").await;
        let mut other = place.client(era, json!({})).await;
        let shown = other.call("crm_delete", &place.lead()).await.failed();
        let mut confirmed = place.lead();
        confirmed["confirmation_token"] = shown["confirmation_token"].clone();
        let mut person = place.person(era).await;
        person.call("crm_delete", &confirmed).await.done();
        assert_eq!(place.deletions(), 1);
    }
}

#[tokio::test]
async fn a_question_opens_no_other_way() {
    for era in Era::BOTH {
        let place = Place::start("").await;
        let mut person = place.person(era).await;
        let mut sure = place.lead();
        sure["confirm"] = json!(true);
        let question = person.call("crm_delete", &place.lead()).await.question();
        // While it is open, and after a no.
        person.call("crm_delete", &sure).await.question();
        let no = json!({"action": "decline"});
        person.answer(question, no).await.failed();
        person.call("crm_delete", &sure).await.question();
        assert_eq!(place.deletions(), 0);
    }
}

#[tokio::test]
async fn a_record_that_changed_meanwhile_is_asked_about_again() {
    for era in Era::BOTH {
        let place = Place::start("").await;
        let (mut person, lead) = (place.person(era).await, place.lead());
        let question = person.call("crm_delete", &lead).await.question();
        let change =
            json!({"entityType": "Lead", "id": lead["id"], "data": {"lastName": "Changed"}});
        let changed = place.host.call("crm_update", change).await;
        changed.expect("the lead can be changed");
        let again = person.agree(question).await.question();
        assert!(again.message.contains("Changed"), "{}", again.message);
        assert_eq!(place.deletions(), 0);
        person.agree(again).await.done();
        assert_eq!(place.deletions(), 1);
    }
}

#[tokio::test]
async fn an_answer_is_good_once() {
    let stub = Stub::ok().await;
    let mut host = TestHost::guest("writes_in_preview", "", &stub.url()).await;
    let address = host.serve().await.address;
    let client = HttpMcp::stranger(address, Era::Stateless, "/mcp").able_to(forms());
    let mut person = Person(Wire::Http(client));
    let question = person.call("guest_remove", &json!({})).await.question();
    let Back::Again { params, state } = question.back else {
        panic!("a state")
    };
    let retry = with(params, &state, &yes());
    person.send(retry.clone()).await.done();
    assert_eq!(stub.seen().len(), 1);
    for _ in 0..2 {
        person.send(retry.clone()).await.question();
    }
    assert_eq!(stub.seen().len(), 1, "nothing runs twice");
}

#[tokio::test]
async fn an_answer_is_good_for_its_own_call_alone() {
    let place = Place::start("").await;
    let mut person = place.person(Era::Stateless).await;
    let question = person.call("crm_delete", &place.lead()).await.question();
    let Back::Again { params, state } = question.back else {
        panic!("a state")
    };
    let other = place.crm.memory.ids("Lead").pop().expect("several leads");
    let mut moved = params.clone();
    moved["arguments"]["id"] = json!(other);
    let tampered = json!(format!("{}x", state.as_str().expect("text")));
    for (params, state) in [(&moved, &state), (&params, &tampered)] {
        let retry = with(params.clone(), state, &yes());
        let error = person.send(retry).await.refused();
        assert_eq!(error["code"], -32602, "{error}");
    }
    let unfit = with(params, &state, &json!({"action": "yes"}));
    let error = person.send(unfit).await.refused();
    assert_eq!(error["code"], -32602, "{error}");
    assert_eq!(place.deletions(), 0);
}

#[tokio::test]
async fn who_does_not_answer_has_not_agreed() {
    let place = Place::start("").await;
    let limit = "[server.limits]\nhuman_ms = 1000";
    let config = config("").replacen("[server.limits]", limit, 1);
    let mut host = TestHost::with(&config, &place.crm.url()).await;
    let address = host.serve().await.address;
    let client = |era| HttpMcp::stranger(address, era, "/mcp").able_to(forms());
    let mut late = Person(Wire::Http(client(Era::Stateless)));
    let open = late.call("crm_delete", &place.lead()).await.question();
    let mut person = Person(Wire::Http(client(Era::Handshake).introduced().await));
    let question = person.call("crm_delete", &place.lead()).await.question();
    let Back::Reply { call, stream, .. } = question.back else {
        panic!("a session")
    };
    // The question is taken back, which `next` passes over.
    let error = person.next(call, stream).await.failed();
    assert_eq!(error["error"]["code"], "NOT_ANSWERED", "{error}");
    assert!(
        text(&error, "/error/message").contains("server.limits.human_ms"),
        "{error}"
    );
    late.agree(open).await.question();
    assert_eq!(place.deletions(), 0);
}

#[tokio::test]
async fn a_question_holds_no_place() {
    for era in Era::BOTH {
        let crm = Crm::start().await;
        let narrow = EVERYTHING.replace("concurrent_calls = 64", "concurrent_calls = 1");
        let mut host = TestHost::with(&narrow, &crm.url()).await;
        let address = host.serve().await.address;
        let client = HttpMcp::stranger(address, era, "/mcp").able_to(forms());
        let mut person = Person(Wire::Http(client.introduced().await));
        let lead = json!({"entityType": "Lead", "id": crm.first("Lead")});
        let question = person.call("crm_delete", &lead).await.question();
        let other = host.call("crm_get", lead.clone()).await;
        other.expect("the only place is free");
        person.agree(question).await.done();
    }
}

#[tokio::test]
async fn a_client_that_cannot_ask_after_all_has_not_agreed() {
    let place = Place::start("").await;
    let mut person = place.person(Era::Handshake).await;
    let question = person.call("crm_delete", &place.lead()).await.question();
    let Back::Reply { id, call, stream } = question.back else {
        panic!("a session")
    };
    let error = json!({"code": -32601, "message": "no such method"});
    person
        .tell(&json!({"jsonrpc": "2.0", "id": id, "error": error}))
        .await;
    let error = person.next(call, stream).await.failed();
    assert_eq!(error["error"]["code"], "NOT_ANSWERED", "{error}");
    assert_eq!(place.deletions(), 0);
}

#[tokio::test]
async fn who_leaves_while_asked_has_not_agreed() {
    let crm = Crm::start().await;
    let mut person = on_stdio(&crm, Era::Handshake).await;
    let lead = json!({"entityType": "Lead", "id": crm.first("Lead")});
    person.call("crm_delete", &lead).await.question();
    let Wire::Stdio(stdio) = &mut person.0 else {
        panic!("over stdio")
    };
    stdio.hang_up();
    assert_eq!(stdio.exit_code().await, Some(0), "{}", stdio.log());
    assert_eq!(deletions(&crm), 0);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_an_answer() {
    let crm = Crm::start().await;
    let mut host = TestHost::over(&crm).await;
    let served = host.serve().await;
    let client = HttpMcp::stranger(served.address, Era::Handshake, "/mcp").able_to(forms());
    let mut person = Person(Wire::Http(client.introduced().await));
    let lead = json!({"entityType": "Lead", "id": crm.first("Lead")});
    let question = person.call("crm_delete", &lead).await.question();
    let Back::Reply { call, stream, .. } = question.back else {
        panic!("a session")
    };
    served.stop.cancel();
    let error = person.next(call, stream).await.failed();
    assert!(
        text(&error, "/error/message").contains("the server stopped"),
        "{error}"
    );
    let ended = in_time("the host to stop", served.ended).await;
    assert!(ended.is_ok_and(|end| end.is_ok()));
    assert_eq!(deletions(&crm), 0);
}
