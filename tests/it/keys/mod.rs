//! API keys, end to end: who is let in, what a key's holder sees and may do, and that a key that is taken
//! back is good for nothing from then on.

mod caps;
mod command;
mod lists;
mod revoked;
mod strangers;
mod tokens;

use std::collections::BTreeSet;

use portcullis::keys::{ApiKey, Book, Record, Terms};
use portcullis::state::State;

use crate::support::{Crm, TestHost};

/// Two connections of one CRM, behind keys.
const CONFIG: &str = r#"
[server]
auth = "keys"
state = "state.sqlite3"
[connections.sales]
plugin = "espocrm"
url = "URL"
secrets.api_key = "env:CRM_KEY"
allow = ["read", "write", "destructive"]
[connections.support]
plugin = "espocrm"
url = "URL"
secrets.api_key = "env:CRM_KEY"
"#;

/// A host with its CRM, and the book that its keys are in.
struct World {
    crm: Crm,
    host: TestHost,
    book: Book,
}

impl World {
    async fn new() -> Self {
        Self::with(CONFIG).await
    }

    async fn with(config: &str) -> Self {
        let crm = Crm::start().await;
        let host = TestHost::with(config, &crm.url()).await;
        let book = Book::of(State::at(host.folder.path().join("state.sqlite3"), None));
        Self { crm, host, book }
    }

    async fn issue(&self, name: &str, terms: Terms) -> (ApiKey, Record) {
        let issued = self.book.issue(name, None, terms).await;
        issued.unwrap_or_else(|error| panic!("{error}"))
    }

    /// A key for all that the file allows.
    async fn key(&self) -> String {
        let (key, _) = self.issue("all", Terms::default()).await;
        key.expose().to_owned()
    }
}

fn only(connections: &[&str]) -> Terms {
    let names: BTreeSet<_> = connections.iter().map(|name| (*name).to_owned()).collect();
    Terms {
        connections: Some(names),
        ..Terms::default()
    }
}
