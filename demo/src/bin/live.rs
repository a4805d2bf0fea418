//! `live espocrm`: the table of behaviour against a real EspoCRM.
//!
//! `ESPOCRM_URL` and `ESPOCRM_API_KEY` name it; the key's user needs every right on the entities of
//! the table. Records made carry the word of the run in their names and are deleted at the end.
//! Prints a line per case and a summary; the exit code is 1 when a case failed, 2 when the command
//! or the environment is not complete.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use portcullis_demo::behaviour::{Answer, Ask, Outcome, Target, Verdict, espocrm, run};

/// Long enough for a slow machine, short enough to notice a dead one.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A real installation and the one user it may be asked as.
struct Live {
    client: reqwest::Client,
    api: String,
    key: String,
}

impl Target for Live {
    async fn send(&self, ask: Ask) -> Result<Answer, String> {
        let method = ask
            .method
            .parse::<reqwest::Method>()
            .map_err(|error| error.to_string())?;
        let query = if ask.query.is_empty() {
            String::new()
        } else {
            format!("?{}", ask.query)
        };
        let mut request = self
            .client
            .request(method, format!("{}/{}{query}", self.api, ask.path))
            .body(ask.body);
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let response = request
            .send()
            .await
            .map_err(|error| error.without_url().to_string())?;
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        let body = response
            .bytes()
            .await
            .map_err(|error| error.without_url().to_string())?
            .to_vec();
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    fn credentials(&self, who: &str, _ask: &Ask) -> Option<Vec<(String, String)>> {
        match who {
            "full" => Some(vec![("x-api-key".into(), self.key.clone())]),
            "nobody" => Some(Vec::new()),
            _ => None,
        }
    }

    fn is_demo(&self) -> bool {
        false
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match target() {
        Ok(live) => report(&live).await,
        Err(problem) => {
            say(&problem);
            ExitCode::from(2)
        }
    }
}

fn target() -> Result<Live, String> {
    if std::env::args().nth(1).as_deref() != Some("espocrm") {
        return Err("usage: live espocrm".into());
    }
    let names = ["ESPOCRM_URL", "ESPOCRM_API_KEY"];
    let values = names.map(|name| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    });
    let missing: Vec<&str> = names
        .iter()
        .zip(&values)
        .filter(|(_, value)| value.is_none())
        .map(|(name, _)| *name)
        .collect();
    let [Some(url), Some(key)] = values else {
        return Err(format!("not set: {}", missing.join(", ")));
    };
    // Another part of the program may have installed one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .build()
        .map_err(|error| error.to_string())?;
    Ok(Live {
        client,
        api: format!("{}/api/v1", url.trim_end_matches('/')),
        key,
    })
}

async fn report(live: &Live) -> ExitCode {
    let groups = match espocrm() {
        Ok(groups) => groups,
        Err(error) => {
            say(&format!("the table cannot be read: {error}"));
            return ExitCode::from(2);
        }
    };
    let seconds = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |now| now.as_secs());
    let mut counts = [0_u32; 3];
    for (n, group) in groups.iter().enumerate() {
        let word = format!("zq{seconds:x}g{n}");
        for outcome in run(live, group, &word).await {
            counts[line(&outcome)] += 1;
        }
    }
    let [passed, failed, skipped] = counts;
    say(&format!(
        "{passed} passed, {failed} failed, {skipped} skipped"
    ));
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
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
