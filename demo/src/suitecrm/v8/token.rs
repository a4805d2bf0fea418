//! Tokens: what OAuth's endpoint answers, wrong passwords repeated in clear included.

use axum::body::Body;
use axum::http::Response;
use serde_json::{Map, Value, json};

use crate::suitecrm::Inner;
use crate::suitecrm::http::Call;
use crate::suitecrm::reply::build;
use crate::suitecrm::sessions::TOKEN_LIFE;
use crate::suitecrm::users::{
    CLIENT_ID, CLIENT_SECRET, MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, USERS, User,
};

/// The 401 of every call without a good token.
pub(super) fn denied(hint: &str) -> Response<Body> {
    let words = "The resource owner or authorization server denied the request.";
    let body = json!({"error": "access_denied", "error_description": words, "hint": hint, "message": words});
    build(401, "application/json", body.to_string())
}

/// `POST /access_token`.
pub(super) fn issue(crm: &Inner, call: &Call) -> Response<Body> {
    match granted(crm, &parameters(call)) {
        Ok(tokens) => build(200, "application/json; charset=UTF-8", tokens.to_string()),
        Err((status, body)) => build(status, "application/json", body.to_string()),
    }
}

/// The body as JSON, or else the fields of a form.
fn parameters(call: &Call) -> Map<String, Value> {
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(map)) => map,
        _ => call
            .form
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect(),
    }
}

type Refused = (u16, Value);

fn granted(crm: &Inner, sent: &Map<String, Value>) -> Result<Value, Refused> {
    let text = |name: &str| sent.get(name).and_then(Value::as_str).unwrap_or_default();
    let client = [
        (CLIENT_ID, CLIENT_SECRET, ["password", "refresh_token"]),
        (
            MACHINE_CLIENT_ID,
            MACHINE_CLIENT_SECRET,
            ["client_credentials"; 2],
        ),
    ];
    let grant = text("grant_type");
    if !["password", "refresh_token", "client_credentials"].contains(&grant) {
        return Err(unsupported());
    }
    let known = client.iter().any(|(id, secret, grants)| {
        *id == text("client_id") && *secret == text("client_secret") && grants.contains(&grant)
    });
    if !known {
        return Err(refused(
            401,
            "invalid_client",
            "Client authentication failed",
        ));
    }
    let user = match grant {
        "password" => by_password(text("username"), text("password"))?,
        "refresh_token" => by_refresh(crm, text("refresh_token"))?,
        _ => &USERS[0],
    };
    Ok(tokens(crm, user, grant != "client_credentials"))
}

fn by_password(name: &str, password: &str) -> Result<&'static User, Refused> {
    let user = User::named(name).filter(|user| user.password == password);
    user.ok_or_else(|| {
        refused(
            500,
            "unknown_error",
            &format!("The password is invalid: {password}"),
        )
    })
}

fn by_refresh(crm: &Inner, token: &str) -> Result<&'static User, Refused> {
    let mut state = crm.state();
    let user = state.sessions.holder(token, crm.now(), true);
    state.sessions.revoke(token);
    user.map_err(|_| refused(401, "invalid_request", "The refresh token is invalid."))
}

fn tokens(crm: &Inner, user: &'static User, with_refresh: bool) -> Value {
    let mut state = crm.state();
    let user = state.v8_user.unwrap_or(user);
    let mut answer = json!({
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFE.as_secs(),
        "access_token": state.sessions.issue(user, crm.now(), false),
    });
    if with_refresh {
        answer["refresh_token"] = json!(state.sessions.issue(user, crm.now(), true));
    }
    answer
}

fn refused(status: u16, error: &str, words: &str) -> Refused {
    (
        status,
        json!({"error": error, "error_description": words, "message": words}),
    )
}

fn unsupported() -> Refused {
    let words = "The authorization grant type is not supported by the authorization server.";
    let (status, mut body) = refused(400, "unsupported_grant_type", words);
    body["hint"] = json!("Check that all required parameters have been provided");
    (status, body)
}
