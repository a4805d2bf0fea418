//! A client whose user can be asked: over either transport and in either era, one call at a time.
//!
//! A call goes from step to step; what a question is on the wire stays in here.

use serde_json::{Value, json};

use super::http::Open;
use super::{Era, HttpMcp, Stdio, in_time, text};

/// What a client declares that can show forms.
pub fn forms() -> Value {
    json!({"elicitation": {"form": {}}})
}

/// How messages go to and fro.
pub enum Wire {
    Http(HttpMcp),
    Stdio(Box<Stdio>),
}

/// A client and its user.
pub struct Person(pub Wire);

/// Where a call stands.
pub enum Step {
    /// The user is asked.
    Asked(Question),
    /// The `result`.
    Done(Value),
    /// The `error`, of the protocol.
    Refused(Value),
}

/// A question to the user.
pub struct Question {
    pub message: String,
    pub form: Value,
    pub back: Back,
}

/// How its answer goes back.
pub enum Back {
    /// With the same request again.
    Again { params: Value, state: Value },
    /// As the answer to a request of the server's.
    Reply {
        id: Value,
        call: u64,
        stream: Option<Box<Open>>,
    },
}

impl Person {
    fn era(&self) -> Era {
        match &self.0 {
            Wire::Http(client) => client.era,
            Wire::Stdio(client) => client.era,
        }
    }

    /// Calls a tool.
    pub async fn call(&mut self, tool: &str, arguments: &Value) -> Step {
        self.send(json!({"name": tool, "arguments": arguments}))
            .await
    }

    /// Answers with an action and a content.
    pub async fn answer(&mut self, question: Question, answer: Value) -> Step {
        match question.back {
            Back::Again { params, state } => {
                let params = with(params, &state, &answer);
                self.send(params).await
            }
            Back::Reply { id, call, stream } => {
                let message = json!({"jsonrpc": "2.0", "id": id, "result": answer});
                self.tell(&message).await;
                self.next(call, stream).await
            }
        }
    }

    /// Says yes.
    pub async fn agree(&mut self, question: Question) -> Step {
        self.answer(question, yes()).await
    }

    /// Sends a `tools/call`.
    pub async fn send(&mut self, params: Value) -> Step {
        if self.era() == Era::Stateless {
            let answer = match &mut self.0 {
                Wire::Http(client) => client.request("tools/call", params.clone()).await,
                Wire::Stdio(client) => client.request("tools/call", params.clone()).await,
            };
            return step(params, &answer);
        }
        match &mut self.0 {
            Wire::Http(client) => {
                let stream = Box::new(client.open("tools/call", params).await);
                self.next(0, Some(stream)).await
            }
            Wire::Stdio(client) => {
                let call = client.ask("tools/call", params).await;
                self.next(call, None).await
            }
        }
    }

    /// What comes next for a call of the older era: a question, or its end.
    pub async fn next(&mut self, call: u64, mut stream: Option<Box<Open>>) -> Step {
        loop {
            let message = match (&mut self.0, &mut stream) {
                (Wire::Http(_), Some(stream)) => {
                    let is_json = !stream.is_events();
                    if is_json {
                        let body = in_time("the answer", stream.rest()).await.expect("a body");
                        serde_json::from_str(&body).expect("JSON")
                    } else {
                        in_time("an event", stream.event()).await.expect("an event")
                    }
                }
                (Wire::Stdio(client), _) => client.message().await.expect("a message"),
                (Wire::Http(_), None) => panic!("no stream"),
            };
            if message["method"] == "elicitation/create" {
                let params = &message["params"];
                return Step::Asked(Question {
                    message: text(params, "/message").to_owned(),
                    form: params["requestedSchema"].clone(),
                    back: Back::Reply {
                        id: message["id"].clone(),
                        call,
                        stream,
                    },
                });
            }
            if message.get("method").is_none() {
                return step(Value::Null, &message);
            }
        }
    }

    /// Sends any message.
    pub async fn tell(&mut self, message: &Value) {
        match &mut self.0 {
            Wire::Http(client) => client.tell(message).await,
            Wire::Stdio(client) => client.write(message).await,
        }
    }
}

/// The answer of a user who agrees.
pub fn yes() -> Value {
    json!({"action": "accept", "content": {"confirm": true}})
}

/// The same request with what was asked for.
pub fn with(mut params: Value, state: &Value, answer: &Value) -> Value {
    params["requestState"] = state.clone();
    params["inputResponses"] = json!({"confirm": answer});
    params
}

fn step(params: Value, answer: &Value) -> Step {
    if let Some(error) = answer.get("error") {
        return Step::Refused(error.clone());
    }
    let result = &answer["result"];
    if result["resultType"] != "input_required" {
        return Step::Done(result.clone());
    }
    let asked = &result["inputRequests"]["confirm"];
    assert_eq!(asked["method"], "elicitation/create", "{answer}");
    Step::Asked(Question {
        message: text(asked, "/params/message").to_owned(),
        form: asked["params"]["requestedSchema"].clone(),
        back: Back::Again {
            params,
            state: result["requestState"].clone(),
        },
    })
}

impl Step {
    /// The question that has to be there.
    pub fn question(self) -> Question {
        match self {
            Self::Asked(question) => question,
            Self::Done(other) | Self::Refused(other) => panic!("no question: {other}"),
        }
    }

    /// The structured result of a call that has to succeed.
    pub fn done(self) -> Value {
        match self {
            Self::Done(result) if result["isError"] != true => result["structuredContent"].clone(),
            Self::Done(other) | Self::Refused(other) => panic!("not done: {other}"),
            Self::Asked(question) => panic!("asked: {}", question.message),
        }
    }

    /// The error of a call that has to fail.
    pub fn failed(self) -> Value {
        match self {
            Self::Done(result) if result["isError"] == true => {
                serde_json::from_str(text(&result, "/content/0/text")).expect("JSON")
            }
            Self::Done(other) | Self::Refused(other) => panic!("no error of the tool: {other}"),
            Self::Asked(question) => panic!("asked: {}", question.message),
        }
    }

    /// The error of the protocol that has to be there.
    pub fn refused(self) -> Value {
        match self {
            Self::Refused(error) => error,
            Self::Done(other) => panic!("not refused: {other}"),
            Self::Asked(question) => panic!("asked: {}", question.message),
        }
    }
}
