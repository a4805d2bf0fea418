//! Child processes and the lines that tell of them.
//!
//! Every step is one `==> …` line on standard error, so that standard output belongs to what is
//! run. A child is run in one of three ways: shown ([`run`]), silent with its output as the result
//! ([`quiet`]), or in place of this process ([`replace`]), which lets it see Ctrl-C itself.

use std::ffi::OsStr;
use std::process::{Command, ExitCode, Output};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};

/// Says that something begins whose own output follows.
pub(crate) fn announce(what: &str) {
    eprintln!("==> {what}");
}

/// Does something that prints nothing, on one line with the time it took.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprint!("==> {what} … ");
    let began = Instant::now();
    let done = work();
    match &done {
        Ok(_) => eprintln!("{:.1} s", began.elapsed().as_secs_f64()),
        Err(_) => eprintln!("failed after {:.1} s", began.elapsed().as_secs_f64()),
    }
    done
}

/// Runs a command with its output shown.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_run(command))?;
    ensure!(
        status.success(),
        "`{}` failed ({status}), see its output above",
        line(command)
    );
    Ok(())
}

/// Runs a command without showing anything; returns what it wrote to standard output.
pub(crate) fn quiet(command: &mut Command) -> Result<String> {
    let output = command
        .env_remove("RUST_BACKTRACE")
        .output()
        .with_context(|| cannot_run(command))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(anyhow!("`{}` failed: {}", line(command), reason(&output))),
    }
}

/// Becomes the command; returns only if that fails.
#[cfg(unix)]
pub(crate) fn replace(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).with_context(|| cannot_run(command))
}

/// Runs the command and hands on its exit code.
#[cfg(not(unix))]
pub(crate) fn replace(command: &mut Command) -> Result<ExitCode> {
    let status = command.status().with_context(|| cannot_run(command))?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn cannot_run(command: &Command) -> String {
    format!(
        "cannot run `{}`; is it installed?",
        command.get_program().display()
    )
}

/// The command as one would type it, without the long options that say where things are.
fn line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = command
        .get_args()
        .map(OsStr::to_string_lossy)
        .filter(|word| word.len() < 60);
    let mut line = name.to_string_lossy().into_owned();
    for word in words.take(4) {
        line.push(' ');
        line.push_str(&word);
    }
    line
}

fn reason(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    match key_line(&stderr) {
        Some(line) => shorten(line.trim_start_matches("error: "), 160),
        None => output.status.to_string(),
    }
}

/// The line of an error output that says most: the first that calls itself an error, or the last.
fn key_line(stderr: &str) -> Option<&str> {
    let mut lines = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let errors = ["error", "E: "];
    lines
        .clone()
        .find(|line| errors.iter().any(|start| line.starts_with(start)))
        .or_else(|| lines.next_back())
}

/// Some tools put a whole chain of causes into one line; the beginning says it.
fn shorten(line: &str, most: usize) -> String {
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_between_characters() {
        assert_eq!(shorten("äöü", 2), "äö …");
        assert_eq!(shorten("äöü", 3), "äöü");
    }

    #[test]
    fn the_first_error_line_explains_a_failure() {
        let cases = [
            (
                "info: x\nerror: download failed\n\nCaused by:\n  1: y\n",
                Some("error: download failed"),
            ),
            (
                "W: weak\nE: Unable to locate package rust-src\n",
                Some("E: Unable to locate package rust-src"),
            ),
            ("something\nlast words\n\n", Some("last words")),
            ("", None),
        ];
        for (stderr, expected) in cases {
            assert_eq!(key_line(stderr), expected, "{stderr}");
        }
    }
}
