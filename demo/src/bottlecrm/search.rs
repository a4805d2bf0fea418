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
    ("deal", "opportunities", &["name"], "account"),
    ("account", "accounts", &["name", "email"], "email"),
    (
        "contact",
        "contacts",
        &["first_name", "last_name", "email"],
        "account",
    ),
    ("ticket", "cases", &["name"], "account"),
    (
        "invoice",
        "invoices",
        &["invoice_title", "invoice_number", "client_name"],
        "client_name",
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
            results.extend(found.map(|one| result(session, word, one, below)));
        }
    }
    Ok(Reply::ok(json!({"query": query, "results": results})))
}

/// A lead is shown by its title where it has one, an invoice by its number; below stands the account,
/// by name.
fn result(session: &Session<'_>, word: &str, one: &Record, below: &str) -> Value {
    let own = match word {
        "lead" => one.text("title"),
        "invoice" => one.text("invoice_number"),
        _ => "",
    };
    let title = if own.is_empty() {
        name(one)
    } else {
        own.to_owned()
    };
    let subtitle = match below {
        "account" => session
            .get("accounts", one.text("account"))
            .map_or_else(String::new, name),
        field => one.text(field).to_owned(),
    };
    json!({"type": word, "id": one.id, "title": title, "subtitle": subtitle})
}
