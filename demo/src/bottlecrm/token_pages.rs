//! Credentials as a signed-in person keeps them; tokens and keys cannot touch these pages.

use serde_json::{Value, json};

use super::answer::{Answer, Faulty, Reply};
use super::dates::{self, moment};
use super::route::{Handler, Route};
use super::session::Session;
use super::tokens::{Means, Token};

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/profile/tokens/",
        on: &[("GET", own as Handler), ("POST", mint)],
    },
    Route {
        path: "api/profile/tokens/{}/",
        on: &[("DELETE", revoke)],
    },
    Route {
        path: "api/org/tokens/",
        on: &[("GET", all)],
    },
    Route {
        path: "api/org/api-key/",
        on: &[("GET", key)],
    },
    Route {
        path: "api/auth/me/",
        on: &[("GET", me)],
    },
    Route {
        path: "api/auth/profile/",
        on: &[("GET", me)],
    },
];

/// Resources that a scope can name.
const RESOURCES: [&str; 29] = [
    "accounts",
    "activities",
    "api-settings",
    "attachments",
    "auth",
    "boards",
    "business-hours",
    "cases",
    "contacts",
    "custom-fields",
    "dashboard",
    "documents",
    "invoices",
    "leads",
    "macros",
    "notifications",
    "opportunities",
    "org",
    "packs",
    "profile",
    "public",
    "schema",
    "search",
    "tags",
    "tasks",
    "teams",
    "time-entries",
    "user",
    "users",
];

/// Whether a path is one of the pages that credentials are managed on.
pub(crate) fn are_at(path: &str) -> bool {
    let pages = [
        "/api/profile/tokens/",
        "/api/org/tokens/",
        "/api/org/api-key/",
    ];
    pages.iter().any(|page| path.starts_with(page))
}

/// What a token or a key is told on those pages.
pub(crate) fn refusal() -> Reply {
    Reply::detail(
        403,
        "API tokens and organization API keys cannot read or manage other credentials. Sign in to manage them.",
    )
}

/// A token without its secret.
fn shown(token: &Token) -> Value {
    json!({
        "id": token.id, "name": token.name, "token_prefix": token.secret.get(..13), "scopes": token.scopes,
        "expires_at": token.expires.map(moment), "last_used_at": null, "created_at": moment(token.created),
        "revoked_at": token.revoked.map(moment),
    })
}

fn listed(session: &Session<'_>, fits: impl Fn(&Token) -> bool) -> Value {
    let personal = session
        .tokens
        .iter()
        .filter(|one| one.means == Means::PersonalToken);
    personal
        .filter(|one| one.org == session.who.org && fits(one))
        .map(shown)
        .collect()
}

fn own(session: &mut Session<'_>) -> Answer {
    let tokens = listed(session, |one| one.profile == session.who.profile);
    Ok(Reply::ok(json!({"error": false, "tokens": tokens})))
}

fn all(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::errors(403, "Permission Denied"))?;
    Ok(Reply::ok(
        json!({"error": false, "tokens": listed(session, |_| true)}),
    ))
}

fn key(_: &mut Session<'_>) -> Answer {
    Ok(Reply::ok(json!({"error": false, "has_key": true})))
}

fn mint(session: &mut Session<'_>) -> Answer {
    let (body, _) = session.call.payload()?;
    let mut faults = Faulty::default();
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        faults.add("name", "This field is required.");
    }
    let list = body.get("scopes").and_then(Value::as_array);
    let scopes: Vec<String> = list
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    for scope in &scopes {
        let resource = scope.split(':').next().unwrap_or_default();
        if resource != "*" && !RESOURCES.contains(&resource) {
            faults.add("scopes", format!("Unknown scope resource '{resource}'."));
        }
    }
    let expires = body
        .get("expires_at")
        .and_then(Value::as_str)
        .and_then(dates::parse_moment);
    if expires.is_some_and(|end| end <= session.now) {
        faults.add("expires_at", "expires_at must be in the future.");
    }
    faults.refuse()?;
    let id = session.store.new_id();
    let token = Token {
        secret: format!("bcrm_pat_{}", id.replace('-', "")),
        id,
        name: name.to_owned(),
        org: session.who.org.clone(),
        profile: session.who.profile.clone(),
        means: Means::PersonalToken,
        scopes,
        expires,
        revoked: None,
        created: session.now,
    };
    let mut answer = shown(&token);
    answer["error"] = json!(false);
    answer["token"] = json!(token.secret);
    session.tokens.push(token);
    Ok(Reply::json(201, answer))
}

fn revoke(session: &mut Session<'_>) -> Answer {
    let (id, me, now) = (
        session.ids[0].clone(),
        session.who.profile.clone(),
        session.now,
    );
    let found = session
        .tokens
        .iter_mut()
        .find(|one| one.id == id && one.profile == me);
    let Some(token) = found else {
        return Err(Reply::errors(404, "Token not found."));
    };
    token.revoked = Some(now);
    Ok(Reply::ok(json!({"error": false})))
}

fn me(session: &mut Session<'_>) -> Answer {
    let profile = session
        .get("profiles", &session.who.profile)
        .ok_or_else(Reply::no_organisation)?;
    let mut org = session.view().organisation();
    org["role"] = json!(profile.text("role"));
    org["is_organization_admin"] = json!(session.who.is_admin);
    Ok(Reply::ok(json!({
        "id": session.who.user, "email": profile.text("email"), "profile_pic": null, "is_active": true,
        "organizations": [org],
    })))
}
