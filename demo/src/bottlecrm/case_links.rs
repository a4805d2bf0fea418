//! Cases with other cases and with solutions: merging, unmerging, linking an article.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::listing::visible;
use super::route::{Handler, Route};
use super::session::{Session, Wish};
use super::store::Record;

pub(crate) const ROUTES: &[Route] = &[
    Route {
        path: "api/cases/{}/merge/{}/",
        on: &[("POST", merge as Handler)],
    },
    Route {
        path: "api/cases/{}/unmerge/",
        on: &[("POST", unmerge)],
    },
    Route {
        path: "api/cases/{}/solutions/",
        on: &[("POST", link)],
    },
    Route {
        path: "api/cases/{}/solutions/{}/",
        on: &[("DELETE", unlink)],
    },
    Route {
        path: "api/cases/{}/solution-suggestions/",
        on: &[("GET", suggest)],
    },
];

fn merge(session: &mut Session<'_>) -> Answer {
    let (source, target) = (session.ids[0].clone(), session.ids[1].clone());
    for id in [&source, &target] {
        session.reach("cases", id, Wish::Read)?;
    }
    if source == target {
        return Err(Reply::errors(400, "Cannot merge a ticket into itself."));
    }
    let own = |id: &str| {
        session
            .get("cases", id)
            .is_some_and(|case| session.owns(case))
    };
    if !(session.who.is_admin || own(&source) && own(&target)) {
        return Err(Reply::errors(
            403,
            "You do not have permission to merge these tickets.",
        ));
    }
    if session
        .get("cases", &source)
        .is_some_and(|case| !case.text("merged_into").is_empty())
    {
        return Err(Reply::errors(400, "Ticket is already merged."));
    }
    session.change("cases", &source, |case| {
        case.set("merged_into", target.as_str());
    });
    session.note("MERGE", "Case", &target, "");
    let case = session
        .get("cases", &target)
        .map(|case| session.view().row(case));
    Ok(Reply::ok(json!({
        "error": false, "message": "Tickets merged", "target_case": case, "source_case_id": source,
        "redirected_url": format!("/tickets/{target}"),
    })))
}

fn unmerge(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    let case = session.reach("cases", &id, Wish::Change)?;
    if case.text("merged_into").is_empty() {
        return Err(Reply::errors(400, "Ticket is not merged."));
    }
    session.change("cases", &id, |case| case.set("merged_into", Value::Null));
    let case = session
        .get("cases", &id)
        .map(|case| session.view().row(case));
    Ok(Reply::ok(
        json!({"error": false, "message": "Tickets unmerged", "source_case": case}),
    ))
}

fn link(session: &mut Session<'_>) -> Answer {
    let id = session.ids[0].clone();
    session.reach("cases", &id, Wish::Change)?;
    let (body, _) = session.call.payload()?;
    let Some(solution) = body.get("solution_id").and_then(Value::as_str) else {
        return Err(Reply::bare("solution_id", "This field is required."));
    };
    session.reach("solutions", solution, Wish::Read)?;
    let solution = solution.to_owned();
    session.change("cases", &id, |case| {
        let mut all: Vec<String> = case.ids("solutions").map(str::to_owned).collect();
        if !all.contains(&solution) {
            all.push(solution.clone());
        }
        case.set("solutions", all);
    });
    let shown = session
        .get("solutions", &solution)
        .map(|one| super::solutions::shown(session, one));
    Ok(Reply::json(201, json!({"error": false, "solution": shown})))
}

fn unlink(session: &mut Session<'_>) -> Answer {
    let (id, solution) = (session.ids[0].clone(), session.ids[1].clone());
    let case = session.reach("cases", &id, Wish::Change)?;
    if !case.holds("solutions", &solution) {
        return Err(Reply::detail(404, "No such solution."));
    }
    session.change("cases", &id, |case| {
        let kept: Vec<String> = case
            .ids("solutions")
            .filter(|one| *one != solution)
            .map(str::to_owned)
            .collect();
        case.set("solutions", kept);
    });
    Ok(Reply::nothing())
}

/// Published articles that share the words asked for.
fn suggest(session: &mut Session<'_>) -> Answer {
    session.reach("cases", &session.ids[0].clone(), Wish::Read)?;
    let wanted = session.call.param("q").unwrap_or_default().to_owned();
    let fits = |one: &&Record| {
        let text = format!("{} {}", one.text("title"), one.text("description")).to_lowercase();
        one.is("is_published") && text.contains(&wanted.to_lowercase())
    };
    let found: Vec<Value> = visible(session, "solutions")
        .into_iter()
        .filter(fits)
        .map(|one| super::solutions::shown(session, one))
        .collect();
    Ok(Reply::ok(
        json!({"results": found, "count": found.len(), "q": wanted}),
    ))
}
