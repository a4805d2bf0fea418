//! Refresh tokens that a CRM replaces at each use: the newest one is found again after a restart and by
//! a second host, and an older one is never sent again.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::stub::{Arrived, json_response};
use crate::support::{Stub, TestHost};

/// A project whose auth server gives each refresh token once, and each access token for one request.
#[derive(Default)]
struct Issuer {
    current: u32,
    unused: Vec<String>,
    sent: Vec<String>,
}

impl Issuer {
    fn answer(&mut self, arrived: &Arrived) -> Response<Body> {
        if arrived.path.starts_with("/auth/v1/token") {
            return self.renew(arrived);
        }
        let token = arrived.header("authorization").unwrap_or_default();
        let before = self.unused.len();
        self.unused
            .retain(|unused| format!("Bearer {unused}") != token);
        if self.unused.len() == before {
            let body = json!({"code": "PGRST303", "message": "JWT expired", "details": null, "hint": null});
            return with_status(StatusCode::UNAUTHORIZED, &body);
        }
        let mut found = json_response("[]");
        let range = "*/0".parse().expect("a header");
        found.headers_mut().insert("content-range", range);
        found
    }

    fn renew(&mut self, arrived: &Arrived) -> Response<Body> {
        let body: Value = serde_json::from_slice(&arrived.body).expect("JSON");
        let sent = body["refresh_token"].as_str().expect("a token").to_owned();
        let good = sent == refresh(self.current);
        self.sent.push(sent);
        if !good {
            let body = json!({"code": 400, "error_code": "refresh_token_already_used", "msg": "Invalid Refresh Token: Already Used"});
            return with_status(StatusCode::BAD_REQUEST, &body);
        }
        self.current += 1;
        let access = format!("access-of-the-tests-{}", self.current);
        self.unused.push(access.clone());
        let body = json!({"access_token": access, "refresh_token": refresh(self.current), "expires_in": 3600, "token_type": "bearer"});
        json_response(body.to_string())
    }
}

fn refresh(number: u32) -> String {
    format!("refresh-of-the-tests-{number}")
}

fn with_status(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = json_response(body.to_string());
    *response.status_mut() = status;
    response
}

/// A project, and the folder of what outlasts its hosts.
struct World {
    issuer: Arc<Mutex<Issuer>>,
    project: Stub,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let issuer = Arc::<Mutex<Issuer>>::default();
        let answers = Arc::clone(&issuer);
        let project = Stub::start(move |arrived: &Arrived| lock(&answers).answer(arrived)).await;
        Self {
            issuer,
            project,
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A host as after a start, with a refresh token of some login in its configuration.
    async fn host(&self, login: u32) -> TestHost {
        let secret = self.path("login");
        std::fs::write(&secret, refresh(login)).expect("the folder is ours");
        close(&secret, 0o600);
        let config = format!(
            "[server]\nstate = '{}'\n[connections.crm]\nplugin = 'atomic'\nurl = 'URL'\nsecrets.publishable_key = 'env:CRM_KEY'\nsecrets.refresh_token = 'file:{}'",
            self.path("state.sqlite3").display(),
            secret.display(),
        );
        TestHost::with(&config, &self.project.url()).await
    }

    /// Which refresh tokens were sent, in order.
    fn sent(&self) -> Vec<String> {
        lock(&self.issuer).sent.clone()
    }
}

fn lock(issuer: &Mutex<Issuer>) -> std::sync::MutexGuard<'_, Issuer> {
    issuer.lock().unwrap_or_else(PoisonError::into_inner)
}

fn close(path: &PathBuf, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("the file is ours");
}

async fn ask(host: &TestHost) -> Result<Value, Value> {
    host.call("crm_list_records", json!({"entity": "tags"}))
        .await
}

#[tokio::test]
async fn a_restart_goes_on_with_the_newest_token() {
    let world = World::new().await;
    for start in 0..3 {
        let host = world.host(0).await;
        assert_eq!(world.path("state.sqlite3").exists(), start > 0);
        assert!(ask(&host).await.is_ok());
        assert!(ask(&host).await.is_ok());
    }
    assert_eq!(world.sent(), (0..6).map(refresh).collect::<Vec<_>>());
    for entry in std::fs::read_dir(world.folder.path()).expect("the folder is ours") {
        let path = entry.expect("the folder is ours").path();
        let text = std::fs::read(&path).expect("the file is ours");
        let text = String::from_utf8_lossy(&text).into_owned();
        let login = path.ends_with("login");
        assert_eq!(text.contains("of-the-tests"), login, "{}", path.display());
    }
}

#[tokio::test]
async fn two_hosts_share_one_row_of_tokens() {
    let world = World::new().await;
    let hosts = [world.host(0).await, world.host(0).await];
    let many = hosts.iter().map(async |host| {
        for _ in 0..10 {
            ask(host).await.unwrap_or_else(|error| panic!("{error}"));
        }
    });
    futures::future::join_all(many).await;
    assert_eq!(world.sent(), (0..20).map(refresh).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_refused_token_is_followed_by_no_older_one() {
    let world = World::new().await;
    assert!(ask(&world.host(0).await).await.is_ok());
    // Somebody else used the newest one, or the login was ended.
    lock(&world.issuer).current = 70;
    let told = ask(&world.host(0).await).await.expect_err("a refusal");
    assert_eq!(told["error"]["code"], "AUTH_FAILED", "{told}");
    let message = told["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("log in again"), "{message}");
    assert!(!message.contains("of-the-tests"), "{message}");
    assert_eq!(world.sent(), [refresh(0), refresh(1)]);
    assert!(ask(&world.host(70).await).await.is_ok());
    assert_eq!(world.sent().last(), Some(&refresh(70)));
}

#[tokio::test]
async fn a_state_that_cannot_be_read_sends_nothing_old() {
    for (file, mode, content) in [
        ("state.sqlite3.key", 0o600, Some("ab".repeat(32))),
        ("state.sqlite3.key", 0o600, Some("no key".to_owned())),
        ("state.sqlite3.key", 0o644, None),
        ("state.sqlite3", 0o640, None),
    ] {
        let world = World::new().await;
        assert!(ask(&world.host(0).await).await.is_ok());
        if let Some(content) = content {
            std::fs::write(world.path(file), content).expect("the file is ours");
        }
        close(&world.path(file), mode);
        let told = ask(&world.host(0).await).await.expect_err("a refusal");
        assert_eq!(told["error"]["code"], "CREDENTIAL_MISSING", "{told}");
        let message = told["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains("cannot be read"), "{message}");
        assert!(
            !message.contains("state.") && !message.contains("of-the-tests"),
            "{message}"
        );
        assert_eq!(world.sent(), [refresh(0)]);
    }
}

#[tokio::test]
async fn a_state_that_cannot_be_made_leaves_the_login_unused() {
    let world = World::new().await;
    std::fs::write(
        world.path("state.sqlite3"),
        "not ours, and no database either",
    )
    .expect("ours");
    close(&world.path("state.sqlite3"), 0o600);
    let told = ask(&world.host(0).await).await.expect_err("a refusal");
    assert_eq!(told["error"]["code"], "CREDENTIAL_MISSING", "{told}");
    assert_eq!(world.sent(), [""; 0]);
}
