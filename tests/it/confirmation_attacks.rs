//! Every way to have a destructive tool run without the confirmation of its own preview. The guest
//! `removes` is honest and the CRM counts what is removed: what is refused, the host refuses.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use portcullis::policy::Principal;
use portcullis::run::Surroundings;
use serde_json::{Value, json};

use crate::support::stub::json_response;
use crate::support::{Stub, TestHost, guests, text};

/// Two connections to one CRM with the same plugin.
const TWO: &str = r#"
[server]
plugins = "PLUGINS"
[server.limits]
rate_per_second = 100000
rate_burst = 1000000
[connections.one]
plugin = "removes"
url = "URL"
secrets.key = "env:CRM_KEY"
allow = ["read", "destructive"]
limits.rate_per_second = 10000
limits.rate_burst = 100000
limits.concurrent_calls = 64
[connections.two]
plugin = "removes"
url = "URL"
secrets.key = "env:CRM_KEY"
allow = ["read", "destructive"]
"#;

/// A CRM with things that can be read and removed, and a host before it.
struct Scene {
    host: TestHost,
    stub: Stub,
    thing: Arc<Mutex<String>>,
}

impl Scene {
    async fn new() -> Self {
        Self::within(Surroundings::default()).await
    }

    async fn within(surroundings: Surroundings) -> Self {
        let thing = Arc::new(Mutex::new(json!({"name": "one of its kind"}).to_string()));
        let shown = Arc::clone(&thing);
        let stub = Stub::start(move |_| {
            let shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
            json_response(shown.clone())
        })
        .await;
        let file = ("removes.wasm", &*guests::bytes("removes"));
        let host = TestHost::within(surroundings, TWO, &stub.url(), &[file]).await;
        let host = host.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(host.rejected(), Vec::<String>::new());
        Self { host, stub, thing }
    }

    /// What arrived with this method.
    fn removed(&self) -> usize {
        let seen = self.stub.seen();
        seen.iter().filter(|seen| seen.method == "DELETE").count()
    }

    /// Somebody edits the thing.
    fn edit(&self, now: &Value) {
        *self.thing.lock().unwrap_or_else(PoisonError::into_inner) = now.to_string();
    }

    /// The token of a preview.
    async fn previewed(&self, arguments: &Value) -> Value {
        let shown = self.refused("one_remove", arguments).await;
        let token = shown["confirmation_token"].clone();
        assert!(token.is_string(), "{shown}");
        token
    }

    /// A call of the operator at the terminal, which must not run.
    async fn refused(&self, tool: &str, arguments: &Value) -> Value {
        self.refused_to(Principal::stdio(), tool, arguments).await
    }

    async fn refused_to(&self, who: Principal, tool: &str, arguments: &Value) -> Value {
        let before = self.removed();
        let answer = self.host.call_as(who, tool, arguments.clone()).await;
        let answer = answer.expect_err("it was not confirmed");
        assert_eq!(self.removed(), before, "{tool} {arguments}");
        answer
    }

    async fn done(&self, arguments: &Value) {
        let before = self.removed();
        let done = self.host.call("one_remove", arguments.clone()).await;
        let done = done.unwrap_or_else(|error| panic!("{arguments}: {error}"));
        assert_eq!(done["status"], 200, "{done}");
        assert_eq!(self.removed(), before + 1, "{arguments}");
    }
}

fn with(arguments: &Value, key: &str, value: impl Into<Value>) -> Value {
    let mut arguments = arguments.clone();
    arguments[key] = value.into();
    arguments
}

