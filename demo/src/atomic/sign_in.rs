//! The project's sign-in service: tokens for a password or a refresh token, and whose a token is.
//!
//! Source: Supabase Auth's source, August 2026; its answers were not measured.

use serde_json::{Value, json};

use super::answer::{Answer, Body, Reply};
use super::kind::shown;
use super::people::{self, Person};
use super::request::Call;
use super::sessions::{NoRefresh, Session};
use super::{Inner, Inside};

/// Answers what is asked below `/auth/v1/`.
pub(crate) fn answer(crm: &Inner, inside: &mut Inside, call: &Call, path: &str) -> Answer {
    match (call.method.as_str(), path) {
        ("GET", ".well-known/jwks.json") => {
            let keys = Reply::json(200, crm.key.published());
            Ok(keys.header("cache-control", "public, max-age=600"))
        }
        ("GET", ".well-known/openid-configuration") => Ok(Reply::json(200, discovery(call))),
        ("GET", "settings") => Ok(Reply::json(200, settings(crm))),
        ("POST", "token") => token(crm, inside, call),
        ("GET", "user") => {
            let (person, _) = caller(crm, inside, call)?;
            Ok(Reply::json(200, user(crm, &person)))
        }
        ("POST", "logout") => {
            let (_, session) = caller(crm, inside, call)?;
            inside.sessions.close(&session);
            Ok(Reply::new(204, Body::Nothing))
        }
        _ => Err(Reply::json(
            404,
            json!({"code": 404, "msg": "404 page not found"}),
        )),
    }
}

fn discovery(call: &Call) -> Value {
    let issuer = call.issuer();
    json!({
        "issuer": issuer, "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "authorization_endpoint": format!("{issuer}/oauth/authorize"), "token_endpoint": format!("{issuer}/oauth/token"),
        "userinfo_endpoint": format!("{issuer}/oauth/userinfo"), "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"], "code_challenge_methods_supported": ["S256", "plain"],
        "id_token_signing_alg_values_supported": ["ES256"], "subject_types_supported": ["public"],
    })
}

fn settings(crm: &Inner) -> Value {
    json!({
        "external": {"anonymous_users": false, "email": true, "phone": false}, "disable_signup": !crm.options.open_sign_up,
        "mailer_autoconfirm": false, "phone_autoconfirm": false, "sms_provider": "", "saml_enabled": false,
    })
}

fn token(crm: &Inner, inside: &mut Inside, call: &Call) -> Answer {
    let body = call.json().and_then(|body| body.as_object().cloned());
    let body = body
        .ok_or_else(|| Reply::sign_in(400, "bad_json", "Could not parse request body as JSON"))?;
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    let now = crm.options.clock.now();
    let session = match call.param("grant_type") {
        Some("password") => {
            if text("email").is_empty() {
                return Err(Reply::sign_in(
                    400,
                    "validation_failed",
                    "missing email or phone",
                ));
            }
            let (email, password) = (text("email").to_lowercase(), text("password"));
            let mut all = people::ALL.into_iter();
            let found = all.find(|it| it.email == email && it.password == password);
            let person = found.ok_or_else(|| {
                Reply::sign_in(400, "invalid_credentials", "Invalid login credentials")
            })?;
            inside.sessions.open(person)
        }
        Some("refresh_token") => {
            let refreshed = inside.sessions.refresh(text("refresh_token"), now);
            refreshed.map_err(|why| match why {
                NoRefresh::Unknown => Reply::sign_in(
                    400,
                    "refresh_token_not_found",
                    "Invalid Refresh Token: Refresh Token Not Found",
                ),
                NoRefresh::Used => Reply::sign_in(
                    400,
                    "refresh_token_already_used",
                    "Invalid Refresh Token: Already Used",
                ),
            })?
        }
        _ => {
            return Err(Reply::sign_in(
                400,
                "invalid_credentials",
                "unsupported_grant_type",
            ));
        }
    };
    let claims = claims(crm, &call.issuer(), &session, crm.options.token_seconds);
    Ok(Reply::json(
        200,
        json!({
            "access_token": crm.key.sign(&claims), "token_type": "bearer", "expires_in": crm.options.token_seconds, "expires_at": claims["exp"],
            "refresh_token": session.token(), "user": user(crm, &session.person),
        }),
    ))
}

/// What an access token of a sign-in says that is good for so many seconds.
pub(crate) fn claims(crm: &Inner, issuer: &str, session: &Session, seconds: i64) -> Value {
    let (person, now) = (&session.person, crm.options.clock.now().as_second());
    json!({
        "iss": issuer, "sub": person.user_id, "aud": "authenticated", "exp": now + seconds, "iat": now,
        "email": person.email, "phone": "", "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {"first_name": person.first_name, "last_name": person.last_name},
        "role": "authenticated", "aal": "aal1", "amr": [{"method": "password", "timestamp": now}],
        "session_id": session.id, "is_anonymous": false,
    })
}

fn user(crm: &Inner, person: &Person) -> Value {
    let since = shown(crm.options.clock.now());
    json!({
        "id": person.user_id, "aud": "authenticated", "role": "authenticated", "email": person.email, "phone": "",
        "last_sign_in_at": since, "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {"first_name": person.first_name, "last_name": person.last_name}, "is_anonymous": false,
    })
}

/// Whose token it is, and of which sign-in.
fn caller(crm: &Inner, inside: &Inside, call: &Call) -> Result<(Person, String), Reply> {
    let bearer = call.bearer().ok_or_else(|| {
        let message = "This endpoint requires a valid Bearer token";
        Reply::sign_in(401, "no_authorization", message)
    })?;
    let claims = crm
        .key
        .claims(bearer, crm.options.clock.now())
        .map_err(|why| {
            let why = if why == "JWT expired" {
                "token has invalid claims: token is expired"
            } else {
                "token signature is invalid"
            };
            let message = format!("invalid JWT: unable to parse or verify signature, {why}");
            Reply::sign_in(403, "bad_jwt", &message)
        })?;
    let session = claims["session_id"].as_str().unwrap_or_default();
    if !inside.sessions.is_open(session) {
        let message = "Session from session_id claim in JWT does not exist";
        return Err(Reply::sign_in(403, "session_not_found", message));
    }
    let person = people::find(claims["sub"].as_str().unwrap_or_default());
    let person = person.ok_or_else(|| {
        let message = "User from sub claim in JWT does not exist";
        Reply::sign_in(403, "user_not_found", message)
    })?;
    Ok((person, session.to_owned()))
}
