//! `portcullis prompts`: the texts of the workflows, to be edited.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::{Exit, complain, say};
use crate::prompts::built_in;

/// Writes the built-in texts into a folder; what is there stays.
pub fn export(folder: &Path) -> Exit {
    if let Err(error) = fs::create_dir_all(folder) {
        return complain(Exit::System, format_args!("{}: {error}", folder.display()));
    }
    for (name, text) in built_in() {
        let file = folder.join(format!("{name}.md"));
        match write_new(&file, text) {
            Ok(()) => say(format_args!("{}: written", file.display())),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                say(format_args!("{}: is there, left as it is", file.display()));
            }
            Err(error) => {
                return complain(Exit::System, format_args!("{}: {error}", file.display()));
            }
        }
    }
    Exit::Done
}

fn write_new(file: &Path, text: &str) -> std::io::Result<()> {
    File::create_new(file)?.write_all(text.as_bytes())
}
