//! `live <crm>`: the CRM's table of behaviour against a real installation.
//!
//! The environment names it; variables that are missing are listed. Records made carry the word of
//! the run in their names and are deleted at the end. Prints a line per case and a summary; the exit
//! code is 1 when a case failed, 2 when the command or the environment is not complete.

mod crms;
mod target;

use std::io::Write;
use std::process::ExitCode;

use portcullis_demo::behaviour::{
    AtomicTable, BottleTable, Dialect, EspoTable, Outcome, SuiteTable, Verdict, run,
};
use target::Live;

const USAGE: &str = "usage: live espocrm | suitecrm | bottlecrm | atomic";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let ended = match std::env::args().nth(1).as_deref() {
        Some("atomic") => report(&AtomicTable, crms::atomic()).await,
        Some("bottlecrm") => report(&BottleTable, crms::bottlecrm()).await,
        Some("espocrm") => report(&EspoTable, crms::espocrm()).await,
        Some("suitecrm") => report(&SuiteTable, crms::suitecrm()).await,
        _ => Err(USAGE.to_owned()),
    };
    ended.unwrap_or_else(|problem| {
        say(&problem);
        ExitCode::from(2)
    })
}

async fn report<D: Dialect>(dialect: &D, live: Result<Live, String>) -> Result<ExitCode, String> {
    let live = live?;
    let groups = dialect
        .groups()
        .map_err(|error| format!("the table cannot be read: {error}"))?;
    let seconds = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |now| now.as_secs());
    let mut counts = [0_u32; 3];
    for (n, group) in groups.iter().enumerate() {
        let word = format!("zq{seconds:x}g{n}");
        for outcome in run(dialect, &live, group, &word).await {
            counts[line(&outcome)] += 1;
        }
    }
    let [passed, failed, skipped] = counts;
    say(&format!(
        "{passed} passed, {failed} failed, {skipped} skipped"
    ));
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// Prints an outcome and tells which count it belongs to.
fn line(outcome: &Outcome) -> usize {
    let name = format!("{} / {}", outcome.group, outcome.case);
    let (word, reason, count) = match &outcome.verdict {
        Verdict::Passed => ("ok     ", String::new(), 0),
        Verdict::Failed(reason) => ("FAILED ", format!(": {reason}"), 1),
        Verdict::Skipped(reason) => ("skipped", format!(": {reason}"), 2),
    };
    say(&format!("{word} {name}{reason}"));
    count
}

fn say(text: &str) {
    // A closed pipe is no reason to stop before the records are deleted.
    let _ = writeln!(std::io::stdout(), "{text}");
}
