//! The driver for a stable compiler: runs a target on changed inputs for a while.
//!
//! Owns the loop, what is worth keeping in the pool, and what happens to an input that breaks a promise:
//! it is made smaller as far as that is easy, and kept. An input that never ends, or that ends the whole
//! process, is kept too.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::mutate::Mutator;
use crate::{Target, corpus};

/// The largest pool; beyond it inputs of new outcomes are not kept.
const POOL: usize = 4000;

/// An input that takes this long does not end, as far as anybody waits.
const HANGS: Duration = Duration::from_secs(10);

/// The exit code of a process that met an input without end.
pub const HUNG: i32 = 3;

/// How a target is driven.
#[derive(Debug, Clone)]
pub struct Plan {
    /// For how long.
    pub time: Duration,
    /// What all changes come from.
    pub seed: u64,
    /// A file into which each input goes before it is run; for finding one that ends the process.
    pub trace: Option<PathBuf>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// Inputs that were run.
    pub runs: u64,
    /// How long it took.
    pub time: Duration,
    /// Different outcomes.
    pub outcomes: usize,
    /// What broke a promise: the place in the code and its message, with the file of the input.
    pub broken: BTreeMap<String, PathBuf>,
}

thread_local! {
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a target for a while. Panics of targets are caught and not printed.
///
/// # Errors
/// The corpus cannot be read, or a file cannot be written.
pub fn drive(target: &'static Target, plan: &Plan) -> io::Result<Report> {
    let mut pool: Vec<Vec<u8>> = corpus::inputs(target)?
        .into_iter()
        .map(|(_, input)| input)
        .collect();
    let watched = Watched::default();
    watched.watch(target);
    quietly();
    let began = Instant::now();
    let mut mutator = Mutator::new(plan.seed, target.words);
    let mut outcomes = HashSet::new();
    let mut report = Report::default();
    let mut first = pool.clone().into_iter();
    while began.elapsed() < plan.time || first.len() > 0 {
        let input = first.next().unwrap_or_else(|| mutator.next(&pool));
        if let Some(trace) = &plan.trace {
            fs::write(trace, &input)?;
        }
        watched.begin(&input);
        report.runs += 1;
        match run(target, &input) {
            Ok(seen) => {
                if outcomes.insert(corpus::fingerprint(seen.as_bytes())) && pool.len() < POOL {
                    pool.push(input);
                }
            }
            Err(what) if !report.broken.contains_key(&place(&what)) => {
                let small = smaller(target, input, &place(&what));
                report
                    .broken
                    .insert(place(&what), corpus::keep_crash(target, &small)?);
                eprintln!("    {what}");
            }
            Err(_) => {}
        }
    }
    watched.end();
    report.time = began.elapsed();
    report.outcomes = outcomes.len();
    Ok(report)
}

/// Runs a target once.
///
/// # Errors
/// What promise it broke, after the place in the code.
pub fn run(target: &Target, input: &[u8]) -> Result<crate::Seen, String> {
    let result = panic::catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    result.map_err(|_| {
        PANIC
            .take()
            .unwrap_or_else(|| "a panic without a message".to_owned())
    })
}

/// Keeps messages of panics for [`run`] instead of printing them.
pub fn quietly() {
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        let message = info.payload_as_str().unwrap_or_default();
        let message: String = message.chars().take(300).collect();
        PANIC.set(Some(format!("{place}: {message}")));
    }));
}

fn place(what: &str) -> String {
    what.split_once(": ")
        .map_or(what, |(place, _)| place)
        .to_owned()
}

/// Leaves out parts, ever smaller ones, as long as the same promise breaks.
fn smaller(target: &Target, mut input: Vec<u8>, broken: &str) -> Vec<u8> {
    let until = Instant::now() + Duration::from_secs(5);
    let mut part = input.len().div_ceil(2);
    while part > 0 {
        let mut at = 0;
        while at < input.len() && Instant::now() < until {
            let mut less = input.clone();
            less.drain(at..(at + part).min(input.len()));
            match run(target, &less) {
                Err(what) if place(&what) == broken => input = less,
                _ => at += part,
            }
        }
        part /= 2;
    }
    input
}

/// The input that is running, for a thread that notices when it does not end.
#[derive(Default, Clone)]
struct Watched {
    runs: Arc<AtomicU64>,
    input: Arc<Mutex<Vec<u8>>>,
}

/// The number of runs that says that no more follow.
const ENDED: u64 = u64::MAX;

impl Watched {
    fn begin(&self, input: &[u8]) {
        let mut kept = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clear();
        kept.extend_from_slice(input);
        self.runs.fetch_add(1, Ordering::Relaxed);
    }

    fn end(&self) {
        self.runs.store(ENDED, Ordering::Relaxed);
    }

    fn watch(&self, target: &'static Target) {
        let watched = self.clone();
        thread::spawn(move || {
            let (mut last, mut since) = (0, Instant::now());
            loop {
                thread::park_timeout(Duration::from_secs(1));
                let now = watched.runs.load(Ordering::Relaxed);
                if now == ENDED {
                    return;
                }
                if now != last {
                    (last, since) = (now, Instant::now());
                } else if since.elapsed() > HANGS {
                    watched.give_up(target);
                }
            }
        });
    }

    fn give_up(&self, target: &Target) -> ! {
        let input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        match corpus::keep_crash(target, &input) {
            Ok(path) => eprintln!(
                "    an input did not end within {} s: {}",
                HANGS.as_secs(),
                shown(&path)
            ),
            Err(error) => eprintln!("    an input did not end, and cannot be kept: {error}"),
        }
        process::exit(HUNG)
    }
}

/// A path as one would type it in the checkout.
#[must_use]
pub fn shown(path: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new(""));
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}
