//! What refusals mean: PostgREST's code, the gateway's and the auth server's, in plain words.
//!
//! Classification alone; it sends nothing. A refusal with an SQLSTATE was rolled back, so nothing
//! of it happened, but for a lost connection.

use portcullis_sdk::{Failure, Kind, Outcome, Response, code, text};

use crate::{
    entity::Entity,
    said::{self, Said},
};

/// A table, view or function that this project's database lacks.
pub(crate) const MISSING: &str = "NOT_INSTALLED";

/// What was asked, for naming it in a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) what: &'a str,
    pub(crate) action: &'static str,
    pub(crate) entity: Option<&'static Entity>,
    /// Where columns stand in the arguments.
    pub(crate) at: &'static str,
}

impl<'a> About<'a> {
    pub(crate) fn reading(what: &'a str) -> Self {
        Self {
            what,
            action: "read",
            entity: None,
            at: "",
        }
    }

    /// A request about rows of an entity.
    pub(crate) fn of(entity: &Entity, action: &'static str) -> Self {
        let known = crate::tables::ALL
            .iter()
            .find(|known| known.name == entity.name);
        Self {
            what: known.map_or("record", |known| known.one),
            action,
            entity: known,
            at: if action == "read" {
                "/filters"
            } else {
                "/data"
            },
        }
    }

    /// A statement of the caller's.
    pub(crate) fn statement(action: &'static str) -> Self {
        Self {
            what: "the statement",
            action,
            entity: None,
            at: "/sql",
        }
    }

    fn is_statement(&self) -> bool {
        self.at == "/sql"
    }

    fn place(&self, column: Option<&str>) -> String {
        match column {
            Some(column) if !self.is_statement() => format!("{}/{column}", self.at),
            _ => self.at.to_owned(),
        }
    }
}

/// The row does not exist, or the caller may not see it.
pub(crate) fn absent(entity: &Entity, id: u64, at: &str) -> Failure {
    Failure::not_found(
        code::RECORD_NOT_FOUND,
        format!(
            "there is no {} {id}, or this user may not see it",
            entity.one
        ),
    )
    .at(at)
    .outcome(Outcome::NotDone)
}

/// The row is there and the change did not touch it.
pub(crate) fn not_applied(entity: &Entity, id: u64) -> Failure {
    Failure::forbidden(
        code::NOT_APPLIED,
        format!(
            "{} {id} was not changed: this user may see it, and a policy of the database keeps it from being changed",
            entity.one
        ),
    )
    .at("/id")
    .outcome(Outcome::NotDone)
}

/// The failure that an answer other than 2xx makes.
pub(crate) fn refused(response: &Response, about: &About<'_>) -> Failure {
    let Some(said) = said::said(response) else {
        return without_code(response);
    };
    let failure = classify(response, &said, about);
    if failure.outcome.is_some() {
        return failure;
    }
    let lost = ["08", "57P", "40003"]
        .iter()
        .any(|class| said.code.starts_with(class));
    let unsure = lost || (response.status >= 500 && said.code.starts_with("PGRST"));
    if unsure && about.action != "read" {
        return failure
            .outcome(Outcome::MayHaveHappened)
            .retryable_if(false);
    }
    failure.outcome(Outcome::NotDone)
}

/// The gateway's own refusals, the auth server's, and what stands in between.
fn without_code(response: &Response) -> Failure {
    let body = response.value().unwrap_or_default();
    let message = ["message", "msg", "error_description", "error"]
        .iter()
        .find_map(|key| body.get(*key)?.as_str())
        .unwrap_or_default();
    if response.status == 401 && message.to_lowercase().contains("api key") {
        return Failure::new(
            Kind::AuthNeeded,
            code::CREDENTIAL_MISSING,
            format!("the project's gateway refused the publishable key: {message}"),
        )
        .suggest("the operator sets secrets.publishable_key (SUPABASE_PUBLISHABLE_KEY) from the project's API settings")
        .outcome(Outcome::NotDone);
    }
    if matches!(response.status, 401 | 403) && body.get("error_code").is_some() {
        return token(message);
    }
    if response.status == 404 && !response.is_page() {
        return Failure::new(
            Kind::Unsupported,
            MISSING,
            "nothing answers at this address of the project",
        )
        .suggest("the operator sets url to the Supabase project's URL")
        .outcome(Outcome::NotDone);
    }
    response.failure()
}

