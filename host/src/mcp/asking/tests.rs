//! Questions and answers of 2026-07-28: which request they are good for, and what is no answer.

use super::*;
use crate::input::Reply;

fn asking() -> Asking {
    Asking::new(Duration::from_secs(60), CancellationToken::new())
}

fn questions() -> Questions {
    let schema = json!({
        "type": "object",
        "properties": {"confirm": {"type": "boolean", "default": false}},
    });
    let message = "Delete it?".to_owned();
    Questions {
        asks: BTreeMap::from([("confirm".to_owned(), Ask::Form { message, schema })]),
        state: json!({"question": "q1"}),
        ahead: false,
    }
}

fn bound(principal: &str, method: &str, tool: &str, arguments: &Value) -> Binding {
    Binding::new(principal, method, tool, arguments)
}

fn of_this_request() -> Binding {
    bound("ada", "tools/call", "crm_delete", &json!({"id": 1}))
}

fn sealed(asking: &Asking) -> String {
    let required = asking.required(&of_this_request(), &questions()).unwrap();
    required.request_state.expect("a state")
}

fn responses(answer: Value) -> Option<InputResponses> {
    Some(BTreeMap::from([("confirm".to_owned(), answer)]))
}

#[test]
fn a_question_and_its_answer() {
    let asking = asking();
    let required = asking.required(&of_this_request(), &questions()).unwrap();
    let wire = serde_json::to_value(&required).unwrap();
    assert_eq!(wire["resultType"], "input_required");
    let request = &wire["inputRequests"]["confirm"];
    assert_eq!(request["method"], "elicitation/create");
    assert_eq!(request["params"]["mode"], "form");
    assert_eq!(request["params"]["message"], "Delete it?");
    let state = required.request_state.as_deref();
    for (answer, reply) in [
        (
            json!({"action": "accept", "content": {"confirm": true}}),
            Reply::Filled(json!({"confirm": true})),
        ),
        (json!({"action": "accept"}), Reply::Filled(json!({}))),
        (json!({"action": "decline"}), Reply::Declined),
        (json!({"action": "cancel"}), Reply::Dismissed),
    ] {
        let answers = asking.answers(&of_this_request(), state, responses(answer));
        let answers = answers.unwrap().expect("answers");
        assert_eq!(answers.given["confirm"], reply);
        assert_eq!(answers.state, json!({"question": "q1"}));
    }
}

#[test]
fn what_is_no_answer_is_refused_and_what_is_missing_is_not() {
    let asking = asking();
    let state = sealed(&asking);
    let read = |responses| asking.answers(&of_this_request(), Some(&state), responses);
    for answer in [
        json!("accept"),
        json!({}),
        json!({"action": "maybe"}),
        json!({"action": "accept", "content": {"confirm": "yes"}}),
        json!({"action": "accept", "content": []}),
    ] {
        let error = read(responses(answer.clone())).expect_err("it fits nothing");
        assert_eq!(error.code, ErrorCode::INVALID_PARAMS, "{answer}");
        assert!(error.message.contains("`confirm`"), "{}", error.message);
    }
    let other = Some(BTreeMap::from([("other".to_owned(), json!(1))]));
    for missing in [None, other] {
        let answers = read(missing).unwrap().expect("the state alone");
        assert!(answers.given.is_empty());
    }
}

#[test]
fn a_state_is_good_for_its_own_request_alone() {
    let asking = asking();
    let state = sealed(&asking);
    let one = json!({"id": 1});
    for other in [
        bound("bob", "tools/call", "crm_delete", &one),
        bound("ada", "prompts/get", "crm_delete", &one),
        bound("ada", "tools/call", "crm_merge", &one),
        bound("ada", "tools/call", "crm_delete", &json!({"id": 2})),
        bound("adatools/call", "", "crm_delete", &one),
    ] {
        let read = asking.answers(&other, Some(&state), None);
        assert_eq!(read.unwrap_err().code, ErrorCode::INVALID_PARAMS);
    }
    let mut forged = state.clone().into_bytes();
    let middle = forged.len() / 2;
    forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    let elsewhere = sealed(&self::asking());
    for forged in ["", "rs1", "rs1.x.y", &forged, &elsewhere] {
        let read = asking.answers(&of_this_request(), Some(forged), None);
        assert_eq!(
            read.unwrap_err().code,
            ErrorCode::INVALID_PARAMS,
            "{forged}"
        );
    }
}

#[test]
fn who_answers_too_late_is_asked_again() {
    let asking = Asking::new(Duration::ZERO, CancellationToken::new());
    let state = sealed(&asking);
    let sealed_at = std::time::SystemTime::now();
    while sealed_at.elapsed().is_ok_and(|since| since.as_millis() < 2) {
        std::hint::spin_loop();
    }
    let yes = responses(json!({"action": "accept", "content": {"confirm": true}}));
    let answers = asking.answers(&of_this_request(), Some(&state), yes);
    assert_eq!(answers.unwrap(), None);
}

#[test]
fn modes_of_elicitation() {
    for (client, form) in [
        (json!({}), false),
        (json!({"elicitation": {}}), true),
        (json!({"elicitation": {"form": {}}}), true),
        (json!({"elicitation": {"form": {}, "url": {}}}), true),
        (json!({"elicitation": {"url": {}}}), false),
    ] {
        let client: ClientCapabilities = serde_json::from_value(client).unwrap();
        assert_eq!(declared(&client).form, form, "{client:?}");
    }
}

#[test]
fn what_a_client_lacks_is_named_as_capabilities_are() {
    let needs = Able {
        form: true,
        ..Able::default()
    };
    let error = ToolError::new(crate::error::Kind::Confirm, "X", "needs a human");
    let error = lacks(needs, &error);
    assert_eq!(error.code.0, -32021);
    let expected = json!({"requiredCapabilities": {"elicitation": {"form": {}}}});
    assert_eq!(error.data, Some(expected));
}
