//! The tools `get_note_attachment` and `set_note_attachment`.
//!
//! The CRM answers an unknown note with empty texts, decodes base64 leniently and stores what comes
//! out, and keeps the old file name when a file is replaced.

use base64::{Engine, prelude::BASE64_STANDARD};
use portcullis_sdk::{Call, Failure, Kind, Outcome, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    errors, fetch,
    metadata::{self, Module},
    names, planned, rows, rpc,
    settings::Settings,
    via::Via,
};

const NOTES: &str = "Notes";
const SET: &str = "set_note_attachment";

/// Reads the file of a note, as base64. A file over the connection's limit is described without its
/// content.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetAttachmentArgs {
    /// Id of the note.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
}

/// A note's file.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Attachment {
    id: String,
    /// Null for a note without a file.
    filename: Option<String>,
    /// What the content looks like, else what the CRM guessed from the name.
    file_mime_type: Option<String>,
    /// The content; null without a file, or when it is too large.
    file_base64: Option<String>,
    /// Bytes of the file.
    size: usize,
    /// Why the content is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(flatten)]
    via: Via,
}

pub(crate) fn get_attachment(
    call: &Call<'_>,
    args: &GetAttachmentArgs,
) -> Result<Attachment, Failure> {
    let (module, before) = note(call, &args.id)?;
    let answer = rpc::read(
        call,
        "get_note_attachment",
        &module.name,
        vec![json!(args.id)],
    )?;
    let file = &answer["note_attachment"];
    let content = file["file"].as_str().unwrap_or_default();
    let filename = file["filename"].as_str().filter(|name| !name.is_empty());
    let mut found = Attachment {
        id: args.id.clone(),
        filename: filename.map(crate::entities::decode),
        file_mime_type: None,
        file_base64: None,
        size: 0,
        note: None,
        via: Via::v4_1(),
    };
    if content.is_empty() {
        found.note = Some("the note has no file".to_owned());
        return Ok(found);
    }
    let bytes = decode(content).ok_or_else(|| Failure::upstream("the CRM's file is no base64"))?;
    let guessed = Some(rows::text(&before, "file_mime_type")).filter(|kind| !kind.is_empty());
    found.size = bytes.len();
    found.file_mime_type = sniff(&bytes).or(guessed).map(str::to_owned);
    let most = Settings::of(call)?.attachment_bytes as usize;
    if bytes.len() > most {
        found.note = Some(format!(
            "the file has {} bytes, and this connection passes on at most {most} (settings.attachment_bytes)",
            bytes.len()
        ));
    } else {
        found.file_base64 = Some(content.to_owned());
    }
    Ok(found)
}

/// Stores a file in a note, replacing the one that it has. The CRM keeps the name of the first file;
/// the answer tells the name that is stored.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetAttachmentArgs {
    /// Id of the note.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    id: String,
    /// Name of the file, without a path.
    #[schemars(length(min = 1, max = 200))]
    filename: String,
    /// The content in standard base64.
    #[schemars(length(min = 1))]
    file_base64: String,
    /// Accepted and not used: the CRM guesses the type itself.
    #[serde(default)]
    #[schemars(length(max = 100))]
    file_mime_type: Option<String>,
    /// Checks everything and says what would be sent, without storing the file.
    #[serde(default)]
    dry_run: bool,
}

/// What was stored.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Attached {
    id: String,
    /// Whether the file is stored.
    attached: bool,
    /// The name that the CRM has for the file.
    filename_stored: String,
    /// Bytes of the file.
    size: usize,
    /// The note's page in the CRM.
    url: String,
    /// What a dry run would send; the content by its size and digest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    would_send: Vec<Value>,
    /// What to know about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    #[serde(flatten)]
    via: Via,
}

