//! Workflows that a client can offer its user: the built-in ones, and the operator's own texts.
//!
//! Owns which prompts there are at this moment and where their texts come from. A folder is read when
//! somebody asks, so that an edited file holds at once, and a file that was deleted gives the built-in
//! text back. It must not know connections, tools or MCP.

mod fill;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use tokio::sync::watch;

pub use fill::{Given, Place, Unfit};
pub use text::{Argument, Broken, Prompt};

/// One text of the top-level folder `prompts`.
macro_rules! built_in {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../prompts/", $name, ".md")),
        )
    };
}

/// The texts that come with the program, by name, in the order in which they are listed.
const BUILT_IN: [(&str, &str); 6] = [
    built_in!("process-call-transcript"),
    built_in!("log-meeting"),
    built_in!("process-inbound-lead"),
    built_in!("draft-followup"),
    built_in!("pipeline-update"),
    built_in!("email-triage"),
];

/// The largest file that is read, in bytes; a prompt goes into a model's context whole.
const LARGEST: u64 = 256 << 10;

static PARSED: LazyLock<Vec<Prompt>> = LazyLock::new(|| {
    let parsed = BUILT_IN
        .iter()
        .map(|(name, text)| Prompt::parse(name, text, None));
    parsed.filter_map(Result::ok).collect()
});

/// The prompts of a host.
#[derive(Debug, Default)]
pub struct Prompts {
    folder: Option<PathBuf>,
    said: Mutex<BTreeSet<String>>,
    changed: watch::Sender<u64>,
}

impl Prompts {
    /// The built-in ones, and files `<name>.md` of a folder in their place or beside them.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            ..Self::default()
        }
    }

    /// The folder, where there is one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Tells when texts changed; the value counts the changes.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Says that something in the folder changed.
    pub fn touched(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// All of them: the built-in ones first, then those that only the folder has, by name. Reads files.
    #[must_use]
    pub fn all(&self) -> Vec<Prompt> {
        let mut files = self.files();
        let mut all: Vec<Prompt> = PARSED
            .iter()
            .filter_map(|built_in| match files.remove(&built_in.name) {
                Some(file) => self.read(&built_in.name, &file, Some(built_in)),
                None => Some(built_in.clone()),
            })
            .collect();
        let own = files
            .iter()
            .filter_map(|(name, file)| self.read(name, file, None));
        all.extend(own);
        all
    }

    /// What a file says; the built-in text where it says nothing that can be used.
    fn read(&self, name: &str, file: &Path, built_in: Option<&Prompt>) -> Option<Prompt> {
        let parsed = load(file).and_then(|text| Prompt::parse(name, &text, built_in));
        match parsed {
            Ok(prompt) => Some(prompt),
            // It was deleted while the folder was read.
            Err(Broken::Unreadable(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                built_in.cloned()
            }
            Err(broken) => {
                self.warn(file, &broken, built_in.is_some());
                built_in.cloned()
            }
        }
    }

    /// Once for each file and mistake: clients ask for the list again and again.
    fn warn(&self, file: &Path, broken: &Broken, falls_back: bool) {
        let instead = match falls_back {
            true => "the built-in text serves instead",
            false => "it is not listed",
        };
        let told = format!("{}: {broken}; {instead}", file.display());
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.insert(told.clone()) {
            tracing::warn!("{told}");
        }
    }

    /// The files of the folder by the names of their prompts.
    fn files(&self) -> BTreeMap<String, PathBuf> {
        let entries = self
            .folder
            .as_ref()
            .and_then(|folder| std::fs::read_dir(folder).ok());
        let files = entries.into_iter().flatten().filter_map(Result::ok);
        files.filter_map(|entry| named(&entry.path())).collect()
    }
}

fn named(file: &Path) -> Option<(String, PathBuf)> {
    let name = file.file_stem()?.to_str()?;
    let is_prompt = file.extension().is_some_and(|extension| extension == "md");
    (is_prompt && is_name(name)).then(|| (name.to_owned(), file.to_owned()))
}

/// Lower-case letters, digits and hyphens, beginning with a letter, at most 40.
fn is_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() <= 40
        && name.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        && name.bytes().all(known)
}

fn load(file: &Path) -> Result<String, Broken> {
    let about = std::fs::metadata(file).map_err(Broken::Unreadable)?;
    if about.len() > LARGEST {
        return Err(Broken::Large(LARGEST));
    }
    std::fs::read_to_string(file).map_err(Broken::Unreadable)
}

/// Names and texts of the built-in prompts, as they are exported.
#[must_use]
pub const fn built_in() -> &'static [(&'static str, &'static str)] {
    &BUILT_IN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(prompts: &Prompts) -> Vec<(String, String)> {
        let all = prompts.all().into_iter();
        all.map(|prompt| (prompt.name, prompt.title)).collect()
    }

    #[test]
    fn every_built_in_text_parses() {
        assert_eq!(PARSED.len(), BUILT_IN.len());
        for prompt in PARSED.iter() {
            assert!(prompt.arguments.iter().any(|argument| argument.required));
            for argument in &prompt.arguments {
                let place = format!("{{{{{}}}}}", argument.name);
                assert!(prompt.body.contains(&place), "{}: {place}", prompt.name);
            }
        }
    }

    #[test]
    fn a_file_holds_as_long_as_it_is_there_and_right() {
        let folder = tempfile::tempdir().unwrap();
        let prompts = Prompts::new(Some(folder.path().to_owned()));
        let file = folder.path().join("log-meeting.md");
        let built_in = titles(&prompts);
        std::fs::write(
            &file,
            "+++\ntitle = \"Ours\"\n+++\nWrite it down: {{notes}}",
        )
        .unwrap();
        let with_file = titles(&prompts);
        assert_eq!(with_file[1], ("log-meeting".into(), "Ours".into()));
        assert_eq!(with_file.len(), built_in.len());
        for broken in [
            "",
            "   \n",
            "+++\ntitle = 5\n+++\nx",
            "+++\ntitle = \"x\"\nno end",
            "{{nobody}}",
        ] {
            std::fs::write(&file, broken).unwrap();
            assert_eq!(titles(&prompts), built_in, "{broken:?}");
        }
        std::fs::remove_file(&file).unwrap();
        assert_eq!(titles(&prompts), built_in);
    }

    #[test]
    fn more_prompts_come_after_the_built_in_ones() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["weekly-report.md", "Upper.md", "notes.txt", "-x.md"] {
            std::fs::write(folder.path().join(name), "Report.").unwrap();
        }
        let prompts = Prompts::new(Some(folder.path().to_owned()));
        let more = titles(&prompts).split_off(BUILT_IN.len());
        assert_eq!(more, [("weekly-report".into(), "weekly-report".into())]);
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log-meeting.md");
        std::fs::write(&file, "x".repeat(usize::try_from(LARGEST).unwrap() + 1)).unwrap();
        assert!(matches!(load(&file), Err(Broken::Large(_))));
    }
}
