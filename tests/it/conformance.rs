//! The optional exports of a plugin through the whole path, on the fixture of the official suite: prompts,
//! completion, questions in steps, and that its own interface is nobody else's.

use serde_json::{Value, json};

use crate::support::{Era, HttpMcp, TestHost, guests, in_time, list, text};

async fn fixture() -> (TestHost, std::net::SocketAddr) {
    let mut host = TestHost::conformance().await;
    let address = host.serve().await.address;
    (host, address)
}

#[tokio::test]
async fn conformance_is_a_stranger_to_every_other_host() {
    let config = "[server]\nplugins = \"PLUGINS\"\n";
    let bytes = guests::bytes("conformance");
    let files: [(&str, &[u8]); 1] = [("conformance.wasm", &bytes)];
    let host = TestHost::with_files(config, "http://127.0.0.1:9", &files).await;
    let rejected = host.unwrap_or_else(|error| panic!("{error}")).rejected();
    assert!(
        rejected[0].contains("portcullis:conformance/client"),
        "{rejected:?}"
    );
}

#[tokio::test]
async fn conformance_prompts_are_listed_and_filled_in() {
    let (_host, address) = fixture().await;
    for era in Era::BOTH {
        let client = HttpMcp::connect(address, era).await;
        let listed = client.request("prompts/list", json!({})).await;
        let prompts = list(&listed["result"]["prompts"]);
        let with_arguments = prompts
            .iter()
            .find(|prompt| prompt["name"] == "test_prompt_with_arguments")
            .expect("it is listed");
        assert_eq!(
            with_arguments["arguments"],
            json!([
                {"name": "arg1", "description": "First test argument.", "required": true},
                {"name": "arg2", "description": "Second test argument.", "required": true},
            ]),
            "{listed}"
        );
        let get = |name: &str, arguments: Value| {
            client.request("prompts/get", json!({"name": name, "arguments": arguments}))
        };
        let both = json!({"arg1": "a", "arg2": "b"});
        let filled = get("test_prompt_with_arguments", both).await;
        let message = &filled["result"]["messages"][0];
        assert_eq!(message["role"], "user", "{filled}");
        assert!(text(message, "/content/text").contains("arg1='a', arg2='b'"));
        let image = get("test_prompt_with_image", json!({})).await;
        let blocks = list(&image["result"]["messages"]);
        assert_eq!(blocks[0]["content"]["type"], "image", "{image}");
        for (name, arguments) in [
            ("test_prompt_with_arguments", json!({"arg1": "a"})),
            ("test_simple_prompt", json!({"arg1": "a"})),
            (
                "test_prompt_with_arguments",
                json!({"arg1": 1, "arg2": "b"}),
            ),
            ("unheard_of", json!({})),
        ] {
            let refused = get(name, arguments).await;
            assert_eq!(refused["error"]["code"], -32602, "{refused}");
        }
    }
}

#[tokio::test]
async fn conformance_arguments_complete_and_a_cut_is_said() {
    let (_host, address) = fixture().await;
    for era in Era::BOTH {
        let client = HttpMcp::connect(address, era).await;
        let complete = |reference: Value, name: &str, value: &str| {
            let argument = json!({"name": name, "value": value});
            let params = json!({"ref": reference, "argument": argument});
            client.request("completion/complete", params)
        };
        let prompt = json!({"type": "ref/prompt", "name": "test_prompt_with_arguments"});
        let found = complete(prompt.clone(), "arg1", "PAR").await;
        let completion = &found["result"]["completion"];
        assert_eq!(
            completion["values"],
            json!(["paris", "park", "party"]),
            "{found}"
        );
        assert_eq!(
            (&completion["total"], &completion["hasMore"]),
            (&json!(3), &json!(false))
        );
        let template = json!({"type": "ref/resource", "uri": "test://template/{id}/data"});
        let found = complete(template.clone(), "id", "").await;
        let completion = &found["result"]["completion"];
        assert_eq!(list(&completion["values"]).len(), 100, "{found}");
        assert_eq!(
            (&completion["total"], &completion["hasMore"]),
            (&json!(150), &json!(true))
        );
        for (reference, name) in [
            (prompt, "arg3"),
            (template, "uri"),
            (json!({"type": "ref/prompt", "name": "unheard_of"}), "arg1"),
            (
                json!({"type": "ref/resource", "uri": "test://other/{id}"}),
                "id",
            ),
            (json!({"type": "ref/tool", "name": "test_header"}), "region"),
        ] {
            let refused = complete(reference, name, "").await;
            assert_eq!(refused["error"]["code"], -32602, "{refused}");
        }
    }
    let client = HttpMcp::connect(address, Era::Stateless).await;
    let told = client.request("server/discover", json!({})).await;
    assert!(
        told["result"]["capabilities"]["completions"].is_object(),
        "{told}"
    );
}

