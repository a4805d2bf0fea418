//! A block beside a tool's JSON: what it may be, and that it has the form that clients expect.
//!
//! A plugin's address is either one of its own resources' on the connection or a page of the web; none
//! that a client would look up on its own machine or run. It must not know MCP's types.

use crate::runtime::bindings::portcullis::plugin::blocks as wit;
use crate::runtime::clean;

/// Schemes that a client opens as pages.
const WEB: [&str; 2] = ["https", "http"];

/// Schemes that are no resource of a server, whatever follows.
const NEVER: [&str; 7] = [
    "file",
    "data",
    "blob",
    "javascript",
    "vbscript",
    "ws",
    "wss",
];

/// The longest address, in bytes; browsers and proxies stop at two to eight thousand.
const LONGEST_URI: usize = 2048;

/// The longest media type, in bytes (RFC 6838 allows 127 on each side of the slash).
const LONGEST_TYPE: usize = 255;

/// Whom a block is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// What a client may make of a block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// Nobody named: for both.
    pub readers: Vec<Reader>,
    /// From 0 to 1.
    pub importance: Option<f32>,
    /// RFC 3339.
    pub last_modified: Option<String>,
}

/// Something that a client can read or open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented in wit/content.wit")]
pub struct Link {
    pub uri: String,
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub mime_type: Option<String>,
    pub size: Option<u64>,
}

/// What a document holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A text.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

/// What a block is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented in wit/content.wit")]
pub enum Shown {
    Text(String),
    Image {
        mime_type: String,
        data: Vec<u8>,
    },
    Audio {
        mime_type: String,
        data: Vec<u8>,
    },
    Link(Link),
    Document {
        uri: String,
        mime_type: Option<String>,
        body: Body,
    },
}

/// A block that was found acceptable.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What it is.
    pub shown: Shown,
    /// What may be made of it.
    pub hints: Hints,
}

impl Block {
    /// A guest's block on a connection of this name; nothing where it breaks a rule.
    pub(crate) fn read(
        block: wit::Block,
        hints: Option<wit::Hints>,
        connection: &str,
    ) -> Option<Self> {
        let hints = match hints {
            None => Hints::default(),
            Some(hints) => read_hints(hints)?,
        };
        let shown = shown(block, connection)?;
        Some(Self { shown, hints })
    }

    /// Its size, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.shown {
            Shown::Text(text) => text.len(),
            Shown::Image { data, .. } | Shown::Audio { data, .. } => data.len(),
            Shown::Link(link) => {
                let told = [&link.title, &link.description];
                let told = told.into_iter().flatten().map(String::len).sum::<usize>();
                link.uri.len() + link.name.len() + told
            }
            Shown::Document { uri, body, .. } => {
                uri.len()
                    + match body {
                        Body::Text(text) => text.len(),
                        Body::Bytes(bytes) => bytes.len(),
                    }
            }
        }
    }
}

fn shown(block: wit::Block, connection: &str) -> Option<Shown> {
    let media = |media: wit::Media| is_type(&media.mime_type).then_some(media);
    let typed = |name: &Option<String>| name.as_deref().is_none_or(is_type);
    Some(match block {
        wit::Block::Text(text) => Shown::Text(text),
        wit::Block::Image(image) => {
            let wit::Media { mime_type, data } = media(image)?;
            Shown::Image { mime_type, data }
        }
        wit::Block::Audio(audio) => {
            let wit::Media { mime_type, data } = media(audio)?;
            Shown::Audio { mime_type, data }
        }
        wit::Block::Link(link) => {
            let fits = is_address(&link.uri, connection) && typed(&link.mime_type);
            let named = !link.name.is_empty();
            (fits && named).then(|| Shown::Link(read_link(link)))?
        }
        wit::Block::Document(document) => {
            let fits = is_address(&document.uri, connection) && typed(&document.mime_type);
            fits.then_some(Shown::Document {
                uri: document.uri,
                mime_type: document.mime_type,
                body: match document.body {
                    wit::Body::Text(text) => Body::Text(text),
                    wit::Body::Bytes(bytes) => Body::Bytes(bytes),
                },
            })?
        }
    })
}

