//! Holds the real PostgREST and PostgreSQL to the table that the in-memory project is held to.
//!
//! What only the platform has in front of them, the gateway and the sign-in, is left out by the
//! table itself: those groups need values that are not given here.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use portcullis_demo::behaviour::{
    Answer, Ask, AtomicTable, Dialect, Headers, Saved, Target, Verdict, run,
};
use portcullis_postgres_tests::{Caller, Project};

/// The user of [`Caller::Rep`].
const REP: &str = "22222222-2222-2222-2222-222222222222";

/// What an operator runs to make tasks their owner's alone.
const OWN_TASKS: &str = r#"
drop policy "signed-in users" on tasks;
create policy "owners" on tasks for all to authenticated
  using (sales_id = (select s.id from sales s where s.user_id = auth.uid()))
  with check (sales_id = (select s.id from sales s where s.user_id = auth.uid()));
"#;

/// A project as a target of the table.
struct Real {
    project: Project,
    values: Vec<(String, String)>,
}

impl Real {
    fn start(sql: &str, tasks: &str) -> Self {
        let token = |caller: Caller| {
            let header = caller.authorization().expect("a token");
            header.trim_start_matches("Bearer ").to_owned()
        };
        let values = [
            ("token", token(Caller::Rep)),
            ("colleague", token(Caller::Admin)),
            ("expired", token(Caller::Expired)),
            ("user_id", REP.to_owned()),
            ("v12", "yes".to_owned()),
            ("no_sql", "yes".to_owned()),
            ("ordinary", "yes".to_owned()),
            (tasks, "yes".to_owned()),
        ];
        Self {
            project: Project::start_with(sql).expect("a project"),
            values: values.map(|(name, value)| (name.to_owned(), value)).into(),
        }
    }
}

impl Target for Real {
    /// HTTP 1.0, so that the answer comes in one piece and the connection ends with it.
    async fn send(&self, ask: Ask) -> Result<Answer, String> {
        let address = ask.address();
        let path = address
            .strip_prefix("rest/v1")
            .ok_or_else(|| format!("{address} is not PostgREST's"))?;
        let mut head = format!(
            "{} {path} HTTP/1.0\r\nhost: localhost\r\ncontent-length: {}\r\n",
            ask.method,
            ask.body.len()
        );
        for (name, value) in &ask.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let address = self.project.rest.address();
        let sent = || -> std::io::Result<Vec<u8>> {
            let mut stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(Duration::from_secs(30)))?;
            stream.write_all(head.as_bytes())?;
            stream.write_all(b"\r\n")?;
            stream.write_all(&ask.body)?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer)?;
            Ok(answer)
        };
        let answer = sent().map_err(|error| error.to_string())?;
        parsed(&answer).ok_or_else(|| "an answer that is no HTTP".to_owned())
    }

    fn credentials(&self, who: &str, _ask: &Ask, saved: &Saved) -> Option<Headers> {
        AtomicTable::credentials(who, saved)
    }

    fn values(&self) -> Vec<(String, String)> {
        self.values.clone()
    }

    fn is_demo(&self) -> bool {
        false
    }
}

fn parsed(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
    Some(Answer {
        status,
        headers: headers.collect(),
        body: answer[end + 4..].to_vec(),
    })
}

/// Runs the whole table; the cases that can run here must not become fewer unnoticed.
async fn hold(real: &Real) {
    let groups = AtomicTable.groups().expect("the table is of its form");
    let (mut failed, mut passed) = (Vec::new(), 0);
    for (n, group) in groups.iter().enumerate() {
        for outcome in run(&AtomicTable, real, group, &format!("zq{n}")).await {
            match outcome.verdict {
                Verdict::Failed(reason) => {
                    failed.push(format!("{} / {}: {reason}", outcome.group, outcome.case));
                }
                Verdict::Passed => passed += 1,
                Verdict::Skipped(_) => {}
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{passed} passed, {} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(passed > 110, "only {passed} cases ran");
}

#[tokio::test]
async fn a_project_as_it_ships() {
    hold(&Real::start("", "shared_tasks")).await;
}

#[tokio::test]
async fn a_project_with_tasks_of_ones_own() {
    hold(&Real::start(OWN_TASKS, "own_tasks")).await;
}
