//! People: the administrator's list, one person, and the short list that every member may read.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::catalogue;
use super::route::{Handler, Route};
use super::session::{Session, object};
use super::store::Record;
use super::view;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/users/",
        on: &[("GET", list as Handler), ("POST", create)],
    },
    Route {
        path: "api/users/get-teams-and-users/",
        on: &[("GET", everybody)],
    },
    Route {
        path: "api/user/{}/",
        on: &[("GET", read)],
    },
    Route {
        path: "api/user/{}/status/",
        on: &[("POST", set_status)],
    },
    Route {
        path: "api/profile/",
        on: &[("GET", me)],
    },
];

fn refusal() -> Reply {
    Reply::errors(403, "Permission Denied")
}

fn list(session: &mut Session<'_>) -> Answer {
    session.admin_or(refusal())?;
    let param = |name: &str| session.call.param(name).unwrap_or_default();
    let fits = |one: &&Record| {
        one.text("email").contains(param("email"))
            && (param("role").is_empty() || one.text("role") == param("role"))
    };
    let all: Vec<&Record> = session
        .store
        .newest(&session.who.org, "profiles")
        .into_iter()
        .filter(fits)
        .collect();
    let (limit, offset) = session.page();
    let half = |active: bool| {
        let own: Vec<&&Record> = all
            .iter()
            .filter(|one| one.is("is_active") == active)
            .collect();
        let shown: Vec<Value> = own
            .iter()
            .skip(offset)
            .take(limit)
            .map(|one| {
                let mut shown = view::profile(one);
                let tokens = session
                    .tokens
                    .iter()
                    .filter(|token| token.profile == one.id)
                    .count();
                shown["active_token_count"] = json!(tokens);
                shown
            })
            .collect();
        (own.len(), shown)
    };
    let ((active, shown), (inactive, hidden)) = (half(true), half(false));
    Ok(Reply::ok(json!({
        "active_users": {"active_users_count": active, "active_users": shown, "offset": null},
        "inactive_users": {"inactive_users_count": inactive, "inactive_users": hidden, "offset": 0},
        "admin_email": "admin@localhost", "roles": [["ADMIN", "ADMIN"], ["USER", "USER"]],
        "status": [["True", "Active"], ["False", "In Active"]],
    })))
}

fn create(session: &mut Session<'_>) -> Answer {
    session.admin_or(refusal())?;
    let (body, _) = session.call.payload()?;
    let Some(email) = body
        .get("email")
        .and_then(Value::as_str)
        .filter(|text| super::input::is_email(text))
    else {
        return Err(Reply::errors(400, "Invalid request"));
    };
    let known = session
        .store
        .everywhere("profiles")
        .any(|one| one.text("email") == email);
    if known {
        return Err(Reply::field("email", "User already exists with this email"));
    }
    let role = body.get("role").and_then(Value::as_str).unwrap_or("USER");
    let name = email.split('@').next().unwrap_or_default();
    let user = session.store.new_id();
    let data = json!({
        "email": email, "name": name, "role": role, "user_id": user, "has_sales_access": false,
        "has_marketing_access": false, "phone": null, "date_of_joining": session.today().to_string(), "is_active": true,
    });
    session.make("profiles", object(data));
    Ok(Reply::json(
        201,
        json!({"error": false, "message": "User Created Successfully"}),
    ))
}

fn everybody(session: &mut Session<'_>) -> Answer {
    let view = session.view();
    Ok(Reply::ok(
        json!({"teams": catalogue::teams(view), "profiles": catalogue::profiles(view)}),
    ))
}

/// A person by their user id; a profile's id is nobody here.
fn person(session: &Session<'_>) -> Result<Record, Reply> {
    let id = &session.ids[0];
    let mut all = session.store.all(&session.who.org, "profiles");
    all.find(|one| one.text("user_id") == id)
        .cloned()
        .ok_or_else(|| Reply::detail(404, "No Profile matches the given query."))
}

/// With everything that is theirs, which makes it one of the heaviest answers there are.
fn read(session: &mut Session<'_>) -> Answer {
    let one = person(session)?;
    if !session.who.is_admin && one.id != session.who.profile {
        return Err(refusal());
    }
    let view = session.view();
    let own = |kind: &'static str| -> Vec<Value> {
        let theirs = view
            .all(kind)
            .filter(|record| record.holds("assigned_to", &one.id));
        theirs.map(|record| view.row(record)).collect()
    };
    Ok(Reply::ok(json!({"error": false, "data": {
        "profile_obj": view::profile(&one), "opportunity_list": own("opportunities"), "contacts": own("contacts"),
        "cases": own("cases"), "accounts": own("accounts"), "assigned_data": catalogue::people(view), "comments": [],
        "countries": catalogue::choices("CountryEnum"),
    }})))
}

fn set_status(session: &mut Session<'_>) -> Answer {
    session.admin_or(refusal())?;
    let one = person(session)?;
    let (body, _) = session.call.payload()?;
    let active = match body.get("status").and_then(Value::as_str) {
        Some("Active") => true,
        Some("Inactive") => false,
        _ => return Err(Reply::errors(400, "Please enter Valid Status for user")),
    };
    session.change("profiles", &one.id, |one| one.set("is_active", active));
    let all = session.store.newest(&session.who.org, "profiles");
    let half = |active: bool| -> Vec<Value> {
        let own = all.iter().filter(|one| one.is("is_active") == active);
        own.map(|one| view::profile(one)).collect()
    };
    Ok(Reply::ok(
        json!({"active_profiles": half(true), "inactive_profiles": half(false)}),
    ))
}

/// Who is calling.
fn me(session: &mut Session<'_>) -> Answer {
    let view = session.view();
    let mut body = view.profile(&session.who.profile);
    let teams = view
        .all("teams")
        .filter(|team| team.holds("users", &session.who.profile));
    body["teams"] = teams.map(|team| json!(team.text("name"))).collect();
    Ok(Reply::ok(json!({"user_obj": body})))
}
