//! `portcullis plugin inspect`: what a plugin asks for, before it is given anything.
//!
//! The component is compiled and asked for its manifest, in an instance that reaches nothing; a file that
//! would be refused is shown as far as it can be, with the reason.

mod text;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::{Exit, complain, print};
use super::look::Look;
use crate::config::Limits;
use crate::policy::{Asks, Difference, differences};
use crate::registry::{Origin, Plugin, Reason, Signed, Verdict, check_signature, read_component};
use crate::runtime::{self, Digest};

/// Shows a plugin: a file, or what the folder or the program holds of an id.
pub async fn inspect(config: Option<PathBuf>, plugin: &str, json: bool) -> Exit {
    match try_inspect(config.as_deref(), plugin, json).await {
        Ok(exit) | Err(exit) => exit,
    }
}

/// Everything that is shown of a plugin that could be loaded.
struct Shown<'a> {
    plugin: &'a Plugin,
    asks: Asks,
    /// What became of its approval, in words.
    approval: String,
    /// What is known of its signature.
    signature: Signature,
    /// How it differs from what was approved; none if nothing was.
    differences: Option<Vec<Difference>>,
}

/// What is known of a signature.
#[derive(Clone)]
enum Signature {
    /// No key is configured, or the plugin is a part of the program.
    Unasked,
    /// It is a good one.
    Good(Signed),
    /// There is none, or not a good one: the file would be refused.
    Refused(String),
}

async fn try_inspect(config: Option<&Path>, plugin: &str, json: bool) -> Result<Exit, Exit> {
    let look = Look::at(config).await?;
    if is_path(plugin) {
        return Ok(file(&look, Path::new(plugin), json).await);
    }
    let mut found = look.folder.of_id(plugin);
    found.extend(look.embedded.get(plugin));
    if found.is_empty() {
        let carried: Vec<_> = look.embedded.keys().map(ToString::to_string).collect();
        let message = format!(
            "there is no plugin `{plugin}`: the plugin folder holds {}, and this program carries {}; a file is named by its path, e.g. `./{plugin}.wasm`",
            look.ids(),
            carried.join(", ")
        );
        return Err(complain(Exit::Usage, message));
    }
    let shown = found.into_iter().map(|plugin| {
        let signed = plugin.signed.clone();
        Shown::of(
            &look,
            plugin,
            signed.map_or(Signature::Unasked, Signature::Good),
        )
    });
    let shown: Vec<_> = shown.collect();
    Ok(say(&shown, json))
}

fn is_path(plugin: &str) -> bool {
    plugin.contains(['/', '\\', '.'])
}

async fn file(look: &Look, path: &Path, json: bool) -> Exit {
    let bytes = match read_component(path).await {
        Ok(bytes) => bytes,
        Err(error) => {
            let path = path.display();
            return complain(Exit::Usage, format_args!("{path} cannot be read: {error}"));
        }
    };
    let (digest, size) = (runtime::digest(&bytes), bytes.len());
    let signature = match check_signature(path, &bytes, look.keys()).await {
        Ok(None) => Signature::Unasked,
        Ok(Some(signed)) => Signature::Good(signed),
        Err(error) => Signature::Refused(error.to_string()),
    };
    let origin = Origin::File(path.to_owned());
    match Plugin::load(&look.runtime, origin, bytes.clone(), digest).await {
        Ok(plugin) => say(&[Shown::of(look, &Arc::new(plugin), signature)], json),
        Err(error) => {
            let interfaces = look.runtime.interfaces(bytes).await.ok();
            let refused = Refused {
                path,
                digest,
                size,
                interfaces,
                why: error.to_string(),
            };
            let text = match json {
                true => format!("{:#}", json!({ "plugins": [refused.as_json()] })),
                false => refused.as_text(),
            };
            match print(&text) {
                Exit::Done => Exit::Config,
                exit => exit,
            }
        }
    }
}

fn say(shown: &[Shown<'_>], json: bool) -> Exit {
    let text = if json {
        let list: Vec<Value> = shown.iter().map(Shown::as_json).collect();
        format!("{:#}", json!({ "plugins": list }))
    } else {
        let texts: Vec<String> = shown.iter().map(Shown::as_text).collect();
        texts.join("\n")
    };
    let is_refused = |shown: &Shown<'_>| matches!(shown.signature, Signature::Refused(_));
    match print(&text) {
        Exit::Done if shown.iter().any(is_refused) => Exit::Config,
        exit => exit,
    }
}

impl<'a> Shown<'a> {
    fn of(look: &Look, plugin: &'a Plugin, signature: Signature) -> Self {
        let asks = plugin.asks();
        let approved = look.lock.pins.get(&plugin.id);
        let is_file = matches!(plugin.origin, Origin::File(_));
        let approved = approved.filter(|_| is_file);
        let approval = match (is_file, approved) {
            (false, _) => "part of this program, needs none".to_owned(),
            (true, None) => "none in portcullis.lock".to_owned(),
            (true, Some(pin)) if *pin == look.pin(plugin) => "approved as it is".to_owned(),
            (true, Some(_)) => match look.rules().judge(plugin) {
                Verdict::Waits(Reason::Wider(_)) => "asks for more than was approved".to_owned(),
                _ => "another file than the approved one, asks for no more".to_owned(),
            },
        };
        Self {
            plugin,
            approval,
            signature,
            differences: approved.map(|pin| differences(&pin.asks, &asks)),
            asks,
        }
    }

    fn as_json(&self) -> Value {
        let Self { plugin, asks, .. } = self;
        let difference = |d: &Difference| json!({"widens": d.widens, "text": d.text});
        let found = self.differences.as_ref();
        json!({
            "id": plugin.id,
            "version": plugin.manifest.version,
            "summary": plugin.manifest.summary,
            "origin": plugin.origin.to_string(),
            "digest": hex::encode(plugin.compiled.digest),
            "bytes": plugin.compiled.bytes,
            "approval": self.approval,
            "signature": self.signature.as_json(),
            "differences": found.map(|found| found.iter().map(difference).collect::<Vec<_>>()),
            "asks": asks,
            "default_limits": limits(),
        })
    }
}

impl Signature {
    fn as_json(&self) -> Value {
        match self {
            Self::Unasked => Value::Null,
            Self::Good(Signed { key, comment }) => json!({"key": key, "comment": comment}),
            Self::Refused(why) => json!({"refused": why}),
        }
    }

    fn as_text(&self) -> String {
        match self {
            Self::Unasked => "none is asked for".to_owned(),
            Self::Good(Signed { key, comment }) => format!("by {key} ({comment})"),
            Self::Refused(why) => format!("the file would be refused: it {why}"),
        }
    }
}

/// What each call of a connection gets unless its table `limits` says otherwise.
fn limits() -> Map<String, Value> {
    let all = Limits::TABLE.iter();
    all.map(|limit| (limit.key.to_owned(), json!(limit.default)))
        .collect()
}

/// A file that would not be taken.
struct Refused<'a> {
    path: &'a Path,
    digest: Digest,
    size: usize,
    /// What it imports and exports, where that could be told.
    interfaces: Option<(Vec<String>, Vec<String>)>,
    why: String,
}

impl Refused<'_> {
    fn as_json(&self) -> Value {
        let interfaces = self.interfaces.as_ref();
        json!({
            "origin": self.path.display().to_string(),
            "digest": hex::encode(self.digest),
            "bytes": self.size,
            "refused": self.why,
            "imports": interfaces.map(|(imports, _)| imports),
            "exports": interfaces.map(|(_, exports)| exports),
        })
    }
}
