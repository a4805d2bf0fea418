//! Approvals of cases: rules, requests, decisions.

use serde_json::{Value, json};

use super::answer::{Answer, Faulty, Reply};
use super::dates::moment;
use super::route::{Handler, Route};
use super::session::{Session, Wish, object};
use super::store::Record;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/cases/approval-rules/",
        on: &[("GET", rules as Handler), ("POST", create_rule)],
    },
    Route {
        path: "api/cases/approval-rules/{}/",
        on: &[("DELETE", end_rule)],
    },
    Route {
        path: "api/cases/{}/request-approval/",
        on: &[("POST", request)],
    },
    Route {
        path: "api/cases/approvals/",
        on: &[("GET", list)],
    },
    Route {
        path: "api/cases/approvals/{}/approve/",
        on: &[("POST", approve)],
    },
    Route {
        path: "api/cases/approvals/{}/reject/",
        on: &[("POST", reject)],
    },
    Route {
        path: "api/cases/approvals/{}/cancel/",
        on: &[("POST", cancel)],
    },
];

fn rule(one: &Record) -> Value {
    json!({
        "id": one.id, "name": one.text("name"), "trigger_event": one.text("trigger_event"),
        "match_priority": one.value("match_priority"), "match_case_type": one.value("match_case_type"),
        "match_team": null, "approver_role": one.text("approver_role"), "approvers": [],
        "is_active": one.is("is_active"), "created_at": moment(one.created), "updated_at": moment(one.updated),
    })
}

fn rules(session: &mut Session<'_>) -> Answer {
    let all = session.store.newest(&session.who.org, "approval_rules");
    let active = all.iter().filter(|one| one.is("is_active")).count();
    let pending = |rule: &str| {
        let approvals = session.store.all(&session.who.org, "approvals");
        approvals
            .filter(|one| {
                one.text("state") == "pending" && (rule.is_empty() || one.text("rule") == rule)
            })
            .count()
    };
    let shown: Vec<Value> = all
        .iter()
        .map(|one| {
            let mut shown = rule(one);
            shown["pending_count"] = json!(pending(&one.id));
            shown
        })
        .collect();
    let totals = json!({"count": shown.len(), "active": active, "pending": pending("")});
    Ok(Reply::ok(json!({"rules": shown, "totals": totals})))
}

fn create_rule(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::errors(403, "Admin access required"))?;
    let (body, _) = session.call.payload()?;
    let mut faults = Faulty::default();
    if body
        .get("name")
        .and_then(Value::as_str)
        .is_none_or(str::is_empty)
    {
        faults.add("name", "This field is required.");
    }
    faults.refuse_bare()?;
    let text = |name: &str, usual: &str| {
        body.get(name)
            .and_then(Value::as_str)
            .unwrap_or(usual)
            .to_owned()
    };
    let data = json!({
        "name": body.get("name"), "trigger_event": text("trigger_event", "pre_close"),
        "match_priority": body.get("match_priority"), "match_case_type": body.get("match_case_type"),
        "approver_role": text("approver_role", "ADMIN"), "is_active": true,
    });
    let id = session.make("approval_rules", object(data));
    Ok(Reply::json(
        201,
        json!(session.get("approval_rules", &id).map(rule)),
    ))
}

/// A rule is never deleted, only put out of force.
fn end_rule(session: &mut Session<'_>) -> Answer {
    session.admin_or(Reply::errors(403, "Admin access required"))?;
    let id = session.ids[0].clone();
    if session.get("approval_rules", &id).is_none() {
        return Err(Reply::detail(404, "Not found."));
    }
    session.change("approval_rules", &id, |one| one.set("is_active", false));
    Ok(Reply::ok(json!({"id": id, "is_active": false})))
}

fn matches(rule: &Record, case: &Record) -> bool {
    let fits = |wanted: &str, own: &str| {
        rule.text(wanted).is_empty() || rule.text(wanted) == case.text(own)
    };
    rule.is("is_active")
        && fits("match_priority", "priority")
        && fits("match_case_type", "case_type")
}