fn token(said: &str) -> Failure {
    Failure::new(
        Kind::AuthNeeded,
        code::AUTH_FAILED,
        format!("the project does not accept the access token: {said}"),
    )
    .suggest("sign in to this Supabase project again; a token of another project, or one without a role, does not count")
    .outcome(Outcome::NotDone)
}

fn classify(response: &Response, said: &Said, about: &About<'_>) -> Failure {
    let Said { code, message, .. } = said;
    match code.as_str() {
        "42501" if response.status == 401 => token("it stands for nobody who is signed in"),
        "42501" => forbidden(said, about),
        "23503" => reference(said, about),
        "23505" => duplicate(said, about),
        "23502" => missing_value(said, about),
        "42703" | "PGRST204" => column(said, about),
        // 200: the table, or the reference that the answer was to follow, is not there.
        "42P01" | "PGRST200" | "PGRST205" if !about.is_statement() => table(said, about),
        "PGRST202" => function(about),
        "57014" => Failure::new(
            Kind::Unavailable,
            code::UPSTREAM_TIMEOUT,
            "the database stopped it because it took longer than allowed (57014)",
        )
        .suggest("ask for less: narrower filters, fewer rows"),
        "PGRST301" | "PGRST302" | "PGRST303" => token(message),
        "PGRST300" => {
            Failure::upstream("the project's API has no key to check tokens with (PGRST300)")
        }
        "PGRST000" | "PGRST001" | "PGRST002" | "PGRST003" => unavailable(said),
        _ if code.starts_with("53") || code.starts_with("08") || code.starts_with("57P") => {
            unavailable(said)
        }
        _ if code.starts_with("22") || code.starts_with("23") => value(said, about),
        _ if response.status >= 500 => {
            Failure::upstream(format!("{} ({code}): {message}", said::plain(code)))
        }
        _ => bad_input(said, about),
    }
}

fn bad_input(said: &Said, about: &About<'_>) -> Failure {
    let Said {
        code,
        message,
        hint,
        details,
    } = said;
    let mut words = format!("{} ({code}): {message}", said::plain(code));
    if !about.is_statement() && !details.is_empty() {
        words = format!("{words} {details}");
    }
    let failure = Failure::bad_input(code::INVALID_ARGUMENT, words)
        .suggest_some((!hint.is_empty()).then(|| hint.clone()));
    if about.at.is_empty() {
        failure
    } else {
        failure.at(about.at)
    }
}

fn value(said: &Said, about: &About<'_>) -> Failure {
    let Said { code, message, .. } = said;
    Failure::bad_input(
        code::INVALID_FIELD_VALUE,
        format!("{} ({code}): {message}", said::plain(code)),
    )
    .at(about.place(None))
}

fn forbidden(said: &Said, about: &About<'_>) -> Failure {
    let Said { message, hint, .. } = said;
    Failure::forbidden(
        code::PERMISSION_DENIED,
        format!(
            "the database does not let this user {} {} (42501): {message}",
            about.action, about.what
        ),
    )
    .suggest_some((!hint.is_empty()).then(|| hint.clone()))
}