fn asks_forms() -> Value {
    json!({"elicitation": {"form": {}}})
}

fn accepted(key: &str, form: &Value) -> Value {
    json!({key: {"action": "accept", "content": form}})
}

async fn step(client: &HttpMcp, tool: &str, more: Value) -> Value {
    let mut params = json!({"name": tool, "arguments": {}});
    for (key, value) in more.as_object().into_iter().flatten() {
        params[key] = value.clone();
    }
    in_time(tool, client.request("tools/call", params)).await
}

#[tokio::test]
async fn conformance_steps_carry_their_state_through_the_client() {
    let (_host, address) = fixture().await;
    let client = HttpMcp::stranger(address, Era::Stateless, "/mcp").able_to(asks_forms());
    let tool = "test_input_required_result_multi_round";
    let first = step(&client, tool, json!({})).await;
    let asked = &first["result"];
    assert_eq!(asked["resultType"], "input_required", "{first}");
    assert_eq!(
        asked["inputRequests"]["step1"]["method"], "elicitation/create",
        "{first}"
    );
    let answer = accepted("step1", &json!({"name": "Ada"}));
    let second = step(
        &client,
        tool,
        json!({"inputResponses": answer, "requestState": asked["requestState"]}),
    )
    .await;
    let asked = &second["result"];
    assert!(asked["inputRequests"]["step2"].is_object(), "{second}");
    let answer = accepted("step2", &json!({"color": "blue"}));
    let more = json!({"inputResponses": answer, "requestState": asked["requestState"]});
    let third = step(&client, tool, more.clone()).await;
    let said = text(&third, "/result/structuredContent/said");
    assert_eq!(said, "Ada likes blue.", "{third}");
    let other = "test_input_required_result_elicitation";
    let refused = step(&client, other, more).await;
    assert_eq!(
        refused["error"]["code"], -32602,
        "another tool's state: {refused}"
    );
    let forged = json!({"requestState": format!("{}x", text(asked, "/requestState"))});
    let refused = step(&client, tool, forged).await;
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
}

#[tokio::test]
async fn conformance_answers_may_come_before_their_question() {
    let (_host, address) = fixture().await;
    let client = HttpMcp::stranger(address, Era::Stateless, "/mcp").able_to(asks_forms());
    let tool = "test_input_required_result_elicitation";
    let ahead = accepted("user_name", &json!({"name": "Ada"}));
    let done = step(&client, tool, json!({"inputResponses": ahead})).await;
    assert_eq!(
        text(&done, "/result/structuredContent/said"),
        "Hello, Ada!",
        "{done}"
    );
    let other = accepted("wrong_key", &json!({"name": "Ada"}));
    let asked = step(&client, tool, json!({"inputResponses": other})).await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let unfit = accepted("user_name", &json!({"name": 5}));
    let refused = step(&client, tool, json!({"inputResponses": unfit})).await;
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
}

#[tokio::test]
async fn conformance_clients_that_cannot_be_asked_are_told_what_they_lack() {
    let (_host, address) = fixture().await;
    let client = HttpMcp::stranger(address, Era::Stateless, "/mcp");
    let refused = step(&client, "test_input_required_result_elicitation", json!({})).await;
    assert_eq!(refused["error"]["code"], -32021, "{refused}");
    let needs = &refused["error"]["data"]["requiredCapabilities"];
    assert!(needs["elicitation"].is_object(), "{refused}");
    let old = HttpMcp::connect(address, Era::Handshake).await;
    let failed = old
        .call("test_input_required_result_elicitation", json!({}))
        .await;
    assert_eq!(failed["isError"], true, "{failed}");
}