fn read_link(link: wit::Link) -> Link {
    Link {
        uri: link.uri,
        name: clean(&link.name),
        title: link.title.as_deref().map(clean),
        description: link.description.as_deref().map(clean),
        mime_type: link.mime_type,
        size: link.size,
    }
}

fn read_hints(hints: wit::Hints) -> Option<Hints> {
    let weighed = hints.importance.is_none_or(|i| (0.0..=1.0).contains(&i));
    let dated = hints.last_modified.as_deref().is_none_or(is_time);
    let readers = hints.readers.into_iter().map(|reader| match reader {
        wit::Reader::User => Reader::User,
        wit::Reader::Assistant => Reader::Assistant,
    });
    let mut readers: Vec<_> = readers.collect();
    readers.dedup();
    (weighed && dated && readers.len() <= 2).then_some(Hints {
        readers,
        importance: hints.importance,
        last_modified: hints.last_modified,
    })
}

/// `type/subtype`, with parameters or without.
fn is_type(text: &str) -> bool {
    let is_token = |part: &str| {
        let known = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
        !part.is_empty() && part.bytes().all(known)
    };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let parted = essence.trim_end().split_once('/');
    text.len() <= LONGEST_TYPE
        && parted.is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
        && parameters.bytes().all(|b| (b' '..=b'~').contains(&b))
}

/// The shape of RFC 3339: enough that no other text passes for a time.
fn is_time(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_digit() || b"-:.+TZtz ".contains(&b);
    (10..=40).contains(&text.len()) && text.bytes().all(known)
}

fn is_address(uri: &str, connection: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return false;
    };
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-".contains(&b));
    let printable = !uri.contains(|c: char| c.is_control() || c.is_whitespace());
    let fits = scheme_fits && printable && !rest.is_empty() && uri.len() <= LONGEST_URI;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    fits && (WEB.contains(&scheme) && !host.is_empty() && !host.contains('@')
        || !NEVER.contains(&scheme) && !WEB.contains(&scheme) && host == connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_the_connections_own_or_pages() {
        for (uri, taken) in [
            ("crm://sales/Account/1", true),
            ("crm://sales", true),
            ("https://crm.example.com/#Account/view/1", true),
            ("crm://support/Account/1", false),
            ("file://sales/etc/passwd", false),
            ("javascript://sales/%0aalert(1)", false),
            ("data://sales/x", false),
            ("https://user@crm.example.com/", false),
            ("https://", false),
            ("CRM://sales/x", false),
            ("crm:sales", false),
            ("crm://sales/a b", false),
            ("crm://sales/a\nb", false),
        ] {
            assert_eq!(is_address(uri, "sales"), taken, "{uri}");
        }
        assert!(!is_address(
            &format!("crm://sales/{}", "x".repeat(2048)),
            "sales"
        ));
    }

    #[test]
    fn media_types() {
        for (text, taken) in [
            ("image/png", true),
            ("text/html;profile=mcp-app", true),
            ("text/plain; charset=utf-8", true),
            ("image", false),
            ("/png", false),
            ("image/png\r\nx: y", false),
            ("image/p ng", false),
        ] {
            assert_eq!(is_type(text), taken, "{text}");
        }
    }

    #[test]
    fn hints_are_checked() {
        let hints = |importance, last_modified: Option<&str>| wit::Hints {
            readers: vec![wit::Reader::User],
            importance,
            last_modified: last_modified.map(str::to_owned),
        };
        assert!(read_hints(hints(Some(0.5), Some("2026-11-20T10:00:00Z"))).is_some());
        assert!(read_hints(hints(Some(1.5), None)).is_none());
        assert!(read_hints(hints(Some(f32::NAN), None)).is_none());
        assert!(read_hints(hints(None, Some("yesterday evening"))).is_none());
    }
}