fn reference(said: &Said, about: &About<'_>) -> Failure {
    let words = said::quoted_words(&said.message);
    if said.message.starts_with("update or delete on table") {
        return Failure::new(
            Kind::Conflict,
            code::CONFLICT,
            format!(
                "rows of {} still refer to it, and the database keeps them (23503)",
                words.last().copied().unwrap_or("another table")
            ),
        )
        .suggest("change or delete those first");
    }
    let column = said::referring_column(said, about.entity.map(|entity| entity.name));
    let details = said::quoted_words(&said.details);
    let target = details.last().map(|table| format!(" of {table}"));
    let row = format!("a row{}", target.unwrap_or_default());
    let words = match column {
        Some(column) => format!("{column} names {row} that does not exist (23503)"),
        None => format!(
            "it refers to {row} that does not exist (23503): {}",
            said.message
        ),
    };
    Failure::bad_input(code::INVALID_LINK, words)
        .at(about.place(column))
        .suggest("look the id up with search or list_records")
}

fn duplicate(said: &Said, about: &About<'_>) -> Failure {
    let column = said::unique_column(said, about.entity);
    let words = match column {
        Some(column) => {
            format!("another row has the same {column}, and only one may have it (23505)")
        }
        None => format!(
            "another row has the same value where only one may (23505): {}",
            said.message
        ),
    };
    let failure = Failure::new(Kind::Conflict, code::DUPLICATE_DETECTED, words);
    match column {
        Some(column) => failure
            .at(about.place(Some(column)))
            .suggest("look for the row that has it, or give another value"),
        None => failure,
    }
}

fn missing_value(said: &Said, about: &About<'_>) -> Failure {
    let words = said::quoted_words(&said.message);
    let column = words.first().copied();
    Failure::bad_input(
        code::MISSING_REQUIRED_FIELD,
        format!(
            "{} needs a value (23502)",
            column.unwrap_or("a column that may not be empty")
        ),
    )
    .at(about.place(column))
}

fn column(said: &Said, about: &About<'_>) -> Failure {
    let message = &said.message;
    let name = said::column_name(message);
    let names: Vec<&str> = about
        .entity
        .map(|entity| entity.columns().collect())
        .unwrap_or_default();
    let near = || name.and_then(|name| text::did_you_mean(name, names.iter().copied()));
    let hint = (!said.hint.is_empty()).then(|| said.hint.clone());
    let suggestion = hint.or_else(near);
    let known = if names.is_empty() {
        String::new()
    } else {
        format!("; known are {}", names.join(", "))
    };
    Failure::bad_input(
        code::INVALID_FIELD,
        format!(
            "there is no column {} ({}){known}",
            name.map_or_else(|| message.clone(), str::to_owned),
            said.code
        ),
    )
    .at(about.place(name))
    .suggest(suggestion.unwrap_or_else(|| "see get_schema for the columns".to_owned()))
}

fn table(said: &Said, about: &About<'_>) -> Failure {
    Failure::new(
        Kind::Unsupported,
        MISSING,
        format!(
            "this project has no table or view for {}: {}",
            about.what, said.message
        ),
    )
    .suggest("the tables have these names since Atomic CRM 1.5 (March 2026), and since June 2026 views need grants of their own; the operator updates the CRM's database")
}

fn function(about: &About<'_>) -> Failure {
    if !about.is_statement() {
        return Failure::new(
            Kind::Unsupported,
            MISSING,
            format!(
                "this project's database has no function to {} {}",
                about.action, about.what
            ),
        )
        .suggest(
            "the function is part of Atomic CRM; the operator brings the CRM's database up to date",
        );
    }
    Failure::new(
        Kind::Unsupported,
        MISSING,
        format!(
            "the functions for SQL are not installed in this project's database, so {} cannot run",
            about.what
        ),
    )
    .suggest("the operator prints them with `portcullis plugin sql atomic` and runs the output once in the project's SQL editor; after that it takes a few seconds. The other tools need nothing installed")
}

fn unavailable(said: &Said) -> Failure {
    let why = match said.code.as_str() {
        "PGRST002" => "the project's API is loading its schema",
        "PGRST003" => "the project's API waited too long for a database connection",
        _ => "the project's database cannot be reached or is overloaded",
    };
    Failure::new(
        Kind::Unavailable,
        code::UPSTREAM_ERROR,
        format!("{why} ({})", said.code),
    )
    .retryable()
}