pub(crate) fn set_attachment(
    call: &Call<'_>,
    args: &SetAttachmentArgs,
) -> Result<Attached, Failure> {
    names::check_writable(call, NOTES)?;
    let bytes = check_file(call, args)?;
    let (module, before) = note(call, &args.id)?;
    let had = rows::text(&before, "filename").to_owned();
    let mut answer = Attached {
        id: args.id.clone(),
        attached: false,
        filename_stored: had.clone(),
        size: bytes.len(),
        url: rows::url(call, NOTES, &args.id),
        would_send: Vec::new(),
        notes: Vec::new(),
        via: Via::v4_1(),
    };
    if args.file_mime_type.is_some() {
        answer
            .notes
            .push("file_mime_type was not used; the CRM guesses the type".to_owned());
    }
    if args.dry_run {
        answer.notes.push("dry run: nothing was stored".to_owned());
        let content = json!({"bytes": bytes.len(), "sha256": digest(&bytes)});
        answer.would_send = vec![planned::v4(SET, &arguments(args, &content))];
        return Ok(answer);
    }
    let content = json!(args.file_base64);
    let sent = rpc::change(call, SET, NOTES, arguments(args, &content))?;
    if sent["id"].as_str() != Some(&args.id) {
        return Err(refused(&args.id, &sent));
    }
    answer.attached = true;
    let names = ["id".to_owned(), "filename".to_owned()];
    match fetch::one(call, &module, &args.id, &names) {
        Ok(after) => rows::text(&after, "filename").clone_into(&mut answer.filename_stored),
        Err(_) => answer
            .notes
            .push("the stored name could not be read afterwards".to_owned()),
    }
    if answer.filename_stored != args.filename {
        answer.notes.push(if had.is_empty() {
            "the CRM stored another name".to_owned()
        } else {
            "the CRM kept the name of the file that was there before; the content is the new one"
                .to_owned()
        });
    }
    Ok(answer)
}

/// The arguments of `set_note_attachment`.
fn arguments(args: &SetAttachmentArgs, content: &Value) -> Vec<Value> {
    vec![json!({"id": args.id, "filename": args.filename, "file": content})]
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `-1` for a note that is not there.
fn refused(id: &str, answer: &Value) -> Failure {
    if answer["id"] == "-1" {
        return errors::missing(NOTES, id).outcome(Outcome::NotDone);
    }
    Failure::new(
        Kind::UpstreamFault,
        code::NOT_APPLIED,
        "the CRM did not say that it stored the file",
    )
    .outcome(Outcome::MayHaveHappened)
}

fn note(call: &Call<'_>, id: &str) -> Result<(Module, rows::Record), Failure> {
    names::check(call, NOTES, "/id")?;
    names::check_id(id, "/id")?;
    let module = metadata::module(call, NOTES)?;
    let fields = ["id", "filename", "file_mime_type"].map(str::to_owned);
    let record = fetch::one(call, &module, id, &fields).map_err(|failure| failure.at("/id"))?;
    Ok((module, record))
}

fn check_file(call: &Call<'_>, args: &SetAttachmentArgs) -> Result<Vec<u8>, Failure> {
    let bad = |message: &str, pointer: &str| {
        Err(Failure::bad_input(code::INVALID_ARGUMENT, message).at(pointer))
    };
    if args
        .filename
        .contains(|c: char| matches!(c, '/' | '\\' | '<' | '>' | '"') || c.is_control())
        || args.filename.trim_matches(['.', ' ']).is_empty()
    {
        return bad(
            "filename is the name of a file, without a path",
            "/filename",
        );
    }
    let Some(bytes) = decode(&args.file_base64) else {
        return bad(
            "file_base64 is no standard base64 with its padding; the CRM would store garbage",
            "/file_base64",
        );
    };
    let most = Settings::of(call)?.attachment_bytes as usize;
    if bytes.len() > most {
        return Err(Failure::bad_input(
            code::TOO_LARGE,
            format!(
                "the file has {} bytes, at most {most} are allowed",
                bytes.len()
            ),
        )
        .at("/file_base64")
        .suggest("settings.attachment_bytes of the connection decides"));
    }
    Ok(bytes)
}

/// Strict base64, but for line breaks.
fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    BASE64_STANDARD
        .decode(digits)
        .ok()
        .filter(|bytes| !bytes.is_empty())
}

/// The type that the first bytes tell.
fn sniff(bytes: &[u8]) -> Option<&'static str> {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"%PDF-", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1f\x8b", "application/gzip"),
        (b"{\\rtf", "application/rtf"),
    ];
    KNOWN
        .iter()
        .find(|(start, _)| bytes.starts_with(start))
        .map(|(_, kind)| *kind)
        .or_else(|| {
            let readable = std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0);
            readable.then_some("text/plain")
        })
}
