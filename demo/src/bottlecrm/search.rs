//! Search over all kinds at once: a few of each, in one small answer.

use serde_json::{Value, json};

use super::answer::{Answer, Reply};
use super::listing::visible;
use super::route::{Handler, Route};
use super::session::Session;
use super::store::Record;
use super::view::name;

pub(crate) const ROUTES: &[Route] = &[Route {
    path: "api/search/",
    on: &[("GET", search as Handler)],
}];

/// Results of one kind that are shown at most.
const MOST: usize = 6;

/// The word for a kind, the kind, the fields searched, and the one shown below the title.
const KINDS: [(&str, &str, &[&str], &str); 7] = [
    (
        "lead",
        "leads",
        &["first_name", "last_name", "company_name", "email", "title"],
        "company_name",
    ),
    ("deal", "opportunities", &["name"], "stage"),
    ("account", "accounts", &["name", "email"], "industry"),
    (
        "contact",
        "contacts",
        &["first_name", "last_name", "email"],
        "email",
    ),
    ("ticket", "cases", &["name"], "status"),
    (
        "invoice",
        "invoices",
        &["invoice_title", "invoice_number", "client_name"],
        "invoice_number",
    ),
    ("solution", "solutions", &["title"], "status"),
];

fn search(session: &mut Session<'_>) -> Answer {
    let query = session
        .call
        .param("q")
        .unwrap_or_default()
        .trim()
        .to_owned();
    let mut results = Vec::new();
    if query.chars().count() >= 2 {
        let wanted = query.to_lowercase();
        for (word, kind, fields, below) in KINDS {
            let fits = |one: &&Record| {
                let names = name(one).to_lowercase().contains(&wanted);
                names
                    || fields
                        .iter()
                        .any(|field| one.text(field).to_lowercase().contains(&wanted))
            };
            let open = |one: &&Record| one.text("status") != "converted";
            let found = visible(session, kind)
                .into_iter()
                .filter(open)
                .filter(fits)
                .take(MOST);
            results.extend(found.map(|one| result(word, one, below)));
        }
    }
    Ok(Reply::ok(json!({"query": query, "results": results})))
}

fn result(word: &str, one: &Record, below: &str) -> Value {
    json!({"type": word, "id": one.id, "title": name(one), "subtitle": one.text(below)})
}
