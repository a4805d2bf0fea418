//! `portcullis key`: API keys are issued, listed and revoked by whoever may write the state.
//!
//! Owns the arguments and what a person reads. A host that runs takes every change up by itself.

mod list;
mod terms;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::setup::read;
use super::{Exit, complain, examples, print};
use crate::config::Config;
use crate::keys::{Book, BookError, Record};
use crate::registry::state_of;

use terms::Terms;

/// Keys with which clients are let in.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Issue a key. It is printed on standard output, this once: what is kept is its hash.
    #[command(after_help = examples::KEY_ISSUE)]
    Issue(IssueArgs),
    /// List the keys: what each is for, until when, and when it was last used.
    #[command(after_help = examples::KEY_LIST)]
    List {
        /// Also those that were revoked or have expired, for 90 days.
        #[arg(long)]
        all: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a key back. A host that runs lets nobody in with it from then on, and ends what its holder
    /// has open.
    #[command(after_help = examples::KEY_REVOKE)]
    Revoke {
        /// Its name or its id.
        key: String,
    },
}

/// A new key.
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// What you call it, e.g. who has it on which machine. It stands in logs.
    name: String,
    /// When it ends: after a time (12h, 90d, 4w), after a day (2027-01-31, in UTC), or never.
    #[arg(long, value_name = "WHEN", value_parser = terms::expiry)]
    expires: terms::Expiry,
    #[command(flatten)]
    terms: Terms,
}

/// Runs one of the commands.
pub async fn key(config: Option<PathBuf>, command: KeyCommand) -> Exit {
    match run(config, command).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn run(config: Option<PathBuf>, command: KeyCommand) -> Result<Exit, Exit> {
    let config = read(config).await?;
    let Some(state) = state_of(&config) else {
        let told =
            "API keys are kept in `server.state`, which is \"memory\" here; name a file there";
        return Err(complain(Exit::Config, told));
    };
    let book = Book::of(state);
    match command {
        KeyCommand::Issue(args) => issue(&config, &book, &args).await,
        KeyCommand::List { all, json } => list::list(&book, all, json).await,
        KeyCommand::Revoke { key } => revoke(&book, &key).await,
    }
}

async fn issue(config: &Config, book: &Book, args: &IssueArgs) -> Result<Exit, Exit> {
    let terms = args.terms.checked(config);
    let terms = terms.map_err(|message| complain(Exit::Usage, message))?;
    let expires = args.expires.end(Timestamp::now());
    let issued = book.issue(&args.name, expires, terms).await;
    let (key, record) = issued.map_err(|error| refused(&error))?;
    eprintln!("{}", described(&record));
    if !config.server.access.keys {
        eprintln!(
            "warning: {} demands no keys yet; write `auth = \"keys\"` below [server], or set `PORTCULLIS_AUTH=keys` where there is no file",
            config.source
        );
    }
    let printed = print(key.expose());
    eprintln!(
        "Keep it now, it is not shown again. Clients send it with every request: `Authorization: Bearer <key>`."
    );
    Ok(printed)
}

fn described(record: &Record) -> String {
    format!(
        "key `{}` (id {}), {}, for {}",
        record.name,
        record.id,
        list::until(record),
        list::purpose(&record.terms)
    )
}

async fn revoke(book: &Book, which: &str) -> Result<Exit, Exit> {
    let record = book.revoke(which).await.map_err(|error| refused(&error))?;
    let told = format!(
        "key `{}` (id {}) lets nobody in any more",
        record.name, record.id
    );
    Ok(print(&told))
}

fn refused(error: &BookError) -> Exit {
    let exit = match error {
        BookError::State(_) => Exit::System,
        BookError::Absent(_) | BookError::Taken { .. } => Exit::Failed,
        BookError::Name(_) | BookError::Over(_) | BookError::Terms(_) => Exit::Usage,
    };
    complain(exit, error)
}
