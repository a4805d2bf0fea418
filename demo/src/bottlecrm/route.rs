//! The shape of the routes, and finding the one that a path means.
//!
//! Every handler's file declares its own; this one knows how a pattern fits and what is allowed
//! where. `{}` stands for a UUID, `<classic>` for one of the six entities with the common verbs,
//! `<staged>` for one of the three that have pipelines, `<totalled>` for the three with lines.

use super::answer::Answer;
use super::session::Session;
use super::{
    activities, approvals, boards, bulk, case_links, comments, custom_fields, dashboard, documents,
    estimates, family, goals, invoice_state, invoices, lines, listing, moves, openapi,
    organisation, payments, pipelines, products, record, search, solutions, tags, teams, time,
    token_pages, users, watch,
};

/// What serves a verb of a route.
pub(crate) type Handler = fn(&mut Session<'_>) -> Answer;

/// One route: a pattern below the base, and what serves it by verb.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) on: &'static [(&'static str, Handler)],
}

/// The entities that share list, detail, comments and attachments.
pub(crate) const CLASSIC: [&str; 6] = [
    "leads",
    "contacts",
    "accounts",
    "opportunities",
    "tasks",
    "cases",
];
/// The entities with pipelines and stages.
pub(crate) const STAGED: [&str; 3] = ["leads", "cases", "tasks"];

const ALL: &[&[Route]] = &[
    openapi::ROUTES,
    listing::ROUTES,
    record::ROUTES,
    comments::ROUTES,
    boards::ROUTES,
    moves::ROUTES,
    pipelines::ROUTES,
    search::ROUTES,
    case_links::ROUTES,
    family::ROUTES,
    watch::ROUTES,
    bulk::ROUTES,
    approvals::ROUTES,
    time::ROUTES,
    solutions::ROUTES,
    invoices::ROUTES,
    invoice_state::ROUTES,
    lines::ROUTES,
    payments::ROUTES,
    estimates::ROUTES,
    products::ROUTES,
    users::ROUTES,
    teams::ROUTES,
    tags::ROUTES,
    custom_fields::ROUTES,
    organisation::ROUTES,
    token_pages::ROUTES,
    activities::ROUTES,
    dashboard::ROUTES,
    goals::ROUTES,
    documents::ROUTES,
];

/// All routes.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    ALL.iter().flat_map(|routes| routes.iter())
}

/// A route that a path fits, with the segments that stood for something.
pub(crate) struct Found {
    pub(crate) route: &'static Route,
    pub(crate) ids: Vec<String>,
}

/// The route of a path with its slash at the end.
pub(crate) fn find(path: &str) -> Option<Found> {
    let path = path.strip_prefix('/')?;
    all().find_map(|route| fit(route.path, path).map(|ids| Found { route, ids }))
}

impl Route {
    /// The verbs, as the header lists them.
    pub(crate) fn allowed(&self) -> String {
        let mut verbs: Vec<&str> = self.on.iter().map(|(verb, _)| *verb).collect();
        if verbs.contains(&"GET") {
            verbs.push("HEAD");
        }
        verbs.push("OPTIONS");
        verbs.join(", ")
    }

    pub(crate) fn handler(&self, method: &str) -> Option<Handler> {
        let method = if method == "HEAD" { "GET" } else { method };
        let found = self.on.iter().find(|(verb, _)| *verb == method);
        found.map(|(_, handler)| *handler)
    }
}

fn fit(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut ids, mut segments) = (Vec::new(), path.split('/'));
    for wanted in pattern.split('/') {
        let segment = segments.next()?;
        let fits = match wanted {
            "{}" => is_uuid(segment),
            "<classic>" => CLASSIC.contains(&segment),
            "<staged>" => STAGED.contains(&segment),
            literal => literal == segment,
        };
        if !fits {
            return None;
        }
        if wanted == "{}" {
            ids.push(segment.to_owned());
        }
    }
    segments.next().is_none().then_some(ids)
}

/// Whether a text is a UUID as the real one's routes and queries take it.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::{all, find};

    const ID: &str = "00000000-0000-4000-8000-000000000000";

    #[test]
    fn no_route_hides_another() {
        for route in all() {
            let path = route
                .path
                .replace("{}", ID)
                .replace("<classic>", "leads")
                .replace("<staged>", "leads");
            let found = find(&format!("/{path}")).expect("a route for its own path");
            assert_eq!(found.route.path, route.path, "{path}");
        }
    }

    #[test]
    fn what_is_no_uuid_is_no_route() {
        assert!(find(&format!("/api/leads/{ID}/")).is_some());
        assert!(find("/api/leads/not-a-uuid/").is_none());
        assert!(find(&format!("/api/leads/{ID}")).is_none());
        assert!(find(&format!("/api/leads/{ID}/convert/")).is_none());
    }
}
