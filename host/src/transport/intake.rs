//! What a request has to look like before rmcp reads it: its size, its media types, its envelope.
//!
//! A client of 2026-07-28 that gets anything but a JSON-RPC error takes the server for an older one,
//! so every refusal here is such an error. It must not know callers or endpoints.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::envelope::{self, Malformed};

/// What rmcp wants to read in `Accept` of a POST.
const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");

/// Reads a message, or lets a request without one pass.
///
/// # Errors
/// The answer to a request that is not a message.
pub async fn take(request: Request, most_bytes: usize) -> Result<Request, Box<Response>> {
    let (mut head, body) = request.into_parts();
    accept(&head.method, &mut head.headers);
    if head.method != Method::POST {
        return Ok(Request::from_parts(head, body));
    }
    let refused = |wrong: Malformed| Box::new(wrong.into_response());
    if !is_json(&head.headers) {
        return Err(refused(Malformed::whole(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the message as `Content-Type: application/json`",
        )));
    }
    let body = Limited::new(body, most_bytes).collect().await;
    let body = body.map_err(|error| refused(unread(error.as_ref(), most_bytes)))?;
    let body = body.to_bytes();
    envelope::check(&body).map_err(refused)?;
    Ok(Request::from_parts(head, Body::from(body)))
}

fn unread(error: &(dyn std::error::Error + 'static), most_bytes: usize) -> Malformed {
    if error.is::<LengthLimitError>() {
        let told = format!("the message is larger than {most_bytes} bytes");
        return Malformed::whole(StatusCode::PAYLOAD_TOO_LARGE, &told);
    }
    Malformed::whole(StatusCode::BAD_REQUEST, "the message broke off")
}

/// Whether the body says that it is JSON; parameters such as a charset mean nothing to JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let value = values.next().and_then(|value| value.to_str().ok());
    let kind = value.and_then(|value| value.split(';').next());
    values.next().is_none()
        && kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Widens `Accept` to what rmcp asks for, where the client takes JSON at all: answers are JSON unless
/// there is something to tell before them.
fn accept(method: &Method, headers: &mut HeaderMap) {
    let values: Vec<_> = headers.get_all(header::ACCEPT).iter().collect();
    let takes = |kind: &str| {
        let ranges = values.iter().filter_map(|value| value.to_str().ok());
        ranges
            .flat_map(|ranges| ranges.split(','))
            .any(|range| covers(range, kind))
    };
    let wider = match *method {
        Method::POST if values.is_empty() || takes("application/json") => BOTH,
        Method::GET if values.is_empty() || takes("text/event-stream") => EVENTS,
        _ => return,
    };
    headers.insert(header::ACCEPT, wider);
}

/// Whether one media range of `Accept` covers a media type; `q=0` takes it out.
fn covers(range: &str, kind: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let range = parts.next().unwrap_or_default();
    let never = |parameter: &str| {
        let quality = parameter
            .split_once('=')
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
        quality.is_some_and(|(_, value)| value.trim().parse() == Ok(0.0))
    };
    let main = kind.split('/').next().unwrap_or_default();
    let matches = range == "*/*"
        || range.eq_ignore_ascii_case(kind)
        || range
            .strip_suffix("/*")
            .is_some_and(|range| range.eq_ignore_ascii_case(main));
    matches && !parts.any(never)
}

#[cfg(test)]
mod tests {
    use futures::future::FutureExt;

    use super::*;

    const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

    fn taken(request: Request) -> Result<Request, u16> {
        let taken = take(request, 100)
            .now_or_never()
            .expect("nothing to wait for");
        taken.map_err(|response| response.status().as_u16())
    }

    fn post(headers: &[(&str, &str)], body: &str) -> Request {
        let mut request = Request::post("/mcp");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::from(body.to_owned())).unwrap()
    }

    #[test]
    fn media_types() {
        for (kind, status) in [
            (Some("application/json"), None),
            (Some("Application/JSON; charset=utf-8"), None),
            (Some("text/plain"), Some(415)),
            (Some("application/jsonx"), Some(415)),
            (None, Some(415)),
        ] {
            let headers: Vec<_> = kind
                .map(|kind| ("content-type", kind))
                .into_iter()
                .collect();
            assert_eq!(taken(post(&headers, PING)).err(), status, "{kind:?}");
        }
        let twice = [
            ("content-type", "application/json"),
            ("content-type", "text/plain"),
        ];
        assert_eq!(taken(post(&twice, PING)).err(), Some(415));
    }

    #[test]
    fn sizes_and_envelopes() {
        let json = [("content-type", "application/json")];
        let long = format!("{PING}{}", " ".repeat(100));
        for (body, status) in [(PING, None), (long.as_str(), Some(413)), ("[]", Some(400))] {
            assert_eq!(taken(post(&json, body)).err(), status);
        }
    }

    #[test]
    fn what_a_client_takes() {
        for (sent, forwarded) in [
            (None, BOTH.to_str().unwrap()),
            (Some("*/*"), BOTH.to_str().unwrap()),
            (Some("application/*"), BOTH.to_str().unwrap()),
            (Some("application/json"), BOTH.to_str().unwrap()),
            (
                Some("text/html, application/json;q=0.5"),
                BOTH.to_str().unwrap(),
            ),
            (Some("application/json;q=0"), "application/json;q=0"),
            (Some("text/event-stream"), "text/event-stream"),
            (Some("text/html"), "text/html"),
        ] {
            let mut headers = vec![("content-type", "application/json")];
            headers.extend(sent.map(|sent| ("accept", sent)));
            let request = taken(post(&headers, PING)).unwrap();
            assert_eq!(request.headers()["accept"], forwarded, "{sent:?}");
        }
    }

    #[test]
    fn streams_are_taken_from_wildcards_too() {
        for (sent, forwarded) in [
            ("*/*", "text/event-stream"),
            ("text/*", "text/event-stream"),
            ("text/html", "text/html"),
        ] {
            let request = Request::get("/mcp")
                .header("accept", sent)
                .body(Body::empty())
                .unwrap();
            assert_eq!(taken(request).unwrap().headers()["accept"], forwarded);
        }
    }
}
