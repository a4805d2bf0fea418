//! Holds each fault to what a client on the other end of the wire gets to see.

use portcullis_demo::Running;
use portcullis_demo::espocrm::{EspoCrm, FULL_KEY, Options};
use portcullis_demo::fault::{Fault, Faults, faulty};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Broken {
    crm: EspoCrm,
    faults: Faults,
    running: Running,
}

async fn broken() -> Broken {
    let crm = EspoCrm::new(Options::default());
    let faults = Faults::new();
    let running = Running::start(faulty(crm.router(), &faults))
        .await
        .expect("a free port");
    Broken {
        crm,
        faults,
        running,
    }
}

impl Broken {
    /// Everything the server sent until it closed the connection.
    async fn exchange(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.running.address())
            .await
            .expect("a connection");
        let request = format!(
            "{method} /api/v1/{path} HTTP/1.1\r\nhost: demo\r\nconnection: close\r\nx-api-key: {FULL_KEY}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream
            .write_all(request.as_bytes())
            .await
            .expect("the request leaves");
        let mut answer = Vec::new();
        // A broken connection is part of what is tested.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn get(&self) -> String {
        self.exchange("GET", "Account?maxSize=3", "").await
    }
}

#[tokio::test]
async fn replaced_answers() {
    let broken = broken().await;
    let cases = [
        (Fault::Html(502), "HTTP/1.1 502", "<html>"),
        (Fault::too_many(), "HTTP/1.1 429", ""),
        (Fault::too_many_until("7"), "HTTP/1.1 429", "retry-after: 7"),
        (
            Fault::too_many_until("Sun, 22 Nov 2026 10:00:00 GMT"),
            "HTTP/1.1 429",
            "retry-after: Sun, 22 Nov 2026",
        ),
        (Fault::Empty(200), "HTTP/1.1 200", "content-length: 0"),
        (Fault::BadJson, "HTTP/1.1 200", "{\"total\": 3"),
        (
            Fault::Redirect("http://169.254.169.254/".into()),
            "HTTP/1.1 302",
            "location: http://169.254.169.254/",
        ),
        (
            Fault::Bomb(10_000_000),
            "HTTP/1.1 200",
            "content-encoding: gzip",
        ),
    ];
    for (fault, status, part) in cases {
        broken.faults.next(fault.clone());
        let answer = broken.get().await;
        assert!(
            answer.starts_with(status) && answer.contains(part),
            "{fault:?}: {answer}"
        );
    }
    assert!(
        broken.get().await.starts_with("HTTP/1.1 200"),
        "the faults are used up"
    );
    assert_eq!(broken.faults.applied(), 8);
}

#[tokio::test]
async fn a_cut_body_is_shorter_than_promised() {
    let broken = broken().await;
    broken.faults.next(Fault::CutMidBody);
    let answer = broken.get().await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let promised = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|text| text.parse::<usize>().ok());
    assert!(
        promised.is_some_and(|promised| !body.is_empty() && body.len() < promised),
        "{promised:?} promised, {} came",
        body.len()
    );
}

#[tokio::test]
async fn a_dropped_request_was_carried_out() {
    let broken = broken().await;
    let before = broken.crm.count("Account");
    broken.faults.next(Fault::DropAfterRequest);
    let answer = broken
        .exchange("POST", "Account", "{\"name\": \"Dropped\"}")
        .await;
    assert_eq!(answer, "");
    assert_eq!(broken.crm.count("Account"), before + 1);
}

#[tokio::test]
async fn huge_and_bomb_are_as_large_as_asked() {
    let broken = broken().await;
    broken.faults.next(Fault::Huge(4 * 1024 * 1024));
    assert!(broken.get().await.len() > 4 * 1024 * 1024);
    broken.faults.next(Fault::Bomb(10 * 1024 * 1024));
    assert!(broken.get().await.len() < 100_000);
}

#[tokio::test]
async fn a_standing_fault_meets_its_path_only_until_cleared() {
    let broken = broken().await;
    broken.faults.on("/Account", Fault::Html(403));
    assert!(broken.get().await.contains("403"));
    assert!(broken.get().await.contains("403"));
    assert!(
        broken
            .exchange("GET", "Contact?maxSize=1", "")
            .await
            .starts_with("HTTP/1.1 200")
    );
    broken.faults.clear();
    assert!(broken.get().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn slow_is_slow() {
    let broken = broken().await;
    broken.faults.next(Fault::Slow(Duration::from_millis(60)));
    let start = std::time::Instant::now();
    assert!(broken.get().await.starts_with("HTTP/1.1 200"));
    assert!(start.elapsed() >= Duration::from_millis(60));
}