fn with_token(arguments: &Value, token: &Value) -> Value {
    with(arguments, "confirmation_token", token.clone())
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn arguments() -> Value {
    json_of(r#"{"id": "7", "n": 1, "deep": {"a": 1, "b": [2]}}"#)
}

fn stranger() -> Principal {
    Principal::named("key", "stranger")
}

fn not_previewed(answer: &Value) {
    assert_eq!(answer["error"]["code"], "REMOVE_NOT_CONFIRMED", "{answer}");
    let message = text(answer, "/error/message");
    assert!(message.contains("was not previewed"), "{message}");
}

#[tokio::test]
pub async fn removes() {
    let scene = Scene::new().await;
    let confirmed = with_token(&arguments(), &scene.previewed(&arguments()).await);
    scene.done(&confirmed).await;
    for _ in 0..3 {
        let again = scene.refused("one_remove", &confirmed).await;
        assert_eq!(again["error"]["code"], "REMOVE_NOT_CONFIRMED", "{again}");
    }
}

/// The token, and `confirm: true`, of somebody else, for something else, somewhere else; the one who
/// was shown the preview can still confirm it afterwards.
#[tokio::test]
async fn a_preview_is_good_for_its_own_principal_tool_connection_and_arguments() {
    let scene = Scene::new().await;
    for (who, tool, other) in [
        (stranger(), "one_remove", arguments()),
        (Principal::anonymous(), "one_remove", arguments()),
        (Principal::named("stdio", ""), "one_remove", arguments()),
        (Principal::stdio(), "one_erase", arguments()),
        (Principal::stdio(), "two_remove", arguments()),
        (
            Principal::stdio(),
            "one_remove",
            with(&arguments(), "id", "8"),
        ),
        (
            Principal::stdio(),
            "one_remove",
            with(&arguments(), "id", "7 "),
        ),
        (Principal::stdio(), "one_remove", with(&arguments(), "n", 2)),
        (
            Principal::stdio(),
            "one_remove",
            with(&arguments(), "n", "1"),
        ),
        (
            Principal::stdio(),
            "one_remove",
            with(&arguments(), "n", true),
        ),
        (
            Principal::stdio(),
            "one_remove",
            with(&arguments(), "n", json_of("1.0")),
        ),
        (
            Principal::stdio(),
            "one_remove",
            with(&arguments(), "n", json_of("1e0")),
        ),
        (
            Principal::stdio(),
            "one_remove",
            with(&arguments(), "n", json_of("10e-1")),
        ),
        (
            Principal::stdio(),
            "one_remove",
            with(&arguments(), "more", Value::Null),
        ),
        (
            Principal::stdio(),
            "one_remove",
            with(&arguments(), "deep", json!({"a": 1, "b": [2, 2]})),
        ),
        (Principal::stdio(), "one_remove", json!({"id": "7"})),
    ] {
        let token = scene.previewed(&arguments()).await;
        let by_token = with_token(&other, &token);
        not_erased(&scene.refused_to(who.clone(), tool, &by_token).await);
        scene.done(&with_token(&arguments(), &token)).await;

        scene.previewed(&arguments()).await;
        // The refusal above was a preview of the other call: a fresh one has none.
        let fresh = with(&other, "fresh", tool);
        let yes = with(&fresh, "confirm", true);
        not_erased(&scene.refused_to(who, tool, &yes).await);
        scene.done(&with(&arguments(), "confirm", true)).await;
    }
}

/// As [`not_previewed`], for either tool.
fn not_erased(answer: &Value) {
    let code = text(answer, "/error/code");
    assert!(code.ends_with("_NOT_CONFIRMED"), "{answer}");
    let message = text(answer, "/error/message");
    assert!(message.contains("was not previewed"), "{message}");
}

#[tokio::test]
async fn the_order_of_keys_is_no_other_meaning() {
    let scene = Scene::new().await;
    let token = scene.previewed(&arguments()).await;
    let turned = json_of(r#"{"deep": {"b": [2], "a": 1}, "n": 1, "id": "7"}"#);
    scene.done(&with_token(&turned, &token)).await;
}

#[tokio::test]
async fn yes_is_good_for_what_its_own_caller_was_shown() {
    let scene = Scene::new().await;
    let yes = with(&arguments(), "confirm", true);
    let shown = scene
        .host
        .call_as(stranger(), "one_remove", arguments())
        .await;
    assert!(shown.is_err(), "{shown:?}");
    not_previewed(&scene.refused("one_remove", &yes).await);
}

#[tokio::test]
async fn tokens_that_were_made_up() {
    let scene = Scene::new().await;
    let of_another = scene.previewed(&with(&arguments(), "id", "8")).await;
    let forged = |token: &str| {
        let (head, tail) = token.split_at(token.len() - 1);
        let other = if tail == "A" { "B" } else { "A" };
        vec![
            String::new(),
            head.to_owned(),
            token[1..].to_owned(),
            format!("{head}{other}"),
            format!("{token}A"),
            format!("{token} "),
            format!("{token}="),
            format!("{token}\0"),
            format!("{token}{token}"),
            token.to_lowercase() + "x",
            "*".to_owned(),
            "null".to_owned(),
        ]
    };
    let count = forged("AA").len();
    for n in 0..count {
        let token = scene.previewed(&arguments()).await;
        let made_up = forged(token.as_str().expect("a text")).remove(n);
        for attempt in [
            with(&arguments(), "confirmation_token", made_up.as_str()),
            with(
                &with(&arguments(), "confirmation_token", made_up.as_str()),
                "confirm",
                true,
            ),
        ] {
            let answer = scene.refused("one_remove", &attempt).await;
            let message = text(&answer, "/error/message");
            assert!(
                message.contains("does not belong"),
                "{made_up:?}: {message}"
            );
        }
    }
    scene.previewed(&arguments()).await;
    let answer = scene
        .refused("one_remove", &with_token(&arguments(), &of_another))
        .await;
    assert!(
        text(&answer, "/error/message").contains("does not belong"),
        "{answer}"
    );
    for wrong in [json!(["t"]), json!({"t": 1}), json!(1), json!(true)] {
        let answer = scene
            .refused("one_remove", &with_token(&arguments(), &wrong))
            .await;
        assert_eq!(answer["error"]["code"], "INVALID_ARGUMENT", "{answer}");
    }
    for wrong in [json!("true"), json!(1), json!([true])] {
        let answer = scene
            .refused("one_remove", &with(&arguments(), "confirm", wrong))
            .await;
        assert_eq!(answer["error"]["code"], "INVALID_ARGUMENT", "{answer}");
    }
}

impl Scene {
    /// Many calls at once; how many of them ran.
    async fn crowd(&self, confirmed: &Value) -> usize {
        let before = self.removed();
        let crowd = (0..24).map(|_| self.host.call("one_remove", confirmed.clone()));
        let answers = join_all(crowd).await;
        let ran = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(self.removed() - before, ran, "{confirmed}");
        ran
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn removes_once_for_a_crowd_with_one_token() {
    let scene = Scene::new().await;
    for round in 0..6 {
        let arguments = with(&arguments(), "round", round);
        let token = scene.previewed(&arguments).await;
        assert_eq!(scene.crowd(&with_token(&arguments, &token)).await, 1);
    }
}

/// On one thread no call of the crowd is answered before all of them have come in: the refusal of one
/// is a preview, and no other one can have seen it.
#[tokio::test]
async fn removes_once_for_a_crowd_that_says_yes_to_one_preview() {
    let scene = Scene::new().await;
    for round in 0..6 {
        let arguments = with(&arguments(), "round", round);
        scene.previewed(&arguments).await;
        assert_eq!(scene.crowd(&with(&arguments, "confirm", true)).await, 1);
    }
}

#[tokio::test]
async fn an_edit_between_preview_and_run_is_refused_and_said() {
    for way in ["token", "yes"] {
        let scene = Scene::new().await;
        let token = scene.previewed(&arguments()).await;
        scene.edit(&json!({"name": "one of its kind", "owner": "somebody else"}));
        let confirmed = match way {
            "token" => with_token(&arguments(), &token),
            _ => with(&arguments(), "confirm", true),
        };
        let answer = scene.refused("one_remove", &confirmed).await;
        let message = text(&answer, "/error/message");
        assert!(message.contains("no longer what was shown"), "{message}");
        let shown = text(&answer, "/preview/record");
        assert!(shown.contains("somebody else"), "what it is now: {shown}");
        // The refusal showed the thing as it is now; its own token is the way on, the old one is not.
        let old = scene
            .refused("one_remove", &with_token(&arguments(), &token))
            .await;
        assert!(
            text(&old, "/error/message").contains("does not belong"),
            "{old}"
        );
        scene
            .done(&with_token(&arguments(), &old["confirmation_token"]))
            .await;
    }
}

#[tokio::test]
async fn a_preview_expires() {
    let scene = Scene::within(Surroundings {
        preview_valid_for: Duration::ZERO,
        ..Surroundings::default()
    })
    .await;
    let shown = scene.refused("one_remove", &arguments()).await;
    assert_eq!(shown["expires_in_s"], 0, "{shown}");
    let late = with_token(&arguments(), &shown["confirmation_token"]);
    let answer = scene.refused("one_remove", &late).await;
    assert!(
        text(&answer, "/error/message").contains("too long ago"),
        "{answer}"
    );
    not_previewed(
        &scene
            .refused("one_remove", &with(&arguments(), "confirm", true))
            .await,
    );
}

/// What the operator changes on a connection ends its previews; what they change elsewhere does not.
#[tokio::test]
async fn a_reload_keeps_no_token_of_a_connection_that_changed() {
    let last = "allow = [\"read\", \"destructive\"]\n";
    let at = TWO.rfind(last).expect("the second connection's");
    let of_two = |line: &str| format!("{}{last}{line}\n", &TWO[..at]);
    let of_one = |line: &str| TWO.replacen(last, &format!("{last}{line}\n"), 1);
    let scene = Scene::new().await;
    let url = scene.stub.url();
    let token = scene.previewed(&arguments()).await;
    scene
        .host
        .reconfigure(&of_two("limits.timeout_ms = 9000"), &url)
        .await;
    scene.done(&with_token(&arguments(), &token)).await;
    for change in [
        of_one("limits.timeout_ms = 9000"),
        of_one("secrets.key = \"env:ODD_KEY\"").replacen("secrets.key = \"env:CRM_KEY\"\n", "", 1),
        TWO.replacen("url = \"URL\"", "url = \"URL/elsewhere\"", 1),
    ] {
        let token = scene.previewed(&arguments()).await;
        scene.host.reconfigure(&change, &url).await;
        not_previewed(
            &scene
                .refused("one_remove", &with_token(&arguments(), &token))
                .await,
        );
        scene.host.reconfigure(TWO, &url).await;
    }
}

#[tokio::test]
async fn a_token_opens_nothing_that_a_new_policy_closes() {
    let allow = "allow = [\"read\", \"destructive\"]";
    let scene = Scene::new().await;
    let url = scene.stub.url();
    for (change, code) in [
        ("allow = [\"read\"]".to_owned(), "DENIED"),
        (format!("{allow}\ntools = [\"erase\"]"), "DENIED"),
        (
            format!("{allow}\nconfirm = \"human\""),
            "REMOVE_NOT_CONFIRMED",
        ),
    ] {
        let token = scene.previewed(&arguments()).await;
        let changed = TWO.replacen(allow, &change, 1);
        scene.host.reconfigure(&changed, &url).await;
        for attempt in [
            with_token(&arguments(), &token),
            with(&arguments(), "confirm", true),
            with(&arguments(), "confirm", true),
        ] {
            let answer = scene.refused("one_remove", &attempt).await;
            assert_eq!(answer["error"]["code"], code, "{change}: {answer}");
            assert!(answer.get("confirmation_token").is_none(), "{answer}");
        }
        scene.host.reconfigure(TWO, &url).await;
        not_previewed(
            &scene
                .refused("one_remove", &with_token(&arguments(), &token))
                .await,
        );
    }
}

/// The same plugin as another file: what was shown was shown by other code.
#[tokio::test]
async fn a_token_dies_with_the_plugin_that_showed_the_preview() {
    let scene = Scene::new().await;
    let token = scene.previewed(&arguments()).await;
    let mut bytes = guests::bytes("removes");
    // A custom section named `n` with nothing in it.
    bytes.extend([0, 2, 1, b'n']);
    std::fs::write(scene.host.plugins().join("removes.wasm"), bytes).expect("the folder is ours");
    scene
        .host
        .host
        .app
        .registry
        .look_again()
        .await
        .expect("the folder can be read");
    not_previewed(
        &scene
            .refused("one_remove", &with_token(&arguments(), &token))
            .await,
    );
}
