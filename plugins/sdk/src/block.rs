//! Blocks beside a tool's result, and in a prompt's messages: images, sounds, documents, links.
//!
//! Plain data with short constructors; the host judges addresses, types and sizes.

use std::fmt;

use crate::failure::Failure;

/// Whom a block is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Reader {
    User,
    Assistant,
}

/// What a client may make of a block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// Nobody named: for both.
    pub readers: Vec<Reader>,
    /// From 0, may be left out, to 1, has to be seen.
    pub importance: Option<f32>,
    /// RFC 3339.
    pub last_modified: Option<String>,
}

/// What a document holds, see [`crate::Contents`].
pub use crate::resource::Contents as Body;

/// What a block is; WIT `blocks.block`.
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
    Link {
        uri: String,
        name: String,
        title: Option<String>,
        description: Option<String>,
        mime_type: Option<String>,
        size: Option<u64>,
    },
    Document {
        uri: String,
        mime_type: Option<String>,
        body: Body,
    },
}

/// A block, made with a constructor of its kind and refined with the methods that return it.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What it is.
    pub shown: Shown,
    /// What a client may make of it.
    pub hints: Hints,
}

impl Block {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Shown::Text(text.into()).into()
    }

    /// An image of a media type, e.g. `image/png`.
    pub fn image(mime_type: impl Into<String>, data: impl Into<Vec<u8>>) -> Self {
        let (mime_type, data) = (mime_type.into(), data.into());
        Shown::Image { mime_type, data }.into()
    }

    /// A sound of a media type, e.g. `audio/wav`.
    pub fn audio(mime_type: impl Into<String>, data: impl Into<Vec<u8>>) -> Self {
        let (mime_type, data) = (mime_type.into(), data.into());
        Shown::Audio { mime_type, data }.into()
    }

    /// A link to one of the plugin's resources on this connection, or to a page.
    pub fn link(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Shown::Link {
            uri: uri.into(),
            name: name.into(),
            title: None,
            description: None,
            mime_type: None,
            size: None,
        }
        .into()
    }

    /// A resource together with what it holds.
    pub fn document(
        uri: impl Into<String>,
        mime_type: impl Into<String>,
        body: impl Into<Body>,
    ) -> Self {
        Shown::Document {
            uri: uri.into(),
            mime_type: Some(mime_type.into()),
            body: body.into(),
        }
        .into()
    }

    /// Names a link for people; nothing on other kinds.
    #[must_use]
    pub fn titled(mut self, text: impl Into<String>) -> Self {
        if let Shown::Link { title, .. } = &mut self.shown {
            *title = Some(text.into());
        }
        self
    }

    /// Says what a link leads to; nothing on other kinds.
    #[must_use]
    pub fn about(mut self, text: impl Into<String>) -> Self {
        if let Shown::Link { description, .. } = &mut self.shown {
            *description = Some(text.into());
        }
        self
    }

    /// Says of what media type a link's target is; nothing on other kinds.
    #[must_use]
    pub fn typed(mut self, text: impl Into<String>) -> Self {
        if let Shown::Link { mime_type, .. } = &mut self.shown {
            *mime_type = Some(text.into());
        }
        self
    }

    /// Says whom it is for.
    #[must_use]
    pub fn read_by(mut self, reader: Reader) -> Self {
        self.hints.readers.push(reader);
        self
    }

    /// Says how much it matters, from 0 to 1.
    #[must_use]
    pub fn importance(mut self, importance: f32) -> Self {
        self.hints.importance = Some(importance);
        self
    }

    /// Says when what it shows was last changed, RFC 3339.
    #[must_use]
    pub fn last_modified(mut self, time: impl Into<String>) -> Self {
        self.hints.last_modified = Some(time.into());
        self
    }
}

impl From<Shown> for Block {
    fn from(shown: Shown) -> Self {
        Self {
            shown,
            hints: Hints::default(),
        }
    }
}

/// Why the host did not take a block; WIT `content.refusal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented in wit/content.wit")]
pub enum Refused {
    NotHere,
    TooMany,
    TooLarge,
    Malformed,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHere => "only a tool can attach a block",
            Self::TooMany => "the call has as many blocks as one may have",
            Self::TooLarge => "the blocks of the call are over limits.output_bytes",
            Self::Malformed => "the block's address, media type or hint is not well-formed",
        })
    }
}

/// For tools whose result is worth nothing without the block.
impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::internal(refused.to_string())
    }
}
