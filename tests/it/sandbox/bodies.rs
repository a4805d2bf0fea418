//! Guests that ask for answers which are too large, too small on their way, or never over.

use std::convert::Infallible;
use std::io::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream;
use serde_json::Value;
use tokio::time::interval;

use crate::support::{Street, Stub, text};

/// What the guest is told of an answer that it did not get.
fn assert_unanswered(told: &Value, reason: &str, detail: &str) {
    assert_eq!(text(told, "/reason"), reason, "{told}");
    assert!(text(told, "/detail").contains(detail), "{told}");
}

#[tokio::test]
pub async fn oversize_response() {
    let stub = Stub::start(|_| Response::new(Body::from("x".repeat(1_000_001)))).await;
    let limit = "limits.response_bytes = 1000000";
    let street = Street::of("oversize_response", limit, &stub.url()).await;
    for told in street.told().await {
        assert_unanswered(&told, "TooLarge", "limits.response_bytes");
    }
}

#[tokio::test]
pub async fn decompression_bomb() {
    // Fifty million zeros in fifty thousand bytes.
    let bomb = Bytes::from(gzip_of_zeros(50_000_000));
    assert!(bomb.len() < 1_000_000, "{}", bomb.len());
    let stub = Stub::start(move |arrived| {
        assert!(arrived.header("accept-encoding").is_some());
        Response::builder()
            .header("content-encoding", "gzip")
            .body(Body::from(bomb.clone()))
            .expect("a response")
    })
    .await;
    let limit = "limits.response_bytes = 1000000";
    let street = Street::of("decompression_bomb", limit, &stub.url()).await;
    for told in street.told().await {
        assert_unanswered(&told, "TooLarge", "limits.response_bytes");
    }
}

#[tokio::test]
pub async fn slow_body() {
    let stub = Stub::start(|_| {
        let drip = stream::unfold(interval(Duration::from_millis(5)), async |mut drops| {
            drops.tick().await;
            Some((Ok::<_, Infallible>(Bytes::from_static(b".")), drops))
        });
        Response::new(Body::from_stream(drip))
    })
    .await;
    // The CRM is not called again after a few of these, which is another rule's business.
    let limits = "limits.timeout_ms = 600\nlimits.breaker_threshold = 1000";
    let street = Street::of("slow_body", limits, &stub.url()).await;
    for told in street.told().await {
        assert_unanswered(&told, "Timeout", "");
    }
}

fn gzip_of_zeros(count: usize) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed
        .write_all(&vec![0; count])
        .and_then(|()| packed.finish())
        .expect("a vector takes everything")
}
