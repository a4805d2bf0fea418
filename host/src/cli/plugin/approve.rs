//! `portcullis plugin approve`: shows what a plugin asks for in plain words, asks, and writes the lock.

use std::fmt::Write;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::{Exit, at_a_terminal, complain, print};
use super::look::Look;
use crate::policy::{Asks, Difference, differences};
use crate::registry::{Lock, Pin, Plugin, Signed};

/// Approves a plugin of the folder.
pub async fn approve(config: Option<PathBuf>, id: &str, yes: bool) -> Exit {
    match try_approve(config.as_deref(), id, yes).await {
        Ok(exit) | Err(exit) => exit,
    }
}

async fn try_approve(config: Option<&Path>, id: &str, yes: bool) -> Result<Exit, Exit> {
    let look = Look::at(config).await?;
    let Some(lock) = look.lock_path.clone() else {
        let message = "no plugin folder is configured, so there is nothing to approve: the plugins of this program are a part of it, and files are approved once `server.plugins` names their folder";
        return Err(complain(Exit::Usage, message));
    };
    let plugin = the_one(&look, id)?;
    let (pin, before) = (look.pin(&plugin), look.lock.pins.get(&plugin.id));
    if before == Some(&pin) {
        let message = format!("`{id}` is approved as it is ({})", lock.display());
        return Ok(print(&message));
    }
    print(&shown(&plugin, &pin, before));
    if !yes && !agreed()? {
        eprintln!("nothing was changed");
        return Ok(Exit::Failed);
    }
    write(&lock, &plugin, pin, before).map(|()| {
        let message = format!(
            "approved in {}; a server that runs takes it up by itself",
            lock.display()
        );
        print(&message)
    })
}

/// The file of an id that can be approved; of two, the one that was not approved before.
fn the_one(look: &Look, id: &str) -> Result<Arc<Plugin>, Exit> {
    let of_id = look.folder.of_id(id);
    let is_new = |plugin: &&&Arc<Plugin>| look.lock.pins.get(&plugin.id) != Some(&look.pin(plugin));
    let new: Vec<_> = of_id.iter().filter(is_new).collect();
    match (of_id.as_slice(), new.as_slice()) {
        ([], _) => Err(complain(Exit::Usage, absent(look, id))),
        (_, [one]) => Ok(Arc::clone(one)),
        ([one, ..], []) => Ok(Arc::clone(one)),
        (_, several) => {
            let files: Vec<_> = several.iter().map(|p| p.origin.to_string()).collect();
            let message = format!(
                "several files hold `{id}`: {}; remove all but one of them",
                files.join(", ")
            );
            Err(complain(Exit::Usage, message))
        }
    }
}

fn absent(look: &Look, id: &str) -> String {
    let folder = look.folder_path().unwrap_or(Path::new(""));
    let mut text = format!(
        "no file of {} holds a plugin `{id}`; it holds {}",
        folder.display(),
        look.ids()
    );
    if look.embedded.contains_key(id) {
        write!(
            text,
            "\nthe `{id}` of this program is a part of it and needs no approval"
        )
        .ok();
    }
    for (path, why) in look.folder.refused() {
        write!(text, "\n{} is refused: {why}", path.display()).ok();
    }
    text
}

fn shown(plugin: &Plugin, pin: &Pin, before: Option<&Pin>) -> String {
    let mut text = format!(
        "{} {}  {}\n{}\n",
        plugin.id, pin.version, plugin.origin, pin.digest
    );
    if let Some(Signed { key, comment }) = &plugin.signed {
        writeln!(text, "Signed by {key} ({comment}).").ok();
    }
    if pin.replaces_embedded {
        let id = &plugin.id;
        writeln!(
            text,
            "It takes the place of the plugin `{id}` that this program carries."
        )
        .ok();
    }
    let nothing = Asks::default();
    let found = differences(before.map_or(&nothing, |before| &before.asks), &pin.asks);
    match before {
        None => text.push_str("\nIt was never approved. It asks for:\n"),
        Some(before) => {
            let version = &before.version;
            writeln!(text, "\nApproved was version {version}, {}.", before.digest).ok();
            text.push_str(compared(&found));
        }
    }
    lines(&mut text, &found, true);
    if before.is_some() && found.iter().any(|difference| !difference.widens) {
        text.push_str("It does not ask for this any more:\n");
        lines(&mut text, &found, false);
    }
    text
}

fn compared(found: &[Difference]) -> &'static str {
    match found.iter().any(|difference| difference.widens) {
        true => "Beyond that it asks for:\n",
        false if found.is_empty() => "It asks for the same as before.\n",
        false => "It asks for no more than before.\n",
    }
}

fn lines(text: &mut String, found: &[Difference], widens: bool) {
    let mark = if widens { '+' } else { '-' };
    for difference in found
        .iter()
        .filter(|difference| difference.widens == widens)
    {
        writeln!(text, "  {mark} {}", difference.text).ok();
    }
}

/// The answer of a person; without a terminal there is nobody to ask.
fn agreed() -> Result<bool, Exit> {
    if !at_a_terminal() {
        let message =
            "nobody can be asked, since this is no terminal; --yes approves without asking";
        return Err(complain(Exit::Usage, message));
    }
    eprint!("\nApprove this? [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| complain(Exit::System, error))?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}

/// Writes what was shown, unless somebody else decided meanwhile.
fn write(path: &Path, plugin: &Plugin, pin: Pin, before: Option<&Pin>) -> Result<(), Exit> {
    let mut is_as_shown = false;
    let written = Lock::update(path, |lock| {
        is_as_shown = lock.pins.get(&plugin.id) == before;
        if is_as_shown {
            lock.pins.insert(plugin.id.clone(), pin);
        }
    });
    written.map_err(|error| complain(Exit::System, error))?;
    if is_as_shown {
        return Ok(());
    }
    let message = format!(
        "{} changed meanwhile; look again with `portcullis plugin approve {}`",
        path.display(),
        plugin.id
    );
    Err(complain(Exit::Failed, message))
}
