//! The caller's organisation: its settings and its name.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::dates::moment;
use super::route::{Handler, Route};
use super::session::Session;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/org/settings/",
        on: &[("GET", settings as Handler), ("PATCH", update)],
    },
    Route {
        path: "api/org/",
        on: &[("GET", memberships)],
    },
    Route {
        path: "healthz/",
        on: &[("GET", health)],
    },
];

/// Fields that are empty unless somebody fills them.
const EMPTY: [&str; 10] = [
    "company_name",
    "address_line",
    "city",
    "state",
    "postcode",
    "country",
    "phone",
    "email",
    "website",
    "tax_id",
];

fn settings(session: &mut Session<'_>) -> Answer {
    let org = session
        .get("orgs", &session.who.org)
        .ok_or_else(Reply::no_organisation)?;
    let members = session.store.all(&session.who.org, "profiles").count();
    let mut body = json!({
        "id": org.id, "name": org.text("name"), "logo": null, "logo_url": null,
        "default_currency": org.text("default_currency"), "default_country": org.text("default_country"),
        "currency_symbol": org.text("currency_symbol"), "timezone": org.text("timezone"), "csat_enabled": true,
        "auto_close_children_on_parent_close": false, "vertical": "", "terminology": {}, "member_count": members,
        "created_at": moment(org.created),
    });
    for field in EMPTY {
        body[field] = json!(org.text(field));
    }
    Ok(Reply::ok(body))
}

fn update(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::plain(
        403,
        "Only admins can update organization settings",
    ))?;
    let (body, _) = session.call.payload()?;
    let id = session.who.org.clone();
    session.change("orgs", &id, |org| {
        let known = ["name", "timezone", "default_currency", "default_country"];
        for field in EMPTY.iter().chain(&known) {
            if let Some(Value::String(text)) = body.get(*field) {
                org.set(field, text.as_str());
            }
        }
    });
    settings(session)
}

fn memberships(session: &mut Session<'_>) -> Answer {
    let role = if session.who.is_admin {
        "ADMIN"
    } else {
        "USER"
    };
    let one = json!({
        "role": role, "alternate_phone": null, "has_sales_access": true, "has_marketing_access": true,
        "is_organization_admin": session.who.is_admin, "org": session.view().organisation(),
    });
    Ok(Reply::ok(
        json!({"error": false, "status": 200, "profile_org_list": [one]}),
    ))
}

fn health(_: &mut Session<'_>) -> Answer {
    Ok(Reply::ok(json!({"status": "ok"})))
}