fn request(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    let case = session.reach("cases", &id, Wish::Read)?.clone();
    let (body, _) = session.call.payload()?;
    let wanted = body.get("rule_id").and_then(Value::as_str);
    let rule = session
        .store
        .newest(&session.who.org, "approval_rules")
        .into_iter()
        .find(|one| matches(one, &case) && wanted.is_none_or(|wanted| wanted == one.id))
        .map(|one| one.id.clone());
    let Some(rule) = rule else {
        return Err(Reply::errors(
            400,
            "No active approval rule matches this case.",
        ));
    };
    let open = session
        .store
        .all(&session.who.org, "approvals")
        .any(|one| one.text("case") == id && one.text("state") == "pending");
    if open {
        return Err(Reply::detail(
            409,
            "An approval is already pending for this case.",
        ));
    }
    let note = body.get("note").and_then(Value::as_str).unwrap_or_default();
    let data = json!({
        "case": id, "rule": rule, "state": "pending", "note": note, "reason": "",
        "requester": session.who.profile, "approver": null, "decided_at": null,
    });
    let made = session.make("approvals", object(data));
    Ok(Reply::json(201, shown(session, &made)))
}

fn may_decide(session: &Session<'_>, one: &Record) -> bool {
    let rule = session.get("approval_rules", one.text("rule"));
    let role = rule.map_or("", |rule| rule.text("approver_role"));
    role != "ADMIN" || session.who.is_admin
}

fn shown(session: &Session<'_>, id: &str) -> Value {
    let Some(one) = session.get("approvals", id) else {
        return Value::Null;
    };
    let view = session.view();
    let person = |id: &str| {
        session
            .get("profiles", id)
            .map(|one| json!({"id": one.id, "email": one.text("email")}))
    };
    let case = session.get("cases", one.text("case")).map(|case| {
        json!({
            "id": case.id, "name": case.text("name"), "status": case.text("status"), "priority": case.text("priority"),
            "account": view.brief("accounts", case.text("account")),
        })
    });
    let rule = session.get("approval_rules", one.text("rule")).map(|rule| {
        json!({
            "id": rule.id, "name": rule.text("name"), "trigger_event": rule.text("trigger_event"),
            "approver_role": rule.text("approver_role"), "approvers": [],
        })
    });
    let own = one.text("requester") == session.who.profile;
    json!({
        "id": id, "state": one.text("state"), "note": one.text("note"), "reason": one.text("reason"),
        "decided_at": one.value("decided_at"), "case_summary": case, "rule_summary": rule,
        "requested_by": person(one.text("requester")), "approver": person(one.text("approver")),
        "can_act": one.text("state") == "pending" && may_decide(session, one) && !own, "is_own_request": own,
        "created_at": moment(one.created), "updated_at": moment(one.updated),
    })
}

fn list(session: &mut Session<'_>) -> Answer {
    let param = |name: &str| session.call.param(name).unwrap_or_default();
    let mine = param("mine") == "true";
    let approvals: Vec<Value> = session
        .store
        .newest(&session.who.org, "approvals")
        .into_iter()
        .filter(|one| param("state").is_empty() || one.text("state") == param("state"))
        .filter(|one| param("case").is_empty() || one.text("case") == param("case"))
        .filter(|one| !mine || one.text("requester") == session.who.profile)
        .map(|one| shown(session, &one.id))
        .collect();
    Ok(Reply::ok(json!({"approvals": approvals})))
}

fn approve(session: &mut Session<'_>) -> Answer {
    decide(session, "approved")
}

fn reject(session: &mut Session<'_>) -> Answer {
    decide(session, "rejected")
}

fn cancel(session: &mut Session<'_>) -> Answer {
    decide(session, "cancelled")
}

fn decide(session: &mut Session<'_>, state: &str) -> Answer {
    let one = session
        .get("approvals", &session.ids[0])
        .ok_or_else(|| Reply::detail(404, "Not found."))?
        .clone();
    let own = one.text("requester") == session.who.profile;
    if state != "cancelled" && (!may_decide(session, &one) || own) {
        return Err(Reply::errors(403, "You are not an approver for this rule."));
    }
    if one.text("state") != "pending" {
        return Err(Reply::errors(
            400,
            format!("Approval already {}.", one.text("state")),
        ));
    }
    let (body, _) = session.call.payload()?;
    let text = |name: &str| {
        body.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    if state == "rejected" && text("reason").is_empty() {
        return Err(Reply::errors(400, "A reason is required to reject."));
    }
    let (now, me) = (session.stamp(), session.who.profile.clone());
    session.change("approvals", &one.id, |one| {
        one.set("state", state);
        one.set("approver", me);
        one.set("decided_at", now);
        one.set("reason", text("reason"));
        if !text("note").is_empty() {
            one.set("note", text("note"));
        }
    });
    Ok(Reply::ok(shown(session, &one.id)))
}
