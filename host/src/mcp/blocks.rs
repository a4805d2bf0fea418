//! Blocks of a plugin as MCP writes them, and without what an old revision does not know.
//!
//! Sound is known since 2025-03-26, links to resources since 2025-06-18 (changelogs of both).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rmcp::model::{
    Annotations, AudioContent, ContentBlock, EmbeddedResource, ImageContent, Resource,
    ResourceContents, Role, TextContent,
};

use crate::call::{Block, BlockLink, Body, Hints, Reader, Shown};

/// A block as MCP writes it.
pub fn block(block: Block) -> ContentBlock {
    let hints = annotations(block.hints);
    match block.shown {
        Shown::Text(text) => {
            let mut content = TextContent::new(text);
            content.annotations = hints;
            ContentBlock::Text(content)
        }
        Shown::Image { mime_type, data } => {
            let mut content = ImageContent::new(BASE64_STANDARD.encode(data), mime_type);
            content.annotations = hints;
            ContentBlock::Image(content)
        }
        Shown::Audio { mime_type, data } => {
            let mut content = AudioContent::new(BASE64_STANDARD.encode(data), mime_type);
            content.annotations = hints;
            ContentBlock::Audio(content)
        }
        Shown::Link(named) => {
            let mut content = link(named);
            content.annotations = hints;
            ContentBlock::ResourceLink(content)
        }
        Shown::Document {
            uri,
            mime_type,
            body,
        } => {
            let mut content = EmbeddedResource::new(document(uri, mime_type, body));
            content.annotations = hints;
            ContentBlock::Resource(content)
        }
    }
}

fn link(link: BlockLink) -> Resource {
    let mut resource = Resource::new(link.uri, link.name);
    resource.title = link.title;
    resource.description = link.description;
    resource.mime_type = link.mime_type;
    resource.size = link.size;
    resource
}

fn document(uri: String, mime_type: Option<String>, body: Body) -> ResourceContents {
    let contents = match body {
        Body::Text(text) => ResourceContents::text(text, uri),
        Body::Bytes(bytes) => ResourceContents::blob(BASE64_STANDARD.encode(bytes), uri),
    };
    match mime_type {
        Some(mime_type) => contents.with_mime_type(mime_type),
        None => contents,
    }
}

fn annotations(hints: Hints) -> Option<Annotations> {
    if hints == Hints::default() {
        return None;
    }
    let readers = hints.readers.into_iter().map(|reader| match reader {
        Reader::User => Role::User,
        Reader::Assistant => Role::Assistant,
    });
    let readers: Vec<_> = readers.collect();
    let mut annotations = Annotations::default();
    annotations.audience = (!readers.is_empty()).then_some(readers);
    annotations.priority = hints.importance;
    annotations.last_modified = hints.last_modified;
    Some(annotations)
}

/// Makes text of a link, so that a client whose revision knows none loses no address.
pub fn without_links(block: &mut ContentBlock) {
    if let ContentBlock::ResourceLink(link) = block {
        let name = link.title.as_ref().unwrap_or(&link.name);
        let mut text = TextContent::new(format!("{name}: {}", link.uri));
        text.annotations = link.annotations.take();
        *block = ContentBlock::Text(text);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(shown: Shown, hints: Hints) -> serde_json::Value {
        serde_json::to_value(block(Block { shown, hints })).unwrap()
    }

    #[test]
    fn every_kind() {
        let none = Hints::default;
        let (mime_type, data) = ("image/png".to_owned(), vec![0, 255]);
        let hints = Hints {
            readers: vec![Reader::User],
            importance: Some(0.5),
            last_modified: Some("2026-11-20T10:00:00Z".into()),
        };
        assert_eq!(
            written(Shown::Text("a".into()), hints),
            json!({"type": "text", "text": "a", "annotations": {
                "audience": ["user"], "priority": 0.5, "lastModified": "2026-11-20T10:00:00Z"}})
        );
        assert_eq!(
            written(
                Shown::Image {
                    mime_type: mime_type.clone(),
                    data: data.clone()
                },
                none()
            ),
            json!({"type": "image", "data": "AP8=", "mimeType": "image/png"})
        );
        assert_eq!(
            written(Shown::Audio { mime_type, data }, none()),
            json!({"type": "audio", "data": "AP8=", "mimeType": "image/png"})
        );
        assert_eq!(
            written(
                Shown::Document {
                    uri: "crm://sales/x".into(),
                    mime_type: Some("text/plain".into()),
                    body: Body::Text("x".into())
                },
                none()
            ),
            json!({"type": "resource", "resource": {
                "uri": "crm://sales/x", "mimeType": "text/plain", "text": "x"}})
        );
    }

    #[test]
    fn an_old_client_gets_the_address_of_a_link_as_text() {
        let named = BlockLink {
            uri: "crm://sales/Account/1".into(),
            name: "account".into(),
            title: Some("Acme".into()),
            description: None,
            mime_type: None,
            size: Some(3),
        };
        let mut block = block(Block {
            shown: Shown::Link(named),
            hints: Hints::default(),
        });
        let link = serde_json::to_value(&block).unwrap();
        assert_eq!(link["type"], "resource_link");
        assert_eq!(link["size"], 3);
        without_links(&mut block);
        let text = json!({"type": "text", "text": "Acme: crm://sales/Account/1"});
        assert_eq!(serde_json::to_value(&block).unwrap(), text);
    }
}
